//! Every conversation of its CLI that an agent had: what it spent lies in their records.

use super::{Store, StoreError};
use crate::model::ids::AgentId;
use orchestra_protocol::time::Timestamp;
use sqlx::{Sqlite, Transaction};
use std::collections::HashMap;

/// Notes one, in the transaction that begins it; one that is known stays as it is.
pub(in crate::store) async fn note_in(
    tx: &mut Transaction<'_, Sqlite>,
    agent: &str,
    cli_session: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO conversations (agent_id, cli_session, began_at) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
    )
    .bind(agent)
    .bind(cli_session)
    .bind(Timestamp::now().0)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What the CLI calls an agent's conversations, and since when the first was the agent's:
/// a session that was taken up is older, and what lies before is not the agent's spending.
///
/// # Errors
/// When the database fails.
pub async fn of(store: &Store, agent: &AgentId) -> Result<(Vec<String>, i64), StoreError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT cli_session, began_at FROM conversations WHERE agent_id = $1 ORDER BY began_at",
    )
    .bind(agent.as_str())
    .fetch_all(store.reader())
    .await?;
    let since = rows.first().map_or(0, |row| row.1);
    Ok((rows.into_iter().map(|row| row.0).collect(), since))
}

/// What `of` says, of every agent that starts or runs.
///
/// # Errors
/// When the database fails.
pub async fn of_living(store: &Store) -> Result<HashMap<String, (Vec<String>, i64)>, StoreError> {
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT agent_id, cli_session, began_at FROM conversations
         WHERE agent_id IN (SELECT id FROM agents WHERE status IN ('starting', 'running')) ORDER BY began_at",
    )
    .fetch_all(store.reader())
    .await?;
    let mut all: HashMap<String, (Vec<String>, i64)> = HashMap::new();
    for (agent, session, began) in rows {
        let one = all.entry(agent).or_insert_with(|| (Vec::new(), began));
        one.0.push(session);
    }
    Ok(all)
}

/// How many turns of the agent were begun and over since a time, in milliseconds UTC: ends of
/// what it had taken. A shell shows its first prompt, and another for an empty line, without a turn.
///
/// # Errors
/// When the database fails.
pub async fn turns_over(store: &Store, agent: &AgentId, since: i64) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM (
             SELECT fact, LAG(fact) OVER (ORDER BY id) AS before FROM (
                 SELECT id, json_extract(body, '$.fact') AS fact FROM evidence WHERE agent_id = $1 AND at >= $2
             ) WHERE fact IN ('prompt_accepted', 'turn_ended', 'turn_failed')
         ) WHERE fact <> 'prompt_accepted' AND before = 'prompt_accepted'",
    )
    .bind(agent.as_str())
    .bind(since)
    .fetch_one(store.reader())
    .await?;
    Ok(count.cast_unsigned())
}

/// A stretch of an agent's time that belongs to somebody.
#[derive(Debug, Clone)]
pub struct Stint {
    /// The agent's id, or the task's number.
    pub key: String,
    pub title: String,
    pub sessions: Vec<String>,
    /// Milliseconds UTC.
    pub from: i64,
    /// None: until now.
    pub to: Option<i64>,
}

/// Every agent with its conversations, newest first; of one owner, or of all.
///
/// # Errors
/// When the database fails.
pub async fn of_agents(store: &Store, owner: Option<&str>) -> Result<Vec<Stint>, StoreError> {
    let rows: Vec<(String, String, String, i64, Option<i64>)> = sqlx::query_as(
        "SELECT agents.id, agents.title, group_concat(conversations.cli_session, ' '), MIN(began_at), agents.ended_at
         FROM agents JOIN conversations ON conversations.agent_id = agents.id
         WHERE $1 IS NULL OR agents.owner = $1
         GROUP BY agents.id ORDER BY agents.created_at DESC LIMIT 1000",
    )
    .bind(owner)
    .fetch_all(store.reader())
    .await?;
    Ok(rows.into_iter().map(stint).collect())
}

/// Every attempt at a task with its agent's conversations, newest first; as `of_agents`.
///
/// # Errors
/// When the database fails.
pub async fn of_attempts(store: &Store, owner: Option<&str>) -> Result<Vec<Stint>, StoreError> {
    let rows: Vec<(String, String, String, i64, Option<i64>)> = sqlx::query_as(
        "SELECT CAST(tasks.id AS TEXT), tasks.title, group_concat(conversations.cli_session, ' '), attempts.started_at,
             attempts.ended_at
         FROM attempts JOIN tasks ON tasks.id = attempts.task_id
             JOIN conversations ON conversations.agent_id = attempts.agent_id
         WHERE $1 IS NULL OR tasks.owner = $1
         GROUP BY tasks.id, attempts.number ORDER BY tasks.id DESC, attempts.number DESC LIMIT 1000",
    )
    .bind(owner)
    .fetch_all(store.reader())
    .await?;
    Ok(rows.into_iter().map(stint).collect())
}

fn stint((key, title, sessions, from, to): (String, String, String, i64, Option<i64>)) -> Stint {
    Stint {
        key,
        title,
        sessions: sessions.split(' ').map(str::to_owned).collect(),
        from,
        to,
    }
}
