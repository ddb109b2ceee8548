//! The watch over a socket: is the caller still allowed here, is the client still there?

use super::session::{Close, Session};
use crate::auth::AuthError;
use crate::auth::permission::Permission;
use crate::model::ids::AgentId;
use orchestra_protocol::socket::{ServerMessage, close};
use orchestra_protocol::time::Timestamp;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often a taken right is looked for; it costs one atomic read.
const GLANCE: Duration = Duration::from_millis(2500);
/// How often authority is decided anew, whatever happened.
const RECHECK: Duration = Duration::from_secs(5);
const PING: Duration = Duration::from_secs(20);
/// A client that says nothing for so long, not even a pong, is gone.
const SILENT: Duration = Duration::from_secs(60);
const RECORD: Duration = Duration::from_secs(60);
/// The client is told this long before its token ends.
const WARNING_MS: i64 = 60_000;

/// Returns when the socket has to end, and why.
pub(super) async fn keep(session: &Session) -> Close {
    let mut tick = interval(GLANCE);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let start = Instant::now();
    let (mut checked, mut pinged, mut recorded) = (start, start, start);
    let mut generation = session.state.auth.generation();
    let mut shares = session.state.auth.shares().version();
    let mut warned = None;
    loop {
        let now = tick.tick().await;
        let current = session.state.auth.generation();
        if current != generation || now - checked >= RECHECK {
            if let Err(end) = Box::pin(recheck(session)).await {
                return end;
            }
            (checked, generation) = (now, current);
        }
        let given = session.state.auth.shares().version();
        if given != shares {
            shares = given;
            Box::pin(session.withdraw()).await;
        }
        if let Some(end) = session.principal().expires_at
            && warned != Some(end)
            && end.0 - Timestamp::now().0 <= WARNING_MS
        {
            warned = Some(end);
            session.warn(end).await;
        }
        if now - pinged >= PING {
            pinged = now;
            session.ping();
        }
        if session.silence() >= SILENT {
            return Close::new(close::AUTH_TIMEOUT, "nothing was heard for a minute");
        }
        if now - recorded >= RECORD {
            recorded = now;
            session.record_typing();
        }
    }
}

async fn recheck(session: &Session) -> Result<(), Close> {
    let before = session.principal();
    let generation = session.state.auth.generation();
    // Five hundred sockets of one login need one look at the database, not five hundred.
    let sockets = session.sockets();
    if before.expires_at.is_none_or(|end| end > Timestamp::now())
        && sockets.checked(&before, generation, RECHECK)
    {
        return Ok(());
    }
    match session.state.auth.recheck(&before).await {
        Ok(fresh) => {
            let changed = fresh.permissions != before.permissions;
            if !changed {
                sockets.note(&fresh, generation);
            }
            session.set_principal(fresh);
            if changed {
                session.withdraw().await;
            }
            Ok(())
        }
        Err(AuthError::Store(error)) => {
            // A database in trouble is no reason to let nobody see their agents.
            tracing::error!(%error, "a socket's rights could not be checked");
            Ok(())
        }
        Err(AuthError::Refused("locked")) => {
            Err(Close::new(close::FORBIDDEN, "this account is locked"))
        }
        Err(_) => Err(Close::new(close::UNAUTHENTICATED, "the login has ended")),
    }
}

impl Session {
    async fn warn(&self, end: Timestamp) {
        // Not `say`: a client that does not read must not hold up the watch.
        let message = ServerMessage::AuthExpiring { expires_at: end.0 };
        let _ = tokio::time::timeout(GLANCE, self.say(&message)).await;
    }

    /// Takes back what the caller may not have any more.
    async fn withdraw(&self) {
        let seats: Vec<AgentId> = self.seats.lock().keys().cloned().collect();
        for agent in seats {
            if self.agent(Permission::TerminalType, &agent).await.is_err()
                && let Some(seat) = self.seats.lock().remove(&agent)
            {
                seat.release(self.viewer);
            }
        }
        let watched: Vec<AgentId> = self.watched.lock().keys().cloned().collect();
        for agent in watched {
            if self.agent(Permission::AgentsRead, &agent).await.is_err() {
                let _ = tokio::time::timeout(GLANCE, self.unsubscribe(&agent)).await;
            }
        }
    }
}
