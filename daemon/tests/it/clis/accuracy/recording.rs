//! What one run of a CLI left behind: everything that Orchestra can read of it, with the
//! time, what Orchestra showed, and what was true. Enough to decide again without the CLI.

use orchestra::model::evidence::Source;
use orchestra_protocol::agent::{ActivityState, WaitingFor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A state as people see it. The order is that of the table's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Label {
    Idle,
    Busy,
    Permission,
    Question,
    Quota,
    Unknown,
}

impl Label {
    pub(super) const ALL: [Self; 6] = [
        Self::Idle,
        Self::Busy,
        Self::Permission,
        Self::Question,
        Self::Quota,
        Self::Unknown,
    ];

    pub(super) fn of(state: ActivityState, waiting_for: Option<WaitingFor>) -> Self {
        match (state, waiting_for) {
            (ActivityState::Idle, _) => Self::Idle,
            (ActivityState::Busy, _) => Self::Busy,
            (ActivityState::Waiting, Some(WaitingFor::Permission)) => Self::Permission,
            (ActivityState::Waiting, Some(WaitingFor::Quota)) => Self::Quota,
            (ActivityState::Waiting, _) => Self::Question,
            (ActivityState::Unknown, _) => Self::Unknown,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Busy => "busy",
            Self::Permission => "permission",
            Self::Question => "question",
            Self::Quota => "quota",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(super) enum What {
    /// An event that the daemon took, from its own log.
    Event {
        source: Source,
        state: ActivityState,
        waiting_for: Option<WaitingFor>,
    },
    /// The status file's content; null while there is none.
    Status {
        content: Value,
    },
    Title {
        text: String,
    },
    Screen {
        x: u16,
        y: u16,
        text: String,
    },
    /// Whether an approval is open: a hook waits for its answer.
    Asking {
        open: bool,
    },
    /// What Orchestra said of the agent.
    Shown {
        label: Label,
        source: String,
        confidence: f64,
    },
}

/// When it was seen, in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub at: i64,
    #[serde(flatten)]
    pub what: What,
}

/// From when on something was true, until the next; none where nobody can say.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Truth {
    pub at: i64,
    pub label: Option<Label>,
    pub scene: String,
}

/// One run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Recording {
    pub kind: String,
    pub version: String,
    pub seed: u64,
    /// Oldest first.
    pub seen: Vec<Seen>,
    /// Oldest first; the last one ends the run.
    pub truth: Vec<Truth>,
    /// Between the end of a turn by the CLI's hook and by the model's clock, at most.
    pub clocks_ms: i64,
}
