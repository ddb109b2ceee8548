//! `/api/agents/{id}/messages`: text to an agent, with a receipt.

use crate::auth::permission::Permission;
use crate::auth::principal::Principal;
use crate::chat::Outgoing;
use crate::http::AppState;
use crate::http::access::{self, requester};
use crate::http::extract::{Caller, Json};
use crate::http::paging::{Once, PageQuery, page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::model::limits;
use crate::store::rows::StoredAgent;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use orchestra_protocol::event::Page;
use orchestra_protocol::message::{Author, Message, MessageRequest};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, send))
}

/// The conversation with an agent, newest first.
#[utoipa::path(get, path = "/api/agents/{id}/messages", params(PageQuery), responses((status = 200, body = Page<Message>)))]
async fn list(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Message>>, Failure> {
    let limit = query.limit()?;
    let agent = match access::agent(&state.agents, &caller, Permission::AgentsRead, &id).await {
        Ok(agent) => agent,
        // A person's primary that never ran is no mistake: nothing has been said yet.
        Err(Failure(problem))
            if problem.status == 404 && is_own_primary(&state, &caller, &id).await? =>
        {
            return Ok(Json(Page {
                items: Vec::new(),
                next_cursor: None,
            }));
        }
        Err(failure) => return Err(failure),
    };
    let messages = state
        .chat
        .list(&agent.id, query.cursor.as_deref(), limit + 1)
        .await?;
    let messages = messages.into_iter().map(|message| message.view).collect();
    Ok(Json(page(messages, limit, |message: &Message| {
        message.id.clone()
    })))
}

/// Sends text to an agent; 202 once it is stored.
#[utoipa::path(post, path = "/api/agents/{id}/messages", request_body = MessageRequest, responses((status = 202, body = Message)))]
async fn send(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(request): Json<MessageRequest>,
) -> Result<(StatusCode, Json<Message>), Failure> {
    limits::prompt(&request.text)?;
    limits::client_id(request.client_id.as_deref())?;
    let agent = addressee(&state, &caller, &id).await?;
    check_command(&caller, &agent, request.as_command)?;
    let once = Once::read(&headers, &caller.user.id.0, "message", &request)?;
    let key = once.as_ref().map(|once| format!("key-{}", once.text()));
    if let Some(once) = &once {
        once.known(&state.store).await?;
    }
    let outgoing = Outgoing {
        author: if caller.agent.is_some() {
            Author::Agent
        } else {
            Author::User
        },
        client_id: request.client_id.clone().or(key),
        as_command: request.as_command == Some(true),
        ..Outgoing::text(request.text.clone())
    };
    let message = state
        .chat
        .send(&requester(&caller), &agent.id, &outgoing)
        .await?;
    if let Some(once) = &once {
        once.remember(&state.store, &message.view.id).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(message.view)))
}

/// The agent that a message is for. A person's own primary is started when it does not
/// run, because talking to it is how one begins.
///
/// # Errors
/// 404 or 403 as for any agent; what a start may fail with.
pub async fn addressee(
    state: &AppState,
    caller: &Principal,
    id: &str,
) -> Result<StoredAgent, Failure> {
    if is_own_primary(state, caller, id).await? {
        access::may(caller, Permission::TasksDelegate)?;
        access::may(caller, Permission::AgentsSpawn)?;
        let requester = requester(caller);
        let primary = state.chat.primary_of(&requester).await?;
        return Ok(state.agents.spawn_primary(&requester, &primary).await?);
    }
    access::agent(&state.agents, caller, Permission::TasksDelegate, id).await
}

async fn is_own_primary(state: &AppState, caller: &Principal, id: &str) -> Result<bool, Failure> {
    if caller.agent.is_some() {
        return Ok(false);
    }
    let primary = state.chat.primary_of(&requester(caller)).await?;
    Ok(primary.as_str() == id)
}

/// A message that may act as a command is typing.
///
/// # Errors
/// 403 without `terminal:type`.
pub fn check_command(
    caller: &Principal,
    agent: &StoredAgent,
    as_command: Option<bool>,
) -> Result<(), Failure> {
    match as_command {
        Some(true) => access::check_agent(caller, Permission::TerminalType, agent),
        _ => Ok(()),
    }
}
