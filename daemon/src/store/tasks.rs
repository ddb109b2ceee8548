//! Tasks and their attempts. A change of status goes through `model::task::step` and is
//! applied in one transaction with its feed entry.

use super::idempotency::{self, Key};
use super::rows::{AttemptRow, StoredTask, TaskRow};
use super::{Store, StoreError, assignment, events, to_json, word};
use crate::model::ids::{AgentId, TaskId};
use crate::model::task::{Change, Command, Reject, State, step};
use orchestra_protocol::budget::Budget;
use orchestra_protocol::event::EventBody;
use orchestra_protocol::task::{Declared, DelegateRequest, TaskClass, TaskResult, TaskStatus};
use orchestra_protocol::time::Timestamp;
use sqlx::{Sqlite, Transaction};

/// A task before it is stored.
#[derive(Debug, Clone)]
pub struct NewTask {
    pub title: String,
    pub request: DelegateRequest,
    /// Waits for a person when part of a plan, else queued.
    pub status: TaskStatus,
    pub kind: Option<String>,
    pub specialist: Option<String>,
    pub parent_task_id: Option<i64>,
    pub caller_agent: Option<String>,
    pub requested_by: String,
    pub owner: String,
    pub depth: i64,
    pub root: String,
    pub budget: Budget,
}

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error(transparent)]
    Reject(#[from] Reject),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What goes with a command into the row.
#[derive(Debug, Clone, Default)]
pub struct Note<'a> {
    pub reason: Option<&'a str>,
    pub error: Option<&'a str>,
    /// With an end: what kind of one.
    pub class: Option<TaskClass>,
    pub result: Option<&'a TaskResult>,
    /// With `Assign`: who does it, and until when.
    pub agent: Option<&'a AgentId>,
    pub deadline: Option<i64>,
}

/// Stores tasks, all or none, and the key under which they were asked for: a repeat,
/// even one that raced the first or followed a kill, gives the first one's tasks.
///
/// # Errors
/// `Conflict` when the key came with another request; when the database fails.
pub async fn insert(
    store: &Store,
    new: &[NewTask],
    once: Option<&Key<'_>>,
) -> Result<Vec<StoredTask>, StoreError> {
    let mut tx = store.begin().await?;
    if let Some(known) = idempotency::find_in(&mut tx, once).await? {
        let mut tasks = Vec::new();
        for id in known.split(',').filter_map(|id| id.parse().ok()) {
            tasks.push(read_in(&mut tx, TaskId(id)).await?);
        }
        return Ok(tasks);
    }
    let mut tasks = Vec::with_capacity(new.len());
    for task in new {
        let now = Timestamp::now().0;
        let (id,): (i64,) = sqlx::query_as(
            "INSERT INTO tasks (title, prompt, status, reason, request, kind, specialist, parent_task_id,
                 caller_agent, requested_by, owner, depth, root, created_at, updated_at, budget)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15) RETURNING id",
        )
        .bind(&task.title)
        .bind(&task.request.task)
        .bind(word(&task.status))
        .bind((task.status == TaskStatus::Waiting).then_some("approval"))
        .bind(to_json("delegation", &task.request)?)
        .bind(&task.kind)
        .bind(&task.specialist)
        .bind(task.parent_task_id)
        .bind(&task.caller_agent)
        .bind(&task.requested_by)
        .bind(&task.owner)
        .bind(task.depth)
        .bind(&task.root)
        .bind(now)
        .bind(to_json("budget", &task.budget)?)
        .fetch_one(&mut *tx)
        .await?;
        tasks.push(announce(&mut tx, TaskId(id)).await?);
    }
    if let Some(once) = once {
        let ids: Vec<String> = tasks.iter().map(|task| task.view.id.to_string()).collect();
        idempotency::remember_in(&mut tx, once, &ids.join(",")).await?;
    }
    tx.commit().await?;
    Ok(tasks)
}

/// Does what `command` says, if the task's state allows it. With `Assign` the agent is
/// taken, and with the attempt's end set free, in the same transaction.
///
/// # Errors
/// `Reject` when it is stale or not legal, `Conflict` when the agent was taken
/// meanwhile; nothing changed then.
pub async fn apply(
    store: &Store,
    id: TaskId,
    command: &Command,
    note: &Note<'_>,
) -> Result<StoredTask, ApplyError> {
    let mut tasks = apply_all(store, &[id], command, note).await?;
    Ok(tasks.pop().ok_or(StoreError::NotFound("task"))?)
}

/// The same command for several tasks: all of them, or none.
///
/// # Errors
/// As `apply`, for the first that cannot.
pub async fn apply_all(
    store: &Store,
    ids: &[TaskId],
    command: &Command,
    note: &Note<'_>,
) -> Result<Vec<StoredTask>, ApplyError> {
    let mut tx = store.begin().await?;
    let mut tasks = Vec::with_capacity(ids.len());
    for id in ids {
        let task = row_in(&mut tx, *id).await?.read(Vec::new())?;
        let state = State {
            status: task.view.status,
            attempt: task.attempt,
        };
        let change = step(state, command)?;
        write(&mut tx, *id, state, change, note).await?;
        if let (Some(_), Some(agent)) = (change.begin, note.agent) {
            assignment::take(&mut tx, agent, *id).await?;
        }
        if change.end.is_some() {
            assignment::set_free(&mut tx, *id).await?;
        }
        tasks.push(announce(&mut tx, *id).await?);
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(tasks)
}

async fn write(
    tx: &mut Transaction<'_, Sqlite>,
    id: TaskId,
    state: State,
    change: Change,
    note: &Note<'_>,
) -> Result<(), StoreError> {
    let now = Timestamp::now().0;
    let attempt = change.begin.unwrap_or(state.attempt);
    let again = change.status == TaskStatus::Queued;
    let result = note
        .result
        .map(|result| to_json("task result", result))
        .transpose()?;
    sqlx::query(
        "UPDATE tasks SET status = $2, reason = $3, attempt = $4, error = $5,
             result = CASE WHEN $8 THEN NULL ELSE COALESCE($6, result) END,
             agent_id = CASE WHEN $7 IS NOT NULL THEN $7 WHEN $8 THEN NULL ELSE agent_id END,
             deadline = COALESCE($9, deadline), updated_at = $10,
             started_at = CASE WHEN $11 THEN COALESCE(started_at, $10) ELSE started_at END,
             ended_at = CASE WHEN $12 THEN $10 ELSE NULL END,
             handed_over = CASE WHEN $8 THEN 0 ELSE handed_over END,
             declared = CASE WHEN $8 THEN NULL ELSE declared END,
             class = CASE WHEN $12 THEN $13 ELSE class END
         WHERE id = $1",
    )
    .bind(id.0)
    .bind(word(&change.status))
    .bind(note.reason)
    .bind(i64::from(attempt))
    .bind(note.error)
    .bind(result)
    .bind(note.agent.map(AgentId::as_str))
    .bind(again)
    .bind(note.deadline)
    .bind(now)
    .bind(change.begin.is_some())
    .bind(change.status.is_final())
    .bind(note.class.map(|class| word(&class)))
    .execute(&mut **tx)
    .await?;
    if let Some(number) = change.begin {
        sqlx::query(
            "INSERT INTO attempts (task_id, number, agent_id, status, started_at)
             VALUES ($1, $2, $3, 'starting', $4)",
        )
        .bind(id.0)
        .bind(i64::from(number))
        .bind(note.agent.map(AgentId::as_str))
        .bind(now)
        .execute(&mut **tx)
        .await?;
    }
    let status = match (change.run, change.end) {
        (_, Some(end)) => Some(word(&end)),
        (true, None) => Some("running".to_owned()),
        (false, None) => None,
    };
    if let Some(status) = status {
        sqlx::query(
            "UPDATE attempts SET status = $3, reason = $4, ended_at = CASE WHEN $5 THEN $6 ELSE NULL END
             WHERE task_id = $1 AND number = $2",
        )
        .bind(id.0)
        .bind(i64::from(attempt))
        .bind(status)
        .bind(note.reason.or(note.error))
        .bind(change.end.is_some())
        .bind(now)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Notes what the agent itself said of its work.
///
/// # Errors
/// When the database fails.
pub async fn declare(
    store: &Store,
    id: TaskId,
    attempt: u32,
    declared: &Declared,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE tasks SET declared = $3 WHERE id = $1 AND attempt = $2 AND ended_at IS NULL",
    )
    .bind(id.0)
    .bind(i64::from(attempt))
    .bind(to_json("declared result", declared)?)
    .execute(store.writer())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Notes that the caller has the result. True for the one call that did it.
///
/// # Errors
/// When the database fails.
pub async fn hand_over(store: &Store, id: TaskId) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE tasks SET handed_over = 1 WHERE id = $1 AND handed_over = 0 AND ended_at IS NOT NULL",
    )
    .bind(id.0)
    .execute(store.writer())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Says why a queued task does not begin.
///
/// # Errors
/// When the database fails.
pub async fn explain(store: &Store, id: TaskId, reason: &str) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let done = sqlx::query(
        "UPDATE tasks SET reason = $2 WHERE id = $1 AND status = 'queued' AND reason IS NOT $2",
    )
    .bind(id.0)
    .bind(reason)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() > 0 {
        announce(&mut tx, id).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn row_in(tx: &mut Transaction<'_, Sqlite>, id: TaskId) -> Result<TaskRow, StoreError> {
    let row: Option<TaskRow> = sqlx::query_as("SELECT * FROM tasks WHERE id = $1")
        .bind(id.0)
        .fetch_optional(&mut **tx)
        .await?;
    row.ok_or(StoreError::NotFound("task"))
}

pub(in crate::store) async fn announce(
    tx: &mut Transaction<'_, Sqlite>,
    id: TaskId,
) -> Result<StoredTask, StoreError> {
    let task = read_in(tx, id).await?;
    let body = EventBody::Task {
        task: Box::new(task.view.clone()),
    };
    events::append(tx, &task.view.owner, &body).await?;
    Ok(task)
}

async fn read_in(tx: &mut Transaction<'_, Sqlite>, id: TaskId) -> Result<StoredTask, StoreError> {
    let row = row_in(tx, id).await?;
    let attempts: Vec<AttemptRow> =
        sqlx::query_as("SELECT * FROM attempts WHERE task_id = $1 ORDER BY number")
            .bind(id.0)
            .fetch_all(&mut **tx)
            .await?;
    let attempts = attempts
        .into_iter()
        .map(AttemptRow::read)
        .collect::<Result<_, _>>()?;
    row.read(attempts)
}
