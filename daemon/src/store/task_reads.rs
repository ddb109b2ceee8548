//! Tasks as they are asked for; nothing here changes one.

use super::rows::{AttemptRow, StoredTask, TaskRow};
use super::{Store, StoreError};
use crate::model::ids::{AgentId, TaskId};

/// One task.
///
/// # Errors
/// `NotFound` when there is none of that number.
pub async fn get(store: &Store, id: TaskId) -> Result<StoredTask, StoreError> {
    let row: Option<TaskRow> = sqlx::query_as("SELECT * FROM tasks WHERE id = $1")
        .bind(id.0)
        .fetch_optional(store.reader())
        .await?;
    let row = row.ok_or(StoreError::NotFound("task"))?;
    let attempts = attempts(store, id).await?;
    row.read(attempts)
}

async fn attempts(
    store: &Store,
    id: TaskId,
) -> Result<Vec<orchestra_protocol::task::Attempt>, StoreError> {
    let rows: Vec<AttemptRow> =
        sqlx::query_as("SELECT * FROM attempts WHERE task_id = $1 ORDER BY number")
            .bind(id.0)
            .fetch_all(store.reader())
            .await?;
    rows.into_iter().map(AttemptRow::read).collect()
}

/// Tasks, newest first; of one owner, or of all; of one caller, or of any.
///
/// # Errors
/// When the database fails.
pub async fn list(
    store: &Store,
    owner: Option<&str>,
    caller: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<StoredTask>, StoreError> {
    let rows: Vec<TaskRow> = sqlx::query_as(
        "SELECT * FROM tasks WHERE ($1 IS NULL OR owner = $1) AND ($2 IS NULL OR caller_agent = $2)
             AND ($3 IS NULL OR id < $3) ORDER BY id DESC LIMIT $4",
    )
    .bind(owner)
    .bind(caller)
    .bind(before)
    .bind(limit)
    .fetch_all(store.reader())
    .await?;
    with_attempts(store, rows).await
}

/// Tasks that the engine has something to do for: open ones, and ended ones whose
/// result the calling agent does not have yet.
///
/// # Errors
/// When the database fails.
pub async fn unsettled(store: &Store) -> Result<Vec<StoredTask>, StoreError> {
    let rows: Vec<TaskRow> = sqlx::query_as(
        "SELECT * FROM tasks WHERE status IN ('queued', 'assigned', 'running')
             OR (handed_over = 0 AND caller_agent IS NOT NULL AND ended_at IS NOT NULL) ORDER BY id",
    )
    .fetch_all(store.reader())
    .await?;
    with_attempts(store, rows).await
}

async fn with_attempts(store: &Store, rows: Vec<TaskRow>) -> Result<Vec<StoredTask>, StoreError> {
    let mut tasks = Vec::with_capacity(rows.len());
    for row in rows {
        let attempts = attempts(store, TaskId(row.id)).await?;
        tasks.push(row.read(attempts)?);
    }
    Ok(tasks)
}

/// An attempt at a task that is part of another: its task's number, and the attempt.
pub type PartAttempt = (i64, orchestra_protocol::task::Attempt);

/// Attempts at every task that was delegated while this one was worked on, and at theirs,
/// however deep.
///
/// # Errors
/// When the database fails.
pub async fn attempts_beneath(store: &Store, id: TaskId) -> Result<Vec<PartAttempt>, StoreError> {
    let rows: Vec<AttemptRow> = sqlx::query_as(
        "WITH RECURSIVE beneath (id) AS (
             SELECT id FROM tasks WHERE parent_task_id = $1
             UNION SELECT tasks.id FROM tasks JOIN beneath ON tasks.parent_task_id = beneath.id
         )
         SELECT attempts.* FROM attempts JOIN beneath ON attempts.task_id = beneath.id
         ORDER BY attempts.task_id, attempts.number",
    )
    .bind(id.0)
    .fetch_all(store.reader())
    .await?;
    let read = |row: AttemptRow| Ok((row.task_id, row.read()?));
    rows.into_iter().map(read).collect()
}

/// Numbers of the tasks that were delegated while this one was worked on and whose error
/// begins so.
///
/// # Errors
/// When the database fails.
pub async fn parts_with_error(
    store: &Store,
    id: TaskId,
    beginning: &str,
) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<(i64,)> = sqlx::query_as(
        "SELECT id FROM tasks WHERE parent_task_id = $1 AND substr(error, 1, length($2)) = $2 ORDER BY id",
    )
    .bind(id.0)
    .bind(beginning)
    .fetch_all(store.reader())
    .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// True while a prompt for that task is wanted from that agent: it was neither called
/// off nor given to somebody else.
///
/// # Errors
/// When the database fails.
pub async fn wants(store: &Store, id: i64, agent: &AgentId) -> Result<bool, StoreError> {
    let row: Option<(i64,)> = sqlx::query_as(
        "SELECT id FROM tasks WHERE id = $1 AND agent_id = $2 AND status IN ('assigned', 'running')",
    )
    .bind(id)
    .bind(agent.as_str())
    .fetch_optional(store.reader())
    .await?;
    Ok(row.is_some())
}

/// True when the agent was given a task before: it is the engine's, not a person's.
///
/// # Errors
/// When the database fails.
pub async fn worked_before(store: &Store, agent: &AgentId) -> Result<bool, StoreError> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT task_id FROM attempts WHERE agent_id = $1 LIMIT 1")
            .bind(agent.as_str())
            .fetch_optional(store.reader())
            .await?;
    Ok(row.is_some())
}

/// Name of the person a task belongs to.
///
/// # Errors
/// `NotFound` when the person is unknown.
pub async fn owner_name(store: &Store, owner: &str) -> Result<String, StoreError> {
    let row: Option<(String,)> = sqlx::query_as("SELECT name FROM users WHERE id = $1")
        .bind(owner)
        .fetch_optional(store.reader())
        .await?;
    row.map(|(name,)| name).ok_or(StoreError::NotFound("user"))
}
