//! `GET /metrics`: how much there is of everything, in the text form of Prometheus. Numbers
//! and words of ours only.

use crate::auth::permission::Permission;
use crate::http::AppState;
use crate::http::access;
use crate::http::extract::Caller;
use crate::http::meter::head;
use crate::http::problem::Failure;
use crate::store;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::fmt::Write;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// Counts of agents, tasks, receipts, viewers, bytes, answers, refusals and budget stops.
#[utoipa::path(get, path = "/metrics", tag = "system", responses((status = 200, body = String)))]
async fn metrics(
    State(state): State<AppState>,
    Caller(caller): Caller,
) -> Result<Response, Failure> {
    access::may(&caller, Permission::MetricsRead)?;
    let counts = store::counts::all(&state.store).await?;
    let mut out = String::new();
    let by_word = [
        (
            "orchestra_agents",
            "state",
            "Agents, the living by what they do",
            &counts.agents,
        ),
        (
            "orchestra_tasks",
            "status",
            "Tasks by status",
            &counts.tasks,
        ),
        (
            "orchestra_receipts",
            "status",
            "Messages by how far they got",
            &counts.receipts,
        ),
        (
            "orchestra_approvals",
            "state",
            "Questions of agents by state",
            &counts.approvals,
        ),
    ];
    for (name, label, help, each) in by_word {
        head(&mut out, name, "gauge", help);
        for (word, count) in each {
            let _ = writeln!(out, "{name}{{{label}=\"{word}\"}} {count}");
        }
    }
    let progress = state.transcripts.progress();
    let single = [
        (
            "orchestra_budget_stops_total",
            "counter",
            "Agents and tasks stopped by a budget",
            counts.budget_stops,
        ),
        (
            "orchestra_denials_total",
            "counter",
            "Calls that were refused",
            state.audit.denials(),
        ),
        (
            "orchestra_sockets",
            "gauge",
            "Open sockets",
            state.sockets.list().len() as u64,
        ),
        (
            "orchestra_sessions_bytes",
            "gauge",
            "Bytes of the CLIs' sessions",
            progress.bytes,
        ),
        (
            "orchestra_sessions_read_bytes",
            "gauge",
            "Bytes of them that are read",
            progress.read_bytes,
        ),
    ];
    for (name, kind, help, count) in single {
        head(&mut out, name, kind, help);
        let _ = writeln!(out, "{name} {count}");
    }
    state.edge.meter().write(&mut out);
    let kind = (
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    );
    Ok(([kind], out).into_response())
}
