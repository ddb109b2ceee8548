//! Every place in one session where words stand together in an entry.

use super::facts::indexed;
use super::format;
use super::lines::Lines;
use super::{Reader, Transcripts, view};
use crate::store::StoreError;
use crate::store::index::FileRow;
use orchestra_protocol::transcript::TranscriptHits;
use orchestra_words::query::Query;

/// Most words of one search.
const MAX_WORDS: usize = 16;
/// Most places that a search over all sessions shows of one.
pub(super) const MAX_SNIPPETS: usize = 3;
/// Read at a time where single lines are looked at.
pub(super) const LINE: usize = 8 * 1024;

impl Transcripts {
    /// Entries at or behind the byte `from` that hold all the words, in order; at most
    /// `limit` of them.
    ///
    /// # Errors
    /// `NotFound` when there is no such session that the reader may see.
    pub async fn hits(
        &self,
        reader: Reader<'_>,
        name: &str,
        text: &str,
        from: u64,
        limit: usize,
    ) -> Result<TranscriptHits, StoreError> {
        let beside = self.beside().await?;
        let row = self.index.find(&beside.scope(reader), name).await?;
        let words = words(text);
        let query = query(text);
        let mut all = match query.is_empty() {
            true => Vec::new(),
            false => self.index.places(row.num, &query).await?,
        };
        if query.needs_text() {
            let row = row.clone();
            let work = move || meant(&row, all, &query, usize::MAX);
            let looked = tokio::task::spawn_blocking(work).await;
            all = looked.map_err(|error| StoreError::Open(error.to_string()))?;
        }
        let behind = all.partition_point(|offset| *offset < from);
        let page: Vec<u64> = all[behind..].iter().copied().take(limit).collect();
        let next = all.get(behind + page.len()).copied();
        let (bytes, read_bytes) = (row.size, row.read_to);
        let work = move || view::snippets(&row, &page, &words);
        let items = tokio::task::spawn_blocking(work).await;
        Ok(TranscriptHits {
            items: items.unwrap_or_default(),
            total: all.len() as u64,
            next,
            bytes,
            read_bytes,
        })
    }
}

/// The words of a search; what has no letter and no digit is no word of the index.
pub(super) fn words(text: &str) -> Vec<String> {
    let words = text
        .split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric));
    words.take(MAX_WORDS).map(str::to_owned).collect()
}

/// The same, as the index is asked.
pub(super) fn query(text: &str) -> Query {
    let words = text.split_whitespace().take(MAX_WORDS);
    Query::new(words)
}

/// Of places where the index has all words, the first `most` whose text holds what is
/// meant: `a/b` is not `b … a`.
pub(super) fn meant(row: &FileRow, offsets: Vec<u64>, query: &Query, most: usize) -> Vec<u64> {
    let Some(format) = format::find(&row.kind) else {
        return Vec::new();
    };
    let holds = |offset: &u64| {
        let text = || {
            let (file, _) = super::lines::open(&row.path).ok()?;
            let line = Lines::of(file, *offset, LINE).ok()?.line().ok()??;
            Some(indexed(&format.read(&line.value?)))
        };
        text().is_some_and(|text| query.holds(&text))
    };
    offsets.into_iter().filter(holds).take(most).collect()
}
