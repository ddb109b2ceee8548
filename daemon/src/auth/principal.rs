//! Who calls.

use super::permission::{Permissions, Role};
use super::shares::Shares;
use crate::model::ids::{AgentId, TaskId, UserId};
use orchestra_protocol::time::Timestamp;

/// A person, known by (issuer, subject).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub issuer: String,
    pub subject: String,
}

/// What an agent's token is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentGrant {
    pub agent_id: AgentId,
    pub parent: Option<AgentId>,
    pub task_id: Option<TaskId>,
    pub depth: u32,
    /// The top of its tree.
    pub root: AgentId,
}

/// A user, or an agent that acts for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub user: User,
    /// What the user may do; empty for an agent, whose rights come from its place in
    /// the tree.
    pub permissions: Permissions,
    pub agent: Option<AgentGrant>,
    /// `jti` of the token, or the hash of an agent's.
    pub token_id: Option<String>,
    /// The device that the token was made for.
    pub device_id: Option<String>,
    /// When the token ends; an agent's ends with the agent.
    pub expires_at: Option<Timestamp>,
    /// What others share with it; a handle that sees every change.
    pub shares: Shares,
}

impl Principal {
    /// The largest role that the permissions cover.
    pub fn role(&self) -> Option<Role> {
        self.permissions.role()
    }

    /// The same caller with nothing but its rights to look.
    #[must_use]
    pub fn reading(mut self) -> Self {
        self.permissions = self.permissions.reading();
        self
    }

    /// Names one caller for limits and caches: the agent, else the user.
    pub fn key(&self) -> &str {
        match &self.agent {
            Some(grant) => grant.agent_id.as_str(),
            None => &self.user.id.0,
        }
    }
}
