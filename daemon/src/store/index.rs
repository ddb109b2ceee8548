//! The index over the CLIs' session files, in a database of its own: it holds nothing
//! that cannot be read from those files again, so it is thrown away when it is damaged
//! or of another version, and its writing never holds up the writer of the truth.

pub mod query;
pub mod search;
mod segments;
pub mod spending;

use super::StoreError;
use orchestra_words::build::Piece;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Row, Sqlite, Transaction};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Grows with every change of `schema.sql` and of what is put into it.
const VERSION: i64 = 5;
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
    /// Counts and words before this byte are in the index.
    pub read_to: u64,
    /// Tokens before this byte are.
    pub summed_to: u64,
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

impl UsageRow {
    /// Takes of each count what is more.
    pub fn raise(&mut self, other: &Self) {
        self.input = self.input.max(other.input);
        self.output = self.output.max(other.output);
        self.cache_write = self.cache_write.max(other.cache_write);
        self.cache_read = self.cache_read.max(other.cache_read);
        self.at = self.at.min(other.at);
    }
}

/// What a stretch of a file adds, with its row as it is then.
#[derive(Debug, Clone, Default)]
pub struct Stretch {
    pub row: FileRow,
    pub usage: Vec<UsageRow>,
    /// Number of its first text in the piece, and where its texts lie in the file.
    pub first: u32,
    pub offsets: Vec<u64>,
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
            .max_connections(8)
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

    /// Adds what stretches of files hold, together with how far these are read now. The
    /// piece has their words; it may be empty.
    ///
    /// # Errors
    /// When it cannot be written; then nothing of it is.
    pub async fn add(&self, stretches: &[Stretch], piece: Piece) -> Result<(), StoreError> {
        let mut tx = self.writer.begin().await?;
        let mut nums = Vec::with_capacity(stretches.len());
        for stretch in stretches {
            let num = write(&mut tx, &stretch.row).await?;
            spend(&mut tx, num, &stretch.usage).await?;
            nums.push(num);
        }
        if piece.count() > 0 {
            segments::write(&mut tx, piece, nums.iter().copied().zip(stretches)).await?;
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
        segments::forget(&mut tx, path.as_ref()).await?;
        for statement in [
            "DELETE FROM usage WHERE file IN (SELECT num FROM files WHERE path = $1)",
            "UPDATE files SET read_to = 0, summed_to = 0 WHERE path = $1",
        ] {
            sqlx::query(statement)
                .bind(path.as_ref())
                .execute(&mut *tx)
                .await?;
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
             title, facts, summed_to)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT (path) DO UPDATE SET inode = excluded.inode, size = excluded.size, call_id = excluded.call_id,
             modified = excluded.modified, read_to = excluded.read_to, cwd = excluded.cwd, title = excluded.title,
             facts = excluded.facts, summed_to = excluded.summed_to
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
    .bind(number(row.summed_to))
    .fetch_one(&mut **tx)
    .await?;
    Ok(num)
}

/// Adds tokens, all by one statement: there are many of them.
async fn spend(
    tx: &mut Transaction<'_, Sqlite>,
    num: i64,
    usage: &[UsageRow],
) -> Result<(), StoreError> {
    if usage.is_empty() {
        return Ok(());
    }
    let each = |row: &UsageRow| {
        let counts = [row.input, row.output, row.cache_write, row.cache_read];
        (row.key.clone(), row.model.clone(), counts, row.at)
    };
    let rows: Vec<_> = usage.iter().map(each).collect();
    // An answer is told once per block, and an early block may not know its end.
    sqlx::query(
        "INSERT INTO usage (file, key, model, input, output, cache_write, cache_read, at)
         SELECT $1, value ->> 0, value ->> 1, value ->> '$[2][0]', value ->> '$[2][1]', value ->> '$[2][2]',
             value ->> '$[2][3]', value ->> 3 FROM json_each($2) WHERE true
         ON CONFLICT (file, key) DO UPDATE SET input = MAX(input, excluded.input),
             output = MAX(output, excluded.output),
             cache_write = MAX(cache_write, excluded.cache_write),
             cache_read = MAX(cache_read, excluded.cache_read), at = MIN(at, excluded.at)",
    )
    .bind(num)
    .bind(super::to_json("usage", &rows)?)
    .execute(&mut **tx)
    .await?;
    Ok(())
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
        summed_to: row.try_get::<i64, _>("summed_to")?.cast_unsigned(),
        cwd: row.try_get("cwd")?,
        title: row.try_get("title")?,
        facts: row.try_get("facts")?,
    })
}

/// SQLite's integers are signed; an inode keeps its bits.
fn number(value: u64) -> i64 {
    value.cast_signed()
}
