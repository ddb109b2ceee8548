//! The driver of one task: looks at the row, does what it asks for, and looks again
//! when something changed, until nothing is left to do.

use super::budget::LIMIT;
use super::choose::{Choice, RETIRED};
use super::prompting::Prompt;
use super::{Delegate, DelegateError};
use crate::agents::AgentError;
use crate::config::failpoint;
use crate::model::ids::{AgentId, TaskId};
use crate::model::task::{Command, Outcome};
use crate::store::rows::{StoredMessage, StoredTask};
use crate::store::tasks::Note;
use crate::store::{self, StoreError};
use orchestra_protocol::agent::AgentStatus;
use orchestra_protocol::message::MessageStatus;
use orchestra_protocol::task::{Declared, TaskClass, TaskResult, TaskStatus};
use orchestra_protocol::time::Timestamp;
use std::time::Duration;
use tokio::sync::Notify;

/// How often an attempt is begun that was lost through no fault of the work.
const ATTEMPTS: u32 = 2;
/// How often in a row the start of an agent may fail before its task does.
const FAILURES: u32 = 5;
/// A look without news, for deadlines and for what no event tells.
const LOOK: Duration = Duration::from_secs(1);

/// What the driver does after a look.
pub(in crate::delegate) enum Next {
    Wait,
    Again,
    Rest,
}

impl Delegate {
    /// Works until nothing is left to do for the task.
    pub(in crate::delegate) async fn driver(&self, id: TaskId, bell: &Notify) {
        let mut failures = 0;
        loop {
            let next = match self.look_at(id).await {
                Ok(next) => {
                    failures = 0;
                    next
                }
                // Somebody else changed it: look anew.
                Err(DelegateError::State(_) | DelegateError::Store(StoreError::Conflict(_))) => {
                    Next::Wait
                }
                Err(error) => {
                    tracing::warn!(task.id = %id, %error, "a task could not be moved on");
                    failures += 1;
                    if failures >= FAILURES && matches!(error, DelegateError::Agent(_)) {
                        self.give_up(id, &error.to_string(), Outcome::Failed).await;
                    }
                    Next::Wait
                }
            };
            match next {
                Next::Again => {}
                Next::Rest if self.dismiss(id, bell) => return,
                Next::Rest => {}
                Next::Wait => {
                    tokio::select! {
                        () = bell.notified() => {}
                        () = tokio::time::sleep(LOOK * 2u32.pow(failures.min(5))) => {}
                    }
                }
            }
        }
    }

    /// A queued task ends without an agent: none can be started, or nothing is left for it.
    async fn give_up(&self, id: TaskId, why: &str, outcome: Outcome) {
        let given_up = async {
            let begun = self.apply(id, &Command::Assign, &Note::default()).await?;
            self.finish(&begun, outcome, Some(why), None).await
        };
        if let Err(error) = given_up.await {
            tracing::warn!(task.id = %id, %error, "a task could not be given up");
        }
    }

    async fn look_at(&self, id: TaskId) -> Result<Next, DelegateError> {
        let task = self.get(id).await?;
        match task.view.status {
            TaskStatus::Waiting => Ok(Next::Rest),
            TaskStatus::Queued => self.assign(&task).await,
            TaskStatus::Assigned | TaskStatus::Running => self.follow(&task).await,
            _ => self.hand_over(&task).await,
        }
    }

    async fn assign(&self, task: &StoredTask) -> Result<Next, DelegateError> {
        let id = TaskId(task.view.id);
        if let Some(why) = self.over_above(task).await? {
            self.give_up(id, &why, Outcome::Limit).await;
            return Ok(Next::Again);
        }
        let (agent, fresh) = match self.choose(task).await {
            Ok(Choice::Agent(agent)) => (agent, false),
            Ok(Choice::New(agent)) => (agent, true),
            Ok(Choice::NotYet(reason)) => {
                store::tasks::explain(&self.store, id, &reason).await?;
                self.events.wake();
                return Ok(Next::Wait);
            }
            Err(DelegateError::Agent(error)) if is_final(&error) => {
                // No agent can take it: one attempt that failed, so that the row says so.
                self.give_up(id, &error.to_string(), Outcome::Failed).await;
                return Ok(Next::Again);
            }
            Err(error) => return Err(error),
        };
        let limit = task
            .request
            .timeout_ms
            .and_then(|ms| i64::try_from(ms).ok());
        let default = self
            .config
            .settings
            .limits
            .task_timeout_s
            .saturating_mul(1000);
        let limit = limit.unwrap_or(i64::try_from(default).unwrap_or(i64::MAX / 2));
        let note = Note {
            agent: Some(&agent),
            deadline: Some(Timestamp::now().0.saturating_add(limit)),
            ..Note::default()
        };
        match self.apply(id, &Command::Assign, &note).await {
            Ok(_) => {
                failpoint::reach("assigned");
                Ok(Next::Again)
            }
            Err(error) => {
                if fresh && matches!(error, DelegateError::State(_)) {
                    // Called off while the agent started: nobody else knows of it.
                    let reason = "the task it was started for was called off";
                    self.agents.kill(&agent, reason).await?;
                }
                Err(error)
            }
        }
    }

    /// An attempt lives: its message's receipt tells how it stands.
    async fn follow(&self, task: &StoredTask) -> Result<Next, DelegateError> {
        let attempt = task.attempt;
        let id = TaskId(task.view.id);
        let agent = match task.view.agent_id.as_deref().map(AgentId::parse) {
            Some(Ok(agent)) => agent,
            _ => return self.lose(task, "it had no agent", true).await,
        };
        if task
            .deadline
            .is_some_and(|deadline| Timestamp::now().0 > deadline)
        {
            let seconds = task.view.elapsed_ms / 1000;
            let text = format!("it was not done within its time limit ({seconds} s)");
            self.finish(task, Outcome::Timeout, Some(&text), None)
                .await?;
            return Ok(Next::Again);
        }
        let message = match self.message_of(task, &agent).await {
            Ok(Prompt::Sent(message)) => message,
            Ok(Prompt::NotYet) => return Ok(Next::Wait),
            Ok(Prompt::Unclean(reason)) => {
                // What another task left in its conversation must not get into this one.
                self.agents.kill(&agent, &reason).await?;
                return self.lose(task, &reason, true).await;
            }
            Err(DelegateError::Chat(crate::chat::ChatError::Agent(AgentError::Ended(_)))) => {
                let retry = self.may_retry(&agent).await?;
                let reason = "its agent ended before it took the task";
                return self.lose(task, reason, retry).await;
            }
            Err(error) => return Err(error),
        };
        if message.view.status != MessageStatus::Answered
            && let Some(why) = self.over_budget(task, &agent).await?
        {
            self.halt(task).await;
            self.finish(task, Outcome::Limit, Some(&why), None).await?;
            return Ok(Next::Again);
        }
        match (message.view.status, task.view.status) {
            (MessageStatus::Answered, _) => {
                self.answered(task, &message).await?;
                Ok(Next::Again)
            }
            (MessageStatus::Failed, _) => self.message_failed(task, &agent, &message).await,
            (MessageStatus::Accepted, TaskStatus::Assigned) => {
                self.apply(id, &Command::Start { attempt }, &Note::default())
                    .await?;
                Ok(Next::Again)
            }
            _ => Ok(Next::Wait),
        }
    }

    async fn answered(
        &self,
        task: &StoredTask,
        message: &StoredMessage,
    ) -> Result<(), DelegateError> {
        let answer = store::messages::answer_to(&self.store, &message.view.id).await?;
        let declared = self.get(TaskId(task.view.id)).await?.declared;
        let text = answer.map(|answer| answer.view.text).unwrap_or_default();
        let text = match (&declared, text.is_empty()) {
            (Some(declared), true) => declared.summary.clone(),
            _ => text,
        };
        let failed = declared
            .as_ref()
            .is_some_and(|declared| declared.success == Some(false));
        let said = declared.as_ref().map(|one| one.files.clone());
        let mut result = TaskResult {
            text,
            files: said.unwrap_or_default(),
            diff_stat: None,
            worktree_id: None,
            branch: None,
            declared: declared.clone(),
        };
        self.add_changes(task, &mut result).await;
        let summary = declared.map(|Declared { summary, .. }| summary);
        let (outcome, error) = if failed {
            (Outcome::Failed, summary)
        } else {
            (Outcome::Completed, None)
        };
        self.finish(task, outcome, error.as_deref(), Some(&result))
            .await
    }

    /// What git says of the work, where it was done in a worktree.
    async fn add_changes(&self, task: &StoredTask, result: &mut TaskResult) {
        let agent = task.view.agent_id.as_deref().map(AgentId::parse);
        let Some(Ok(agent)) = agent else { return };
        let Ok(agent) = self.agents.get(&agent).await else {
            return;
        };
        let Some(worktree) = agent.view.worktree_id else {
            return;
        };
        let worktrees = self.agents.worktrees();
        if let Ok(row) = worktrees.get(&worktree).await {
            result.branch = Some(row.view.branch);
        }
        match worktrees.changes(&worktree).await {
            Ok((files, stat)) => {
                result.files = files;
                result.diff_stat = Some(stat);
            }
            Err(error) => {
                tracing::warn!(task.id = task.view.id, %error, "the changes of a task are not known");
            }
        }
        result.worktree_id = Some(worktree);
    }

    /// The prompt did not get through, or the turn broke off.
    async fn message_failed(
        &self,
        task: &StoredTask,
        agent: &AgentId,
        message: &StoredMessage,
    ) -> Result<Next, DelegateError> {
        let reason = message
            .view
            .reason
            .as_deref()
            .unwrap_or("the message failed");
        if self.agents.get(agent).await?.view.status.is_final() {
            let retry = self.may_retry(agent).await?;
            return self.lose(task, reason, retry).await;
        }
        let outcome = match reason.starts_with(LIMIT) {
            true => Outcome::Limit,
            false => Outcome::Failed,
        };
        self.finish(task, outcome, Some(reason), None).await?;
        Ok(Next::Again)
    }

    /// False when the agent was stopped on purpose: what a person ended, or a limit,
    /// does not begin again by itself.
    async fn may_retry(&self, agent: &AgentId) -> Result<bool, DelegateError> {
        let view = self.agents.get(agent).await?.view;
        let stopped = matches!(view.status, AgentStatus::Killed | AgentStatus::Timeout);
        Ok(!stopped || view.reason.as_deref() == Some(RETIRED))
    }

    /// Its agent is gone: another attempt may follow while there are some left.
    async fn lose(
        &self,
        task: &StoredTask,
        reason: &str,
        retry: bool,
    ) -> Result<Next, DelegateError> {
        let named = task.request.agent.is_some();
        let command = Command::Lose {
            attempt: task.attempt,
            may_retry: retry && task.attempt < ATTEMPTS && !named,
        };
        let note = Note {
            reason: Some(reason),
            error: Some(reason),
            ..Note::default()
        };
        self.apply(TaskId(task.view.id), &command, &note).await?;
        Ok(Next::Again)
    }

    async fn finish(
        &self,
        task: &StoredTask,
        outcome: Outcome,
        error: Option<&str>,
        result: Option<&TaskResult>,
    ) -> Result<(), DelegateError> {
        let command = Command::Finish {
            attempt: task.attempt,
            outcome,
        };
        let limit = matches!(outcome, Outcome::Limit | Outcome::Timeout);
        let note = Note {
            class: limit.then_some(TaskClass::Limit),
            error,
            result,
            ..Note::default()
        };
        failpoint::reach("finishing");
        let ended = self.apply(TaskId(task.view.id), &command, &note).await?;
        if outcome == Outcome::Timeout {
            self.break_off(&ended).await;
        }
        Ok(())
    }

    async fn apply(
        &self,
        id: TaskId,
        command: &Command,
        note: &Note<'_>,
    ) -> Result<StoredTask, DelegateError> {
        let task = store::tasks::apply(&self.store, id, command, note).await?;
        self.events.wake();
        Ok(task)
    }
}

/// True when trying again cannot help.
fn is_final(error: &AgentError) -> bool {
    !matches!(error, AgentError::Store(_) | AgentError::Terminal(_))
}
