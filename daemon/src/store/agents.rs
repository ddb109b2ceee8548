//! Agents: rows, legal changes of status, and the feed entry that goes with each.

use super::idempotency::{self, Key};
use super::restarts::Again;
use super::rows::{AgentRow, StoredAgent};
use super::{Store, StoreError, conversations, events, to_json, word, worktrees};
use crate::model::ids::AgentId;
use orchestra_protocol::agent::{Activity, Agent, AgentStatus, RestartPolicy, Size};
use orchestra_protocol::budget::Budget;
use orchestra_protocol::event::EventBody;
use orchestra_protocol::time::Timestamp;
use sqlx::{Row, Sqlite, Transaction};

const SELECT: &str =
    "SELECT agents.*, users.name AS owner_name FROM agents JOIN users ON users.id = agents.owner";

/// A new agent's lasting facts.
#[derive(Debug, Clone)]
pub struct NewAgent {
    pub view: Agent,
    pub depth: i64,
    pub root: Option<String>,
    pub timeout_ms: Option<i64>,
    pub cli_session: Option<String>,
    pub restart: RestartPolicy,
    pub budget: Budget,
    /// SHA-256 of its capability token.
    pub token_hash: String,
}

/// Tree-wide caps, checked in the transaction that inserts.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    pub live: i64,
    pub per_hour: i64,
}

/// Why an agent may not be added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error("{live} agents live already; kill one first, or raise limits.live_agents")]
    TooManyLive { live: i64 },
    #[error(
        "{recent} agents were made in the last hour; wait, or raise limits.new_agents_per_hour"
    )]
    TooManyNew { recent: i64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds an agent in `starting` with its token; the caps hold for the owner's whole tree.
///
/// False beside the agent when it is there already: it was asked for under the same key.
///
/// # Errors
/// When a cap is reached, the id is in use or the database fails.
pub async fn insert(
    store: &Store,
    new: &NewAgent,
    caps: Caps,
    once: Option<&Key<'_>>,
) -> Result<(StoredAgent, bool), AddError> {
    let mut tx = store.begin().await?;
    if let Some(known) = idempotency::find_in(&mut tx, once).await? {
        return Ok((read_in(&mut tx, &known).await?, false));
    }
    let hour_ago = Timestamp::now().0 - 3_600_000;
    let row = sqlx::query(
        "SELECT COALESCE(SUM(status IN ('starting', 'running')), 0), COALESCE(SUM(created_at > $2), 0)
         FROM agents WHERE owner = $1",
    )
    .bind(&new.view.owner)
    .bind(hour_ago)
    .fetch_one(&mut *tx)
    .await
    .map_err(StoreError::from)?;
    let live: i64 = row.try_get(0).map_err(StoreError::from)?;
    let recent: i64 = row.try_get(1).map_err(StoreError::from)?;
    if live >= caps.live {
        return Err(AddError::TooManyLive { live });
    }
    if recent >= caps.per_hour {
        return Err(AddError::TooManyNew { recent });
    }
    insert_row(&mut tx, new).await?;
    if let Some(once) = once {
        idempotency::remember_in(&mut tx, once, &new.view.id).await?;
    }
    let agent = announce(&mut tx, &new.view.id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok((agent, true))
}

async fn insert_row(tx: &mut Transaction<'_, Sqlite>, new: &NewAgent) -> Result<(), StoreError> {
    let agent = &new.view;
    sqlx::query(
        "INSERT INTO agents (id, session_id, kind, specialist, name, title, role, owner, parent, cwd,
             status, cols, rows, activity, task_id, timeout_ms, depth, root, cli_session, created_at,
             worktree_id, restart, budget)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)",
    )
    .bind(&agent.id)
    .bind(&agent.session_id)
    .bind(&agent.kind)
    .bind(&agent.specialist)
    .bind(&agent.name)
    .bind(&agent.title)
    .bind(word(&agent.role))
    .bind(&agent.owner)
    .bind(&agent.parent)
    .bind(&agent.cwd)
    .bind(word(&agent.status))
    .bind(i64::from(agent.size.cols))
    .bind(i64::from(agent.size.rows))
    .bind(to_json("activity", &agent.activity)?)
    .bind(agent.task_id)
    .bind(new.timeout_ms)
    .bind(new.depth)
    .bind(new.root.as_ref().unwrap_or(&agent.id))
    .bind(&new.cli_session)
    .bind(agent.created_at.0)
    .bind(&agent.worktree_id)
    .bind(word(&new.restart))
    .bind(to_json("budget", &new.budget)?)
    .execute(&mut **tx)
    .await?;
    if let Some(session) = &new.cli_session {
        conversations::note_in(tx, &agent.id, session).await?;
    }
    if let Some(worktree) = &agent.worktree_id {
        worktrees::take_in(tx, worktree, &agent.id).await?;
    }
    add_token(tx, &agent.id, &new.token_hash).await
}

pub(in crate::store) async fn add_token(
    tx: &mut Transaction<'_, Sqlite>,
    id: &str,
    hash: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO agent_tokens (hash, agent_id, created_at) VALUES ($1, $2, $3)")
        .bind(hash)
        .bind(id)
        .bind(Timestamp::now().0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// `starting` → `running`, with the process in its pane.
///
/// # Errors
/// `Conflict` when it is not starting any more.
pub async fn started(store: &Store, id: &AgentId, pid: i32) -> Result<StoredAgent, StoreError> {
    let mut tx = store.begin().await?;
    let done = sqlx::query(
        "UPDATE agents SET status = 'running', pid = $2, started_at = $3 WHERE id = $1 AND status = 'starting'",
    )
    .bind(id.as_str())
    .bind(i64::from(pid))
    .bind(Timestamp::now().0)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Conflict("agent"));
    }
    let agent = announce(&mut tx, id.as_str()).await?;
    tx.commit().await?;
    Ok(agent)
}

/// How an agent ended.
#[derive(Debug, Clone)]
pub struct End {
    pub status: AgentStatus,
    pub reason: String,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    /// It starts again by itself.
    pub again: Option<Again>,
}

/// Ends a living agent and revokes its tokens in the same transaction.
/// None when it had ended already: the first end stands.
///
/// # Errors
/// When the database fails.
pub async fn ended(
    store: &Store,
    id: &AgentId,
    end: &End,
) -> Result<Option<StoredAgent>, StoreError> {
    let mut tx = store.begin().await?;
    let now = Timestamp::now().0;
    let done = sqlx::query(
        "UPDATE agents SET status = $2, reason = $3, exit_code = $4, signal = $5, ended_at = $6, task_id = NULL,
             restart_at = $7, crashes = COALESCE($8, crashes)
         WHERE id = $1 AND status IN ('starting', 'running')",
    )
    .bind(id.as_str())
    .bind(word(&end.status))
    .bind(&end.reason)
    .bind(end.exit_code.map(i64::from))
    .bind(end.signal.map(i64::from))
    .bind(now)
    .bind(end.again.map(|again| again.at.0))
    .bind(end.again.map(|again| again.crashes))
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    super::agent_tokens::revoke(&mut tx, id, now).await?;
    super::approvals::withdraw_in(&mut tx, id.as_str(), "the agent ended").await?;
    let agent = announce(&mut tx, id.as_str()).await?;
    tx.commit().await?;
    Ok(Some(agent))
}

/// Notes what the agent does now.
///
/// # Errors
/// When there is no such agent or the database fails.
pub async fn set_activity(
    store: &Store,
    id: &AgentId,
    activity: &Activity,
) -> Result<StoredAgent, StoreError> {
    let mut tx = store.begin().await?;
    sqlx::query("UPDATE agents SET activity = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(to_json("activity", activity)?)
        .execute(&mut *tx)
        .await?;
    let agent = announce(&mut tx, id.as_str()).await?;
    tx.commit().await?;
    Ok(agent)
}

/// Notes the CLI's conversation and file.
///
/// # Errors
/// When the database fails.
pub async fn bind_session(
    store: &Store,
    id: &AgentId,
    cli_session: &str,
    transcript: Option<&str>,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    sqlx::query(
        "UPDATE agents SET cli_session = $2, transcript = COALESCE($3, transcript) WHERE id = $1",
    )
    .bind(id.as_str())
    .bind(cli_session)
    .bind(transcript)
    .execute(&mut *tx)
    .await?;
    conversations::note_in(&mut tx, id.as_str(), cli_session).await?;
    Ok(tx.commit().await?)
}

/// Notes the size in use.
///
/// # Errors
/// When the database fails.
pub async fn set_size(store: &Store, id: &AgentId, size: Size) -> Result<StoredAgent, StoreError> {
    let mut tx = store.begin().await?;
    sqlx::query("UPDATE agents SET cols = $2, rows = $3 WHERE id = $1")
        .bind(id.as_str())
        .bind(i64::from(size.cols))
        .bind(i64::from(size.rows))
        .execute(&mut *tx)
        .await?;
    let agent = announce(&mut tx, id.as_str()).await?;
    tx.commit().await?;
    Ok(agent)
}

/// One agent.
///
/// # Errors
/// `NotFound` when there is none of that id.
pub async fn get(store: &Store, id: &AgentId) -> Result<StoredAgent, StoreError> {
    let sql = const_format(SELECT, " WHERE agents.id = $1");
    let row: Option<AgentRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id.as_str())
        .fetch_optional(store.reader())
        .await?;
    row.ok_or(StoreError::NotFound("agent"))?.read()
}

/// Agents, newest first: what one user owns or was let at, or all.
///
/// # Errors
/// When the database fails.
pub async fn list(
    store: &Store,
    owner: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<StoredAgent>, StoreError> {
    let sql = const_format(
        SELECT,
        " WHERE ($1 IS NULL OR agents.owner = $1
              OR agents.id IN (SELECT agent_id FROM shares WHERE user_id = $1)) AND ($2 IS NULL OR agents.created_at < $2)
          ORDER BY agents.created_at DESC, agents.id DESC LIMIT $3",
    );
    let rows: Vec<AgentRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(owner)
        .bind(before)
        .bind(limit)
        .fetch_all(store.reader())
        .await?;
    rows.into_iter().map(AgentRow::read).collect()
}

/// Agents that start or run.
///
/// # Errors
/// When the database fails.
pub async fn live(store: &Store) -> Result<Vec<StoredAgent>, StoreError> {
    let which = " WHERE agents.status IN ('starting', 'running') ORDER BY agents.created_at";
    select(store, which).await
}

pub(in crate::store) async fn select(
    store: &Store,
    which: &'static str,
) -> Result<Vec<StoredAgent>, StoreError> {
    let rows: Vec<AgentRow> = sqlx::query_as(sqlx::AssertSqlSafe(const_format(SELECT, which)))
        .fetch_all(store.reader())
        .await?;
    rows.into_iter().map(AgentRow::read).collect()
}

/// Reads the agent inside the transaction and puts it into the feed.
pub(in crate::store) async fn announce(
    tx: &mut Transaction<'_, Sqlite>,
    id: &str,
) -> Result<StoredAgent, StoreError> {
    let agent = read_in(tx, id).await?;
    let body = EventBody::Agent {
        agent: Box::new(agent.view.clone()),
    };
    events::append(tx, &agent.view.owner, &body).await?;
    Ok(agent)
}

async fn read_in(tx: &mut Transaction<'_, Sqlite>, id: &str) -> Result<StoredAgent, StoreError> {
    let sql = const_format(SELECT, " WHERE agents.id = $1");
    let row: Option<AgentRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?;
    row.ok_or(StoreError::NotFound("agent"))?.read()
}

/// Joins two constant pieces of SQL; no value ever goes this way.
fn const_format(select: &'static str, rest: &'static str) -> String {
    format!("{select}{rest}")
}
