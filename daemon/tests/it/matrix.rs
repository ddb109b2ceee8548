//! The authorisation matrix (R01) and the completeness of the record (A01): every route of
//! the running daemon and every message of the socket, as every kind of caller.

mod record;
mod shared;
mod table;

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::socket::Socket;
use crate::support::unix::{self, Answer};
use crate::support::wait::until;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use orchestra_protocol::socket::ClientMessage;
use orchestra_protocol::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use table::{CALLERS, MESSAGES, ROUTES, Row, SOCKETS};
use tokio::task::JoinSet;

/// A daemon, its people, and what belongs to ann.
struct Stage {
    site: Site,
    daemon: Daemon,
    ann: Api,
    bob: Api,
    viewer: Api,
    admin: Api,
    agent: String,
    task: i64,
    approval: String,
    worktree: String,
    /// The hook that asked, which waits.
    _hook: JoinSet<()>,
    own: String,
    foreign: String,
}

/// Stands for an agent CLI that asks: it says its version and waits.
const STAND_IN: &str =
    "#!/bin/sh\n[ \"$1\" = --version ] && echo 2.1.197 && exit\nexec sleep 1000\n";

impl Stage {
    async fn open() -> Self {
        let mut site = Site::new();
        let program = site.root.path().join("stand-in");
        std::fs::write(&program, STAND_IN).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        site.config = format!(
            "[limits]\nrequests_per_minute = 100000\nlogin_attempts_per_minute = 100000\n\
             [kinds.claude]\ncommand = {:?}\n",
            program.display().to_string()
        );
        let daemon = site.start();
        let ann = daemon.api(&site, "developer", "ann");
        let bob = daemon.api(&site, "developer", "bob");
        let viewer = daemon.api(&site, "viewer", "vic");
        let admin = daemon.api(&site, "admin", "root");
        let repo = site.project.display().to_string();
        for words in [
            &["init", "-q"][..],
            &[
                "-c",
                "user.name=x",
                "-c",
                "user.email=x",
                "commit",
                "-q",
                "--allow-empty",
                "-m",
                "x",
            ],
        ] {
            let git = site.git(words);
            assert!(git.status.success(), "{git:?}");
        }
        let order = json!({"kind": "shell", "task": "sleep 1000", "cwd": repo, "worktree": "w"});
        let task = ann.must("/api/delegate", order).await["id"]
            .as_i64()
            .unwrap();
        let path = format!("/api/tasks/{task}");
        let agent = until("the task to run", || async {
            let task = ann.read(&path).await;
            (task["status"] == "running").then(|| task["agent_id"].as_str().unwrap().to_owned())
        })
        .await;
        let worktrees = ann.read("/api/worktrees").await;
        let worktree = worktrees["items"][0]["id"].as_str().unwrap().to_owned();
        let other = bob.must("/api/agents", json!({"kind": "shell"})).await;
        let (approval, hook) = asked(&site, &ann).await;
        let own = token(&site, &agent);
        let foreign = token(&site, other["id"].as_str().unwrap());
        Self {
            site,
            daemon,
            ann,
            bob,
            viewer,
            admin,
            agent,
            task,
            approval,
            worktree,
            _hook: hook,
            own,
            foreign,
        }
    }

    fn socket(&self) -> PathBuf {
        self.site.data.join("run/orchestra.sock")
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{agent}", &self.agent)
            .replace("SESSION", &format!("sess-{}", self.agent))
            .replace("{approval}", &self.approval)
            .replace("{worktree}", &self.worktree)
            .replace("{task}", &self.task.to_string())
            .replace("TASK", &self.task.to_string())
            .replace("{device}", "0198b7a0-0000-7000-8000-000000000001")
    }

    async fn call(&self, row: &Row, caller: &str, expired: &str) -> Answer {
        let token = match caller {
            "none" => "",
            "expired" => expired,
            "bob" => &self.bob.token,
            "viewer" => &self.viewer.token,
            "admin" => &self.admin.token,
            "ann" => &self.ann.token,
            "own" | "remote" => &self.own,
            _ => &self.foreign,
        };
        if matches!(caller, "own" | "foreign") {
            let (path, body) = self.filled(row);
            let (socket, kind) = (self.socket(), row.kind());
            return unix::call_as(&socket, row.method, &path, token, kind, body.as_ref()).await;
        }
        self.call_with(row, token).await
    }

    fn filled(&self, row: &Row) -> (String, Option<Value>) {
        let body = self.fill(row.body);
        let body = (!body.is_empty()).then(|| serde_json::from_str(&body).unwrap());
        (self.fill(row.path), body)
    }

    /// The same over TCP, with a token.
    async fn call_with(&self, row: &Row, token: &str) -> Answer {
        let (path, body) = self.filled(row);
        let mut request = Api::new(&self.daemon.url, token)
            .request(row.method.parse().unwrap(), &path)
            .header("accept", "application/json, text/event-stream");
        if let Some(body) = &body {
            request = request
                .header("content-type", row.kind())
                .body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let id = response.headers().get("x-request-id");
        Answer {
            status: response.status().as_u16(),
            id: id
                .map(|id| id.to_str().unwrap().to_owned())
                .unwrap_or_default(),
            text: response.text().await.unwrap(),
        }
    }
}

/// An approval that an agent of its own asks the caller for, and the hook behind it.
async fn asked(site: &Site, api: &Api) -> (String, JoinSet<()>) {
    let agent = api.must("/api/agents", json!({"kind": "claude"})).await;
    let token = token(site, agent["id"].as_str().unwrap());
    let socket = site.data.join("run/orchestra.sock");
    let call = json!({"key": "k", "at": Timestamp::now().0, "event": {
        "hook_event_name": "PermissionRequest", "tool_name": "Bash",
        "tool_input": {"command": "ls"}, "cwd": agent["cwd"],
    }});
    let answer = unix::call(&socket, "POST", "/api/hooks/claude", &token, Some(&call)).await;
    let answer: Value = serde_json::from_str(&answer.text).unwrap();
    let path = answer["poll"].as_str().unwrap().to_owned();
    let id = path.split('/').nth(3).unwrap().to_owned();
    let mut hook = JoinSet::new();
    hook.spawn(async move {
        while unix::call(&socket, "GET", &path, &token, None)
            .await
            .text
            .contains("poll")
        {}
    });
    (id, hook)
}

fn token(site: &Site, agent: &str) -> String {
    let path = site.data.join("agents").join(agent).join("token");
    std::fs::read_to_string(path).unwrap()
}

/// The same token, signed by the daemon's own key, but over for an hour.
fn expired(site: &Site, token: &str) -> String {
    let mut parts = token.split('.');
    let mut part = || {
        let bytes = URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    let (head, mut claims) = (part(), part());
    for name in ["iat", "nbf", "exp"] {
        claims[name] = (claims[name].as_i64().unwrap() - 10_800).into();
    }
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
    header.kid = Some(head["kid"].as_str().unwrap().to_owned());
    let keys = std::fs::read_dir(site.data.join("keys")).unwrap();
    let key = keys
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "pk8"))
        .unwrap();
    let key = jsonwebtoken::EncodingKey::from_ed_der(&std::fs::read(key).unwrap());
    jsonwebtoken::encode(&header, &claims, &key).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn r01_a01_every_route_for_every_caller() {
    let stage = Stage::open().await;
    covered(&stage).await;
    let expired = expired(&stage.site, &stage.ann.token);
    let mut wrong = Vec::new();
    let mut record = record::Expected::default();
    for row in ROUTES {
        let expected: Vec<u16> = row
            .expected
            .split(' ')
            .map(|status| status.parse().unwrap())
            .collect();
        assert_eq!(expected.len(), CALLERS.len(), "{} {}", row.method, row.path);
        // Those that get in come last, because what they do may change what there is.
        for caller in [
            "none", "expired", "bob", "viewer", "foreign", "remote", "own", "admin", "ann",
        ] {
            let column = CALLERS.iter().position(|one| *one == caller).unwrap();
            let answer = stage.call(row, caller, &expired).await;
            if answer.status != expected[column] {
                wrong.push(format!(
                    "{} {} as {caller}: {} instead of {}: {:.200}",
                    row.method, row.path, answer.status, expected[column], answer.text
                ));
            }
            for secret in [&expired, &stage.own, &stage.foreign, &stage.ann.token] {
                assert!(
                    !answer.text.contains(secret.as_str()),
                    "{} {caller}",
                    row.path
                );
            }
            record.note(row, caller, &answer);
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let admin = stage.daemon.api(&stage.site, "admin", "root");
    record.check(&stage.site, &admin).await;
}

/// Every route that the daemon says it has, and those that no document lists, has a row.
async fn covered(stage: &Stage) {
    let document = stage.ann.read("/api/openapi.json").await;
    let mut routes: BTreeSet<String> = ["/ws", "/mcp", "/api/openapi.json"]
        .iter()
        .map(|path| format!("GET {path}"))
        .collect();
    routes.extend(["POST /mcp".to_owned(), "DELETE /mcp".to_owned()]);
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            routes.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    assert!(routes.len() > 40, "{routes:?}");
    for row in ROUTES {
        routes.remove(&format!("{} {}", row.method, record::template(row.path)));
    }
    assert!(routes.is_empty(), "without a row in the matrix: {routes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r01_every_socket_message_for_every_caller() {
    let rows: BTreeSet<&str> = MESSAGES.iter().map(|row| row.0).collect();
    let types: BTreeSet<&str> = ClientMessage::TYPES.iter().copied().collect();
    assert_eq!(rows, types, "every message has a row");
    let stage = Stage::open().await;
    let reading = stage
        .ann
        .must("/api/ws-tickets", json!({"rights": "read"}))
        .await;
    let mut sockets = [
        Socket::open(&stage.ann).await,
        Socket::with_ticket(&stage.ann, reading["ticket"].as_str().unwrap())
            .await
            .unwrap(),
        Socket::open(&stage.bob).await,
        Socket::open(&stage.viewer).await,
        Socket::open(&stage.admin).await,
    ];
    let mut wrong = Vec::new();
    for (kind, body, expected) in MESSAGES {
        // The one that may goes last here too.
        for column in (0..SOCKETS.len()).rev() {
            let mut message: Value = serde_json::from_str(&stage.fill(body)).unwrap();
            message["type"] = (*kind).into();
            let heard = heard(&mut sockets[column], message).await;
            if heard != expected[column] {
                wrong.push(format!(
                    "{kind} as {}: {heard} instead of {}",
                    SOCKETS[column], expected[column]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// `ok`, or the code of the error that the message got; the pong behind it ends the wait.
async fn heard(socket: &mut Socket, message: Value) -> String {
    let about = message["type"].clone();
    socket.send(message).await;
    socket
        .send(json!({"type": "ping", "nonce": "behind"}))
        .await;
    let mut heard = "ok".to_owned();
    loop {
        let value = socket.next_json().await;
        if value["type"] == "error" && value["about"] == about {
            let code = value["code"].as_str().unwrap_or_default();
            heard = code.trim_start_matches("urn:orchestra:").to_owned();
        }
        if value["type"] == "pong" && value["nonce"] == "behind" {
            return heard;
        }
    }
}
