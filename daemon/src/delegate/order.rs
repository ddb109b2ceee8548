//! Taking a delegation: is it whole, may the tree grow this way, can it be done here?

use super::{Delegate, DelegateError, prompt};
use crate::agents::{AgentError, folder};
use crate::config::{PermissionMode, failpoint};
use crate::git::{GitError, locate, names};
use crate::model::budget;
use crate::model::ids::{AgentId, TaskId};
use crate::model::limits::{self, Invalid, MAX_TITLE};
use crate::model::requester::{CallingAgent, Requester};
use crate::store::idempotency::Key;
use crate::store::rows::{StoredAgent, StoredTask};
use crate::store::tasks::NewTask;
use crate::store::{self};
use orchestra_protocol::agent::AgentRole;
use orchestra_protocol::task::{DelegateRequest, TaskStatus};
use orchestra_protocol::worktree::WorktreeAsk;
use std::path::Path;

/// Most tasks of one plan.
const MAX_PLAN: usize = 20;
/// How many of its tasks say who works for an agent.
const RECENT: i64 = 200;
/// Longest time limit of a task: a day.
const MAX_TIMEOUT_MS: u64 = 86_400_000;

impl Delegate {
    /// Stores a delegation; its work begins by itself. A repeat under the same key is the
    /// first one's task.
    ///
    /// # Errors
    /// When it is not valid, or the caps on depth or cycles forbid it. Nothing is stored
    /// then.
    pub async fn delegate(
        &self,
        requester: &Requester,
        request: DelegateRequest,
        once: Option<&Key<'_>>,
    ) -> Result<StoredTask, DelegateError> {
        let new = self.check(requester, request, TaskStatus::Queued).await?;
        let mut tasks = store::tasks::insert(&self.store, &[new], once).await?;
        let task = tasks.pop().ok_or(store::StoreError::NotFound("task"))?;
        failpoint::reach("delegated");
        self.events.wake();
        self.drive(TaskId(task.view.id));
        Ok(task)
    }

    /// Stores a plan: delegations that wait for a person's yes.
    ///
    /// # Errors
    /// As `delegate`; one bad task refuses the whole plan.
    pub async fn propose(
        &self,
        requester: &Requester,
        requests: Vec<DelegateRequest>,
        once: Option<&Key<'_>>,
    ) -> Result<Vec<StoredTask>, DelegateError> {
        if !(1..=MAX_PLAN).contains(&requests.len()) {
            let text = format!(
                "a plan has 1 to {MAX_PLAN} tasks; this has {}",
                requests.len()
            );
            return Err(Invalid(text).into());
        }
        let mut new = Vec::with_capacity(requests.len());
        for (index, request) in requests.into_iter().enumerate() {
            let checked = self.check(requester, request, TaskStatus::Waiting).await;
            new.push(checked.map_err(|error| match error {
                DelegateError::Invalid(Invalid(text)) => {
                    Invalid(format!("task {}: {text}", index + 1)).into()
                }
                other => other,
            })?);
        }
        let tasks = store::tasks::insert(&self.store, &new, once).await?;
        self.events.wake();
        Ok(tasks)
    }

    async fn check(
        &self,
        requester: &Requester,
        mut request: DelegateRequest,
        status: TaskStatus,
    ) -> Result<NewTask, DelegateError> {
        limits::prompt(&request.task)?;
        self.check_limits(&request)?;
        let targets = [&request.specialist, &request.kind, &request.agent];
        if targets.iter().filter(|target| target.is_some()).count() != 1 {
            return Err(Invalid("give exactly one of specialist, kind and agent".into()).into());
        }
        let depth = self.depth(requester).await?;
        let deepest = i64::from(self.config.settings.limits.depth);
        if depth > deepest {
            return Err(DelegateError::Refused(format!(
                "you are {} delegations away from a person and the limit is {deepest}; do this part \
                 yourself",
                depth - 1
            )));
        }
        self.check_above(requester.agent.as_ref().and_then(|agent| agent.task))
            .await?;
        let title = match &request.title {
            Some(title) => limits::label("title", title, MAX_TITLE)?,
            None => prompt::title_of(&request.task),
        };
        let cwd = self.folder(requester, &request).await?;
        self.check_worktree(&request, &cwd)?;
        request.cwd = Some(cwd);
        let (kind, specialist) = self.target(requester, &request).await?;
        if status == TaskStatus::Queued {
            self.check_mode(requester, kind.as_deref(), specialist.as_deref())
                .await?;
        }
        if let Some(context) = &request.context {
            for id in &context.task_ids {
                self.check_context(requester, TaskId(*id)).await?;
            }
        }
        let root = match &requester.agent {
            Some(agent) => agent.root.clone(),
            None => requester.user.to_string(),
        };
        let defaults = self.config.settings.budgets.of_tasks();
        Ok(NewTask {
            budget: budget::or_default(request.budget.as_ref(), &defaults),
            title,
            request,
            status,
            kind,
            specialist,
            parent_task_id: requester.agent.as_ref().and_then(|agent| agent.task),
            caller_agent: requester.agent.as_ref().map(|agent| agent.id.to_string()),
            requested_by: requester.label(),
            owner: requester.user.to_string(),
            depth,
            root,
        })
    }

    /// What is asked of a worktree, as far as it can be told before there is one.
    fn check_worktree(&self, request: &DelegateRequest, cwd: &str) -> Result<(), DelegateError> {
        let Some(ask) = request.worktree.as_ref().filter(|ask| ask.wanted()) else {
            return match request.base {
                Some(_) => Err(Invalid(
                    "base says where a worktree begins; ask for one with worktree".into(),
                )
                .into()),
                None => Ok(()),
            };
        };
        if request.agent.is_some() {
            let text = "an agent that runs stays in its folder; give specialist or kind for a task with a worktree";
            return Err(Invalid(text.into()).into());
        }
        let named = |error: GitError| AgentError::Worktree(error.into());
        if let WorktreeAsk::Named(name) = ask {
            names::worktree(name).map_err(named)?;
        }
        if let Some(base) = &request.base {
            names::branch(base).map_err(named)?;
        }
        locate::repository(Path::new(cwd)).map_err(named)?;
        Ok(())
    }

    /// How far from a person the new task would be. A reused agent is as deep as the task
    /// it works on, whatever it was started for.
    async fn depth(&self, requester: &Requester) -> Result<i64, DelegateError> {
        let Some(agent) = &requester.agent else {
            return Ok(0);
        };
        let working = match agent.task {
            Some(task) => self.get(TaskId(task)).await?.depth,
            None => 0,
        };
        Ok(agent.depth.max(working) + 1)
    }

    /// Limits that are none, or beyond what is allowed.
    fn check_limits(&self, request: &DelegateRequest) -> Result<(), Invalid> {
        if let Some(budget) = &request.budget {
            budget::check(budget)?;
        }
        match request.timeout_ms {
            Some(0) => Err(Invalid("timeout_ms must be more than 0".into())),
            Some(long) if long > MAX_TIMEOUT_MS => Err(Invalid(format!(
                "timeout_ms is {long}; at most {MAX_TIMEOUT_MS} are allowed"
            ))),
            _ => Ok(()),
        }
    }

    /// Where the work happens: for an agent, in its own folder or beneath it.
    async fn folder(
        &self,
        requester: &Requester,
        request: &DelegateRequest,
    ) -> Result<String, DelegateError> {
        let own = match &requester.agent {
            Some(agent) => Some(self.agents.get(&agent.id).await?.view.cwd),
            None => None,
        };
        let asked = match (&request.cwd, &own) {
            (Some(asked), _) => asked.clone(),
            (None, Some(own)) => own.clone(),
            (None, None) => self.config.primary_cwd().display().to_string(),
        };
        let cwd = folder::check(&self.config, &asked)?;
        if let Some(own) = own
            && !cwd.starts_with(&own)
        {
            return Err(DelegateError::Refused(format!(
                "cwd {asked:?} is outside your own folder {own:?}; delegate work within it"
            )));
        }
        Ok(cwd.display().to_string())
    }

    /// A shell asks nobody, so that an agent that has to ask gets one only once a person
    /// agrees, as to a plan. A specialist with full rights is its owner's own word.
    async fn check_mode(
        &self,
        requester: &Requester,
        kind: Option<&str>,
        specialist: Option<&str>,
    ) -> Result<(), DelegateError> {
        let (Some(caller), Some(kind)) = (&requester.agent, kind) else {
            return Ok(());
        };
        if !self.agents.adapter(kind)?.is_shell() {
            return Ok(());
        }
        let caller = self.agents.get(&caller.id).await?.view;
        let named = caller.specialist.as_deref();
        let own = match caller.role {
            AgentRole::Primary => self.config.settings.primary.permissions,
            AgentRole::Specialist => named
                .and_then(|name| self.config.specialist(name))
                .map(|one| one.permissions)
                .unwrap_or_default(),
        };
        if own == PermissionMode::Full || self.agents.adapter(&caller.kind)?.is_shell() {
            return Ok(());
        }
        let name = specialist.unwrap_or(kind);
        Err(DelegateError::Refused(format!(
            "{name} runs commands without asking and you have to ask; use propose_plan, so that a person \
             agrees first"
        )))
    }

    /// Kind and specialist that will do it; refuses what cannot start here.
    async fn target(
        &self,
        requester: &Requester,
        request: &DelegateRequest,
    ) -> Result<(Option<String>, Option<String>), DelegateError> {
        if let Some(agent) = &request.agent {
            let id = AgentId::parse(agent).map_err(|error| Invalid(format!("agent: {error}")))?;
            return self.particular(requester, &id).await;
        }
        let (kind, specialist) = self
            .agents
            .resolve(
                request.kind.as_deref(),
                request.specialist.as_deref(),
                request.cwd.as_deref(),
            )
            .await?;
        Ok((Some(kind), specialist))
    }

    async fn particular(
        &self,
        requester: &Requester,
        id: &AgentId,
    ) -> Result<(Option<String>, Option<String>), DelegateError> {
        let agent = self.agents.get(id).await?;
        if agent.view.owner != requester.user.0 {
            return Err(store::StoreError::NotFound("agent").into());
        }
        if let Some(caller) = &requester.agent {
            if caller.id == *id {
                return Err(DelegateError::Refused(
                    "an agent cannot delegate to itself; do it, or name a specialist".into(),
                ));
            }
            self.check_cycle(caller.task, id).await?;
            // Whoever may put text into any terminal of its user works in any folder.
            if !self.works_for(&agent, caller).await? {
                return Err(DelegateError::Refused(format!(
                    "{id} does not work for you; name a specialist, or an agent that you started"
                )));
            }
        }
        if agent.view.status.is_final() {
            return Err(AgentError::Ended(id.clone()).into());
        }
        Ok((Some(agent.view.kind), agent.view.specialist))
    }

    /// True for an agent that the caller started, or that did a task of the caller's.
    async fn works_for(
        &self,
        agent: &StoredAgent,
        caller: &CallingAgent,
    ) -> Result<bool, DelegateError> {
        let started = agent.view.parent.as_deref() == Some(caller.id.as_str());
        let (owner, asker) = (agent.view.owner.as_str(), caller.id.as_str());
        let asked = self.list(Some(owner), Some(asker), None, RECENT).await?;
        let id = Some(agent.id.as_str());
        Ok(started || asked.iter().any(|task| task.view.agent_id.as_deref() == id))
    }

    /// Refuses an agent that waits, directly or not, for the caller's own result.
    async fn check_cycle(&self, mut task: Option<i64>, id: &AgentId) -> Result<(), DelegateError> {
        while let Some(above) = task {
            let above = self.get(TaskId(above)).await?;
            if above.caller_agent.as_deref() == Some(id.as_str()) {
                return Err(DelegateError::Refused(format!(
                    "{id} waits for your result, so it cannot work for you; send it a message, or name a \
                     specialist"
                )));
            }
            task = above.view.parent_task_id;
        }
        Ok(())
    }

    async fn check_context(&self, requester: &Requester, id: TaskId) -> Result<(), DelegateError> {
        let caller = requester.agent.as_ref().map(|agent| agent.id.as_str());
        // An agent reads what it asked for or did, so it passes on no more than that.
        let its = |task: &StoredTask| {
            caller.is_none()
                || task.caller_agent.as_deref() == caller
                || task.view.agent_id.as_deref() == caller
        };
        let known = match self.get(id).await {
            Ok(task) if task.view.owner == requester.user.0 && its(&task) => Some(task),
            Ok(_) | Err(store::StoreError::NotFound(_)) => None,
            Err(error) => return Err(error.into()),
        };
        match known {
            None => Err(Invalid(format!("context.task_ids: there is no task {id}")).into()),
            Some(task) if task.view.result.is_none() => {
                Err(Invalid(format!("context.task_ids: task {id} has no result yet")).into())
            }
            Some(_) => Ok(()),
        }
    }
}
