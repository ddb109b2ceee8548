//! Where words stand: segment by segment, those with the newest sessions first, so that
//! common words are found in the first one and rare ones cost a look into each.

use super::query::{Filter, Scope, VISIBLE, WANTED};
use super::{FileRow, Index, file};
use crate::store::{StoreError, to_json};
use orchestra_words::block;
use orchestra_words::docs::{Docs, unpack};
use orchestra_words::query::Query;
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// A search that goes on as long as it is asked to, over the index as it was.
pub struct Search {
    tx: Transaction<'static, Sqlite>,
    scope: Scope,
    filter: Filter,
    query: Arc<Query>,
    left: VecDeque<Segment>,
}

struct Segment {
    num: i64,
    docs: u32,
    newest: i64,
}

/// Where texts of one file lie in a segment.
struct Place {
    file: i64,
    first: u32,
    count: u32,
    offsets: Vec<u8>,
}

impl Index {
    /// Begins a search over what the caller may see.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn search(
        &self,
        scope: Scope,
        filter: Filter,
        query: Arc<Query>,
    ) -> Result<Search, StoreError> {
        let mut tx = self.reader.begin().await?;
        let statement = format!(
            "SELECT segments.num, segments.docs, MAX(files.modified) AS newest FROM stretches
             JOIN files ON files.num = stretches.file JOIN segments ON segments.num = stretches.segment
             WHERE {VISIBLE} AND {WANTED} GROUP BY segments.num ORDER BY newest DESC"
        );
        let (only, not) = scope.bound()?;
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(only)
            .bind(not)
            .bind(&filter.kind)
            .bind(&filter.cwd)
            .bind(filter.since)
            .fetch_all(&mut *tx)
            .await?;
        let segment = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Segment {
                num: row.try_get("num")?,
                docs: row.try_get("docs")?,
                newest: row.try_get("newest")?,
            })
        };
        let left = rows
            .iter()
            .map(segment)
            .collect::<Result<_, StoreError>>()?;
        Ok(Search {
            tx,
            scope,
            filter,
            query,
            left,
        })
    }

    /// Where words stand in one file, in order; each place may need a look at its text.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn places(&self, file: i64, query: &Query) -> Result<Vec<u64>, StoreError> {
        let mut tx = self.reader.begin().await?;
        let segments: Vec<(i64, u32)> = sqlx::query_as(
            "SELECT num, docs FROM segments WHERE num IN (SELECT segment FROM stretches WHERE file = $1)",
        )
        .bind(file)
        .fetch_all(&mut *tx)
        .await?;
        let mut offsets = Vec::new();
        for (num, docs) in segments {
            if let Some(docs) = docs_of(&mut tx, num, docs, query).await? {
                let places = places(&mut tx, num, Some(file)).await?;
                offsets.extend(places.iter().flat_map(|place| place.held(&docs)));
            }
        }
        offsets.sort_unstable();
        Ok(offsets)
    }
}

impl Search {
    /// When the newest session was written to that is still to be looked at, in
    /// milliseconds; none when all were.
    pub fn newest(&self) -> Option<i64> {
        Some(self.left.front()?.newest)
    }

    /// Files of the next segment in which all words stand in one text, and where.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn next(&mut self) -> Result<Vec<(FileRow, Vec<u64>)>, StoreError> {
        let Some(segment) = self.left.pop_front() else {
            return Ok(Vec::new());
        };
        let found = docs_of(&mut self.tx, segment.num, segment.docs, &self.query).await?;
        let Some(docs) = found else {
            return Ok(Vec::new());
        };
        let mut held: HashMap<i64, Vec<u64>> = HashMap::new();
        for place in places(&mut self.tx, segment.num, None).await? {
            let mut offsets = place.held(&docs).peekable();
            if offsets.peek().is_some() {
                held.entry(place.file).or_default().extend(offsets);
            }
        }
        self.seen(held).await
    }

    /// Those that the caller may see and wants.
    async fn seen(
        &mut self,
        mut held: HashMap<i64, Vec<u64>>,
    ) -> Result<Vec<(FileRow, Vec<u64>)>, StoreError> {
        let statement = format!(
            "SELECT * FROM files WHERE {VISIBLE} AND {WANTED} AND num IN (SELECT value FROM json_each($6))"
        );
        let (only, not) = self.scope.bound()?;
        let nums: Vec<i64> = held.keys().copied().collect();
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(only)
            .bind(not)
            .bind(&self.filter.kind)
            .bind(&self.filter.cwd)
            .bind(self.filter.since)
            .bind(to_json("files", &nums)?)
            .fetch_all(&mut *self.tx)
            .await?;
        let with = |row: &sqlx::sqlite::SqliteRow| {
            let row = file(row)?;
            let offsets = held.remove(&row.num).unwrap_or_default();
            Ok((row, offsets))
        };
        rows.iter().map(with).collect()
    }
}

impl Place {
    /// Offsets of the texts that are among the found.
    fn held(&self, docs: &Docs) -> impl Iterator<Item = u64> {
        let mut docs = docs.within(self.first, self.count).peekable();
        let texts = (0..self.count).zip(unpack(&self.offsets));
        texts.filter_map(move |(text, offset)| docs.next_if_eq(&text).map(|_| offset))
    }
}

/// Blocks of a segment from the one that may hold a word to the last that may.
const RANGE: &str = "WHERE segment = $1 AND first <= $3 AND first >= COALESCE(
    (SELECT MAX(first) FROM blocks WHERE segment = $1 AND first <= $2), $2)";

/// Texts of a segment that have every word.
async fn docs_of(
    connection: &mut SqliteConnection,
    segment: i64,
    count: u32,
    query: &Query,
) -> Result<Option<Docs>, StoreError> {
    let mut words = Vec::new();
    let asked = query.words();
    for (word, beginning) in &asked {
        // Behind every word that begins so.
        let end = if *beginning {
            format!("{word}\u{10ffff}")
        } else {
            (*word).to_owned()
        };
        // Where a rare word is not, nobody needs to look for a common one.
        let many: i64 = if asked.len() == 1 {
            0
        } else {
            let count = format!("SELECT COUNT(*) FROM blocks {RANGE}");
            sqlx::query_scalar(sqlx::AssertSqlSafe(count))
                .bind(segment)
                .bind(*word)
                .bind(&end)
                .fetch_one(&mut *connection)
                .await?
        };
        words.push((many, *word, *beginning, end));
    }
    words.sort_by_key(|word| word.0);
    let mut all: Option<Docs> = None;
    for (_, word, beginning, end) in words {
        let select = format!("SELECT bytes FROM blocks {RANGE}");
        let blocks: Vec<Vec<u8>> = sqlx::query_scalar(sqlx::AssertSqlSafe(select))
            .bind(segment)
            .bind(word)
            .bind(end)
            .fetch_all(&mut *connection)
            .await?;
        let mut docs = Docs::none(count);
        for bytes in &blocks {
            block::find(bytes, word, beginning, &mut docs);
        }
        if let Some(others) = &all {
            docs.keep(others);
        }
        if docs.is_empty() {
            return Ok(None);
        }
        all = Some(docs);
    }
    Ok(all)
}

async fn places(
    connection: &mut SqliteConnection,
    segment: i64,
    file: Option<i64>,
) -> Result<Vec<Place>, StoreError> {
    let rows = sqlx::query(
        "SELECT file, first, count, offsets FROM stretches WHERE segment = $1 AND ($2 IS NULL OR file = $2)",
    )
    .bind(segment)
    .bind(file)
    .fetch_all(&mut *connection)
    .await?;
    let place = |row: &sqlx::sqlite::SqliteRow| {
        Ok(Place {
            file: row.try_get("file")?,
            first: row.try_get("first")?,
            count: row.try_get("count")?,
            offsets: row.try_get("offsets")?,
        })
    };
    rows.iter().map(place).collect()
}
