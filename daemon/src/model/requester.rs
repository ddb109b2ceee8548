//! On whose behalf something is started.

use super::ids::{AgentId, UserId};

/// A person, or an agent that acts for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requester {
    pub user: UserId,
    /// Name of the person.
    pub name: String,
    pub agent: Option<CallingAgent>,
}

/// The agent that makes a call, with its place in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallingAgent {
    pub id: AgentId,
    pub task: Option<i64>,
    pub depth: i64,
    /// The first agent of its tree.
    pub root: String,
}

impl Requester {
    /// How it signs: the agent's id, or the person's name.
    pub fn label(&self) -> String {
        self.agent
            .as_ref()
            .map_or_else(|| self.name.clone(), |agent| agent.id.to_string())
    }
}
