//! What an agent's token opens, and until when.

use super::harness::{Server, serve};
use crate::auth::permission::Role;
use orchestra_protocol::agent::Agent;
use serde_json::json;

/// Puts a running agent into the store and gives its token.
async fn agent(server: &Server) -> String {
    let owner = server
        .auth
        .bearer(&server.token(Role::Developer, "ann").await)
        .await
        .unwrap()
        .user
        .id;
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
        restart: orchestra_protocol::agent::RestartPolicy::Never,
        budget: orchestra_protocol::budget::Budget::default(),
        token_hash: hash,
    };
    let caps = crate::store::agents::Caps {
        live: 10,
        per_hour: 10,
    };
    crate::store::agents::insert(&server.store, &new, caps, None)
        .await
        .unwrap();
    secrecy::ExposeSecret::expose_secret(&token).to_owned()
}

#[tokio::test]
async fn d01_d02_an_agent_calls_only_what_is_for_agents_and_only_while_it_lives() {
    let server = serve("").await;
    let token = agent(&server).await;
    let hook = Some(json!({}));
    assert_eq!(
        server
            .local_call(&token, "POST /api/hooks/claude", hook.clone())
            .await
            .status,
        200
    );
    assert_eq!(
        server
            .local_call(&token, "GET /api/agents", None)
            .await
            .status,
        200
    );
    let me = server.local_call(&token, "GET /api/me", None).await.json();
    assert_eq!(me["principal"]["agent_id"], "droid-001");
    assert_eq!(me["permissions"], json!([]));
    for line in [
        "POST /api/agents",
        "POST /api/agents/x/kill",
        "GET /api/audit",
        "POST /api/ws-tickets",
        "GET /ws",
        "GET /api/auth/devices",
        "GET /api/nothing",
    ] {
        assert_eq!(
            server.local_call(&token, line, None).await.code(),
            "forbidden",
            "{line}"
        );
    }
    assert_eq!(
        server
            .call(&token, "POST /api/hooks/claude", hook.clone())
            .await
            .status,
        200
    );
    assert_eq!(
        server.call(&token, "POST /mcp", hook.clone()).await.status,
        200
    );
    assert_eq!(
        server.call(&token, "GET /api/agents", None).await.code(),
        "forbidden",
        "over the network"
    );
    // Through the tools at /mcp the same agent may.
    let inside = axum::extract::Request::get("/api/agents")
        .header("authorization", format!("Bearer {token}"))
        .extension(crate::auth::peer::Peer::Inside(server.address))
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = tower::ServiceExt::oneshot(server.router.clone(), inside)
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);

    let end = crate::store::agents::End {
        status: orchestra_protocol::agent::AgentStatus::Killed,
        reason: "test".into(),
        exit_code: None,
        signal: None,
        again: None,
    };
    let id = crate::model::ids::AgentId::parse("droid-001").unwrap();
    crate::store::agents::ended(&server.store, &id, &end)
        .await
        .unwrap();
    server.auth.bump();
    assert_eq!(
        server
            .local_call(&token, "POST /api/hooks/claude", hook)
            .await
            .status,
        401
    );
}
