//! Every place in one session where words stand together in an entry.

use super::{Reader, Transcripts, view};
use crate::store::StoreError;
use orchestra_protocol::transcript::TranscriptHits;

/// Most words of one search.
const MAX_WORDS: usize = 16;

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
        let all = match words.is_empty() {
            true => Vec::new(),
            false => self.index.places(row.num, &words).await?,
        };
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
