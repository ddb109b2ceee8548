//! Terminals: agents' programs in tmux, read and typed into. Knows agents by their ids
//! only; tmux keeps the screens, and nothing here survives the daemon but what tmux has.
//!
//! `Terminals` is the handle. Three readings of one screen: sampled frames (`sampled`),
//! the live stream (`live`), text for machines (`screen`). A recording is a live stream
//! that is written down (`recording`).

pub mod entry;
pub mod flow;
pub mod frame;
pub mod heal;
pub mod history;
pub mod input;
pub mod live;
pub mod recording;
pub mod ring;
pub mod screen;
pub mod search;
pub mod seat;
pub mod wait;

mod flood;
mod lifecycle;
mod sampler;
pub mod servers;
mod source;

use crate::config::Config;
use crate::model::ids::AgentId;
use crate::supervise::Tasks;
use entry::{Entry, PaneState};
use orchestra_protocol::agent::Size;
use orchestra_tmux::error::Error as TmuxError;
use orchestra_tmux::process::Marker;
use parking_lot::Mutex;
use servers::{ServerName, Servers};
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

/// Events that a slow listener may be behind; after `Lagged` it asks `found`.
const EVENTS: usize = 1024;

/// Why a terminal could not do it.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// tmux is missing or too old.
    #[error("{0}")]
    Unavailable(TmuxError),
    /// The agent has no terminal (any more).
    #[error("agent {0} has no terminal")]
    NoTerminal(AgentId),
    /// The agent's program still runs.
    #[error("agent {0} runs already")]
    Runs(AgentId),
    /// The request can never work; the text says why.
    #[error("{0}")]
    Invalid(String),
    /// tmux or the connection to it failed.
    #[error(transparent)]
    Tmux(TmuxError),
}

impl TerminalError {
    /// What tmux said, about this agent.
    pub fn of(agent: &AgentId, error: TmuxError) -> Self {
        match error {
            TmuxError::NotFound => Self::NoTerminal(agent.clone()),
            TmuxError::Invalid(why) => Self::Invalid(why.to_owned()),
            TmuxError::NotInstalled | TmuxError::TooOld { .. } | TmuxError::UnknownVersion(_) => {
                Self::Unavailable(error)
            }
            error => Self::Tmux(error),
        }
    }
}

/// A program to run in a terminal of its own.
#[derive(Debug, Clone)]
pub struct NewTerminal {
    pub agent: AgentId,
    /// The tmux server of its owner.
    pub server: ServerName,
    /// Shown by tmux to a person who attaches.
    pub title: String,
    pub cwd: PathBuf,
    pub size: Size,
    /// The whole environment beyond `PATH`, `HOME` and `LANG`; the marker is added here.
    pub env: Vec<(String, String)>,
    pub argv: Vec<OsString>,
}

/// A program that runs now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaneFacts {
    pub pid: i32,
    /// The size used.
    pub size: Size,
}

/// A terminal of an agent of ours that tmux has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPane {
    pub agent: AgentId,
    pub pid: i32,
    pub title: String,
    pub size: Size,
    /// Its program has ended; the screen is still there until `close`.
    pub dead: bool,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
}

/// What happens to terminals by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminalEvent {
    /// The program ended. Both are `None` when nobody knows how. The screen stays until
    /// `close`, unless the whole session was taken away.
    Died {
        agent: AgentId,
        exit_code: Option<i32>,
        signal: Option<i32>,
    },
    /// An owner's tmux server is dead and every terminal in it; the next `create` starts
    /// another. The servers of others are not concerned.
    ServerLost { agents: Vec<AgentId> },
    /// The screen, the title or the foreground program changed since the last look.
    Changed { agent: AgentId },
    /// The size is another one.
    Resized { agent: AgentId, size: Size },
}

/// Cheap handle to all terminals; clone it freely.
#[derive(Clone)]
pub struct Terminals(Arc<Shared>);

struct Shared {
    servers: Servers,
    entries: Mutex<HashMap<AgentId, Arc<Entry>>>,
    events: broadcast::Sender<TerminalEvent>,
    tasks: Tasks,
    /// Folder of each agent's files: unique to this data folder, so it marks processes.
    agents_dir: PathBuf,
    every: Duration,
}

impl Terminals {
    /// Starts or adopts the tmux servers and begins to watch them.
    ///
    /// # Errors
    /// When tmux is missing, too old or refuses to start.
    pub async fn start(config: &Config, tasks: &Tasks) -> Result<Self, TerminalError> {
        let terminals = Self(Arc::new(Shared {
            servers: Servers::new(config),
            entries: Mutex::new(HashMap::new()),
            events: broadcast::channel(EVENTS).0,
            tasks: tasks.clone(),
            agents_dir: config.paths.data_dir.join("agents"),
            every: Duration::from_secs_f64(1.0 / config.settings.terminal.frames_per_second),
        }));
        terminals.open_servers().await?;
        Ok(terminals)
    }

    /// Everything that happens from now on.
    pub fn events(&self) -> broadcast::Receiver<TerminalEvent> {
        self.0.events.subscribe()
    }

    /// What the last look, at most one tick ago, saw of it.
    pub fn state(&self, agent: &AgentId) -> Option<PaneState> {
        self.0.entries.lock().get(agent)?.state()
    }

    /// Where the tmux of an agent's owner listens, for a person's `tmux attach`.
    ///
    /// # Errors
    /// When the agent has no terminal.
    pub fn socket(&self, agent: &AgentId) -> Result<PathBuf, TerminalError> {
        Ok(self.place(agent)?.0.tmux.socket().to_owned())
    }

    /// Ends every tmux server and every program in it. For administration and tests.
    ///
    /// # Errors
    /// When one does not end.
    pub async fn kill_servers(&self) -> Result<(), TerminalError> {
        for server in self.0.servers.all() {
            let ended = server.tmux.kill_server().await;
            ended.map_err(TerminalError::Tmux)?;
        }
        Ok(())
    }

    fn entry(&self, agent: &AgentId) -> Result<Arc<Entry>, TerminalError> {
        let entry = self.0.entries.lock().get(agent).cloned();
        entry
            .filter(|entry| entry.has_pane())
            .ok_or_else(|| TerminalError::NoTerminal(agent.clone()))
    }

    /// On every process that an agent of this daemon starts, and on no other.
    fn marker(&self, agent: &AgentId) -> Marker {
        Marker::new(MARKER, &self.mark(agent))
    }

    fn mark(&self, agent: &AgentId) -> String {
        self.0
            .agents_dir
            .join(agent.as_str())
            .to_string_lossy()
            .into_owned()
    }

    fn emit(&self, event: TerminalEvent) {
        // No listener is no failure.
        let _ = self.0.events.send(event);
    }
}

/// Each agent's folder in its environment: the name of one agent of one daemon.
const MARKER: &str = "ORCHESTRA_AGENT_DIR";
