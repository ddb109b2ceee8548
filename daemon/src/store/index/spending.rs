//! Sums of tokens over a time. An answer that several files tell of counts once, at its
//! first telling.

use super::query::{Scope, VISIBLE, usage};
use super::{Index, UsageRow};
use crate::store::{StoreError, to_json};
use sqlx::Row;

/// A sum by model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSum {
    pub usage: UsageRow,
    /// Answers.
    pub turns: u64,
    /// The day that it is the sum of, counted from 1970; 0 where it is of none.
    pub day: i64,
}

const SUMS: &str = "kind, model, COUNT(*) AS turns, SUM(input) AS input, SUM(output) AS output,
    SUM(cache_write) AS cache_write, SUM(cache_read) AS cache_read";
const ANSWERS: &str =
    "SELECT kind, model, MIN(at) AS at, MAX(input) AS input, MAX(output) AS output,
        MAX(cache_write) AS cache_write, MAX(cache_read) AS cache_read
    FROM usage JOIN files ON files.num = usage.file";
const ONCE: &str = "GROUP BY kind, CASE WHEN key LIKE 'total:%' THEN session || key ELSE key END";

impl Index {
    /// What was spent in these sessions and their sub-agents' from a time until before
    /// another, in milliseconds UTC; none: until now.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn spent(
        &self,
        sessions: &[String],
        from: i64,
        to: Option<i64>,
    ) -> Result<Vec<ModelSum>, StoreError> {
        let statement = format!(
            "SELECT {SUMS}, 0 AS day FROM ({ANSWERS}
                 WHERE files.root IN (SELECT value FROM json_each($1)) {ONCE})
             WHERE at >= $2 AND ($3 IS NULL OR at < $3) GROUP BY kind, model"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(to_json("sessions", &sessions)?)
            .bind(from)
            .bind(to)
            .fetch_all(&self.reader)
            .await?;
        rows.iter().map(sum).collect()
    }

    /// What was spent on each day in UTC, the newest first, in all sessions of a scope.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn by_day(
        &self,
        scope: &Scope,
        from: i64,
        to: i64,
    ) -> Result<Vec<ModelSum>, StoreError> {
        let statement = format!(
            "SELECT {SUMS}, at / 86400000 AS day FROM ({ANSWERS} WHERE {VISIBLE} {ONCE})
             WHERE at >= $3 AND at < $4 GROUP BY day, kind, model ORDER BY day DESC"
        );
        let (only, not) = scope.bound()?;
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(only)
            .bind(not)
            .bind(from)
            .bind(to)
            .fetch_all(&self.reader)
            .await?;
        rows.iter().map(sum).collect()
    }
}

fn sum(row: &sqlx::sqlite::SqliteRow) -> Result<ModelSum, StoreError> {
    Ok(ModelSum {
        usage: usage(row)?,
        turns: row.try_get::<i64, _>("turns")?.cast_unsigned(),
        day: row.try_get("day")?,
    })
}
