//! Sampled frames: one capture and one encoding of a screen for everybody who watches it.

use super::entry::wire_size;
use super::{TerminalError, Terminals};
use crate::model::ids::AgentId;
use bytes::Bytes;
use orchestra_protocol::agent::Size;
use orchestra_protocol::socket::ServerMessage;
use orchestra_protocol::time::Timestamp;
use orchestra_tmux::snapshot::Snapshot;
use std::sync::Arc;
use tokio::sync::watch;

/// A whole screen: its data, written to any emulator of that size, gives the screen.
#[derive(Debug, PartialEq, Eq)]
pub struct SampledFrame {
    pub session_id: String,
    pub size: Size,
    pub timestamp: Timestamp,
    /// Rows placed by cursor address, with colours.
    pub data: String,
    /// The `terminal_output` message, encoded once.
    pub json: Bytes,
}

impl SampledFrame {
    pub(super) fn new(agent: &AgentId, screen: &Snapshot) -> Self {
        let data = String::from_utf8_lossy(&screen.screen_frame()).into_owned();
        let size = wire_size(screen.modes.size);
        let timestamp = Timestamp::now();
        let message = ServerMessage::TerminalOutput {
            session_id: agent.session(),
            data,
            timestamp: timestamp.0,
            cols: size.cols,
            rows: size.rows,
        };
        let json = serde_json::to_vec(&message).unwrap_or_default().into();
        let ServerMessage::TerminalOutput {
            session_id, data, ..
        } = message
        else {
            unreachable!("it was made above")
        };
        Self {
            session_id,
            size,
            timestamp,
            data,
            json,
        }
    }

    /// The same picture; when it was taken does not matter.
    pub(super) fn shows_the_same(&self, other: &Self) -> bool {
        self.size == other.size && self.data == other.data
    }
}

/// One watcher of one terminal. A slow one gets only the newest frame.
#[derive(Debug)]
pub struct SampledViewer {
    frames: watch::Receiver<Option<Arc<SampledFrame>>>,
    started: bool,
}

impl SampledViewer {
    /// The next frame: the first at once or as soon as there is one, then each change.
    /// `None` when the terminal is forgotten. Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Arc<SampledFrame>> {
        loop {
            if self.started {
                self.frames.changed().await.ok()?;
            }
            self.started = true;
            let frame = self.frames.borrow_and_update().clone();
            if frame.is_some() {
                return frame;
            }
        }
    }
}

impl Terminals {
    /// Watches a terminal in sampled frames.
    ///
    /// # Errors
    /// When the agent has no terminal.
    pub fn sampled(&self, agent: &AgentId) -> Result<SampledViewer, TerminalError> {
        let entry = self.entry(agent)?;
        let (server, _) = self.place(agent)?;
        if !entry.watched() {
            // The last frame may be of any age.
            entry.frames.send_replace(None);
            entry.with_pane(|pane| pane.captured = None);
        }
        let frames = entry.frames.subscribe();
        server.wanted.notify_one();
        Ok(SampledViewer {
            frames,
            started: false,
        })
    }
}
