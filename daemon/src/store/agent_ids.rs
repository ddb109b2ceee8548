//! Agents' ids: counted per word and never given twice.

use super::{Store, StoreError};
use crate::model::ids::AgentId;
use sqlx::Row;

/// Id of a user's primary; given at the first call and kept for ever.
///
/// # Errors
/// When there is no such user or the database fails.
pub async fn primary_of(store: &Store, user: &str) -> Result<AgentId, StoreError> {
    let mut tx = store.begin().await?;
    let row: Option<(Option<String>,)> =
        sqlx::query_as("SELECT primary_agent FROM users WHERE id = $1")
            .bind(user)
            .fetch_optional(&mut *tx)
            .await?;
    let (known,) = row.ok_or(StoreError::NotFound("user"))?;
    if let Some(known) = known {
        return AgentId::parse(&known).map_err(|_| StoreError::NotFound("agent"));
    }
    let (number,): (i64,) = sqlx::query_as(
        "INSERT INTO counters (name, value) VALUES ('primary', 1)
         ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value",
    )
    .fetch_one(&mut *tx)
    .await?;
    let id = match number {
        1 => AgentId::primary(),
        number => {
            AgentId::numbered("primary", number).map_err(|_| StoreError::NotFound("agent"))?
        }
    };
    sqlx::query("UPDATE users SET primary_agent = $2 WHERE id = $1")
        .bind(user)
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(id)
}

/// The next id for a word, `droid` → `droid-004`; never given twice.
///
/// # Errors
/// When the database fails or the word makes no id.
pub async fn next_id(store: &Store, word: &str) -> Result<AgentId, StoreError> {
    let row = sqlx::query(
        "INSERT INTO counters (name, value) VALUES ($1, 1)
         ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value",
    )
    .bind(word)
    .fetch_one(store.writer())
    .await?;
    AgentId::numbered(word, row.try_get(0)?).map_err(|_| StoreError::NotFound("agent id"))
}
