//! Records every change, before and after, and every denial. Innermost of the layers,
//! so that the caller and the route are known.

use super::guard::Gate;
use super::problem::Failure;
use crate::audit::record::Entry;
use crate::auth::peer::Peer;
use crate::auth::principal::Principal;
use axum::RequestExt as _;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::{Extensions, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The id of a request: in the answer's header, in its problem, log and audit.
#[derive(Clone)]
pub struct RequestId(pub String);

/// A handler's word on what its action was about, such as the id of what it made; put
/// it into the response's extensions.
#[derive(Clone)]
pub struct AuditObject(pub String);

/// They act first: a full disk must not keep anybody from stopping an agent.
const STOPPING: &[&str] = &[
    "POST /api/agents/{id}/kill",
    "POST /api/agents/{id}/interrupt",
    "POST /api/approvals/{id}/deny",
    "POST /api/tasks/{id}/cancel",
    "POST /api/admin/kill",
    "POST /api/admin/locks",
    "DELETE /api/agents/{id}/shares/{user}",
    "POST /api/auth/logout",
    "DELETE /api/auth/devices/{id}",
];

/// They come in thousands and change nothing by themselves: one line, afterwards.
const LIGHT: &[&str] = &[
    "POST /api/hooks/{kind}",
    "POST /api/ws-tickets",
    "POST /api/auth/challenge",
    // The tools' own calls come back through the router and are recorded there.
    "POST /mcp",
];

/// They change nothing, and still it matters who did them: one line, afterwards.
const READS: &[&str] = &["GET /api/agents/{id}/recording"];

/// What is known of a request before its caller is.
pub(in crate::http) fn entry(method: &Method, extensions: &Extensions) -> Entry {
    let route = extensions
        .get::<MatchedPath>()
        .map_or("(no route)", MatchedPath::as_str);
    Entry {
        request_id: extensions
            .get::<RequestId>()
            .map(|id| id.0.clone())
            .unwrap_or_default(),
        ip: extensions
            .get::<Peer>()
            .map(ToString::to_string)
            .unwrap_or_default(),
        action: format!("{method} {route}"),
        ..Entry::default()
    }
}

/// Adds who calls: a user, or an agent on behalf of one.
pub(in crate::http) fn sign(entry: &mut Entry, principal: &Principal) {
    match &principal.agent {
        Some(grant) => {
            let agent = grant.agent_id.to_string();
            entry.principal = Some(agent.clone());
            entry.agent = Some(agent);
            entry.on_behalf_of = Some(principal.user.id.to_string());
        }
        None => entry.principal = Some(principal.user.id.to_string()),
    }
}

/// The layer.
pub(in crate::http) async fn record(
    State(state): State<Gate>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut entry = entry(request.method(), request.extensions());
    if let Some(principal) = request.extensions().get::<Principal>() {
        sign(&mut entry, principal);
    }
    if let Ok(params) = request.extract_parts::<RawPathParams>().await {
        let pairs: Vec<String> = params
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        entry.object = pairs.join(" ");
    }
    let changes = matches!(
        *request.method(),
        Method::POST | Method::PUT | Method::PATCH | Method::DELETE
    );
    let routed = request.extensions().get::<MatchedPath>().is_some();
    let action = entry.action.clone();
    let listed = |list: &[&str]| list.contains(&action.as_str());
    if !changes || !routed {
        let response = next.run(request).await;
        match denial(&response) {
            Some(code) if routed => state.audit.denied(entry, code),
            _ if listed(READS) => {
                if let Some(about) = response.extensions().get::<AuditObject>() {
                    entry.object.clone_from(&about.0);
                }
                state.audit.note(entry, &result(&response));
            }
            _ => {}
        }
        return response;
    }
    if listed(LIGHT) || listed(STOPPING) {
        let stopping = listed(STOPPING);
        let response = next.run(request).await;
        if let Some(about) = response.extensions().get::<AuditObject>() {
            entry.object.clone_from(&about.0);
        }
        let result = result(&response);
        if denial(&response).is_some() {
            state.audit.count_denial();
        }
        if stopping {
            state.audit.stopped(entry, &result).await;
        } else {
            state.audit.note(entry, &result);
        }
        return response;
    }
    let mut pending = match state.audit.intent(entry).await {
        Ok(pending) => pending,
        Err(error) => {
            tracing::error!(%error, "a change is refused because it cannot be recorded");
            return unrecorded().into_response();
        }
    };
    let response = next.run(request).await;
    if let Some(about) = response.extensions().get::<AuditObject>() {
        pending.about(about.0.clone());
    }
    if denial(&response).is_some() {
        state.audit.count_denial();
    }
    pending.outcome(&result(&response)).await;
    response
}

fn result(response: &Response) -> String {
    let status = response.status();
    let word = match status.as_u16() {
        100..400 => "ok",
        401 | 403 | 404 => "denied",
        400..500 => "failed",
        _ => "error",
    };
    format!("{word}:{}", status.as_u16())
}

/// A missing object and a hidden one look alike, here too.
fn denial(response: &Response) -> Option<&'static str> {
    match response.status() {
        StatusCode::UNAUTHORIZED => Some("unauthenticated"),
        StatusCode::FORBIDDEN => Some("forbidden"),
        StatusCode::NOT_FOUND => Some("not_found"),
        _ => None,
    }
}

fn unrecorded() -> Failure {
    Failure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "audit_unavailable",
        "Changes are refused for now",
        "The audit record cannot be written; is the disk full? Stopping still works.",
    )
}
