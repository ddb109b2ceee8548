//! What an agent does, decided from several sources that may disagree. Pure.
//!
//! A status file is the CLI's own word, read twice a second: it wins, but for what a hook
//! said after the last reading. Hooks are its own word too, but an interrupted turn fires
//! none; so a title or screen that changed clearly after the last hook wins over it, and
//! so does one that goes on contradicting it: the turn was over before it was looked at.

use super::adapter::Told;
use crate::model::evidence::Source;
use orchestra_protocol::agent::{Activity, ActivityState, Signal};
use orchestra_protocol::time::Timestamp;
use std::collections::BTreeMap;

/// A start-up hook that has not come after so much idleness was lost.
const LONG_MS: i64 = 5_000;
/// Hooks and titles of one moment arrive in any order within this time.
const SLACK_MS: i64 = 1_000;
/// A title that has not followed a hook within this time never will.
const NEVER_MS: i64 = 3_000;

/// What one source said last, and since when it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    told: Told,
    since: Timestamp,
    /// When it said something last, even if the same.
    seen: Timestamp,
    detail: String,
}

/// Everything that is known of one agent's activity.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    records: BTreeMap<&'static str, (Source, Record)>,
    /// A hook of the CLI waits for a person's word now.
    asking: bool,
}

impl Signals {
    /// Notes what a source says now; true when that is new.
    pub fn tell(&mut self, source: Source, told: Told, at: Timestamp, detail: &str) -> bool {
        if let Some((_, old)) = self.records.get_mut(source.word())
            && old.told == told
        {
            old.seen = at;
            // A hook that repeats itself is a new event; a reading that does is not.
            if is_event(source) {
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
    /// for a person: what was asked then was answered in the terminal, or given up.
    pub fn waits_no_more(&self, asked: Timestamp) -> bool {
        let record = self.records.get(Source::StatusFile.word());
        record.is_some_and(|(_, record)| {
            record.told.state != ActivityState::Waiting && record.seen.since(asked) > SLACK_MS
        })
    }

    /// True when the CLI itself spoke: by hook, marker or status file.
    pub fn has_own_word(&self) -> bool {
        [Source::Hook, Source::Marker, Source::StatusFile]
            .into_iter()
            .any(|source| self.records.contains_key(source.word()))
    }

    /// The decision; `born` is when the agent began.
    pub fn decide(&self, born: Timestamp) -> Activity {
        match self.winner() {
            Some((source, record)) => Activity {
                state: record.told.state,
                waiting_for: record.told.waiting_for,
                since: self.since(source, record),
                source: source.word().to_owned(),
                confidence: source.confidence(),
            },
            None => Activity {
                state: ActivityState::Unknown,
                waiting_for: None,
                since: born,
                source: Source::Process.word().to_owned(),
                confidence: 0.0,
            },
        }
    }

    /// A reading cannot have been true while an event said otherwise.
    fn since(&self, source: Source, record: &Record) -> Timestamp {
        match self.event() {
            Some((_, event)) if !is_event(source) && event.told != record.told => {
                record.since.max(event.since)
            }
            _ => record.since,
        }
    }

    /// Every signal, the winner marked.
    pub fn explain(&self) -> Vec<Signal> {
        let winner = self.winner().map(|(source, _)| source);
        self.records
            .values()
            .map(|(source, record)| Signal {
                source: source.word().to_owned(),
                state: record.told.state,
                waiting_for: record.told.waiting_for,
                at: record.seen,
                confidence: source.confidence(),
                won: winner == Some(*source),
                detail: record.detail.clone(),
            })
            .collect()
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
        if self.asking && self.hook_waits() {
            return self.get(Source::Hook);
        }
        let event = self.event();
        if let Some(status) = self.get(Source::StatusFile) {
            return match event {
                Some(event) if event.1.since > status.1.seen => Some(event),
                _ => Some(status),
            };
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

/// Sources that speak once per change, not continuously.
fn is_event(source: Source) -> bool {
    matches!(source, Source::Hook | Source::Marker | Source::Transcript)
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchestra_protocol::agent::WaitingFor;

    const BUSY: Told = Told::plain(ActivityState::Busy);
    const IDLE: Told = Told::plain(ActivityState::Idle);

    #[test]
    fn nothing_known_is_unknown_and_says_so() {
        let activity = Signals::default().decide(Timestamp(7));
        assert_eq!(activity.state, ActivityState::Unknown);
        assert!(activity.confidence < 0.1);
    }

    #[test]
    fn the_status_file_wins() {
        let mut signals = Signals::default();
        signals.tell(Source::Hook, BUSY, Timestamp(5_000), "");
        signals.tell(Source::StatusFile, IDLE, Timestamp(1_000), "");
        let activity = signals.decide(Timestamp(0));
        assert_eq!(activity.state, ActivityState::Busy, "not looked at since");
        signals.tell(Source::StatusFile, IDLE, Timestamp(5_500), "");
        let activity = signals.decide(Timestamp(0));
        assert_eq!(activity.state, ActivityState::Idle);
        assert_eq!(activity.since, Timestamp(5_000), "not before the hook");
    }

    #[test]
    fn a_turn_that_ended_between_two_looks_does_not_stay_busy() {
        let mut signals = Signals::default();
        signals.tell(Source::Title, IDLE, Timestamp(1_000), "");
        signals.tell(Source::Hook, BUSY, Timestamp(10_000), "");
        signals.tell(Source::Title, IDLE, Timestamp(10_500), "");
        assert_eq!(signals.decide(Timestamp(0)).state, ActivityState::Busy);
        signals.tell(Source::Title, IDLE, Timestamp(13_500), "");
        let activity = signals.decide(Timestamp(0));
        assert_eq!(activity.state, ActivityState::Idle);
        assert_eq!(activity.since, Timestamp(10_000));
    }

    #[test]
    fn a_title_that_changed_well_after_the_hook_wins_over_it() {
        let mut signals = Signals::default();
        signals.tell(Source::Hook, BUSY, Timestamp(10_000), "");
        signals.tell(Source::Title, IDLE, Timestamp(10_500), "");
        assert_eq!(signals.decide(Timestamp(0)).state, ActivityState::Busy);
        signals.tell(Source::Title, BUSY, Timestamp(10_600), "");
        signals.tell(Source::Title, IDLE, Timestamp(12_000), "");
        let activity = signals.decide(Timestamp(0));
        assert_eq!(
            (activity.state, activity.source.as_str()),
            (ActivityState::Idle, "title")
        );
    }

    #[test]
    fn a_dialog_on_the_screen_wins_over_a_title_that_looks_idle() {
        let mut signals = Signals::default();
        let asks = Told {
            state: ActivityState::Waiting,
            waiting_for: Some(WaitingFor::Question),
        };
        signals.tell(Source::Title, IDLE, Timestamp(2), "");
        signals.tell(Source::Screen, asks, Timestamp(1), "trust");
        let activity = signals.decide(Timestamp(0));
        assert_eq!(activity.waiting_for, Some(WaitingFor::Question));
    }

    #[test]
    fn a_lost_start_hook_is_made_up_for_by_a_status_file_that_stays_idle() {
        let mut signals = Signals::default();
        signals.tell(Source::StatusFile, IDLE, Timestamp(1_000), "");
        assert!(!signals.long_idle(Timestamp(3_000)));
        assert!(signals.long_idle(Timestamp(7_000)));
        signals.tell(Source::StatusFile, BUSY, Timestamp(8_000), "");
        assert!(!signals.long_idle(Timestamp(20_000)));
    }

    #[test]
    fn a_hook_that_waits_for_a_person_is_right_whatever_the_title_shows() {
        let mut signals = Signals::default();
        let asks = Told {
            state: ActivityState::Waiting,
            waiting_for: Some(WaitingFor::Permission),
        };
        signals.tell(Source::Hook, asks, Timestamp(1_000), "asks");
        signals.tell(Source::Title, BUSY, Timestamp(9_000), "");
        signals.set_asking(true);
        let activity = signals.decide(Timestamp(0));
        assert_eq!(
            (activity.state, activity.source.as_str()),
            (ActivityState::Waiting, "hook")
        );
        signals.set_asking(false);
        assert_eq!(signals.decide(Timestamp(0)).state, ActivityState::Busy);
        signals.set_asking(true);
        signals.tell(Source::Hook, IDLE, Timestamp(10_000), "ended its turn");
        assert_eq!(signals.decide(Timestamp(0)).state, ActivityState::Idle);
    }

    #[test]
    fn a_status_file_read_too_early_says_nothing_about_a_question() {
        let mut signals = Signals::default();
        let asked = Timestamp(10_000);
        signals.tell(Source::StatusFile, BUSY, Timestamp(10_400), "");
        assert!(!signals.waits_no_more(asked));
        signals.tell(Source::StatusFile, BUSY, Timestamp(11_100), "");
        assert!(signals.waits_no_more(asked));
        let asks = Told {
            state: ActivityState::Waiting,
            waiting_for: Some(WaitingFor::Permission),
        };
        signals.tell(Source::StatusFile, asks, Timestamp(12_000), "");
        assert!(!signals.waits_no_more(asked));
    }

    #[test]
    fn exactly_one_signal_has_won() {
        let mut signals = Signals::default();
        let asks = Told {
            state: ActivityState::Waiting,
            waiting_for: Some(WaitingFor::Permission),
        };
        signals.tell(Source::Screen, IDLE, Timestamp(1), "");
        signals.tell(Source::Hook, asks, Timestamp(2), "asks");
        let won: Vec<_> = signals
            .explain()
            .into_iter()
            .filter(|one| one.won)
            .collect();
        assert_eq!(won.len(), 1);
        assert_eq!(won[0].source, "hook");
    }
}
