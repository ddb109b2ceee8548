//! Started again: by a person, or by itself after a crash, with a pause that grows and an
//! end to it. The conversation goes on; an agent that had one never begins anew unasked.

use super::start::Conversation;
use super::{AgentError, Agents};
use crate::auth::new_agent_token;
use crate::model::ids::AgentId;
use crate::model::requester::Requester;
use crate::store::agents::End;
use crate::store::restarts::Again;
use crate::store::rows::StoredAgent;
use crate::store::{self};
use orchestra_protocol::agent::{AgentRole, AgentStatus, RestartPolicy, SpawnRequest};
use orchestra_protocol::time::Timestamp;
use orchestra_protocol::worktree::WorktreeAsk;
use secrecy::ExposeSecret;

/// An agent that lived so long begins to count its crashes anew, in milliseconds.
const STEADY: i64 = 3_600_000;
/// Longest pause before a start, in milliseconds.
const LONGEST: i64 = 600_000;

impl Agents {
    /// Starts an ended agent again: same id, the same conversation where the CLI can.
    ///
    /// # Errors
    /// `Alive` when it has not ended; else as `spawn`.
    pub async fn restart(&self, id: &AgentId) -> Result<StoredAgent, AgentError> {
        // An end that is still being cleared away must not take the new process with it.
        let _turn = self.turn(id).await;
        let agent = self.get(id).await?;
        if !agent.view.status.is_final() {
            return Err(AgentError::Alive(id.clone()));
        }
        if let Some(worktree) = &agent.view.worktree_id {
            self.worktrees.check_free(worktree).await?;
        }
        let request = SpawnRequest {
            kind: agent
                .view
                .specialist
                .is_none()
                .then(|| agent.view.kind.clone()),
            specialist: agent.view.specialist.clone(),
            cwd: Some(agent.view.cwd.clone()),
            ..SpawnRequest::default()
        };
        let mut order = self.order(&request).await?;
        if agent.view.role == AgentRole::Primary {
            order
                .instructions
                .clone_from(&self.config.settings.primary.instructions);
            order.permissions = self.config.settings.primary.permissions;
        }
        let transcript = agent.conversation_file();
        let _one = self.resuming.acquire().await;
        let kept = agent.cli_session.as_ref();
        let conversation = match kept.filter(|one| order.adapter.resumes(one, transcript)) {
            // Another has taken it up meanwhile: two writers would spoil it.
            Some(session) if !self.taken(session).await? => Conversation::of(session.clone()),
            _ => Conversation::fresh(),
        };
        let (token, hash) = new_agent_token();
        let session = Some(conversation.session.as_str());
        let agent =
            store::restarts::restart(&self.store, id, &hash, session, conversation.resume).await?;
        self.events.wake();
        self.enter_pane(&order, agent, token.expose_secret(), &conversation)
            .await
    }

    /// Makes a new agent from an ended one's facts.
    ///
    /// # Errors
    /// `Alive` when it has not ended; else as `spawn`.
    pub async fn retry(
        &self,
        requester: &Requester,
        id: &AgentId,
    ) -> Result<StoredAgent, AgentError> {
        let old = self.get(id).await?;
        if !old.view.status.is_final() {
            return Err(AgentError::Alive(id.clone()));
        }
        // One that would start by itself starts now.
        if old.view.role == AgentRole::Primary || old.view.restart_at.is_some() {
            return self.restart(id).await;
        }
        let named = old.view.name != old.id.as_str();
        let request = SpawnRequest {
            kind: old.view.specialist.is_none().then_some(old.view.kind),
            specialist: old.view.specialist,
            name: named.then_some(old.view.name),
            title: named.then_some(old.view.title),
            cwd: Some(old.view.cwd),
            size: Some(old.view.size),
            budget: Some(old.budget),
            worktree: self.same_worktree(old.view.worktree_id.as_deref()).await,
            ..SpawnRequest::default()
        };
        self.spawn(requester, &request, None, None).await
    }

    /// Asks for the worktree that an ended agent had, if it is still there.
    async fn same_worktree(&self, id: Option<&str>) -> Option<WorktreeAsk> {
        let found = self.worktrees.get(id?).await.ok()?;
        Some(WorktreeAsk::Named(found.view.name))
    }

    /// Stores an end, and with it whether the agent starts again by itself.
    pub(in crate::agents) async fn end(
        &self,
        id: &AgentId,
        mut end: End,
    ) -> Result<Option<StoredAgent>, store::StoreError> {
        let agent = self.get(id).await?;
        let crashed = matches!(end.status, AgentStatus::Failed | AgentStatus::Lost);
        // One that never ran would fail the same way again.
        let ran = agent.view.started_at;
        if let (RestartPolicy::Crash, true, Some(started)) = (agent.restart, crashed, ran) {
            let recovery = &self.config.settings.recovery;
            let now = Timestamp::now();
            let before = match now.since(started) {
                lived if lived >= STEADY => 0,
                _ => agent.crashes,
            };
            if before < i64::from(recovery.restarts) {
                let pause = pause(recovery.backoff_s, before);
                end.reason = format!(
                    "{}; it starts again in {} s ({} of {})",
                    end.reason,
                    pause / 1000,
                    before + 1,
                    recovery.restarts
                );
                end.again = Some(Again {
                    at: Timestamp(now.0 + pause),
                    crashes: before + 1,
                });
            } else {
                end.reason = format!(
                    "{}; not started again after {before} times in a row",
                    end.reason
                );
            }
        }
        store::agents::ended(&self.store, id, &end).await
    }

    /// Starts what is due after a crash.
    pub(in crate::agents) async fn restart_due(&self) {
        let due = match store::restarts::due(&self.store, Timestamp::now()).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "the agents that start again cannot be read");
                return;
            }
        };
        for id in due {
            if let Err(error) = self.restart_crashed(&id).await {
                tracing::warn!(agent.id = %id, %error, "a crashed agent was not started again");
                let why = format!("it was not started again: {error}");
                if let Err(error) = store::restarts::give_up(&self.store, &id, &why).await {
                    tracing::error!(agent.id = %id, %error, "an end was not stored");
                }
                self.announce(&id);
            }
        }
    }

    async fn restart_crashed(&self, id: &AgentId) -> Result<(), AgentError> {
        let agent = self.get(id).await?;
        if agent.conversation_file().is_some() && !self.may_go_on(&agent).await? {
            return Err(AgentError::NotResumable(
                "its conversation cannot go on; retry it to begin anew".into(),
            ));
        }
        match self.restart(id).await {
            // A person was quicker.
            Err(AgentError::Alive(_)) => Ok(()),
            restarted => {
                tracing::info!(agent.id = %id, "agent {id} starts again after a crash");
                restarted.map(|_| ())
            }
        }
    }

    /// True when the agent's conversation can be taken up, and nobody else has it.
    async fn may_go_on(&self, agent: &StoredAgent) -> Result<bool, AgentError> {
        let adapter = self.adapter(&agent.view.kind)?;
        let transcript = agent.conversation_file();
        match &agent.cli_session {
            Some(session) => {
                Ok(adapter.resumes(session, transcript) && !self.taken(session).await?)
            }
            None => Ok(false),
        }
    }

    /// Agents that live or would by themselves: what somebody means who ends all.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn endable(&self) -> Result<Vec<StoredAgent>, store::StoreError> {
        let mut all = self.live().await?;
        all.extend(store::restarts::waiting(&self.store).await?);
        Ok(all)
    }

    /// Ends the wait of a crashed agent for its next start.
    pub(in crate::agents) async fn stay_ended(
        &self,
        agent: &StoredAgent,
        reason: &str,
    ) -> Result<(), AgentError> {
        if agent.view.restart_at.is_some() {
            store::restarts::give_up(&self.store, &agent.id, reason).await?;
            self.announce(&agent.id);
        }
        Ok(())
    }
}

/// How long to wait before a start, in milliseconds, after so many crashes in a row.
fn pause(first_s: u32, crashes: i64) -> i64 {
    let doublings = u32::try_from(crashes).unwrap_or(0).min(20);
    (i64::from(first_s) * 1000 * (1 << doublings)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_minutes() {
        let pauses: Vec<i64> = (0..4).map(|crashes| pause(2, crashes)).collect();
        assert_eq!(pauses, [2000, 4000, 8000, 16_000]);
        assert_eq!(pause(2, 40), LONGEST);
        assert_eq!(pause(0, 3), 0);
    }
}
