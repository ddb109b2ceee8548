//! `/api/hooks/{kind}`: what an agent's CLI says of itself.

use crate::http::AppState;
use crate::http::extract::{Caller, Json};
use crate::http::problem::Failure;
use axum::extract::{Path, State};
use orchestra_protocol::hook::{HookAnswer, HookCall};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(hook))
}

/// Takes one event; what it says is stored when this answers.
#[utoipa::path(post, path = "/api/hooks/{kind}", request_body = HookCall, responses((status = 200, body = HookAnswer)))]
async fn hook(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(kind): Path<String>,
    Json(call): Json<HookCall>,
) -> Result<Json<HookAnswer>, Failure> {
    let Some(grant) = &caller.agent else {
        return Err(Failure::forbidden(
            "Only an agent sends hooks, with its own token.",
        ));
    };
    let agent = state.agents.get(&grant.agent_id).await?;
    if agent.view.kind != kind {
        return Err(Failure::invalid(format!(
            "this agent is of kind {}, so its hooks go to /api/hooks/{}",
            agent.view.kind, agent.view.kind
        )));
    }
    state.agents.hook(&grant.agent_id, &call).await?;
    Ok(Json(HookAnswer::default()))
}
