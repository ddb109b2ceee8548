//! Ended agents that start again, by a person or by themselves after a crash.

use super::{Store, StoreError, agents, conversations};
use crate::model::ids::AgentId;
use crate::store::rows::StoredAgent;
use orchestra_protocol::time::Timestamp;
use sqlx::Row;

/// A start that follows a crash.
#[derive(Debug, Clone, Copy)]
pub struct Again {
    pub at: Timestamp,
    /// How often it has crashed in a row.
    pub crashes: i64,
}

/// Takes an ended agent back to `starting` with a new token: same id, one restart more;
/// `goes_on`: with the conversation it had.
///
/// # Errors
/// `Conflict` when it has not ended.
pub async fn restart(
    store: &Store,
    id: &AgentId,
    token_hash: &str,
    cli_session: Option<&str>,
    goes_on: bool,
) -> Result<StoredAgent, StoreError> {
    let mut tx = store.begin().await?;
    let done = sqlx::query(
        "UPDATE agents SET status = 'starting', reason = NULL, pid = NULL, exit_code = NULL, signal = NULL,
             started_at = NULL, ended_at = NULL, stopping = NULL, worked_to = NULL, restarts = restarts + 1, cli_session = COALESCE($2, cli_session),
             last_transcript = CASE WHEN $3 THEN COALESCE(transcript, last_transcript) END,
             transcript = NULL, restart_at = NULL
         WHERE id = $1 AND status NOT IN ('starting', 'running')",
    )
    .bind(id.as_str())
    .bind(cli_session)
    .bind(goes_on)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Conflict("agent"));
    }
    if let Some(session) = cli_session {
        conversations::note_in(&mut tx, id.as_str(), session).await?;
    }
    agents::add_token(&mut tx, id.as_str(), token_hash).await?;
    let agent = agents::announce(&mut tx, id.as_str()).await?;
    tx.commit().await?;
    Ok(agent)
}

/// Agents that wait for their next start.
///
/// # Errors
/// When the database fails.
pub async fn waiting(store: &Store) -> Result<Vec<StoredAgent>, StoreError> {
    agents::select(store, " WHERE agents.restart_at IS NOT NULL").await
}

/// Agents whose time has come, the longest waiting first. Those of a locked person wait on.
///
/// # Errors
/// When the database fails.
pub async fn due(store: &Store, now: Timestamp) -> Result<Vec<AgentId>, StoreError> {
    let rows = sqlx::query(
        "SELECT agents.id FROM agents JOIN users ON users.id = agents.owner
         WHERE restart_at <= $1 AND users.locked_at IS NULL ORDER BY restart_at",
    )
    .bind(now.0)
    .fetch_all(store.reader())
    .await?;
    let ids = rows.iter().map(|row| {
        let id: String = row.try_get(0)?;
        AgentId::parse(&id).map_err(|_| StoreError::NotFound("agent"))
    });
    ids.collect()
}

/// Leaves an agent ended that waited for its next start, for that reason.
///
/// # Errors
/// When the database fails.
pub async fn give_up(
    store: &Store,
    id: &AgentId,
    reason: &str,
) -> Result<Option<StoredAgent>, StoreError> {
    let mut tx = store.begin().await?;
    let done = sqlx::query(
        "UPDATE agents SET restart_at = NULL, reason = $2 WHERE id = $1 AND restart_at IS NOT NULL",
    )
    .bind(id.as_str())
    .bind(reason)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let agent = agents::announce(&mut tx, id.as_str()).await?;
    tx.commit().await?;
    Ok(Some(agent))
}
