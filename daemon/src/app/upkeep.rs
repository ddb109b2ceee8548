//! What goes on beside the serving: old entries are forgotten, ends and sizes that one
//! part learns of are told to the others.

use crate::agents::Agents;
use crate::events::Events;
use crate::http::AppState;
use crate::store::{self};
use crate::supervise::Tasks;
use crate::terminal::TerminalEvent;
use orchestra_protocol::event::EventBody;
use orchestra_protocol::time::Timestamp;
use std::time::{Duration, SystemTime};
use tokio::sync::broadcast::error::RecvError;

/// How often what is past its retention is forgotten.
const PRUNE: Duration = Duration::from_secs(3600);
const DAY_MS: i64 = 86_400_000;

/// Starts all of it.
pub fn start(state: &AppState, tasks: &Tasks) {
    forget(state, tasks);
    end_rights(state, tasks);
    keep_sizes(state, tasks);
}

fn forget(state: &AppState, tasks: &Tasks) {
    let (store, config) = (state.store.clone(), state.config.clone());
    let (audit, agents) = (state.audit.clone(), state.agents.clone());
    tasks.spawn("retention", move |cancel| async move {
        let mut tick = tokio::time::interval(PRUNE);
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = tick.tick() => {}
            }
            let days = |days: u32| Timestamp(Timestamp::now().0 - i64::from(days) * DAY_MS);
            let before = days(config.settings.retention.events_days);
            let ended = days(config.settings.retention.ended_days);
            let pruned = async {
                store::retention::prune(&store, ended).await?;
                store::events::prune(&store, before).await?;
                store::evidence::prune(&store, before).await?;
                store::approvals::prune(&store, before).await?;
                store::push_log::prune(&store, before).await?;
                store::idempotency::prune(&store).await
            };
            if let Err(error) = pruned.await {
                tracing::warn!(%error, "old entries could not be forgotten");
            }
            agents.worktrees().forget_looks().await;
            forget_recordings(&agents, days(config.settings.retention.recordings_days)).await;
            let before = days(config.settings.retention.audit_days);
            if let Err(error) = audit.prune(before).await {
                tracing::warn!(%error, "old parts of the audit record could not be forgotten");
            }
            // In the log it lies in a second place, which on most machines is another user's.
            match audit.checkpoint().await {
                Ok(made) => {
                    tracing::info!(
                        audit.seq = made.seq,
                        audit.hash = made.hash,
                        made.signature,
                        "audit checkpoint"
                    );
                }
                Err(error) => tracing::warn!(%error, "no checkpoint of the audit record was made"),
            }
        }
    });
}

async fn forget_recordings(agents: &Agents, before: Timestamp) {
    let (recordings, living) = (agents.recordings().clone(), agents.living());
    let before = Duration::from_millis(u64::try_from(before.0).unwrap_or_default());
    let work = move || recordings.prune(SystemTime::UNIX_EPOCH + before, &living);
    if let Ok(Err(error)) = tokio::task::spawn_blocking(work).await {
        tracing::warn!(%error, "old recordings could not be forgotten");
    }
}

/// An agent's token ends with the agent: decisions made before are made anew.
fn end_rights(state: &AppState, tasks: &Tasks) {
    let (auth, mut feed) = (state.auth.clone(), state.events.subscribe());
    tasks.spawn("ended rights", move |cancel| async move {
        loop {
            let entry = tokio::select! {
                () = cancel.cancelled() => return,
                entry = feed.recv() => entry,
            };
            match entry {
                Ok(entry) => {
                    let ended = matches!(&entry.event.body,
                        EventBody::Agent { agent } if agent.status.is_final());
                    if ended {
                        auth.bump();
                    }
                }
                Err(RecvError::Lagged(_)) => auth.bump(),
                Err(RecvError::Closed) => return,
            }
        }
    });
}

/// A terminal's size is the agent's, and everybody who sees the agent sees it.
fn keep_sizes(state: &AppState, tasks: &Tasks) {
    let (store, events) = (state.store.clone(), state.events.clone());
    let mut changes = state.terminals.events();
    tasks.spawn("sizes", move |cancel| async move {
        loop {
            let change = tokio::select! {
                () = cancel.cancelled() => return,
                change = changes.recv() => change,
            };
            match change {
                Ok(TerminalEvent::Resized { agent, size }) => {
                    let stored = store::agents::set_size(&store, &agent, size).await;
                    told(&events, stored.map(|_| ()));
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}

fn told(events: &Events, stored: Result<(), store::StoreError>) {
    match stored {
        Ok(()) => events.wake(),
        Err(error) => tracing::warn!(%error, "a size was not stored"),
    }
}
