//! Carrying a task's prompt to its agent: once, and into an empty conversation unless
//! the task is to go on with the present one.

use super::{Delegate, DelegateError, prompt};
use crate::agents::adapter::Adapter;
use crate::chat::Outgoing;
use crate::model::ids::{AgentId, TaskId};
use crate::model::requester::Requester;
use crate::store::rows::{StoredMessage, StoredTask};
use crate::store::{self};
use orchestra_protocol::message::{Author, MessageStatus};

/// What an agent is told before a task that it goes on with.
const RAISED: &str = "[Orchestra] Your work on this task was stopped because a budget was spent. It was raised \
    since: go on where you were.";

/// How far an attempt's prompt is.
pub(in crate::delegate) enum Prompt {
    Sent(Box<StoredMessage>),
    /// The conversation is being emptied.
    NotYet,
    /// The conversation could not be emptied; the reason is for people.
    Unclean(String),
}

impl Delegate {
    /// The attempt's prompt as a message; sent once, however often this is called.
    pub(in crate::delegate) async fn message_of(
        &self,
        task: &StoredTask,
        agent: &AgentId,
    ) -> Result<Prompt, DelegateError> {
        let key = format!("task-{}-{}", task.view.id, task.attempt);
        if let Some(message) = store::messages::by_client_id(&self.store, agent, &key).await? {
            return Ok(Prompt::Sent(Box::new(message)));
        }
        let requester = self.requester_of(task).await?;
        let working = self.agents.get(agent).await?;
        let adapter = self.agents.adapter(&working.view.kind)?;
        if let Some(clear) = self.clear(task, agent, adapter, &requester).await? {
            match clear.view.status {
                MessageStatus::Answered => {}
                MessageStatus::Failed => {
                    let why = clear.view.reason.unwrap_or_default();
                    return Ok(Prompt::Unclean(format!(
                        "its conversation could not be emptied: {why}"
                    )));
                }
                _ => return Ok(Prompt::NotYet),
            }
        }
        let mut earlier = Vec::new();
        for id in task
            .request
            .context
            .iter()
            .flat_map(|context| &context.task_ids)
        {
            earlier.push(self.get(TaskId(*id)).await?.view);
        }
        let text = if adapter.is_shell() {
            prompt::for_shell(&task.view)
        } else {
            let branch = match working.view.worktree_id.as_deref() {
                Some(id) => self.agents.worktrees().get(id).await.ok(),
                None => None,
            };
            let context = task.request.context.as_ref();
            let branch = branch.as_ref().map(|row| row.view.branch.as_str());
            prompt::for_worker(&task.view, context, &earlier, branch)
        };
        let text = match self.goes_on(task, agent) && !adapter.is_shell() {
            true => {
                let parts = self.ended_parts(task).await?;
                let parts = parts.map(|parts| format!(" {parts}")).unwrap_or_default();
                format!("{RAISED}{parts}\n\n{text}")
            }
            false => text,
        };
        let author = if requester.agent.is_some() {
            Author::Agent
        } else {
            Author::User
        };
        let outgoing = Outgoing {
            author,
            client_id: Some(key),
            task_id: Some(task.view.id),
            ..Outgoing::text(text)
        };
        let message = self.chat.send(&requester, agent, &outgoing).await?;
        Ok(Prompt::Sent(Box::new(message)))
    }

    /// The command that empties a reused agent's conversation, where there is one to give.
    async fn clear(
        &self,
        task: &StoredTask,
        agent: &AgentId,
        adapter: &dyn Adapter,
        requester: &Requester,
    ) -> Result<Option<StoredMessage>, DelegateError> {
        let Some(clear) = adapter.clear_command() else {
            return Ok(None);
        };
        if task.request.agent.is_some()
            || task.request.keep_conversation == Some(true)
            || self.goes_on(task, agent)
        {
            return Ok(None);
        }
        let key = format!("task-{}-{}-clear", task.view.id, task.attempt);
        if let Some(sent) = store::messages::by_client_id(&self.store, agent, &key).await? {
            return Ok(Some(sent));
        }
        let said = store::messages::list(&self.store, agent, None, 1).await?;
        if said.is_empty() {
            return Ok(None);
        }
        let outgoing = Outgoing {
            author: Author::System,
            client_id: Some(key),
            as_command: true,
            ..Outgoing::text(clear)
        };
        Ok(Some(self.chat.send(requester, agent, &outgoing).await?))
    }
}
