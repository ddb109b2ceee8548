//! Questions end without an answer too: in the terminal, with their hook, with time. What
//! is shown as pending must be answerable, so each is looked at while it is pending.

use super::{ApprovalError, Approvals};
use crate::model::ids::AgentId;
use crate::store::approvals::StoredApproval;
use crate::store::{self};
use crate::supervise::Tasks;
use orchestra_protocol::agent::WaitingFor;
use orchestra_protocol::approval::ApprovalForm;
use orchestra_protocol::time::Timestamp;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How often pending questions are looked at.
const LOOK: Duration = Duration::from_millis(500);
/// A hook that did not come back within this time never will: it asks again at once.
const GONE: Duration = Duration::from_secs(3);
/// The same after a start of the daemon, while everything on the machine is slow.
const RETURN: Duration = Duration::from_secs(20);

/// Hooks that wait for one question.
#[derive(Debug)]
pub(in crate::approvals) struct Waiter {
    count: usize,
    /// When the last one left, or when this daemon learnt of the question.
    since: Instant,
    patience: Duration,
}

impl Waiter {
    fn none(patience: Duration) -> Self {
        Self {
            count: 0,
            since: Instant::now(),
            patience,
        }
    }

    fn is_gone(&self) -> bool {
        self.count == 0 && self.since.elapsed() > self.patience
    }
}

/// A hook waits as long as this lives: it is dropped with the hook's connection.
pub(in crate::approvals) struct Inside {
    approvals: Approvals,
    id: String,
}

impl Drop for Inside {
    fn drop(&mut self) {
        let mut waiters = self.approvals.waiters.lock();
        if let Some(waiter) = waiters.get_mut(&self.id) {
            waiter.count -= 1;
            waiter.since = Instant::now();
            waiter.patience = GONE;
        }
    }
}

/// What their agents wait for.
fn asking(open: &[StoredApproval]) -> HashMap<AgentId, WaitingFor> {
    let waits = |one: &StoredApproval| match one.ask.form {
        ApprovalForm::Permission => WaitingFor::Permission,
        ApprovalForm::Question => WaitingFor::Question,
    };
    open.iter()
        .map(|one| (one.agent.clone(), waits(one)))
        .collect()
}

impl Approvals {
    /// Notes that a hook waits.
    pub(in crate::approvals) fn enter(&self, id: &str) -> Inside {
        let mut waiters = self.waiters.lock();
        let waiter = waiters.entry(id.to_owned());
        waiter.or_insert_with(|| Waiter::none(GONE)).count += 1;
        Inside {
            approvals: self.clone(),
            id: id.to_owned(),
        }
    }

    /// Starts the task.
    pub(in crate::approvals) fn watch(self, tasks: &Tasks) {
        tasks.spawn("approvals", move |cancel| async move {
            let mut changes = self.changes.subscribe();
            let begun = Instant::now();
            loop {
                let open = match store::approvals::pending(&self.store).await {
                    Ok(open) => open,
                    Err(error) => {
                        tracing::error!(%error, "the pending approvals cannot be read");
                        Vec::new()
                    }
                };
                self.forget_others(&open);
                self.agents.set_asking(&asking(&open)).await;
                for one in &open {
                    if let Err(error) = self.look(one, begun).await {
                        tracing::error!(%error, approval.id = one.view.id, "an approval cannot be ended");
                    }
                }
                // Nothing pending, nothing to look at: an idle fleet costs nothing.
                tokio::select! {
                    () = cancel.cancelled() => return,
                    _ = changes.changed() => {}
                    () = tokio::time::sleep(LOOK), if !open.is_empty() => {}
                }
            }
        });
    }

    async fn look(&self, one: &StoredApproval, begun: Instant) -> Result<(), ApprovalError> {
        let id = &one.view.id;
        let patience = if begun.elapsed() < RETURN {
            RETURN
        } else {
            GONE
        };
        let gone = {
            let mut waiters = self.waiters.lock();
            let waiter = waiters.entry(id.clone());
            waiter.or_insert_with(|| Waiter::none(patience)).is_gone()
        };
        if self.agents.waits_no_more(&one.agent, one.view.created_at) {
            return self.withdraw(id, "it was answered in the terminal").await;
        }
        if gone {
            let reason =
                "its hook is gone: it was answered or interrupted in its terminal, or waits there";
            return self.withdraw(id, reason).await;
        }
        if Timestamp::now() >= one.view.expires_at {
            return self.expire(id).await;
        }
        Ok(())
    }

    fn forget_others(&self, open: &[StoredApproval]) {
        let mut waiters = self.waiters.lock();
        waiters.retain(|id, waiter| waiter.count > 0 || open.iter().any(|one| one.view.id == *id));
    }
}
