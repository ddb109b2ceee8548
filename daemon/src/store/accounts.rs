//! Local accounts: the password of a user, and everybody as an admin sees them.

use super::{Store, StoreError};
use crate::model::ids::UserId;
use orchestra_protocol::admin::UserView;
use orchestra_protocol::time::Timestamp;
use sqlx::Row as _;

/// True when anybody has a password.
///
/// # Errors
/// When the database fails.
pub async fn any(store: &Store) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM accounts LIMIT 1")
        .fetch_optional(store.reader())
        .await?;
    Ok(row.is_some())
}

/// The hash of a user's password, if it has one.
///
/// # Errors
/// When the database fails.
pub async fn password(store: &Store, user: &UserId) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT password FROM accounts WHERE user_id = $1")
        .bind(&user.0)
        .fetch_optional(store.reader())
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Gives a user its first password; `Conflict` when it has one.
///
/// # Errors
/// As above, or when the database fails.
pub async fn insert(store: &Store, user: &UserId, hash: &str) -> Result<(), StoreError> {
    let done = sqlx::query(
        "INSERT INTO accounts (user_id, password, changed_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO NOTHING",
    )
    .bind(&user.0)
    .bind(hash)
    .bind(Timestamp::now().0)
    .execute(store.writer())
    .await?;
    match done.rows_affected() {
        0 => Err(StoreError::Conflict("account")),
        _ => Ok(()),
    }
}

/// Gives a user another password and ends every device that the old one let in.
///
/// # Errors
/// `NotFound` when it has none, or when the database fails.
pub async fn set_password(store: &Store, user: &UserId, hash: &str) -> Result<(), StoreError> {
    let now = Timestamp::now().0;
    let mut tx = store.begin().await?;
    let done = sqlx::query("UPDATE accounts SET password = $2, changed_at = $3 WHERE user_id = $1")
        .bind(&user.0)
        .bind(hash)
        .bind(now)
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() == 0 {
        return Err(StoreError::NotFound("account"));
    }
    sqlx::query("UPDATE devices SET revoked_at = COALESCE(revoked_at, $2) WHERE user_id = $1")
        .bind(&user.0)
        .bind(now)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Everybody, oldest first, with what they have here.
///
/// # Errors
/// When the database fails.
pub async fn people(store: &Store) -> Result<Vec<UserView>, StoreError> {
    let rows = sqlx::query(
        "SELECT users.*,
             (SELECT COUNT(*) FROM accounts WHERE accounts.user_id = users.id) AS account,
             (SELECT MAX(last_used_at) FROM devices WHERE devices.user_id = users.id) AS last_used_at,
             (SELECT COUNT(*) FROM devices WHERE devices.user_id = users.id AND revoked_at IS NULL
                  AND expires_at > $1) AS devices,
             (SELECT COUNT(*) FROM agents WHERE agents.owner = users.id
                  AND agents.status IN ('starting', 'running')) AS agents
         FROM users ORDER BY users.created_at, users.id",
    )
    .bind(Timestamp::now().0)
    .fetch_all(store.reader())
    .await?;
    let time = |at: Option<i64>| at.map(Timestamp);
    rows.iter()
        .map(|row| {
            Ok(UserView {
                id: row.try_get("id")?,
                name: row.try_get("name")?,
                issuer: row.try_get("issuer")?,
                subject: row.try_get("subject")?,
                role: row.try_get("role")?,
                account: row.try_get::<i64, _>("account")? > 0,
                locked_at: time(row.try_get("locked_at")?),
                created_at: Timestamp(row.try_get("created_at")?),
                last_used_at: time(row.try_get("last_used_at")?),
                devices: row.try_get("devices")?,
                agents: row.try_get("agents")?,
                sockets: 0,
            })
        })
        .collect()
}
