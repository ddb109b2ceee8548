//! What an agent does, decided from several sources that may disagree. Pure.
//!
//! A status file is the CLI's own word, read twice a second: it wins, but for what a hook
//! said after its last change, because it is written a moment later. Hooks are its own word too, but an interrupted turn fires
//! none; so a title or screen that changed clearly after the last hook wins over it, and
//! so does one that goes on contradicting it: the turn was over before it was looked at.

mod explain;

use super::adapter::Told;
use crate::model::evidence::Source;
use orchestra_protocol::agent::{Activity, ActivityState, WaitingFor};
use orchestra_protocol::time::Timestamp;
use std::collections::BTreeMap;

/// A start-up hook that has not come after so much idleness was lost.
const LONG_MS: i64 = 5_000;
/// Hooks and titles of one moment arrive in any order within this time.
const SLACK_MS: i64 = 1_000;
/// A status file is written a moment after the hook of the same change.
const WRITTEN_MS: i64 = 1_000;
/// A title that has not followed a hook within this time never will.
const NEVER_MS: i64 = 2_000;

/// What one source said last, and since when it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    told: Told,
    since: Timestamp,
    /// When it said something last, even if the same.
    seen: Timestamp,
    detail: String,
}

/// What was stored before a restart counts for so long, until something is heard.
const STALE_MS: i64 = 10_000;

/// What such a word is called.
const BEFORE: &str = "said before the restart";

/// What says that an agent is held.
const BUDGET: &str = "budget";

/// Everything that is known of one agent's activity.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    records: BTreeMap<&'static str, (Source, Record)>,
    /// A hook of the CLI waits for a person's word now.
    asking: bool,
    wall: Option<Wall>,
    /// Held since then: its budget is spent.
    held: Option<Timestamp>,
    /// What an earlier daemon stored last, and when this one took it up.
    before: Option<(Activity, Timestamp)>,
}

/// The CLI said that its quota is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wall {
    pub since: Timestamp,
    pub until: Timestamp,
}

impl Signals {
    /// Notes what a source says now; true when that is new.
    pub fn tell(&mut self, source: Source, told: Told, at: Timestamp, detail: &str) -> bool {
        if let Some((_, old)) = self.records.get_mut(source.word())
            && old.told == told
        {
            old.seen = at;
            // A hook that repeats itself is a new event; a reading that does is not.
            if source.is_event() {
                old.since = at;
                old.detail = detail.to_owned();
            }
            return false;
        }
        let record = Record {
            told,
            since: at,
            seen: at,
            detail: detail.to_owned(),
        };
        self.records.insert(source.word(), (source, record));
        true
    }

    /// Takes up what an earlier daemon stored last. It counts until a source is heard; but
    /// what a marker said stands: a shell at rest does not say it again, and what it said
    /// meanwhile is in its spool.
    pub fn remember(&mut self, activity: &Activity, now: Timestamp) {
        if activity.source == Source::Marker.word() {
            let told = Told {
                state: activity.state,
                waiting_for: activity.waiting_for,
            };
            self.tell(Source::Marker, told, activity.since, BEFORE);
        }
        // Of budgets and quotas the store knows more.
        let other = matches!(
            activity.waiting_for,
            Some(WaitingFor::Budget | WaitingFor::Quota)
        );
        self.before = (!other).then(|| (activity.clone(), now));
    }

    /// True when a source said something to this daemon, or can no longer be expected to.
    pub fn looked_at(&self, now: Timestamp) -> bool {
        let young = |(_, at): &(Activity, Timestamp)| now.since(*at) < STALE_MS;
        !self.records.is_empty() || !self.before.as_ref().is_some_and(young)
    }

    /// What counts while nothing was heard after a restart.
    fn standing_before(&self, now: Timestamp) -> Option<&Activity> {
        let (activity, _) = self.before.as_ref()?;
        (!self.looked_at(now)).then_some(activity)
    }

    /// Notes that a source says nothing any more.
    pub fn silence(&mut self, source: Source) -> bool {
        self.records.remove(source.word()).is_some()
    }

    /// Notes whether a hook waits for a person's word. While it does, it is right,
    /// whatever a title shows meanwhile.
    pub fn set_asking(&mut self, asking: bool) {
        self.asking = asking;
    }

    /// True when a hook said last that the CLI waits.
    pub fn hook_waits(&self) -> bool {
        let record = self.records.get(Source::Hook.word());
        record.is_some_and(|(_, record)| record.told.state == ActivityState::Waiting)
    }

    /// True when the CLI's status file has said idle for some seconds.
    pub fn long_idle(&self, now: Timestamp) -> bool {
        let record = self.records.get(Source::StatusFile.word());
        record.is_some_and(|(_, record)| {
            record.told == Told::plain(ActivityState::Idle) && now.since(record.since) > LONG_MS
        })
    }

    /// True when the CLI's status file, read well after `asked`, shows that nothing waits
    /// for a person, or its title or screen turned idle since: what was asked then was
    /// answered in the terminal, or given up.
    pub fn waits_no_more(&self, asked: Timestamp) -> bool {
        let status = self.get(Source::StatusFile).is_some_and(|(_, record)| {
            record.told.state != ActivityState::Waiting && record.seen.since(asked) > SLACK_MS
        });
        status || self.turned_idle(asked)
    }

    /// True when a title or screen says idle that said something else at that time. It may
    /// say busy while a question is open, but never idle.
    fn turned_idle(&self, then: Timestamp) -> bool {
        let reading = self.get(Source::Title).or_else(|| self.get(Source::Screen));
        reading.is_some_and(|(_, record)| {
            record.told.state == ActivityState::Idle && record.since.since(then) > SLACK_MS
        })
    }

    /// True when the CLI itself spoke: by hook, marker or status file.
    pub fn has_own_word(&self) -> bool {
        [Source::Hook, Source::Marker, Source::StatusFile]
            .into_iter()
            .any(|source| self.records.contains_key(source.word()))
    }

    /// True when the screen has to be read: nothing was heard of the agent yet, its CLI is
    /// `watched` always, or only events speak, of which the one that matters may never
    /// come. `bound` is whether its conversation is known to have begun.
    pub fn needs_screen(&self, bound: bool, watched: bool) -> bool {
        let heard = bound || self.has_own_word();
        let steady = [Source::Marker, Source::StatusFile, Source::Title]
            .into_iter()
            .any(|source| self.get(source).is_some());
        watched || !heard || !steady || self.waits_for_something()
    }

    /// True when only the status file says that the CLI waits: it calls every dialog a
    /// question for permission.
    fn waits_for_something(&self) -> bool {
        let status = self.get(Source::StatusFile);
        let waits = status.is_some_and(|(_, record)| record.told.state == ActivityState::Waiting);
        waits && !self.hook_waits()
    }

    /// What the winner waits for; the screen knows the dialog better than a status file.
    fn waiting_for(&self, source: Source, record: &Record) -> Option<WaitingFor> {
        let waiting = ActivityState::Waiting;
        let dialog = self
            .get(Source::Screen)
            .filter(|_| source == Source::StatusFile && record.told.state == waiting)
            .filter(|(_, screen)| screen.told.state == waiting);
        dialog.map_or(record.told.waiting_for, |(_, screen)| {
            screen.told.waiting_for
        })
    }

    /// Notes that the CLI's quota is used up until a time, or is there again.
    pub fn set_wall(&mut self, wall: Option<Wall>) {
        self.wall = wall;
    }

    /// True while a wall stands.
    pub fn has_wall(&self) -> bool {
        self.wall.is_some()
    }

    /// Notes since when the agent is held, or that it is not.
    pub fn set_held(&mut self, held: Option<Timestamp>) {
        self.held = held;
    }

    /// True while it is held.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// The hold, once the CLI has stopped. A question to a person shows before it.
    fn standing_hold(&self) -> Option<Timestamp> {
        let held = self.held?;
        let stopped = self.winner().is_none_or(|(_, record)| {
            !matches!(
                record.told.state,
                ActivityState::Busy | ActivityState::Waiting
            )
        });
        stopped.then(|| match self.winner() {
            Some((_, record)) => held.max(record.since),
            None => held,
        })
    }

    /// The wall, unless the CLI began to work behind it: a person has raised its quota.
    fn standing_wall(&self) -> Option<Wall> {
        let wall = self.wall?;
        let works = self.winner().is_some_and(|(_, record)| {
            record.told.state == ActivityState::Busy && record.since > wall.since
        });
        (!works).then_some(wall)
    }

    /// The decision at a time; since then it is unknown what nobody says.
    pub fn decide(&self, now: Timestamp) -> Activity {
        if let Some(wall) = self.standing_wall() {
            return Activity {
                state: ActivityState::Waiting,
                waiting_for: Some(WaitingFor::Quota),
                since: wall.since,
                source: Source::Hook.word().to_owned(),
                confidence: Source::Hook.confidence(),
                until: Some(wall.until),
            };
        }
        if let Some(since) = self.standing_hold() {
            return Activity {
                state: ActivityState::Waiting,
                waiting_for: Some(WaitingFor::Budget),
                since,
                source: BUDGET.to_owned(),
                confidence: 1.0,
                until: None,
            };
        }
        match self.winner() {
            Some((source, record)) => Activity {
                state: record.told.state,
                waiting_for: self.waiting_for(source, record),
                since: self.since(source, record),
                source: source.word().to_owned(),
                confidence: source.confidence(),
                until: None,
            },
            None => self
                .standing_before(now)
                .cloned()
                .unwrap_or_else(|| unknown(now)),
        }
    }

    /// A reading cannot have been true while an event said otherwise.
    fn since(&self, source: Source, record: &Record) -> Timestamp {
        match self.event() {
            Some((_, event)) if !source.is_event() && event.told != record.told => {
                record.since.max(event.since)
            }
            _ => record.since,
        }
    }

    fn get(&self, source: Source) -> Option<(Source, &Record)> {
        let (source, record) = self.records.get(source.word())?;
        Some((*source, record))
    }

    /// The newest of what the CLI said at a moment.
    fn event(&self) -> Option<(Source, &Record)> {
        [Source::Hook, Source::Marker, Source::Transcript]
            .into_iter()
            .filter_map(|source| self.get(source))
            .max_by_key(|(_, record)| record.since)
    }

    fn winner(&self) -> Option<(Source, &Record)> {
        let asks = self
            .get(Source::Hook)
            .filter(|_| self.asking && self.hook_waits());
        if let Some(hook) = asks
            && !self.turned_idle(hook.1.since)
        {
            return Some(hook);
        }
        let event = self.event();
        if let Some(status) = self.get(Source::StatusFile) {
            let newer = |event: &(Source, &Record)| {
                let unwritten = event.1.since > status.1.since
                    && event.1.since.0 + WRITTEN_MS > status.1.seen.0;
                event.1.since > status.1.seen || unwritten
            };
            return event.filter(newer).or(Some(status));
        }
        // A title does not know of a dialog that is up before the CLI has begun.
        let dialog = self
            .get(Source::Screen)
            .filter(|(_, record)| record.told.state == ActivityState::Waiting);
        let reading = dialog
            .or_else(|| self.get(Source::Title))
            .or_else(|| self.get(Source::Screen));
        let (Some(event), Some(reading)) = (event, reading) else {
            return event.or(reading);
        };
        let changed = reading.1.since.0 > event.1.since.0 + SLACK_MS;
        let contradicts = reading.1.seen.0 > event.1.since.0 + NEVER_MS;
        Some(if changed || contradicts {
            reading
        } else {
            event
        })
    }
}

fn unknown(now: Timestamp) -> Activity {
    Activity {
        state: ActivityState::Unknown,
        waiting_for: None,
        since: now,
        source: Source::Process.word().to_owned(),
        confidence: 0.0,
        until: None,
    }
}

#[cfg(test)]
mod tests;
