//! `/api/agents/{id}/shares`: who else may read or type.

use crate::auth::permission::Permission;
use crate::auth::principal::Principal;
use crate::http::AppState;
use crate::http::access;
use crate::http::extract::{Caller, Json};
use crate::http::problem::Failure;
use crate::model::ids::{AgentId, UserId};
use crate::store;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use orchestra_protocol::admin::{ShareRequest, ShareView};
use orchestra_protocol::event::Page;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(put, remove))
}

/// With whom an agent is shared; for its owner, and for admins.
#[utoipa::path(get, path = "/api/agents/{id}/shares", params(("id" = String, Path)),
    responses((status = 200, body = Page<ShareView>)))]
async fn list(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<ShareView>>, Failure> {
    let agent = access::agent(&state.agents, &caller, Permission::AgentsRead, &id).await?;
    let all = caller.permissions.has(Permission::AgentsReadAll);
    if agent.view.owner != caller.user.id.0 && !all {
        return Err(only_owner());
    }
    let items = store::shares::of_agent(&state.store, &agent.id).await?;
    Ok(Json(Page {
        items,
        next_cursor: None,
    }))
}

/// Lets a person read, or read and type. The person is named by id, or by a name that
/// only one has.
#[utoipa::path(put, path = "/api/agents/{id}/shares/{user}", request_body = ShareRequest,
    params(("id" = String, Path), ("user" = String, Path)), responses((status = 204)))]
async fn put(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path((id, user)): Path<(String, String)>,
    Json(request): Json<ShareRequest>,
) -> Result<StatusCode, Failure> {
    let agent = own(&state, &caller, &id).await?;
    let user = person(&state, &user).await?;
    if user == caller.user.id {
        return Err(Failure::invalid("the agent is yours already"));
    }
    state.auth.share(&agent, &user, request.rights).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes that back; live sockets lose it within 5 seconds.
#[utoipa::path(delete, path = "/api/agents/{id}/shares/{user}",
    params(("id" = String, Path), ("user" = String, Path)), responses((status = 204)))]
async fn remove(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path((id, user)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let agent = own(&state, &caller, &id).await?;
    let user = person(&state, &user).await?;
    state.auth.unshare(&agent, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An agent that the caller itself may type into because it owns it.
async fn own(state: &AppState, caller: &Principal, id: &str) -> Result<AgentId, Failure> {
    let agent = access::agent(&state.agents, caller, Permission::AgentsRead, id).await?;
    access::may(caller, Permission::TerminalType)?;
    if agent.view.owner == caller.user.id.0 {
        Ok(agent.id)
    } else {
        Err(only_owner())
    }
}

fn only_owner() -> Failure {
    Failure::forbidden("Only its owner shares an agent.")
}

async fn person(state: &AppState, text: &str) -> Result<UserId, Failure> {
    let people = store::users::all(&state.store).await?;
    if let Some(found) = people.iter().find(|one| one.id.0 == text) {
        return Ok(found.id.clone());
    }
    let mut named = people.iter().filter(|one| one.name == text);
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one.id.clone()),
        (Some(_), Some(_)) => Err(Failure::conflict(
            "name_not_unique",
            "More than one person has that name; use the id.",
        )),
        (None, _) => Err(Failure::not_found("user")),
    }
}
