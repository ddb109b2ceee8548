//! Messages to agents, with receipts that rest on evidence, and the agents' answers.
//!
//! `send` stores a message; a courier, one task per agent with something to deliver,
//! takes it through its receipt. What was stored survives any kill: the courier of the
//! next daemon goes on from the row.

pub mod by_screen;
pub mod courier;
pub mod deliver;
pub mod settle;
pub mod shell_output;

use crate::agents::{AgentError, Agents};
use crate::events::Events;
use crate::model::ids::AgentId;
use crate::model::limits::{self, Invalid};
use crate::model::requester::Requester;
use crate::store::messages::NewMessage;
use crate::store::rows::StoredMessage;
use crate::store::{self, Store, StoreError};
use crate::supervise::Tasks;
use orchestra_protocol::message::{Author, MessageStatus};
use orchestra_protocol::time::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A message as its sender gives it.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub text: String,
    pub author: Author,
    /// A UUID of the sender's, or a key of ours; the same one is the same message.
    pub client_id: Option<String>,
    /// Lets a leading `/` or `!` act.
    pub as_command: bool,
    /// The task whose prompt it is.
    pub task_id: Option<i64>,
}

impl Outgoing {
    /// Plain text from a person.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            author: Author::User,
            client_id: None,
            as_command: false,
            task_id: None,
        }
    }
}

/// Cheap handle to all conversations; clone it freely.
#[derive(Clone)]
pub struct Chat {
    pub(in crate::chat) store: Store,
    pub(in crate::chat) events: Events,
    pub(in crate::chat) agents: Agents,
    tasks: Tasks,
    /// When this daemon's couriers began.
    pub(in crate::chat) begun: Timestamp,
    /// Couriers at work, woken when something is new for their agent.
    couriers: Arc<Mutex<HashMap<AgentId, Arc<Notify>>>>,
}

impl Chat {
    /// Goes on with what an earlier daemon left open.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn start(
        store: Store,
        events: Events,
        agents: Agents,
        tasks: &Tasks,
    ) -> Result<Self, StoreError> {
        let chat = Self {
            store,
            events,
            agents,
            tasks: tasks.clone(),
            begun: Timestamp::now(),
            couriers: Arc::default(),
        };
        let mut news = chat.agents.news();
        for agent in store::messages::agents_with_open(&chat.store).await? {
            chat.wake(&agent);
        }
        for agent in store::evidence::agents_with_open(&chat.store).await? {
            chat.wake(&agent);
        }
        let dispatcher = chat.clone();
        tasks.spawn("chat", move |cancel| async move {
            loop {
                let agent = tokio::select! {
                    () = cancel.cancelled() => return,
                    agent = news.recv() => agent,
                };
                match agent {
                    Ok(agent) => dispatcher.wake(&agent),
                    Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {
                        dispatcher.wake_all().await;
                    }
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
                }
            }
        });
        Ok(chat)
    }

    /// Id of a person's primary, running or not.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn primary_of(&self, requester: &Requester) -> Result<AgentId, StoreError> {
        store::agent_ids::primary_of(&self.store, &requester.user.0).await
    }

    /// Sends to the person's primary and starts it if it does not run.
    ///
    /// # Errors
    /// When the text is not valid or the primary cannot start; nothing is stored then.
    pub async fn send_to_primary(
        &self,
        requester: &Requester,
        outgoing: &Outgoing,
    ) -> Result<StoredMessage, ChatError> {
        limits::prompt(&outgoing.text)?;
        let id = self.primary_of(requester).await?;
        self.agents.spawn_primary(requester, &id).await?;
        self.send(requester, &id, outgoing).await
    }

    /// Stores a message for an agent; its receipt moves on by itself.
    ///
    /// # Errors
    /// When the text is not valid, or the agent is unknown or has ended.
    pub async fn send(
        &self,
        requester: &Requester,
        id: &AgentId,
        outgoing: &Outgoing,
    ) -> Result<StoredMessage, ChatError> {
        limits::prompt(&outgoing.text)?;
        let agent = self.agents.get(id).await?;
        // One that starts again by itself gets it then.
        if agent.view.status.is_final() && agent.view.restart_at.is_none() {
            return Err(AgentError::Ended(id.clone()).into());
        }
        let new = NewMessage {
            agent_id: id.clone(),
            client_id: outgoing.client_id.clone(),
            author: outgoing.author,
            sender: requester.label(),
            owner: agent.view.owner,
            text: outgoing.text.clone(),
            as_command: outgoing.as_command,
            status: MessageStatus::Queued,
            evidence: None,
            reply_to: None,
            actions: Vec::new(),
            task_id: outgoing.task_id,
        };
        let (message, new) = store::messages::insert(&self.store, &new).await?;
        if new {
            self.events.wake();
            self.wake(id);
        }
        Ok(message)
    }

    /// An agent's conversation, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(
        &self,
        id: &AgentId,
        before: Option<&str>,
        limit: i64,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        store::messages::list(&self.store, id, before, limit).await
    }

    /// Wakes the agent's courier, or hires one.
    pub(in crate::chat) fn wake(&self, id: &AgentId) {
        let mut couriers = self.couriers.lock();
        if let Some(bell) = couriers.get(id) {
            bell.notify_one();
            return;
        }
        let bell = Arc::new(Notify::new());
        couriers.insert(id.clone(), bell.clone());
        drop(couriers);
        let (chat, id) = (self.clone(), id.clone());
        self.tasks.spawn("courier", move |cancel| async move {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = chat.courier(&id, &bell) => {}
            }
        });
    }

    /// Lets a courier go, unless somebody rang meanwhile.
    pub(in crate::chat) fn dismiss(&self, id: &AgentId, bell: &Notify) -> bool {
        use futures_util::FutureExt;
        let mut couriers = self.couriers.lock();
        if bell.notified().now_or_never().is_some() {
            return false;
        }
        couriers.remove(id);
        true
    }

    async fn wake_all(&self) {
        let open = store::evidence::agents_with_open(&self.store).await;
        let waiting = store::messages::agents_with_open(&self.store).await;
        for id in open.into_iter().chain(waiting).flatten() {
            self.wake(&id);
        }
    }
}

/// How long a courier sleeps when it has nothing to do before the next news.
pub(in crate::chat) const PATIENCE: Duration = Duration::from_millis(500);
