//! `/api/transcripts`: the sessions that the CLIs keep on disk.

use crate::auth::permission::Permission;
use crate::auth::principal::Principal;
use crate::http::AppState;
use crate::http::access::{self, requester};
use crate::http::extract::{Caller, Json};
use crate::http::problem::Failure;
use crate::http::query::{MaybeJson, Query};
use crate::store::index::query::{Cursor, Filter};
use crate::transcripts::Reader;
use crate::transcripts::export::{Export, Source};
use crate::transcripts::view;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use orchestra_protocol::agent::Agent;
use orchestra_protocol::time::Timestamp;
use orchestra_protocol::transcript::{
    ResumeRequest, TranscriptHits, TranscriptPage, TranscriptView, UsageTotals,
};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Longest text to search for.
const MAX_SEARCH: usize = 200;
const HOUR_MS: i64 = 3_600_000;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(usage))
        .routes(routes!(get))
        .routes(routes!(hits))
        .routes(routes!(export))
        .routes(routes!(resume))
}

/// Query of the list.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    cursor: Option<String>,
    /// 1 to 200, default 50.
    limit: Option<i64>,
    /// Of this CLI.
    kind: Option<String>,
    /// Begun in this folder or beneath it.
    cwd: Option<String>,
    /// Written to in the last so many hours.
    hours: Option<i64>,
    /// Written to right now.
    live: Option<bool>,
    /// Sub-agents too.
    all: Option<bool>,
    /// Words that all stand in one entry, or a part of title, folder or session.
    q: Option<String>,
}

/// Found sessions, the one written to last first; with `q`, those that hold the words.
#[utoipa::path(get, path = "/api/transcripts", params(ListQuery), responses((status = 200, body = TranscriptPage)))]
async fn list(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<TranscriptPage>, Failure> {
    access::may(&caller, Permission::TranscriptsRead)?;
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Failure::invalid(format!(
            "limit is {limit}; it must lie between 1 and 200"
        )));
    }
    let after = query.cursor.as_deref().map(cursor).transpose()?;
    let filter = Filter {
        kind: query.kind,
        cwd: query.cwd,
        since: since(query.hours)?,
        all: query.all == Some(true),
        ..Filter::default()
    };
    let reader = reader(&state, &caller);
    let transcripts = &state.transcripts;
    let count = usize::try_from(limit).unwrap_or(usize::MAX);
    if let Some(text) = query
        .q
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
    {
        if text.len() > MAX_SEARCH {
            return Err(Failure::invalid(format!(
                "q has more than {MAX_SEARCH} bytes"
            )));
        }
        let found = transcripts.search(reader, text, &filter, count).await?;
        return Ok(Json(TranscriptPage {
            items: found.items,
            next_cursor: None,
            more: found.more,
            progress: transcripts.progress(),
        }));
    }
    let live = query.live == Some(true);
    let mut rows = transcripts
        .list(reader, filter, live, after, limit + 1)
        .await?;
    let more = rows.len() > count;
    rows.truncate(count);
    let last = rows
        .last()
        .map(|((modified, num), _)| format!("{modified}-{num}"));
    Ok(Json(TranscriptPage {
        items: rows.into_iter().map(|(_, item)| item).collect(),
        next_cursor: last.filter(|_| more),
        more,
        progress: transcripts.progress(),
    }))
}

/// Query of the sums.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct UsageQuery {
    /// Of sessions written to in the last so many hours.
    hours: Option<i64>,
}

/// Tokens and cost of all sessions that the caller may see, by model.
#[utoipa::path(get, path = "/api/transcripts/usage", params(UsageQuery), responses((status = 200, body = UsageTotals)))]
async fn usage(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Query(query): Query<UsageQuery>,
) -> Result<Json<UsageTotals>, Failure> {
    access::may(&caller, Permission::TranscriptsRead)?;
    let since = since(query.hours)?;
    let reader = reader(&state, &caller);
    Ok(Json(state.transcripts.usage(reader, since).await?))
}

/// Query of one session.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct ViewQuery {
    /// Byte of the file; `next_offset` of the answer before reads on.
    from: Option<u64>,
    /// 0 to 1000 entries, default 200.
    limit: Option<usize>,
}

/// One session, by its id or by its CLI's, with entries from a byte on.
#[utoipa::path(get, path = "/api/transcripts/{id}", params(ViewQuery), responses((status = 200, body = TranscriptView)))]
async fn get(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Query(query): Query<ViewQuery>,
) -> Result<Json<TranscriptView>, Failure> {
    access::may(&caller, Permission::TranscriptsRead)?;
    let limit = query.limit.unwrap_or(200);
    if limit > 1000 {
        return Err(Failure::invalid("limit is at most 1000"));
    }
    let (row, transcript) = state.transcripts.get(reader(&state, &caller), &id).await?;
    let children = state.transcripts.children(&row).await?;
    let from = query.from.unwrap_or(0);
    let prices = state.transcripts.prices();
    let work = move || view::entries(&prices, &row.kind, &row.path, from, limit);
    let part = blocking(work).await?;
    Ok(Json(TranscriptView {
        transcript,
        children: children.into_iter().map(|(_, child)| child).collect(),
        entries: part.entries,
        next_offset: part.next,
        at_end: part.at_end,
        unreadable: part.unreadable,
    }))
}

/// Query of the places in one session.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct HitsQuery {
    /// Words that all stand in one entry.
    q: String,
    /// Byte of the file; `next` of the answer before reads on.
    from: Option<u64>,
    /// 1 to 500, default 100.
    limit: Option<usize>,
}

/// Every entry of one session that holds the words.
#[utoipa::path(get, path = "/api/transcripts/{id}/hits", params(HitsQuery),
    responses((status = 200, body = TranscriptHits)))]
async fn hits(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Query(query): Query<HitsQuery>,
) -> Result<Json<TranscriptHits>, Failure> {
    access::may(&caller, Permission::TranscriptsRead)?;
    let limit = query.limit.unwrap_or(100);
    if !(1..=500).contains(&limit) {
        return Err(Failure::invalid(format!(
            "limit is {limit}; it must lie between 1 and 500"
        )));
    }
    if query.q.len() > MAX_SEARCH {
        return Err(Failure::invalid(format!(
            "q has more than {MAX_SEARCH} bytes"
        )));
    }
    let (reader, from) = (reader(&state, &caller), query.from.unwrap_or(0));
    let found = state.transcripts.hits(reader, &id, &query.q, from, limit);
    Ok(Json(found.await?))
}

/// The whole session as markdown.
#[utoipa::path(get, path = "/api/transcripts/{id}/export",
    responses((status = 200, body = String, content_type = "text/markdown")))]
async fn export(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    access::may(&caller, Permission::TranscriptsRead)?;
    let (row, about) = state.transcripts.get(reader(&state, &caller), &id).await?;
    let children = state.transcripts.children(&row).await?;
    let source = |(row, about): (crate::store::index::FileRow, _)| Source {
        path: row.path,
        about,
    };
    let export = Export::new(
        state.transcripts.prices(),
        source((row, about)),
        children.into_iter().map(source).collect(),
    );
    // A piece at a time, so that a huge session needs no more memory than a small one.
    let pieces = futures_util::stream::try_unfold(export, |mut export| async move {
        let work = move || {
            export
                .piece()
                .map(|piece| piece.map(|piece| (piece, export)))
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(std::io::Error::other)?
    });
    let headers = [
        (header::CONTENT_TYPE, "text/markdown; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"session.md\"",
        ),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Goes on with a found session as an agent, or with a copy of it.
#[utoipa::path(post, path = "/api/transcripts/{id}/resume", request_body = ResumeRequest,
    responses((status = 201, body = Agent)))]
async fn resume(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    MaybeJson(request): MaybeJson<ResumeRequest>,
) -> Result<(StatusCode, Json<Agent>), Failure> {
    access::may(&caller, Permission::AgentsSpawn)?;
    access::may(&caller, Permission::TranscriptsRead)?;
    let reader = reader(&state, &caller);
    let agent = state
        .agents
        .resume(&requester(&caller), reader, &id, &request)
        .await?;
    Ok((StatusCode::CREATED, Json(agent.view)))
}

/// The caller, as far as sessions go.
pub(in crate::http) fn reader<'a>(state: &AppState, caller: &'a Principal) -> Reader<'a> {
    Reader {
        user: &caller.user.id.0,
        all: caller.permissions.has(Permission::AgentsReadAll),
        at_home: state.auth.is_owner(caller),
    }
}

fn since(hours: Option<i64>) -> Result<Option<i64>, Failure> {
    match hours {
        None => Ok(None),
        Some(hours @ 1..=1_000_000) => Ok(Some(Timestamp::now().0 - hours * HOUR_MS)),
        Some(hours) => Err(Failure::invalid(format!(
            "hours is {hours}; it must be at least 1"
        ))),
    }
}

fn cursor(text: &str) -> Result<Cursor, Failure> {
    let read = || {
        let (modified, num) = text.rsplit_once('-')?;
        Some((modified.parse().ok()?, num.parse().ok()?))
    };
    read().ok_or_else(|| Failure::invalid("cursor is not one that a page gave"))
}

/// Reads a file beside the daemon's own work.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    match done {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Failure::conflict(
            "unreadable",
            format!("The session's file cannot be read now: {error}."),
        )),
        Err(error) => Err(Failure::internal(&error)),
    }
}
