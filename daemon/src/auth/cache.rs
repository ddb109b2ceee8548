//! Remembers checked tokens by hash: the signature until the token ends, the decision
//! for a few seconds and one generation.

use super::principal::Principal;
use orchestra_protocol::time::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;

/// How long a decision about a user stands, in milliseconds; also the time within which
/// a change in the database reaches every call.
const USER_LIFE: i64 = 3_000;
/// The same for an agent, whose token must be dead a second after its end.
const AGENT_LIFE: i64 = 500;
/// How long a checked signature stands, so that a dropped key is refused in time.
const SIGNATURE_LIFE: i64 = 600_000;
/// Tokens remembered.
const MAX: usize = 8_192;

/// The remembered tokens.
#[derive(Default)]
pub(in crate::auth) struct Cache(Mutex<HashMap<String, Entry>>);

struct Entry {
    principal: Principal,
    generation: u64,
    decided_at: i64,
    signed_at: i64,
}

impl Entry {
    fn alive(&self, now: Timestamp) -> bool {
        self.principal.expires_at.is_none_or(|end| now < end)
            && now.since(Timestamp(self.signed_at)) < SIGNATURE_LIFE
    }

    fn decided(&self, generation: u64, now: Timestamp) -> bool {
        let life = if self.principal.agent.is_some() {
            AGENT_LIFE
        } else {
            USER_LIFE
        };
        self.generation == generation && now.since(Timestamp(self.decided_at)) < life
    }
}

impl Cache {
    /// The decision that still stands.
    pub(in crate::auth) fn get(
        &self,
        hash: &str,
        generation: u64,
        now: Timestamp,
    ) -> Option<Principal> {
        let entries = self.0.lock();
        let entry = entries
            .get(hash)
            .filter(|one| one.alive(now) && one.decided(generation, now))?;
        Some(entry.principal.clone())
    }

    /// What a user's token said when its signature was checked; it must be decided anew.
    /// Comes with the time of that check.
    pub(in crate::auth) fn signed(&self, hash: &str, now: Timestamp) -> Option<(Principal, i64)> {
        let entries = self.0.lock();
        let entry = entries.get(hash).filter(|one| one.alive(now))?;
        Some((entry.principal.clone(), entry.signed_at))
    }

    /// Remembers a decision made under `generation`, on a signature checked at `signed_at`.
    pub(in crate::auth) fn put(
        &self,
        hash: String,
        principal: &Principal,
        generation: u64,
        now: Timestamp,
        signed_at: i64,
    ) {
        let mut entries = self.0.lock();
        if entries.len() >= MAX {
            entries.retain(|_, one| one.alive(now) && one.decided(one.generation, now));
            if entries.len() >= MAX {
                entries.clear();
            }
        }
        let entry = Entry {
            principal: principal.clone(),
            generation,
            decided_at: now.0,
            signed_at,
        };
        entries.insert(hash, entry);
    }
}
