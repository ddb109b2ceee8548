//! What agents and tasks may spend and have spent. What is counted is read from the CLIs'
//! own records and can be counted again; that a limit was reached stands here, so that it
//! holds over any kill.

use super::agents::announce;
use super::rows::{StoredAgent, StoredTask, Worked};
use super::{Store, StoreError, counts, tasks, to_json, word};
use crate::model::ids::{AgentId, TaskId};
use orchestra_protocol::agent::Usage;
use orchestra_protocol::budget::{Budget, BudgetState, Spent};
use orchestra_protocol::time::Timestamp;
use sqlx::{Sqlite, Transaction};

/// What was counted of an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct Count {
    pub spent: Spent,
    pub usage: Usage,
    pub state: BudgetState,
    pub worked: Worked,
}

/// Sets what an agent may spend, and how it stands under that.
///
/// # Errors
/// When the database fails.
pub async fn set(
    store: &Store,
    id: &AgentId,
    limit: &Budget,
    state: BudgetState,
) -> Result<StoredAgent, StoreError> {
    let mut tx = store.begin().await?;
    sqlx::query(
        "UPDATE agents SET budget = $2, budget_state = $3,
             budget_since = CASE WHEN $3 = 'spent' THEN COALESCE(budget_since, $4) ELSE NULL END
         WHERE id = $1",
    )
    .bind(id.as_str())
    .bind(to_json("budget", limit)?)
    .bind(word(&state))
    .bind(Timestamp::now().0)
    .execute(&mut *tx)
    .await?;
    let agent = announce(&mut tx, id.as_str()).await?;
    tx.commit().await?;
    Ok(agent)
}

/// Notes what was counted under a limit; false when the limit was changed meanwhile, which
/// has to be judged anew. `stops`: it was not spent before; `aloud`: the feed is told.
///
/// # Errors
/// When the database fails.
pub async fn count(
    store: &Store,
    id: &AgentId,
    limit: &Budget,
    count: &Count,
    stops: bool,
    aloud: bool,
) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let done = sqlx::query(
        "UPDATE agents SET spent = $3, usage = $4, budget_state = $5, worked_ms = $6, worked_to = $7,
             budget_since = CASE WHEN $5 = 'spent' THEN COALESCE(budget_since, $8) ELSE NULL END
         WHERE id = $1 AND budget = $2",
    )
    .bind(id.as_str())
    .bind(to_json("budget", limit)?)
    .bind(to_json("spending", &count.spent)?)
    .bind(to_json("usage", &count.usage)?)
    .bind(word(&count.state))
    .bind(count.worked.ms)
    .bind(count.worked.to.map(|to| to.0))
    .bind(Timestamp::now().0)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    if stops {
        counts::stopped_in(&mut tx).await?;
    }
    if aloud {
        announce(&mut tx, id.as_str()).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Notes that an agent's present turn is to be ended.
///
/// # Errors
/// When the database fails.
pub async fn stop(store: &Store, id: &AgentId) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    stop_in(&mut tx, id).await?;
    Ok(tx.commit().await?)
}

/// The same within a transaction.
pub(in crate::store) async fn stop_in(
    tx: &mut Transaction<'_, Sqlite>,
    id: &AgentId,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE agents SET stopping = COALESCE(stopping, $2) WHERE id = $1")
        .bind(id.as_str())
        .bind(Timestamp::now().0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Notes that an agent's turn has ended.
///
/// # Errors
/// When the database fails.
pub async fn stopped(store: &Store, id: &AgentId) -> Result<(), StoreError> {
    sqlx::query("UPDATE agents SET stopping = NULL WHERE id = $1")
        .bind(id.as_str())
        .execute(store.writer())
        .await?;
    Ok(())
}

/// Sets what a task may spend, and how it stands under that.
///
/// # Errors
/// When the database fails.
pub async fn set_of_task(
    store: &Store,
    id: TaskId,
    limit: &Budget,
    state: BudgetState,
) -> Result<StoredTask, StoreError> {
    let mut tx = store.begin().await?;
    sqlx::query("UPDATE tasks SET budget = $2, budget_state = $3 WHERE id = $1")
        .bind(id.0)
        .bind(to_json("budget", limit)?)
        .bind(word(&state))
        .execute(&mut *tx)
        .await?;
    let task = tasks::announce(&mut tx, id).await?;
    tx.commit().await?;
    Ok(task)
}

/// Notes what was counted of a task under a limit; false when that was changed meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn count_of_task(
    store: &Store,
    id: TaskId,
    limit: &Budget,
    spent: &Spent,
    state: BudgetState,
    stops: bool,
) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let done =
        sqlx::query("UPDATE tasks SET spent = $3, budget_state = $4 WHERE id = $1 AND budget = $2")
            .bind(id.0)
            .bind(to_json("budget", limit)?)
            .bind(to_json("spending", spent)?)
            .bind(word(&state))
            .execute(&mut *tx)
            .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    if stops {
        counts::stopped_in(&mut tx).await?;
    }
    tasks::announce(&mut tx, id).await?;
    tx.commit().await?;
    Ok(true)
}
