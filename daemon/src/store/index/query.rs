//! Questions to the index: lists, searches, sums. Each asks for what the caller may
//! see, in the statement itself.

use super::{FileRow, Index, UsageRow, file};
use crate::store::{StoreError, to_json};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Which sessions a caller may see, by the CLIs' ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// None: all but `not`.
    pub only: Option<Vec<String>>,
    pub not: Vec<String>,
}

/// What a list is to hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub kind: Option<String>,
    /// This folder or one beneath it.
    pub cwd: Option<String>,
    /// Written to since, in milliseconds.
    pub since: Option<i64>,
    /// One of these sessions.
    pub sessions: Option<Vec<String>>,
    /// Part of title, folder or session.
    pub like: Option<String>,
    /// Sub-agents too.
    pub all: bool,
}

/// Where the list went to: time and number of the last row.
pub type Cursor = (i64, i64);

/// What the caller may see, and of that what is wanted: the first five parameters.
pub(super) const VISIBLE: &str = "($1 IS NULL OR root IN (SELECT value FROM json_each($1)))
    AND root NOT IN (SELECT value FROM json_each($2))";
pub(super) const WANTED: &str = "($3 IS NULL OR kind = $3)
    AND ($4 IS NULL OR cwd = $4 OR substr(cwd, 1, length($4) + 1) = $4 || '/')
    AND ($5 IS NULL OR modified >= $5)";

impl Index {
    /// Files, the one written to last first.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn list(
        &self,
        scope: &Scope,
        filter: &Filter,
        after: Option<Cursor>,
        limit: i64,
    ) -> Result<Vec<FileRow>, StoreError> {
        let statement = format!(
            "SELECT * FROM files WHERE {VISIBLE} AND {WANTED}
             AND ($6 IS NULL OR session IN (SELECT value FROM json_each($6)))
             AND ($7 IS NULL OR title LIKE $7 ESCAPE '\\' OR cwd LIKE $7 ESCAPE '\\' OR session LIKE $7 ESCAPE '\\')
             AND ($8 OR parent IS NULL)
             AND ($9 IS NULL OR (modified, num) < ($9, $10))
             ORDER BY modified DESC, num DESC LIMIT $11"
        );
        let (only, not) = scope.bound()?;
        let sessions = filter.sessions.as_ref();
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(only)
            .bind(not)
            .bind(&filter.kind)
            .bind(&filter.cwd)
            .bind(filter.since)
            .bind(sessions.map(|list| to_json("sessions", list)).transpose()?)
            .bind(filter.like.as_deref().map(like))
            .bind(filter.all)
            .bind(after.map(|cursor| cursor.0))
            .bind(after.map(|cursor| cursor.1))
            .bind(limit)
            .fetch_all(&self.reader)
            .await?;
        rows.iter().map(file).collect()
    }

    /// The file of an id, of a session, or of the only session that begins so; the one
    /// written to last where a session has several.
    ///
    /// # Errors
    /// `NotFound` when there is none that the caller may see.
    pub async fn find(&self, scope: &Scope, name: &str) -> Result<FileRow, StoreError> {
        let statement = format!(
            "SELECT * FROM files WHERE {VISIBLE} AND (id = $3 OR session = $3) ORDER BY id = $3 DESC, modified DESC LIMIT 1"
        );
        let (only, not) = scope.bound()?;
        let found = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(only)
            .bind(not)
            .bind(name)
            .fetch_optional(&self.reader)
            .await?;
        found
            .as_ref()
            .map_or(Err(StoreError::NotFound("transcript")), file)
    }

    /// Sub-agents of a session, oldest first.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn children(&self, session: &str, kind: &str) -> Result<Vec<FileRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM files WHERE parent = $1 AND kind = $2 ORDER BY modified, num LIMIT 200",
        )
        .bind(session)
        .bind(kind)
        .fetch_all(&self.reader)
        .await?;
        rows.iter().map(file).collect()
    }

    /// Tokens of one file, by model.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn usage_of(&self, num: i64) -> Result<Vec<UsageRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT '' AS kind, model, SUM(input) AS input, SUM(output) AS output,
                 SUM(cache_write) AS cache_write, SUM(cache_read) AS cache_read
             FROM usage WHERE file = $1 GROUP BY model",
        )
        .bind(num)
        .fetch_all(&self.reader)
        .await?;
        rows.iter().map(usage).collect()
    }

    /// Tokens of all files, by CLI and model; an answer that several files tell of (a fork
    /// begins with a copy) counts once.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn usage(
        &self,
        scope: &Scope,
        since: Option<i64>,
    ) -> Result<Vec<UsageRow>, StoreError> {
        let statement = format!(
            "SELECT kind, model, SUM(input) AS input, SUM(output) AS output,
                 SUM(cache_write) AS cache_write, SUM(cache_read) AS cache_read
             FROM (SELECT kind, model, MAX(input) AS input, MAX(output) AS output,
                       MAX(cache_write) AS cache_write, MAX(cache_read) AS cache_read
                   FROM usage JOIN files ON files.num = usage.file
                   WHERE {VISIBLE} AND ($3 IS NULL OR modified >= $3)
                   GROUP BY kind, CASE WHEN key LIKE 'total:%' THEN session || key ELSE key END)
             GROUP BY kind, model ORDER BY kind, model"
        );
        let (only, not) = scope.bound()?;
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(only)
            .bind(not)
            .bind(since)
            .fetch_all(&self.reader)
            .await?;
        rows.iter().map(usage).collect()
    }
}

impl Scope {
    pub(super) fn bound(&self) -> Result<(Option<String>, String), StoreError> {
        let only = self.only.as_ref();
        Ok((
            only.map(|list| to_json("sessions", list)).transpose()?,
            to_json("sessions", &self.not)?,
        ))
    }
}

pub(super) fn usage(row: &SqliteRow) -> Result<UsageRow, StoreError> {
    let number = |name: &str| row.try_get::<i64, _>(name).map(i64::cast_unsigned);
    Ok(UsageRow {
        kind: row.try_get("kind")?,
        key: String::new(),
        model: row.try_get("model")?,
        input: number("input")?,
        output: number("output")?,
        cache_write: number("cache_write")?,
        cache_read: number("cache_read")?,
        at: 0,
    })
}

/// A text as part of a LIKE pattern.
fn like(text: &str) -> String {
    let mut out = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('%');
    out
}
