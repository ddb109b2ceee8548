//! The numbered feed: what happened, in order, to be resumed by number.

use crate::agent::Agent;
use crate::approval::Approval;
use crate::message::Message;
use crate::task::Task;
use crate::time::Timestamp;
use crate::worktree::Worktree;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// One entry of the feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Event {
    /// Grows by at least one; gaps are entries that the reader may not see.
    #[ts(type = "number")]
    pub number: i64,
    pub at: Timestamp,
    pub body: EventBody,
}

/// What happened, with the object as it was then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventBody {
    Agent {
        agent: Box<Agent>,
    },
    Task {
        task: Box<Task>,
    },
    Message {
        message: Box<Message>,
    },
    Approval {
        approval: Box<Approval>,
    },
    Worktree {
        worktree: Box<Worktree>,
        /// True when it is gone.
        removed: bool,
    },
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it back as `cursor` to read on; null at the end.
    pub next_cursor: Option<String>,
}
