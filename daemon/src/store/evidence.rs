//! What the CLIs said of themselves, kept until it has had its effect: a fact and its
//! effect on a receipt are one transaction, so that a kill between them loses nothing.

use super::messages::{NewMessage, Step, advance_in, insert_in};
use super::rows::StoredMessage;
use super::{Store, StoreError, json, to_json};
use crate::model::evidence::Evidence;
use crate::model::ids::AgentId;
use orchestra_protocol::message::{Action, Author, MessageStatus};
use orchestra_protocol::time::Timestamp;
use sqlx::{Sqlite, Transaction};

/// A fact that had no effect yet.
#[derive(Debug, Clone)]
pub struct Open {
    pub id: i64,
    pub evidence: Evidence,
    pub at: Timestamp,
}

/// Stores facts under their keys; one that was stored before is left alone.
/// True when at least one is new.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    store: &Store,
    agent: &AgentId,
    key: &str,
    facts: &[Evidence],
    at: Timestamp,
) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let mut new = false;
    for (index, fact) in facts.iter().enumerate() {
        let done = sqlx::query(
            "INSERT INTO evidence (agent_id, key, body, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(agent.as_str())
        .bind(format!("{key}/{index}"))
        .bind(to_json("evidence", fact)?)
        .bind(at.0)
        .execute(&mut *tx)
        .await?;
        new |= done.rows_affected() > 0;
    }
    tx.commit().await?;
    Ok(new)
}

/// True when facts were stored under this key before.
///
/// # Errors
/// When the database fails.
pub async fn known(store: &Store, agent: &AgentId, key: &str) -> Result<bool, StoreError> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT id FROM evidence WHERE agent_id = $1 AND key = $2")
            .bind(agent.as_str())
            .bind(format!("{key}/0"))
            .fetch_optional(store.writer())
            .await?;
    Ok(row.is_some())
}

/// Facts without effect yet, in their order.
///
/// # Errors
/// When the database fails.
pub async fn open(store: &Store, agent: &AgentId) -> Result<Vec<Open>, StoreError> {
    let rows: Vec<(i64, String, i64)> = sqlx::query_as(
        "SELECT id, body, at FROM evidence WHERE agent_id = $1 AND done = 0 ORDER BY id",
    )
    .bind(agent.as_str())
    .fetch_all(store.writer())
    .await?;
    let read = |(id, body, at): (i64, String, i64)| {
        Ok(Open {
            id,
            evidence: json("evidence", &body)?,
            at: Timestamp(at),
        })
    };
    rows.into_iter().map(read).collect()
}

/// Agents that have facts without effect.
///
/// # Errors
/// When the database fails.
pub async fn agents_with_open(store: &Store) -> Result<Vec<AgentId>, StoreError> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT DISTINCT agent_id FROM evidence WHERE done = 0")
            .fetch_all(store.reader())
            .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(id,)| AgentId::parse(&id).ok())
        .collect())
}

/// Settles a fact that has no effect on a receipt.
///
/// # Errors
/// When the database fails.
pub async fn settle(store: &Store, id: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE evidence SET done = 1 WHERE id = $1")
        .bind(id)
        .execute(store.writer())
        .await?;
    Ok(())
}

/// A receipt's step that a fact causes.
#[derive(Debug, Clone)]
pub struct Effect<'a> {
    pub message: &'a str,
    pub from: MessageStatus,
    pub step: Step<'a>,
}

/// Settles a fact together with the steps and the answer that it causes.
///
/// # Errors
/// `Conflict` when a receipt moved meanwhile; nothing changed then.
pub async fn settle_with(
    store: &Store,
    id: i64,
    effects: &[Effect<'_>],
    answer: Option<&NewMessage>,
) -> Result<Option<StoredMessage>, StoreError> {
    let mut tx = store.begin().await?;
    for effect in effects {
        advance_in(&mut tx, effect.message, effect.from, &effect.step).await?;
    }
    let stored = match answer {
        Some(answer) => Some(insert_answer(&mut tx, answer).await?),
        None => None,
    };
    done(&mut tx, id).await?;
    tx.commit().await?;
    Ok(stored)
}

/// An answer carries the plans that its agent proposed and nobody has been shown yet.
async fn insert_answer(
    tx: &mut Transaction<'_, Sqlite>,
    answer: &NewMessage,
) -> Result<StoredMessage, StoreError> {
    let mut answer = answer.clone();
    if answer.author == Author::Assistant {
        let rows: Vec<(i64,)> = sqlx::query_as(
            "UPDATE tasks SET plan_shown = 1 WHERE caller_agent = $1 AND status = 'waiting' AND plan_shown = 0
             RETURNING id",
        )
        .bind(answer.agent_id.as_str())
        .fetch_all(&mut **tx)
        .await?;
        let mut task_ids: Vec<i64> = rows.into_iter().map(|(id,)| id).collect();
        task_ids.sort_unstable();
        if !task_ids.is_empty() {
            answer.actions.push(Action::ApprovePlan { task_ids });
        }
    }
    Ok(insert_in(tx, &answer).await?.0)
}

async fn done(tx: &mut Transaction<'_, Sqlite>, id: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE evidence SET done = 1 WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Forgets settled facts older than `before`.
///
/// # Errors
/// When the database fails.
pub async fn prune(store: &Store, before: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM evidence WHERE done = 1 AND at < $1")
        .bind(before.0)
        .execute(store.writer())
        .await?;
    Ok(())
}
