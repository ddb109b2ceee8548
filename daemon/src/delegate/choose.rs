//! Who does a task: a particular agent, an idle one of the same making, or a new one.

use super::{Delegate, DelegateError};
use crate::agents::AgentError;
use crate::agents::budget::why_held;
use crate::git::names;
use crate::model::ids::{AgentId, UserId};
use crate::model::requester::{CallingAgent, Requester};
use crate::store::rows::{StoredAgent, StoredTask};
use crate::store::{self};
use orchestra_protocol::agent::{ActivityState, AgentRole, AgentStatus, SpawnRequest};
use orchestra_protocol::worktree::WorktreeAsk;

/// Why an agent was ended whose place was needed.
pub(in crate::delegate) const RETIRED: &str = "it was idle and its place was needed";

/// Why a task waits for a moment after the daemon's start.
const LOOKING: &str =
    "an agent that may be free is looked at, now that the daemon has started again";

/// Whether an agent can take a task beside what it did before.
enum Fit {
    Yes,
    No,
    /// As far as an earlier daemon knew; nothing was heard of it since.
    Perhaps,
}

/// Who was found.
pub(in crate::delegate) enum Choice {
    /// This one, who lives already.
    Agent(AgentId),
    /// This one, who was started for it.
    New(AgentId),
    /// Nobody yet; the reason is for people.
    NotYet(String),
}

impl Delegate {
    /// Finds or starts the agent for a queued task.
    pub(in crate::delegate) async fn choose(
        &self,
        task: &StoredTask,
    ) -> Result<Choice, DelegateError> {
        if let Some(agent) = &task.request.agent {
            return self.particular_agent(task, agent).await;
        }
        let living = store::agents::live(&self.store).await?;
        if let Some(choice) = self.same_again(task, &living) {
            return Ok(choice);
        }
        // Started for this very task by a daemon that ended before it could say so.
        let ours = living
            .iter()
            .find(|agent| agent.view.task_id == Some(task.view.id));
        if let Some(agent) = ours {
            return Ok(Choice::Agent(agent.id.clone()));
        }
        // One that works in a worktree is made for its task.
        let shared = task
            .request
            .worktree
            .as_ref()
            .is_none_or(|ask| !ask.wanted());
        let mut perhaps = false;
        for agent in living.iter().filter(|_| shared) {
            match self.fits(task, agent).await? {
                Fit::Yes => return Ok(Choice::Agent(agent.id.clone())),
                Fit::Perhaps => perhaps = true,
                Fit::No => {}
            }
        }
        if perhaps {
            return Ok(Choice::NotYet(LOOKING.to_owned()));
        }
        self.start_one(task, &living).await
    }

    async fn particular_agent(&self, task: &StoredTask, id: &str) -> Result<Choice, DelegateError> {
        let id = AgentId::parse(id).map_err(|_| store::StoreError::NotFound("agent"))?;
        let agent = self.agents.get(&id).await?;
        Ok(match (agent.view.status, agent.view.task_id) {
            (AgentStatus::Running, _) if agent.held.is_some() => {
                Choice::NotYet(why_held(&agent).unwrap_or_default())
            }
            (AgentStatus::Running, None) => Choice::Agent(id),
            (AgentStatus::Running, Some(own)) if own == task.view.id => Choice::Agent(id),
            (AgentStatus::Running, Some(other)) => {
                Choice::NotYet(format!("{id} works on task {other}"))
            }
            (AgentStatus::Starting, _) => Choice::NotYet(format!("{id} starts")),
            _ => return Err(AgentError::Ended(id).into()),
        })
    }

    /// An idle agent that the engine made, of the same owner, folder and making, whose
    /// conversation can be emptied or is to go on.
    async fn fits(&self, task: &StoredTask, agent: &StoredAgent) -> Result<Fit, DelegateError> {
        let view = &agent.view;
        let same = view.owner == task.view.owner
            && Some(&view.cwd) == task.request.cwd.as_ref()
            && view.specialist == task.view.specialist
            && Some(&view.kind) == task.view.kind.as_ref();
        let free = view.role == AgentRole::Specialist
            && view.status == AgentStatus::Running
            && view.task_id.is_none()
            && view.worktree_id.is_none()
            && agent.held.is_none()
            && task.caller_agent.as_deref() != Some(&view.id);
        let heard = self.agents.looked_at(&agent.id);
        if !same || !free || heard && view.activity.state != ActivityState::Idle {
            return Ok(Fit::No);
        }
        let keeps = task.request.keep_conversation == Some(true);
        let adapter = self.agents.adapter(&view.kind)?;
        if !keeps && adapter.clear_command().is_none() && !adapter.is_shell() {
            return Ok(Fit::No);
        }
        let open = store::messages::open(&self.store, &agent.id).await?;
        let ours =
            open.is_empty() && store::task_reads::worked_before(&self.store, &agent.id).await?;
        Ok(match (ours, heard) {
            (false, _) => Fit::No,
            (true, true) => Fit::Yes,
            (true, false) => Fit::Perhaps,
        })
    }

    async fn start_one(
        &self,
        task: &StoredTask,
        living: &[StoredAgent],
    ) -> Result<Choice, DelegateError> {
        let requester = self.requester_of(task).await?;
        let request = SpawnRequest {
            kind: task
                .view
                .specialist
                .is_none()
                .then(|| task.view.kind.clone())
                .flatten(),
            specialist: task.view.specialist.clone(),
            // Not the task's: it will do others.
            title: task.view.specialist.clone(),
            cwd: task.request.cwd.clone(),
            worktree: worktree_of(task),
            base: task.request.base.clone(),
            ..SpawnRequest::default()
        };
        match self
            .agents
            .spawn(&requester, &request, Some(task.view.id), None)
            .await
        {
            Ok(agent) => Ok(Choice::New(agent.id)),
            Err(AgentError::Full(reason)) => {
                self.retire_one(task, living).await?;
                Ok(Choice::NotYet(reason))
            }
            // Ending somebody would not help: it waits for the hour to pass.
            Err(AgentError::Cap(reason)) => Ok(Choice::NotYet(reason)),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends the longest idle agent that the engine made, to make room.
    async fn retire_one(
        &self,
        task: &StoredTask,
        living: &[StoredAgent],
    ) -> Result<(), DelegateError> {
        let mut idle: Vec<&StoredAgent> = living
            .iter()
            .filter(|agent| {
                agent.view.owner == task.view.owner
                    && agent.view.role == AgentRole::Specialist
                    && agent.view.task_id.is_none()
                    && agent.view.activity.state == ActivityState::Idle
            })
            .collect();
        idle.sort_by_key(|agent| agent.view.activity.since);
        for agent in idle {
            let open = store::messages::open(&self.store, &agent.id).await?;
            if open.is_empty() && store::task_reads::worked_before(&self.store, &agent.id).await? {
                self.agents.kill(&agent.id, RETIRED).await?;
                return Ok(());
            }
        }
        Ok(())
    }

    /// On whose behalf the task's agent is started.
    pub(in crate::delegate) async fn requester_of(
        &self,
        task: &StoredTask,
    ) -> Result<Requester, DelegateError> {
        let agent = match task.caller_agent.as_deref().map(AgentId::parse) {
            Some(Ok(id)) => Some(CallingAgent {
                id,
                task: task.view.parent_task_id,
                depth: task.depth - 1,
                root: task.root.clone(),
            }),
            _ => None,
        };
        Ok(Requester {
            user: UserId(task.view.owner.clone()),
            name: store::task_reads::owner_name(&self.store, &task.view.owner).await?,
            agent,
        })
    }
}

/// The worktree for a task. A made-up name has the task's number, so that a second attempt
/// finds what the first one did.
fn worktree_of(task: &StoredTask) -> Option<WorktreeAsk> {
    match task.request.worktree.as_ref().filter(|ask| ask.wanted())? {
        WorktreeAsk::Named(name) => Some(WorktreeAsk::Named(name.clone())),
        WorktreeAsk::Yes(_) => {
            let stem = names::from_title(&task.view.title);
            Some(WorktreeAsk::Named(format!("{stem}-{}", task.view.id)))
        }
    }
}
