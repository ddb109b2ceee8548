//! How much there is of everything.

use super::{Store, StoreError};
use sqlx::{Sqlite, Transaction};

/// By word of the wire, or alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Living ones by activity and what they wait for, ended ones by status.
    pub agents: Vec<(String, u64)>,
    pub tasks: Vec<(String, u64)>,
    pub receipts: Vec<(String, u64)>,
    pub approvals: Vec<(String, u64)>,
    /// How often a budget stopped an agent or a task.
    pub budget_stops: u64,
}

/// Name of the counter of stops.
const STOPS: &str = "budget-stops";

/// All of it.
///
/// # Errors
/// When the database fails.
pub async fn all(store: &Store) -> Result<Counts, StoreError> {
    let stops: Option<i64> = sqlx::query_scalar("SELECT value FROM counters WHERE name = $1")
        .bind(STOPS)
        .fetch_optional(store.reader())
        .await?;
    Ok(Counts {
        agents: by_word(
            store,
            "SELECT CASE WHEN status <> 'running' THEN status
                 ELSE COALESCE('waiting_' || json_extract(activity, '$.waiting_for'),
                     json_extract(activity, '$.state')) END AS word, COUNT(*) FROM agents GROUP BY word",
        )
        .await?,
        tasks: by_word(store, "SELECT status, COUNT(*) FROM tasks GROUP BY status").await?,
        receipts: by_word(
            store,
            "SELECT status, COUNT(*) FROM messages WHERE author <> 'assistant' GROUP BY status",
        )
        .await?,
        approvals: by_word(store, "SELECT state, COUNT(*) FROM approvals GROUP BY state").await?,
        budget_stops: stops.unwrap_or(0).cast_unsigned(),
    })
}

async fn by_word(store: &Store, statement: &'static str) -> Result<Vec<(String, u64)>, StoreError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(statement).fetch_all(store.reader()).await?;
    let each = rows.into_iter();
    Ok(each
        .map(|(word, count)| (word, count.cast_unsigned()))
        .collect())
}

/// Notes a stop, in the transaction that stores it.
pub(in crate::store) async fn stopped_in(
    tx: &mut Transaction<'_, Sqlite>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO counters (name, value) VALUES ($1, 1)
         ON CONFLICT (name) DO UPDATE SET value = counters.value + 1",
    )
    .bind(STOPS)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
