//! What a CLI said of itself, in one vocabulary for all CLIs.

use orchestra_protocol::agent::{ActivityState, WaitingFor};
use serde::{Deserialize, Serialize};

/// One fact, made by an adapter from a hook call, a transcript record or a marker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A conversation began inside the process; it can take a prompt now.
    SessionBound {
        cli_session: String,
        transcript: Option<String>,
        /// True when the conversation was emptied (`/clear`).
        cleared: bool,
    },
    /// The CLI took a prompt; `text` as the CLI saw it.
    PromptAccepted { text: String },
    /// The turn ended; `text` is the final message, when the source gives it.
    TurnEnded { text: Option<String> },
    /// The turn ended without an answer.
    TurnFailed { reason: String },
    /// The agent is in this state now.
    Activity {
        state: ActivityState,
        waiting_for: Option<WaitingFor>,
        detail: String,
    },
    /// The CLI says it is ending.
    SessionEnded { reason: String },
}

/// Where a fact came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Hook,
    Transcript,
    StatusFile,
    Marker,
    Title,
    Screen,
    Process,
}

impl Source {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hook => "hook",
            Self::Transcript => "transcript",
            Self::StatusFile => "status_file",
            Self::Marker => "marker",
            Self::Title => "title",
            Self::Screen => "screen",
            Self::Process => "process",
        }
    }

    /// True when it speaks once per change, not continuously.
    pub fn is_event(self) -> bool {
        matches!(self, Self::Hook | Self::Marker | Self::Transcript)
    }

    /// How far it can be trusted, 0 to 1; the best source wins.
    pub fn confidence(self) -> f64 {
        match self {
            Self::Hook | Self::Marker => 1.0,
            Self::StatusFile => 0.95,
            Self::Transcript => 0.9,
            Self::Title => 0.7,
            Self::Screen => 0.6,
            Self::Process => 0.4,
        }
    }
}

/// A fact with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    #[serde(flatten)]
    pub fact: Fact,
    pub source: Source,
}
