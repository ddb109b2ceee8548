//! After the end: the agent is set free, and the caller gets the result, by its waiting
//! call or, when that is gone, as a message.

use super::driver::Next;
use super::{Delegate, DelegateError, prompt};
use crate::agents::AgentError;
use crate::chat::{ChatError, Outgoing};
use crate::model::ids::{AgentId, TaskId};
use crate::store::messages::Step;
use crate::store::rows::StoredTask;
use crate::store::{self};
use orchestra_protocol::agent::ActivityState;
use orchestra_protocol::message::{Author, MessageStatus};
use orchestra_protocol::time::Timestamp;

/// A waiting call asks again within this time of a daemon's start or a task's end.
const CALL_MAY_ASK: i64 = 3_000;

impl Delegate {
    /// Sets the task's agent free; when the work is broken off, stops its turn too.
    pub(in crate::delegate) async fn release(&self, task: &StoredTask, broken_off: bool) {
        if let Err(error) = self.try_release(task, broken_off).await {
            tracing::warn!(task.id = task.view.id, %error, "an agent was not set free cleanly");
        }
    }

    async fn try_release(&self, task: &StoredTask, broken_off: bool) -> Result<(), DelegateError> {
        let Some(Ok(agent)) = task.view.agent_id.as_deref().map(AgentId::parse) else {
            return Ok(());
        };
        let working = self.agents.get(&agent).await?;
        if working.view.task_id == Some(task.view.id) {
            store::agents::set_task(&self.store, &agent, None).await?;
            self.events.wake();
        }
        if !broken_off || working.view.status.is_final() {
            return Ok(());
        }
        let key = format!("task-{}-{}", task.view.id, task.attempt);
        let message = store::messages::by_client_id(&self.store, &agent, &key).await?;
        match message {
            // Not delivered yet: it never will be.
            Some(message) if message.view.status == MessageStatus::Queued => {
                let step = Step {
                    to: MessageStatus::Failed,
                    reason: Some("its task was called off"),
                    evidence: None,
                };
                let from = MessageStatus::Queued;
                store::messages::advance(&self.store, &message.view.id, from, &step).await?;
                self.events.wake();
            }
            Some(_) => {
                self.agents.interrupt(&agent).await?;
            }
            None => {}
        }
        Ok(())
    }

    /// Gives the result to the agent that asked for it, once.
    pub(in crate::delegate) async fn hand_over(
        &self,
        task: &StoredTask,
    ) -> Result<Next, DelegateError> {
        let Some(Ok(caller)) = task.caller_agent.as_deref().map(AgentId::parse) else {
            return Ok(Next::Rest);
        };
        if task.handed_over {
            return Ok(Next::Rest);
        }
        let id = TaskId(task.view.id);
        let agent = self.agents.get(&caller).await?;
        if agent.view.status.is_final() {
            // Nobody is left to tell; the result stays with the task.
            store::tasks::hand_over(&self.store, id).await?;
            return Ok(Next::Rest);
        }
        let now = Timestamp::now();
        let since = task.view.ended_at.unwrap_or(now);
        let idle = agent.view.activity.state == ActivityState::Idle
            && now.since(agent.view.activity.since) > CALL_MAY_ASK;
        // A caller in a turn may still be waiting in its call: that call gets it.
        if !idle || now.since(since) < CALL_MAY_ASK {
            return Ok(Next::Wait);
        }
        let requester = self.requester_of(task).await?;
        let outgoing = Outgoing {
            author: Author::System,
            client_id: Some(format!("task-{id}-{}-result", task.attempt)),
            ..Outgoing::text(prompt::for_caller(&task.view))
        };
        match self.chat.send(&requester, &caller, &outgoing).await {
            Ok(_) | Err(ChatError::Agent(AgentError::Ended(_))) => {
                store::tasks::hand_over(&self.store, id).await?;
                Ok(Next::Rest)
            }
            Err(error) => Err(error.into()),
        }
    }
}
