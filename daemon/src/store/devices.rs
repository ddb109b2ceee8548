//! Devices: public keys that may renew a login, and tokens that were taken back.

use super::{Store, StoreError};
use crate::model::ids::{UserId, fresh};
use orchestra_protocol::time::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// One device.
#[derive(Debug, Clone)]
pub struct DeviceRow {
    pub id: String,
    pub user_id: UserId,
    pub label: String,
    /// P-256, as a JWK in JSON.
    pub public_key: String,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

impl DeviceRow {
    /// True while it may renew.
    pub fn live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

fn read(row: &SqliteRow) -> Result<DeviceRow, StoreError> {
    Ok(DeviceRow {
        id: row.try_get("id")?,
        user_id: UserId(row.try_get("user_id")?),
        label: row.try_get("label")?,
        public_key: row.try_get("public_key")?,
        created_at: Timestamp(row.try_get("created_at")?),
        last_used_at: Timestamp(row.try_get("last_used_at")?),
        expires_at: Timestamp(row.try_get("expires_at")?),
        revoked_at: row.try_get::<Option<i64>, _>("revoked_at")?.map(Timestamp),
    })
}

/// Adds a device.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    store: &Store,
    user: &UserId,
    label: &str,
    public_key: &str,
    expires_at: Timestamp,
) -> Result<DeviceRow, StoreError> {
    let row = sqlx::query(
        "INSERT INTO devices (id, user_id, label, public_key, created_at, last_used_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6) RETURNING *",
    )
    .bind(fresh())
    .bind(&user.0)
    .bind(label)
    .bind(public_key)
    .bind(Timestamp::now().0)
    .bind(expires_at.0)
    .fetch_one(store.writer())
    .await?;
    read(&row)
}

/// The device with that id.
///
/// # Errors
/// When the database fails.
pub async fn find(store: &Store, id: &str) -> Result<Option<DeviceRow>, StoreError> {
    let row = sqlx::query("SELECT * FROM devices WHERE id = $1")
        .bind(id)
        .fetch_optional(store.reader())
        .await?;
    row.as_ref().map(read).transpose()
}

/// A user's devices that may still renew, the last used first.
///
/// # Errors
/// When the database fails.
pub async fn of_user(store: &Store, user: &UserId) -> Result<Vec<DeviceRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM devices WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
         ORDER BY last_used_at DESC",
    )
    .bind(&user.0)
    .bind(Timestamp::now().0)
    .fetch_all(store.reader())
    .await?;
    rows.iter().map(read).collect()
}

/// Notes a use and moves the end; `Conflict` when it was revoked or has ended.
///
/// # Errors
/// As above, or when the database fails.
pub async fn used(store: &Store, id: &str, expires_at: Timestamp) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE devices SET last_used_at = $2, expires_at = $3
         WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2",
    )
    .bind(id)
    .bind(Timestamp::now().0)
    .bind(expires_at.0)
    .execute(store.writer())
    .await?;
    match done.rows_affected() {
        0 => Err(StoreError::Conflict("device")),
        _ => Ok(()),
    }
}

/// Takes a user's device back for ever.
///
/// # Errors
/// `NotFound` when the user has no such device, or when the database fails.
pub async fn revoke(store: &Store, user: &UserId, id: &str) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE devices SET revoked_at = COALESCE(revoked_at, $3) WHERE id = $1 AND user_id = $2",
    )
    .bind(id)
    .bind(&user.0)
    .bind(Timestamp::now().0)
    .execute(store.writer())
    .await?;
    match done.rows_affected() {
        0 => Err(StoreError::NotFound("device")),
        _ => Ok(()),
    }
}

/// Takes back a token until it ends by itself, and forgets those that have ended.
///
/// # Errors
/// When the database fails.
pub async fn revoke_token(
    store: &Store,
    token_id: &str,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    sqlx::query("DELETE FROM revoked_tokens WHERE expires_at < $1")
        .bind(Timestamp::now().0)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "INSERT INTO revoked_tokens (token_id, expires_at) VALUES ($1, $2)
         ON CONFLICT (token_id) DO NOTHING",
    )
    .bind(token_id)
    .bind(expires_at.0)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// True when the token was taken back.
///
/// # Errors
/// When the database fails.
pub async fn token_revoked(store: &Store, token_id: &str) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM revoked_tokens WHERE token_id = $1")
        .bind(token_id)
        .fetch_optional(store.reader())
        .await?;
    Ok(row.is_some())
}
