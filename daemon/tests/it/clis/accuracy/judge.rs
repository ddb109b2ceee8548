//! Truth beside what was shown: seconds of each pair, errors, and how late changes came.

use super::recording::{Label, Recording, Truth};
use std::collections::BTreeMap;

/// How often the two are compared.
const STEP_MS: i64 = 250;
/// What is shown may follow a change so late: sources are read twice a second.
const LATE_MS: i64 = 1_000;
/// Truth itself is known to so much only: a hook is on its way, too.
const EARLY_MS: i64 = 500;
/// So long `unknown` is no error.
const UNKNOWN_MS: i64 = 2_000;

/// What came of the comparison.
#[derive(Debug, Clone, Default)]
pub(super) struct Score {
    /// Milliseconds of each pair: what was true, what was shown.
    pub table: BTreeMap<(Label, Label), i64>,
    pub compared_ms: i64,
    /// All that was shown and not true, changes on their way included.
    pub wrong_ms: i64,
    /// What of it no lateness excuses.
    pub error_ms: i64,
    /// How long each change took to be shown, in milliseconds, sorted.
    pub late: Vec<i64>,
    /// Changes that were over before they were shown.
    pub missed: usize,
    /// Errors by scene.
    pub scenes: BTreeMap<String, i64>,
}

impl Score {
    /// Adds one run.
    pub(super) fn add(&mut self, recording: &Recording, shown: &[(i64, Label)]) {
        let mut before: Option<Label> = None;
        let spans = merged(&recording.truth);
        for pair in spans.windows(2) {
            let (span, next) = (&pair[0], &pair[1]);
            if let Some(label) = span.label {
                self.span(span, label, next, shown);
                if before.is_some_and(|before| before != label) {
                    self.change(span.at, next.at, label, shown);
                }
            }
            before = span.label;
        }
        self.late.sort_unstable();
    }

    fn span(&mut self, span: &Truth, label: Label, next: &Truth, shown: &[(i64, Label)]) {
        let mut unknown = 0;
        let mut at = span.at;
        while at < next.at {
            let step = STEP_MS.min(next.at - at);
            let seen = label_at(shown, at);
            unknown = if seen == Label::Unknown {
                unknown + step
            } else {
                0
            };
            self.compared_ms += step;
            *self.table.entry((label, seen)).or_default() += step;
            if seen != label {
                self.wrong_ms += step;
                let late = at - span.at <= LATE_MS;
                let early = next.at - at <= EARLY_MS && Some(seen) == next.label;
                let short = seen == Label::Unknown && unknown <= UNKNOWN_MS;
                if !(late || early || short) {
                    self.error_ms += step;
                    *self.scenes.entry(span.scene.clone()).or_default() += step;
                }
            }
            at += step;
        }
    }

    fn change(&mut self, from: i64, to: i64, label: Label, shown: &[(i64, Label)]) {
        if label_at(shown, from) == label {
            self.late.push(0);
            return;
        }
        let then = shown
            .iter()
            .find(|(at, seen)| *at >= from && *seen == label);
        match then.filter(|(at, _)| *at < to) {
            Some((at, _)) => self.late.push(at - from),
            None => self.missed += 1,
        }
    }

    /// Share of the time in error, in per cent.
    pub(super) fn error_rate(&self) -> f64 {
        100.0 * seconds(self.error_ms) / seconds(self.compared_ms.max(1))
    }

    /// One line of the summary.
    pub(super) fn line(&self) -> String {
        let late = |part: usize| {
            let at = (self.late.len() * part / 100).min(self.late.len().saturating_sub(1));
            self.late.get(at).map_or(0.0, |ms| seconds(*ms))
        };
        format!(
            "errors {:.1} %\twrong {:.1} of {:.0} s\tchanges {}\tlate {:.1} s in the middle, {:.1} s at most\tmissed {}",
            self.error_rate(),
            seconds(self.wrong_ms),
            seconds(self.compared_ms),
            self.late.len() + self.missed,
            late(50),
            late(100),
            self.missed,
        )
    }

    /// The table of truth and what was shown, in seconds.
    pub(super) fn rows(&self) -> Vec<String> {
        let head: Vec<&str> = Label::ALL.iter().map(|label| label.word()).collect();
        let mut rows = vec![format!("true \\ shown\t{}", head.join("\t"))];
        for label in Label::ALL {
            let cells = Label::ALL.map(|seen| self.table.get(&(label, seen)).copied().unwrap_or(0));
            if cells.iter().any(|cell| *cell > 0) {
                let cells = cells.map(|cell| format!("{:.1}", seconds(cell)));
                rows.push(format!("{}\t{}", label.word(), cells.join("\t")));
            }
        }
        rows
    }
}

/// The truth without changes to the same.
fn merged(truth: &[Truth]) -> Vec<Truth> {
    let mut spans: Vec<Truth> = Vec::new();
    for one in truth {
        if spans.last().is_none_or(|last| last.label != one.label) {
            spans.push(one.clone());
        }
    }
    spans
}

fn label_at(shown: &[(i64, Label)], at: i64) -> Label {
    let before = shown.iter().rfind(|(since, _)| *since <= at);
    before.map_or(Label::Unknown, |(_, label)| *label)
}

#[expect(clippy::cast_precision_loss, reason = "a run has few milliseconds")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

#[test]
fn what_is_shown_wrong_counts_as_soon_as_nothing_excuses_it() {
    let truth = |at, label| Truth {
        at,
        label,
        scene: "slow".to_owned(),
    };
    let recording = Recording {
        kind: "claude".to_owned(),
        version: String::new(),
        seed: 0,
        seen: Vec::new(),
        truth: vec![
            truth(0, Some(Label::Idle)),
            truth(10_000, Some(Label::Busy)),
            truth(20_000, Some(Label::Idle)),
            truth(30_000, None),
        ],
        clocks_ms: 0,
    };
    let score = |shown: &[(i64, Label)]| {
        let mut score = Score::default();
        score.add(&recording, shown);
        score
    };
    let right = score(&[
        (0, Label::Idle),
        (10_500, Label::Busy),
        (20_250, Label::Idle),
    ]);
    assert_eq!((right.error_ms, right.missed), (0, 0), "{right:?}");
    assert_eq!(
        (right.wrong_ms, right.late.as_slice()),
        (750, &[250, 500][..])
    );
    let stuck = score(&[(0, Label::Idle), (10_000, Label::Busy)]);
    assert_eq!((stuck.error_ms, stuck.missed), (8_750, 1), "{stuck:?}");
    assert_eq!(stuck.table[&(Label::Idle, Label::Busy)], 10_000);
    let blind = score(&[]);
    assert!(blind.error_ms > 20_000, "unknown is no answer: {blind:?}");
    let blink = score(&[
        (0, Label::Idle),
        (5_000, Label::Unknown),
        (6_500, Label::Idle),
        (10_000, Label::Busy),
        (20_000, Label::Idle),
    ]);
    assert_eq!(blink.error_ms, 0, "{blink:?}");
}
