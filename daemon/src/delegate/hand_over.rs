//! After the end: a turn that is broken off stops, and the caller gets the result, by its waiting
//! call or, when that is gone, as a message.

use super::driver::Next;
use super::{Delegate, DelegateError, prompt};
use crate::agents::AgentError;
use crate::chat::{ChatError, Outgoing};
use crate::model::ids::{AgentId, TaskId};
use crate::model::receipt;
use crate::model::requester::Requester;
use crate::store::messages::Step;
use crate::store::rows::StoredTask;
use crate::store::{self, StoreError};
use orchestra_protocol::agent::ActivityState;
use orchestra_protocol::message::{Author, MessageStatus};
use orchestra_protocol::time::Timestamp;
use std::collections::BTreeMap;

/// A waiting call asks again within this time of a daemon's start or a task's end.
const CALL_MAY_ASK: i64 = 3_000;

impl Delegate {
    /// When the work is broken off, stops the agent's turn; free it is already.
    pub(in crate::delegate) async fn break_off(&self, task: &StoredTask) {
        if let Err(error) = self.try_break_off(task).await {
            tracing::warn!(task.id = task.view.id, %error, "an agent's turn could not be stopped");
        }
    }

    async fn try_break_off(&self, task: &StoredTask) -> Result<(), DelegateError> {
        if let Some(agent) = self.working_on(task).await? {
            self.agents.interrupt(&agent).await?;
        }
        Ok(())
    }

    /// The agent that works on the task's prompt now. One that has not submitted it yet does
    /// not: its courier sees that nobody wants it any more.
    pub(in crate::delegate) async fn working_on(
        &self,
        task: &StoredTask,
    ) -> Result<Option<AgentId>, DelegateError> {
        let Some(Ok(agent)) = task.view.agent_id.as_deref().map(AgentId::parse) else {
            return Ok(None);
        };
        let working = self.agents.get(&agent).await?;
        if working.view.status.is_final() {
            return Ok(None);
        }
        let key = format!("task-{}-{}", task.view.id, task.attempt);
        let message = store::messages::by_client_id(&self.store, &agent, &key).await?;
        let taken = message.is_some_and(|message| {
            let status = message.view.status;
            receipt::open(status)
                && !matches!(status, MessageStatus::Queued | MessageStatus::Pasted)
        });
        Ok(taken.then_some(agent))
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
        let Some(with_parent) = self.ended_with_its_parent(task).await? else {
            return Ok(Next::Wait);
        };
        if agent.view.status.is_final() || with_parent {
            // Nobody is left to tell, or it is told when it goes on; the result stays with the
            // task.
            store::tasks::hand_over(&self.store, id).await?;
            return Ok(Next::Rest);
        }
        let now = Timestamp::now();
        let since = task.view.ended_at.unwrap_or(now);
        // A caller in a turn may still be waiting in its call: that call gets it.
        let idle = !matches!(
            agent.view.activity.state,
            ActivityState::Busy | ActivityState::Waiting
        ) && now.since(agent.view.activity.since) > CALL_MAY_ASK;
        if !idle || now.since(since) < CALL_MAY_ASK {
            return Ok(Next::Wait);
        }
        let requester = self.requester_of(task).await?;
        let outgoing = Outgoing {
            author: Author::System,
            client_id: Some(result_key(task)),
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

    /// Notes that the calling agent has read the result: it need not be sent to it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read_by(&self, task: &StoredTask, reader: &AgentId) -> Result<(), StoreError> {
        let caller = task.caller_agent.as_deref() == Some(reader.as_str());
        if !caller || !task.view.status.is_final() {
            return Ok(());
        }
        if store::tasks::hand_over(&self.store, TaskId(task.view.id)).await? {
            return Ok(());
        }
        // On its way as a message: a call that came first makes it superfluous.
        let key = result_key(task);
        let sent = store::messages::by_client_id(&self.store, reader, &key).await?;
        if let Some(sent) = sent.filter(|sent| sent.view.status == MessageStatus::Queued) {
            let step = Step {
                to: MessageStatus::Failed,
                reason: Some("the agent asked for the result itself"),
                evidence: None,
            };
            let from = MessageStatus::Queued;
            match store::messages::advance(&self.store, &sent.view.id, from, &step).await {
                Ok(_) => self.events.wake(),
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Tells agents whose plan was refused; each hears of its own tasks.
    pub(in crate::delegate) async fn tell_rejected(
        &self,
        requester: &Requester,
        tasks: &[StoredTask],
    ) {
        let mut callers: BTreeMap<&str, Vec<&StoredTask>> = BTreeMap::new();
        for task in tasks {
            if let Some(caller) = &task.caller_agent {
                callers.entry(caller).or_default().push(task);
            }
        }
        for (caller, tasks) in callers {
            let Ok(id) = AgentId::parse(caller) else {
                continue;
            };
            let ids: Vec<String> = tasks.iter().map(|task| task.view.id.to_string()).collect();
            let outgoing = Outgoing {
                author: Author::System,
                client_id: Some(format!("plan-{}-rejected", ids.join("-"))),
                ..Outgoing::text(prompt::rejected(&requester.name, &tasks))
            };
            // The refusal stands whether or not the agent can still hear of it.
            match self.chat.send(requester, &id, &outgoing).await {
                Ok(_) | Err(ChatError::Agent(AgentError::Ended(_))) => {}
                Err(error) => tracing::warn!(agent.id = %id, %error, "a refusal was not told"),
            }
        }
    }
}

/// The key of the message that carries a result to its caller.
fn result_key(task: &StoredTask) -> String {
    format!("task-{}-{}-result", task.view.id, task.attempt)
}
