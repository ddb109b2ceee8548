//! What anybody may ask: does it live, can it work, how does one log in.

use crate::audit::Audit;
use crate::auth::Auth;
use crate::auth::principal::Principal;
use crate::config::{Config, LoginSource};
use crate::http::extract::Json;
use crate::http::problem::Failure;
use crate::store::Store;
use axum::Extension;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use orchestra_protocol::auth::{ClientConfig, LoginMode};
use orchestra_protocol::system::{Health, Ready};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Auth: FromRef<S>,
    Audit: FromRef<S>,
    Store: FromRef<S>,
    Arc<Config>: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(ready))
        .routes(routes!(client_config))
}

/// Answers while the process lives.
#[utoipa::path(get, path = "/api/health", tag = "system", responses((status = 200, body = Health)))]
async fn health() -> Json<Health> {
    Json(Health {
        status: "ok".into(),
        version: env!("CARGO_PKG_VERSION").into(),
    })
}

/// Says whether the daemon can work; to a caller that is logged in, also why not.
#[utoipa::path(get, path = "/api/ready", tag = "system",
    responses((status = 200, body = Ready), (status = 503, body = Ready)))]
async fn ready(
    State(auth): State<Auth>,
    State(audit): State<Audit>,
    State(store): State<Store>,
    principal: Option<Extension<Principal>>,
) -> (StatusCode, Json<Ready>) {
    let mut reasons = Vec::new();
    if !auth.ready() {
        reasons.push("the login provider's keys are not there yet".to_owned());
    }
    if !audit.healthy() {
        reasons.push("the audit record cannot be written; is the disk full?".to_owned());
    }
    if let Err(error) = store.ping().await {
        tracing::error!(%error, "the database does not answer");
        reasons.push("the database does not answer".to_owned());
    }
    let ready = reasons.is_empty();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let reasons = if principal.is_some() {
        reasons
    } else {
        Vec::new()
    };
    (status, Json(Ready { ready, reasons }))
}

/// Says how one logs in here.
#[utoipa::path(get, path = "/api/client-config", tag = "system", responses((status = 200, body = ClientConfig)))]
async fn client_config(
    State(config): State<Arc<Config>>,
    State(auth_state): State<Auth>,
) -> Result<Json<ClientConfig>, Failure> {
    let auth = &config.settings.auth;
    let oidc = auth.login == LoginSource::Oidc;
    let text = |text: &String| oidc.then(|| text.clone()).filter(|text| !text.is_empty());
    Ok(Json(ClientConfig {
        accounts: auth_state.has_accounts().await?,
        login: if oidc {
            LoginMode::Oidc
        } else {
            LoginMode::Local
        },
        issuer: text(&auth.issuer),
        client_id: text(&auth.client_id),
        audience: text(&auth.audience),
        cli_client_id: text(&auth.cli_client_id),
        cli_port: Some(auth.cli_port).filter(|port| oidc && *port != 0),
        version: env!("CARGO_PKG_VERSION").into(),
    }))
}
