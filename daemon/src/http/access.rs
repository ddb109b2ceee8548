//! From a caller and an object to a yes or a refusal; and from a caller to the
//! requester that services know.

use super::problem::Failure;
use crate::agents::Agents;
use crate::approvals::Approvals;
use crate::auth::Auth;
use crate::auth::AuthError;
use crate::auth::authorize::{Denied, Object, authorize};
use crate::auth::permission::Permission;
use crate::auth::principal::Principal;
use crate::delegate::Delegate;
use crate::model::ids::{AgentId, TaskId, UserId};
use crate::model::requester::{CallingAgent, Requester};
use crate::store::approvals::StoredApproval;
use crate::store::rows::{StoredAgent, StoredTask};
use crate::store::worktrees::StoredWorktree;
use crate::worktrees::Worktrees;
use orchestra_protocol::approval::ApprovalRule;
use orchestra_protocol::event::EventBody;
use std::time::{Duration, Instant};

/// How often the right to a long answer is looked at again.
const RECHECK: Duration = Duration::from_secs(5);

/// Whose things a list is to hold: the caller's own, or everybody's.
pub fn only_of(principal: &Principal) -> Option<&str> {
    let all = principal.permissions.has(Permission::AgentsReadAll);
    (!all).then_some(principal.user.id.0.as_str())
}

/// On whose behalf a caller acts.
pub fn requester(principal: &Principal) -> Requester {
    Requester {
        user: principal.user.id.clone(),
        name: principal.user.name.clone(),
        agent: principal.agent.as_ref().map(|grant| CallingAgent {
            id: grant.agent_id.clone(),
            task: grant.task_id.map(|task| task.0),
            depth: i64::from(grant.depth),
            root: grant.root.to_string(),
        }),
    }
}

/// An action as such, without an object.
///
/// # Errors
/// 403 when the caller lacks the right.
pub fn may(principal: &Principal, permission: Permission) -> Result<(), Failure> {
    authorize(principal, permission, &Object::global()).map_err(|denied| refuse(denied, "object"))
}

/// True when the caller may read what belongs to that user.
///
/// What is about an agent is also for those that the agent is shared with.
pub fn may_read(principal: &Principal, owner: &str, about: &EventBody) -> bool {
    let owner = UserId(owner.to_owned());
    let mut object = Object::of(&owner);
    let agent = match about {
        EventBody::Agent { agent } => Some(agent.id.as_str()),
        EventBody::Message { message } => Some(message.agent_id.as_str()),
        EventBody::Worktree { worktree, .. } => worktree.agent_id.as_deref(),
        // To share an agent is not to share what it asks its owner.
        EventBody::Task { .. } | EventBody::Approval { .. } => None,
    };
    if let Some(agent) = agent {
        object = object.shared(principal.shares.of(agent, &principal.user.id));
    }
    authorize(principal, Permission::AgentsRead, &object).is_ok()
}

/// An agent, if the caller may do this to it.
///
/// # Errors
/// 404 when there is none or the caller may not know of it, 403 when it lacks the right.
pub async fn agent(
    agents: &Agents,
    principal: &Principal,
    permission: Permission,
    id: &str,
) -> Result<StoredAgent, Failure> {
    let id = AgentId::parse(id).map_err(|_| Failure::not_found("agent"))?;
    let agent = agents.get(&id).await?;
    check_agent(principal, permission, &agent)?;
    Ok(agent)
}

/// The same for an agent that is at hand.
///
/// # Errors
/// As `agent`.
pub fn check_agent(
    principal: &Principal,
    permission: Permission,
    agent: &StoredAgent,
) -> Result<(), Failure> {
    let owner = UserId(agent.view.owner.clone());
    let parent = parse(agent.view.parent.as_deref());
    let share = principal.shares.of(agent.id.as_str(), &principal.user.id);
    let object = Object::of(&owner)
        .agent(&agent.id)
        .parent(parent.as_ref())
        .shared(share);
    authorize(principal, permission, &object).map_err(|denied| refuse(denied, "agent"))
}

/// A task, if the caller may do this to it.
///
/// # Errors
/// 404 when there is none or the caller may not know of it, 403 when it lacks the right.
pub async fn task(
    delegate: &Delegate,
    principal: &Principal,
    permission: Permission,
    id: i64,
) -> Result<StoredTask, Failure> {
    let task = delegate.get(TaskId(id)).await?;
    check_task(principal, permission, &task)?;
    Ok(task)
}

/// The same for a task that is at hand.
///
/// # Errors
/// As `task`.
pub fn check_task(
    principal: &Principal,
    permission: Permission,
    task: &StoredTask,
) -> Result<(), Failure> {
    let owner = UserId(task.view.owner.clone());
    let worker = parse(task.view.agent_id.as_deref());
    let caller = parse(task.caller_agent.as_deref());
    let mut object = Object::of(&owner).parent(caller.as_ref());
    if let Some(worker) = &worker {
        object = object.agent(worker);
    }
    authorize(principal, permission, &object).map_err(|denied| refuse(denied, "task"))
}

/// A worktree, if the caller may do this to it.
///
/// # Errors
/// 404 when there is none or the caller may not know of it, 403 when it lacks the right.
pub async fn worktree(
    worktrees: &Worktrees,
    principal: &Principal,
    permission: Permission,
    id: &str,
) -> Result<StoredWorktree, Failure> {
    let found = worktrees.get(id).await?;
    check_worktree(principal, permission, &found)?;
    Ok(found)
}

/// The same for a worktree that is at hand: it is as the agent that works in it.
///
/// # Errors
/// As `worktree`.
pub fn check_worktree(
    principal: &Principal,
    permission: Permission,
    found: &StoredWorktree,
) -> Result<(), Failure> {
    let owner = UserId(found.view.owner.clone());
    let agent = parse(found.view.agent_id.as_deref());
    let mut object = Object::of(&owner);
    if let Some(agent) = &agent {
        let share = principal.shares.of(agent.as_str(), &principal.user.id);
        object = object.agent(agent).shared(share);
    }
    authorize(principal, permission, &object).map_err(|denied| refuse(denied, "worktree"))
}

/// An approval, if the caller may do this to it.
///
/// # Errors
/// 404 when there is none or the caller may not know of it, 403 when it lacks the right.
pub async fn approval(
    approvals: &Approvals,
    principal: &Principal,
    permission: Permission,
    id: &str,
) -> Result<StoredApproval, Failure> {
    let found = approvals.get(id).await?;
    let owner = UserId(found.view.owner.clone());
    let object = Object::of(&owner).agent(&found.agent);
    authorize(principal, permission, &object).map_err(|denied| refuse(denied, "approval"))?;
    Ok(found)
}

/// A rule that was made from an answer, if the caller may do this to it.
///
/// # Errors
/// As `approval`.
pub async fn rule(
    approvals: &Approvals,
    principal: &Principal,
    permission: Permission,
    id: &str,
) -> Result<ApprovalRule, Failure> {
    let found = approvals.made_rule(id).await?;
    let owner = UserId(found.owner.clone());
    authorize(principal, permission, &Object::of(&owner))
        .map_err(|denied| refuse(denied, "rule"))?;
    Ok(found)
}

/// The right to an answer that goes on, such as a followed log: looked at again while it
/// lasts, because a login may end or be taken back meanwhile.
pub struct Standing {
    auth: Auth,
    principal: Principal,
    permission: Permission,
    agent: StoredAgent,
    generation: u64,
    checked: Instant,
}

impl Standing {
    /// Of a caller that was just let at this agent.
    pub fn new(
        auth: Auth,
        principal: Principal,
        permission: Permission,
        agent: StoredAgent,
    ) -> Self {
        Self {
            generation: auth.generation(),
            auth,
            principal,
            permission,
            agent,
            checked: Instant::now(),
        }
    }

    /// False once the caller may not have it any more.
    pub async fn holds(&mut self) -> bool {
        let generation = self.auth.generation();
        if generation == self.generation && self.checked.elapsed() < RECHECK {
            return true;
        }
        (self.generation, self.checked) = (generation, Instant::now());
        match self.auth.recheck(&self.principal).await {
            Ok(fresh) => check_agent(&fresh, self.permission, &self.agent).is_ok(),
            Err(AuthError::Store(error)) => {
                // As for sockets: a database in trouble takes nobody's terminal away.
                tracing::error!(%error, "the right to an answer could not be checked");
                true
            }
            Err(_) => false,
        }
    }
}

fn parse(id: Option<&str>) -> Option<AgentId> {
    id.and_then(|id| AgentId::parse(id).ok())
}

fn refuse(denied: Denied, what: &str) -> Failure {
    match denied {
        Denied::Hidden => Failure::not_found(what),
        Denied::Forbidden => Failure::forbidden(
            "Your role does not include this. Ask an admin, or the owner to share it with you.",
        ),
    }
}
