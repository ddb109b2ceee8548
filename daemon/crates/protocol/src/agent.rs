//! Agents as the wire shows them, and the bodies that start and steer them.

use crate::budget::{Budget, BudgetReport};
use crate::time::Timestamp;
use crate::worktree::WorktreeAsk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// Where an agent is in its life; the last five are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentStatus {
    /// Its row exists; its pane may not yet.
    Starting,
    /// Its process lives in its pane.
    Running,
    /// It ended by itself with exit code 0.
    Completed,
    /// It ended by itself with another code or a signal, or never started.
    Failed,
    /// A time limit ended it.
    Timeout,
    /// A person or the daemon ended it.
    Killed,
    /// It was found dead after a crash of tmux or of the machine.
    Lost,
}

impl AgentStatus {
    /// True when nothing will change it any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Starting | Self::Running)
    }
}

/// What a running agent does right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivityState {
    Idle,
    Busy,
    Waiting,
    Unknown,
}

/// What a waiting agent waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitingFor {
    Permission,
    Question,
    Quota,
    /// Its budget is spent; a raise lets it go on.
    Budget,
}

/// Activity with the evidence it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Activity {
    pub state: ActivityState,
    pub waiting_for: Option<WaitingFor>,
    pub since: Timestamp,
    /// Which signal said so: `hook`, `status_file`, `transcript`, `title`, `screen`, `process`,
    /// `budget`.
    pub source: String,
    /// 0 (a guess) to 1 (the CLI said so itself).
    pub confidence: f64,
    /// Of a wait that ends by itself, as for quota: when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub until: Option<Timestamp>,
}

/// Tokens and money spent, as far as the CLI tells.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Usage {
    /// Read by the model, from caches too; null where the CLI keeps no record.
    #[ts(type = "number | null")]
    pub input_tokens: Option<u64>,
    #[ts(type = "number | null")]
    pub output_tokens: Option<u64>,
    /// US dollars; null when the CLI keeps no record or a price is not known.
    pub cost_usd: Option<f64>,
}

/// Columns and rows of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Size {
    pub cols: u16,
    pub rows: u16,
}

/// What an agent is to the person who owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentRole {
    /// The agent its owner chats with.
    Primary,
    /// Any other.
    Specialist,
}

/// One running or ended instance of an agent CLI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Agent {
    /// `primary` or `droid-001`; never used again.
    pub id: String,
    /// Its tmux session, `sess-<id>`.
    pub session_id: String,
    /// Which CLI: `claude`, `codex`, `shell` …
    pub kind: String,
    /// The `[[specialists]]` entry it was made from.
    pub specialist: Option<String>,
    pub name: String,
    pub title: String,
    pub role: AgentRole,
    /// Id of the user it belongs to.
    pub owner: String,
    pub owner_name: String,
    /// The agent that asked for it.
    pub parent: Option<String>,
    pub cwd: String,
    /// The worktree it works in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub worktree_id: Option<String>,
    pub status: AgentStatus,
    /// Why it is in this status, in words.
    pub reason: Option<String>,
    pub pid: Option<i32>,
    pub restarts: u32,
    /// It has crashed and starts again by itself then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub restart_at: Option<Timestamp>,
    pub size: Size,
    pub activity: Activity,
    /// The task it works on.
    #[ts(type = "number | null")]
    pub task_id: Option<i64>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    pub usage: Usage,
    /// What it may spend and has spent, where it has a budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub budget: Option<BudgetReport>,
}

/// Limits a caller may put on an agent it starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Ends the agent as `timeout` after this many milliseconds.
    #[ts(optional, type = "number")]
    pub timeout_ms: Option<u64>,
}

/// `POST /api/agents`: exactly one of `kind` and `specialist`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct SpawnRequest {
    pub kind: Option<String>,
    pub specialist: Option<String>,
    /// At most 64 characters, no control characters.
    pub name: Option<String>,
    /// At most 200 characters, no control characters.
    pub title: Option<String>,
    /// Absolute; beneath `projects.roots`. Default: the folder `orchestra up` ran in.
    pub cwd: Option<String>,
    /// First message, at most 256 KiB; delivered with a receipt.
    pub prompt: Option<String>,
    /// Default 120×40; clamped to 20..400 × 5..200.
    pub size: Option<Size>,
    pub limits: Option<Limits>,
    /// Holds the agent when one of them is spent; what is left out is as the configuration
    /// says.
    pub budget: Option<Budget>,
    /// Work in a worktree of the repository that `cwd` lies in.
    pub worktree: Option<WorktreeAsk>,
    /// The branch that a new worktree begins at and is merged into; default: the one that
    /// is checked out in `cwd`.
    pub base: Option<String>,
    /// What it does after a crash; default: `recovery.restart` of the configuration.
    pub restart: Option<RestartPolicy>,
}

/// What becomes of an agent whose process failed or whose terminal was lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestartPolicy {
    /// It stays ended until somebody retries it.
    #[default]
    Never,
    /// It starts again, with the conversation it had.
    Crash,
}

/// `POST /api/agents/{id}/kill`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct KillRequest {
    /// Shown as the agent's reason.
    pub reason: Option<String>,
}

/// `POST /api/agents/{id}/attach`, over the Unix socket only: seats a person who wants
/// the real tmux session in a terminal on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct AttachRequest {
    /// Size of the person's terminal.
    pub size: Option<Size>,
}

/// Where to attach; `DELETE` on the same path gives the seat back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct AttachAnswer {
    /// Socket of the tmux server that holds the agent.
    pub tmux_socket: String,
    /// Name of the tmux session, `sess-<agent id>`.
    pub session: String,
}

/// One signal that took part in deciding an agent's activity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Signal {
    pub source: String,
    pub state: ActivityState,
    pub waiting_for: Option<WaitingFor>,
    /// When it said so last.
    pub at: Timestamp,
    /// Since when it says so.
    pub since: Timestamp,
    /// How old its last word is.
    #[ts(type = "number")]
    pub age_ms: i64,
    pub confidence: f64,
    /// True for the one that won.
    pub won: bool,
    /// False for one that is only shown: better ones speak.
    pub counted: bool,
    pub detail: String,
}

/// `GET /api/agents/{id}/explain`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Explanation {
    pub agent_id: String,
    pub activity: Activity,
    pub signals: Vec<Signal>,
    /// Sources that say nothing now.
    pub silent: Vec<String>,
}

/// One CLI that this daemon knows how to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct AgentKind {
    pub kind: String,
    pub title: String,
    pub installed: bool,
    /// Where the program was found.
    pub path: Option<String>,
    pub version: Option<String>,
    /// True when an agent of this kind can start now.
    pub ready: bool,
    /// What is missing and the command that mends it.
    pub remedy: Option<String>,
    /// False where it is built from the CLI's documentation, or declared in the config,
    /// and was tried on a stand-in only.
    pub proven: bool,
    /// Versions that this adapter was tested with.
    pub tested: Vec<String>,
    /// Specialists of the config that run on it.
    pub specialists: Vec<String>,
}
