//! Browsers that are told by web push. A row holds the browser's keys: it never leaves
//! the daemon whole.

use super::{Store, StoreError, json, to_json};
use crate::model::ids::{UserId, fresh};
use orchestra_protocol::push::{PushKinds, PushSubscribeRequest};
use orchestra_protocol::time::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// One browser.
#[derive(Clone)]
pub struct SubscriptionRow {
    pub id: String,
    pub user_id: UserId,
    pub device_id: Option<String>,
    pub label: String,
    pub endpoint: String,
    pub p256dh: String,
    pub auth: String,
    pub kinds: PushKinds,
    pub created_at: Timestamp,
    pub last_sent_at: Option<Timestamp>,
}

fn read(row: &SqliteRow) -> Result<SubscriptionRow, StoreError> {
    let kinds: String = row.try_get("kinds")?;
    Ok(SubscriptionRow {
        id: row.try_get("id")?,
        user_id: UserId(row.try_get("user_id")?),
        device_id: row.try_get("device_id")?,
        label: row.try_get("label")?,
        endpoint: row.try_get("endpoint")?,
        p256dh: row.try_get("p256dh")?,
        auth: row.try_get("auth")?,
        kinds: json("kinds of notification", &kinds)?,
        created_at: Timestamp(row.try_get("created_at")?),
        last_sent_at: row
            .try_get::<Option<i64>, _>("last_sent_at")?
            .map(Timestamp),
    })
}

/// Adds a browser, or changes the one of that endpoint. An endpoint is one browser: when
/// somebody else logs in there, it is theirs from then on, under a new id.
///
/// # Errors
/// `Conflict` when the user has `most` already, or when the database fails.
pub async fn put(
    store: &Store,
    user: &UserId,
    device: Option<&str>,
    request: &PushSubscribeRequest,
    most: i64,
) -> Result<SubscriptionRow, StoreError> {
    let mut tx = store.begin().await?;
    sqlx::query("DELETE FROM push_subscriptions WHERE endpoint = $1 AND user_id <> $2")
        .bind(&request.endpoint)
        .bind(&user.0)
        .execute(&mut *tx)
        .await?;
    let (others,): (i64,) = sqlx::query_as(
        "SELECT COUNT(*) FROM push_subscriptions WHERE user_id = $1 AND endpoint <> $2",
    )
    .bind(&user.0)
    .bind(&request.endpoint)
    .fetch_one(&mut *tx)
    .await?;
    if others >= most {
        return Err(StoreError::Conflict("list of browsers"));
    }
    let row = sqlx::query(
        "INSERT INTO push_subscriptions
             (id, user_id, device_id, label, endpoint, p256dh, auth, kinds, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (endpoint) DO UPDATE SET device_id = excluded.device_id,
             label = excluded.label, p256dh = excluded.p256dh, auth = excluded.auth,
             kinds = excluded.kinds
         RETURNING *",
    )
    .bind(fresh())
    .bind(&user.0)
    .bind(device)
    .bind(&request.label)
    .bind(&request.endpoint)
    .bind(&request.keys.p256dh)
    .bind(&request.keys.auth)
    .bind(to_json("kinds of notification", &request.kinds)?)
    .bind(Timestamp::now().0)
    .fetch_one(&mut *tx)
    .await?;
    let row = read(&row)?;
    tx.commit().await?;
    Ok(row)
}

/// A user's browsers, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn of_user(store: &Store, user: &UserId) -> Result<Vec<SubscriptionRow>, StoreError> {
    let rows = sqlx::query("SELECT * FROM push_subscriptions WHERE user_id = $1 ORDER BY id")
        .bind(&user.0)
        .fetch_all(store.reader())
        .await?;
    rows.iter().map(read).collect()
}

/// One browser.
///
/// # Errors
/// When the database fails.
pub async fn find(store: &Store, id: &str) -> Result<Option<SubscriptionRow>, StoreError> {
    let row = sqlx::query("SELECT * FROM push_subscriptions WHERE id = $1")
        .bind(id)
        .fetch_optional(store.reader())
        .await?;
    row.as_ref().map(read).transpose()
}

/// Takes a browser of that user away; false when there was none.
///
/// # Errors
/// When the database fails.
pub async fn remove(store: &Store, user: &UserId, id: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM push_subscriptions WHERE id = $1 AND user_id = $2")
        .bind(id)
        .bind(&user.0)
        .execute(store.writer())
        .await?;
    Ok(done.rows_affected() > 0)
}
