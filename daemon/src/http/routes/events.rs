//! `/api/events`: the numbered feed over REST.

use crate::auth::permission::Permission;
use crate::http::AppState;
use crate::http::access;
use crate::http::extract::{Caller, Json};
use crate::http::problem::Failure;
use crate::http::query::Query;
use axum::extract::State;
use orchestra_protocol::event::{Event, Page};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const MAX: i64 = 500;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(after))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AfterQuery {
    /// Entries with a higher number, oldest first; default 0.
    after: Option<i64>,
    /// At most 500.
    limit: Option<i64>,
}

/// What happened after a number; `next_cursor` is the number to go on after.
#[utoipa::path(get, path = "/api/events", params(AfterQuery), responses((status = 200, body = Page<Event>)))]
async fn after(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Query(query): Query<AfterQuery>,
) -> Result<Json<Page<Event>>, Failure> {
    access::may(&caller, Permission::AgentsRead)?;
    let limit = query.limit.unwrap_or(MAX);
    if !(1..=MAX).contains(&limit) {
        return Err(Failure::invalid(format!(
            "limit is {limit}; it must lie between 1 and {MAX}"
        )));
    }
    let entries = state.events.after(query.after.unwrap_or(0), limit).await?;
    let next_cursor = entries.last().map(|entry| entry.event.number.to_string());
    let items = entries
        .into_iter()
        .filter(|entry| access::may_read(&caller, &entry.owner, &entry.event.body))
        .map(|entry| entry.event)
        .collect();
    Ok(Json(Page { items, next_cursor }))
}
