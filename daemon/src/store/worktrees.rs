//! Worktrees: rows that stand before anything is on the disk and go after it, legal changes
//! of state, and the feed entry that goes with each.

use super::{Store, StoreError, events, json, to_json, unword, word};
use orchestra_protocol::event::EventBody;
use orchestra_protocol::time::Timestamp;
use orchestra_protocol::worktree::{SetupReport, Worktree, WorktreeState};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, Sqlite, Transaction};

const SELECT: &str = "SELECT worktrees.*, users.name AS owner_name FROM worktrees
    JOIN users ON users.id = worktrees.owner";

/// What is under way with a worktree, for the daemon that finds it half done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Intent {
    /// The setup script runs as this process group.
    Setup { pid: i32, start: u64 },
    /// The base branch goes from one commit to another, and its checkout with it.
    Merge {
        base: String,
        from: String,
        to: String,
        checkout: Option<String>,
    },
    /// Everything goes; the branch too when it is still there.
    Remove { branch_at: Option<String> },
}

#[derive(Debug, FromRow)]
struct Row {
    id: String,
    name: String,
    repo: String,
    path: String,
    branch: String,
    base: String,
    base_commit: String,
    subfolder: String,
    owner: String,
    owner_name: String,
    agent_id: Option<String>,
    state: String,
    reason: Option<String>,
    port: i64,
    ports: i64,
    setup: Option<String>,
    intent: Option<String>,
    created_at: i64,
}

/// A worktree as the store knows it.
#[derive(Debug, Clone)]
pub struct StoredWorktree {
    pub view: Worktree,
    /// Where its agent works in it; empty: at its root.
    pub subfolder: String,
    pub intent: Option<Intent>,
}

impl Row {
    fn read(self) -> Result<StoredWorktree, StoreError> {
        let setup = self.setup.as_deref().map(|text| json("setup", text));
        let intent = self.intent.as_deref().map(|text| json("intent", text));
        let number = |number| u16::try_from(number).unwrap_or_default();
        Ok(StoredWorktree {
            view: Worktree {
                id: self.id,
                name: self.name,
                repo: self.repo,
                path: self.path,
                branch: self.branch,
                base: self.base,
                base_commit: self.base_commit,
                owner: self.owner,
                owner_name: self.owner_name,
                agent_id: self.agent_id,
                state: unword("worktree state", self.state)?,
                reason: self.reason,
                port: number(self.port),
                ports: number(self.ports),
                setup: setup.transpose()?,
                created_at: Timestamp(self.created_at),
                status: None,
            },
            subfolder: self.subfolder,
            intent: intent.transpose()?,
        })
    }
}

/// Why a worktree was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error("the name is taken")]
    Name,
    #[error("the ports are taken")]
    Port,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds one that is about to be made.
///
/// # Errors
/// When another of its repository has the name, or another any of its ports.
pub async fn insert(store: &Store, new: &StoredWorktree) -> Result<(), AddError> {
    let mut tx = store.begin().await?;
    let view = &new.view;
    let (name, port): (i64, i64) = sqlx::query_as(
        "SELECT COALESCE(SUM(repo = $1 AND name = $2), 0), COALESCE(SUM(port < $3 + $4 AND port + ports > $3), 0)
         FROM worktrees",
    )
    .bind(&view.repo)
    .bind(&view.name)
    .bind(i64::from(view.port))
    .bind(i64::from(view.ports))
    .fetch_one(&mut *tx)
    .await
    .map_err(StoreError::from)?;
    if name > 0 {
        return Err(AddError::Name);
    }
    if port > 0 {
        return Err(AddError::Port);
    }
    sqlx::query(
        "INSERT INTO worktrees (id, name, repo, path, branch, base, base_commit, subfolder, owner, state, port,
             ports, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(&view.id)
    .bind(&view.name)
    .bind(&view.repo)
    .bind(&view.path)
    .bind(&view.branch)
    .bind(&view.base)
    .bind(&view.base_commit)
    .bind(&new.subfolder)
    .bind(&view.owner)
    .bind(word(&view.state))
    .bind(i64::from(view.port))
    .bind(i64::from(view.ports))
    .bind(view.created_at.0)
    .execute(&mut *tx)
    .await
    .map_err(StoreError::from)?;
    announce(&mut tx, &view.id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Gives a worktree to an agent, in the transaction that makes the agent.
pub(in crate::store) async fn take_in(
    tx: &mut Transaction<'_, Sqlite>,
    id: &str,
    agent: &str,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE worktrees SET state = 'ready', agent_id = $2, reason = NULL
         WHERE id = $1 AND state IN ('creating', 'ready') AND NOT EXISTS (
             SELECT 1 FROM agents WHERE worktree_id = $1 AND status IN ('starting', 'running') AND id <> $2)",
    )
    .bind(id)
    .bind(agent)
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Conflict("worktree"));
    }
    announce(tx, id).await
}

/// From one of these states, at most two, to another, with what is under way from now on.
///
/// # Errors
/// `Conflict` when it is in none of them, or is to be removed while an agent lives in it.
pub async fn step(
    store: &Store,
    id: &str,
    from: &[WorktreeState],
    to: WorktreeState,
    reason: Option<&str>,
    intent: Option<&Intent>,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let intent = intent.map(|intent| to_json("intent", intent)).transpose()?;
    let one = from.first().map(word);
    let other = from.get(1).or(from.first()).map(word);
    let done = sqlx::query(
        "UPDATE worktrees SET state = $2, reason = $3, intent = $4
         WHERE id = $1 AND state IN ($5, $6) AND ($2 <> 'removing' OR NOT EXISTS (
             SELECT 1 FROM agents WHERE worktree_id = $1 AND status IN ('starting', 'running')))",
    )
    .bind(id)
    .bind(word(&to))
    .bind(reason)
    .bind(intent)
    .bind(one)
    .bind(other)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Conflict("worktree"));
    }
    announce(&mut tx, id).await?;
    tx.commit().await?;
    Ok(())
}

/// Notes how its setup script ended.
///
/// # Errors
/// When the database fails.
pub async fn set_setup(store: &Store, id: &str, setup: &SetupReport) -> Result<(), StoreError> {
    sqlx::query("UPDATE worktrees SET setup = $2, intent = NULL WHERE id = $1")
        .bind(id)
        .bind(to_json("setup", setup)?)
        .execute(store.writer())
        .await?;
    Ok(())
}

/// Forgets one of which nothing is left; its ports are free again.
///
/// # Errors
/// When the database fails.
pub async fn delete(store: &Store, id: &str) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let Some(gone) = read_in(&mut tx, id).await? else {
        return Ok(());
    };
    sqlx::query("DELETE FROM worktrees WHERE id = $1")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    let body = EventBody::Worktree {
        worktree: Box::new(gone.view.clone()),
        removed: true,
    };
    events::append(&mut tx, &gone.view.owner, &body).await?;
    tx.commit().await?;
    Ok(())
}

/// One worktree.
///
/// # Errors
/// `NotFound` when there is none of that id.
pub async fn get(store: &Store, id: &str) -> Result<StoredWorktree, StoreError> {
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{SELECT} WHERE worktrees.id = $1"
    )))
    .bind(id)
    .fetch_optional(store.reader())
    .await?;
    row.ok_or(StoreError::NotFound("worktree"))?.read()
}

/// Which worktrees.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// What this user owns or was let at.
    pub user: Option<&'a str>,
    pub agent: Option<&'a str>,
    pub repo: Option<&'a str>,
    pub name: Option<&'a str>,
    /// Ids before this one.
    pub before: Option<&'a str>,
}

/// Worktrees, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    store: &Store,
    filter: Filter<'_>,
    limit: i64,
) -> Result<Vec<StoredWorktree>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{SELECT} WHERE ($1 IS NULL OR worktrees.owner = $1
              OR worktrees.agent_id IN (SELECT agent_id FROM shares WHERE user_id = $1))
          AND ($2 IS NULL OR worktrees.agent_id = $2) AND ($3 IS NULL OR worktrees.repo = $3)
          AND ($4 IS NULL OR worktrees.name = $4) AND ($5 IS NULL OR worktrees.id < $5)
          ORDER BY worktrees.id DESC LIMIT $6"
    )))
    .bind(filter.user)
    .bind(filter.agent)
    .bind(filter.repo)
    .bind(filter.name)
    .bind(filter.before)
    .bind(limit)
    .fetch_all(store.reader())
    .await?;
    rows.into_iter().map(Row::read).collect()
}

/// Those with something under way, which a daemon that just started did not begin.
///
/// # Errors
/// When the database fails.
pub async fn unfinished(store: &Store) -> Result<Vec<StoredWorktree>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{SELECT} WHERE worktrees.state <> 'ready'"
    )))
    .fetch_all(store.reader())
    .await?;
    rows.into_iter().map(Row::read).collect()
}

/// Ports that are leased: the first, and how many.
///
/// # Errors
/// When the database fails.
pub async fn leased(store: &Store) -> Result<Vec<(u16, u16)>, StoreError> {
    let rows: Vec<(i64, i64)> = sqlx::query_as("SELECT port, ports FROM worktrees")
        .fetch_all(store.reader())
        .await?;
    let number = |number| u16::try_from(number).unwrap_or_default();
    let lease = |(port, ports)| (number(port), number(ports));
    Ok(rows.into_iter().map(lease).collect())
}

/// The living agent in a worktree, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn living_in(store: &Store, id: &str) -> Result<Option<String>, StoreError> {
    let row: Option<(String,)> = sqlx::query_as(
        "SELECT id FROM agents WHERE worktree_id = $1 AND status IN ('starting', 'running') LIMIT 1",
    )
    .bind(id)
    .fetch_optional(store.writer())
    .await?;
    Ok(row.map(|(id,)| id))
}

async fn read_in(
    tx: &mut Transaction<'_, Sqlite>,
    id: &str,
) -> Result<Option<StoredWorktree>, StoreError> {
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "{SELECT} WHERE worktrees.id = $1"
    )))
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(Row::read).transpose()
}

async fn announce(tx: &mut Transaction<'_, Sqlite>, id: &str) -> Result<(), StoreError> {
    let stored = read_in(tx, id)
        .await?
        .ok_or(StoreError::NotFound("worktree"))?;
    let body = EventBody::Worktree {
        worktree: Box::new(stored.view.clone()),
        removed: false,
    };
    events::append(tx, &stored.view.owner, &body).await?;
    Ok(())
}
