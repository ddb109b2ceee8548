//! `/api/delegate`, `/api/tasks`, `/api/plans`, `/api/report`: work with a result.

use crate::auth::permission::Permission;
use crate::auth::principal::Principal;
use crate::http::AppState;
use crate::http::access::{self, requester};
use crate::http::extract::{Caller, Json};
use crate::http::paging::{Once, PageQuery, page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::model::ids::TaskId;
use crate::store::rows::StoredTask;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use orchestra_protocol::event::Page;
use orchestra_protocol::task::{Declared, DelegateRequest, PlanDecision, PlanRequest, Task};
use serde::Deserialize;
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Longest wait of one call, in milliseconds; ask again for more.
const MAX_WAIT_MS: u64 = 600_000;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(delegate))
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(wait))
        .routes(routes!(cancel))
        .routes(routes!(retry))
        .routes(routes!(propose))
        .routes(routes!(decide))
        .routes(routes!(report))
}

/// Hands a task to an agent: 202 with the task, or 200 with its result when it ended
/// within `wait_ms`.
#[utoipa::path(post, path = "/api/delegate", request_body = DelegateRequest,
    responses((status = 200, body = Task), (status = 202, body = Task)))]
async fn delegate(
    State(state): State<AppState>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Json(request): Json<DelegateRequest>,
) -> Result<(StatusCode, Json<Task>), Failure> {
    access::may(&caller, Permission::TasksDelegate)?;
    let patience = patience(request.wait_ms)?;
    let once = Once::read(&headers, &caller.user.id.0, "delegate", &request)?;
    let known = match &once {
        Some(once) => once.known(&state.store).await?,
        None => None,
    };
    let key = once.as_ref().map(Once::key);
    let id = match known.and_then(|id| id.parse().ok()) {
        Some(id) => {
            access::task(&state.delegate, &caller, Permission::AgentsRead, id)
                .await?
                .view
                .id
        }
        None => {
            let task = state
                .delegate
                .delegate(&requester(&caller), request, key.as_ref())
                .await?;
            task.view.id
        }
    };
    let task = state.delegate.wait(TaskId(id), patience).await?;
    let status = if task.view.status.is_final() {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    Ok((status, Json(told(&state, &caller, task).await?)))
}

/// Tasks, newest first: one's own, or all with `agents:read_all`; an agent sees those it
/// asked for.
#[utoipa::path(get, path = "/api/tasks", params(PageQuery), responses((status = 200, body = Page<Task>)))]
async fn list(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Task>>, Failure> {
    access::may(&caller, Permission::AgentsRead)?;
    let limit = query.limit()?;
    let owner = access::only_of(&caller);
    let asker = caller.agent.as_ref().map(|grant| grant.agent_id.as_str());
    let tasks = state
        .delegate
        .list(owner, asker, query.number()?, limit + 1)
        .await?;
    let tasks = tasks.into_iter().map(|task| task.view).collect();
    Ok(Json(page(tasks, limit, |task: &Task| task.id.to_string())))
}

/// One task.
#[utoipa::path(get, path = "/api/tasks/{id}", responses((status = 200, body = Task)))]
async fn get(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<Json<Task>, Failure> {
    let task = access::task(
        &state.delegate,
        &caller,
        Permission::AgentsRead,
        number(&id)?,
    )
    .await?;
    Ok(Json(told(&state, &caller, task).await?))
}

/// Query of a wait.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WaitQuery {
    /// At most 600 000; default 30 000.
    timeout_ms: Option<u64>,
}

/// Waits for the end of a task; answers how it stands when the time is over.
#[utoipa::path(get, path = "/api/tasks/{id}/wait", params(WaitQuery), responses((status = 200, body = Task)))]
async fn wait(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Query(query): Query<WaitQuery>,
) -> Result<Json<Task>, Failure> {
    let patience = patience(Some(query.timeout_ms.unwrap_or(30_000)))?;
    let task = access::task(
        &state.delegate,
        &caller,
        Permission::AgentsRead,
        number(&id)?,
    )
    .await?;
    let task = state.delegate.wait(TaskId(task.view.id), patience).await?;
    Ok(Json(told(&state, &caller, task).await?))
}

/// Calls a task off.
#[utoipa::path(post, path = "/api/tasks/{id}/cancel", responses((status = 202, body = Task)))]
async fn cancel(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Task>), Failure> {
    let task = access::task(
        &state.delegate,
        &caller,
        Permission::TasksDelegate,
        number(&id)?,
    )
    .await?;
    let task = state
        .delegate
        .cancel(&requester(&caller), TaskId(task.view.id))
        .await?;
    Ok((StatusCode::ACCEPTED, Json(task.view)))
}

/// Does an ended task again.
#[utoipa::path(post, path = "/api/tasks/{id}/retry", responses((status = 202, body = Task)))]
async fn retry(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Task>), Failure> {
    let task = access::task(
        &state.delegate,
        &caller,
        Permission::TasksDelegate,
        number(&id)?,
    )
    .await?;
    let task = state.delegate.retry(TaskId(task.view.id)).await?;
    Ok((StatusCode::ACCEPTED, Json(task.view)))
}

/// Proposes tasks that begin once a person agrees.
#[utoipa::path(post, path = "/api/plans", request_body = PlanRequest, responses((status = 202, body = Page<Task>)))]
async fn propose(
    State(state): State<AppState>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Json(request): Json<PlanRequest>,
) -> Result<(StatusCode, Json<Page<Task>>), Failure> {
    access::may(&caller, Permission::TasksDelegate)?;
    let once = Once::read(&headers, &caller.user.id.0, "plan", &request)?;
    let known = match &once {
        Some(once) => once.known(&state.store).await?,
        None => None,
    };
    let key = once.as_ref().map(Once::key);
    let ids: Vec<i64> = match known {
        Some(ids) => ids.split(',').filter_map(|id| id.parse().ok()).collect(),
        None => {
            let tasks = state
                .delegate
                .propose(&requester(&caller), request.tasks, key.as_ref())
                .await?;
            tasks.iter().map(|task| task.view.id).collect()
        }
    };
    let mut items = Vec::with_capacity(ids.len());
    for id in ids {
        items.push(
            access::task(&state.delegate, &caller, Permission::AgentsRead, id)
                .await?
                .view,
        );
    }
    Ok((
        StatusCode::ACCEPTED,
        Json(Page {
            items,
            next_cursor: None,
        }),
    ))
}

/// A person's yes or no to a plan.
#[utoipa::path(post, path = "/api/plans/decide", request_body = PlanDecision, responses((status = 202, body = Page<Task>)))]
async fn decide(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Json(request): Json<PlanDecision>,
) -> Result<(StatusCode, Json<Page<Task>>), Failure> {
    let tasks = decide_plan(&state, &caller, &request).await?;
    let items = tasks.into_iter().map(|task| task.view).collect();
    Ok((
        StatusCode::ACCEPTED,
        Json(Page {
            items,
            next_cursor: None,
        }),
    ))
}

/// The same decision for REST and the socket.
///
/// # Errors
/// 404 or 403 for a task that is not the caller's, 409 for one that does not wait.
pub async fn decide_plan(
    state: &AppState,
    caller: &Principal,
    request: &PlanDecision,
) -> Result<Vec<StoredTask>, Failure> {
    if request.task_ids.is_empty() {
        return Err(Failure::invalid("task_ids must name at least one task"));
    }
    for id in &request.task_ids {
        access::task(&state.delegate, caller, Permission::ApprovalsDecide, *id).await?;
    }
    let ids: Vec<TaskId> = request.task_ids.iter().map(|id| TaskId(*id)).collect();
    Ok(state
        .delegate
        .decide(&requester(caller), &ids, request.decision)
        .await?)
}

/// What the working agent itself says of its result.
#[utoipa::path(post, path = "/api/report", request_body = Declared, responses((status = 200, body = Task)))]
async fn report(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Json(request): Json<Declared>,
) -> Result<Json<Task>, Failure> {
    let Some(grant) = &caller.agent else {
        return Err(Failure::forbidden(
            "Only an agent reports a result, with its own token.",
        ));
    };
    if request.summary.trim().is_empty() {
        return Err(Failure::invalid("summary must not be empty"));
    }
    let task = state.delegate.report(&grant.agent_id, &request).await?;
    Ok(Json(task.view))
}

/// The task as its reader gets it; a calling agent that reads the end has the result.
async fn told(state: &AppState, caller: &Principal, task: StoredTask) -> Result<Task, Failure> {
    if let Some(grant) = &caller.agent {
        state.delegate.read_by(&task, &grant.agent_id).await?;
    }
    Ok(task.view)
}

fn number(id: &str) -> Result<i64, Failure> {
    id.parse().map_err(|_| Failure::not_found("task"))
}

fn patience(ms: Option<u64>) -> Result<Duration, Failure> {
    let ms = ms.unwrap_or(0);
    if ms > MAX_WAIT_MS {
        return Err(Failure::invalid(format!(
            "the wait is {ms} ms; at most {MAX_WAIT_MS} are allowed, ask again for more"
        )));
    }
    Ok(Duration::from_millis(ms))
}
