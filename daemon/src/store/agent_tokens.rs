//! Agents' capability tokens: looked up by hash, joined with what they are bound to.
//! They are added and revoked in the transactions that begin and end an agent.

use super::{Store, StoreError};
use crate::model::ids::{AgentId, TaskId, UserId};
use sqlx::{Row as _, Sqlite, Transaction};

/// What a living token is bound to.
#[derive(Debug, Clone)]
pub struct GrantRow {
    pub agent: AgentId,
    pub parent: Option<AgentId>,
    pub task: Option<TaskId>,
    pub depth: u32,
    pub root: AgentId,
    pub owner: UserId,
    pub owner_name: String,
    pub issuer: String,
    pub subject: String,
    pub owner_locked: bool,
}

/// The grant behind a token's hash; none when it was revoked or its agent has ended.
///
/// # Errors
/// When the database fails or a stored id is none.
pub async fn find(store: &Store, hash: &str) -> Result<Option<GrantRow>, StoreError> {
    let row = sqlx::query(
        // One that was made for a person and works for an agent now is as deep as its task.
        "SELECT agents.id, agents.parent, agents.task_id, agents.root, agents.owner,
             MAX(agents.depth, COALESCE(tasks.depth, 0)) AS depth, users.name, users.issuer, users.subject, users.locked_at
         FROM agent_tokens
         JOIN agents ON agents.id = agent_tokens.agent_id
         JOIN users ON users.id = agents.owner
         LEFT JOIN tasks ON tasks.id = agents.task_id
         WHERE agent_tokens.hash = $1 AND agent_tokens.revoked_at IS NULL
             AND agents.status IN ('starting', 'running')",
    )
    .bind(hash)
    .fetch_optional(store.reader())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let id = |text: String| AgentId::parse(&text).map_err(|_| StoreError::NotFound("agent"));
    let parent: Option<String> = row.try_get("parent")?;
    let depth: i64 = row.try_get("depth")?;
    Ok(Some(GrantRow {
        agent: id(row.try_get("id")?)?,
        parent: parent.map(id).transpose()?,
        task: row.try_get::<Option<i64>, _>("task_id")?.map(TaskId),
        depth: u32::try_from(depth).unwrap_or(u32::MAX),
        root: id(row.try_get("root")?)?,
        owner: UserId(row.try_get("owner")?),
        owner_name: row.try_get("name")?,
        issuer: row.try_get("issuer")?,
        subject: row.try_get("subject")?,
        owner_locked: row.try_get::<Option<i64>, _>("locked_at")?.is_some(),
    }))
}

/// Takes back every token of an agent, in the transaction that ends it.
///
/// # Errors
/// When the database fails.
pub(in crate::store) async fn revoke(
    tx: &mut Transaction<'_, Sqlite>,
    agent: &AgentId,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE agent_tokens SET revoked_at = $2 WHERE agent_id = $1 AND revoked_at IS NULL",
    )
    .bind(agent.as_str())
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
