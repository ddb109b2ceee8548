//! The numbered feed: what was committed, in order, to everybody who listens.
//!
//! Writers put an entry into the store in the transaction of the change and then call
//! `wake`. One tail reads the table and broadcasts, so that listeners see the order of
//! the table and nothing that was rolled back.

use crate::store::events::Entry;
use crate::store::{self, Store, StoreError};
use crate::supervise::Tasks;
use std::sync::Arc;
use tokio::sync::{Notify, broadcast};

/// Entries that a slow listener may be behind before it has to read the table.
const BEHIND: usize = 1024;
/// Entries read at once.
const BATCH: i64 = 256;

/// Cheap handle to the feed; clone it freely.
#[derive(Clone)]
pub struct Events {
    store: Store,
    wake: Arc<Notify>,
    feed: broadcast::Sender<Arc<Entry>>,
}

impl Events {
    /// Starts the tail at the newest entry.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn start(store: Store, tasks: &Tasks) -> Result<Self, StoreError> {
        let (_, newest) = store::events::range(&store).await?;
        let events = Self {
            store,
            wake: Arc::new(Notify::new()),
            feed: broadcast::channel(BEHIND).0,
        };
        let tail = events.clone();
        tasks.spawn("events", move |cancel| async move {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tail.run(newest) => {}
            }
        });
        Ok(events)
    }

    /// Says that something was committed.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Everything committed from now on. When it says `Lagged`, read `after`.
    /// Subscribe before reading a list, so that nothing falls between.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.feed.subscribe()
    }

    /// Entries after `number`, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn after(&self, number: i64, limit: i64) -> Result<Vec<Entry>, StoreError> {
        store::events::after(&self.store, number, limit).await
    }

    /// The oldest and the newest number kept.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn range(&self) -> Result<(i64, i64), StoreError> {
        store::events::range(&self.store).await
    }

    async fn run(&self, mut last: i64) {
        loop {
            match self.after(last, BATCH).await {
                Ok(entries) if entries.is_empty() => self.wake.notified().await,
                Ok(entries) => {
                    for entry in entries {
                        last = entry.event.number;
                        // No listener is no failure.
                        let _ = self.feed.send(Arc::new(entry));
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the feed cannot be read");
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
            }
        }
    }
}
