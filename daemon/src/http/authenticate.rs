//! The credential check around every route and the fallback. What is open is listed
//! here; everything else needs exactly one credential.

use super::audit_layer;
use super::guard::{Gate, is_api};
use super::limits::{Place, Wait};
use super::problem::Failure;
use crate::auth::jwt::TokenError;
use crate::auth::peer::{Peer, PeerError};
use crate::auth::principal::Principal;
use crate::auth::tickets::TicketError;
use crate::auth::{AGENT_PREFIX, AuthError};
use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Routes that anybody may call.
pub const OPEN: &[(Method, &str)] = &[
    (Method::GET, "/api/health"),
    (Method::GET, "/api/ready"),
    (Method::GET, "/api/client-config"),
    (Method::GET, "/api/auth/jwks"),
    (Method::POST, "/api/auth/exchange"),
    (Method::POST, "/api/auth/login"),
    (Method::POST, "/api/auth/challenge"),
    (Method::POST, "/api/auth/renew"),
];

/// The routes where a secret may be guessed at; failures there count as bad logins. Not
/// `renew`: whoever failed there on purpose would keep the owner's browser from renewing.
const LOGIN: &[&str] = &["/api/auth/exchange", "/api/auth/login"];

/// A token that was good once is no guess: a page that slept sends many of them.
const NO_GUESS: &[&str] = &[
    "expired",
    "not_yet",
    "locked",
    "revoked",
    "device",
    "bearer_with_origin",
];

/// Routes for the owner's own processes over the Unix socket; the kernel is their witness.
pub const LOCAL: &[(Method, &str)] = &[
    (Method::POST, "/api/local/token"),
    (Method::POST, "/api/local/login-link"),
];

/// What an agent's token opens over the Unix socket, or through `/mcp`.
pub const AGENT: &[(Method, &str)] = &[
    (Method::POST, "/api/delegate"),
    (Method::POST, "/api/plans"),
    (Method::POST, "/api/report"),
    (Method::GET, "/api/tasks"),
    (Method::GET, "/api/tasks/{id}"),
    (Method::GET, "/api/tasks/{id}/wait"),
    (Method::GET, "/api/agents"),
    (Method::GET, "/api/agents/{id}"),
    (Method::GET, "/api/agent-kinds"),
    (Method::POST, "/api/agents/{id}/messages"),
    (Method::GET, "/api/me"),
    (Method::POST, "/api/hooks/{kind}"),
    (Method::GET, "/api/approvals/{id}/word"),
    (Method::GET, "/mcp"),
    (Method::POST, "/mcp"),
    (Method::DELETE, "/mcp"),
];

/// What it opens over the network.
pub const REMOTE_AGENT: &[(Method, &str)] = &[
    (Method::POST, "/api/hooks/{kind}"),
    (Method::GET, "/api/approvals/{id}/word"),
    (Method::GET, "/mcp"),
    (Method::POST, "/mcp"),
    (Method::DELETE, "/mcp"),
];

/// A credential as it came in.
enum Credential {
    Bearer(String),
    Ticket(String),
    Query(String),
}

/// Finds the caller, or answers for the route.
pub(in crate::http) async fn authenticate(
    State(state): State<Gate>,
    request: Request,
    next: Next,
) -> Response {
    // The parts can be looked at across a wait, a body cannot.
    let (mut parts, body) = request.into_parts();
    let route = parts
        .extensions
        .get::<MatchedPath>()
        .map(|route| route.as_str().to_owned());
    let route = route.as_deref();
    let Some(peer) = parts.extensions.get::<Peer>().copied() else {
        return Failure::internal(&"a request came in without its peer").into_response();
    };
    let place = match peer {
        Peer::Tcp(address) | Peer::Inside(address) => Some(Place::of(address.ip())),
        Peer::Unix(_) => None,
    };
    let method = parts.method.clone();
    if route.is_none() && !is_api(parts.uri.path()) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    if listed(LOCAL, &method, route)
        && let Peer::Unix(unix) = peer
    {
        // Whoever carries an agent's token is one, whatever its line of parents says.
        let local = if carries_agent_token(&parts) {
            Err(PeerError::Agent)
        } else {
            state.auth.check_local(unix)
        };
        if let Err(error) = local {
            state.audit.denied(
                audit_layer::entry(&parts.method, &parts.extensions),
                "local",
            );
            return Failure::forbidden(error.to_string()).into_response();
        }
        return next.run(Request::from_parts(parts, body)).await;
    }
    let open = listed(OPEN, &method, route);
    if open && let Some(place) = place {
        let login = route.is_some_and(|route| LOGIN.contains(&route));
        let tries = if login {
            state.edge.limits().may_try(place)
        } else {
            Ok(())
        };
        if let Err(wait) = tries.and_then(|()| state.edge.limits().stranger(place)) {
            return too_many(wait);
        }
    }
    let found = match caller(&state, &parts, place).await {
        Ok(Some(principal)) => {
            admit(&state, &parts, &principal, peer, route).map(|()| Some(principal))
        }
        other => other,
    };
    match found {
        Ok(Some(principal)) => drop(parts.extensions.insert(principal)),
        Ok(None) if open => {}
        // An old token must not keep anybody from logging in anew.
        Err(Refusal::Unauthenticated(_)) if open => {}
        Ok(None) => return unauthenticated(&state, &parts, "none"),
        Err(Refusal::Unauthenticated(code)) => {
            if let Some(place) = place
                && !NO_GUESS.contains(&code.as_str())
            {
                state.edge.limits().failed(place);
            }
            return unauthenticated(&state, &parts, &code);
        }
        Err(Refusal::Answer(answer)) => return *answer,
    }
    let login = open && route.is_some_and(|route| LOGIN.contains(&route));
    let response = next.run(Request::from_parts(parts, body)).await;
    if login
        && response.status().is_client_error()
        && let Some(place) = place
    {
        state.edge.limits().failed(place);
    }
    response
}

/// Why a request goes no further.
enum Refusal {
    /// 401, with a code for the audit.
    Unauthenticated(String),
    Answer(Box<Response>),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Answer(Box::new(failure.into_response()))
    }
}

async fn caller(
    state: &Gate,
    parts: &Parts,
    place: Option<Place>,
) -> Result<Option<Principal>, Refusal> {
    let origin = parts
        .headers
        .get(header::ORIGIN)
        .and_then(|origin| origin.to_str().ok());
    let Some(credential) = credential(parts)? else {
        return Ok(None);
    };
    let socket = parts.uri.path() == "/ws";
    let checked = match &credential {
        // A page that could set the header would not need a ticket; it is for programs.
        Credential::Bearer(_) if socket && origin.is_some() => {
            return Err(Refusal::Unauthenticated("bearer_with_origin".into()));
        }
        Credential::Query(_) if !socket || !state.edge.query_jwt() => {
            return Err(Failure::new(
                StatusCode::BAD_REQUEST,
                "token_in_url",
                "A token must not stand in a URL",
                "Send it as a header, or open the socket with a ticket from POST /api/ws-tickets.",
            )
            .into());
        }
        Credential::Bearer(token) | Credential::Query(token) => {
            if let Some(place) = place
                && let Err(wait) = state.edge.limits().may_try(place)
                && !state.auth.known(token)
            {
                return Err(Refusal::Answer(Box::new(too_many(wait))));
            }
            state.auth.bearer(token).await
        }
        Credential::Ticket(ticket) => state.auth.redeem(ticket, origin).await,
    };
    match checked {
        Ok(principal) => Ok(Some(principal)),
        Err(AuthError::Token(TokenError::KeysUnavailable)) => Err(Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "issuer_unavailable",
            "Logins cannot be checked now",
            "The login provider's keys cannot be fetched; try again in a minute.",
        )
        .into()),
        Err(AuthError::Store(error)) => Err(Failure::from(error).into()),
        Err(AuthError::Refused(code)) => Err(Refusal::Unauthenticated(code.into())),
        Err(AuthError::Ticket(TicketError::Origin)) => {
            state.audit.denied(
                audit_layer::entry(&parts.method, &parts.extensions),
                "ticket_origin",
            );
            Err(Failure::forbidden("The ticket was issued to another page.").into())
        }
        Err(AuthError::Ticket(_)) => Err(Refusal::Unauthenticated("ticket".into())),
        Err(error) => Err(Refusal::Unauthenticated(error.to_string())),
    }
}

/// The one credential of a request; more than one is nobody's honest mistake.
fn credential(parts: &Parts) -> Result<Option<Credential>, Refusal> {
    let headers = &parts.headers;
    let mut found = Vec::new();
    for value in headers.get_all(header::AUTHORIZATION) {
        let text = value.to_str().unwrap_or_default();
        let bearer = text
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        found.push(Credential::Bearer(
            bearer.map_or("", |(_, token)| token.trim()).to_owned(),
        ));
    }
    let protocols = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let protocols = protocols.flat_map(|value| value.to_str().unwrap_or_default().split(','));
    for protocol in protocols {
        if let Some(ticket) = protocol.trim().strip_prefix("orchestra.ticket.") {
            found.push(Credential::Ticket(ticket.to_owned()));
        }
    }
    for pair in parts.uri.query().unwrap_or_default().split('&') {
        if let Some(("token" | "access_token", token)) = pair.split_once('=') {
            found.push(Credential::Query(token.to_owned()));
        }
    }
    if found.len() > 1 {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "ambiguous_credentials",
            "More than one credential",
            "Send exactly one: an Authorization header, or a ticket for the socket.",
        )
        .into());
    }
    Ok(found.pop())
}

fn carries_agent_token(parts: &Parts) -> bool {
    let values = parts.headers.get_all(header::AUTHORIZATION);
    let mut texts = values
        .iter()
        .map(|value| value.to_str().unwrap_or_default());
    texts.any(|text| text.contains(AGENT_PREFIX))
}

/// Limits, and the routes that are not for agents.
fn admit(
    state: &Gate,
    parts: &Parts,
    principal: &Principal,
    peer: Peer,
    route: Option<&str>,
) -> Result<(), Refusal> {
    let agent = principal.agent.is_some();
    let routes = match peer {
        Peer::Unix(_) | Peer::Inside(_) => AGENT,
        Peer::Tcp(_) => REMOTE_AGENT,
    };
    if agent && !listed(routes, &parts.method, route) {
        let mut entry = audit_layer::entry(&parts.method, &parts.extensions);
        audit_layer::sign(&mut entry, principal);
        state.audit.denied(entry, "agent_route");
        return Err(Failure::forbidden("An agent may not call this.").into());
    }
    let counted = state.edge.limits().caller(principal.key(), agent);
    counted.map_err(|wait| Refusal::Answer(Box::new(too_many(wait))))
}

/// HEAD is checked as the GET that it is.
fn listed(list: &[(Method, &str)], method: &Method, route: Option<&str>) -> bool {
    let method = if *method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    list.iter()
        .any(|(known, path)| known == method && Some(*path) == route)
}

fn unauthenticated(state: &Gate, parts: &Parts, code: &str) -> Response {
    state
        .audit
        .denied(audit_layer::entry(&parts.method, &parts.extensions), code);
    let mut response = Failure::unauthenticated().into_response();
    let challenge = HeaderValue::from_static("Bearer");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn too_many(Wait(time): Wait) -> Response {
    let seconds = time.as_secs().max(1);
    let mut response = Failure::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_requests",
        "Too many requests",
        format!("Wait {seconds} s and try again."),
    )
    .into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}
