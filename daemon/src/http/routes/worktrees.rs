//! `/api/worktrees`: what agents' folders hold, and what becomes of it.

use crate::auth::permission::Permission;
use crate::http::AppState;
use crate::http::access;
use crate::http::extract::{Caller, Json};
use crate::http::paging::{self, page};
use crate::http::problem::Failure;
use crate::http::query::{MaybeJson, Query};
use crate::http::whole::to_its_end;
use crate::store::worktrees::Filter;
use crate::worktrees::diff::Asked;
use axum::extract::{Path, State};
use orchestra_protocol::event::Page;
use orchestra_protocol::worktree::{
    CommitAnswer, CommitRequest, DiffScope, MergeAnswer, MergeRequest, RemoveAnswer, Worktree,
    WorktreeDiff,
};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, remove))
        .routes(routes!(diff))
        .routes(routes!(commit))
        .routes(routes!(merge))
}

/// Query of the list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only that of this agent.
    agent_id: Option<String>,
    /// Only those of the repository in this folder.
    repo: Option<String>,
    /// False leaves out what git says of each; default true.
    status: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, default 50.
    limit: Option<i64>,
}

/// Worktrees, newest first: one's own and shared ones, or all with `agents:read_all`.
#[utoipa::path(get, path = "/api/worktrees", params(ListQuery), responses((status = 200, body = Page<Worktree>)))]
async fn list(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Worktree>>, Failure> {
    access::may(&caller, Permission::AgentsRead)?;
    let (before, limit) = paging::asked(query.cursor, query.limit)?;
    let filter = Filter {
        user: access::only_of(&caller),
        agent: query.agent_id.as_deref(),
        repo: query.repo.as_deref(),
        before: before.as_deref(),
        ..Filter::default()
    };
    let found = state.worktrees.list(filter, limit + 1).await?;
    let more = page(found, limit, |row| row.view.id.clone());
    let may = |row: &_| access::check_worktree(&caller, Permission::AgentsRead, row).is_ok();
    let rows: Vec<_> = more.items.into_iter().filter(may).collect();
    let items = match query.status {
        Some(false) => rows.into_iter().map(|row| row.view).collect(),
        _ => state.worktrees.with_status(rows).await,
    };
    Ok(Json(Page {
        items,
        next_cursor: more.next_cursor,
    }))
}

/// One worktree with what git says of it.
#[utoipa::path(get, path = "/api/worktrees/{id}", responses((status = 200, body = Worktree)))]
async fn get(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<Json<Worktree>, Failure> {
    let row = access::worktree(&state.worktrees, &caller, Permission::AgentsRead, &id).await?;
    Ok(Json(state.worktrees.one_with_status(row).await))
}

/// Query of a diff.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DiffQuery {
    /// `all` (default), `committed` or `uncommitted`.
    scope: Option<DiffScope>,
    /// This file alone, with more of its lines.
    path: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Files, 1 to 100, default 20.
    limit: Option<usize>,
}

/// Its changes against the base branch, in pages of files.
#[utoipa::path(get, path = "/api/worktrees/{id}/diff", params(DiffQuery), responses((status = 200, body = WorktreeDiff)))]
async fn diff(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Query(query): Query<DiffQuery>,
) -> Result<Json<WorktreeDiff>, Failure> {
    let row = access::worktree(&state.worktrees, &caller, Permission::AgentsRead, &id).await?;
    let asked = Asked {
        scope: query.scope.unwrap_or_default(),
        path: query.path,
        cursor: query.cursor,
        limit: query.limit,
    };
    Ok(Json(state.worktrees.diff(&row.view, &asked).await?))
}

/// Commits everything in it that is not ignored.
#[utoipa::path(post, path = "/api/worktrees/{id}/commit", request_body = CommitRequest,
    responses((status = 200, body = CommitAnswer)))]
async fn commit(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Json(request): Json<CommitRequest>,
) -> Result<Json<CommitAnswer>, Failure> {
    let row = access::worktree(&state.worktrees, &caller, Permission::TerminalType, &id).await?;
    let worktrees = state.worktrees.clone();
    let work = async move { worktrees.commit(&row, &request.message).await };
    Ok(Json(to_its_end(&state.tasks, work).await??))
}

/// Merges it into its base branch; 409 lists what stands in the way.
#[utoipa::path(post, path = "/api/worktrees/{id}/merge", request_body = MergeRequest,
    responses((status = 200, body = MergeAnswer)))]
async fn merge(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    MaybeJson(request): MaybeJson<MergeRequest>,
) -> Result<Json<MergeAnswer>, Failure> {
    let row = access::worktree(&state.worktrees, &caller, Permission::TerminalType, &id).await?;
    let worktrees = state.worktrees.clone();
    let work = async move { worktrees.merge(&row, &request).await };
    Ok(Json(to_its_end(&state.tasks, work).await??))
}

/// Query of a removal.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RemoveQuery {
    /// From the refusal that said what would be lost.
    confirm: Option<String>,
    /// True leaves the branch, and so its commits; default false.
    keep_branch: Option<bool>,
}

/// Removes it; 409 lists what would be lost.
#[utoipa::path(delete, path = "/api/worktrees/{id}", params(RemoveQuery), responses((status = 200, body = RemoveAnswer)))]
async fn remove(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Query(query): Query<RemoveQuery>,
) -> Result<Json<RemoveAnswer>, Failure> {
    let row = access::worktree(&state.worktrees, &caller, Permission::TerminalType, &id).await?;
    let worktrees = state.worktrees.clone();
    let work = async move {
        let keep = query.keep_branch == Some(true);
        worktrees.remove(&row, query.confirm.as_deref(), keep).await
    };
    Ok(Json(to_its_end(&state.tasks, work).await??))
}
