//! Files that people drop for an agent.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// `POST /api/agents/{id}/files`: where the bytes lie now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct DroppedFile {
    /// The name it got: letters, digits, `.`, `_` and `-` only, and nobody's before.
    pub name: String,
    /// Relative to the agent's folder; a word in every shell.
    pub path: String,
    #[ts(type = "number")]
    pub bytes: u64,
}
