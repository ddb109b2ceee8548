//! Messages to and from agents, with their delivery receipts.

use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// How far a message got. Each step rests on evidence, never on hope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Stored; waits for the agent to be able to take it.
    Queued,
    /// Its text was put into the CLI's composer.
    Pasted,
    /// Enter was pressed.
    Submitted,
    /// The CLI's own hook or transcript shows it.
    Accepted,
    /// The turn it began has ended.
    Answered,
    /// It will not be delivered or answered; the reason says why.
    Failed,
}

/// Who spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// A person.
    User,
    /// The agent itself: the final text of a turn.
    Assistant,
    /// Another agent.
    Agent,
    /// The daemon: a result handed over, a nudge.
    System,
}

/// Text sent to an agent, or the agent's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Message {
    pub id: String,
    pub agent_id: String,
    pub author: Author,
    /// Name of the person or id of the agent that sent it.
    pub sender: String,
    pub text: String,
    pub status: MessageStatus,
    /// Why it waits or failed.
    pub reason: Option<String>,
    /// What `accepted` rests on: `hook`, `transcript`, `marker`.
    pub evidence: Option<String>,
    /// For an answer: the message that it answers.
    pub reply_to: Option<String>,
    pub actions: Vec<Action>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Something the reader of a message is asked to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Action {
    /// Tasks that wait for a yes or a no.
    ApprovePlan {
        #[ts(type = "number[]")]
        task_ids: Vec<i64>,
    },
}

/// `POST /api/agents/{id}/messages`.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema, JsonSchema,
)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct MessageRequest {
    /// At most 256 KiB.
    pub text: String,
    /// UUID; the same one within 24 h is the same message.
    pub client_id: Option<String>,
    /// Lets a leading `/` or `!` act as a command; needs `terminal:type`.
    pub as_command: Option<bool>,
}
