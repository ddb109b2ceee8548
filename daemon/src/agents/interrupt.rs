//! Ending an agent's present turn: once, or for as long as it takes.

use super::{AgentError, Agents};
use crate::model::ids::AgentId;
use crate::store;
use crate::store::rows::StoredAgent;
use orchestra_protocol::agent::{ActivityState, AgentStatus, WaitingFor};
use std::time::{Duration, Instant};

/// Pause between the keys that interrupt a CLI.
const BETWEEN_KEYS: Duration = Duration::from_millis(300);
/// A CLI that still works is interrupted again after this: the key may have been lost. Two
/// Escapes at once would open a menu in some.
const AGAIN: Duration = Duration::from_secs(5);

impl Agents {
    /// Presses the keys that end the present turn.
    ///
    /// # Errors
    /// `Ended` when there is no process any more.
    pub async fn interrupt(&self, id: &AgentId) -> Result<StoredAgent, AgentError> {
        let agent = self.get(id).await?;
        if agent.view.status != AgentStatus::Running {
            return Err(AgentError::Ended(id.clone()));
        }
        let adapter = self.adapter(&agent.view.kind)?;
        for (index, key) in adapter.interrupt_keys().iter().enumerate() {
            if index > 0 {
                // Two at once would be read as one other key.
                tokio::time::sleep(BETWEEN_KEYS).await;
            }
            self.terminals.keys(id, &[(*key).to_owned()]).await?;
        }
        Ok(agent)
    }

    /// Ends the present turn, however often the keys have to be pressed for it, by the next
    /// daemon too.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stop_turn(&self, id: &AgentId) -> Result<(), AgentError> {
        store::budgets::stop(&self.store, id).await?;
        let agent = self.get(id).await?;
        self.end_turn(&agent).await;
        Ok(())
    }

    /// Interrupts a CLI that works; notes that its turn has ended once it does not.
    pub(in crate::agents) async fn end_turn(&self, agent: &StoredAgent) {
        let id = &agent.id;
        let activity = &agent.view.activity;
        match (activity.state, activity.waiting_for) {
            (ActivityState::Busy, _) => {}
            // Whoever is asked decides first; the turn goes on then.
            (ActivityState::Waiting, asks) if asks != Some(WaitingFor::Budget) => return,
            _ => {
                if agent.stopping.is_some()
                    && let Err(error) = store::budgets::stopped(&self.store, id).await
                {
                    tracing::error!(agent.id = %id, %error, "the end of a turn was not stored");
                }
                return;
            }
        }
        let due = self.with_live(id, |live| {
            let due = live.pressed.is_none_or(|at| at.elapsed() >= AGAIN);
            if due {
                live.pressed = Some(Instant::now());
            }
            due
        });
        if due == Some(true)
            && let Err(error) = self.interrupt(id).await
        {
            tracing::warn!(agent.id = %id, %error, "an agent's turn could not be stopped");
        }
    }
}
