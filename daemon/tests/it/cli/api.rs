//! A small API on a Unix socket: keeps what it is told, answers what a test wants, and can
//! be stopped and started on the same path.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::UnixListener;
use tokio::task::JoinHandle;

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) token: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Value,
}

/// What the API holds; shared with the test.
#[derive(Clone, Default)]
pub(crate) struct Book(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    seen: Vec<Seen>,
    /// Tasks by the key that made them: the same key is the same task.
    keys: HashMap<String, i64>,
    /// Result of the one task, once it is done.
    result: Option<String>,
    /// Answer to hooks.
    hook: Option<Value>,
    /// Answer to a poll; none yet is `{"poll": …}` again.
    decision: Option<Value>,
}

impl Book {
    /// Requests whose path begins so.
    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        let inner = self.0.lock();
        inner
            .seen
            .iter()
            .filter(|seen| seen.path.starts_with(path))
            .cloned()
            .collect()
    }

    /// Ends the task.
    pub(crate) fn finish(&self, result: &str) {
        self.0.lock().result = Some(result.to_owned());
    }

    /// Answers hooks with this from now on.
    pub(crate) fn answer_hooks(&self, answer: Value) {
        self.0.lock().hook = Some(answer);
    }

    /// Answers polls with this from now on.
    pub(crate) fn decide(&self, decision: Value) {
        self.0.lock().decision = Some(decision);
    }
}

/// A running API; gone when dropped.
pub(crate) struct Api {
    socket: PathBuf,
    server: JoinHandle<()>,
}

impl Api {
    /// Starts on `FOLDER/orchestra.sock`, as the daemon does: an old socket is replaced.
    pub(crate) fn start(folder: &std::path::Path, book: &Book) -> Self {
        let socket = folder.join("orchestra.sock");
        let _ = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).unwrap();
        let app = router(book.clone());
        let serve = async move { axum::serve(listener, app).await.unwrap() };
        #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
        let server = tokio::spawn(serve);
        Self { socket, server }
    }

    /// Dies as after kill -9: the socket's file stays, and nobody listens.
    pub(crate) async fn kill(self) {
        self.server.abort();
        let _ = self.server.await;
        assert!(self.socket.exists());
    }
}

/// The API itself.
pub(crate) fn router(book: Book) -> Router {
    Router::new()
        .route("/api/local/token", post(mint))
        .route("/api/hooks/{kind}", post(hook))
        .route("/api/decision", get(decision))
        .route("/api/delegate", post(delegate))
        .route("/api/plans", post(plans))
        .route("/api/report", post(report))
        .route("/api/tasks", get(tasks))
        .route("/api/tasks/{id}", get(task))
        .route("/api/tasks/{id}/wait", get(wait))
        .route("/api/agents", get(agents).post(spawn))
        .route("/api/agents/{id}/messages", post(message))
        .route("/api/agents/{id}/logs", get(logs))
        .route("/api/agent-kinds", get(kinds))
        .fallback(any(missing))
        .layer(axum::middleware::from_fn_with_state(book.clone(), note))
        .with_state(book)
}

/// Writes down each request, and lets none but the first without a token.
async fn note(
    State(book): State<Book>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .unwrap_or_default();
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let token = header("authorization")
        .unwrap_or_default()
        .trim_start_matches("Bearer ")
        .to_owned();
    let open = parts.uri.path() == "/api/local/token";
    let path = parts.uri.to_string();
    let key = header("idempotency-key").map(str::to_owned);
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    book.0.lock().seen.push(Seen {
        path,
        token: token.clone(),
        key,
        body,
    });
    if token != "good" && !open {
        return problem(if token.is_empty() { 401 } else { 403 }, "no right");
    }
    next.run(axum::extract::Request::from_parts(parts, bytes.into()))
        .await
}

async fn mint() -> Json<Value> {
    Json(json!({ "access_token": "good", "expires_at": "2030-01-01T00:00:00Z", "device_id": null }))
}

async fn hook(State(book): State<Book>, Json(call): Json<Value>) -> Response {
    if call["event"]["refuse"] == true {
        return problem(400, "not like this");
    }
    Json(book.0.lock().hook.clone().unwrap_or(json!({}))).into_response()
}

async fn decision(State(book): State<Book>) -> Json<Value> {
    let decided = book.0.lock().decision.clone();
    if decided.is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Json(decided.unwrap_or(json!({ "poll": "/api/decision" })))
}

async fn delegate(
    State(book): State<Book>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if body["agent"] == "me" {
        return problem(409, "An agent cannot delegate to itself; choose another.");
    }
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .unwrap_or("none");
    let mut inner = book.0.lock();
    let next = inner.keys.len() as i64 + 7;
    let id = *inner.keys.entry(key.to_owned()).or_insert(next);
    (StatusCode::ACCEPTED, Json(task_of(id, None, &body))).into_response()
}

async fn plans(Json(body): Json<Value>) -> Response {
    let tasks = body["tasks"].as_array().cloned().unwrap_or_default();
    let items: Vec<Value> = (1..)
        .zip(&tasks)
        .map(|(id, task)| task_of(id, None, task))
        .collect();
    (
        StatusCode::ACCEPTED,
        Json(json!({ "items": items, "next_cursor": null })),
    )
        .into_response()
}

async fn report(Json(_): Json<Value>) -> Json<Value> {
    Json(task_of(7, None, &json!({})))
}

async fn tasks(State(book): State<Book>) -> Json<Value> {
    let result = book.0.lock().result.clone();
    Json(json!({ "items": [task_of(7, result, &json!({}))], "next_cursor": null }))
}

async fn task(State(book): State<Book>, Path(id): Path<i64>) -> Response {
    if id == 404 {
        return problem(404, "There is no such task, or it is not yours.");
    }
    let result = book.0.lock().result.clone();
    Json(task_of(id, result, &json!({}))).into_response()
}

async fn wait(
    State(book): State<Book>,
    Path(id): Path<i64>,
    Query(query): Query<HashMap<String, u64>>,
) -> Json<Value> {
    let patience = std::time::Duration::from_millis(query["timeout_ms"].min(100));
    let end = tokio::time::Instant::now() + patience;
    loop {
        let result = book.0.lock().result.clone();
        if result.is_some() || tokio::time::Instant::now() >= end {
            return Json(task_of(id, result, &json!({})));
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

async fn agents() -> Json<Value> {
    Json(
        json!({ "items": [agent("droid-001", "running"), agent("droid-000", "killed")], "next_cursor": null }),
    )
}

async fn spawn(Json(body): Json<Value>) -> Response {
    if body["kind"] == "gone" {
        return problem(
            409,
            "gone is not installed. Install it with: npm install gone",
        );
    }
    (StatusCode::CREATED, Json(agent("shell-001", "running"))).into_response()
}

async fn message(Path(id): Path<String>, Json(body): Json<Value>) -> Response {
    if id == "droid-999" {
        return problem(404, "There is no such agent, or it is not yours.");
    }
    let message = json!({
        "id": "m1", "agent_id": id, "author": "user", "sender": "you", "text": body["text"],
        "status": "queued", "reason": "the agent is busy", "evidence": null, "reply_to": null,
        "actions": [], "created_at": TIME, "updated_at": TIME,
    });
    (StatusCode::ACCEPTED, Json(message)).into_response()
}

async fn logs(headers: HeaderMap) -> Response {
    let from = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok())
        .unwrap_or("0");
    let text =
        format!("id: 9\nevent: output\ndata: \"\\u001b[31mfrom {from}\\u001b[0m\\r\\n\"\n\n");
    ([("content-type", "text/event-stream")], text).into_response()
}

async fn kinds() -> Json<Value> {
    let kind = json!({
        "kind": "claude", "title": "Claude Code", "installed": true, "path": null, "version": "2.1",
        "ready": true, "remedy": null, "tested": [], "proven": true,
        "specialists": ["droid"],
    });
    Json(json!({ "items": [kind], "next_cursor": null }))
}

async fn missing(uri: Uri) -> Response {
    problem(404, &format!("There is no {uri}."))
}

const TIME: &str = "2026-01-01T00:00:00.000Z";

fn problem(status: u16, detail: &str) -> Response {
    let body = json!({
        "type": "urn:orchestra:test", "title": "Refused", "status": status, "detail": detail,
    });
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

fn task_of(id: i64, result: Option<String>, request: &Value) -> Value {
    let status = if result.is_some() {
        "completed"
    } else {
        "running"
    };
    let result = result.map(
        |text| json!({ "text": text, "files": ["hello.txt"], "diff_stat": null, "declared": null }),
    );
    json!({
        "id": id, "title": "t", "prompt": request["task"].as_str().unwrap_or("p"), "status": status,
        "reason": null, "agent_id": "droid-001", "kind": "claude", "specialist": "droid",
        "parent_task_id": null, "requested_by": "primary", "owner": "u", "attempts": [],
        "result": result, "error": null, "elapsed_ms": 1500, "created_at": TIME, "ended_at": null,
    })
}

fn agent(id: &str, status: &str) -> Value {
    json!({
        "id": id, "session_id": format!("sess-{id}"), "kind": "claude", "specialist": "droid", "name": id,
        "title": "Fix \u{1b}[31mit", "role": "specialist", "owner": "u", "owner_name": "you", "parent": null,
        "cwd": "/tmp", "status": status, "reason": null, "pid": 1, "restarts": 0,
        "size": { "cols": 80, "rows": 24 },
        "activity": { "state": "busy", "waiting_for": null, "since": TIME, "source": "hook", "confidence": 1.0 },
        "task_id": 7, "created_at": TIME, "started_at": TIME, "ended_at": null, "exit_code": null,
        "signal": null, "usage": { "input_tokens": 0, "output_tokens": 0, "cost_usd": null },
    })
}
