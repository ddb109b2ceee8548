//! Messages and their receipts. Each change carries its feed entry.

use super::rows::{MessageRow, StoredMessage};
use super::{Store, StoreError, budgets, events, to_json, word};
use crate::model::ids::AgentId;
use crate::model::receipt;
use orchestra_protocol::event::EventBody;
use orchestra_protocol::message::{Action, Author, Message, MessageStatus};
use orchestra_protocol::time::Timestamp;
use sqlx::{Sqlite, Transaction};

/// A message before it is stored.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub agent_id: AgentId,
    pub client_id: Option<String>,
    pub author: Author,
    pub sender: String,
    pub owner: String,
    pub text: String,
    pub as_command: bool,
    pub status: MessageStatus,
    pub evidence: Option<String>,
    pub reply_to: Option<String>,
    pub actions: Vec<Action>,
    pub task_id: Option<i64>,
}

/// Stores a message; a second one with the same `client_id` is the first one.
/// True when it is new.
///
/// # Errors
/// When the database fails.
pub async fn insert(store: &Store, new: &NewMessage) -> Result<(StoredMessage, bool), StoreError> {
    let mut tx = store.begin().await?;
    let found = insert_in(&mut tx, new).await?;
    tx.commit().await?;
    Ok(found)
}

/// `insert` within a transaction.
pub(in crate::store) async fn insert_in(
    tx: &mut Transaction<'_, Sqlite>,
    new: &NewMessage,
) -> Result<(StoredMessage, bool), StoreError> {
    if let Some(client_id) = &new.client_id {
        let row: Option<MessageRow> =
            sqlx::query_as("SELECT * FROM messages WHERE agent_id = $1 AND client_id = $2")
                .bind(new.agent_id.as_str())
                .bind(client_id)
                .fetch_optional(&mut **tx)
                .await?;
        if let Some(row) = row {
            return Ok((row.read()?, false));
        }
    }
    let id = crate::model::ids::fresh();
    let now = Timestamp::now().0;
    sqlx::query(
        "INSERT INTO messages (id, agent_id, client_id, author, sender, owner, text, as_command, status,
             evidence, reply_to, actions, task_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
    )
    .bind(&id)
    .bind(new.agent_id.as_str())
    .bind(&new.client_id)
    .bind(word(&new.author))
    .bind(&new.sender)
    .bind(&new.owner)
    .bind(&new.text)
    .bind(i64::from(new.as_command))
    .bind(word(&new.status))
    .bind(&new.evidence)
    .bind(&new.reply_to)
    .bind(to_json("actions", &new.actions)?)
    .bind(new.task_id)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok((announce(tx, &id).await?, true))
}

/// A step of a receipt.
#[derive(Debug, Clone)]
pub struct Step<'a> {
    pub to: MessageStatus,
    pub reason: Option<&'a str>,
    pub evidence: Option<&'a str>,
}

/// Moves a receipt on, if it is still where the caller saw it and the step is legal.
///
/// # Errors
/// `Conflict` when it moved meanwhile or may not go there.
pub async fn advance(
    store: &Store,
    id: &str,
    from: MessageStatus,
    step: &Step<'_>,
) -> Result<StoredMessage, StoreError> {
    let mut tx = store.begin().await?;
    let message = advance_in(&mut tx, id, from, step).await?;
    tx.commit().await?;
    Ok(message)
}

/// `advance` within a transaction.
pub(in crate::store) async fn advance_in(
    tx: &mut Transaction<'_, Sqlite>,
    id: &str,
    from: MessageStatus,
    step: &Step<'_>,
) -> Result<StoredMessage, StoreError> {
    if !receipt::allowed(from, step.to) {
        return Err(StoreError::Conflict("message"));
    }
    let submitted = step.to == MessageStatus::Submitted;
    let done = sqlx::query(
        "UPDATE messages SET status = $3, reason = $4, evidence = COALESCE($5, evidence),
             tries = CASE WHEN $3 = 'queued' THEN 0 ELSE tries + $6 END,
             updated_at = $7
         WHERE id = $1 AND status = $2",
    )
    .bind(id)
    .bind(word(&from))
    .bind(word(&step.to))
    .bind(step.reason)
    .bind(step.evidence)
    .bind(i64::from(submitted))
    .bind(Timestamp::now().0)
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Conflict("message"));
    }
    announce(tx, id).await
}

/// Sets an accepted message back to be sent again, counted as a nudge; its agent's present
/// turn is to be ended, which is noted in the same transaction.
///
/// # Errors
/// `Conflict` when it moved meanwhile.
pub async fn nudge(
    store: &Store,
    agent: &AgentId,
    id: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let step = Step {
        to: MessageStatus::Queued,
        reason: Some(reason),
        evidence: None,
    };
    advance_in(&mut tx, id, MessageStatus::Accepted, &step).await?;
    sqlx::query("UPDATE messages SET nudges = nudges + 1 WHERE id = $1")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    budgets::stop_in(&mut tx, agent).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives up a message on whose turn its agent is stuck; the turn is to be ended.
///
/// # Errors
/// `Conflict` when it moved meanwhile.
pub async fn give_up(
    store: &Store,
    agent: &AgentId,
    id: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let step = Step {
        to: MessageStatus::Failed,
        reason: Some(reason),
        evidence: None,
    };
    advance_in(&mut tx, id, MessageStatus::Accepted, &step).await?;
    budgets::stop_in(&mut tx, agent).await?;
    tx.commit().await?;
    Ok(())
}

/// Says why an open message waits; nothing happens when the reason is the same.
///
/// # Errors
/// When the database fails.
pub async fn explain(store: &Store, id: &str, reason: Option<&str>) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let done = sqlx::query(
        "UPDATE messages SET reason = $2 WHERE id = $1 AND reason IS NOT $2
             AND status NOT IN ('answered', 'failed')",
    )
    .bind(id)
    .bind(reason)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() > 0 {
        announce(&mut tx, id).await?;
    }
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// Messages that were sent to an agent and are neither answered nor failed, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn open(store: &Store, agent: &AgentId) -> Result<Vec<StoredMessage>, StoreError> {
    let rows: Vec<MessageRow> = sqlx::query_as(
        "SELECT * FROM messages WHERE agent_id = $1 AND status IN ('queued', 'pasted', 'submitted', 'accepted')
         ORDER BY created_at, id",
    )
    .bind(agent.as_str())
    .fetch_all(store.reader())
    .await?;
    rows.into_iter().map(MessageRow::read).collect()
}

/// Agents that have open messages.
///
/// # Errors
/// When the database fails.
pub async fn agents_with_open(store: &Store) -> Result<Vec<AgentId>, StoreError> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT DISTINCT agent_id FROM messages WHERE status IN ('queued', 'pasted', 'submitted', 'accepted')",
    )
    .fetch_all(store.reader())
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(id,)| AgentId::parse(&id).ok())
        .collect())
}

/// One message.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn get(store: &Store, id: &str) -> Result<StoredMessage, StoreError> {
    let row: Option<MessageRow> = sqlx::query_as("SELECT * FROM messages WHERE id = $1")
        .bind(id)
        .fetch_optional(store.reader())
        .await?;
    row.ok_or(StoreError::NotFound("message"))?.read()
}

/// The answer to a message, once there is one.
///
/// # Errors
/// When the database fails.
pub async fn answer_to(store: &Store, id: &str) -> Result<Option<StoredMessage>, StoreError> {
    let row: Option<MessageRow> = sqlx::query_as(
        "SELECT * FROM messages WHERE reply_to = $1 ORDER BY created_at DESC LIMIT 1",
    )
    .bind(id)
    .fetch_optional(store.reader())
    .await?;
    row.map(MessageRow::read).transpose()
}

/// An agent's conversation, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    store: &Store,
    agent: &AgentId,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<StoredMessage>, StoreError> {
    let rows: Vec<MessageRow> = sqlx::query_as(
        "SELECT * FROM messages WHERE agent_id = $1 AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
    )
    .bind(agent.as_str())
    .bind(before)
    .bind(limit)
    .fetch_all(store.reader())
    .await?;
    rows.into_iter().map(MessageRow::read).collect()
}

async fn announce(tx: &mut Transaction<'_, Sqlite>, id: &str) -> Result<StoredMessage, StoreError> {
    let row: MessageRow = sqlx::query_as("SELECT * FROM messages WHERE id = $1")
        .bind(id)
        .fetch_one(&mut **tx)
        .await?;
    let message = row.read()?;
    let body = EventBody::Message {
        message: Box::new(Message::clone(&message.view)),
    };
    events::append(tx, &message.owner, &body).await?;
    Ok(message)
}

/// The message that was sent under a key of the sender's.
///
/// # Errors
/// When the database fails.
pub async fn by_client_id(
    store: &Store,
    agent: &AgentId,
    client_id: &str,
) -> Result<Option<StoredMessage>, StoreError> {
    let row: Option<MessageRow> =
        sqlx::query_as("SELECT * FROM messages WHERE agent_id = $1 AND client_id = $2")
            .bind(agent.as_str())
            .bind(client_id)
            .fetch_optional(store.reader())
            .await?;
    row.map(MessageRow::read).transpose()
}
