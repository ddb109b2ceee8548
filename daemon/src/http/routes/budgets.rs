//! `/api/agents/{id}/budget`, `/api/tasks/{id}/budget`, `/api/usage`: what may be spent, and
//! what was.

use crate::auth::permission::Permission;
use crate::http::AppState;
use crate::http::access;
use crate::http::audit_layer::AuditObject;
use crate::http::extract::{Caller, Json};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::routes::transcripts::reader;
use crate::model::ids::TaskId;
use axum::Extension;
use axum::extract::{Path, State};
use orchestra_protocol::agent::Agent;
use orchestra_protocol::budget::{BudgetChange, UsageBy, UsageReport};
use orchestra_protocol::task::Task;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(agent))
        .routes(routes!(task))
        .routes(routes!(usage))
}

/// Changes what an agent may spend; one that was held goes on when that is enough.
#[utoipa::path(patch, path = "/api/agents/{id}/budget", request_body = BudgetChange,
    responses((status = 200, body = Agent)))]
async fn agent(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Json(change): Json<BudgetChange>,
) -> Result<(Extension<AuditObject>, Json<Agent>), Failure> {
    let agent = access::agent(&state.agents, &caller, Permission::AgentsKill, &id).await?;
    let agent = state.agents.set_budget(&agent.id, &change).await?;
    Ok((about(&id, &change), Json(agent.view)))
}

/// Changes what a task may spend; one that ended because it had spent it goes on.
#[utoipa::path(patch, path = "/api/tasks/{id}/budget", request_body = BudgetChange,
    responses((status = 200, body = Task)))]
async fn task(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Json(change): Json<BudgetChange>,
) -> Result<(Extension<AuditObject>, Json<Task>), Failure> {
    let number = id.parse().map_err(|_| Failure::not_found("task"))?;
    let task = access::task(&state.delegate, &caller, Permission::AgentsKill, number).await?;
    let task = state
        .delegate
        .set_budget(TaskId(task.view.id), &change)
        .await?;
    Ok((about(&id, &change), Json(task.view)))
}

/// Query of the sums.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UsageQuery {
    /// `day` (default), `agent` or `task`.
    by: Option<UsageBy>,
    /// First day in UTC, such as `2026-11-01`; default: 30 days ago.
    from: Option<String>,
    /// Last day in UTC; default: today.
    to: Option<String>,
}

/// Tokens and cost by day, agent or task, the newest first.
#[utoipa::path(get, path = "/api/usage", params(UsageQuery), responses((status = 200, body = UsageReport)))]
async fn usage(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Query(query): Query<UsageQuery>,
) -> Result<Json<UsageReport>, Failure> {
    access::may(&caller, Permission::TranscriptsRead)?;
    let today = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let month_ago = today.saturating_sub(jiff::Span::new().days(29));
    let from = day("from", query.from.as_deref(), month_ago)?;
    let to = day("to", query.to.as_deref(), today)?;
    if to < from {
        return Err(Failure::invalid(
            "to lies before from; give the earlier day as from",
        ));
    }
    let begin = midnight(from)?;
    let end = midnight(to.saturating_add(jiff::Span::new().days(1)))?;
    let by = query.by.unwrap_or(UsageBy::Day);
    let reader = reader(&state, &caller);
    Ok(Json(
        state.transcripts.usage_by(reader, by, begin, end).await?,
    ))
}

fn day(
    name: &str,
    text: Option<&str>,
    default: jiff::civil::Date,
) -> Result<jiff::civil::Date, Failure> {
    match text {
        None => Ok(default),
        Some(text) => text
            .parse()
            .map_err(|_| Failure::invalid(format!("{name} is no day; write it like 2026-11-26"))),
    }
}

/// The beginning of a day in UTC, in milliseconds.
fn midnight(date: jiff::civil::Date) -> Result<i64, Failure> {
    let zoned = date.to_zoned(jiff::tz::TimeZone::UTC);
    let zoned = zoned.map_err(|_| Failure::invalid("that day lies too far away"))?;
    Ok(zoned.timestamp().as_millisecond())
}

/// What the audit says of it: whose, and the limits that were given.
fn about(id: &str, change: &BudgetChange) -> Extension<AuditObject> {
    let change = serde_json::to_string(change).unwrap_or_default();
    Extension(AuditObject(format!("id={id} {change}")))
}
