//! What agents ask people. A question ends once: the change of its state names the state
//! it has to have, so of two answers one wins.

use super::{Store, StoreError, approval_rules, events, json, to_json, unword, word};
use crate::model::approval::{Ask, Word};
use crate::model::ids::AgentId;
use orchestra_protocol::approval::{Approval, ApprovalRule, ApprovalScope, ApprovalState};
use orchestra_protocol::event::EventBody;
use orchestra_protocol::time::Timestamp;
use sqlx::{FromRow, QueryBuilder, Sqlite, Transaction};

#[derive(Debug, FromRow)]
struct Row {
    hook_key: String,
    body: String,
    ask: String,
    state: String,
    reason: Option<String>,
    scope: Option<String>,
    rule: Option<String>,
    message: Option<String>,
    answered_by: Option<String>,
    word: Option<String>,
    ended_at: Option<i64>,
    delivered_at: Option<i64>,
}

/// An approval as the store knows it.
#[derive(Debug, Clone)]
pub struct StoredApproval {
    pub view: Approval,
    pub agent: AgentId,
    pub ask: Ask,
    /// What the CLI is to be told; none while nobody decided, or when it is told nothing.
    pub word: Option<Word>,
    pub hook_key: String,
}

impl Row {
    fn read(self) -> Result<StoredApproval, StoreError> {
        let mut view: Approval = json("approval", &self.body)?;
        view.state = unword("approval state", self.state)?;
        view.reason = self.reason;
        view.scope = match self.scope {
            Some(scope) => Some(unword("approval scope", scope)?),
            None => None,
        };
        view.rule = self.rule;
        view.message = self.message;
        view.answered_by = self.answered_by;
        view.ended_at = self.ended_at.map(Timestamp);
        view.delivered_at = self.delivered_at.map(Timestamp);
        Ok(StoredApproval {
            agent: AgentId::parse(&view.agent_id).map_err(|_| StoreError::NotFound("agent"))?,
            ask: json("question", &self.ask)?,
            word: match self.word {
                Some(text) => Some(json("answer", &text)?),
                None => None,
            },
            hook_key: self.hook_key,
            view,
        })
    }
}

/// How a question ends.
#[derive(Debug, Clone)]
pub struct Ending<'a> {
    pub state: ApprovalState,
    pub reason: Option<&'a str>,
    pub scope: Option<ApprovalScope>,
    pub rule: Option<&'a str>,
    pub message: Option<&'a str>,
    pub answered_by: Option<&'a str>,
    pub word: Option<&'a Word>,
    /// A rule that the answer makes, in the same transaction.
    pub makes: Option<&'a ApprovalRule>,
}

impl<'a> Ending<'a> {
    /// An end in which nobody decided.
    pub fn of(state: ApprovalState, reason: &'a str) -> Self {
        Self {
            state,
            reason: Some(reason),
            scope: None,
            rule: None,
            message: None,
            answered_by: None,
            word: None,
            makes: None,
        }
    }
}

/// Stores a question. One that was asked before under the same key is left alone and
/// given back; true when it is new.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    store: &Store,
    view: &Approval,
    ask: &Ask,
    hook_key: &str,
    word: Option<&Word>,
) -> Result<(StoredApproval, bool), StoreError> {
    let mut tx = store.begin().await?;
    let word = word.map(|word| to_json("answer", word)).transpose()?;
    let done = sqlx::query(
        "INSERT INTO approvals (id, agent_id, owner, hook_key, body, ask, state, scope, rule, word,
             created_at, expires_at, ended_at, delivered_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING",
    )
    .bind(&view.id)
    .bind(&view.agent_id)
    .bind(&view.owner)
    .bind(hook_key)
    .bind(to_json("approval", view)?)
    .bind(to_json("question", ask)?)
    .bind(super::word(&view.state))
    .bind(view.scope.as_ref().map(super::word))
    .bind(&view.rule)
    .bind(word)
    .bind(view.created_at.0)
    .bind(view.expires_at.0)
    .bind(view.ended_at.map(|at| at.0))
    .bind(view.delivered_at.map(|at| at.0))
    .execute(&mut *tx)
    .await?;
    let row: Row = sqlx::query_as("SELECT * FROM approvals WHERE agent_id = $1 AND hook_key = $2")
        .bind(&view.agent_id)
        .bind(hook_key)
        .fetch_one(&mut *tx)
        .await?;
    let stored = row.read()?;
    let new = done.rows_affected() > 0;
    if new {
        announce(&mut tx, &stored).await?;
    }
    tx.commit().await?;
    Ok((stored, new))
}

/// Ends a question that is still pending; none when it is not, and nothing changed.
///
/// # Errors
/// `NotFound` when there is none of that id; when the database fails.
pub async fn end(
    store: &Store,
    id: &str,
    ending: &Ending<'_>,
) -> Result<Option<StoredApproval>, StoreError> {
    let mut tx = store.begin().await?;
    let told = ending
        .word
        .map(|word| to_json("answer", word))
        .transpose()?;
    let row: Option<Row> = sqlx::query_as(
        "UPDATE approvals SET state = $2, reason = $3, scope = $4, rule = $5, message = $6,
             answered_by = $7, word = $8, ended_at = $9
         WHERE id = $1 AND state = 'pending' RETURNING *",
    )
    .bind(id)
    .bind(word(&ending.state))
    .bind(ending.reason)
    .bind(ending.scope.as_ref().map(word))
    .bind(ending.rule)
    .bind(ending.message)
    .bind(ending.answered_by)
    .bind(told)
    .bind(Timestamp::now().0)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let stored = row.read()?;
    if let Some(rule) = ending.makes {
        approval_rules::insert_in(&mut tx, rule).await?;
    }
    announce(&mut tx, &stored).await?;
    tx.commit().await?;
    Ok(Some(stored))
}

/// Withdraws everything that an agent still asks, in the transaction that ends it.
pub(in crate::store) async fn withdraw_in(
    tx: &mut Transaction<'_, Sqlite>,
    agent: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "UPDATE approvals SET state = 'withdrawn', reason = $2, ended_at = $3
         WHERE agent_id = $1 AND state = 'pending' RETURNING *",
    )
    .bind(agent)
    .bind(reason)
    .bind(Timestamp::now().0)
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        announce(tx, &row.read()?).await?;
    }
    Ok(())
}

/// Notes that the CLI has the answer.
///
/// # Errors
/// When the database fails.
pub async fn delivered(store: &Store, id: &str) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let row: Option<Row> = sqlx::query_as(
        "UPDATE approvals SET delivered_at = $2
         WHERE id = $1 AND delivered_at IS NULL AND word IS NOT NULL RETURNING *",
    )
    .bind(id)
    .bind(Timestamp::now().0)
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = row {
        announce(&mut tx, &row.read()?).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// One approval.
///
/// # Errors
/// `NotFound` when there is none of that id.
pub async fn get(store: &Store, id: &str) -> Result<StoredApproval, StoreError> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM approvals WHERE id = $1")
        .bind(id)
        .fetch_optional(store.writer())
        .await?;
    row.ok_or(StoreError::NotFound("approval"))?.read()
}

/// The approval that a hook call made.
///
/// # Errors
/// When the database fails.
pub async fn by_key(
    store: &Store,
    agent: &AgentId,
    hook_key: &str,
) -> Result<Option<StoredApproval>, StoreError> {
    let row: Option<Row> =
        sqlx::query_as("SELECT * FROM approvals WHERE agent_id = $1 AND hook_key = $2")
            .bind(agent.as_str())
            .bind(hook_key)
            .fetch_optional(store.writer())
            .await?;
    row.map(Row::read).transpose()
}

/// Which approvals a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    pub owner: Option<&'a str>,
    pub agent: Option<&'a str>,
    pub state: Option<ApprovalState>,
    /// Only those before this id.
    pub before: Option<&'a str>,
}

/// Approvals, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    store: &Store,
    filter: &Filter<'_>,
    limit: i64,
) -> Result<Vec<StoredApproval>, StoreError> {
    let mut query: QueryBuilder<Sqlite> = QueryBuilder::new("SELECT * FROM approvals WHERE 1 = 1");
    let conditions = [
        ("owner =", filter.owner),
        ("agent_id =", filter.agent),
        ("id <", filter.before),
    ];
    for (condition, value) in conditions {
        if let Some(value) = value {
            query
                .push(format!(" AND {condition} "))
                .push_bind(value.to_owned());
        }
    }
    if let Some(state) = filter.state {
        query.push(" AND state = ").push_bind(word(&state));
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    let rows: Vec<Row> = query.build_query_as().fetch_all(store.reader()).await?;
    rows.into_iter().map(Row::read).collect()
}

/// Every question that is pending, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn pending(store: &Store) -> Result<Vec<StoredApproval>, StoreError> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT * FROM approvals WHERE state = 'pending' ORDER BY id")
            .fetch_all(store.writer())
            .await?;
    rows.into_iter().map(Row::read).collect()
}

/// Forgets questions that ended before `before`.
///
/// # Errors
/// When the database fails.
pub async fn prune(store: &Store, before: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM approvals WHERE ended_at < $1")
        .bind(before.0)
        .execute(store.writer())
        .await?;
    Ok(())
}

async fn announce(
    tx: &mut Transaction<'_, Sqlite>,
    stored: &StoredApproval,
) -> Result<(), StoreError> {
    let body = EventBody::Approval {
        approval: Box::new(stored.view.clone()),
    };
    events::append(tx, &stored.view.owner, &body).await
}
