//! Local login, devices, and what the owner's own processes may ask for.

use crate::auth::permission::Role;
use crate::auth::{Auth, AuthError};
use crate::http::audit_layer::AuditObject;
use crate::http::edge::Edge;
use crate::http::extract::{Caller, Json};
use crate::http::problem::Failure;
use axum::extract::{FromRef, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use orchestra_protocol::admin::LoginRequest;
use orchestra_protocol::auth::{
    Challenge, ChallengeRequest, Device, ExchangeRequest, LoginLink, MintRequest, RenewRequest,
    TokenAnswer,
};
use orchestra_protocol::event::Page;
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Life of a minted token that states none.
const DEFAULT_LIFE_S: u64 = 600;

/// The routes of this file.
pub fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Auth: FromRef<S>,
    Edge: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(exchange))
        .routes(routes!(log_in))
        .routes(routes!(challenge))
        .routes(routes!(renew))
        .routes(routes!(logout))
        .routes(routes!(devices))
        .routes(routes!(revoke_device))
        .routes(routes!(jwks))
        .routes(routes!(mint))
        .routes(routes!(login_link))
}

/// Trades a one-time secret and a device's key for a device and a token.
#[utoipa::path(post, path = "/api/auth/exchange", tag = "auth", request_body = ExchangeRequest,
    responses((status = 200, body = TokenAnswer)))]
async fn exchange(
    State(auth): State<Auth>,
    Json(request): Json<ExchangeRequest>,
) -> Result<Response, Failure> {
    let answer = auth.exchange(&request).await?;
    let about = AuditObject(format!(
        "device={}",
        answer.device_id.as_deref().unwrap_or_default()
    ));
    Ok((axum::Extension(about), Json(answer)).into_response())
}

/// Trades a local account's name and password and a device's key for a device and a token.
#[utoipa::path(post, path = "/api/auth/login", tag = "auth", request_body = LoginRequest,
    responses((status = 200, body = TokenAnswer)))]
async fn log_in(
    State(auth): State<Auth>,
    Json(request): Json<LoginRequest>,
) -> Result<Response, Failure> {
    let answer = auth.log_in(&request).await.map_err(|error| match error {
        AuthError::Refused(_) => Failure::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Name and password do not fit",
            "Check both, and ask your admin when you forgot the password.",
        ),
        other => other.into(),
    })?;
    let device = answer.device_id.as_deref().unwrap_or_default();
    let about = AuditObject(format!("device={device}"));
    Ok((axum::Extension(about), Json(answer)).into_response())
}

/// Gives a device something to sign.
#[utoipa::path(post, path = "/api/auth/challenge", tag = "auth", request_body = ChallengeRequest,
    responses((status = 200, body = Challenge)))]
async fn challenge(
    State(auth): State<Auth>,
    Json(request): Json<ChallengeRequest>,
) -> Result<Json<Challenge>, Failure> {
    Ok(Json(auth.challenge(&request.device_id)?))
}

/// Trades a signed challenge for a fresh token.
#[utoipa::path(post, path = "/api/auth/renew", tag = "auth", request_body = RenewRequest,
    responses((status = 200, body = TokenAnswer)))]
async fn renew(
    State(auth): State<Auth>,
    Json(request): Json<RenewRequest>,
) -> Result<Response, Failure> {
    let about = AuditObject(format!("device={}", request.device_id.escape_debug()));
    let answer = auth.renew(&request).await?;
    Ok((axum::Extension(about), Json(answer)).into_response())
}

/// Ends the caller's login: its token, its device, its sockets.
#[utoipa::path(post, path = "/api/auth/logout", tag = "auth", responses((status = 204)))]
async fn logout(
    State(auth): State<Auth>,
    Caller(principal): Caller,
) -> Result<StatusCode, Failure> {
    auth.logout(&principal).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the browsers that may renew the caller's login.
#[utoipa::path(get, path = "/api/auth/devices", tag = "auth", responses((status = 200, body = Page<Device>)))]
async fn devices(
    State(auth): State<Auth>,
    Caller(principal): Caller,
) -> Result<Json<Page<Device>>, Failure> {
    let items = auth.devices(&principal).await?;
    Ok(Json(Page {
        items,
        next_cursor: None,
    }))
}

/// Takes one of them back.
#[utoipa::path(delete, path = "/api/auth/devices/{id}", tag = "auth", params(("id" = String, Path)),
    responses((status = 204)))]
async fn revoke_device(
    State(auth): State<Auth>,
    Caller(principal): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    auth.revoke_device(&principal, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The public keys that local tokens are signed with.
#[utoipa::path(get, path = "/api/auth/jwks", tag = "auth", responses((status = 200, body = serde_json::Value)))]
async fn jwks(State(auth): State<Auth>) -> Result<Json<serde_json::Value>, Failure> {
    Ok(Json(auth.jwks()?))
}

/// Mints a token; over the Unix socket only.
#[utoipa::path(post, path = "/api/local/token", tag = "local", request_body = MintRequest,
    responses((status = 200, body = TokenAnswer)))]
async fn mint(
    State(auth): State<Auth>,
    peer: axum::Extension<crate::auth::peer::Peer>,
    Json(request): Json<MintRequest>,
) -> Result<Response, Failure> {
    only_local(peer)?;
    let role = Role::parse(&request.role)
        .ok_or_else(|| Failure::invalid("role must be admin, developer or viewer"))?;
    let life = Duration::from_secs(request.ttl_s.unwrap_or(DEFAULT_LIFE_S));
    let minted = auth.mint(role, request.sub.as_deref(), life).await?;
    let subject = request.sub.unwrap_or_else(|| "owner".into());
    let about = AuditObject(format!(
        "token={} role={} sub={subject}",
        minted.token_id,
        role.name()
    ));
    let answer = TokenAnswer {
        access_token: minted.token,
        expires_at: minted.expires_at,
        device_id: None,
    };
    Ok((axum::Extension(about), Json(answer)).into_response())
}

/// Makes a login link; over the Unix socket only.
#[utoipa::path(post, path = "/api/local/login-link", tag = "local", responses((status = 200, body = LoginLink)))]
async fn login_link(
    State(auth): State<Auth>,
    State(edge): State<Edge>,
    peer: axum::Extension<crate::auth::peer::Peer>,
) -> Result<Json<LoginLink>, Failure> {
    only_local(peer)?;
    Ok(Json(link(&auth, &edge)?))
}

/// A link that logs the owner in once, within five minutes.
///
/// # Errors
/// When logins are an OIDC provider's affair.
pub fn link(auth: &Auth, edge: &Edge) -> Result<LoginLink, Failure> {
    let (secret, expires_at) = auth.login_secret()?;
    Ok(LoginLink {
        login_url: format!("{}/#login={secret}", edge.base_url()),
        expires_at,
    })
}

/// For everybody else these routes do not exist.
fn only_local(
    axum::Extension(peer): axum::Extension<crate::auth::peer::Peer>,
) -> Result<(), Failure> {
    match peer {
        crate::auth::peer::Peer::Unix(_) => Ok(()),
        _ => Err(Failure::not_found("path")),
    }
}
