//! `/api/agents`: start, see, steer, end.

use crate::auth::permission::Permission;
use crate::chat::Outgoing;
use crate::http::AppState;
use crate::http::access::{self, requester};
use crate::http::extract::{Caller, Json};
use crate::http::paging::{Once, PageQuery, page};
use crate::http::problem::Failure;
use crate::http::query::{MaybeJson, Query};
use crate::http::whole::to_its_end;
use crate::model::ids::AgentId;
use crate::model::limits::{self, MAX_TITLE};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use orchestra_protocol::agent::{Agent, AgentKind, Explanation, KillRequest, SpawnRequest};
use orchestra_protocol::event::Page;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, spawn))
        .routes(routes!(spawn_alias))
        .routes(routes!(active))
        .routes(routes!(get))
        .routes(routes!(explain))
        .routes(routes!(kill))
        .routes(routes!(retry))
        .routes(routes!(interrupt))
        .routes(routes!(kinds))
}

/// Agents, newest first: one's own, or all with `agents:read_all`.
#[utoipa::path(get, path = "/api/agents", params(PageQuery), responses((status = 200, body = Page<Agent>)))]
async fn list(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Agent>>, Failure> {
    access::may(&caller, Permission::AgentsRead)?;
    let limit = query.limit()?;
    let owner = access::only_of(&caller);
    let agents = state.agents.list(owner, query.number()?, limit + 1).await?;
    let seen = agents
        .into_iter()
        .filter(|agent| access::check_agent(&caller, Permission::AgentsRead, agent).is_ok())
        .map(|agent| agent.view)
        .collect();
    Ok(Json(page(seen, limit, |agent: &Agent| {
        agent.created_at.0.to_string()
    })))
}

/// Agents that start or run.
#[utoipa::path(get, path = "/api/agents/active", responses((status = 200, body = Page<Agent>)))]
async fn active(
    State(state): State<AppState>,
    Caller(caller): Caller,
) -> Result<Json<Page<Agent>>, Failure> {
    access::may(&caller, Permission::AgentsRead)?;
    let agents = state.agents.live().await?;
    let items = agents
        .into_iter()
        .filter(|agent| access::check_agent(&caller, Permission::AgentsRead, agent).is_ok())
        .map(|agent| agent.view)
        .collect();
    Ok(Json(Page {
        items,
        next_cursor: None,
    }))
}

/// Starts an agent; 201 once its process is in its terminal.
#[utoipa::path(post, path = "/api/agents", request_body = SpawnRequest, responses((status = 201, body = Agent)))]
async fn spawn(
    State(state): State<AppState>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Json(request): Json<SpawnRequest>,
) -> Result<(StatusCode, Json<Agent>), Failure> {
    access::may(&caller, Permission::AgentsSpawn)?;
    if let Some(prompt) = &request.prompt {
        limits::prompt(prompt)?;
    }
    let once = Once::read(&headers, &caller.user.id.0, "spawn", &request)?;
    if let Some(once) = &once
        && let Some(id) = once.known(&state.store).await?
    {
        let agent = access::agent(&state.agents, &caller, Permission::AgentsRead, &id).await?;
        return Ok((StatusCode::CREATED, Json(agent.view)));
    }
    let (requester, tasks) = (requester(&caller), state.tasks.clone());
    let work = async move {
        let key = once.as_ref().map(Once::key);
        let agents = &state.agents;
        let agent = agents
            .spawn(&requester, &request, None, key.as_ref())
            .await?;
        if let Some(prompt) = &request.prompt {
            let outgoing = Outgoing {
                client_id: Some("first-prompt".to_owned()),
                ..Outgoing::text(prompt.clone())
            };
            state.chat.send(&requester, &agent.id, &outgoing).await?;
        }
        Ok::<_, Failure>(agent)
    };
    let agent = to_its_end(&tasks, work).await??;
    Ok((StatusCode::CREATED, Json(agent.view)))
}

/// The same as `POST /api/agents`.
#[utoipa::path(post, path = "/api/agents/spawn", request_body = SpawnRequest, responses((status = 201, body = Agent)))]
async fn spawn_alias(
    state: State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    request: Json<SpawnRequest>,
) -> Result<(StatusCode, Json<Agent>), Failure> {
    Box::pin(spawn(state, caller, headers, request)).await
}

/// One agent.
#[utoipa::path(get, path = "/api/agents/{id}", responses((status = 200, body = Agent)))]
async fn get(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<Json<Agent>, Failure> {
    let agent = access::agent(&state.agents, &caller, Permission::AgentsRead, &id).await?;
    Ok(Json(agent.view))
}

/// Every signal of its activity and which one won.
#[utoipa::path(get, path = "/api/agents/{id}/explain", responses((status = 200, body = Explanation)))]
async fn explain(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<Json<Explanation>, Failure> {
    let agent = access::agent(&state.agents, &caller, Permission::AgentsRead, &id).await?;
    Ok(Json(state.agents.explain(&agent.id).await?))
}

/// Ends an agent and every process it started.
#[utoipa::path(post, path = "/api/agents/{id}/kill", request_body = KillRequest, responses((status = 202, body = Agent)))]
async fn kill(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    MaybeJson(request): MaybeJson<KillRequest>,
) -> Result<(StatusCode, Json<Agent>), Failure> {
    let agent = access::agent(&state.agents, &caller, Permission::AgentsKill, &id).await?;
    let reason = match &request.reason {
        Some(reason) => limits::label("reason", reason, MAX_TITLE)?,
        None => format!("killed by {}", caller.user.name),
    };
    let agent = state.agents.kill(&agent.id, &reason).await?;
    state.auth.bump();
    Ok((StatusCode::ACCEPTED, Json(agent.view)))
}

/// A new agent from an ended one's facts; a primary starts again under its own id.
#[utoipa::path(post, path = "/api/agents/{id}/retry", responses((status = 202, body = Agent)))]
async fn retry(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Agent>), Failure> {
    access::may(&caller, Permission::AgentsSpawn)?;
    let agent = access::agent(&state.agents, &caller, Permission::TerminalType, &id).await?;
    let agent = state.agents.retry(&requester(&caller), &agent.id).await?;
    Ok((StatusCode::ACCEPTED, Json(agent.view)))
}

/// Presses the keys that end the present turn.
#[utoipa::path(post, path = "/api/agents/{id}/interrupt", responses((status = 202, body = Agent)))]
async fn interrupt(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Agent>), Failure> {
    let agent = access::agent(&state.agents, &caller, Permission::AgentsKill, &id).await?;
    let agent = state.agents.interrupt(&agent.id).await?;
    Ok((StatusCode::ACCEPTED, Json(agent.view)))
}

/// Which CLIs are here, and what to do about those that are not.
#[utoipa::path(get, path = "/api/agent-kinds", responses((status = 200, body = Page<AgentKind>)))]
async fn kinds(
    State(state): State<AppState>,
    Caller(caller): Caller,
) -> Result<Json<Page<AgentKind>>, Failure> {
    access::may(&caller, Permission::AgentsRead)?;
    let items = state.agents.kinds().list().await;
    Ok(Json(Page {
        items,
        next_cursor: None,
    }))
}

/// An agent's id from a path.
///
/// # Errors
/// 404 when it is none.
pub fn parse_id(id: &str) -> Result<AgentId, Failure> {
    AgentId::parse(id).map_err(|_| Failure::not_found("agent"))
}
