//! Pieces of the word index at rest: written once, merged when there are many small ones,
//! dropped with the last file that has a text in them.

use super::{Index, Stretch, number};
use crate::store::StoreError;
use orchestra_words::build::Piece;
use orchestra_words::docs::pack;
use sqlx::{Row, Sqlite, Transaction};

/// So many of about the same size become one.
const MANY: usize = 16;
/// Segments with so many texts stay as they are.
const LARGE: u32 = 4096;

/// A segment with the blocks of its words, and the texts in it that still count.
struct Old {
    num: i64,
    docs: u32,
    blocks: Vec<Vec<u8>>,
    kept: Vec<(u32, u32)>,
}

/// Writes a piece, and where the texts of each file lie.
pub(super) async fn write(
    tx: &mut Transaction<'_, Sqlite>,
    piece: Piece,
    stretches: impl Iterator<Item = (i64, &Stretch)>,
) -> Result<(), StoreError> {
    let segment = put(tx, piece).await?;
    for (file, stretch) in stretches.filter(|(_, stretch)| !stretch.offsets.is_empty()) {
        sqlx::query(
            "INSERT INTO stretches (segment, first, count, file, offsets) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(segment)
        .bind(stretch.first)
        .bind(number(stretch.offsets.len() as u64))
        .bind(file)
        .bind(pack(&stretch.offsets))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

async fn put(tx: &mut Transaction<'_, Sqlite>, piece: Piece) -> Result<i64, StoreError> {
    let segment: i64 = sqlx::query_scalar("INSERT INTO segments (docs) VALUES ($1) RETURNING num")
        .bind(piece.count())
        .fetch_one(&mut **tx)
        .await?;
    for block in piece.blocks() {
        sqlx::query("INSERT INTO blocks (segment, first, bytes) VALUES ($1, $2, $3)")
            .bind(segment)
            .bind(block.first)
            .bind(block.bytes)
            .execute(&mut **tx)
            .await?;
    }
    Ok(segment)
}

/// Forgets where a file's texts lie; a segment in which no other file has any goes too.
pub(super) async fn forget(tx: &mut Transaction<'_, Sqlite>, path: &str) -> Result<(), StoreError> {
    let touched: Vec<i64> = sqlx::query_scalar(
        "DELETE FROM stretches WHERE file IN (SELECT num FROM files WHERE path = $1) RETURNING segment",
    )
    .bind(path)
    .fetch_all(&mut **tx)
    .await?;
    for segment in touched {
        for statement in [
            "DELETE FROM segments WHERE num = $1 AND num NOT IN (SELECT segment FROM stretches WHERE segment = $1)",
            "DELETE FROM blocks WHERE segment = $1 AND segment NOT IN (SELECT num FROM segments WHERE num = $1)",
        ] {
            sqlx::query(statement)
                .bind(segment)
                .execute(&mut **tx)
                .await?;
        }
    }
    Ok(())
}

impl Index {
    /// Makes one segment of many small ones, so that a search looks into few.
    ///
    /// # Errors
    /// When the index cannot be written; then nothing has changed.
    pub async fn merge(&self) -> Result<(), StoreError> {
        let small: Vec<(i64, u32)> =
            sqlx::query_as("SELECT num, docs FROM segments WHERE docs < $1 ORDER BY num")
                .bind(LARGE)
                .fetch_all(&self.reader)
                .await?;
        let level = |docs: u32| docs.max(1).ilog2() / 4;
        let levels = (0..=level(LARGE)).map(|own| {
            let of_level = small.iter().filter(|(_, docs)| level(*docs) == own);
            of_level.copied().collect::<Vec<_>>()
        });
        for many in levels.filter(|found| found.len() >= MANY) {
            self.merge_these(&many).await?;
        }
        Ok(())
    }

    async fn merge_these(&self, many: &[(i64, u32)]) -> Result<(), StoreError> {
        let mut tx = self.writer.begin().await?;
        let mut olds = Vec::with_capacity(many.len());
        for (num, docs) in many {
            let old = read(&mut tx, *num, *docs).await?;
            olds.push(old);
        }
        let work = move || {
            let mut piece = Piece::default();
            let mut bases = Vec::with_capacity(olds.len());
            for old in &olds {
                bases.push((old.num, piece.count()));
                let blocks = old.blocks.iter().map(Vec::as_slice);
                piece.absorb(blocks, old.docs, &old.kept);
            }
            (piece, bases)
        };
        let merged = tokio::task::spawn_blocking(work).await;
        let (piece, bases) = merged.map_err(|error| StoreError::Open(error.to_string()))?;
        let segment = put(&mut tx, piece).await?;
        for (num, base) in bases {
            sqlx::query("UPDATE stretches SET segment = $1, first = first + $2 WHERE segment = $3")
                .bind(segment)
                .bind(base)
                .bind(num)
                .execute(&mut *tx)
                .await?;
            for statement in [
                "DELETE FROM blocks WHERE segment = $1",
                "DELETE FROM segments WHERE num = $1",
            ] {
                sqlx::query(statement).bind(num).execute(&mut *tx).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}

async fn read(tx: &mut Transaction<'_, Sqlite>, num: i64, docs: u32) -> Result<Old, StoreError> {
    let blocks = sqlx::query_scalar("SELECT bytes FROM blocks WHERE segment = $1 ORDER BY first")
        .bind(num)
        .fetch_all(&mut **tx)
        .await?;
    let kept = sqlx::query("SELECT first, count FROM stretches WHERE segment = $1 ORDER BY first")
        .bind(num)
        .fetch_all(&mut **tx)
        .await?;
    let range = |row: &sqlx::sqlite::SqliteRow| Ok((row.try_get("first")?, row.try_get("count")?));
    Ok(Old {
        num,
        docs,
        blocks,
        kept: kept.iter().map(range).collect::<Result<_, StoreError>>()?,
    })
}
