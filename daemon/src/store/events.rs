//! The feed's table.

use super::{Store, StoreError, json, to_json};
use orchestra_protocol::event::{Event, EventBody};
use orchestra_protocol::time::Timestamp;
use sqlx::{Row, Sqlite, Transaction};

/// An entry with the user whose object it is about.
#[derive(Debug, Clone)]
pub struct Entry {
    pub owner: String,
    pub event: Event,
}

/// Adds an entry in the transaction that makes it true.
pub(in crate::store) async fn append(
    tx: &mut Transaction<'_, Sqlite>,
    owner: &str,
    body: &EventBody,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO events (at, owner, body) VALUES ($1, $2, $3)")
        .bind(Timestamp::now().0)
        .bind(owner)
        .bind(to_json("event", body)?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Entries after `number`, oldest first, at most `limit`.
///
/// # Errors
/// When the database fails or an entry cannot be read.
pub async fn after(store: &Store, number: i64, limit: i64) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query(
        "SELECT number, at, owner, body FROM events WHERE number > $1 ORDER BY number LIMIT $2",
    )
    .bind(number)
    .bind(limit)
    .fetch_all(store.reader())
    .await?;
    let read = |row: sqlx::sqlite::SqliteRow| {
        let body: String = row.try_get("body")?;
        Ok(Entry {
            owner: row.try_get("owner")?,
            event: Event {
                number: row.try_get("number")?,
                at: Timestamp(row.try_get("at")?),
                body: json("event", &body)?,
            },
        })
    };
    rows.into_iter().map(read).collect()
}

/// The oldest and the newest number kept; 0 and 0 when there is none.
///
/// # Errors
/// When the database fails.
pub async fn range(store: &Store) -> Result<(i64, i64), StoreError> {
    let row = sqlx::query("SELECT COALESCE(MIN(number), 0), COALESCE(MAX(number), 0) FROM events")
        .fetch_one(store.reader())
        .await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Forgets entries older than `before`.
///
/// # Errors
/// When the database fails.
pub async fn prune(store: &Store, before: Timestamp) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM events WHERE at < $1")
        .bind(before.0)
        .execute(store.writer())
        .await?;
    Ok(done.rows_affected())
}
