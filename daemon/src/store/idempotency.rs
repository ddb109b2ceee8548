//! Answers already given: a POST repeated with its `Idempotency-Key` acts once.

use super::{Store, StoreError};
use orchestra_protocol::time::Timestamp;
use sqlx::{Sqlite, Transaction};

/// How long a key is remembered.
const KEPT_MS: i64 = 24 * 3_600_000;

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Not seen yet.
    No,
    /// Seen with the same body; this object came of it.
    Same(String),
    /// Seen with another body.
    Different,
}

/// One use of a key.
#[derive(Debug, Clone)]
pub struct Key<'a> {
    pub owner: &'a str,
    pub route: &'a str,
    pub key: &'a str,
    pub body_hash: &'a str,
}

/// The object that a key made before, looked up in the transaction that would make it.
pub(in crate::store) async fn find_in(
    tx: &mut Transaction<'_, Sqlite>,
    key: Option<&Key<'_>>,
) -> Result<Option<String>, StoreError> {
    let Some(key) = key else { return Ok(None) };
    let row: Option<(String, String)> = sqlx::query_as(
        "SELECT body_hash, object_id FROM idempotency
         WHERE owner = $1 AND route = $2 AND key = $3 AND created_at > $4",
    )
    .bind(key.owner)
    .bind(key.route)
    .bind(key.key)
    .bind(Timestamp::now().0 - KEPT_MS)
    .fetch_optional(&mut **tx)
    .await?;
    match row {
        None => Ok(None),
        Some((hash, object)) if hash == key.body_hash => Ok(Some(object)),
        Some(_) => Err(StoreError::Conflict("request of this Idempotency-Key")),
    }
}

/// Remembers what comes of a key, in the transaction that makes it.
pub(in crate::store) async fn remember_in(
    tx: &mut Transaction<'_, Sqlite>,
    key: &Key<'_>,
    object: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO idempotency (owner, route, key, body_hash, object_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (owner, route, key) DO UPDATE
             SET body_hash = excluded.body_hash, object_id = excluded.object_id, created_at = excluded.created_at",
    )
    .bind(key.owner)
    .bind(key.route)
    .bind(key.key)
    .bind(key.body_hash)
    .bind(object)
    .bind(Timestamp::now().0)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Looks a key up.
///
/// # Errors
/// When the database fails.
pub async fn find(store: &Store, key: &Key<'_>) -> Result<Known, StoreError> {
    let row: Option<(String, String)> = sqlx::query_as(
        "SELECT body_hash, object_id FROM idempotency
         WHERE owner = $1 AND route = $2 AND key = $3 AND created_at > $4",
    )
    .bind(key.owner)
    .bind(key.route)
    .bind(key.key)
    .bind(Timestamp::now().0 - KEPT_MS)
    .fetch_optional(store.writer())
    .await?;
    Ok(match row {
        None => Known::No,
        Some((hash, object)) if hash == key.body_hash => Known::Same(object),
        Some(_) => Known::Different,
    })
}

/// Remembers what came of a key.
///
/// # Errors
/// When the database fails.
pub async fn remember(store: &Store, key: &Key<'_>, object: &str) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO idempotency (owner, route, key, body_hash, object_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(key.owner)
    .bind(key.route)
    .bind(key.key)
    .bind(key.body_hash)
    .bind(object)
    .bind(Timestamp::now().0)
    .execute(store.writer())
    .await?;
    Ok(())
}

/// Forgets old keys.
///
/// # Errors
/// When the database fails.
pub async fn prune(store: &Store) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM idempotency WHERE created_at < $1")
        .bind(Timestamp::now().0 - KEPT_MS)
        .execute(store.writer())
        .await?;
    Ok(())
}
