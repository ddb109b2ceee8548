//! The arguments of the tools that are not a REST body themselves. The comments on the
//! fields go into the schemas: they are written for models.

use schemars::JsonSchema;
use serde::Deserialize;

/// `task_status`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskStatusArgs {
    /// Number of the task, from an earlier `delegate` or `propose_plan`.
    pub task_id: i64,
}

/// `wait_task`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitTaskArgs {
    /// Number of the task, from an earlier `delegate` or `propose_plan`.
    pub task_id: i64,
    /// How long to wait at most, in milliseconds; default and maximum 600000 (10 minutes).
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

/// `list_agents`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListAgentsArgs {
    /// Also lists agents that have ended; default false.
    pub ended: bool,
}

/// `send_message`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessageArgs {
    /// Id of the agent, such as `droid-001`, from `list_agents` or a task.
    pub agent_id: String,
    /// The message, at most 256 KiB. It is delivered as plain text once the agent is idle.
    pub text: String,
}
