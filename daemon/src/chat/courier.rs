//! The courier of one agent: takes what is open, one message at a time, through its
//! receipt, and rests when nothing is open.

use super::settle::TYPED;
use super::{Chat, ChatError, PATIENCE};
use crate::agents::adapter::Adapter;
use crate::agents::budget::{HELD, why_held};
use crate::model::ids::AgentId;
use crate::store::messages::Step;
use crate::store::rows::{StoredAgent, StoredMessage};
use crate::store::{self, StoreError};
use orchestra_protocol::agent::{ActivityState, AgentStatus, WaitingFor};
use orchestra_protocol::message::MessageStatus;
use orchestra_protocol::time::Timestamp;
use std::time::Duration;
use tokio::sync::Notify;

/// A turn that ended without a word: the agent has been idle for this long.
const SILENT_END: i64 = 5_000;
/// How long a turn may not be judged by the agent's idleness after it was accepted.
const TURN_BEGINS: i64 = 2_000;

/// What an agent that was stuck is told before its task.
const NUDGE: &str = "[Orchestra] You were interrupted: for a long time nothing was seen of your work, or you \
    made the same call again and again. Go on with this task, by another way if need be:";

/// What the courier does after a look.
enum Next {
    /// Look again after this time, or when the bell rings.
    Wait(Duration),
    /// Look again at once.
    Again,
    /// Nothing is open.
    Rest,
}

impl Chat {
    /// Works until nothing is open for the agent.
    pub(in crate::chat) async fn courier(&self, id: &AgentId, bell: &Notify) {
        loop {
            let next = match self.round(id).await {
                Ok(next) => next,
                // Somebody else moved the receipt: look at it anew.
                Err(ChatError::Store(StoreError::Conflict(_))) => {
                    Next::Wait(Duration::from_millis(20))
                }
                Err(error) => {
                    tracing::warn!(agent.id = %id, %error, "a message could not be moved on");
                    Next::Wait(Duration::from_secs(1))
                }
            };
            let wait = match next {
                Next::Again => continue,
                Next::Wait(wait) => wait,
                Next::Rest => {
                    if self.dismiss(id, bell) {
                        return;
                    }
                    continue;
                }
            };
            tokio::select! {
                () = bell.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    async fn round(&self, id: &AgentId) -> Result<Next, ChatError> {
        let agent = self.agents.get(id).await?;
        let adapter = self.agents.adapter(&agent.view.kind)?;
        self.settle_evidence(&agent, adapter).await?;
        // What was settled may have put up a wall.
        let agent = self.agents.get(id).await?;
        let open = store::messages::open(&self.store, id).await?;
        let Some(first) = open.first() else {
            return Ok(Next::Rest);
        };
        if agent.view.status.is_final() {
            if agent.view.restart_at.is_some() && first.view.status == MessageStatus::Queued {
                self.explain(first, "the agent crashed and starts again")
                    .await?;
                return Ok(Next::Wait(PATIENCE));
            }
            return self.fail_all(&agent, &open).await;
        }
        if agent.view.status == AgentStatus::Starting {
            self.explain(first, "the agent starts").await?;
            return Ok(Next::Wait(PATIENCE));
        }
        if let (MessageStatus::Accepted, Some(next)) = (first.view.status, open.get(1))
            && next.view.status == MessageStatus::Queued
        {
            self.explain(next, "the agent is busy; it comes next")
                .await?;
        }
        if first.view.status == MessageStatus::Accepted {
            // A command at a shell may take its time, and must not run twice. What a person
            // talks about with an agent, they see for themselves.
            if first.task_id.is_some()
                && !adapter.is_shell()
                && let Some(why) = self.agents.stuck(id, first.view.updated_at)
            {
                return self.nudge(&agent, first, &why).await;
            }
        }
        if let Some(why) = why_held(&agent) {
            self.explain_hold(&open, &why).await?;
        }
        match first.view.status {
            MessageStatus::Queued => self.offer(&agent, adapter, first).await.map(Next::Wait),
            MessageStatus::Pasted => self.recover(&agent, adapter, first).await.map(Next::Wait),
            MessageStatus::Submitted => self.insist(&agent, adapter, first).await.map(Next::Wait),
            MessageStatus::Accepted if adapter.by_screen() => {
                self.end_by_screen(&agent, first).await.map(Next::Wait)
            }
            MessageStatus::Accepted => self.await_end(&agent, first).await,
            MessageStatus::Answered | MessageStatus::Failed => Ok(Next::Again),
        }
    }

    /// Says of each message why it waits, or why its turn is ended.
    async fn explain_hold(&self, open: &[StoredMessage], why: &str) -> Result<(), ChatError> {
        for message in open {
            let waits = matches!(
                message.view.status,
                MessageStatus::Queued | MessageStatus::Accepted
            );
            if waits && message.view.reason.as_deref() != Some(why) {
                self.explain(message, why).await?;
            }
        }
        Ok(())
    }

    /// A dead agent answers nothing.
    async fn fail_all(
        &self,
        agent: &StoredAgent,
        open: &[StoredMessage],
    ) -> Result<Next, ChatError> {
        let reason = format!(
            "the agent ended before it answered ({})",
            agent.view.reason.as_deref().unwrap_or("no reason known")
        );
        let again = agent.view.restart_at.is_some();
        for message in open {
            // It was never shown to it, so the next life of the agent gets it.
            if again && message.view.status == MessageStatus::Queued {
                continue;
            }
            self.step(message, MessageStatus::Failed, Some(&reason))
                .await?;
        }
        Ok(Next::Again)
    }

    /// An agent that is stuck is interrupted and told again once; then it is given up.
    async fn nudge(
        &self,
        agent: &StoredAgent,
        message: &StoredMessage,
        why: &str,
    ) -> Result<Next, ChatError> {
        tracing::warn!(agent.id = %agent.id, why, "agent {} is stuck", agent.id);
        self.agents.forget_stillness(&agent.id);
        let (id, message) = (&message.view.id, message);
        // With each goes the word that the turn is to be ended, which outlives a kill.
        if message.nudges == 0 {
            let reason =
                format!("the agent was stuck ({why}); it was interrupted and is told again");
            store::messages::nudge(&self.store, &agent.id, id, &reason).await?;
        } else {
            let reason = format!("limit: the agent was stuck again after a nudge: {why}");
            store::messages::give_up(&self.store, &agent.id, id, &reason).await?;
        }
        self.events.wake();
        self.agents.stop_turn(&agent.id).await?;
        Ok(Next::Wait(PATIENCE))
    }

    /// An interrupted turn fires no hook: it is seen by an agent that is idle again.
    async fn await_end(
        &self,
        agent: &StoredAgent,
        message: &StoredMessage,
    ) -> Result<Next, ChatError> {
        let now = Timestamp::now();
        let activity = &agent.view.activity;
        let settled = now.since(message.view.updated_at) > TURN_BEGINS + SILENT_END;
        let held = activity.waiting_for == Some(WaitingFor::Budget);
        let idle = (activity.state == ActivityState::Idle || held)
            // An agent that was interrupted at once counts as idle from its prompt on.
            && activity.since.0 + TURN_BEGINS >= message.view.updated_at.0
            && now.since(activity.since) > SILENT_END;
        let reason = message.view.reason.as_deref();
        // It was in a turn that was ended for a budget, which may be raised by now.
        let again = reason.is_some_and(|reason| reason.starts_with(HELD))
            && message.task_id.is_none()
            && message.view.sender != TYPED;
        if settled && idle && again {
            self.step(message, MessageStatus::Queued, reason).await?;
            return Ok(Next::Again);
        }
        if settled && idle {
            let reason = "the turn ended without an answer: it was interrupted or refused, or the model failed";
            self.step(message, MessageStatus::Failed, Some(reason))
                .await?;
            return Ok(Next::Again);
        }
        Ok(Next::Wait(Duration::from_secs(1)))
    }

    /// Moves a receipt and tells the feed.
    pub(in crate::chat) async fn step(
        &self,
        message: &StoredMessage,
        to: MessageStatus,
        reason: Option<&str>,
    ) -> Result<StoredMessage, ChatError> {
        let step = Step {
            to,
            reason,
            evidence: None,
        };
        let from = message.view.status;
        let message = store::messages::advance(&self.store, &message.view.id, from, &step).await?;
        self.events.wake();
        Ok(message)
    }

    /// Says why a message waits.
    pub(in crate::chat) async fn explain(
        &self,
        message: &StoredMessage,
        reason: &str,
    ) -> Result<(), ChatError> {
        if store::messages::explain(&self.store, &message.view.id, Some(reason)).await? {
            self.events.wake();
        }
        Ok(())
    }

    /// Text as it has to be pasted for this CLI.
    pub(in crate::chat) fn composed(adapter: &dyn Adapter, message: &StoredMessage) -> String {
        match message.nudges {
            0 => adapter.compose(&message.view.text, message.as_command),
            _ => adapter.compose(&format!("{NUDGE}\n\n{}", message.view.text), false),
        }
    }
}
