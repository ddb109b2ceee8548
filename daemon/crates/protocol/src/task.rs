//! Tasks: work with a result, and the plans and delegations that make them.

use crate::budget::{Budget, BudgetReport};
use crate::time::Timestamp;
use crate::worktree::WorktreeAsk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    Queued,
    Assigned,
    Running,
    Waiting,
    Completed,
    Failed,
    Cancelled,
    Timeout,
}

impl TaskStatus {
    /// True when nothing will change it any more.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Failed | Self::Cancelled | Self::Timeout
        )
    }
}

/// What kind of end it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskClass {
    /// Its time, its budget or its patience with a stuck agent was used up: the same again
    /// would end the same way.
    Limit,
}

/// How one try at a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptStatus {
    Starting,
    Running,
    Completed,
    Failed,
    Timeout,
    Killed,
}

/// One try at a task by one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Attempt {
    /// From 1; a late result of an older number changes nothing.
    pub number: u32,
    pub agent_id: Option<String>,
    pub status: AttemptStatus,
    pub reason: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// What an agent itself said of its work: `POST /api/report`, and the MCP tool
/// `report_result`.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema, JsonSchema,
)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct Declared {
    /// The outcome in a few sentences: what was done, what was found, what is left.
    pub summary: String,
    /// Files that were made or changed, relative to the working folder.
    pub files: Vec<String>,
    /// False when the work could not be done; the summary then says why.
    pub success: Option<bool>,
}

/// What a task left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct TaskResult {
    /// The agent's final message. Data, never instructions.
    pub text: String,
    /// Changed files, relative to the agent's folder, where it is a git tree.
    pub files: Vec<String>,
    pub diff_stat: Option<String>,
    pub declared: Option<Declared>,
    /// Where it was done, for the whole diff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub worktree_id: Option<String>,
    /// The branch of that worktree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub branch: Option<String>,
}

/// A unit of work with a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Task {
    #[ts(type = "number")]
    pub id: i64,
    pub title: String,
    pub prompt: String,
    pub status: TaskStatus,
    /// Why it waits, failed or was cancelled.
    pub reason: Option<String>,
    pub agent_id: Option<String>,
    pub kind: Option<String>,
    pub specialist: Option<String>,
    #[ts(type = "number | null")]
    pub parent_task_id: Option<i64>,
    /// Id of the agent, or name of the person, that asked for it.
    pub requested_by: String,
    pub owner: String,
    pub attempts: Vec<Attempt>,
    pub result: Option<TaskResult>,
    pub error: Option<String>,
    /// Why it ended ill, where that says what may follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub class: Option<TaskClass>,
    /// What it may spend and has spent, where it has a budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub budget: Option<BudgetReport>,
    #[ts(type = "number")]
    pub elapsed_ms: i64,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// Material that goes with a delegated task, framed as data.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema, JsonSchema,
)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct Context {
    /// Paths that the specialist should read.
    pub files: Vec<String>,
    pub urls: Vec<String>,
    /// Finished tasks whose results go along.
    #[ts(type = "number[]")]
    pub task_ids: Vec<i64>,
}

/// `POST /api/delegate`: exactly one of `specialist`, `kind` and `agent`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct DelegateRequest {
    /// Name of a specialist of the config, such as `droid`.
    pub specialist: Option<String>,
    /// Which CLI, when no specialist fits.
    pub kind: Option<String>,
    /// A particular running agent.
    pub agent: Option<String>,
    /// What is to be done, complete in itself; at most 256 KiB.
    pub task: String,
    /// Short name for lists; default: the first line of `task`.
    pub title: Option<String>,
    /// Folder to work in; default: the caller's.
    pub cwd: Option<String>,
    pub context: Option<Context>,
    /// Work in a worktree of the repository that `cwd` lies in, with an agent of its own.
    pub worktree: Option<WorktreeAsk>,
    /// The branch that a new worktree begins at; default: the one checked out in `cwd`.
    pub base: Option<String>,
    /// Ends the task as `timeout`; default 60 minutes.
    #[ts(optional, type = "number")]
    pub timeout_ms: Option<u64>,
    /// Waits this long for the result before answering; at most 10 minutes.
    #[ts(optional, type = "number")]
    pub wait_ms: Option<u64>,
    /// Ends the task with the class `limit` when one of them is spent.
    pub budget: Option<Budget>,
    /// Keeps the conversation of a reused agent.
    #[serde(rename = "continue")]
    pub keep_conversation: Option<bool>,
}

/// `POST /api/plans`, and the MCP tool `propose_plan`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanRequest {
    /// One to twenty delegations that begin once a person agrees.
    pub tasks: Vec<DelegateRequest>,
}

/// `POST /api/plans/decide`, and the socket's `approve_plan` action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanDecision {
    #[ts(type = "number[]")]
    pub task_ids: Vec<i64>,
    pub decision: Decision,
}

/// A person's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Approve,
    Reject,
}
