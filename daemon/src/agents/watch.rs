//! Watching the living: deaths that tmux reports, time limits, and the sources that
//! have to be read (status files, titles, screens of agents that are not ready yet).

use super::launch::LAUNCH_FILE;
use super::mask::within;
use super::{AgentError, Agents};
use crate::model::evidence::Source;
use crate::model::ids::AgentId;
use crate::store::agents::End;
use crate::store::rows::StoredAgent;
use crate::store::{self, StoreError};
use crate::supervise::Tasks;
use crate::terminal::{FoundPane, TerminalEvent};
use orchestra_protocol::agent::AgentStatus;
use orchestra_protocol::time::Timestamp;
use orchestra_tmux::process::Grace;
use std::time::Duration;
use tokio::sync::broadcast;

/// After so many rounds of looking, an hour at the usual pace, the log says so.
const ROUNDS: u64 = 7_200;
/// How long a dying agent's last hook may hold its spool.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Longest last line that goes into a reason.
const LAST_LINE: usize = 160;
/// Where a wrapper keeps what its program printed last.
const LAST_WORDS_FILE: &str = "last-words.txt";
/// Where the last screen of an ended agent is kept.
pub const LAST_SCREEN: &str = "last-screen.txt";

impl Agents {
    /// Starts the watching tasks.
    pub(in crate::agents) fn watch(
        self,
        mut deaths: broadcast::Receiver<TerminalEvent>,
        tasks: &Tasks,
    ) {
        let agents = self.clone();
        tasks.spawn("agent deaths", move |cancel| async move {
            loop {
                let event = tokio::select! {
                    () = cancel.cancelled() => return,
                    event = deaths.recv() => event,
                };
                match event {
                    Ok(TerminalEvent::Died {
                        agent,
                        exit_code,
                        signal,
                    }) => {
                        agents.died(&agent, exit_code, signal).await;
                    }
                    Ok(TerminalEvent::ServerLost { .. })
                    | Err(broadcast::error::RecvError::Lagged(_)) => {
                        if let Err(error) = agents.adopt().await {
                            tracing::error!(%error, "the living agents could not be counted");
                        }
                    }
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        });
        let agents = self;
        tasks.spawn("agent activity", move |cancel| async move {
            let every = Duration::from_millis(agents.config.settings.limits.look_ms.into());
            let mut rounds = 0_u64;
            let mut tick = tokio::time::interval(every);
            tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = cancel.cancelled() => return,
                    _ = tick.tick() => {}
                }
                agents.read_spools().await;
                agents.restart_due().await;
                if let Err(error) = agents.look_at_all().await {
                    tracing::error!(%error, "the living agents cannot be read");
                }
                rounds += 1;
                if rounds.is_multiple_of(ROUNDS) {
                    tracing::debug!(rounds, "the agents were looked at once more");
                }
            }
        });
    }

    /// One look at each living agent.
    async fn look_at_all(&self) -> Result<(), StoreError> {
        let living = store::agents::live(&self.store).await?;
        let conversations = store::conversations::of_living(&self.store).await?;
        for agent in living {
            self.read_sources(&agent).await;
            self.check_time(&agent).await;
            self.check_quota(&agent).await;
            let (sessions, since) = match conversations.get(agent.id.as_str()) {
                Some((sessions, since)) => (sessions.as_slice(), *since),
                None => (&[][..], 0),
            };
            self.check_budget(&agent, sessions, since).await;
            self.check_stillness(&agent).await;
        }
        Ok(())
    }

    /// Notes that an agent's process ended, with what its terminal showed last.
    pub(in crate::agents) async fn died(
        &self,
        id: &AgentId,
        exit_code: Option<i32>,
        signal: Option<i32>,
    ) {
        let _turn = self.turn(id).await;
        // It may have been started again before this was heard.
        let lives = |pane: FoundPane| pane.agent == *id && !pane.dead;
        if self.terminals.found().into_iter().any(lives) {
            return;
        }
        self.read_spool(id, LAST_WORDS).await;
        let last = self.keep_last_screen(id).await;
        let last = self.last_words(id).await.or(last);
        let (status, mut reason) = match (exit_code, signal) {
            (Some(0), _) => (AgentStatus::Completed, "it ended by itself".to_owned()),
            (Some(code), _) => (
                AgentStatus::Failed,
                format!("it ended with exit code {code}"),
            ),
            (None, Some(signal)) => (
                AgentStatus::Failed,
                format!("it was ended by signal {signal}"),
            ),
            (None, None) => (AgentStatus::Lost, "its process is gone".to_owned()),
        };
        if status == AgentStatus::Failed
            && let Some(line) = last
        {
            reason = format!("{reason}: {line}");
        }
        let end = End {
            status,
            reason,
            exit_code,
            signal,
            again: None,
        };
        match self.end(id, end).await {
            Ok(Some(agent)) => {
                tracing::info!(agent.id = %id, reason = agent.view.reason, "agent {id} ended");
            }
            Ok(None) => {}
            Err(error) => tracing::error!(agent.id = %id, %error, "an end was not stored"),
        }
        self.drop_live(id);
        self.announce(id);
        self.tidy(id).await;
        if let Err(error) = self.terminals.close(id, Grace::default()).await {
            tracing::warn!(agent.id = %id, %error, "a dead agent's session could not be closed");
        }
    }

    /// Removes what an ended agent could still act with: its token, and its launch file
    /// when the process never read it.
    pub(in crate::agents) async fn tidy(&self, id: &AgentId) {
        let folder = self.config.paths.agent_dir(id.as_str());
        for name in ["token", LAUNCH_FILE] {
            match tokio::fs::remove_file(folder.join(name)).await {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    tracing::warn!(agent.id = %id, file = name, %error, "an ended agent's file was not removed");
                }
            }
        }
    }

    /// Keeps what the terminal showed last; its last line that is not empty.
    async fn keep_last_screen(&self, id: &AgentId) -> Option<String> {
        let screen = self.terminals.screen_text(id).await.ok()?;
        let path = self.config.paths.agent_dir(id.as_str()).join(LAST_SCREEN);
        if let Err(error) = tokio::fs::write(&path, screen.text.trim_end()).await {
            tracing::warn!(agent.id = %id, %error, "the last screen was not kept");
        }
        let line = screen
            .text
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty())?;
        Some(line.trim().chars().take(LAST_LINE).collect())
    }

    /// The last line that a wrapper kept of an agent that was quicker than tmux.
    async fn last_words(&self, id: &AgentId) -> Option<String> {
        let path = self
            .config
            .paths
            .agent_dir(id.as_str())
            .join(LAST_WORDS_FILE);
        let text = tokio::fs::read_to_string(path).await.ok()?;
        let line = text.lines().rfind(|line| !line.trim().is_empty())?;
        Some(line.trim().chars().take(LAST_LINE).collect())
    }

    async fn check_time(&self, agent: &StoredAgent) {
        let (Some(limit), Some(started)) = (agent.timeout_ms, agent.view.started_at) else {
            return;
        };
        if Timestamp::now().since(started) < limit {
            return;
        }
        let reason = format!("its time limit of {} s was reached", limit / 1000);
        if let Err(error) = self.finish(&agent.id, AgentStatus::Timeout, &reason).await {
            tracing::error!(agent.id = %agent.id, %error, "an agent over its time could not be ended");
        }
    }

    /// Reads the sources that do not speak by themselves.
    async fn read_sources(&self, agent: &StoredAgent) {
        if agent.view.status != AgentStatus::Running {
            return;
        }
        let id = &agent.id;
        let Ok(adapter) = self.adapter(&agent.view.kind) else {
            return;
        };
        let status = agent
            .view
            .pid
            .and_then(|pid| adapter.status_file(&self.config.paths.home, within(pid)));
        if let Some(path) = status {
            let told = match tokio::fs::read(&path).await {
                Ok(bytes) => serde_json::from_slice(&bytes)
                    .ok()
                    .and_then(|content| adapter.read_status(&content)),
                Err(_) => None,
            };
            self.tell(id, Source::StatusFile, told, "the CLI's status file")
                .await;
        }
        if let Some(state) = self.terminals.state(id) {
            let told = adapter.read_title(&state.title);
            self.tell(id, Source::Title, told, "the terminal's title")
                .await;
        }
        if let Err(error) = self.read_journal(id, adapter, false).await {
            tracing::warn!(agent.id = %id, %error, "a CLI's journal could not be taken");
        }
        self.read_silent_screen(agent).await;
    }

    /// An agent that never said it is ready may be stuck in a dialog, and some CLIs tell by
    /// nothing else what they do, or not now: look.
    async fn read_silent_screen(&self, agent: &StoredAgent) {
        let id = &agent.id;
        let Ok(adapter) = self.adapter(&agent.view.kind) else {
            return;
        };
        let needed = self.with_live(id, |live| {
            live.signals.needs_screen(live.bound, adapter.watched())
        });
        if needed != Some(true) {
            self.tell(id, Source::Screen, None, "").await;
            return;
        }
        match self.look(id, adapter).await {
            Ok(reading) => {
                let told = reading.told();
                let detail = reading.dialog.unwrap_or_else(|| "the screen".into());
                self.tell(id, Source::Screen, told, &detail).await;
            }
            Err(AgentError::Terminal(_)) => {}
            Err(error) => tracing::warn!(agent.id = %id, %error, "a screen could not be read"),
        }
    }
}
