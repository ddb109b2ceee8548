//! `/api/approvals`, `/api/approval-rules`: what agents ask people, and the answers.

use crate::auth::permission::Permission;
use crate::http::AppState;
use crate::http::access;
use crate::http::audit_layer::AuditObject;
use crate::http::extract::{Caller, Json};
use crate::http::paging::{self, page};
use crate::http::problem::Failure;
use crate::http::query::{MaybeJson, Query};
use crate::store::approvals::{Filter, StoredApproval};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use orchestra_protocol::approval::{
    Approval, ApprovalAnswer, ApprovalDecision, ApprovalRule, ApprovalState, DenyRequest,
};
use orchestra_protocol::event::Page;
use orchestra_protocol::hook::HookAnswer;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(answer))
        .routes(routes!(deny))
        .routes(routes!(word))
        .routes(routes!(rules))
        .routes(routes!(remove_rule))
}

/// Query of the list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `pending`, `allowed`, `denied`, `expired` or `withdrawn`; default: all.
    state: Option<ApprovalState>,
    /// Only of this agent.
    agent_id: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, default 50.
    limit: Option<i64>,
}

/// Approvals, newest first: one's own, or all with `agents:read_all`.
#[utoipa::path(get, path = "/api/approvals", params(ListQuery), responses((status = 200, body = Page<Approval>)))]
async fn list(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Approval>>, Failure> {
    access::may(&caller, Permission::AgentsRead)?;
    let (before, limit) = paging::asked(query.cursor, query.limit)?;
    let filter = Filter {
        owner: access::only_of(&caller),
        agent: query.agent_id.as_deref(),
        state: query.state,
        before: before.as_deref(),
    };
    let found = state.approvals.list(&filter, limit + 1).await?;
    let items = found.into_iter().map(|one| one.view).collect();
    Ok(Json(page(items, limit, |one: &Approval| one.id.clone())))
}

/// One approval.
#[utoipa::path(get, path = "/api/approvals/{id}", responses((status = 200, body = Approval)))]
async fn get(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<Json<Approval>, Failure> {
    let found = access::approval(&state.approvals, &caller, Permission::AgentsRead, &id).await?;
    Ok(Json(found.view))
}

/// A person's answer. The first one counts; a later one gets 409 `approval_ended`, which
/// says who was first.
#[utoipa::path(post, path = "/api/approvals/{id}/answer", request_body = ApprovalAnswer,
    responses((status = 200, body = Approval)))]
async fn answer(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Json(answer): Json<ApprovalAnswer>,
) -> Result<Response, Failure> {
    let permission = Permission::ApprovalsDecide;
    let found = access::approval(&state.approvals, &caller, permission, &id).await?;
    let ended = state
        .approvals
        .answer(&found, &answer, &caller.user.name)
        .await?;
    Ok(told(ended))
}

/// A no. Unlike one by `answer` it acts even when it cannot be recorded first.
#[utoipa::path(post, path = "/api/approvals/{id}/deny", request_body = DenyRequest,
    responses((status = 200, body = Approval)))]
async fn deny(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    MaybeJson(request): MaybeJson<DenyRequest>,
) -> Result<Response, Failure> {
    let permission = Permission::ApprovalsDecide;
    let found = access::approval(&state.approvals, &caller, permission, &id).await?;
    let no = ApprovalAnswer {
        decision: ApprovalDecision::Deny,
        scope: None,
        rule: None,
        message: request.message,
        answers: None,
    };
    let ended = state
        .approvals
        .answer(&found, &no, &caller.user.name)
        .await?;
    Ok(told(ended))
}

/// For the hook that asked: waits for the word on its question.
#[utoipa::path(get, path = "/api/approvals/{id}/word", responses((status = 200, body = HookAnswer)))]
async fn word(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<Json<HookAnswer>, Failure> {
    let Some(grant) = &caller.agent else {
        return Err(Failure::forbidden(
            "Only the agent that asked waits here, with its own token.",
        ));
    };
    Ok(Json(state.approvals.wait(&grant.agent_id, &id).await?))
}

/// Rules made from answers: one's own, or all with `agents:read_all`.
#[utoipa::path(get, path = "/api/approval-rules", responses((status = 200, body = Page<ApprovalRule>)))]
async fn rules(
    State(state): State<AppState>,
    Caller(caller): Caller,
) -> Result<Json<Page<ApprovalRule>>, Failure> {
    access::may(&caller, Permission::AgentsRead)?;
    let owner = access::only_of(&caller);
    Ok(Json(Page {
        items: state.approvals.made_rules(owner).await?,
        next_cursor: None,
    }))
}

/// Removes such a rule: its questions go to a person again, at once.
#[utoipa::path(delete, path = "/api/approval-rules/{id}", responses((status = 204)))]
async fn remove_rule(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let permission = Permission::ApprovalsDecide;
    let rule = access::rule(&state.approvals, &caller, permission, &id).await?;
    state.approvals.remove_rule(&id).await?;
    let about = AuditObject(format!("rule={} cwd={}", rule.rule, rule.cwd));
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.extensions_mut().insert(about);
    Ok(response)
}

/// The ended approval, and what the record says it was about.
fn told(ended: StoredApproval) -> Response {
    let view = ended.view;
    let state = match view.state {
        ApprovalState::Allowed => "allowed",
        _ => "denied",
    };
    let mut about = format!("approval={} agent={} {state}", view.id, view.agent_id);
    about.push_str(&format!(" tool={}", view.tool));
    if let Some(rule) = &view.rule {
        about.push_str(&format!(" rule={rule}"));
    }
    if let Some(scope) = &view.scope {
        about.push_str(&format!(" scope={scope:?}").to_ascii_lowercase());
    }
    let mut response = Json(view).into_response();
    response.extensions_mut().insert(AuditObject(about));
    response
}
