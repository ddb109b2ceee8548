//! Agents: how they start, what they do, how they end. Everything above asks here.

pub mod adapter;
pub mod adopt;
pub mod budget;
pub mod files;
pub mod explain;
pub mod folder;
pub mod hooks;
pub mod interrupt;
pub mod journal;
pub mod kinds;
pub mod launch;
pub mod lifecycle;
pub mod mask;
pub mod order;
pub mod overlay;
pub mod quota;
pub mod restart;
pub mod resume;
pub mod signals;
pub mod start;
pub mod told;
pub mod stuck;
pub mod watch;

use crate::config::Config;
use crate::events::Events;
use crate::model::evidence::Source;
use crate::model::ids::AgentId;
use crate::model::limits::Invalid;
use crate::store::agents::AddError;
use crate::store::rows::StoredAgent;
use crate::store::{self, Store, StoreError};
use crate::supervise::Tasks;
use crate::terminal::recording::Recordings;
use crate::terminal::{TerminalError, Terminals};
use crate::transcripts::Transcripts;
use crate::worktrees::{WorktreeError, Worktrees};
use adapter::{Adapter, Reading, Told};
use kinds::Kinds;
use orchestra_protocol::agent::Activity;
use orchestra_protocol::time::Timestamp;
use parking_lot::Mutex;
use signals::Signals;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

/// News that a slow listener may miss; it then looks at everything.
const NEWS: usize = 1024;

/// Why an agent could not be started or steered.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("there is no agent kind {0:?}; there are {known}", known = adapter::kinds())]
    UnknownKind(String),
    #[error("there is no specialist {0:?}; the [[specialists]] of the configuration list them")]
    UnknownSpecialist(String),
    #[error("{kind} is not installed. {remedy}")]
    NotInstalled {
        kind: &'static str,
        remedy: &'static str,
    },
    /// Too many were made lately; only time helps.
    #[error("{0}")]
    Cap(String),
    /// Too many live; an end of one makes room.
    #[error("{0}")]
    Full(String),
    #[error("agent {0} has ended")]
    Ended(AgentId),
    #[error("agent {0} still runs; kill it first")]
    Alive(AgentId),
    /// A found session that cannot go on, or not now.
    #[error("the session cannot be resumed: {0}")]
    NotResumable(String),
    #[error("the process could not be started: {0}")]
    Start(String),
    #[error(transparent)]
    Worktree(#[from] WorktreeError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AddError> for AgentError {
    fn from(error: AddError) -> Self {
        match error {
            AddError::Store(error) => Self::Store(error),
            AddError::TooManyLive { .. } => Self::Full(error.to_string()),
            AddError::TooManyNew { .. } => Self::Cap(error.to_string()),
        }
    }
}

/// What is known of a living agent beyond the store.
#[derive(Debug, Default)]
pub(in crate::agents) struct Live {
    signals: Signals,
    /// The CLI said that its conversation began.
    bound: bool,
    /// What was decided and stored last.
    shown: Option<Activity>,
    /// How far the CLI's own record of prompts was read.
    pub(in crate::agents) journal: journal::Place,
    /// Since when nothing can be seen of its work.
    pub(in crate::agents) stuck: stuck::Stillness,
    /// What was counted of its spending.
    pub(in crate::agents) count: budget::Counting,
    /// When it was last interrupted to end its turn.
    pub(in crate::agents) pressed: Option<Instant>,
}

impl Live {
    /// True when the CLI itself said something about its state.
    fn heard(&self) -> bool {
        self.bound || self.signals.has_own_word()
    }
}

/// The parts that agents stand on.
pub struct Below {
    pub transcripts: Transcripts,
    pub worktrees: Worktrees,
    pub terminals: Terminals,
}

/// Cheap handle to all agents; clone it freely.
#[derive(Clone)]
pub struct Agents {
    pub(in crate::agents) config: Arc<Config>,
    pub(in crate::agents) store: Store,
    pub(in crate::agents) events: Events,
    pub(in crate::agents) transcripts: Transcripts,
    pub(in crate::agents) worktrees: Worktrees,
    pub(in crate::agents) terminals: Terminals,
    pub(in crate::agents) kinds: Kinds,
    recordings: Recordings,
    /// Set while agents start masked.
    mask: Option<Arc<mask::Mask>>,
    /// Our own binary, which agents run for hooks and MCP.
    pub(in crate::agents) orchestra: Arc<PathBuf>,
    tasks: Tasks,
    live: Arc<Mutex<HashMap<AgentId, Live>>>,
    news: broadcast::Sender<AgentId>,
    /// One start or end of an agent at a time.
    turns: Arc<Mutex<HashMap<AgentId, Arc<Semaphore>>>>,
    /// One activity is decided and stored at a time, so that the last decided is the
    /// last stored.
    deciding: Arc<Semaphore>,
    /// One conversation is taken up at a time, so that none gets two writers.
    pub(in crate::agents) resuming: Arc<Semaphore>,
}

impl Agents {
    /// Reconciles the store with tmux, then watches.
    ///
    /// # Errors
    /// When the store or tmux cannot be read.
    pub async fn start(
        config: Arc<Config>,
        store: Store,
        events: Events,
        below: Below,
        orchestra: PathBuf,
        tasks: &Tasks,
    ) -> Result<Self, AgentError> {
        let mask = mask::Mask::find(&config).await.unwrap_or_else(|reason| {
            tracing::warn!("agents can read this daemon's folders: {reason}");
            None
        });
        let agents = Self {
            mask: mask.map(Arc::new),
            kinds: Kinds::new(config.clone()),
            recordings: Recordings::new(&config),
            config,
            store,
            events,
            transcripts: below.transcripts,
            worktrees: below.worktrees,
            terminals: below.terminals,
            orchestra: Arc::new(orchestra),
            tasks: tasks.clone(),
            live: Arc::default(),
            news: broadcast::channel(NEWS).0,
            turns: Arc::default(),
            deciding: Arc::new(Semaphore::new(1)),
            resuming: Arc::new(Semaphore::new(1)),
        };
        // Subscribed before the reconciliation, so that a death in between is seen.
        let deaths = agents.terminals.events();
        agents.adopt().await?;
        agents.clone().watch(deaths, tasks);
        Ok(agents)
    }

    /// One agent.
    ///
    /// # Errors
    /// `NotFound` when there is none of that id.
    pub async fn get(&self, id: &AgentId) -> Result<StoredAgent, StoreError> {
        store::agents::get(&self.store, id).await
    }

    /// Agents, newest first; of one owner, or of all.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list(
        &self,
        owner: Option<&str>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<StoredAgent>, StoreError> {
        store::agents::list(&self.store, owner, before, limit).await
    }

    /// Agents that start or run.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn live(&self) -> Result<Vec<StoredAgent>, StoreError> {
        store::agents::live(&self.store).await
    }

    /// True while the daemon's folders are hidden from new agents.
    pub fn masked(&self) -> bool {
        self.mask.is_some()
    }

    /// The folders of their own that agents work in.
    pub fn worktrees(&self) -> &Worktrees {
        &self.worktrees
    }

    /// What is known of the CLIs.
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// What agents' terminals have shown.
    pub fn recordings(&self) -> &Recordings {
        &self.recordings
    }

    /// Begins to record what an agent's terminal shows. A recording that cannot begin
    /// stops no agent.
    pub(in crate::agents) fn record(&self, id: &AgentId) {
        let started = self.recordings.start(&self.terminals, id, &self.tasks);
        if let Err(error) = started {
            tracing::warn!(agent.id = %id, %error, "the terminal is not recorded");
        }
    }

    /// The terminals that agents live in.
    pub fn terminals(&self) -> &Terminals {
        &self.terminals
    }

    /// Ids of agents of which something changed: activity, evidence, end.
    pub fn news(&self) -> broadcast::Receiver<AgentId> {
        self.news.subscribe()
    }

    /// What the agent's screen shows now, read by its adapter's rules.
    ///
    /// # Errors
    /// When the screen cannot be captured.
    pub async fn look(&self, id: &AgentId, adapter: &dyn Adapter) -> Result<Reading, AgentError> {
        let screen = self.terminals.screen_text(id).await?;
        let rows: Vec<&str> = screen.text.lines().collect();
        Ok(adapter.read_screen(&rows, (screen.cursor.x, screen.cursor.y)))
    }

    /// Notes what a source says of an agent's activity and stores what follows from it.
    pub(in crate::agents) async fn tell(
        &self,
        id: &AgentId,
        source: Source,
        told: Option<Told>,
        detail: &str,
    ) {
        let now = Timestamp::now();
        let changed = self.with_live(id, |live| match told {
            Some(told) => live.signals.tell(source, told, now, detail),
            None => live.signals.silence(source),
        });
        if let Some(told) = told
            && (changed == Some(true) || source.is_event())
        {
            tracing::debug!(
                agent.id = %id, signal.at = now.0, signal.source = source.word(),
                signal.state = ?told.state, signal.waiting_for = ?told.waiting_for,
                "a signal: {detail}"
            );
        }
        if changed.is_some() {
            self.settle_activity(id, now).await;
        }
    }

    /// Stores the activity when it differs from the one stored last.
    pub(in crate::agents) async fn settle_activity(&self, id: &AgentId, now: Timestamp) {
        let _deciding = self.deciding.acquire().await;
        let decided = self.with_live(id, |live| {
            let decided = live.signals.decide(now);
            let same = live.shown.as_ref().is_some_and(|shown| {
                (shown.state, shown.waiting_for, shown.until)
                    == (decided.state, decided.waiting_for, decided.until)
            });
            (!same).then(|| {
                live.shown = Some(decided.clone());
                decided
            })
        });
        let Some(Some(activity)) = decided else {
            return;
        };
        match store::agents::set_activity(&self.store, id, &activity).await {
            Ok(_) => self.announce(id),
            Err(error) => {
                tracing::error!(agent.id = %id, %error, "an activity was not stored");
                // The next look decides and stores it again.
                self.with_live(id, |live| live.shown = None);
            }
        }
    }

    /// Tells everybody that something about an agent changed.
    pub(in crate::agents) fn announce(&self, id: &AgentId) {
        self.events.wake();
        // No listener is no failure.
        let _ = self.news.send(id.clone());
    }

    /// Holds off every other start and end of this agent while the guard lives.
    pub(in crate::agents) async fn turn(&self, id: &AgentId) -> Option<OwnedSemaphorePermit> {
        let turn = {
            let mut turns = self.turns.lock();
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            let one = turns.entry(id.clone());
            one.or_insert_with(|| Arc::new(Semaphore::new(1))).clone()
        };
        // It is never closed, so there is always a permit.
        turn.acquire_owned().await.ok()
    }

    pub(in crate::agents) fn with_live<T>(
        &self,
        id: &AgentId,
        act: impl FnOnce(&mut Live) -> T,
    ) -> Option<T> {
        self.live.lock().get_mut(id).map(act)
    }

    pub(in crate::agents) fn add_live(&self, id: &AgentId, live: Live) {
        self.live.lock().insert(id.clone(), live);
    }

    pub(in crate::agents) fn drop_live(&self, id: &AgentId) {
        self.live.lock().remove(id);
    }

    /// Agents that are watched now.
    pub fn living(&self) -> Vec<AgentId> {
        self.live.lock().keys().cloned().collect()
    }
}
