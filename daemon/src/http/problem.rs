//! One edge error: what each failure of a lower layer is in HTTP. Details of internal
//! failures are logged, never sent.

use crate::agents::AgentError;
use crate::approvals::ApprovalError;
use crate::audit::AuditError;
use crate::auth::AuthError;
use crate::auth::authorize::Denied;
use crate::auth::tickets::TicketError;
use crate::chat::ChatError;
use crate::delegate::DelegateError;
use crate::git::GitError;
use crate::model::limits::Invalid;
use crate::push::PushError;
use crate::store::StoreError;
use crate::terminal::TerminalError;
use crate::worktrees::{Hindrance, WorktreeError};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use orchestra_protocol::problem::Problem;

/// A refusal or failure on its way to the caller.
#[derive(Debug)]
pub struct Failure(pub Problem);

impl Failure {
    /// A failure with a stable code.
    pub fn new(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self(Problem::new(status.as_u16(), code, title, detail))
    }

    /// 400: the request itself is wrong.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "The request is not valid",
            detail,
        )
    }

    /// 401, without a reason: it would help only an attacker.
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Log in first",
            "Send a valid access token. For a new login link run: orchestra web",
        )
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "You may not do this",
            detail,
        )
    }

    /// 404; the same for what does not exist and what the caller may not know of.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "Not found",
            format!("There is no such {what}, or it is not yours."),
        )
    }

    /// 409.
    pub fn conflict(code: &str, detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            code,
            "It does not fit the present state",
            detail,
        )
    }

    /// 500; the cause goes to the log.
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something broke here",
            "The daemon's log has the cause. Nothing was half-done; try again.",
        )
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(what) => Self::not_found(what),
            StoreError::Conflict(what) => Self::conflict(
                "changed",
                format!("The {what} changed meanwhile; read it again."),
            ),
            StoreError::Open(_) | StoreError::Corrupt { .. } | StoreError::Sql(_) => {
                Self::internal(&error)
            }
        }
    }
}

impl From<TerminalError> for Failure {
    fn from(error: TerminalError) -> Self {
        match &error {
            TerminalError::Invalid(why) => Self::invalid(why.clone()),
            TerminalError::NoTerminal(_) => Self::conflict(
                "no_terminal",
                format!("{error}: it has ended, or it starts just now."),
            ),
            TerminalError::Runs(_) => {
                Self::conflict("agent_alive", format!("{error}; kill it first."))
            }
            TerminalError::Unavailable(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "tmux_unavailable",
                "Terminals are not available",
                format!("{error}"),
            ),
            TerminalError::Tmux(_) => Self::internal(&error),
        }
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        let detail = error.to_string();
        match error {
            AgentError::Invalid(error) => error.into(),
            AgentError::UnknownKind(_) => Self::new(
                StatusCode::BAD_REQUEST,
                "unknown_kind",
                "There is no such kind of agent",
                detail,
            ),
            AgentError::UnknownSpecialist(_) => Self::new(
                StatusCode::BAD_REQUEST,
                "unknown_specialist",
                "There is no such specialist",
                detail,
            ),
            AgentError::NotInstalled { .. } => Self::conflict("kind_not_installed", detail),
            AgentError::Cap(_) | AgentError::Full(_) => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_agents",
                "Too many agents",
                detail,
            ),
            AgentError::Ended(_) => Self::conflict(
                "agent_ended",
                format!("{detail}; retry it to get a new one."),
            ),
            AgentError::NotResumable(_) => Self::conflict("not_resumable", detail),
            AgentError::Alive(_) => Self::conflict("agent_alive", detail),
            AgentError::Start(_) => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "start_failed",
                "The agent could not be started",
                detail,
            ),
            AgentError::Worktree(error) => error.into(),
            AgentError::Terminal(error) => error.into(),
            AgentError::Store(error) => error.into(),
        }
    }
}

impl From<WorktreeError> for Failure {
    fn from(error: WorktreeError) -> Self {
        let detail = error.to_string();
        match error {
            WorktreeError::Invalid(error) => error.into(),
            WorktreeError::Hindered { what, refusal, .. } => {
                let code = match what {
                    Hindrance::LosesWork => "worktree_loses_work",
                    Hindrance::Executes => "merge_executes",
                    Hindrance::Conflicts => "merge_conflicts",
                    Hindrance::NotCommitted => "merge_not_committed",
                    Hindrance::BaseNotClean => "base_not_clean",
                };
                let mut failure = Self::conflict(code, format!("{detail}."));
                failure.0.worktree = Some(refusal);
                failure
            }
            WorktreeError::NameTaken(_) => Self::conflict("worktree_name_taken", detail),
            WorktreeError::Busy(_) => Self::conflict("worktree_busy", detail),
            WorktreeError::State(_) => Self::conflict("worktree_state", detail),
            WorktreeError::NoPort => Self::conflict("no_free_port", detail),
            WorktreeError::Setup(_) => Self::conflict("setup_failed", detail),
            WorktreeError::Git(error) => error.into(),
            WorktreeError::Store(error) => error.into(),
        }
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        let detail = error.to_string();
        match error {
            GitError::Name(why) => Self::invalid(why),
            GitError::Missing(why) => Self::conflict("git_missing", why),
            GitError::NoRepository(why) => Self::conflict("no_repository", why),
            GitError::Refused { .. } | GitError::Timeout(_) | GitError::Io { .. } => {
                tracing::warn!(%detail, "git did not do it");
                Self::conflict("git_refused", detail)
            }
        }
    }
}

impl From<ApprovalError> for Failure {
    fn from(error: ApprovalError) -> Self {
        match error {
            ApprovalError::Invalid(error) => error.into(),
            ApprovalError::Ended(_) => Self::conflict(
                "approval_ended",
                format!("You are late: {error}. Nothing was changed."),
            ),
            ApprovalError::Agent(error) => error.into(),
            ApprovalError::Store(error) => error.into(),
        }
    }
}

impl From<ChatError> for Failure {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::Invalid(error) => error.into(),
            ChatError::Agent(error) => error.into(),
            ChatError::Store(error) => error.into(),
        }
    }
}

impl From<DelegateError> for Failure {
    fn from(error: DelegateError) -> Self {
        match error {
            DelegateError::Invalid(error) => error.into(),
            DelegateError::Refused(why) => Self::new(
                StatusCode::FORBIDDEN,
                "delegation_refused",
                "This may not be delegated",
                why,
            ),
            DelegateError::Spent(why) => {
                Self::conflict("budget_spent", format!("The task cannot go on: {why}."))
            }
            DelegateError::State(reject) => Self::conflict("task_state", format!("{reject}.")),
            DelegateError::Agent(error) => error.into(),
            DelegateError::Chat(error) => error.into(),
            DelegateError::Store(error) => error.into(),
        }
    }
}

impl From<PushError> for Failure {
    fn from(error: PushError) -> Self {
        let detail = error.to_string();
        match error {
            PushError::Endpoint(_) | PushError::Keys(_) => Self::invalid(detail),
            PushError::Invalid(error) => error.into(),
            PushError::Many => Self::conflict("too_many_browsers", detail),
            PushError::Nobody => Self::conflict("nobody_to_tell", detail),
            PushError::Store(error) => error.into(),
            PushError::Vapid(_) | PushError::Client(_) => Self::internal(&detail),
        }
    }
}

impl From<Invalid> for Failure {
    fn from(error: Invalid) -> Self {
        Self::invalid(error.0)
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Hidden => Self::not_found("object"),
            Denied::Forbidden => Self::forbidden("Your role lacks the permission; ask your admin."),
        }
    }
}

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Refused(_)
            | AuthError::Token(_)
            | AuthError::Ticket(TicketError::Unknown | TicketError::Origin) => {
                Self::unauthenticated()
            }
            AuthError::Ticket(TicketError::TooMany) => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_tickets",
                "Too many tickets are open",
                "Use one, or wait half a minute.",
            ),
            AuthError::NoLocalIssuer => Self::conflict("no_local_login", error.to_string()),
            AuthError::NameTaken => {
                Self::conflict("name_taken", format!("{error}; choose another name."))
            }
            AuthError::Invalid(rule) => Self::invalid(rule),
            AuthError::Store(error) => error.into(),
            AuthError::Issuer(_) | AuthError::Fetch(_) => Self::internal(&error),
        }
    }
}

impl From<AuditError> for Failure {
    fn from(error: AuditError) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self.0)).into_response();
        // The outermost layer adds the request's id, which is not known here.
        response.extensions_mut().insert(self.0);
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
    }
}
