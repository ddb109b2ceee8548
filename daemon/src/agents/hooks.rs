//! What the CLIs' hooks send: stored under their keys, so that a hook that came twice,
//! or came while the daemon was away and was spooled, has its effect once and in order.

use super::{AgentError, Agents};
use crate::model::evidence::{Evidence, Fact, Source};
use crate::model::ids::AgentId;
use crate::spool::{Spool, SpoolError};
use crate::store;
use orchestra_protocol::hook::HookCall;
use orchestra_protocol::time::Timestamp;
use std::time::Duration;

impl Agents {
    /// Takes one event of an agent's CLI. What it says is stored when this returns.
    ///
    /// # Errors
    /// When the agent is unknown or the store fails.
    pub async fn hook(&self, id: &AgentId, call: &HookCall) -> Result<(), AgentError> {
        let agent = self.get(id).await?;
        if agent.view.status.is_final() {
            return Err(AgentError::Ended(id.clone()));
        }
        let adapter = self.adapter(&agent.view.kind)?;
        let source = if adapter.is_shell() {
            Source::Marker
        } else {
            Source::Hook
        };
        let facts = adapter.facts(call.name.as_deref(), &call.event);
        // What it was told stands in its journal before the end of that turn is heard.
        self.read_journal(id, adapter, true).await?;
        self.take_facts(id, source, &call.key, Timestamp(call.at), &facts)
            .await
    }

    /// Takes what a CLI said of itself, once for each key.
    pub(in crate::agents) async fn take_facts(
        &self,
        id: &AgentId,
        source: Source,
        key: &str,
        at: Timestamp,
        facts: &[Fact],
    ) -> Result<(), AgentError> {
        let kept: Vec<Evidence> = facts
            .iter()
            .filter(|fact| !matches!(fact, Fact::Activity { .. }))
            .map(|fact| Evidence {
                fact: fact.clone(),
                source,
            })
            .collect();
        if !kept.is_empty() && store::evidence::known(&self.store, id, key).await? {
            return Ok(());
        }
        // The effect on the agent first: it may be repeated. After a kill in between, the
        // replay finds the key unknown and does the rest; the other way round it would not.
        for fact in facts {
            self.take(id, source, fact).await?;
        }
        if !kept.is_empty() {
            store::evidence::insert(&self.store, id, key, &kept, at).await?;
            self.announce(id);
        }
        Ok(())
    }

    /// The effect of a fact on the agent itself; receipts are the courier's.
    async fn take(&self, id: &AgentId, source: Source, fact: &Fact) -> Result<(), AgentError> {
        match fact {
            Fact::SessionBound {
                cli_session,
                transcript,
                ..
            } => {
                store::agents::bind_session(&self.store, id, cli_session, transcript.as_deref())
                    .await?;
                self.with_live(id, |live| live.bound = true);
                self.announce(id);
            }
            Fact::Activity {
                state,
                waiting_for,
                detail,
            } => {
                let told = super::Told {
                    state: *state,
                    waiting_for: *waiting_for,
                };
                self.tell(id, source, Some(told), detail).await;
            }
            Fact::PromptAccepted { .. }
            | Fact::TurnEnded { .. }
            | Fact::TurnFailed { .. }
            | Fact::SessionEnded { .. } => {}
        }
        Ok(())
    }

    /// Reads what hooks left in an agent's spool while the daemon was away; a spool that
    /// is held for longer than `patience` is read at a later look.
    pub(in crate::agents) async fn read_spool(&self, id: &AgentId, patience: Duration) {
        let folder = self.config.paths.agent_dir(id.as_str());
        if !Spool::has_events(&folder) {
            return;
        }
        let held = tokio::task::spawn_blocking(move || {
            let Some(spool) = Spool::lock_within(&folder, patience)? else {
                return Ok(None);
            };
            let calls = spool.events()?;
            Ok::<_, SpoolError>(Some((spool, calls)))
        });
        let (spool, calls) = match held.await {
            Ok(Ok(Some(held))) => held,
            Ok(Ok(None)) => return,
            Ok(Err(error)) => {
                tracing::warn!(agent.id = %id, %error, "a spool of hooks cannot be read");
                return;
            }
            Err(_) => return,
        };
        for call in &calls {
            match self.hook(id, call).await {
                Ok(()) | Err(AgentError::Ended(_)) => {}
                // Left in place: the next look tries again, and keys keep it single.
                Err(error) => {
                    tracing::warn!(agent.id = %id, %error, "a spooled hook was not taken");
                    return;
                }
            }
        }
        match spool.clear() {
            Ok(()) => tracing::info!(agent.id = %id, events = calls.len(), "took spooled hooks"),
            Err(error) => tracing::warn!(agent.id = %id, %error, "a spool cannot be emptied"),
        }
    }

    /// Living agents of this daemon whose spool may hold something.
    pub(in crate::agents) async fn read_spools(&self) {
        for id in self.living() {
            self.read_spool(&id, Duration::ZERO).await;
        }
    }
}
