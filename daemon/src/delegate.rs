//! Tasks given to agents: by another agent, by a person, by an approved plan.
//!
//! A task is stored before anything happens; a driver, one per task with something left
//! to do, takes it through `model::task::step`. The driver of the next daemon goes on
//! from the row, so a result outlives the caller's timeout and any restart.

pub mod budget;
pub mod choose;
pub mod driver;
pub mod hand_over;
pub mod order;
pub mod prompt;
pub mod prompting;
pub mod tree;

use crate::agents::{AgentError, Agents};
use crate::chat::{Chat, ChatError};
use crate::config::Config;
use crate::events::Events;
use crate::model::ids::{AgentId, TaskId};
use crate::model::limits::Invalid;
use crate::model::requester::Requester;
use crate::model::task::{Command, Reject};
use crate::store::rows::StoredTask;
use crate::store::tasks::{ApplyError, Note};
use crate::store::{self, Store, StoreError};
use crate::supervise::Tasks;
use orchestra_protocol::event::EventBody;
use orchestra_protocol::task::{Decision, Declared};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;

/// Why a task was not taken or not changed.
#[derive(Debug, thiserror::Error)]
pub enum DelegateError {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The tree of agents may not grow this way.
    #[error("{0}")]
    Refused(String),
    #[error("the task cannot do that now: {0}")]
    State(#[from] Reject),
    /// What it was to do with is used up.
    #[error("{0}")]
    Spent(String),
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error(transparent)]
    Chat(#[from] ChatError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ApplyError> for DelegateError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Reject(reject) => Self::State(reject),
            ApplyError::Store(error) => Self::Store(error),
        }
    }
}

/// Cheap handle to all tasks; clone it freely.
#[derive(Clone)]
pub struct Delegate {
    pub(in crate::delegate) config: Arc<Config>,
    pub(in crate::delegate) store: Store,
    pub(in crate::delegate) events: Events,
    pub(in crate::delegate) agents: Agents,
    pub(in crate::delegate) chat: Chat,
    tasks: Tasks,
    /// Drivers at work, woken when something changed.
    drivers: Arc<Mutex<HashMap<TaskId, Arc<Notify>>>>,
    /// What parts of tasks were found to have spent.
    pub(in crate::delegate) parts: Arc<tree::Parts>,
}

impl Delegate {
    /// Goes on with what an earlier daemon left open.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn start(
        config: Arc<Config>,
        store: Store,
        events: Events,
        agents: Agents,
        chat: Chat,
        tasks: &Tasks,
    ) -> Result<Self, StoreError> {
        let delegate = Self {
            config,
            store,
            events,
            agents,
            chat,
            tasks: tasks.clone(),
            drivers: Arc::default(),
            parts: Arc::default(),
        };
        store::assignment::free_orphans(&delegate.store).await?;
        let mut feed = delegate.events.subscribe();
        for task in store::task_reads::unsettled(&delegate.store).await? {
            delegate.drive(TaskId(task.view.id));
        }
        let dispatcher = delegate.clone();
        tasks.spawn("delegate", move |cancel| async move {
            loop {
                let entry = tokio::select! {
                    () = cancel.cancelled() => return,
                    entry = feed.recv() => entry,
                };
                match entry {
                    Ok(entry) => dispatcher.ring(&entry.event.body),
                    Err(RecvError::Lagged(_)) => dispatcher.ring_all(),
                    Err(RecvError::Closed) => return,
                }
            }
        });
        Ok(delegate)
    }

    /// One task.
    ///
    /// # Errors
    /// `NotFound` when there is none of that number.
    pub async fn get(&self, id: TaskId) -> Result<StoredTask, StoreError> {
        store::task_reads::get(&self.store, id).await
    }

    /// Tasks, newest first; of one owner or all, of one calling agent or any.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(
        &self,
        owner: Option<&str>,
        caller: Option<&str>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<StoredTask>, StoreError> {
        store::task_reads::list(&self.store, owner, caller, before, limit).await
    }

    /// Waits until the task has ended, at most `patience`; answers how it stands then.
    ///
    /// # Errors
    /// When the task is unknown or the store fails.
    pub async fn wait(&self, id: TaskId, patience: Duration) -> Result<StoredTask, StoreError> {
        // Subscribed before the look, so that an end in between is not missed.
        let mut feed = self.events.subscribe();
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let task = self.get(id).await?;
            if task.view.status.is_final() {
                return Ok(task);
            }
            loop {
                let entry = tokio::select! {
                    () = tokio::time::sleep_until(deadline) => return Ok(task),
                    entry = feed.recv() => entry,
                };
                match entry {
                    Ok(entry) => {
                        let ours = matches!(&entry.event.body, EventBody::Task { task } if task.id == id.0);
                        if ours {
                            break;
                        }
                    }
                    Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return Ok(task),
                }
            }
        }
    }

    /// A person's answer to a plan: all of its tasks begin, or none.
    ///
    /// # Errors
    /// `State` when one of them does not wait for an answer.
    pub async fn decide(
        &self,
        requester: &Requester,
        ids: &[TaskId],
        decision: Decision,
    ) -> Result<Vec<StoredTask>, DelegateError> {
        let (command, reason) = match decision {
            Decision::Approve => (Command::Approve, format!("approved by {}", requester.name)),
            Decision::Reject => (Command::Reject, format!("rejected by {}", requester.name)),
        };
        let note = Note {
            reason: Some(&reason),
            ..Note::default()
        };
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let decided = store::tasks::apply_all(&self.store, &ids, &command, &note).await?;
        self.events.wake();
        match decision {
            Decision::Approve => ids.iter().for_each(|id| self.drive(*id)),
            Decision::Reject => self.tell_rejected(requester, &decided).await,
        }
        Ok(decided)
    }

    /// Calls a task off, whatever it is doing.
    ///
    /// # Errors
    /// `State` when it has ended already.
    pub async fn cancel(
        &self,
        requester: &Requester,
        id: TaskId,
    ) -> Result<StoredTask, DelegateError> {
        let reason = format!("called off by {}", requester.label());
        let note = Note {
            reason: Some(&reason),
            ..Note::default()
        };
        let task = store::tasks::apply(&self.store, id, &Command::Cancel, &note).await?;
        self.events.wake();
        self.break_off(&task).await;
        self.drive(id);
        Ok(task)
    }

    /// Does an ended task again.
    ///
    /// # Errors
    /// `State` when it has not ended.
    pub async fn retry(&self, id: TaskId) -> Result<StoredTask, DelegateError> {
        let task = self.get(id).await?;
        self.check_left(&task)?;
        self.check_above(task.view.parent_task_id).await?;
        let note = Note::default();
        let task = store::tasks::apply(&self.store, id, &Command::Retry, &note).await?;
        self.events.wake();
        self.drive(id);
        Ok(task)
    }

    /// What the working agent itself says of its result.
    ///
    /// # Errors
    /// `Refused` when the agent works on no task.
    pub async fn report(
        &self,
        agent: &AgentId,
        declared: &Declared,
    ) -> Result<StoredTask, DelegateError> {
        let working = self.agents.get(agent).await?;
        let none = || {
            DelegateError::Refused("you work on no task, so there is nothing to report on".into())
        };
        let id = TaskId(working.view.task_id.ok_or_else(none)?);
        let task = self.get(id).await?;
        if task.view.agent_id.as_deref() != Some(agent.as_str()) {
            return Err(none());
        }
        if !store::tasks::declare(&self.store, id, task.attempt, declared).await? {
            return Err(none());
        }
        Ok(self.get(id).await?)
    }

    /// Wakes the task's driver, or hires one.
    pub(in crate::delegate) fn drive(&self, id: TaskId) {
        let mut drivers = self.drivers.lock();
        if let Some(bell) = drivers.get(&id) {
            bell.notify_one();
            return;
        }
        let bell = Arc::new(Notify::new());
        drivers.insert(id, bell.clone());
        drop(drivers);
        let delegate = self.clone();
        self.tasks.spawn("task driver", move |cancel| async move {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = delegate.driver(id, &bell) => {}
            }
        });
    }

    /// Lets a driver go, unless somebody rang meanwhile.
    pub(in crate::delegate) fn dismiss(&self, id: TaskId, bell: &Notify) -> bool {
        use futures_util::FutureExt;
        let mut drivers = self.drivers.lock();
        if bell.notified().now_or_never().is_some() {
            return false;
        }
        drivers.remove(&id);
        true
    }

    /// Anything that changed may be what a driver waits for; there are few.
    fn ring(&self, body: &EventBody) {
        match body {
            EventBody::Task { task } => self.drive(TaskId(task.id)),
            EventBody::Agent { .. } | EventBody::Message { .. } => self.ring_all(),
            EventBody::Approval { .. } | EventBody::Worktree { .. } => {}
        }
    }

    fn ring_all(&self) {
        for bell in self.drivers.lock().values() {
            bell.notify_one();
        }
    }
}
