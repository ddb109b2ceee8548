//! The database: the truth for everything but live screens. All SQL of the daemon is
//! in here, as free functions over `Store`.

pub mod accounts;
pub mod agents;
pub mod agent_ids;
pub mod agent_sessions;
pub mod agent_tokens;
pub mod approval_rules;
pub mod approvals;
pub mod assignment;
pub mod budgets;
pub mod conversations;
pub mod counts;
pub mod devices;
pub mod events;
pub mod evidence;
pub mod idempotency;
pub mod index;
pub mod messages;
pub mod push;
pub mod push_log;
pub mod restarts;
pub mod retention;
pub mod quota;
pub mod rows;
pub mod shares;
pub mod tasks;
pub mod task_reads;
pub mod tmux_servers;
pub mod users;
pub mod worktrees;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};
use std::path::Path;
use std::time::Duration;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("the {0} changed meanwhile")]
    Conflict(&'static str),
    #[error("{0}")]
    Open(String),
    #[error("a stored {what} cannot be read: {error}")]
    Corrupt {
        what: &'static str,
        error: serde_json::Error,
    },
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
}

/// Cheap handle to the open database; clone it freely.
///
/// One connection writes, so that a change never meets a lock; a few read.
#[derive(Clone)]
pub struct Store {
    writer: SqlitePool,
    reader: SqlitePool,
}

impl Store {
    /// Opens the database in `data_dir`, makes it if it is missing and brings its
    /// tables up to date.
    ///
    /// # Errors
    /// When the file cannot be opened, is damaged or is of a newer Orchestra.
    pub async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let path = data_dir.join("orchestra.db");
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged change survives a power cut, not only a kill.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        let explain = |error: sqlx::Error| {
            StoreError::Open(format!(
                "cannot open {}: {error}; if it is damaged, put a backup in its place",
                path.display()
            ))
        };
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .map_err(explain)?;
        sqlx::migrate!("./migrations")
            .run(&writer)
            .await
            .map_err(|error| {
                StoreError::Open(format!(
                    "cannot bring {} up to date: {error}; was it used by a newer Orchestra?",
                    path.display()
                ))
            })?;
        let reader = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.read_only(true))
            .await
            .map_err(explain)?;
        Ok(Self { writer, reader })
    }

    /// Where reads go.
    pub(in crate::store) fn reader(&self) -> &SqlitePool {
        &self.reader
    }

    /// Where single-statement writes go.
    pub(in crate::store) fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// A transaction that holds the write lock from its beginning.
    pub(in crate::store) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// True when the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.reader).await?;
        Ok(())
    }

    /// Writes everything out; the store cannot be used afterwards.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// Reads a JSON column.
pub fn json<T: serde::de::DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt { what, error })
}

/// Writes a JSON column.
pub fn to_json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt { what, error })
}

/// The text that a unit enum has on the wire, which is also how it is stored.
pub(in crate::store) fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// Reads what `word` wrote.
pub(in crate::store) fn unword<T: serde::de::DeserializeOwned>(
    what: &'static str,
    text: String,
) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(text))
        .map_err(|error| StoreError::Corrupt { what, error })
}
