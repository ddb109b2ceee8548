//! What goes into a terminal: bytes, named keys, pastes, sizes; and who may send it.
//! Rights are checked above; the seat is a fact here, its rule is kept by the caller.

use super::entry::{tmux_size, wire_size};
use super::seat::Seat;
use super::servers::Server;
use super::{TerminalError, TerminalEvent, Terminals};
use crate::model::ids::AgentId;
use orchestra_protocol::agent::Size;
use orchestra_tmux::ids::PaneId;
use orchestra_tmux::input::sanitize_paste;
use orchestra_tmux::key::Key;
use std::sync::Arc;
use std::time::Instant;

impl Terminals {
    /// Types bytes exactly as they are.
    ///
    /// # Errors
    /// When the agent has no terminal or tmux fails.
    pub async fn input(&self, agent: &AgentId, bytes: &[u8]) -> Result<(), TerminalError> {
        let (server, pane) = self.place(agent)?;
        server
            .tmux
            .send_literal(pane, bytes)
            .await
            .map_err(|error| TerminalError::of(agent, error))?;
        self.count_typed(agent, bytes.len());
        Ok(())
    }

    /// Presses keys by name, such as `C-c` and `Enter`.
    ///
    /// # Errors
    /// When a name is unknown (nothing is pressed then), or as `input`.
    pub async fn keys(&self, agent: &AgentId, names: &[String]) -> Result<(), TerminalError> {
        let key = |name: &String| {
            Key::parse(name).map_err(|_| {
                let name: String = name.chars().filter(|letter| !letter.is_control()).take(20).collect();
                TerminalError::Invalid(format!(
                    "there is no key {name:?}; keys are Enter, Escape, Tab, Up, F1, C-c, M-x and such"
                ))
            })
        };
        let keys = names.iter().map(key).collect::<Result<Vec<_>, _>>()?;
        let (server, pane) = self.place(agent)?;
        server
            .tmux
            .send_keys(pane, &keys)
            .await
            .map_err(|error| TerminalError::of(agent, error))?;
        self.count_typed(agent, keys.len());
        Ok(())
    }

    /// Pastes text in one block, without escape sequences and other control characters
    /// but tabs and line ends. `bracketed` marks it as a paste where the program asks
    /// for that, so that line ends do not submit.
    ///
    /// # Errors
    /// As `input`.
    pub async fn paste(
        &self,
        agent: &AgentId,
        text: &str,
        bracketed: bool,
    ) -> Result<(), TerminalError> {
        let (server, pane) = self.place(agent)?;
        let clean = sanitize_paste(text);
        let pasted = server.tmux.paste(pane, clean.as_bytes(), bracketed).await;
        pasted.map_err(|error| TerminalError::of(agent, error))?;
        self.count_typed(agent, clean.len());
        Ok(())
    }

    /// Sets the size and says which one was used; every viewer learns of it.
    ///
    /// # Errors
    /// As `input`.
    pub async fn resize(&self, agent: &AgentId, size: Size) -> Result<Size, TerminalError> {
        let entry = self.entry(agent)?;
        let (server, pane) = self.place(agent)?;
        let used = server.tmux.resize(pane, tmux_size(size)).await;
        let used = used.map_err(|error| TerminalError::of(agent, error))?;
        let changed = entry.with_pane(|pane| std::mem::replace(&mut pane.info.size, used) != used);
        if changed == Some(true) {
            let size = wire_size(used);
            entry.resized(size);
            self.emit(TerminalEvent::Resized {
                agent: agent.clone(),
                size,
            });
        }
        Ok(wire_size(used))
    }

    /// The seat of a terminal. Whoever takes it must release it when it goes away.
    ///
    /// # Errors
    /// When the agent has no terminal.
    pub fn seat(&self, agent: &AgentId) -> Result<Seat, TerminalError> {
        Ok(self.entry(agent)?.seat.clone())
    }

    /// Notes that a person pressed a key; call it with each input from the seat.
    pub fn key_pressed(&self, agent: &AgentId) {
        if let Ok(entry) = self.entry(agent) {
            entry.key_pressed();
        }
    }

    /// When a person last pressed a key there.
    pub fn last_key(&self, agent: &AgentId) -> Option<Instant> {
        self.0.entries.lock().get(agent)?.last_key()
    }

    /// How much was typed: bytes of texts and pastes, and keys that have a name.
    pub(super) fn typed(&self, agent: &AgentId) -> u64 {
        self.entry(agent).map_or(0, |entry| entry.typed())
    }

    fn count_typed(&self, agent: &AgentId, bytes: usize) {
        if let Ok(entry) = self.entry(agent) {
            entry.count_typed(bytes);
        }
    }

    /// The size that everybody sees.
    pub(super) fn size(&self, agent: &AgentId) -> Option<Size> {
        Some(self.entry(agent).ok()?.seat.state().size)
    }

    /// The pane of a program that runs and is not being ended.
    pub(super) fn runs(&self, agent: &AgentId) -> Option<PaneId> {
        let pane = self.entry(agent).ok()?.pane()?;
        (!pane.mourned && pane.end().is_none()).then_some(pane.id)
    }

    /// The server that an agent's pane is in, and the pane.
    pub(super) fn place(&self, agent: &AgentId) -> Result<(Arc<Server>, PaneId), TerminalError> {
        let pane = self.entry(agent)?.pane();
        let pane = pane.ok_or_else(|| TerminalError::NoTerminal(agent.clone()))?;
        Ok((pane.server, pane.id))
    }
}
