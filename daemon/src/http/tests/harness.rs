//! A daemon's edge in a temporary folder, and a client that can say anything.

use crate::audit::Audit;
use crate::audit::query::Filter;
use crate::audit::record::Record;
use crate::auth::Auth;
use crate::auth::authorize::{Object, authorize};
use crate::auth::permission::{Permission, Role};
use crate::config::{Config, Flags};
use crate::http::audit_layer::AuditObject;
use crate::http::door::Door;
use crate::http::edge::Edge;
use crate::http::extract::{Caller, Json};
use crate::http::guard::{is_api, no_such_route, protect};
use crate::http::problem::Failure;
use crate::http::routes;
use crate::http::serve::{Listeners, start};
use crate::model::ids::UserId;
use crate::store::Store;
use crate::supervise::Tasks;
use axum::Router;
use axum::extract::{FromRef, Path, Request, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use utoipa_axum::router::OpenApiRouter;

/// The state that the edge's own routes need.
#[derive(Clone, FromRef)]
struct Small {
    config: Arc<Config>,
    store: Store,
    auth: Auth,
    audit: Audit,
    edge: Edge,
}

/// A running edge.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) socket: PathBuf,
    pub(super) auth: Auth,
    pub(super) audit: Audit,
    pub(super) store: Store,
    pub(super) tasks: Tasks,
    pub(super) router: Router,
    _folder: tempfile::TempDir,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spawn {
    kind: String,
}

async fn spawn(Caller(_): Caller, Json(request): Json<Spawn>) -> Response {
    let about = axum::Extension(AuditObject("agent=droid-001".into()));
    (about, Json(json!({ "kind": request.kind }))).into_response()
}

/// `mine` is the caller's, everything else somebody's.
async fn one(Caller(principal): Caller, Path(id): Path<String>) -> Result<Json<Value>, Failure> {
    let other = UserId("other".into());
    let owner = if id == "mine" {
        &principal.user.id
    } else {
        &other
    };
    authorize(&principal, Permission::AgentsRead, &Object::of(owner))?;
    Ok(Json(json!({ "id": id })))
}

async fn fallback(request: Request) -> Response {
    if is_api(request.uri().path()) {
        return no_such_route().await.into_response();
    }
    "the page".into_response()
}

async fn socket(Caller(_): Caller, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .protocols(["orchestra.v1"])
        .on_upgrade(|mut socket| async move {
            while let Some(Ok(message)) = socket.recv().await {
                if socket.send(message).await.is_err() {
                    return;
                }
            }
        })
}

async fn boom(Caller(_): Caller) -> Response {
    panic!("a secret in a panic")
}

/// Starts one with the configuration file `toml`.
pub(super) async fn serve(toml: &str) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, toml).unwrap();
    let flags = Flags {
        listen: Some("127.0.0.1:0".into()),
        data_dir: Some(folder.path().join("data")),
        config: Some(file),
    };
    let config = Config::load(&flags).unwrap();
    config.paths.create().unwrap();
    let tasks = Tasks::default();
    let store = Store::open(&config.paths.data_dir).await.unwrap();
    let auth = Auth::open(&config, store.clone(), &tasks).unwrap();
    let audit = Audit::open(&config.paths.data_dir).unwrap();
    let path = config.paths.socket();
    let listeners = Listeners::bind(config.settings.server.listen, Some(&path))
        .await
        .unwrap();
    let address = listeners.addresses()[0];
    let edge = Edge::new(&config.settings, &listeners.addresses());
    let door = Door::open(&config).unwrap();
    let state = Small {
        config: Arc::new(config),
        store: store.clone(),
        auth: auth.clone(),
        audit: audit.clone(),
        edge,
    };
    let (router, _) = OpenApiRouter::new()
        .merge(routes::health::router())
        .merge(routes::auth::router())
        .merge(routes::me::router())
        .merge(routes::tickets::router())
        .merge(routes::audit::router())
        .split_for_parts();
    let router = router
        .route("/api/agents", post(spawn).get(|| async { "agents" }))
        .route("/api/agents/{id}", get(one))
        .route(
            "/api/agents/{id}/kill",
            post(|Caller(_): Caller| async { "killed" }),
        )
        .route(
            "/api/hooks/{kind}",
            post(|Caller(_): Caller| async { "noted" }),
        )
        .route("/api/boom", get(boom))
        .route("/ws", get(socket))
        .fallback(fallback);
    // The tools call the API from inside, so that they come after it.
    let api = protect(router, state.clone());
    let tools = Router::new().route("/mcp", any(|Caller(_): Caller| async { "tools" }));
    let router = api.merge(protect(tools, state));
    start(listeners, router.clone(), door, &tasks);
    Server {
        address,
        socket: path,
        auth,
        audit,
        store,
        tasks,
        router,
        _folder: folder,
    }
}

/// An answer, taken apart.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The code of a problem; every refusal is one and names its request.
    pub(super) fn code(&self) -> String {
        assert!(self.head.contains("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert!(problem["instance"].is_string(), "{self:?}");
        problem["type"]
            .as_str()
            .unwrap()
            .strip_prefix("urn:orchestra:")
            .unwrap()
            .to_owned()
    }
}

impl Server {
    pub(super) fn host(&self) -> String {
        self.address.to_string()
    }

    /// Sends a request as it stands; `{host}` is the address.
    pub(super) async fn raw(&self, request: &str) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        exchange(stream, &request.replace("{host}", &self.host())).await
    }

    /// The same over the Unix socket.
    pub(super) async fn local(&self, request: &str) -> Answer {
        let stream = UnixStream::connect(&self.socket).await.unwrap();
        exchange(stream, &request.replace("{host}", "localhost")).await
    }

    /// A request with a token.
    pub(super) async fn call(&self, token: &str, line: &str, body: Option<Value>) -> Answer {
        self.raw(&request(token, line, body)).await
    }

    /// A request with a token over the Unix socket.
    pub(super) async fn local_call(&self, token: &str, line: &str, body: Option<Value>) -> Answer {
        self.local(&request(token, line, body)).await
    }

    pub(super) async fn token(&self, role: Role, subject: &str) -> String {
        let life = Duration::from_secs(60);
        self.auth
            .mint(role, Some(subject), life)
            .await
            .unwrap()
            .token
    }

    /// The record, oldest first.
    pub(super) async fn recorded(&self) -> Vec<Record> {
        let mut lines = self
            .audit
            .query(Filter {
                limit: Some(1000),
                ..Filter::default()
            })
            .await
            .unwrap();
        lines.reverse();
        lines
    }
}

fn request(token: &str, line: &str, body: Option<Value>) -> String {
    let credential = match token {
        "" => String::new(),
        token => format!("Authorization: Bearer {token}\r\n"),
    };
    let (kind, body) = match body {
        Some(body) => {
            let body = body.to_string();
            (
                format!(
                    "Content-Type: application/json\r\nContent-Length: {}\r\n",
                    body.len()
                ),
                body,
            )
        }
        None => (String::new(), String::new()),
    };
    format!(
        "{line} HTTP/1.1\r\nHost: {{host}}\r\n{credential}{kind}Connection: close\r\n\r\n{body}"
    )
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, request: &str) -> Answer {
    // The other end may answer and close before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let _ = tokio::time::timeout(Duration::from_secs(10), read)
        .await
        .expect("an answer");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Answer {
        status: status.unwrap_or_else(|| panic!("no answer to {request:.300}: {text:?}")),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}
