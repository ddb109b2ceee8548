//! Reads the feed from the stored place and queues what is news to somebody.

use super::news::{self, Unless};
use super::{Push, PushError};
use crate::events::Events;
use crate::model::ids::{AgentId, UserId};
use crate::store::events::Entry;
use crate::store::push::SubscriptionRow;
use crate::store::{self, Store, StoreError};
use crate::supervise::Tasks;
use orchestra_protocol::message::Author;
use orchestra_protocol::time::Timestamp;
use std::time::Duration;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// What happened longer ago is no news when it is read after a restart.
const OLD_MS: i64 = 3_600_000;
/// Entries read at once.
const BATCH: i64 = 256;
/// Without news the place is stored after this many entries, so that a restart reads few.
const STRIDE: i64 = 1000;
/// Pause when the store fails.
const PAUSE: Duration = Duration::from_secs(1);

impl Push {
    /// Starts to read.
    pub(super) async fn watch(&self, events: Events, tasks: &Tasks) -> Result<(), PushError> {
        // Before the place is read, so that nothing falls between.
        let mut feed = events.subscribe();
        let (oldest, newest) = events.range().await?;
        let mut place = match store::push_log::place(&self.0.store).await? {
            // A store that was put back from a backup may be behind it.
            Some(place) if (oldest - 1..=newest).contains(&place) => place,
            Some(place) if place < oldest => oldest - 1,
            _ => newest,
        };
        let push = self.clone();
        tasks.spawn("notifications", move |cancel| async move {
            let mut stored = place;
            loop {
                let read = tokio::select! {
                    () = cancel.cancelled() => return,
                    read = push.read_on(&events, &mut place, &mut stored) => read,
                };
                if let Err(error) = read {
                    tracing::warn!(%error, "the feed could not be read for notifications");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                let heard = tokio::select! {
                    () = cancel.cancelled() => return,
                    heard = feed.recv() => heard,
                };
                if matches!(heard, Err(RecvError::Closed)) {
                    return;
                }
                // One reading serves all that came meanwhile.
                while !matches!(
                    feed.try_recv(),
                    Err(TryRecvError::Empty | TryRecvError::Closed)
                ) {}
            }
        });
        Ok(())
    }

    /// Reads to the end of the feed.
    async fn read_on(
        &self,
        events: &Events,
        place: &mut i64,
        stored: &mut i64,
    ) -> Result<(), StoreError> {
        loop {
            let entries = events.after(*place, BATCH).await?;
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                let number = entry.event.number;
                if self.hear(&entry).await? {
                    *stored = number;
                }
                *place = number;
            }
        }
        if *place - *stored >= STRIDE {
            store::push_log::advance(&self.0.store, *place).await?;
            *stored = *place;
        }
        Ok(())
    }

    /// True when something was queued, and the place with it.
    async fn hear(&self, entry: &Entry) -> Result<bool, StoreError> {
        let Some((news, unless)) = news::of(entry) else {
            return Ok(false);
        };
        if Timestamp::now().since(entry.event.at) > OLD_MS {
            return Ok(false);
        }
        let store = &self.0.store;
        let owner = UserId(entry.owner.clone());
        let wants = |one: &SubscriptionRow| {
            one.kinds.has(news.payload.kind) && one.created_at <= entry.event.at
        };
        let mut to = store::push::of_user(store, &owner).await?;
        to.retain(wants);
        if to.is_empty() || !known(holds(store, &unless).await)? {
            return Ok(false);
        }
        store::push_log::queue(store, &to, &news, Some(entry.event.number)).await?;
        self.0.bell.notify_one();
        Ok(true)
    }
}

/// What is gone meanwhile is no news, and no reason to stop here.
fn known(found: Result<bool, StoreError>) -> Result<bool, StoreError> {
    match found {
        Err(StoreError::NotFound(_)) => Ok(false),
        other => other,
    }
}

/// False when what the news waits for is not so.
async fn holds(store: &Store, unless: &Unless) -> Result<bool, StoreError> {
    match unless {
        Unless::Never => Ok(true),
        Unless::NotForPerson { agent, reply_to } => {
            let agent = AgentId::parse(agent).map_err(|_| StoreError::NotFound("agent"))?;
            let role = store::agents::get(store, &agent).await?.view.role;
            if news::talks_with_person(role) {
                return Ok(true);
            }
            match reply_to {
                None => Ok(false),
                Some(id) => {
                    let asked = store::messages::get(store, id).await?;
                    // What came of a task is told as the task's end.
                    Ok(asked.view.author == Author::User && asked.task_id.is_none())
                }
            }
        }
    }
}
