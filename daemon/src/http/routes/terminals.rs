//! `/api/agents/{id}/screen`, `history`, `input`, `resize`: a terminal without a socket.

use crate::auth::permission::Permission;
use crate::http::AppState;
use crate::http::access;
use crate::http::extract::{Caller, Json};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::model::ids::AgentId;
use crate::model::limits::{self, MAX_INPUT, MAX_PROMPT};
use crate::terminal::Terminals;
use crate::terminal::history::Above;
use crate::terminal::screen::ScreenFormat;
use crate::terminal::search::{Scope, pattern};
use crate::terminal::wait::{Missed, Wait};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use orchestra_protocol::agent::Size;
use orchestra_protocol::terminal::{FoundPage, HistoryPage, InputRequest, Screen};
use serde::Deserialize;
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Longest wait for a text to appear, in milliseconds.
const MAX_WAIT_MS: u64 = 600_000;
/// Named keys in one call.
const MAX_KEYS: usize = 1000;
/// Rows of one page of history, unless asked otherwise.
const PAGE: u32 = 200;
/// Finds of one search, unless asked otherwise, and at most.
const FINDS: usize = 50;
const MAX_FINDS: usize = 500;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(screen))
        .routes(routes!(history))
        .routes(routes!(search))
        .routes(routes!(input))
        .routes(routes!(resize))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ScreenQuery {
    /// `text` (default) or `ansi`, with colours.
    format: Option<String>,
    /// Waits until a row matches this regular expression.
    until: Option<String>,
    /// Waits until the program printed nothing for so long; 50 to 60 000.
    quiet_ms: Option<u64>,
    /// How long at most; default 30 000, at most 600 000.
    timeout_ms: Option<u64>,
}

/// The screen; with `until`, once a row matches, with `quiet_ms`, once nothing is printed
/// any more, else 408.
#[utoipa::path(get, path = "/api/agents/{id}/screen", params(ScreenQuery), responses((status = 200, body = Screen)))]
async fn screen(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Query(query): Query<ScreenQuery>,
) -> Result<Json<Screen>, Failure> {
    let agent = access::agent(&state.agents, &caller, Permission::AgentsRead, &id).await?;
    let format = match query.format.as_deref() {
        None | Some("text") => ScreenFormat::Text,
        Some("ansi") => ScreenFormat::Ansi,
        Some(_) => return Err(Failure::invalid("format is \"text\" or \"ansi\"")),
    };
    let until = match &query.until {
        Some(text) => Some(
            pattern(text, false, false).map_err(|why| Failure::invalid(format!("until: {why}")))?,
        ),
        None => None,
    };
    if query
        .quiet_ms
        .is_some_and(|quiet| !(50..=60_000).contains(&quiet))
    {
        return Err(Failure::invalid("quiet_ms is 50 to 60000"));
    }
    if until.is_none() && query.quiet_ms.is_none() {
        return Ok(Json(state.terminals.screen(&agent.id, format).await?));
    }
    let limit = query.timeout_ms.unwrap_or(30_000).min(MAX_WAIT_MS);
    let wait = Wait {
        until,
        quiet: query.quiet_ms.map(Duration::from_millis),
        limit: Duration::from_millis(limit),
    };
    let waited = state.terminals.wait(&agent.id, &wait, format).await?;
    waited.map(Json).map_err(|missed| unseen(missed, limit))
}

fn unseen(missed: Missed, limit: u64) -> Failure {
    let (code, title, detail) = match missed {
        Missed::Text => (
            "not_seen",
            "The text did not appear",
            format!("No row matched within {limit} ms."),
        ),
        Missed::Quiet => (
            "not_quiet",
            "The terminal did not come to rest",
            format!("The program went on printing for {limit} ms."),
        ),
        Missed::Ended => (
            "not_seen",
            "The text did not appear",
            "The program has ended, and no row matches.".to_owned(),
        ),
    };
    Failure::new(StatusCode::REQUEST_TIMEOUT, code, title, detail)
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HistoryQuery {
    /// Rows before this number; default: those just above the screen.
    before: Option<u64>,
    /// Whose number that is; under another epoch the newest rows come, with `resync`.
    epoch: Option<String>,
    /// At most 2000; default 200.
    lines: Option<u32>,
}

/// A page of rows above the screen.
#[utoipa::path(get, path = "/api/agents/{id}/history", params(HistoryQuery), responses((status = 200, body = HistoryPage)))]
async fn history(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<HistoryPage>, Failure> {
    let agent = access::agent(&state.agents, &caller, Permission::AgentsRead, &id).await?;
    let lines = query.lines.unwrap_or(PAGE);
    let above = Above {
        before: query.before,
        epoch: query.epoch,
    };
    let page = state.terminals.history(&agent.id, &above, lines).await?;
    Ok(Json(page))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SearchQuery {
    /// What to find, at most 1024 bytes.
    q: String,
    /// `q` is a regular expression, matched against whole lines in linear time.
    #[serde(default)]
    regex: bool,
    #[serde(default)]
    ignore_case: bool,
    /// Rows before this number; default: from the bottom of the screen up.
    before: Option<u64>,
    /// Whose number that is.
    epoch: Option<String>,
    /// Finds at most 500; default 50.
    limit: Option<usize>,
}

/// Lines of history and screen that match, newest first.
#[utoipa::path(get, path = "/api/agents/{id}/history/search", params(SearchQuery), responses((status = 200, body = FoundPage)))]
async fn search(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Query(query): Query<SearchQuery>,
) -> Result<Json<FoundPage>, Failure> {
    let agent = access::agent(&state.agents, &caller, Permission::AgentsRead, &id).await?;
    let wanted = pattern(&query.q, !query.regex, query.ignore_case)
        .map_err(|why| Failure::invalid(format!("q: {why}")))?;
    let scope = Scope {
        before: query.before,
        epoch: query.epoch,
        limit: query.limit.unwrap_or(FINDS).clamp(1, MAX_FINDS),
    };
    let found = state.terminals.search(&agent.id, &wanted, &scope).await?;
    Ok(Json(found))
}

/// Types text, presses keys or pastes; 409 while somebody holds the seat.
#[utoipa::path(post, path = "/api/agents/{id}/input", request_body = InputRequest, responses((status = 204)))]
async fn input(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Json(request): Json<InputRequest>,
) -> Result<StatusCode, Failure> {
    let agent = access::agent(&state.agents, &caller, Permission::TerminalType, &id).await?;
    let terminals = &state.terminals;
    seat_is_free(terminals, &agent.id)?;
    match request {
        InputRequest {
            text: Some(text),
            keys: None,
            paste: None,
        } => {
            check_length("text", text.len(), MAX_INPUT)?;
            terminals.input(&agent.id, text.as_bytes()).await?;
        }
        InputRequest {
            text: None,
            keys: Some(keys),
            paste: None,
        } => {
            check_length("keys", keys.len(), MAX_KEYS)?;
            terminals.keys(&agent.id, &keys).await?;
        }
        InputRequest {
            text: None,
            keys: None,
            paste: Some(paste),
        } => {
            check_length("paste", paste.len(), MAX_PROMPT)?;
            terminals.paste(&agent.id, &paste, true).await?;
        }
        _ => return Err(Failure::invalid("give exactly one of text, keys and paste")),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Sets the size; the answer is the one used. 409 while somebody holds the seat.
#[utoipa::path(post, path = "/api/agents/{id}/resize", request_body = Size, responses((status = 200, body = Size)))]
async fn resize(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Json(size): Json<Size>,
) -> Result<Json<Size>, Failure> {
    let size = limits::size(size)?;
    let agent = access::agent(&state.agents, &caller, Permission::TerminalType, &id).await?;
    seat_is_free(&state.terminals, &agent.id)?;
    Ok(Json(state.terminals.resize(&agent.id, size).await?))
}

fn seat_is_free(terminals: &Terminals, agent: &AgentId) -> Result<(), Failure> {
    match terminals.seat(agent)?.state().shown() {
        None => Ok(()),
        Some(holder) => Err(Failure::conflict(
            "seat_taken",
            format!(
                "{} types there now; take the seat over the socket, or wait.",
                holder.name
            ),
        )),
    }
}

fn check_length(what: &str, length: usize, most: usize) -> Result<(), Failure> {
    if length <= most {
        return Ok(());
    }
    Err(Failure::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        "Too large",
        format!("{what} has {length}; at most {most} are taken at once."),
    ))
}
