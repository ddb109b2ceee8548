//! What one socket knows: who is behind it, what it watches, which seats it holds.

use super::outbox::Out;
use super::typist::Job;
use super::{Place, Sockets};
use crate::audit::record::Entry;
use crate::auth::permission::Permission;
use crate::auth::principal::Principal;
use crate::http::AppState;
use crate::http::access;
use crate::http::problem::Failure;
use crate::model::ids::AgentId;
use crate::push::presence::Look;
use crate::store::rows::StoredAgent;
use crate::terminal::live::Acks;
use crate::terminal::seat::{Seat, ViewerId};
use axum::http::StatusCode;
use orchestra_protocol::auth::TicketRights;
use orchestra_protocol::problem::Problem;
use orchestra_protocol::socket::{ServerMessage, close};
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// So many errors within a minute end the socket.
const MAX_ERRORS: usize = 20;
const MINUTE: Duration = Duration::from_secs(60);

/// What the upgrade leaves behind.
pub(super) struct Opening {
    pub(super) principal: Principal,
    pub(super) origin: Option<String>,
    /// Who, from where: the beginning of every line of the record.
    pub(super) entry: Entry,
    pub(super) place: Place,
}

/// Why a socket is closed by us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    pub(super) reason: &'static str,
}

impl Close {
    pub(super) const BAD: Self = Self {
        code: close::BAD_MESSAGES,
        reason: "unreadable, or too many errors in a minute",
    };

    pub(super) fn new(code: u16, reason: &'static str) -> Self {
        Self { code, reason }
    }
}

/// One terminal on this socket.
pub(super) struct Watched {
    pub(super) channel: u32,
    pub(super) acks: Option<Acks>,
}

/// Shared by the three loops of one socket.
pub(super) struct Session {
    pub(super) state: AppState,
    pub(super) viewer: ViewerId,
    pub(super) origin: Option<String>,
    pub(super) watched: Mutex<HashMap<AgentId, Watched>>,
    pub(super) seats: Mutex<HashMap<AgentId, Seat>>,
    /// Pastes with a name that are not done; cancelled ones until their last part came.
    pub(super) pastes: Mutex<HashMap<String, CancellationToken>>,
    /// Messages and bytes typed since they were last recorded.
    pub(super) typed: Mutex<HashMap<AgentId, (u64, u64)>>,
    /// Where typing was allowed, and under which generation of rights.
    typing: Mutex<HashMap<AgentId, u64>>,
    /// While its person looks at this page.
    look: Mutex<Option<Look>>,
    principal: Mutex<Principal>,
    entry: Entry,
    out: mpsc::Sender<Out>,
    jobs: mpsc::Sender<Job>,
    errors: Mutex<VecDeque<Instant>>,
    heard: Mutex<Instant>,
    channels: AtomicU32,
    place: Place,
}

impl Session {
    pub(super) fn new(
        state: AppState,
        opening: Opening,
        out: mpsc::Sender<Out>,
        jobs: mpsc::Sender<Job>,
    ) -> Self {
        let Opening {
            principal,
            origin,
            mut entry,
            place,
        } = opening;
        entry.action = "socket".to_owned();
        Self {
            state,
            viewer: ViewerId::fresh(),
            origin,
            watched: Mutex::default(),
            seats: Mutex::default(),
            pastes: Mutex::default(),
            typed: Mutex::default(),
            typing: Mutex::default(),
            look: Mutex::default(),
            principal: Mutex::new(principal),
            entry,
            out,
            jobs,
            errors: Mutex::default(),
            heard: Mutex::new(Instant::now()),
            channels: AtomicU32::new(0),
            place,
        }
    }

    pub(super) fn principal(&self) -> Principal {
        self.principal.lock().clone()
    }

    /// The same caller with other rights, or with more time.
    pub(super) fn set_principal(&self, principal: Principal) {
        let mut current = self.principal.lock();
        if current.permissions != principal.permissions {
            self.typing.lock().clear();
        }
        *current = principal;
    }

    /// The page came to the front of its person, or left it.
    pub(super) fn presence(&self, looking: bool) {
        let Principal { user, agent, .. } = self.principal();
        // An agent is no person, and must not keep its owner from being told.
        let looking = looking && agent.is_none();
        let mut look = self.look.lock();
        if look.is_some() != looking {
            *look = looking.then(|| self.state.push.presence().look(&user.id));
        }
    }

    /// What this socket may do.
    pub(super) fn rights(&self) -> TicketRights {
        let permissions = self.principal.lock().permissions;
        if permissions == permissions.reading() {
            TicketRights::Read
        } else {
            TicketRights::Full
        }
    }

    /// All open sockets.
    pub(super) fn sockets(&self) -> &Sockets {
        &self.place.sockets
    }

    pub(super) fn channel(&self) -> u32 {
        self.channels.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A line of the record about something done here.
    pub(super) fn line(&self, action: &str, object: impl Into<String>) -> Entry {
        Entry {
            action: action.to_owned(),
            object: object.into(),
            ..self.entry.clone()
        }
    }

    /// The agent that a session id means; `sess-primary`, or none, is the caller's own.
    pub(super) async fn agent_id(&self, session_id: Option<&str>) -> Result<AgentId, Failure> {
        let own = AgentId::primary().session();
        match session_id {
            Some(text) if text != own => {
                AgentId::of_session(text).map_err(|_| Failure::not_found("terminal"))
            }
            _ => Ok(self
                .state
                .chat
                .primary_of(&access::requester(&self.principal()))
                .await?),
        }
    }

    /// The agent, if the caller may do this to it; a refusal is recorded.
    pub(super) async fn agent(
        &self,
        permission: Permission,
        id: &AgentId,
    ) -> Result<StoredAgent, Failure> {
        let principal = self.principal();
        let found = access::agent(&self.state.agents, &principal, permission, id.as_str()).await;
        found.inspect_err(|Failure(problem)| self.denied(problem, permission.name(), id.as_str()))
    }

    pub(super) fn denied(&self, problem: &Problem, action: &str, object: &str) {
        if matches!(problem.status, 401 | 403 | 404) {
            let code = problem.code().to_owned();
            self.state
                .audit
                .denied(self.line(&format!("socket {action}"), object), &code);
        }
    }

    /// Typing is checked at every message: from memory while no right was taken away.
    pub(super) async fn may_type(&self, id: &AgentId) -> Result<(), Failure> {
        let generation = self.state.auth.generation();
        if self.typing.lock().get(id) == Some(&generation) {
            return Ok(());
        }
        let fresh = self.state.auth.recheck(&self.principal()).await;
        self.set_principal(fresh.map_err(|_| Failure::unauthenticated())?);
        self.agent(Permission::TerminalType, id).await?;
        self.typing.lock().insert(id.clone(), generation);
        Ok(())
    }

    /// Puts a message into the queue; waits when the client reads slower than it asks.
    pub(super) async fn say(&self, message: &ServerMessage) {
        if let Ok(text) = serde_json::to_string(message) {
            self.push(Out::Text(text.into())).await;
        }
    }

    pub(super) async fn push(&self, out: Out) {
        // The other end goes only when the socket does.
        let _ = self.out.send(out).await;
    }

    /// Puts something typed in its place; waits only when very much waits already.
    pub(super) async fn job(&self, job: Job) {
        let _ = self.jobs.send(job).await;
    }

    pub(super) fn forget_paste(&self, id: &str) {
        self.pastes.lock().remove(id);
    }

    /// A ping, unless so much waits that one would be late anyway.
    pub(super) fn ping(&self) {
        let _ = self.out.try_send(Out::Ping);
    }

    /// Tells of a refusal.
    ///
    /// # Errors
    /// When that was one too many.
    pub(super) async fn refuse(
        &self,
        problem: Problem,
        about: Option<&str>,
        session_id: Option<&str>,
    ) -> Result<(), Close> {
        let too_many = {
            let mut errors = self.errors.lock();
            let now = Instant::now();
            errors.push_back(now);
            while errors
                .front()
                .is_some_and(|first| now.duration_since(*first) > MINUTE)
            {
                errors.pop_front();
            }
            errors.len() >= MAX_ERRORS
        };
        self.say(&ServerMessage::error(problem, about, session_id))
            .await;
        if too_many { Err(Close::BAD) } else { Ok(()) }
    }

    pub(super) fn hear(&self) {
        *self.heard.lock() = Instant::now();
    }

    /// How long ago the client last said anything.
    pub(super) fn silence(&self) -> Duration {
        self.heard.lock().elapsed()
    }

    /// Frees every seat; a connection's seats end with it.
    pub(super) fn leave_seats(&self) {
        for (_, seat) in self.seats.lock().drain() {
            seat.release(self.viewer);
        }
    }

    /// Records what was typed since the last time, as counts.
    pub(super) fn record_typing(&self) {
        for (agent, (messages, bytes)) in self.typed.lock().drain() {
            let result = format!("ok: {bytes} bytes in {messages} messages");
            self.state
                .audit
                .note(self.line("terminal.input", agent.to_string()), &result);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.leave_seats();
        self.record_typing();
    }
}

/// 503: what cannot be recorded is not done.
pub(super) fn unrecorded(error: &crate::audit::AuditError) -> Failure {
    tracing::error!(%error, "a change is refused because it cannot be recorded");
    Failure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "audit_unavailable",
        "Changes are refused for now",
        "The audit record cannot be written; is the disk full? Stopping still works.",
    )
}
