//! The caller, as the daemon sees it.

use crate::auth::Auth;
use crate::http::extract::{Caller, Json};
use crate::http::problem::Failure;
use crate::store::{self, Store};
use axum::extract::{FromRef, State};
use orchestra_protocol::auth::{Me, PrincipalInfo};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Auth: FromRef<S>,
    Store: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(me))
}

/// Says who calls and what it may do. An agent's rights come from its place in the tree,
/// so that it has no permissions here.
#[utoipa::path(get, path = "/api/me", tag = "auth", responses((status = 200, body = Me)))]
async fn me(
    State(store): State<Store>,
    State(auth): State<Auth>,
    Caller(principal): Caller,
) -> Result<Json<Me>, Failure> {
    let primary = store::agent_ids::primary_of(&store, &principal.user.id.0).await?;
    Ok(Json(Me {
        roles: principal
            .role()
            .map(|role| role.name().to_owned())
            .into_iter()
            .collect(),
        permissions: principal.permissions.names(),
        primary_session_id: primary.session(),
        agents_masked: auth.agents_masked(),
        expires_at: principal.expires_at,
        principal: PrincipalInfo {
            agent_id: principal.agent.map(|grant| grant.agent_id.to_string()),
            id: principal.user.id.0,
            name: principal.user.name,
            issuer: principal.user.issuer,
            subject: principal.user.subject,
        },
    }))
}
