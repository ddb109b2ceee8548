//! `/api/hooks/{kind}`: what an agent's CLI says of itself.

use crate::agents::AgentError;
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
    let adapter = state.agents.adapter(&kind)?;
    if let Some(ask) = adapter.asks(&call.event) {
        if agent.view.status.is_final() {
            return Err(AgentError::Ended(grant.agent_id.clone()).into());
        }
        return Ok(Json(state.approvals.ask(&agent, &call, &ask).await?));
    }
    state.agents.hook(&grant.agent_id, &call).await?;
    if let Some(over) = adapter.over(&call.event) {
        state.approvals.heard(&grant.agent_id, &over).await?;
    }
    Ok(Json(HookAnswer::default()))
}
