//! Keeps the live reading of a terminal open and writes it into the agent's log.

use super::live::LiveChunk;
use super::log::LogWriter;
use super::{TerminalError, Terminals};
use crate::model::ids::AgentId;
use crate::supervise::Tasks;
use std::path::PathBuf;

impl Terminals {
    /// Records a terminal into `folder` until it ends. A beginning, and every gap, is a
    /// snapshot of the whole screen, so that the log can be read from there.
    ///
    /// # Errors
    /// When the agent has no terminal.
    pub fn record(
        &self,
        agent: &AgentId,
        folder: PathBuf,
        tasks: &Tasks,
    ) -> Result<(), TerminalError> {
        let mut viewer = self.live(agent, None)?;
        let agent = agent.clone();
        tasks.spawn("recorder", move |cancel| async move {
            let mut log = match LogWriter::open(&folder) {
                Ok(log) => log,
                Err(error) => {
                    tracing::warn!(agent.id = %agent, %error, "the output is not recorded");
                    return;
                }
            };
            let acks = viewer.acks();
            let mut total = 0u64;
            let mut write = |bytes: &[u8]| {
                total += bytes.len() as u64;
                // A count that was sent cannot be refused.
                let _ = acks.acknowledge(total);
                log.append(bytes)
            };
            loop {
                let chunk = tokio::select! {
                    () = cancel.cancelled() => return,
                    chunk = viewer.next() => chunk,
                };
                let written = match chunk {
                    LiveChunk::Output { bytes, .. } => write(&bytes),
                    LiveChunk::Snapshot { parts, .. } => {
                        parts.iter().try_for_each(|part| write(part))
                    }
                    LiveChunk::Gap { .. } | LiveChunk::Hash { .. } | LiveChunk::Heal { .. } => {
                        Ok(())
                    }
                    LiveChunk::Ended => return,
                };
                if let Err(error) = written {
                    tracing::warn!(agent.id = %agent, %error, "the recording broke off");
                    return;
                }
            }
        });
        Ok(())
    }
}
