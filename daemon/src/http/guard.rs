//! The outer wall: every response gets its headers and, when it is a refusal, the shape
//! of a problem; every request must name a host and an origin of ours and carry JSON.

use super::audit_layer::{self, RequestId};
use super::authenticate;
use super::edge::Edge;
use super::extract::{is_file, is_json, not_a_file, not_json, too_large, too_large_file};
use super::problem::Failure;
use crate::agents::files::MAX_FILE;
use crate::audit::Audit;
use crate::auth::Auth;
use crate::auth::peer::Peer;
use crate::model::ids::fresh;
use crate::model::limits::MAX_BODY;
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http_body_util::{BodyExt as _, Limited};
use orchestra_protocol::problem::Problem;
use std::panic::AssertUnwindSafe;
use std::time::Instant;
use tracing::Instrument as _;

/// Longest text of a library's refusal that is passed on as the detail.
const MAX_DETAIL: usize = 1000;

/// What the layers need of the state.
#[derive(Clone)]
pub struct Gate {
    pub auth: Auth,
    pub audit: Audit,
    pub edge: Edge,
}

/// Puts every layer of the edge around a router and gives it its state. Call it once,
/// when all routes and the fallback are in.
pub fn protect<S>(router: Router<S>, state: S) -> Router
where
    S: Clone + Send + Sync + 'static,
    Auth: FromRef<S>,
    Audit: FromRef<S>,
    Edge: FromRef<S>,
{
    let gate = Gate {
        auth: Auth::from_ref(&state),
        audit: Audit::from_ref(&state),
        edge: Edge::from_ref(&state),
    };
    let credential = from_fn_with_state(gate.clone(), authenticate::authenticate);
    router
        .layer(from_fn_with_state(gate.clone(), audit_layer::record))
        .layer(credential)
        .layer(from_fn_with_state(gate.clone(), check))
        .layer(from_fn_with_state(gate, dress))
        .with_state(state)
}

/// The answer to an unknown path below `/api` and the like.
pub async fn no_such_route() -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        "no_such_route",
        "Not found",
        "There is no such path here; /api/openapi.json lists them.",
    )
}

/// True for paths that are no files of the page.
pub(in crate::http) fn is_api(path: &str) -> bool {
    ["/api", "/ws", "/mcp", "/metrics"].iter().any(|root| {
        path.strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Outermost: the id, the span, a panic's answer, the shape of refusals, the headers.
async fn dress(State(state): State<Gate>, mut request: Request, next: Next) -> Response {
    let id = fresh();
    request.extensions_mut().insert(RequestId(id.clone()));
    let api = is_api(request.uri().path());
    let head = request.method() == Method::HEAD;
    let named = request.headers().get(header::HOST);
    // It would hold for every port of the machine, and agents run web servers there.
    let local = named.is_some_and(|host| host.as_bytes().starts_with(b"localhost"));
    // The template only: a real path or query may hold what no log should.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str)
        .to_owned();
    let begun = Instant::now();
    let span = tracing::debug_span!("request", id, method = %request.method(), route);
    let run = AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .instrument(span);
    let response = run
        .await
        .unwrap_or_else(|_| Failure::internal(&"a handler panicked").into_response());
    let mut response = shape(response, &id, head).await;
    let meter = state.edge.meter();
    meter.answered(&route, response.status(), begun.elapsed());
    headers(&state, response.headers_mut(), &id, api, local);
    response
}

/// A refusal that is no problem yet becomes one; a problem gets the request's id.
async fn shape(mut response: Response, id: &str, head: bool) -> Response {
    let status = response.status();
    let known = response.extensions_mut().remove::<Problem>();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let plain = kind.is_none_or(|kind| kind.starts_with("text/plain"));
    if known.is_none() && !plain {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let mut problem = match known {
        Some(problem) => problem,
        None => {
            let text = Limited::new(body, MAX_DETAIL).collect().await;
            let bytes = text
                .map(http_body_util::Collected::to_bytes)
                .unwrap_or_default();
            of_status(status, &String::from_utf8_lossy(&bytes))
        }
    };
    problem.instance = Some(id.to_owned());
    parts.headers.remove(header::CONTENT_LENGTH);
    let kind = HeaderValue::from_static("application/problem+json");
    parts.headers.insert(header::CONTENT_TYPE, kind);
    let text = if head {
        Vec::new()
    } else {
        serde_json::to_vec(&problem).unwrap_or_default()
    };
    Response::from_parts(parts, Body::from(text))
}

/// The problem for a refusal that a library made.
fn of_status(status: StatusCode, text: &str) -> Problem {
    let (code, title, detail) = match status {
        StatusCode::METHOD_NOT_ALLOWED => (
            "method_not_allowed",
            "This path does not take that method",
            "The Allow header lists those it takes.",
        ),
        StatusCode::NOT_FOUND => ("not_found", "Not found", "There is no such thing here."),
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("too_large", "The body is too large", "Send less at once.")
        }
        _ if status.is_server_error() => (
            "internal",
            "Something broke here",
            "The daemon's log has the cause.",
        ),
        _ => (
            "invalid_request",
            "The request is not valid",
            "Compare it with /api/openapi.json.",
        ),
    };
    let text = text.trim();
    let detail = if text.is_empty() || status.is_server_error() {
        detail
    } else {
        text
    };
    Problem::new(status.as_u16(), code, title, detail)
}

fn headers(state: &Gate, headers: &mut HeaderMap, id: &str, api: bool, local: bool) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    set(
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    if api {
        set(header::CACHE_CONTROL, "no-store");
    }
    if state.edge.strict_transport() && !local {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    // The player's document has one of its own.
    let policy = headers.entry(header::CONTENT_SECURITY_POLICY);
    policy.or_insert_with(|| state.edge.policy());
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}

/// Host, origin, kind and size of the body; before any credential is looked at.
async fn check(State(state): State<Gate>, request: Request, next: Next) -> Response {
    let Some(peer) = request.extensions().get::<Peer>().copied() else {
        return Failure::internal(&"a request came in without its peer").into_response();
    };
    let refusal = match peer {
        Peer::Tcp(_) => names(&state, &request),
        // No browser speaks over the Unix socket or from inside.
        Peer::Unix(_) | Peer::Inside(_) => request
            .headers()
            .contains_key(header::ORIGIN)
            .then(|| ("origin", bad_origin())),
    };
    if let Some((code, failure)) = refusal {
        state.audit.denied(
            audit_layer::entry(request.method(), request.extensions()),
            code,
        );
        return failure.into_response();
    }
    if let Some(failure) = body(&request) {
        return failure.into_response();
    }
    let most = if takes_file(&request) {
        MAX_FILE
    } else {
        MAX_BODY
    };
    let request = request.map(|body| Body::new(Limited::new(body, most)));
    next.run(request).await
}

/// Exactly one Host of ours; an Origin of ours; no other site behind the request.
/// Comparing Host and Origin with each other would not help: a rebound name is in both.
fn names(state: &Gate, request: &Request) -> Option<(&'static str, Failure)> {
    let headers = request.headers();
    let one = |name: HeaderName| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(Some).map_err(drop),
            (Some(_), Some(_)) => Err(()),
        }
    };
    let host = one(header::HOST)
        .ok()
        .flatten()
        .filter(|host| state.edge.host(host));
    let absolute = request
        .uri()
        .authority()
        .map(|authority| authority.as_str().to_ascii_lowercase());
    let agrees = |host: &str| {
        absolute
            .as_ref()
            .is_none_or(|other| *other == host.to_ascii_lowercase())
    };
    if !host.is_some_and(agrees) {
        return Some(("host", bad_host()));
    }
    match one(header::ORIGIN) {
        Ok(None) => {}
        // A page of ours; browsers differ in what they call the site of a socket.
        Ok(Some(origin)) if state.edge.origin(origin) => return None,
        _ => return Some(("origin", bad_origin())),
    }
    let text = |name: &'static str| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site");
    let followed = request.method() == Method::GET
        && text("sec-fetch-mode") == Some("navigate")
        && !is_api(request.uri().path());
    // Another port of this machine is the "same site": agents run web servers there.
    let ours = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    (!ours && !followed).then(|| ("cross_site", bad_origin()))
}

/// The one call whose body is no JSON.
fn takes_file(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>();
    request.method() == Method::POST
        && route.is_some_and(|route| route.as_str() == "/api/agents/{id}/files")
}

/// Bodies are JSON, or a file where one is taken, of a bounded size.
fn body(request: &Request) -> Option<Failure> {
    let headers = request.headers();
    let file = takes_file(request);
    let most = if file { MAX_FILE } else { MAX_BODY };
    let length = headers
        .get(header::CONTENT_LENGTH)
        .map(|value| value.to_str().unwrap_or_default());
    let none = match length {
        Some(length) => match length.parse::<u64>() {
            Ok(length) if length > most as u64 && file => return Some(too_large_file()),
            Ok(length) if length > most as u64 => return Some(too_large()),
            Ok(length) => length == 0,
            Err(_) => return Some(Failure::invalid("Content-Length is no number.")),
        },
        None => !headers.contains_key(header::TRANSFER_ENCODING),
    };
    if file {
        return (!is_file(headers)).then(not_a_file);
    }
    let stated = headers.contains_key(header::CONTENT_TYPE);
    ((!none || stated) && !is_json(headers) && is_api(request.uri().path())).then(not_json)
}

fn bad_host() -> Failure {
    Failure::new(
        StatusCode::MISDIRECTED_REQUEST,
        "unknown_host",
        "This daemon does not answer to that name",
        "Use the address that `orchestra up` printed, or add the name to server.hosts.",
    )
}

fn bad_origin() -> Failure {
    Failure::new(
        StatusCode::FORBIDDEN,
        "origin_refused",
        "Another site may not call this daemon",
        "Open the page at the address that `orchestra up` printed, or add the name to server.hosts.",
    )
}
