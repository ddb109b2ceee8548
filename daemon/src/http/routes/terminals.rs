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
use crate::terminal::screen::ScreenFormat;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use orchestra_protocol::agent::Size;
use orchestra_protocol::terminal::{HistoryPage, InputRequest, Screen};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::Instant;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Longest wait for a text to appear, in milliseconds.
const MAX_WAIT_MS: u64 = 600_000;
/// How often the screen is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(100);
/// Longest pattern, and the most memory its automaton may take.
const MAX_PATTERN: usize = 1024;
const MAX_AUTOMATON: usize = 1 << 20;
/// Named keys in one call.
const MAX_KEYS: usize = 1000;
/// Rows of one page of history, unless asked otherwise.
const PAGE: u32 = 200;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(screen))
        .routes(routes!(history))
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
    /// How long at most; default 30 000, at most 600 000.
    timeout_ms: Option<u64>,
}

/// The screen, once it is quiet; with `until`, once a row matches, else 408.
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
    if let Some(pattern) = &query.until {
        let limit = query.timeout_ms.unwrap_or(30_000).min(MAX_WAIT_MS);
        until(
            &state.terminals,
            &agent.id,
            pattern,
            Duration::from_millis(limit),
        )
        .await?;
    }
    Ok(Json(state.terminals.screen(&agent.id, format).await?))
}

async fn until(
    terminals: &Terminals,
    agent: &AgentId,
    pattern: &str,
    limit: Duration,
) -> Result<(), Failure> {
    if pattern.len() > MAX_PATTERN {
        return Err(Failure::invalid(format!(
            "until has at most {MAX_PATTERN} bytes"
        )));
    }
    let built = regex::RegexBuilder::new(pattern)
        .multi_line(true)
        .size_limit(MAX_AUTOMATON)
        .build();
    let wanted =
        built.map_err(|_| Failure::invalid("until is no regular expression, or too large"))?;
    let deadline = Instant::now() + limit;
    loop {
        if wanted.is_match(&terminals.screen_text(agent).await?.text) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Failure::new(
                StatusCode::REQUEST_TIMEOUT,
                "not_seen",
                "The text did not appear",
                format!("No row matched within {} ms.", limit.as_millis()),
            ));
        }
        tokio::time::sleep(LOOK).await;
    }
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HistoryQuery {
    /// Rows before this number; default: those just above the screen.
    before: Option<u64>,
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
    Ok(Json(
        state
            .terminals
            .history(&agent.id, query.before, lines)
            .await?,
    ))
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
