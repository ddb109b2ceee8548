//! Every bad input gets a problem that says what to do, and leaves nothing behind.

mod program;

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::socket::Socket;
use crate::support::wait::until;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

async fn set() -> (Site, Daemon, Api) {
    let site = Site::new();
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    (site, daemon, api)
}

/// A refusal with this status and code, whose detail has all of these words.
fn refused((status, problem): (u16, Value), expected: u16, code: &str, words: &[&str]) {
    assert_eq!(status, expected, "{problem}");
    assert_eq!(
        problem["type"],
        format!("urn:orchestra:{code}"),
        "{problem}"
    );
    let detail = problem["detail"].as_str().unwrap();
    for word in words {
        assert!(detail.contains(word), "{word:?} in {detail:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a table, one case after the other")]
async fn a_spawn_that_cannot_be_says_why_and_leaves_nothing() {
    let (site, _daemon, api) = set().await;
    let file = site.home.join("file");
    std::fs::write(&file, "x").unwrap();
    let spawn = async |body: Value| api.post("/api/agents", body).await;
    let at = |cwd: &str| json!({"kind": "shell", "cwd": cwd});

    refused(
        spawn(json!({"kind": "nope"})).await,
        400,
        "unknown_kind",
        &["nope", "there are claude"],
    );
    refused(
        spawn(json!({"specialist": "nope"})).await,
        400,
        "unknown_specialist",
        &["nope"],
    );
    refused(
        spawn(json!({})).await,
        400,
        "invalid_request",
        &["kind", "specialist"],
    );
    refused(
        spawn(json!({"kind": "claude"})).await,
        409,
        "kind_not_installed",
        &["npm install"],
    );
    refused(
        spawn(json!({"kind": "shell", "argv": ["x"]})).await,
        400,
        "invalid_request",
        &["argv"],
    );
    refused(
        spawn(at("/home/nowhere/at/all")).await,
        400,
        "invalid_request",
        &["does not exist"],
    );
    refused(
        spawn(at(&file.display().to_string())).await,
        400,
        "invalid_request",
        &["is a file"],
    );
    refused(
        spawn(at("relative")).await,
        400,
        "invalid_request",
        &["relative"],
    );
    refused(
        spawn(at("/etc")).await,
        400,
        "invalid_request",
        &["outside the project roots"],
    );
    refused(
        spawn(at(&format!("{}/project/../../../etc", site.home.display()))).await,
        400,
        "invalid_request",
        &[],
    );
    let long = "x".repeat(5000);
    for name in ["a\nb", "a\u{0}b", "-flag", "a:b", "", long.as_str()] {
        refused(
            spawn(json!({"kind": "shell", "name": name})).await,
            400,
            "invalid_request",
            &["name"],
        );
    }
    for (cols, rows) in [(0, 40), (80, 0), (65_535, 40)] {
        let body = json!({"kind": "shell", "size": {"cols": cols, "rows": rows}});
        refused(
            spawn(body).await,
            400,
            "invalid_request",
            &["between 1 and 1000"],
        );
    }
    let body = json!({"kind": "shell", "prompt": "x".repeat(300 * 1024)});
    refused(spawn(body).await, 400, "invalid_request", &["262144"]);
    let left = api.read("/api/agents").await;
    assert_eq!(left["items"], json!([]), "nothing is left behind");
    assert!(!String::from_utf8_lossy(&site.tmux(&["list-sessions"]).stdout).contains("sess-"));
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_and_names_that_look_like_commands_run_nothing() {
    let (site, _daemon, api) = set().await;
    let canary = site.root.path().join("canary");
    for name in [
        format!("$(touch {})", canary.display()),
        "#(touch canary)".to_owned(),
        "a;b`c`".to_owned(),
    ] {
        let folder = site.home.join(name.replace('/', "_"));
        std::fs::create_dir_all(&folder).unwrap();
        let body = json!({"kind": "shell", "cwd": folder, "name": "#(touch canary)", "title": "$(touch canary)"});
        let agent = api.must("/api/agents", body).await;
        assert_eq!(agent["cwd"], folder.display().to_string());
        assert_eq!(agent["name"], "#(touch canary)", "shown as text");
        let path = format!("/api/agents/{}/messages", agent["id"].as_str().unwrap());
        let message = api.must(&path, json!({"text": "pwd > here.txt"})).await;
        until("the answer", || async {
            let list = api.read(&path).await;
            let items = list["items"].as_array().unwrap();
            let done = items
                .iter()
                .any(|item| item["id"] == message["id"] && item["status"] == "answered");
            done.then_some(())
        })
        .await;
        let here = std::fs::read_to_string(folder.join("here.txt")).unwrap();
        assert_eq!(
            here.trim(),
            folder.display().to_string(),
            "the right folder"
        );
        assert!(!folder.join("canary").exists());
    }
    assert!(!canary.exists() && !site.home.join("canary").exists());
    assert!(!site.project.join("canary").exists());
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a table, one case after the other")]
async fn messages_and_delegations_are_checked() {
    let (_site, _daemon, api) = set().await;
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    let id = agent["id"].as_str().unwrap();
    let path = format!("/api/agents/{id}/messages");
    refused(
        api.post(&path, json!({"text": " "})).await,
        400,
        "invalid_request",
        &["empty"],
    );
    refused(
        api.post(&path, json!({"text": "x".repeat(300 * 1024)}))
            .await,
        400,
        "invalid_request",
        &["262144"],
    );
    refused(
        api.post("/api/agents/shell-999/messages", json!({"text": "x"}))
            .await,
        404,
        "not_found",
        &[],
    );
    refused(
        api.post("/api/agents/no%20id/messages", json!({"text": "x"}))
            .await,
        404,
        "not_found",
        &[],
    );
    let delegate = async |body: Value| api.post("/api/delegate", body).await;
    refused(
        delegate(json!({"task": "x"})).await,
        400,
        "invalid_request",
        &["exactly one"],
    );
    refused(
        delegate(json!({"task": "x", "kind": "a", "agent": "b"})).await,
        400,
        "invalid_request",
        &["exactly one"],
    );
    refused(
        delegate(json!({"task": "x", "kind": "nope"})).await,
        400,
        "unknown_kind",
        &[],
    );
    refused(
        delegate(json!({"task": "x", "specialist": "droid"})).await,
        409,
        "kind_not_installed",
        &["npm"],
    );
    refused(
        delegate(json!({"task": "x", "agent": "shell-999"})).await,
        404,
        "not_found",
        &[],
    );
    refused(
        delegate(json!({"task": "x", "kind": "shell", "worktree": true})).await,
        409,
        "no_repository",
        &["git init"],
    );
    refused(
        delegate(json!({"task": "x", "kind": "shell", "worktree": "../x"})).await,
        400,
        "invalid_request",
        &["begins with a-z"],
    );
    refused(
        delegate(json!({"task": "x", "kind": "shell", "base": "main"})).await,
        400,
        "invalid_request",
        &["worktree"],
    );
    refused(
        delegate(json!({"task": "x", "kind": "shell", "context": {"task_ids": [99]}})).await,
        400,
        "invalid_request",
        &["99"],
    );
    refused(api.get("/api/tasks/99").await, 404, "not_found", &[]);
    assert_eq!(api.read("/api/tasks").await["items"], json!([]));
    let killed = api.must(&format!("/api/agents/{id}/kill"), json!({})).await;
    assert_eq!(killed["status"], "killed");
    refused(
        api.post(&path, json!({"text": "x"})).await,
        409,
        "agent_ended",
        &["retry"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cli_that_exits_at_once_says_its_last_line() {
    let mut site = Site::new();
    let fake = site.home.join("claude");
    let script = "#!/bin/sh\n[ \"$1\" = --version ] && echo 9.9.9 && exit\necho 'no credential found'; exit 3\n";
    std::fs::write(&fake, script).unwrap();
    std::fs::set_permissions(&fake, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    site.config = format!("[kinds.claude]\ncommand = \"{}\"\n", fake.display());
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let agent = api.must("/api/agents", json!({"kind": "claude"})).await;
    let path = format!("/api/agents/{}", agent["id"].as_str().unwrap());
    let agent = until("its end", || async {
        let agent = api.read(&path).await;
        (agent["status"] == "failed").then_some(agent)
    })
    .await;
    assert_eq!(agent["exit_code"], 3);
    assert!(
        agent["reason"]
            .as_str()
            .unwrap()
            .contains("no credential found"),
        "{agent}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_forgives_bad_messages_but_not_for_ever() {
    let (_site, _daemon, api) = set().await;
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    let session = agent["session_id"].as_str().unwrap();
    let mut socket = Socket::open(&api).await;
    socket
        .send(json!({"type": "subscribe_terminal", "session_id": session}))
        .await;
    socket
        .send(json!({"type": "take_seat", "session_id": session}))
        .await;
    let seated = |value: &Value| value["type"] == "seat" && value["mine"] == true;
    socket.until("the seat", seated).await;
    for (message, word) in [
        (json!({"type": "no_such_thing"}), "no_such_thing"),
        (
            json!({"type": "terminal_resize", "session_id": session, "cols": 0, "rows": 10}),
            "cols",
        ),
        (
            json!({"type": "terminal_input", "session_id": session, "data": "x".repeat(65 * 1024)}),
            "65536",
        ),
        (
            json!({"type": "subscribe_terminal", "session_id": "sess-shell-999"}),
            "no such",
        ),
    ] {
        socket.send(message).await;
        let error = socket
            .until("an error", |value| value["type"] == "error")
            .await;
        let text = error.to_string();
        assert!(text.contains(word), "{word:?} in {text}");
    }
    for _ in 0..20 {
        socket.send(json!({"type": "nope"})).await;
    }
    assert_eq!(socket.closed().await, Some(4400));

    let mut socket = Socket::open(&api).await;
    socket.send_text("this is no JSON").await;
    assert_eq!(socket.closed().await, Some(4400));
    let mut socket = Socket::open(&api).await;
    socket.send_raw(Message::text("x".repeat(600 * 1024))).await;
    assert_eq!(socket.closed().await, Some(1009));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_tickets_are_checked() {
    let (_site, daemon, api) = set().await;
    let ticket = api.must("/api/ws-tickets", json!({})).await;
    let ticket = ticket["ticket"].as_str().unwrap();
    assert!(Socket::with_ticket(&api, ticket).await.is_ok());
    assert_eq!(
        Socket::with_ticket(&api, ticket).await.err(),
        Some(401),
        "a ticket opens once"
    );
    assert_eq!(Socket::with_ticket(&api, "made-up").await.err(), Some(401));
    for token in ["", "nonsense", "a.b.c"] {
        refused(
            Api::new(&daemon.url, token).get("/api/agents").await,
            401,
            "unauthenticated",
            &["orchestra web"],
        );
    }
    let mut parts: Vec<&str> = api.token.split('.').collect();
    parts[2] = "AAAA";
    let forged = parts.join(".");
    refused(
        Api::new(&daemon.url, &forged).get("/api/agents").await,
        401,
        "unauthenticated",
        &[],
    );
    refused(api.get("/api/nowhere").await, 404, "no_such_route", &[]);
    refused(
        Api::new(&daemon.url, "").get("/api/nowhere").await,
        401,
        "unauthenticated",
        &[],
    );
}
