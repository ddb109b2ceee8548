//! What needs a credential, which one, and what agents may call.

use super::harness::serve;
use crate::audit::record::Kind;
use crate::auth::permission::Role;
use serde_json::json;

#[tokio::test]
async fn r22_what_is_open_is_a_list() {
    let server = serve("").await;
    for path in [
        "/api/health",
        "/api/ready",
        "/api/client-config",
        "/api/auth/jwks",
        "/",
        "/agents",
        "/assets/a.js",
    ] {
        assert_eq!(
            server.call("", &format!("GET {path}"), None).await.status,
            200,
            "{path}"
        );
    }
    let closed = [
        "/api",
        "/api/",
        "/api/me",
        "/api/agents",
        "/api/nothing",
        "/api/audit",
        "/ws",
        "/mcp",
        "/metrics",
        "/api/auth/devices",
        "/api/openapi.json",
    ];
    for path in closed {
        let answer = server.call("", &format!("GET {path}"), None).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "unauthenticated"),
            "{path}"
        );
        assert!(answer.head.contains("www-authenticate: bearer"));
        // HEAD is checked as GET, R07.
        assert_eq!(
            server.call("", &format!("HEAD {path}"), None).await.status,
            401,
            "{path}"
        );
    }
    for line in [
        "TRACE /api/me",
        "POST /api/health",
        "DELETE /api/agents/x",
        "POST /api/local/token",
    ] {
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
    assert_eq!(
        server.call(&ann, "GET /api/agents/mine", None).await.status,
        200
    );
    assert_eq!(
        server
            .call(&ann, "GET /api/agents/foreign", None)
            .await
            .code(),
        "not_found"
    );
    assert_eq!(
        server.call(&ann, "GET /api/audit", None).await.code(),
        "forbidden"
    );
    let root = server.token(Role::Admin, "root").await;
    assert_eq!(
        server
            .call(&root, "GET /api/agents/foreign", None)
            .await
            .status,
        200
    );
    let audit = server.call(&root, "GET /api/audit", None).await.json();
    assert!(audit["items"][0]["action"].is_string());
    for bad in ["x", "orc_agent_x", &format!("{ann}x")] {
        assert_eq!(
            server.call(bad, "GET /api/me", None).await.status,
            401,
            "{bad}"
        );
    }
    // The local routes do not exist over the network.
    assert_eq!(
        server
            .call(
                &root,
                "POST /api/local/token",
                Some(json!({ "role": "admin" }))
            )
            .await
            .status,
        404
    );
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
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "ambiguous_credentials"),
            "{path}"
        );
    }
    // W06: a token in a URL, while it is off.
    assert_eq!(
        server
            .raw(&send(&format!("/ws?token={token}"), ""))
            .await
            .code(),
        "token_in_url"
    );
    assert_eq!(
        server
            .raw(&send(&format!("/api/me?token={token}"), ""))
            .await
            .code(),
        "token_in_url"
    );
    let basic = "Authorization: Basic YTpi\r\n";
    assert_eq!(server.raw(&send("/api/me", basic)).await.status, 401);
}

#[tokio::test]
async fn a01_changes_are_pairs_and_denials_are_lines() {
    let server = serve("").await;
    let ann = server.token(Role::Developer, "ann").await;
    server
        .call(&ann, "POST /api/agents", Some(json!({ "kind": "shell" })))
        .await;
    server
        .call(&ann, "POST /api/agents", Some(json!({ "kind": 7 })))
        .await;
    server
        .call(&ann, "POST /api/agents/droid-001/kill", None)
        .await;
    server.call(&ann, "GET /api/agents/foreign", None).await;
    server.call(&ann, "GET /api/agents/mine", None).await;
    server.call("", "GET /api/me", None).await;
    server
        .call(&ann, "POST /api/ws-tickets", Some(json!({})))
        .await;
    let lines = server.recorded().await;
    let seen: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line.kind,
                line.entry.action.as_str(),
                line.entry.object.as_str(),
                line.result.as_str(),
            )
        })
        .collect();
    let (spawn, kill) = ("POST /api/agents", "POST /api/agents/{id}/kill");
    let expected = [
        (Kind::Intent, spawn, "", "intent"),
        (Kind::Outcome, spawn, "agent=droid-001", "ok:200"),
        (Kind::Intent, spawn, "", "intent"),
        (Kind::Outcome, spawn, "", "failed:400"),
        (Kind::Intent, kill, "id=droid-001", "intent"),
        (Kind::Outcome, kill, "id=droid-001", "ok:200"),
        (
            Kind::Event,
            "GET /api/agents/{id}",
            "id=foreign",
            "denied:not_found",
        ),
        (Kind::Event, "GET /api/me", "", "denied:none"),
        (Kind::Event, "POST /api/ws-tickets", "", "ok:201"),
    ];
    assert_eq!(seen, expected);
    assert!(lines[..7].iter().all(|line| line.entry.principal.is_some()));
    assert!(
        lines
            .iter()
            .all(|line| line.entry.ip == "127.0.0.1" && !line.entry.request_id.is_empty())
    );
}

#[tokio::test]
async fn a02_what_cannot_be_recorded_is_refused_but_stopping_is_not() {
    let server = serve("").await;
    let ann = server.token(Role::Developer, "ann").await;
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    server.audit.use_file(full).await;
    let spawn = server
        .call(&ann, "POST /api/agents", Some(json!({ "kind": "shell" })))
        .await;
    assert_eq!(
        (spawn.status, spawn.code().as_str()),
        (503, "audit_unavailable")
    );
    assert_eq!(
        server
            .call(&ann, "POST /api/agents/droid-001/kill", None)
            .await
            .status,
        200
    );
    assert_eq!(
        server.call(&ann, "GET /api/agents/mine", None).await.status,
        200
    );
    let ready = server.call(&ann, "GET /api/ready", None).await;
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("audit record"), "{ready:?}");
    let open = server.call("", "GET /api/ready", None).await.json();
    assert_eq!(open, json!({ "ready": false }));
}

#[tokio::test]
async fn limits_hold_for_each_caller_and_for_strangers() {
    let server = serve("[limits]\nrequests_per_minute = 20\nlogin_attempts_per_minute = 3\n").await;
    let (ann, bob) = (
        server.token(Role::Developer, "ann").await,
        server.token(Role::Developer, "bob").await,
    );
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

    // A page that slept sends what has ended; that is no guess.
    let life = std::time::Duration::from_secs(60);
    let gone = server
        .auth
        .mint(Role::Viewer, Some("eve"), life)
        .await
        .unwrap();
    let eve = server.auth.bearer(&gone.token).await.unwrap();
    server.auth.logout(&eve).await.unwrap();
    for _ in 0..8 {
        let answer = server.call(&gone.token, "GET /api/me", None).await;
        assert_eq!(answer.status, 401);
    }
    // Guessing shuts the address out, but not those whose tokens are known.
    let guesses = ["a", "b", "c", "d", "e", "f"];
    let mut last = 0;
    for guess in guesses {
        last = server.call(guess, "GET /api/me", None).await.status;
    }
    assert_eq!(last, 429);
    assert_eq!(server.call(&bob, "GET /api/me", None).await.status, 200);
}
