//! The feed as one socket sees it: in order, without a gap, only what the caller may read.

use crate::auth::principal::Principal;
use crate::events::Events;
use crate::http::access;
use crate::model::ids::AgentId;
use crate::store::events::Entry;
use orchestra_protocol::event::EventBody;
use orchestra_protocol::message::Author;
use orchestra_protocol::socket::ServerMessage;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};

/// More missed entries than this are cheaper read as lists.
const MAX_REPLAY: i64 = 2000;
const BATCH: i64 = 256;
/// Pause after the store could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// A place in the feed.
pub(super) struct Feed {
    events: Events,
    news: broadcast::Receiver<Arc<Entry>>,
    /// The last number given.
    last: i64,
    read: VecDeque<Entry>,
    /// Entries after `last` have to be read from the store.
    behind: bool,
}

/// What comes next.
pub(super) enum Next {
    Entry(Box<Entry>),
    Shared(Arc<Entry>),
    /// Too much was missed, or it is gone.
    Resync(i64),
}

impl Feed {
    pub(super) fn new(events: Events, news: broadcast::Receiver<Arc<Entry>>, last: i64) -> Self {
        Self {
            events,
            news,
            last,
            read: VecDeque::new(),
            behind: false,
        }
    }

    /// Goes on after `number`, which the client remembers.
    pub(super) async fn resume(&mut self, number: i64) -> Option<i64> {
        let Ok((oldest, newest)) = self.events.range().await else {
            return Some(self.last);
        };
        self.read.clear();
        let lost = number.saturating_add(1) < oldest
            || number > newest
            || newest.saturating_sub(number) > MAX_REPLAY;
        self.last = if lost { newest } else { number };
        self.behind = true;
        lost.then_some(newest)
    }

    /// The next entry. Nothing is lost if the future is dropped.
    pub(super) async fn next(&mut self) -> Next {
        loop {
            if let Some(entry) = self.read.pop_front() {
                self.last = entry.event.number;
                return Next::Entry(Box::new(entry));
            }
            if self.behind {
                match self.events.after(self.last, BATCH).await {
                    Ok(entries) if entries.is_empty() => self.behind = false,
                    Ok(entries) => self.read = entries.into(),
                    Err(error) => {
                        tracing::error!(%error, "the feed cannot be read");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
                continue;
            }
            match self.news.recv().await {
                Ok(entry) if entry.event.number > self.last => {
                    self.last = entry.event.number;
                    return Next::Shared(entry);
                }
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => {
                    if i64::try_from(missed).unwrap_or(i64::MAX) > MAX_REPLAY {
                        // It may be read from the lists, which the client does better.
                        let newest = self
                            .events
                            .range()
                            .await
                            .map_or(self.last, |(_, newest)| newest);
                        self.last = newest;
                        return Next::Resync(newest);
                    }
                    self.behind = true;
                }
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

/// The message for an entry, if the caller may read what it is about.
pub(super) fn message(entry: &Entry, principal: &Principal) -> Option<ServerMessage> {
    if !access::may_read(principal, &entry.owner, &entry.event.body) {
        return None;
    }
    let event = entry.event.number;
    Some(match &entry.event.body {
        EventBody::Agent { agent } => ServerMessage::AgentUpdate {
            agent: agent.clone(),
            event,
        },
        EventBody::Task { task } => ServerMessage::TaskUpdate {
            task_id: task.id,
            agent: worker(
                task.specialist.as_deref(),
                task.kind.as_deref(),
                task.agent_id.as_deref(),
            ),
            status: task.status,
            elapsed_ms: task.elapsed_ms,
            agent_id: task.agent_id.clone(),
            title: task.title.clone(),
            reason: task.reason.clone(),
            result: task.result.as_ref().map(|result| result.text.clone()),
            error: task.error.clone(),
            event,
        },
        EventBody::Message { message } if message.author == Author::Assistant => {
            ServerMessage::ClaudeResponse {
                content: message.text.clone(),
                actions: message.actions.clone(),
                session_id: session(&message.agent_id),
                message_id: message.id.clone(),
                event,
            }
        }
        EventBody::Approval { approval } => ServerMessage::Approval {
            approval: approval.clone(),
            event,
        },
        EventBody::Worktree { worktree, removed } => ServerMessage::Worktree {
            worktree: worktree.clone(),
            removed: *removed,
            event,
        },
        EventBody::Message { message } => ServerMessage::Receipt {
            message: (**message).clone(),
            event,
        },
    })
}

/// Who works on a task: the specialist, else the kind, else the word of the agent's id.
fn worker(specialist: Option<&str>, kind: Option<&str>, agent: Option<&str>) -> String {
    let word = agent.and_then(|id| id.split('-').next());
    specialist.or(kind).or(word).unwrap_or("agent").to_owned()
}

fn session(agent: &str) -> String {
    AgentId::parse(agent).map_or_else(|_| agent.to_owned(), |id| id.session())
}
