//! What needs a credential, which one, and what agents may call.

use super::harness::{Server, serve};
use crate::audit::record::Kind;
use crate::auth::permission::Role;
use orchestra_protocol::agent::Agent;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test]
async fn r22_what_is_open_is_a_list() {
    let server = serve("").await;
    for path in ["/api/health", "/api/ready", "/api/client-config", "/api/auth/jwks", "/", "/agents", "/assets/a.js"] {
        assert_eq!(server.call("", &format!("GET {path}"), None).await.status, 200, "{path}");
    }
    let closed = ["/api", "/api/", "/api/me", "/api/agents", "/api/nothing", "/api/audit", "/ws", "/mcp", "/metrics", "/api/auth/devices", "/api/openapi.json"];
    for path in closed {
        let answer = server.call("", &format!("GET {path}"), None).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"), "{path}");
        assert!(answer.head.contains("www-authenticate: bearer"));
        // HEAD is checked as GET, R07.
        assert_eq!(server.call("", &format!("HEAD {path}"), None).await.status, 401, "{path}");
    }
    for line in ["TRACE /api/me", "POST /api/health", "DELETE /api/agents/x", "POST /api/local/token"] {
        assert_eq!(server.call("", line, None).await.status, 401, "{line}");
    }
    let ready = server.call("", "GET /api/ready", None).await.json();
    assert_eq!(ready, json!({ "ready": true }));
}

#[tokio::test]
async fn r02_r04_a_token_opens_what_it_says() {
    let server = serve("").await;
    let ann = server.token(Role::Developer, "ann").await;
    let me = server.call(&ann, "GET /api/me", None).await.json();
    assert_eq!(me["roles"], json!(["developer"]));
    assert_eq!(me["principal"]["subject"], "ann");
    assert_eq!(me["primary_session_id"], "sess-primary");
    assert_eq!(server.call(&ann, "GET /api/agents/mine", None).await.status, 200);
    assert_eq!(server.call(&ann, "GET /api/agents/foreign", None).await.code(), "not_found");
    assert_eq!(server.call(&ann, "GET /api/audit", None).await.code(), "forbidden");
    let root = server.token(Role::Admin, "root").await;
    assert_eq!(server.call(&root, "GET /api/agents/foreign", None).await.status, 200);
    let audit = server.call(&root, "GET /api/audit", None).await.json();
    assert!(audit["items"][0]["action"].is_string());
    for bad in ["x", "orc_agent_x", &format!("{ann}x")] {
        assert_eq!(server.call(bad, "GET /api/me", None).await.status, 401, "{bad}");
    }
    // The local routes do not exist over the network.
    assert_eq!(server.call(&root, "POST /api/local/token", Some(json!({ "role": "admin" }))).await.status, 404);
}

#[tokio::test]
async fn j23_exactly_one_credential() {
    let server = serve("").await;
    let token = server.token(Role::Developer, "ann").await;
    let send = |path: &str, extra: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: {{host}}\r\n{extra}Connection: close\r\n\r\n")
    };
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let ticket = "Sec-WebSocket-Protocol: orchestra.v1, orchestra.ticket.abc\r\n";
    for (path, extra) in [
        ("/api/me", format!("{bearer}{bearer}")),
        ("/api/me?token=x", bearer.clone()),
        ("/ws", format!("{bearer}{ticket}")),
        ("/ws?token=x", ticket.to_owned()),
    ] {
        let answer = server.raw(&send(path, &extra)).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "ambiguous_credentials"), "{path}");
    }
    // W06: a token in a URL, while it is off.
    assert_eq!(server.raw(&send(&format!("/ws?token={token}"), "")).await.code(), "token_in_url");
    assert_eq!(server.raw(&send(&format!("/api/me?token={token}"), "")).await.code(), "token_in_url");
    let basic = "Authorization: Basic YTpi\r\n";
    assert_eq!(server.raw(&send("/api/me", basic)).await.status, 401);
}

/// Opens a socket with those headers and says what came of it; an open one echoes.
async fn upgrade(server: &Server, path: &str, extra: &str) -> u16 {
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extra}\r\n",
        server.host()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
    if status == 101 {
        assert!(!head.contains("orchestra.ticket"), "{head}");
        // "hi", masked with zeros, and its echo.
        stream.write_all(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i']).await.unwrap();
        let mut echo = [0; 4];
        stream.read_exact(&mut echo).await.unwrap();
        assert_eq!(&echo, &[0x81, 2, b'h', b'i']);
    }
    status
}

#[tokio::test]
async fn w02_w05_w07_a_socket_opens_with_one_ticket() {
    let server = serve("").await;
    let token = server.token(Role::Developer, "ann").await;
    let origin = format!("Origin: http://{}\r\n", server.host());
    let issue = |extra: String| {
        let request = format!(
            "POST /api/ws-tickets HTTP/1.1\r\nHost: {{host}}\r\nAuthorization: Bearer {token}\r\n{extra}\
             Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
        );
        let server = &server;
        async move {
            let answer = server.raw(&request).await;
            assert_eq!(answer.status, 201, "{answer:?}");
            let ticket = answer.json()["ticket"].as_str().unwrap().to_owned();
            format!("Sec-WebSocket-Protocol: orchestra.v1, orchestra.ticket.{ticket}\r\n")
        }
    };
    let ticket = issue(origin.clone()).await;
    assert_eq!(upgrade(&server, "/ws", &format!("{ticket}{origin}")).await, 101);
    assert_eq!(upgrade(&server, "/ws", &format!("{ticket}{origin}")).await, 401, "used");
    let ticket = issue(origin.clone()).await;
    assert_eq!(upgrade(&server, "/ws", &ticket).await, 403, "without its origin");
    let ticket = issue(origin.clone()).await;
    let evil = format!("{ticket}Origin: http://evil.test\r\n");
    assert_eq!(upgrade(&server, "/ws", &evil).await, 403);
    assert_eq!(upgrade(&server, "/ws", &issue(String::new()).await).await, 101, "a program's");
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(upgrade(&server, "/ws", &bearer).await, 101);
    assert_eq!(upgrade(&server, "/ws", &format!("{bearer}{origin}")).await, 401);
    assert_eq!(upgrade(&server, "/ws", "").await, 401);
    assert_eq!(upgrade(&server, &format!("/ws?token={token}"), "").await, 400);

    let open = serve("[auth]\nallow_query_jwt = true\n").await;
    let token = open.token(Role::Developer, "ann").await;
    assert_eq!(upgrade(&open, &format!("/ws?token={token}"), "").await, 101);
    assert_eq!(open.call("", &format!("GET /api/me?token={token}"), None).await.code(), "token_in_url");
}

/// Puts a running agent into the store and gives its token.
async fn agent(server: &Server) -> String {
    let owner = server.auth.bearer(&server.token(Role::Developer, "ann").await).await.unwrap().user.id;
    let (token, hash) = crate::auth::new_agent_token();
    let view: Agent = serde_json::from_value(json!({
        "id": "droid-001", "session_id": "sess-droid-001", "kind": "shell", "specialist": null,
        "name": "droid", "title": "t", "role": "specialist", "owner": owner.0, "owner_name": "ann",
        "parent": "primary", "cwd": "/", "status": "starting", "reason": null, "pid": null,
        "restarts": 0, "size": { "cols": 80, "rows": 24 },
        "activity": { "state": "unknown", "waiting_for": null, "since": "2024-01-01T00:00:00Z", "source": "process", "confidence": 0.1, "detail": null },
        "task_id": null, "created_at": "2024-01-01T00:00:00Z", "started_at": null, "ended_at": null,
        "exit_code": null, "signal": null,
        "usage": { "input_tokens": 0, "output_tokens": 0, "cost_usd": null },
    }))
    .unwrap();
    let new = crate::store::agents::NewAgent {
        view,
        depth: 1,
        root: Some("primary".into()),
        timeout_ms: None,
        cli_session: None,
        token_hash: hash,
    };
    let caps = crate::store::agents::Caps { live: 10, per_hour: 10 };
    crate::store::agents::insert(&server.store, &new, caps).await.unwrap();
    secrecy::ExposeSecret::expose_secret(&token).to_owned()
}

#[tokio::test]
async fn d01_d02_an_agent_calls_only_what_is_for_agents_and_only_while_it_lives() {
    let server = serve("").await;
    let token = agent(&server).await;
    let hook = Some(json!({}));
    assert_eq!(server.local_call(&token, "POST /api/hooks/claude", hook.clone()).await.status, 200);
    assert_eq!(server.local_call(&token, "GET /api/agents", None).await.status, 200);
    let me = server.local_call(&token, "GET /api/me", None).await.json();
    assert_eq!(me["principal"]["agent_id"], "droid-001");
    assert_eq!(me["permissions"], json!([]));
    for line in ["POST /api/agents", "POST /api/agents/x/kill", "GET /api/audit", "POST /api/ws-tickets", "GET /ws", "GET /api/auth/devices", "GET /api/nothing"] {
        assert_eq!(server.local_call(&token, line, None).await.code(), "forbidden", "{line}");
    }
    assert_eq!(server.call(&token, "POST /api/hooks/claude", hook.clone()).await.status, 200);
    assert_eq!(server.call(&token, "POST /mcp", hook.clone()).await.status, 200);
    assert_eq!(server.call(&token, "GET /api/agents", None).await.code(), "forbidden", "over the network");

    let end = crate::store::agents::End {
        status: orchestra_protocol::agent::AgentStatus::Killed,
        reason: "test".into(),
        exit_code: None,
        signal: None,
    };
    let id = crate::model::ids::AgentId::parse("droid-001").unwrap();
    crate::store::agents::ended(&server.store, &id, &end).await.unwrap();
    server.auth.bump();
    assert_eq!(server.local_call(&token, "POST /api/hooks/claude", hook).await.status, 401);
}

#[tokio::test]
async fn a01_changes_are_pairs_and_denials_are_lines() {
    let server = serve("").await;
    let ann = server.token(Role::Developer, "ann").await;
    server.call(&ann, "POST /api/agents", Some(json!({ "kind": "shell" }))).await;
    server.call(&ann, "POST /api/agents", Some(json!({ "kind": 7 }))).await;
    server.call(&ann, "POST /api/agents/droid-001/kill", None).await;
    server.call(&ann, "GET /api/agents/foreign", None).await;
    server.call(&ann, "GET /api/agents/mine", None).await;
    server.call("", "GET /api/me", None).await;
    server.call(&ann, "POST /api/ws-tickets", Some(json!({}))).await;
    let lines = server.recorded().await;
    let seen: Vec<_> = lines
        .iter()
        .map(|line| (line.kind, line.entry.action.as_str(), line.entry.object.as_str(), line.result.as_str()))
        .collect();
    let (spawn, kill) = ("POST /api/agents", "POST /api/agents/{id}/kill");
    let expected = [
        (Kind::Intent, spawn, "", "intent"),
        (Kind::Outcome, spawn, "agent=droid-001", "ok:200"),
        (Kind::Intent, spawn, "", "intent"),
        (Kind::Outcome, spawn, "", "failed:400"),
        (Kind::Intent, kill, "id=droid-001", "intent"),
        (Kind::Outcome, kill, "id=droid-001", "ok:200"),
        (Kind::Event, "GET /api/agents/{id}", "id=foreign", "denied:not_found"),
        (Kind::Event, "GET /api/me", "", "denied:none"),
        (Kind::Event, "POST /api/ws-tickets", "", "ok:201"),
    ];
    assert_eq!(seen, expected);
    assert!(lines[..7].iter().all(|line| line.entry.principal.is_some()));
    assert!(lines.iter().all(|line| line.entry.ip == "127.0.0.1" && !line.entry.request_id.is_empty()));
}

#[tokio::test]
async fn limits_hold_for_each_caller_and_for_strangers() {
    let server = serve("[limits]\nrequests_per_minute = 20\nlogin_attempts_per_minute = 3\n").await;
    let (ann, bob) = (server.token(Role::Developer, "ann").await, server.token(Role::Developer, "bob").await);
    let mut refused = None;
    for _ in 0..30 {
        let answer = server.call(&ann, "GET /api/me", None).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a limit");
    assert_eq!(refused.code(), "too_many_requests");
    assert!(refused.head.contains("retry-after: "));
    assert_eq!(server.call(&bob, "GET /api/me", None).await.status, 200);

    // Guessing shuts the address out, but not those whose tokens are known.
    let guesses = ["a", "b", "c", "d", "e", "f"];
    let mut last = 0;
    for guess in guesses {
        last = server.call(guess, "GET /api/me", None).await.status;
    }
    assert_eq!(last, 429);
    assert_eq!(server.call(&bob, "GET /api/me", None).await.status, 200);
}
