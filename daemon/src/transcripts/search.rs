//! The search over all sessions: the newest first, for as long as a person waits.

use super::hits::{self, MAX_SNIPPETS};
use super::{Reader, Transcripts, view};
use crate::store::StoreError;
use crate::store::index::FileRow;
use crate::store::index::query::Filter;
use orchestra_protocol::transcript::Transcript;
use orchestra_words::query::Query;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long older sessions are looked through once something is found, and until then.
const FOUND: Duration = Duration::from_millis(100);
const NOTHING: Duration = Duration::from_millis(1500);
/// So many pieces are looked into however long it takes: a slow machine still answers.
const ALWAYS: usize = 4;

/// What a search gave.
pub struct Found {
    pub items: Vec<Transcript>,
    /// There may be more than these: the limit was reached, or the time was up.
    pub more: bool,
}

/// Sessions by time and number, the newest first, with where the words stand.
type Sessions = BTreeMap<Reverse<(i64, i64)>, (FileRow, Vec<u64>)>;

/// A search on its way.
struct Hunt {
    query: Arc<Query>,
    begun: Instant,
    looked: usize,
    found: Sessions,
    more: bool,
}

impl Transcripts {
    /// Sessions in which every word stands in one entry, each with its first places, or in
    /// which the text is a part of title, folder or id.
    ///
    /// # Errors
    /// When the index or the store cannot be read.
    pub async fn search(
        &self,
        reader: Reader<'_>,
        text: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Found, StoreError> {
        let mut hunt = Hunt {
            query: Arc::new(hits::query(text)),
            begun: Instant::now(),
            looked: 0,
            found: Sessions::new(),
            more: false,
        };
        let beside = self.beside().await?;
        let scope = beside.scope(reader);
        let named = Filter {
            like: Some(text.to_owned()),
            ..filter.clone()
        };
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        for row in self.index.list(&scope, &named, None, most).await? {
            hunt.found
                .insert(Reverse((row.modified, row.num)), (row, Vec::new()));
        }
        if !hunt.query.is_empty() {
            let query = hunt.query.clone();
            let mut search = self.index.search(scope, filter.clone(), query).await?;
            hunt.begun = Instant::now();
            while let Some(newest) = search.newest() {
                if hunt.is_over(newest, limit) {
                    hunt.more = true;
                    break;
                }
                let held = search.next().await?;
                hunt.looked += 1;
                hunt = hunt.with(held).await;
            }
        }
        let more = hunt.more || hunt.found.len() > limit;
        let words = hits::words(text);
        let first: Vec<_> = hunt.found.into_values().take(limit).collect();
        let work = move || {
            let shown = |(row, mut offsets): (FileRow, Vec<u64>)| {
                offsets.sort_unstable();
                offsets.truncate(MAX_SNIPPETS);
                let hits = view::snippets(&row, &offsets, &words);
                (row, hits)
            };
            first.into_iter().map(shown).collect::<Vec<_>>()
        };
        let shown = tokio::task::spawn_blocking(work).await.unwrap_or_default();
        let mut items = Vec::with_capacity(shown.len());
        for (row, hits) in shown {
            let mut item = self.shown(&beside, &row).await?;
            item.hits = hits;
            items.push(item);
        }
        Ok(Found { items, more })
    }
}

impl Hunt {
    /// True when sessions up to that time cannot be among the first, or nobody waits for
    /// them any more.
    fn is_over(&self, newest: i64, limit: usize) -> bool {
        let newer = self.found.keys().take(limit).filter(|key| key.0.0 > newest);
        let spent = self.begun.elapsed();
        let late = spent > NOTHING || (spent > FOUND && !self.found.is_empty());
        newer.count() == limit || (late && self.looked >= ALWAYS)
    }

    /// With what a segment held, looked at where the index alone does not decide.
    async fn with(mut self, held: Vec<(FileRow, Vec<u64>)>) -> Self {
        if !self.query.needs_text() {
            self.take(held);
            return self;
        }
        let (query, begun) = (self.query.clone(), self.begun);
        let work = move || {
            let mut meant = Vec::new();
            for (row, offsets) in held {
                if begun.elapsed() > NOTHING && !meant.is_empty() {
                    return (meant, true);
                }
                let offsets = hits::meant(&row, offsets, &query, MAX_SNIPPETS);
                if !offsets.is_empty() {
                    meant.push((row, offsets));
                }
            }
            (meant, false)
        };
        // A file that makes the reader panic counts as not looked at.
        let (meant, more) = tokio::task::spawn_blocking(work)
            .await
            .unwrap_or((Vec::new(), true));
        self.take(meant);
        self.more |= more;
        self
    }

    fn take(&mut self, held: Vec<(FileRow, Vec<u64>)>) {
        for (row, offsets) in held {
            let key = Reverse((row.modified, row.num));
            let known = self.found.entry(key).or_insert_with(|| (row, Vec::new()));
            known.1.extend(offsets);
        }
    }
}
