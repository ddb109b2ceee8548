//! The index over the CLIs' session files, in a database of its own: it holds nothing
//! that cannot be read from those files again, so it is thrown away when it is damaged
//! or of another version, and its writing never holds up the writer of the truth.

pub mod query;
pub mod spending;

use super::StoreError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Row, Sqlite, Transaction};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Grows with every change of `schema.sql` and of what is put into it.
const VERSION: i64 = 4;
const SCHEMA: &str = include_str!("index/schema.sql");

/// Cheap handle to the open index; clone it freely.
#[derive(Clone)]
pub struct Index {
    writer: SqlitePool,
    reader: SqlitePool,
}

/// One session file as the index has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileRow {
    /// Its number in the index; 0 before it is in there.
    pub num: i64,
    pub id: String,
    pub kind: String,
    pub session: String,
    pub root: String,
    pub parent: Option<String>,
    pub call_id: Option<String>,
    pub path: PathBuf,
    pub inode: u64,
    pub size: u64,
    /// Milliseconds since the epoch.
    pub modified: i64,
    /// Everything before this byte is in the index.
    pub read_to: u64,
    pub cwd: Option<String>,
    pub title: String,
    /// JSON of the layer above.
    pub facts: String,
}

/// Tokens of one answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageRow {
    pub kind: String,
    pub key: String,
    pub model: String,
    pub input: u64,
    pub output: u64,
    pub cache_write: u64,
    pub cache_read: u64,
    /// When it was told first, in milliseconds UTC.
    pub at: i64,
}

/// What a stretch of a file adds.
#[derive(Debug, Clone, Default)]
pub struct Stretch {
    pub pieces: Vec<(u64, String)>,
    pub usage: Vec<UsageRow>,
}

impl Index {
    /// Opens the index in `data_dir`; makes it anew when it cannot be used.
    ///
    /// # Errors
    /// When not even a new one can be made.
    pub async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let path = data_dir.join("transcripts.db");
        match Self::try_open(&path).await {
            Ok(index) => Ok(index),
            Err(error) => {
                tracing::info!(%error, "the index of transcripts is made anew");
                for end in ["", "-wal", "-shm"] {
                    let file = data_dir.join(format!("transcripts.db{end}"));
                    match std::fs::remove_file(&file) {
                        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                            return Err(StoreError::Open(format!(
                                "cannot remove {}: {error}",
                                file.display()
                            )));
                        }
                        _ => {}
                    }
                }
                Self::try_open(&path).await
            }
        }
    }

    async fn try_open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A power cut may cost the last entries, which are then read again.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(5));
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        let version: i64 = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&writer)
            .await?;
        if version == 0 {
            let mut tx = writer.begin().await?;
            sqlx::raw_sql(SCHEMA).execute(&mut *tx).await?;
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
                "PRAGMA user_version = {VERSION}"
            )))
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
        } else if version != VERSION {
            writer.close().await;
            return Err(StoreError::Open(format!("it has version {version}")));
        }
        let reader = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self { writer, reader })
    }

    /// Writes everything out; the index cannot be used afterwards.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    /// Every file of the index.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn files(&self) -> Result<Vec<FileRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM files").fetch_all(&self.reader);
        rows.await?.iter().map(file).collect()
    }

    /// Adds files or brings their rows up to date, all or none.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put(&self, files: &[FileRow]) -> Result<(), StoreError> {
        let mut tx = self.writer.begin().await?;
        for row in files {
            write(&mut tx, row).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Adds what a stretch of a file holds, together with how far it is read now.
    ///
    /// # Errors
    /// When it cannot be written; then nothing of it is.
    pub async fn add(&self, row: &FileRow, stretch: &Stretch) -> Result<(), StoreError> {
        let mut tx = self.writer.begin().await?;
        let num = write(&mut tx, row).await?;
        if !stretch.pieces.is_empty() {
            let offsets: Vec<u64> = stretch.pieces.iter().map(|piece| piece.0).collect();
            let texts: Vec<&str> = stretch
                .pieces
                .iter()
                .map(|piece| piece.1.as_str())
                .collect();
            let base: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(num), 0) + 1 FROM pieces")
                .fetch_one(&mut *tx)
                .await?;
            sqlx::query("INSERT INTO pieces (num, file, offset) SELECT $1 + key, $2, value FROM json_each($3)")
                .bind(base)
                .bind(num)
                .bind(super::to_json("offsets", &offsets)?)
                .execute(&mut *tx)
                .await?;
            sqlx::query(
                "INSERT INTO words (rowid, text) SELECT $1 + key, value FROM json_each($2)",
            )
            .bind(base)
            .bind(super::to_json("texts", &texts)?)
            .execute(&mut *tx)
            .await?;
        }
        for usage in &stretch.usage {
            // An answer is told once per block, and an early block may not know its end.
            sqlx::query(
                "INSERT INTO usage (file, key, model, input, output, cache_write, cache_read, at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (file, key) DO UPDATE SET input = MAX(input, excluded.input),
                     output = MAX(output, excluded.output),
                     cache_write = MAX(cache_write, excluded.cache_write),
                     cache_read = MAX(cache_read, excluded.cache_read), at = MIN(at, excluded.at)",
            )
            .bind(num)
            .bind(&usage.key)
            .bind(&usage.model)
            .bind(number(usage.input))
            .bind(number(usage.output))
            .bind(number(usage.cache_write))
            .bind(number(usage.cache_read))
            .bind(usage.at)
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    /// Forgets what was read of a file; its row too with `whole`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn forget(&self, path: &Path, whole: bool) -> Result<(), StoreError> {
        let path = path.to_string_lossy();
        let mut tx = self.writer.begin().await?;
        for statement in [
            "DELETE FROM words WHERE rowid IN (SELECT pieces.num FROM pieces JOIN files ON files.num = pieces.file
                 WHERE files.path = $1)",
            "DELETE FROM pieces WHERE file IN (SELECT num FROM files WHERE path = $1)",
            "DELETE FROM usage WHERE file IN (SELECT num FROM files WHERE path = $1)",
            "UPDATE files SET read_to = 0 WHERE path = $1",
        ] {
            sqlx::query(statement).bind(path.as_ref()).execute(&mut *tx).await?;
        }
        if whole {
            sqlx::query("DELETE FROM files WHERE path = $1")
                .bind(path.as_ref())
                .execute(&mut *tx)
                .await?;
        }
        Ok(tx.commit().await?)
    }
}

async fn write(tx: &mut Transaction<'_, Sqlite>, row: &FileRow) -> Result<i64, StoreError> {
    let num = sqlx::query_scalar(
        "INSERT INTO files (id, kind, session, root, parent, call_id, path, inode, size, modified, read_to, cwd,
             title, facts)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (path) DO UPDATE SET inode = excluded.inode, size = excluded.size, call_id = excluded.call_id,
             modified = excluded.modified, read_to = excluded.read_to, cwd = excluded.cwd, title = excluded.title,
             facts = excluded.facts
         RETURNING num",
    )
    .bind(&row.id)
    .bind(&row.kind)
    .bind(&row.session)
    .bind(&row.root)
    .bind(&row.parent)
    .bind(&row.call_id)
    .bind(row.path.to_string_lossy().as_ref())
    .bind(number(row.inode))
    .bind(number(row.size))
    .bind(row.modified)
    .bind(number(row.read_to))
    .bind(&row.cwd)
    .bind(&row.title)
    .bind(&row.facts)
    .fetch_one(&mut **tx)
    .await?;
    Ok(num)
}

fn file(row: &SqliteRow) -> Result<FileRow, StoreError> {
    Ok(FileRow {
        num: row.try_get("num")?,
        id: row.try_get("id")?,
        kind: row.try_get("kind")?,
        session: row.try_get("session")?,
        root: row.try_get("root")?,
        parent: row.try_get("parent")?,
        call_id: row.try_get("call_id")?,
        path: PathBuf::from(row.try_get::<String, _>("path")?),
        inode: row.try_get::<i64, _>("inode")?.cast_unsigned(),
        size: row.try_get::<i64, _>("size")?.cast_unsigned(),
        modified: row.try_get("modified")?,
        read_to: row.try_get::<i64, _>("read_to")?.cast_unsigned(),
        cwd: row.try_get("cwd")?,
        title: row.try_get("title")?,
        facts: row.try_get("facts")?,
    })
}

/// SQLite's integers are signed; an inode keeps its bits.
fn number(value: u64) -> i64 {
    value.cast_signed()
}
