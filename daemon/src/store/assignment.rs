//! Which agent works on which task, as the agents' rows have it. Changed only in the
//! transaction that begins or ends the attempt, so that no agent ever has two tasks.

use super::agents::announce;
use super::{Store, StoreError};
use crate::model::ids::{AgentId, TaskId};
use sqlx::{Sqlite, Transaction};

/// Gives a task to an agent that runs and has none, in the transaction of the attempt.
pub(in crate::store) async fn take(
    tx: &mut Transaction<'_, Sqlite>,
    id: &AgentId,
    task: TaskId,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE agents SET task_id = $2
         WHERE id = $1 AND status = 'running' AND (task_id IS NULL OR task_id = $2)",
    )
    .bind(id.as_str())
    .bind(task.0)
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Conflict("agent"));
    }
    announce(tx, id.as_str()).await?;
    Ok(())
}

/// Takes a task away from whoever has it, in the transaction that ends the attempt.
pub(in crate::store) async fn set_free(
    tx: &mut Transaction<'_, Sqlite>,
    task: TaskId,
) -> Result<(), StoreError> {
    let rows: Vec<(String,)> =
        sqlx::query_as("UPDATE agents SET task_id = NULL WHERE task_id = $1 RETURNING id")
            .bind(task.0)
            .fetch_all(&mut **tx)
            .await?;
    for (id,) in rows {
        announce(tx, &id).await?;
    }
    Ok(())
}

/// Sets agents free that were started for a task which is not theirs (any more): it was
/// called off, or a daemon ended, between their start and the task's record of it.
///
/// # Errors
/// When the database fails.
pub async fn free_orphans(store: &Store) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let rows: Vec<(String,)> = sqlx::query_as(
        "UPDATE agents SET task_id = NULL
         WHERE status IN ('starting', 'running') AND task_id IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.id = agents.task_id
                 AND (tasks.status = 'queued'
                     OR tasks.status IN ('assigned', 'running') AND tasks.agent_id = agents.id))
         RETURNING id",
    )
    .fetch_all(&mut *tx)
    .await?;
    for (id,) in rows {
        announce(&mut tx, &id).await?;
    }
    tx.commit().await?;
    Ok(())
}
