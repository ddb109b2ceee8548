//! Approvals: an agent's CLI asks a person before it uses a tool.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// How an approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// A person must decide.
    Pending,
    Allowed,
    Denied,
    /// Nobody answered in time; the CLI's own dialog stays, or it was denied by policy.
    Expired,
    /// The question is gone: answered in the terminal, interrupted, or the agent ended.
    Withdrawn,
}

impl ApprovalState {
    /// True when nothing will change it any more.
    pub fn is_final(self) -> bool {
        self != Self::Pending
    }
}

/// What a person is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalForm {
    /// Whether a tool may be used.
    Permission,
    /// Questions with choices (`input.questions`); allowing takes `answers`.
    Question,
}

/// How far a yes reaches.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalScope {
    /// This one use.
    #[default]
    Once,
    /// What `session_grant` says, until the agent's process ends.
    Session,
    /// A rule, kept for this owner and folder until it is removed.
    Rule,
}

/// An agent's question to a person, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Approval {
    pub id: String,
    pub agent_id: String,
    pub session_id: String,
    /// The agent's name for people.
    pub agent_title: String,
    pub agent_kind: String,
    pub owner: String,
    /// Type of the sub-agent inside the CLI that asks, when it is not the agent itself.
    pub subagent: Option<String>,
    #[ts(type = "number | null")]
    pub task_id: Option<i64>,
    pub form: ApprovalForm,
    /// The tool, as the CLI calls it: `Bash`, `Edit` …
    pub tool: String,
    /// What the tool is to be used with, as the CLI gave it; long texts are cut.
    #[ts(type = "Record<string, unknown>")]
    #[schema(value_type = Object)]
    pub input: serde_json::Value,
    /// Bytes of `input` that are not shown; 0 when it is whole.
    #[ts(type = "number")]
    pub cut_bytes: u64,
    /// One line for lists.
    pub summary: String,
    /// The folder it would happen in.
    pub cwd: String,
    /// What a yes for this session would give, in words; empty: not offered.
    pub session_grant: Vec<String>,
    /// Rules that a yes could become, the narrowest first; empty: not offered.
    pub suggested_rules: Vec<String>,
    pub state: ApprovalState,
    /// Why it expired or was withdrawn.
    pub reason: Option<String>,
    /// Set with a yes.
    pub scope: Option<ApprovalScope>,
    /// The rule that answered, or that the answer made.
    pub rule: Option<String>,
    /// What was said to the agent with a no.
    pub message: Option<String>,
    /// Name of the person who answered; null when a rule or nobody did.
    pub answered_by: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// When the CLI took the answer; null with an answer means: not yet.
    pub delivered_at: Option<Timestamp>,
}

/// A person's word on an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalDecision {
    Allow,
    Deny,
}

/// `POST /api/approvals/{id}/answer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct ApprovalAnswer {
    pub decision: ApprovalDecision,
    /// With a yes; default: once.
    #[serde(default)]
    pub scope: Option<ApprovalScope>,
    /// With the scope `rule`: the rule, such as `Bash(npm test *)`.
    #[serde(default)]
    pub rule: Option<String>,
    /// With a no: what the agent is told.
    #[serde(default)]
    pub message: Option<String>,
    /// With a yes to questions: the chosen words by question.
    #[serde(default)]
    pub answers: Option<std::collections::BTreeMap<String, String>>,
}

/// `POST /api/approvals/{id}/deny`: a no that acts before it is recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct DenyRequest {
    /// What the agent is told.
    pub message: Option<String>,
}

/// A rule that a person made from an answer: such questions are answered with yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ApprovalRule {
    pub id: String,
    pub owner: String,
    /// The folder it holds in, with all beneath.
    pub cwd: String,
    pub rule: String,
    /// Name of the person who made it.
    pub made_by: String,
    pub approval_id: String,
    pub created_at: Timestamp,
}
