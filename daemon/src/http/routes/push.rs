//! `/api/push`: which of the caller's browsers are told, and what became of it. A person
//! sees and changes only what is their own.

use crate::auth::permission::Permission;
use crate::http::AppState;
use crate::http::access;
use crate::http::audit_layer::AuditObject;
use crate::http::extract::{Caller, Json};
use crate::http::paging::{PageQuery, page};
use crate::http::problem::Failure;
use crate::http::query::{MaybeJson, Query};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use orchestra_protocol::event::Page;
use orchestra_protocol::push::{
    PushDelivery, PushSubscribeRequest, PushSubscription, PushSubscriptions, PushTestRequest,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, subscribe))
        .routes(routes!(unsubscribe))
        .routes(routes!(test))
        .routes(routes!(deliveries))
}

/// The caller's browsers, and the key that a browser subscribes with.
#[utoipa::path(get, path = "/api/push/subscriptions", tag = "push",
    responses((status = 200, body = PushSubscriptions)))]
async fn list(
    State(state): State<AppState>,
    Caller(caller): Caller,
) -> Result<Json<PushSubscriptions>, Failure> {
    Ok(Json(PushSubscriptions {
        items: state.push.list(&caller).await?,
        public_key: state.push.public_key(),
    }))
}

/// Adds the caller's browser, or changes its switches. It ends with the login's device.
#[utoipa::path(post, path = "/api/push/subscriptions", tag = "push", request_body = PushSubscribeRequest,
    responses((status = 201, body = PushSubscription)))]
async fn subscribe(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Json(request): Json<PushSubscribeRequest>,
) -> Result<Response, Failure> {
    access::may(&caller, Permission::AgentsRead)?;
    let made = state.push.subscribe(&caller, &request).await?;
    let about = AuditObject(format!("subscription={} service={}", made.id, made.service));
    Ok((StatusCode::CREATED, axum::Extension(about), Json(made)).into_response())
}

/// Tells one of the caller's browsers no more.
#[utoipa::path(delete, path = "/api/push/subscriptions/{id}", tag = "push", params(("id" = String, Path)),
    responses((status = 204)))]
async fn unsubscribe(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    state.push.unsubscribe(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a notification to one of the caller's browsers, or to all; what became of it is
/// in the list of deliveries.
#[utoipa::path(post, path = "/api/push/test", tag = "push", request_body = PushTestRequest,
    responses((status = 202, body = Page<PushDelivery>)))]
async fn test(
    State(state): State<AppState>,
    Caller(caller): Caller,
    MaybeJson(request): MaybeJson<PushTestRequest>,
) -> Result<(StatusCode, Json<Page<PushDelivery>>), Failure> {
    let items = state.push.test(&caller, &request).await?;
    let queued = Page {
        items,
        next_cursor: None,
    };
    Ok((StatusCode::ACCEPTED, Json(queued)))
}

/// What was told to the caller's browsers, newest first; failures say why.
#[utoipa::path(get, path = "/api/push/deliveries", tag = "push", params(PageQuery),
    responses((status = 200, body = Page<PushDelivery>)))]
async fn deliveries(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<PushDelivery>>, Failure> {
    let limit = query.limit()?;
    let before = query.cursor.as_deref();
    let items = state.push.deliveries(&caller, before, limit + 1).await?;
    Ok(Json(page(items, limit, |one: &PushDelivery| {
        one.id.clone()
    })))
}
