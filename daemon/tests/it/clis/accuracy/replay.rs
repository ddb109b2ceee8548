//! Decides again from what was recorded, with sources hidden: the daemon's own adapters and
//! its own decision, fed as its watching feeds them.

use super::super::scenes::Asks;
use super::plan::asks;
use super::recording::{Label, Recording, Seen, What};
use orchestra::agents::adapter::{Adapter, Told, find};
use orchestra::agents::signals::{Signals, Wall};
use orchestra::model::evidence::Source;
use orchestra_protocol::agent::ActivityState;
use orchestra_protocol::time::Timestamp;

/// How often the daemon reads what does not speak by itself.
const LOOK_MS: i64 = 500;

/// What is not to be believed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hidden(pub &'static [Source]);

impl Hidden {
    /// Each source alone, then all that a CLI says by itself, then all but the screen.
    pub(super) const ALL: &'static [Self] = &[
        Self(&[]),
        Self(&[Source::Hook]),
        Self(&[Source::StatusFile]),
        Self(&[Source::Transcript]),
        Self(&[Source::Title]),
        Self(&[Source::Screen]),
        Self(&[Source::Hook, Source::StatusFile, Source::Transcript]),
        Self(&[
            Source::Hook,
            Source::StatusFile,
            Source::Transcript,
            Source::Title,
        ]),
    ];

    pub(super) fn name(self) -> String {
        let words: Vec<&str> = self.0.iter().map(|source| source.word()).collect();
        match words.as_slice() {
            [] => "nothing".to_owned(),
            words => words.join("+"),
        }
    }

    /// True when every hidden source speaks in that recording, or it is a whole group.
    pub(super) fn applies(self, recording: &Recording) -> bool {
        let speaks = |source: &Source| recording.seen.iter().any(|one| of(one) == Some(*source));
        self.0.len() != 1 || self.0.iter().all(speaks)
    }

    fn hides(self, source: Source) -> bool {
        self.0.contains(&source)
    }
}

/// Which source a thing that was seen belongs to, if it says something.
fn of(seen: &Seen) -> Option<Source> {
    match &seen.what {
        What::Event { source, .. } => Some(*source),
        What::Status { content } => (!content.is_null()).then_some(Source::StatusFile),
        What::Title { .. } => Some(Source::Title),
        What::Screen { .. } => Some(Source::Screen),
        What::Asking { .. } | What::Shown { .. } => None,
    }
}

/// What is on view at a moment.
#[derive(Default)]
struct View<'a> {
    status: Option<&'a serde_json::Value>,
    title: &'a str,
    screen: Option<(&'a str, (u16, u16))>,
}

/// What would have been shown, as changes with their times.
pub(super) fn shown(recording: &Recording, hidden: Hidden) -> Vec<(i64, Label)> {
    let adapter = find(&recording.kind).unwrap();
    let asks_us = asks(&recording.kind) == Asks::Us;
    let begin = recording.seen.first().map_or(0, |one| one.at);
    let end = recording.truth.last().map_or(0, |one| one.at);
    let mut signals = Signals::default();
    let mut bound = adapter.announces_itself() && !hidden.hides(Source::Hook);
    let mut view = View::default();
    let mut changes = Vec::new();
    let mut rest = recording.seen.iter().peekable();
    let mut tick = begin;
    while tick <= end {
        // What happened before the look: events count at once, the rest is on view.
        while let Some(one) = rest.next_if(|one| one.at <= tick) {
            happen(&mut signals, &mut bound, &mut view, (one, hidden, asks_us));
            note(&mut changes, one.at, &signals, begin);
        }
        look(
            &mut signals,
            &view,
            (adapter, hidden, bound),
            Timestamp(tick),
        );
        note(&mut changes, tick, &signals, begin);
        tick += LOOK_MS;
    }
    changes
}

fn note(changes: &mut Vec<(i64, Label)>, at: i64, signals: &Signals, born: i64) {
    let decided = signals.decide(Timestamp(born));
    let label = Label::of(decided.state, decided.waiting_for);
    if changes.last().is_none_or(|(_, last)| *last != label) {
        changes.push((at, label));
    }
}

fn happen<'a>(
    signals: &mut Signals,
    bound: &mut bool,
    view: &mut View<'a>,
    (one, hidden, asks_us): (&'a Seen, Hidden, bool),
) {
    match &one.what {
        What::Event {
            source,
            state,
            waiting_for,
        } => {
            if hidden.hides(*source) {
                return;
            }
            *bound = true;
            let told = Told {
                state: *state,
                waiting_for: *waiting_for,
            };
            // Noted before the next look at what is open.
            if *state == ActivityState::Waiting && asks_us {
                signals.set_asking(true);
            }
            signals.tell(*source, told, Timestamp(one.at), "");
        }
        What::Asking { open } => signals.set_asking(*open && !hidden.hides(Source::Hook)),
        What::Status { content } => view.status = Some(content),
        What::Title { text } => view.title = text,
        What::Screen { x, y, text } => view.screen = Some((text, (*x, *y))),
        // A wall is put up by a turn that a hook said had failed.
        What::Shown { label, .. } if !hidden.hides(Source::Hook) => {
            let since = Timestamp(one.at);
            let until = Timestamp(i64::MAX);
            signals.set_wall((*label == Label::Quota).then_some(Wall { since, until }));
        }
        What::Shown { .. } => {}
    }
}

fn look(
    signals: &mut Signals,
    view: &View<'_>,
    (adapter, hidden, bound): (&dyn Adapter, Hidden, bool),
    now: Timestamp,
) {
    let mut tell = |source: Source, told: Option<Told>| match told {
        Some(told) if !hidden.hides(source) => {
            signals.tell(source, told, now, "");
        }
        _ => {
            signals.silence(source);
        }
    };
    let status = view.status.and_then(|content| adapter.read_status(content));
    tell(Source::StatusFile, status);
    tell(Source::Title, adapter.read_title(view.title));
    let needed = signals.needs_screen(bound, adapter.watched());
    let reading = view.screen.filter(|_| needed).map(|(text, cursor)| {
        let rows: Vec<&str> = text.lines().collect();
        adapter.read_screen(&rows, cursor)
    });
    let told = reading.and_then(|reading| reading.told());
    match told {
        Some(told) if !hidden.hides(Source::Screen) => {
            signals.tell(Source::Screen, told, now, "");
        }
        _ => {
            signals.silence(Source::Screen);
        }
    }
}
