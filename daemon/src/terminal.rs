//! Temporary stand-in while the module is written on its branch.
use crate::config::Config;
use crate::model::ids::AgentId;
use crate::supervise::Tasks;
use orchestra_protocol::agent::Size;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Instant;
use tokio::sync::broadcast;
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    #[error("x {0}")]
    Invalid(String),
}
pub struct NewTerminal {
    pub agent: AgentId,
    pub title: String,
    pub cwd: PathBuf,
    pub size: Size,
    pub env: Vec<(String, String)>,
    pub argv: Vec<OsString>,
}
pub struct PaneFacts {
    pub pid: i32,
    pub size: Size,
}
#[derive(Debug, Clone)]
pub struct FoundPane {
    pub agent: AgentId,
    pub pid: i32,
    pub title: String,
    pub size: Size,
    pub dead: bool,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
}
#[derive(Debug, Clone)]
pub enum TerminalEvent {
    Died {
        agent: AgentId,
        exit_code: Option<i32>,
        signal: Option<i32>,
    },
    ServerLost {
        agents: Vec<AgentId>,
    },
    Changed {
        agent: AgentId,
    },
    Resized {
        agent: AgentId,
        size: Size,
    },
}
#[derive(Clone)]
pub struct Terminals;
pub struct PaneState {
    pub title: String,
}
use orchestra_protocol::terminal::Screen;
#[derive(Default)]
pub struct Grace;
impl Terminals {
    pub async fn start(_c: &Config, _t: &Tasks) -> Result<Self, TerminalError> {
        todo!()
    }
    pub fn events(&self) -> broadcast::Receiver<TerminalEvent> {
        todo!()
    }
    pub fn state(&self, _a: &AgentId) -> Option<PaneState> {
        todo!()
    }
    pub async fn create(&self, _n: NewTerminal) -> Result<PaneFacts, TerminalError> {
        todo!()
    }
    pub fn found(&self) -> Vec<FoundPane> {
        todo!()
    }
    pub async fn close(&self, _a: &AgentId, _g: Grace) -> Result<(), TerminalError> {
        todo!()
    }
    pub async fn keys(&self, _a: &AgentId, _k: &[String]) -> Result<(), TerminalError> {
        todo!()
    }
    pub async fn paste(&self, _a: &AgentId, _k: &str, _b: bool) -> Result<(), TerminalError> {
        todo!()
    }
    pub async fn screen_text(&self, _a: &AgentId) -> Result<Screen, TerminalError> {
        todo!()
    }
    pub fn last_key(&self, _a: &AgentId) -> Option<Instant> {
        todo!()
    }
}
