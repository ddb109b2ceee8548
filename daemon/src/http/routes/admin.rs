//! What admins do: people, locks, sockets, and ending agents in bulk.

use crate::auth::permission::{Permission, Role};
use crate::http::AppState;
use crate::http::access;
use crate::http::audit_layer::AuditObject;
use crate::http::extract::{Caller, Json};
use crate::http::problem::Failure;
use crate::model::ids::UserId;
use crate::store;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
use orchestra_protocol::admin::{
    AccountChange, AccountRequest, KillAllAnswer, KillAllRequest, LockRequest, SocketView, UserView,
};
use orchestra_protocol::event::Page;
use std::collections::HashMap;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What has to be typed to end the agents of everybody.
const EVERYTHING: &str = "everything";

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(users, add_user))
        .routes(routes!(change_user))
        .routes(routes!(lock))
        .routes(routes!(sockets))
        .routes(routes!(kill))
}

fn all<T>(items: Vec<T>) -> Json<Page<T>> {
    Json(Page {
        items,
        next_cursor: None,
    })
}

/// Everybody who was ever here, with what they have.
#[utoipa::path(get, path = "/api/admin/users", tag = "admin", responses((status = 200, body = Page<UserView>)))]
async fn users(
    State(state): State<AppState>,
    Caller(caller): Caller,
) -> Result<Json<Page<UserView>>, Failure> {
    access::may(&caller, Permission::UsersManage)?;
    let mut people = store::accounts::people(&state.store).await?;
    let mut open: HashMap<String, u64> = HashMap::new();
    for socket in state.sockets.list() {
        *open.entry(socket.user_id).or_default() += 1;
    }
    for person in &mut people {
        person.sockets = open.get(&person.id).copied().unwrap_or_default();
    }
    Ok(all(people))
}

/// A new local account.
#[utoipa::path(post, path = "/api/admin/users", tag = "admin", request_body = AccountRequest,
    responses((status = 201, body = UserView)))]
async fn add_user(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Json(request): Json<AccountRequest>,
) -> Result<Response, Failure> {
    access::may(&caller, Permission::UsersManage)?;
    let role = role(&request.role)?;
    let user = state
        .auth
        .add_account(&request.name, role, &request.password)
        .await?;
    let about = AuditObject(format!("user={} role={}", user.id, role.name()));
    let view = view(&state, &user.id).await?;
    Ok((StatusCode::CREATED, axum::Extension(about), Json(view)).into_response())
}

/// Another role or password for a local account.
#[utoipa::path(patch, path = "/api/admin/users/{id}", tag = "admin", params(("id" = String, Path)),
    request_body = AccountChange, responses((status = 200, body = UserView)))]
async fn change_user(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Json(request): Json<AccountChange>,
) -> Result<Response, Failure> {
    access::may(&caller, Permission::UsersManage)?;
    let role = request.role.as_deref().map(role).transpose()?;
    let id = UserId(id);
    if id == caller.user.id && role.is_some_and(|role| role != Role::Admin) {
        return Err(Failure::conflict(
            "own_role",
            "You cannot take your own role away; let another admin do it.",
        ));
    }
    let password = request.password.as_deref();
    state.auth.change_account(&id, role, password).await?;
    let view = view(&state, &id).await?;
    let role = role.map_or("same", Role::name);
    let about = format!("user={id} role={role} password={}", password.is_some());
    Ok((axum::Extension(AuditObject(about)), Json(view)).into_response())
}

/// Locks a user out everywhere within 5 seconds, or lets it in again. Its agents run on.
#[utoipa::path(post, path = "/api/admin/locks", tag = "admin", request_body = LockRequest,
    responses((status = 200, body = UserView)))]
async fn lock(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Json(request): Json<LockRequest>,
) -> Result<Response, Failure> {
    access::may(&caller, Permission::UsersManage)?;
    let id = UserId(request.user);
    if id == caller.user.id && request.locked {
        return Err(Failure::conflict(
            "own_lock",
            "You cannot lock yourself out; let another admin do it.",
        ));
    }
    state.auth.lock(&id, request.locked).await?;
    let view = view(&state, &id).await?;
    let about = AuditObject(format!("user={id} locked={}", request.locked));
    Ok((axum::Extension(about), Json(view)).into_response())
}

/// Every open socket.
#[utoipa::path(get, path = "/api/admin/sockets", tag = "admin", responses((status = 200, body = Page<SocketView>)))]
async fn sockets(
    State(state): State<AppState>,
    Caller(caller): Caller,
) -> Result<Json<Page<SocketView>>, Failure> {
    access::may(&caller, Permission::UsersManage)?;
    Ok(all(state.sockets.list()))
}

/// Ends all agents of one user, or everybody's. `confirm` is typed by a person: the user's
/// name, or "everything".
#[utoipa::path(post, path = "/api/admin/kill", tag = "admin", request_body = KillAllRequest,
    responses((status = 200, body = KillAllAnswer)))]
async fn kill(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Json(request): Json<KillAllRequest>,
) -> Result<Response, Failure> {
    access::may(&caller, Permission::AgentsKillAll)?;
    let user = request.user.map(UserId);
    let wanted = match &user {
        Some(id) => store::users::get(&state.store, id).await?.name,
        None => EVERYTHING.to_owned(),
    };
    if request.confirm.as_deref() != Some(wanted.as_str()) {
        return Err(Failure::invalid(format!(
            "confirm must be {wanted:?}, typed by whoever means it"
        )));
    }
    let reason = format!("killed by {}", caller.user.name);
    let all = state.agents.endable().await?;
    let theirs = all
        .into_iter()
        .filter(|agent| user.as_ref().is_none_or(|id| agent.view.owner == id.0));
    let ends = theirs.map(|agent| {
        let (agents, reason) = (state.agents.clone(), reason.clone());
        async move {
            let ended = agents.kill(&agent.id, &reason).await;
            (agent.id.to_string(), ended)
        }
    });
    let mut answer = KillAllAnswer {
        killed: Vec::new(),
        failed: Vec::new(),
    };
    for (id, ended) in join_all(ends).await {
        match ended {
            Ok(_) | Err(crate::agents::AgentError::Ended(_)) => answer.killed.push(id),
            Err(error) => {
                tracing::error!(%error, agent.id = id, "an agent could not be ended");
                answer.failed.push(id);
            }
        }
    }
    state.auth.bump();
    let whose = user.map_or_else(|| EVERYTHING.to_owned(), |id| format!("user={id}"));
    let about = AuditObject(format!("{whose} agents={}", answer.killed.join(",")));
    Ok((axum::Extension(about), Json(answer)).into_response())
}

fn role(name: &str) -> Result<Role, Failure> {
    Role::parse(name).ok_or_else(|| Failure::invalid("role must be admin, developer or viewer"))
}

async fn view(state: &AppState, id: &UserId) -> Result<UserView, Failure> {
    let people = store::accounts::people(&state.store).await?;
    let found = people.into_iter().find(|person| person.id == id.0);
    found.ok_or_else(|| Failure::not_found("user"))
}
