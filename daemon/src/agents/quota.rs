//! Quota walls: an agent whose CLI said that its quota is used up waits until it is there
//! again, and then goes on by itself.

use super::Agents;
use super::signals::Wall;
use crate::model::ids::AgentId;
use crate::model::quota;
use crate::store::rows::StoredAgent;
use crate::store::{self, StoreError};
use orchestra_protocol::time::Timestamp;

impl Agents {
    /// Until when the quota is used up, if an error of the CLI says that it is.
    pub fn quota_wall(&self, reason: &str) -> Option<Timestamp> {
        let unsaid = i64::from(self.config.settings.limits.quota_wait_s) * 1000;
        quota::wall(reason, Timestamp::now(), unsaid)
    }

    /// Notes that an agent's quota is used up until then.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn wait_for_quota(&self, id: &AgentId, until: Timestamp) -> Result<(), StoreError> {
        store::quota::set(&self.store, id, Some(until)).await?;
        self.put_wall(id, Some(until)).await;
        tracing::info!(agent.id = %id, until = %until, "the quota of {id} is used up");
        Ok(())
    }

    /// Takes the wall away when its time has come; puts it up again after a restart.
    pub(in crate::agents) async fn check_quota(&self, agent: &StoredAgent) {
        let Some(until) = agent.quota_until else {
            return;
        };
        if Timestamp::now() < until {
            let known = self.with_live(&agent.id, |live| live.signals.has_wall());
            if known == Some(false) {
                self.put_wall(&agent.id, Some(until)).await;
            }
            return;
        }
        if let Err(error) = store::quota::set(&self.store, &agent.id, None).await {
            tracing::error!(agent.id = %agent.id, %error, "the end of a wait for quota was not stored");
            return;
        }
        self.put_wall(&agent.id, None).await;
        // Rings the courier, which sends again what waited.
        self.announce(&agent.id);
    }

    async fn put_wall(&self, id: &AgentId, until: Option<Timestamp>) {
        let now = Timestamp::now();
        let wall = until.map(|until| Wall { since: now, until });
        self.with_live(id, |live| live.signals.set_wall(wall));
        self.settle_activity(id, now).await;
    }
}
