//! Recordings: what terminals have shown, as asciicasts. One folder per agent, fed by its
//! live stream; the log route and the player read the same files.

pub mod cast;
pub mod joined;
pub mod reader;
pub mod segments;

mod clock;
mod recorder;
#[cfg(test)]
mod tests;
mod writer;

use super::{TerminalError, Terminals};
use crate::config::Config;
use crate::model::ids::AgentId;
use crate::supervise::Tasks;
use parking_lot::Mutex;
use recorder::Recorder;
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::Semaphore;
use writer::Writer;

/// Cheap handle to all recordings; clone it freely.
#[derive(Clone)]
pub struct Recordings(Arc<Shared>);

struct Shared {
    on: bool,
    /// Most bytes on the disk of one agent's.
    most: u64,
    root: PathBuf,
    /// One recorder of an agent at a time: the next waits until the last has let go.
    turns: Mutex<HashMap<AgentId, Arc<Semaphore>>>,
}

impl Recordings {
    /// As the settings say.
    pub fn new(config: &Config) -> Self {
        let settings = &config.settings.terminal;
        Self(Arc::new(Shared {
            on: settings.recording,
            most: u64::from(settings.recording_max_mib) * 1024 * 1024,
            root: config.paths.data_dir.join("recordings"),
            turns: Mutex::default(),
        }))
    }

    /// Where an agent's recording lies, whether there is one or not.
    pub fn folder(&self, agent: &AgentId) -> PathBuf {
        self.0.root.join(agent.as_str())
    }

    /// True when what terminals show is recorded.
    pub fn is_on(&self) -> bool {
        self.0.on
    }

    /// Begins to record an agent's terminal until it ends; does nothing when recording is
    /// off.
    ///
    /// # Errors
    /// When the agent has no terminal.
    pub fn start(
        &self,
        terminals: &Terminals,
        agent: &AgentId,
        tasks: &Tasks,
    ) -> Result<(), TerminalError> {
        if !self.0.on {
            return Ok(());
        }
        let turn = {
            let mut turns = self.0.turns.lock();
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            let one = turns.entry(agent.clone());
            one.or_insert_with(|| Arc::new(Semaphore::new(1))).clone()
        };
        let (folder, most) = (self.folder(agent), self.0.most);
        // Opened here and now, so that the first words are in it.
        let viewer = terminals.live(agent, None)?;
        let (terminals, agent) = (terminals.clone(), agent.clone());
        tasks.spawn("recorder", move |cancel| async move {
            // The turn is held through all of it; the semaphore is never closed.
            let Some(Ok(_turn)) = cancel.run_until_cancelled(turn.acquire_owned()).await else {
                return;
            };
            let opened = open(&terminals, &agent, folder, most);
            if let Some(Some(writer)) = cancel.run_until_cancelled(opened).await {
                let recorder = Recorder::new(terminals, &agent, viewer, writer);
                recorder.run(cancel).await;
            }
        });
        Ok(())
    }

    /// Forgets what was recorded before that time. Blocking.
    ///
    /// # Errors
    /// When a folder cannot be read or a file not be removed.
    pub fn prune(&self, before: SystemTime, living: &[AgentId]) -> io::Result<()> {
        let folders = match std::fs::read_dir(&self.0.root) {
            Ok(folders) => folders,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for folder in folders {
            let folder = folder?;
            let name = folder.file_name();
            let Some(Ok(agent)) = name.to_str().map(AgentId::parse) else {
                continue;
            };
            segments::prune(&folder.path(), before, !living.contains(&agent))?;
        }
        Ok(())
    }
}

/// Opens the folder as soon as the disk lets it, while the agent runs.
async fn open(
    terminals: &Terminals,
    agent: &AgentId,
    folder: PathBuf,
    most: u64,
) -> Option<Writer> {
    let mut told = false;
    loop {
        let folder = folder.clone();
        let work = tokio::task::spawn_blocking(move || Writer::open(&folder, most));
        match work.await.ok()? {
            Ok(writer) => return Some(writer),
            Err(error) if !std::mem::replace(&mut told, true) => {
                tracing::warn!(agent.id = %agent, %error, "the terminal is not recorded yet");
            }
            Err(_) => {}
        }
        tokio::time::sleep(recorder::RETRY).await;
        terminals.runs(agent)?;
    }
}
