//! Which agent of ours has which conversation of a CLI.

use super::{Store, StoreError};
use sqlx::Row;

/// An agent and its conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSession {
    pub session: String,
    pub agent: String,
    pub owner: String,
    pub live: bool,
}

/// Of every agent that has one; a live agent comes last.
///
/// # Errors
/// When the store cannot be read.
pub async fn all(store: &Store) -> Result<Vec<AgentSession>, StoreError> {
    let rows = sqlx::query(
        "SELECT cli_session, id, owner, status IN ('starting', 'running') AS live FROM agents
         WHERE cli_session IS NOT NULL ORDER BY live, created_at",
    )
    .fetch_all(store.reader())
    .await?;
    let each = |row: &sqlx::sqlite::SqliteRow| {
        Ok(AgentSession {
            session: row.try_get("cli_session")?,
            agent: row.try_get("id")?,
            owner: row.try_get("owner")?,
            live: row.try_get("live")?,
        })
    };
    rows.iter().map(each).collect()
}
