//! What the CLIs' hooks send: stored under their keys, so that a hook that came twice,
//! or came while the daemon was away and was spooled, has its effect once and in order.

use super::{AgentError, Agents};
use crate::model::evidence::{Evidence, Fact, Source};
use crate::model::ids::AgentId;
use crate::store;
use orchestra_protocol::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use std::io::BufRead;
use std::path::Path;

/// One call of `orchestra hook`.
#[derive(Debug, Deserialize)]
pub struct Envelope {
    /// A UUID; the same one again is the same event.
    pub key: String,
    /// Milliseconds since the epoch, by the agent's clock.
    pub at: i64,
    pub event: Value,
}

impl Agents {
    /// Takes one event of an agent's CLI. What it says is stored when this returns.
    ///
    /// # Errors
    /// When the agent is unknown or the store fails.
    pub async fn hook(&self, id: &AgentId, envelope: &Envelope) -> Result<(), AgentError> {
        let agent = self.get(id).await?;
        if agent.view.status.is_final() {
            return Err(AgentError::Ended(id.clone()));
        }
        let adapter = self.adapter(&agent.view.kind)?;
        let source = match adapter.kind() {
            "shell" => Source::Marker,
            _ => Source::Hook,
        };
        let facts = adapter.facts(&envelope.event);
        let kept: Vec<Evidence> = facts
            .iter()
            .filter(|fact| !matches!(fact, Fact::Activity { .. }))
            .map(|fact| Evidence {
                fact: fact.clone(),
                source,
            })
            .collect();
        let at = Timestamp(envelope.at);
        let new = kept.is_empty()
            || store::evidence::insert(&self.store, id, &envelope.key, &kept, at).await?;
        if !new {
            return Ok(());
        }
        for fact in &facts {
            self.take(id, source, fact).await?;
        }
        if !kept.is_empty() {
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

    /// Reads what hooks left in an agent's spool while the daemon was away.
    pub(in crate::agents) async fn read_spool(&self, id: &AgentId) {
        let path = self.config.paths.agent_dir(id.as_str()).join("spool.jsonl");
        let Ok(meta) = path.metadata() else { return };
        if meta.len() == 0 {
            return;
        }
        let read = tokio::task::spawn_blocking(move || drain(&path)).await;
        let envelopes = match read {
            Ok(Ok(envelopes)) => envelopes,
            Ok(Err(error)) => {
                tracing::warn!(agent.id = %id, %error, "a spool of hooks cannot be read");
                return;
            }
            Err(_) => return,
        };
        tracing::info!(agent.id = %id, events = envelopes.0.len(), "reading spooled hooks");
        for envelope in &envelopes.0 {
            match self.hook(id, envelope).await {
                Ok(()) | Err(AgentError::Ended(_)) => {}
                // Left in place: the next look tries again, and keys keep it single.
                Err(error) => {
                    tracing::warn!(agent.id = %id, %error, "a spooled hook was not taken");
                    return;
                }
            }
        }
        let (_, lock) = envelopes;
        if let Err(error) = lock.set_len(0) {
            tracing::warn!(agent.id = %id, %error, "a spool cannot be emptied");
        }
    }

    /// Living agents of this daemon whose spool may hold something.
    pub(in crate::agents) async fn read_spools(&self) {
        for id in self.living() {
            self.read_spool(&id).await;
        }
    }
}

/// Reads a spool under the lock that its writers take; the lock goes with the file.
fn drain(path: &Path) -> std::io::Result<(Vec<Envelope>, nix::fcntl::Flock<std::fs::File>)> {
    let file = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)?;
    let lock = nix::fcntl::Flock::lock(file, nix::fcntl::FlockArg::LockExclusive)
        .map_err(|(_, errno)| std::io::Error::from(errno))?;
    let mut envelopes = Vec::new();
    for line in std::io::BufReader::new(&*lock).split(b'\n') {
        // A line cut by a crash of its writer was never acknowledged to the CLI's turn.
        if let Ok(envelope) = serde_json::from_slice(&line?) {
            envelopes.push(envelope);
        }
    }
    Ok((envelopes, lock))
}
