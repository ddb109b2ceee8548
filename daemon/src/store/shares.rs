//! Shares: what the owner of an agent lets other people do with it.

use super::{Store, StoreError, unword, word};
use crate::model::ids::{AgentId, UserId};
use orchestra_protocol::admin::{ShareRights, ShareView};
use orchestra_protocol::time::Timestamp;
use sqlx::Row as _;

/// Every share: agent, user, rights.
///
/// # Errors
/// When the database fails.
pub async fn all(store: &Store) -> Result<Vec<(String, UserId, ShareRights)>, StoreError> {
    let rows = sqlx::query("SELECT agent_id, user_id, rights FROM shares")
        .fetch_all(store.reader())
        .await?;
    rows.iter()
        .map(|row| {
            let rights = unword("share", row.try_get("rights")?)?;
            Ok((
                row.try_get("agent_id")?,
                UserId(row.try_get("user_id")?),
                rights,
            ))
        })
        .collect()
}

/// With whom an agent is shared, the oldest share first.
///
/// # Errors
/// When the database fails.
pub async fn of_agent(store: &Store, agent: &AgentId) -> Result<Vec<ShareView>, StoreError> {
    let rows = sqlx::query(
        "SELECT shares.*, users.name FROM shares JOIN users ON users.id = shares.user_id
         WHERE agent_id = $1 ORDER BY shares.created_at, shares.user_id",
    )
    .bind(agent.as_str())
    .fetch_all(store.reader())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(ShareView {
                user_id: row.try_get("user_id")?,
                name: row.try_get("name")?,
                rights: unword("share", row.try_get("rights")?)?,
                created_at: Timestamp(row.try_get("created_at")?),
            })
        })
        .collect()
}

/// Shares an agent with a user, or changes what was shared.
///
/// # Errors
/// When the database fails.
pub async fn put(
    store: &Store,
    agent: &AgentId,
    user: &UserId,
    rights: ShareRights,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO shares (agent_id, user_id, rights, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (agent_id, user_id) DO UPDATE SET rights = excluded.rights",
    )
    .bind(agent.as_str())
    .bind(&user.0)
    .bind(word(&rights))
    .bind(Timestamp::now().0)
    .execute(store.writer())
    .await?;
    Ok(())
}

/// Takes a share back.
///
/// # Errors
/// `NotFound`, or when the database fails.
pub async fn remove(store: &Store, agent: &AgentId, user: &UserId) -> Result<(), StoreError> {
    let done = sqlx::query("DELETE FROM shares WHERE agent_id = $1 AND user_id = $2")
        .bind(agent.as_str())
        .bind(&user.0)
        .execute(store.writer())
        .await?;
    match done.rows_affected() {
        0 => Err(StoreError::NotFound("share")),
        _ => Ok(()),
    }
}
