//! At start: which agents of the store still live in tmux. Nothing is started or killed
//! here; what tmux has and the store does not know is left alone.

use super::{AgentError, Agents, Live};
use crate::model::ids::AgentId;
use crate::store::agents::End;
use crate::store::rows::StoredAgent;
use crate::store::{self};
use crate::terminal::FoundPane;
use orchestra_protocol::agent::AgentStatus;
use orchestra_protocol::time::Timestamp;
use std::collections::HashMap;
use std::time::Duration;

impl Agents {
    /// Reconciles the store with tmux.
    pub(in crate::agents) async fn adopt(&self) -> Result<(), AgentError> {
        let found: HashMap<AgentId, FoundPane> = self
            .terminals
            .found()
            .into_iter()
            .map(|pane| (pane.agent.clone(), pane))
            .collect();
        let stored = store::agents::live(&self.store).await?;
        let mut adopted = 0usize;
        for agent in &stored {
            match found.get(&agent.id) {
                Some(pane) if pane.dead => {
                    self.add_live(&agent.id, Live::default());
                    self.died(&agent.id, pane.exit_code, pane.signal).await;
                }
                Some(pane) => {
                    self.take_over(agent, pane).await?;
                    adopted += 1;
                }
                None => self.lost(agent).await?,
            }
        }
        for id in found.keys() {
            if !stored.iter().any(|agent| agent.id == *id) {
                tracing::warn!(agent.id = %id, "tmux runs an agent that the store does not know; left alone");
            }
        }
        self.tidy_ended(&stored).await;
        if adopted > 0 {
            tracing::info!(agents = adopted, "adopted living agents");
        }
        Ok(())
    }

    async fn take_over(&self, agent: &StoredAgent, pane: &FoundPane) -> Result<(), AgentError> {
        if self.with_live(&agent.id, |_| ()).is_some() {
            return Ok(());
        }
        let mut live = Live {
            // Whether the CLI said so before the restart is known by its session file.
            bound: agent.transcript.is_some(),
            shown: Some(agent.view.activity.clone()),
            ..Live::default()
        };
        live.signals
            .remember(&agent.view.activity, Timestamp::now());
        self.add_live(&agent.id, live);
        if agent.view.status == AgentStatus::Starting {
            // The daemon ended between the start and its record.
            store::agents::started(&self.store, &agent.id, pane.pid).await?;
        }
        self.record(&agent.id);
        self.read_spool(&agent.id, Duration::ZERO).await;
        self.announce(&agent.id);
        Ok(())
    }

    /// An end may have been stored by a daemon that was itself ended before it tidied.
    async fn tidy_ended(&self, living: &[StoredAgent]) {
        let folder = self.config.paths.data_dir.join("agents");
        let Ok(mut entries) = tokio::fs::read_dir(&folder).await else {
            return;
        };
        while let Ok(Some(entry)) = entries.next_entry().await {
            let name = entry.file_name();
            let Some(Ok(id)) = name.to_str().map(AgentId::parse) else {
                continue;
            };
            let known = living.iter().any(|agent| agent.id == id);
            if !known && self.with_live(&id, |_| ()).is_none() {
                self.tidy(&id).await;
            }
        }
    }

    async fn lost(&self, agent: &StoredAgent) -> Result<(), AgentError> {
        let (status, reason) = match agent.view.status {
            AgentStatus::Starting if self.with_live(&agent.id, |_| ()).is_some() => return Ok(()),
            AgentStatus::Starting => (
                AgentStatus::Failed,
                "the daemon ended before its process began; retry it",
            ),
            _ => (
                AgentStatus::Lost,
                "its terminal is gone: tmux or the machine ended; retry it",
            ),
        };
        let end = End {
            status,
            reason: reason.to_owned(),
            exit_code: None,
            signal: None,
            again: None,
        };
        self.end(&agent.id, end).await?;
        self.drop_live(&agent.id);
        self.announce(&agent.id);
        self.tidy(&agent.id).await;
        Ok(())
    }
}
