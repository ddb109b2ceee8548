//! The inbox: an agent's question to a person waits here until somebody answers it, in
//! the page, by a rule or in the terminal. A hook of the agent's CLI waits for the word
//! and prints it; what the terminal settled is withdrawn, on evidence.

pub mod answer;
pub mod ask;
pub mod shown;
pub mod watch;

use crate::agents::{AgentError, Agents};
use crate::audit::Audit;
use crate::config::Config;
use crate::events::Events;
use crate::model::limits::Invalid;
use crate::model::rules::Rule;
use crate::store::approvals::{Filter, StoredApproval};
use crate::store::{self, Store, StoreError};
use crate::supervise::Tasks;
use orchestra_protocol::approval::{Approval, ApprovalRule};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch as channel;
use tokio_util::sync::CancellationToken;
use watch::Waiter;

/// Why a question was not taken or not answered.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// It ended before; how stands in it.
    #[error("{}", ended(.0))]
    Ended(Box<Approval>),
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Cheap handle to all approvals; clone it freely.
#[derive(Clone)]
pub struct Approvals {
    pub(in crate::approvals) config: Arc<Config>,
    pub(in crate::approvals) store: Store,
    pub(in crate::approvals) events: Events,
    pub(in crate::approvals) agents: Agents,
    pub(in crate::approvals) audit: Audit,
    /// Of the configuration.
    pub(in crate::approvals) rules: Arc<Vec<Rule>>,
    /// Which hooks wait, by approval.
    pub(in crate::approvals) waiters: Arc<Mutex<HashMap<String, Waiter>>>,
    /// Counts changes of any approval; waiting hooks look again.
    pub(in crate::approvals) changes: channel::Sender<u64>,
    /// The daemon ends: hooks come back to the next one.
    pub(in crate::approvals) ending: CancellationToken,
}

impl Approvals {
    /// Reads the rules of the configuration and goes on with what is still pending.
    ///
    /// # Errors
    /// When a rule is wrong.
    pub fn start(
        config: Arc<Config>,
        store: Store,
        events: Events,
        agents: Agents,
        audit: Audit,
        tasks: &Tasks,
    ) -> Result<Self, Invalid> {
        let texts = &config.settings.approvals.bypass_permissions;
        let rules = texts
            .iter()
            .map(|text| Rule::parse(text))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|Invalid(why)| Invalid(format!("approvals.bypass_permissions: {why}")))?;
        let approvals = Self {
            config,
            store,
            events,
            agents,
            audit,
            rules: Arc::new(rules),
            waiters: Arc::default(),
            changes: channel::Sender::new(0),
            ending: tasks.token(),
        };
        approvals.clone().watch(tasks);
        Ok(approvals)
    }

    /// One approval.
    ///
    /// # Errors
    /// `NotFound` when there is none of that id.
    pub async fn get(&self, id: &str) -> Result<StoredApproval, StoreError> {
        store::approvals::get(&self.store, id).await
    }

    /// Approvals, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list(
        &self,
        filter: &Filter<'_>,
        limit: i64,
    ) -> Result<Vec<StoredApproval>, StoreError> {
        store::approvals::list(&self.store, filter, limit).await
    }

    /// Rules made from answers; of one owner, or of all.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn made_rules(&self, owner: Option<&str>) -> Result<Vec<ApprovalRule>, StoreError> {
        store::approval_rules::list(&self.store, owner).await
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound` when there is none of that id.
    pub async fn made_rule(&self, id: &str) -> Result<ApprovalRule, StoreError> {
        store::approval_rules::get(&self.store, id).await
    }

    /// Forgets one of them.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn remove_rule(&self, id: &str) -> Result<(), StoreError> {
        store::approval_rules::remove(&self.store, id).await
    }

    /// Tells everybody that an approval changed.
    pub(in crate::approvals) fn changed(&self) {
        self.events.wake();
        self.changes.send_modify(|count| *count += 1);
    }
}

/// How it ended, for somebody who came too late.
fn ended(approval: &Approval) -> String {
    use orchestra_protocol::approval::ApprovalState as S;
    let by = match (&approval.answered_by, &approval.rule) {
        (Some(name), _) => format!("by {name}"),
        (None, Some(rule)) => format!("by the rule {rule}"),
        (None, None) => "already".to_owned(),
    };
    let reason = approval.reason.as_deref().unwrap_or("it is over");
    match approval.state {
        S::Pending => "it is still pending".to_owned(),
        S::Allowed => format!("it was allowed {by}"),
        S::Denied => format!("it was denied {by}"),
        S::Expired => format!("it expired: {reason}"),
        S::Withdrawn => format!("it was withdrawn: {reason}"),
    }
}
