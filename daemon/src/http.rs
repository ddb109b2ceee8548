//! The web side: routes, socket, assets. Knows status codes; decides nothing.

pub mod access;
pub mod assets;
pub mod audit_layer;
pub mod authenticate;
pub mod door;
pub mod edge;
pub mod extract;
pub mod guard;
pub mod limits;
pub mod meter;
pub mod networks;
pub mod paging;
pub mod problem;
pub mod query;
pub mod routes;
pub mod serve;
pub mod tls;
pub mod whole;
#[cfg(test)]
mod tests;
pub mod ws;

use crate::agents::Agents;
use crate::approvals::Approvals;
use crate::audit::Audit;
use crate::auth::Auth;
use crate::chat::Chat;
use crate::config::Config;
use crate::delegate::Delegate;
use crate::events::Events;
use crate::push::Push;
use crate::store::Store;
use crate::supervise::Tasks;
use crate::terminal::Terminals;
use crate::transcripts::Transcripts;
use crate::worktrees::Worktrees;
use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use edge::Edge;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// What handlers may use; cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    pub config: Arc<Config>,
    pub store: Store,
    pub events: Events,
    pub auth: Auth,
    pub audit: Audit,
    pub edge: Edge,
    pub transcripts: Transcripts,
    pub worktrees: Worktrees,
    pub terminals: Terminals,
    pub agents: Agents,
    pub approvals: Approvals,
    pub chat: Chat,
    pub delegate: Delegate,
    pub push: Push,
    pub tasks: Tasks,
    pub sockets: ws::Sockets,
}

/// What the OpenAPI document says of itself.
#[derive(OpenApi)]
#[openapi(info(
    title = "Orchestra",
    description = "Starts, shows and steers coding agents. Refusals are RFC 9457 problems."
))]
struct Document;

/// The API and its OpenAPI document, without the layers around them.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(routes::admin::router())
        .merge(routes::agents::router())
        .merge(routes::approvals::router())
        .merge(routes::attach::router())
        .merge(routes::audit::router())
        .merge(routes::auth::router())
        .merge(routes::budgets::router())
        .merge(routes::events::router())
        .merge(routes::files::router())
        .merge(routes::health::router())
        .merge(routes::hooks::router())
        .merge(routes::logs::router())
        .merge(routes::me::router())
        .merge(routes::messages::router())
        .merge(routes::metrics::router())
        .merge(routes::push::router())
        .merge(routes::recording::router())
        .merge(routes::settings::router())
        .merge(routes::shares::router())
        .merge(routes::tasks::router())
        .merge(routes::terminals::router())
        .merge(routes::tickets::router())
        .merge(routes::transcripts::router())
        .merge(routes::worktrees::router())
}

/// Everything that the daemon answers, behind its layers.
pub fn router(state: &AppState) -> Router {
    let (api, document) = api().split_for_parts();
    let document = axum::Json(document);
    let api = api.route(
        "/api/openapi.json",
        get(move || std::future::ready(document.clone())),
    );
    // The tools call the API through the same layers as anybody else.
    let inside = guard::protect(api.clone().fallback(fallback), state.clone());
    let mcp = crate::mcp::http::http_service(inside, state.edge.hosts());
    let whole = api
        .merge(ws::router())
        .route_service("/mcp", mcp)
        .fallback(fallback);
    guard::protect(whole, state.clone())
}

/// The page, or the word that there is no such path in the API.
async fn fallback(request: axum::extract::Request) -> axum::response::Response {
    use axum::response::IntoResponse;
    if guard::is_api(request.uri().path()) {
        return guard::no_such_route().await.into_response();
    }
    assets::serve(request).await
}
