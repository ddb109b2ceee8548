//! What is to be told to browsers, and what became of it: the queue and the log are one
//! table. A browser is told of a fact once, however often the fact is heard.

use super::push::SubscriptionRow;
use super::{Store, StoreError, json, to_json, unword, word};
use crate::model::ids::{AgentId, UserId, fresh};
use orchestra_protocol::push::{PushDelivery, PushPayload, PushState};
use orchestra_protocol::time::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};

/// How far the feed was read: no word of an agent's id has a colon.
const PLACE: &str = "push:place";

/// One telling that is due.
#[derive(Debug, Clone)]
pub struct Due {
    pub id: String,
    pub user: UserId,
    pub subscription: String,
    pub payload: PushPayload,
    pub approval: Option<String>,
    pub agent: Option<String>,
    /// Tries before this one.
    pub attempts: u32,
    pub expires_at: Timestamp,
}

/// A thing to tell.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    pub fact: String,
    pub payload: PushPayload,
    /// The approval that must still be open when it is sent.
    pub approval: Option<String>,
    /// The agent that must still wait then, and for what is in no approval.
    pub agent: Option<String>,
    /// Not sent before this.
    pub not_before: Timestamp,
    pub expires_at: Timestamp,
}

fn view(row: &SqliteRow) -> Result<PushDelivery, StoreError> {
    let payload: String = row.try_get("payload")?;
    let payload: PushPayload = json("notification", &payload)?;
    let time = |name| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(name)?.map(Timestamp));
    Ok(PushDelivery {
        id: row.try_get("id")?,
        subscription_id: row.try_get("subscription_id")?,
        label: row.try_get("label")?,
        kind: unword("kind of notification", row.try_get("kind")?)?,
        title: payload.title,
        state: unword("state of a notification", row.try_get("state")?)?,
        reason: row.try_get("reason")?,
        attempts: u32::try_from(row.try_get::<i64, _>("attempts")?).unwrap_or(u32::MAX),
        created_at: Timestamp(row.try_get("created_at")?),
        next_at: time("next_at")?,
        ended_at: time("ended_at")?,
    })
}

/// Puts a telling of each browser into the queue and moves the place in the feed, in one
/// transaction; browsers that know the fact are left out.
///
/// # Errors
/// When the database fails.
pub async fn queue(
    store: &Store,
    to: &[SubscriptionRow],
    news: &News,
    place: Option<i64>,
) -> Result<Vec<PushDelivery>, StoreError> {
    let mut tx = store.begin().await?;
    let now = Timestamp::now().0;
    let mut queued = Vec::new();
    for one in to {
        let row = sqlx::query(
            "INSERT INTO push_deliveries (id, user_id, subscription_id, label, fact, kind, payload,
                 approval_id, agent_id, state, attempts, next_at, expires_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, $13)
             ON CONFLICT (subscription_id, fact) DO NOTHING RETURNING *",
        )
        .bind(fresh())
        .bind(&one.user_id.0)
        .bind(&one.id)
        .bind(&one.label)
        .bind(&news.fact)
        .bind(word(&news.payload.kind))
        .bind(to_json("notification", &news.payload)?)
        .bind(&news.approval)
        .bind(&news.agent)
        .bind(word(&PushState::Queued))
        .bind(now.max(news.not_before.0))
        .bind(news.expires_at.0)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(row) = row {
            queued.push(view(&row)?);
        }
    }
    if let Some(place) = place {
        move_place(&mut tx, place).await?;
    }
    tx.commit().await?;
    Ok(queued)
}

/// Moves the place in the feed without news.
///
/// # Errors
/// When the database fails.
pub async fn advance(store: &Store, place: i64) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    move_place(&mut tx, place).await?;
    tx.commit().await?;
    Ok(())
}

async fn move_place(tx: &mut Transaction<'_, Sqlite>, place: i64) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO counters (name, value) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(PLACE)
    .bind(place)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The place in the feed up to which everything was queued; none before the first time.
///
/// # Errors
/// When the database fails.
pub async fn place(store: &Store) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT value FROM counters WHERE name = $1")
        .bind(PLACE)
        .fetch_optional(store.reader())
        .await?;
    Ok(row.map(|row| row.0))
}

/// What is due by `now`, the longest due first.
///
/// # Errors
/// When the database fails.
pub async fn due(store: &Store, now: Timestamp, limit: i64) -> Result<Vec<Due>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM push_deliveries WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2",
    )
    .bind(now.0)
    .bind(limit)
    .fetch_all(store.reader())
    .await?;
    let read = |row: &SqliteRow| {
        let payload: String = row.try_get("payload")?;
        Ok(Due {
            id: row.try_get("id")?,
            user: UserId(row.try_get("user_id")?),
            subscription: row.try_get("subscription_id")?,
            payload: json("notification", &payload)?,
            approval: row.try_get("approval_id")?,
            agent: row.try_get("agent_id")?,
            attempts: u32::try_from(row.try_get::<i64, _>("attempts")?).unwrap_or(u32::MAX),
            expires_at: Timestamp(row.try_get("expires_at")?),
        })
    };
    rows.iter().map(read).collect()
}

/// When the next one is due.
///
/// # Errors
/// When the database fails.
pub async fn next(store: &Store) -> Result<Option<Timestamp>, StoreError> {
    let (next,): (Option<i64>,) = sqlx::query_as("SELECT MIN(next_at) FROM push_deliveries")
        .fetch_one(store.reader())
        .await?;
    Ok(next.map(Timestamp))
}

/// What came of a try: its end, or when to try again. A telling that is over stays so.
///
/// # Errors
/// When the database fails.
pub async fn tried(
    store: &Store,
    due: &Due,
    state: PushState,
    reason: Option<&str>,
    next_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let now = Timestamp::now().0;
    let mut tx = store.begin().await?;
    let attempts = i64::from(due.attempts) + i64::from(state != PushState::Dropped);
    sqlx::query(
        "UPDATE push_deliveries SET state = $2, reason = $3, attempts = $4, next_at = $5, ended_at = $6
         WHERE id = $1 AND next_at IS NOT NULL",
    )
    .bind(&due.id)
    .bind(word(&state))
    .bind(reason)
    .bind(attempts)
    .bind(next_at.map(|at| at.0))
    .bind(next_at.is_none().then_some(now))
    .execute(&mut *tx)
    .await?;
    if state == PushState::Sent {
        sqlx::query("UPDATE push_subscriptions SET last_sent_at = $2 WHERE id = $1")
            .bind(&due.subscription)
            .bind(now)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Puts one off without a try, and says why.
///
/// # Errors
/// When the database fails.
pub async fn put_off(
    store: &Store,
    id: &str,
    reason: Option<&str>,
    next_at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE push_deliveries SET reason = $2, next_at = $3 WHERE id = $1 AND next_at IS NOT NULL",
    )
    .bind(id)
    .bind(reason)
    .bind(next_at.0)
    .execute(store.writer())
    .await?;
    Ok(())
}

/// How the telling of a fact to one browser stands; none when it was never told.
///
/// # Errors
/// When the database fails.
pub async fn state_of(
    store: &Store,
    subscription: &str,
    fact: &str,
) -> Result<Option<PushState>, StoreError> {
    let row: Option<(String,)> = sqlx::query_as(
        "SELECT state FROM push_deliveries WHERE subscription_id = $1 AND fact = $2",
    )
    .bind(subscription)
    .bind(fact)
    .fetch_optional(store.reader())
    .await?;
    row.map(|row| unword("state of a notification", row.0))
        .transpose()
}

/// Takes back what was never tried, without a trace: something else tells the same.
///
/// # Errors
/// When the database fails.
pub async fn take_back(store: &Store, id: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM push_deliveries WHERE id = $1")
        .bind(id)
        .execute(store.writer())
        .await?;
    Ok(())
}

/// A user's tellings, newest first, before an id.
///
/// # Errors
/// When the database fails.
pub async fn list(
    store: &Store,
    user: &UserId,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<PushDelivery>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM push_deliveries WHERE user_id = $1 AND ($2 IS NULL OR id < $2)
         ORDER BY id DESC LIMIT $3",
    )
    .bind(&user.0)
    .bind(before)
    .bind(limit)
    .fetch_all(store.reader())
    .await?;
    rows.iter().map(view).collect()
}

/// Forgets what ended before a time.
///
/// # Errors
/// When the database fails.
pub async fn prune(store: &Store, before: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM push_deliveries WHERE ended_at < $1")
        .bind(before.0)
        .execute(store.writer())
        .await?;
    Ok(())
}

/// True when an approval waits for a person still; an approval that is not known does not.
///
/// # Errors
/// When the database fails.
pub async fn approval_waits(store: &Store, id: &str) -> Result<bool, StoreError> {
    match super::approvals::get(store, id).await {
        Ok(found) => Ok(!found.view.state.is_final()),
        Err(StoreError::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// True when the agent has an approval that waits: that one is told, not the state.
///
/// # Errors
/// When the database fails.
pub async fn agent_asks(store: &Store, agent: &str) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM approvals WHERE agent_id = $1 AND state = 'pending'")
        .bind(agent)
        .fetch_optional(store.reader())
        .await?;
    Ok(row.is_some())
}

/// True while an agent waits for a person.
///
/// # Errors
/// When the database fails.
pub async fn agent_waits(store: &Store, agent: &str) -> Result<bool, StoreError> {
    let agent = AgentId::parse(agent).map_err(|_| StoreError::NotFound("agent"))?;
    match super::agents::get(store, &agent).await {
        Ok(found) => {
            let view = found.view;
            Ok(!view.status.is_final() && view.activity.waiting_for.is_some())
        }
        Err(StoreError::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
