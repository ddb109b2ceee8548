//! Who was let at whose agent, in memory: a decision costs no look at the database.

use super::authorize::Share;
use super::{Auth, AuthError};
use crate::model::ids::{AgentId, UserId};
use crate::store;
use orchestra_protocol::admin::ShareRights;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Cheap handle; every copy sees every change.
#[derive(Debug, Clone, Default)]
pub struct Shares(Arc<Inner>);

impl PartialEq for Shares {
    /// Handles say nothing of a caller: two callers do not differ by them.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Shares {}

#[derive(Debug, Default)]
struct Inner {
    given: RwLock<HashMap<String, HashMap<UserId, Share>>>,
    version: AtomicU64,
}

impl Shares {
    /// What the owner of this agent gave that user.
    pub fn of(&self, agent: &str, user: &UserId) -> Share {
        let given = self.0.given.read();
        given
            .get(agent)
            .and_then(|people| people.get(user))
            .copied()
            .unwrap_or_default()
    }

    /// Changes with every share given or taken back.
    pub fn version(&self) -> u64 {
        self.0.version.load(Ordering::Acquire)
    }

    fn set(&self, agent: &str, user: &UserId, share: Share) {
        let mut given = self.0.given.write();
        let people = given.entry(agent.to_owned()).or_default();
        if share == Share::None {
            people.remove(user);
        } else {
            people.insert(user.clone(), share);
        }
        if people.is_empty() {
            given.remove(agent);
        }
        drop(given);
        self.0.version.fetch_add(1, Ordering::AcqRel);
    }
}

fn share(rights: ShareRights) -> Share {
    match rights {
        ShareRights::Read => Share::Read,
        ShareRights::Type => Share::Type,
    }
}

impl Auth {
    /// Reads the shares that were given before; once, at start.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load_shares(&self) -> Result<(), AuthError> {
        for (agent, user, rights) in store::shares::all(&self.0.store).await? {
            self.0.shares.set(&agent, &user, share(rights));
        }
        Ok(())
    }

    /// Every share that stands.
    pub fn shares(&self) -> &Shares {
        &self.0.shares
    }

    /// Lets a user at an agent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn share(
        &self,
        agent: &AgentId,
        user: &UserId,
        rights: ShareRights,
    ) -> Result<(), AuthError> {
        store::shares::put(&self.0.store, agent, user, rights).await?;
        self.0.shares.set(agent.as_str(), user, share(rights));
        self.bump();
        Ok(())
    }

    /// Takes that back; live sockets lose it within 5 s.
    ///
    /// # Errors
    /// When it was not shared or the store fails.
    pub async fn unshare(&self, agent: &AgentId, user: &UserId) -> Result<(), AuthError> {
        store::shares::remove(&self.0.store, agent, user).await?;
        self.0.shares.set(agent.as_str(), user, Share::None);
        self.bump();
        Ok(())
    }
}
