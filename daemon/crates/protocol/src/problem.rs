//! RFC 9457 problem details: the one shape of every refusal and failure.

use crate::worktree::WorktreeRefusal;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// What went wrong and how to mend it; `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Problem {
    /// Stable URN, `urn:orchestra:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every occurrence of this type.
    pub title: String,
    /// HTTP status; on the socket, the status the same fault has over REST.
    pub status: u16,
    /// This occurrence, in a sentence, with the next step.
    pub detail: String,
    /// The id of the request, to find it in the log and the audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What a worktree would lose or collide with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub worktree: Option<Box<WorktreeRefusal>>,
}

impl Problem {
    /// A problem of type `urn:orchestra:{code}`.
    pub fn new(status: u16, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:orchestra:{code}"),
            title: title.to_owned(),
            status,
            detail: detail.into(),
            instance: None,
            worktree: None,
        }
    }

    /// The last part of the URN.
    pub fn code(&self) -> &str {
        self.kind.rsplit(':').next().unwrap_or_default()
    }
}
