//! What an agent's CLI asks a person, and the person's word on it, in one vocabulary for
//! all CLIs.

use orchestra_protocol::approval::{ApprovalForm, ApprovalScope};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A question, made by an adapter from a hook call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    pub form: ApprovalForm,
    /// The tool, as the CLI calls it.
    pub tool: String,
    pub input: Value,
    /// One line for lists.
    pub summary: String,
    pub cwd: String,
    /// The sub-agent inside the CLI that asks: its id there, and its type.
    pub thread: Option<String>,
    pub subagent: Option<String>,
    /// What a yes for this session gives, where the CLI has that.
    pub session: Option<SessionGrant>,
    /// The CLI asks in its terminal meanwhile, so that waiting holds nothing up.
    pub beside_dialog: bool,
}

/// A yes that reaches to the end of the CLI's session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionGrant {
    /// For people, one thing each.
    pub words: Vec<String>,
    /// For the CLI, in its own form.
    pub updates: Value,
}

/// What the CLI is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub enum Word {
    Allow {
        scope: ApprovalScope,
        /// Chosen words by question.
        answers: Option<BTreeMap<String, String>>,
    },
    Deny {
        message: String,
    },
}

/// What a hook call says about questions that were open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// The conversation is over, and every question of it.
    All,
    /// The agent's own turn is over; sub-agents may go on asking.
    Turn,
    /// This tool was used, so it was allowed somewhere.
    Used {
        thread: Option<String>,
        tool: String,
        input: Value,
    },
}
