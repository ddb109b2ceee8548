//! The matrix for two more callers: developers with whom ann shares her agent, one to read
//! and one to type. Nothing but that agent is theirs; all else is as for bob.

use super::table::{CALLERS, MESSAGES, ROUTES, Row, SOCKETS};
use super::{Stage, heard, record};
use crate::support::api::Api;
use crate::support::socket::Socket;
use serde_json::{Value, json};

/// Routes at the shared agent: the status for who may read and for who may type.
#[rustfmt::skip]
const ROUTES_OF_AN_AGENT: &[(&str, &str, u16, u16)] = &[
    ("GET", "/api/agents/{agent}", 200, 200),
    ("GET", "/api/agents/{agent}/explain", 200, 200),
    ("GET", "/api/agents/{agent}/screen", 200, 200),
    ("GET", "/api/agents/{agent}/history", 200, 200),
    ("GET", "/api/agents/{agent}/history/search", 200, 200),
    ("GET", "/api/agents/{agent}/logs", 200, 200),
    ("GET", "/api/agents/{agent}/recording", 200, 200),
    ("GET", "/api/agents/{agent}/messages", 200, 200),
    ("POST", "/api/agents/{agent}/messages", 403, 202),
    ("POST", "/api/agents/{agent}/input", 403, 204),
    ("POST", "/api/agents/{agent}/resize", 403, 200),
    ("POST", "/api/agents/{agent}/files", 403, 201),
    // Over the Unix socket only.
    ("POST", "/api/agents/{agent}/attach", 403, 403),
    // It runs, so there is nothing to retry.
    ("POST", "/api/agents/{agent}/retry", 403, 409),
    // Only its owner pays for it.
    ("PATCH", "/api/agents/{agent}/budget", 403, 403),
    // Only its owner shares it, and sees with whom.
    ("GET", "/api/agents/{agent}/shares", 403, 403),
    ("PUT", "/api/agents/{agent}/shares/nobody", 403, 403),
    ("DELETE", "/api/agents/{agent}/shares/nobody", 403, 403),
    ("POST", "/api/agents/{agent}/interrupt", 403, 403),
    ("POST", "/api/agents/{agent}/kill", 403, 403),
    // Its worktree is as the agent is; it lives in it, so that nothing is removed.
    ("GET", "/api/worktrees/{worktree}", 200, 200),
    ("GET", "/api/worktrees/{worktree}/diff", 200, 200),
    ("POST", "/api/worktrees/{worktree}/commit", 403, 200),
    ("POST", "/api/worktrees/{worktree}/merge", 403, 200),
    ("DELETE", "/api/worktrees/{worktree}", 403, 409),
];

/// Messages about its session: what who may read hears, and who may type.
#[rustfmt::skip]
const MESSAGES_OF_A_SESSION: &[(&str, &str, &str)] = &[
    ("user_message", "forbidden", "ok"),
    ("subscribe_terminal", "ok", "ok"),
    ("terminal_history", "ok", "ok"),
    ("take_seat", "forbidden", "ok"),
    ("terminal_input", "forbidden", "ok"),
    ("terminal_paste", "forbidden", "ok"),
    ("cancel_paste", "ok", "ok"),
    ("terminal_resize", "forbidden", "ok"),
    ("release_seat", "ok", "ok"),
    ("unsubscribe_terminal", "ok", "ok"),
];

/// Shares ann's agent with a developer of that name.
async fn shared(stage: &Stage, name: &str, rights: &str) -> Api {
    let api = stage.daemon.api(&stage.site, "developer", name);
    let me = api.read("/api/me").await;
    let id = me["principal"]["id"].as_str().unwrap();
    let path = format!("/api/agents/{}/shares/{id}", stage.agent);
    let request = stage.ann.request(reqwest::Method::PUT, &path);
    let (status, answer) = stage
        .ann
        .send(request.json(&json!({"rights": rights})))
        .await;
    assert!((200..300).contains(&status), "{status} {answer}");
    api
}

/// The row of a route: its own, or bob's where it is about nothing shared.
fn expected(row: &Row) -> [u16; 2] {
    let path = record::template(row.path);
    let own = ROUTES_OF_AN_AGENT
        .iter()
        .find(|(method, own, ..)| *method == row.method && record::template(own) == path);
    if let Some((_, _, read, types)) = own {
        return [*read, *types];
    }
    let named = row.path.contains("{agent}");
    assert!(
        !named,
        "without a row in `shared.rs`: {} {path}",
        row.method
    );
    let bob = CALLERS.iter().position(|one| *one == "bob").unwrap();
    let status = row.expected.split(' ').nth(bob).unwrap();
    [status.parse().unwrap(); 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn r01_every_route_for_those_whom_an_agent_is_shared_with() {
    let stage = Stage::open().await;
    let callers = [
        shared(&stage, "rita", "read").await,
        shared(&stage, "tom", "type").await,
    ];
    let mut wrong = Vec::new();
    for row in ROUTES {
        for ((api, wanted), who) in callers.iter().zip(expected(row)).zip(["reader", "typist"]) {
            let answer = stage.call_with(row, &api.token).await;
            if answer.status != wanted {
                wrong.push(format!(
                    "{} {} as {who}: {} instead of {wanted}: {:.200}",
                    row.method, row.path, answer.status, answer.text
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn r01_every_socket_message_for_those_whom_an_agent_is_shared_with() {
    let stage = Stage::open().await;
    let rita = shared(&stage, "rita", "read").await;
    let tom = shared(&stage, "tom", "type").await;
    let mut sockets = [Socket::open(&rita).await, Socket::open(&tom).await];
    let bob = SOCKETS.iter().position(|one| *one == "bob").unwrap();
    let mut wrong = Vec::new();
    for (kind, body, others) in MESSAGES {
        let own = MESSAGES_OF_A_SESSION.iter().find(|row| row.0 == *kind);
        let named = body.contains("SESSION");
        assert!(
            own.is_some() || !named,
            "without a row in `shared.rs`: {kind}"
        );
        let wanted = own.map_or([others[bob]; 2], |(_, read, types)| [*read, *types]);
        for (column, socket) in sockets.iter_mut().enumerate() {
            let mut message: Value = serde_json::from_str(&stage.fill(body)).unwrap();
            message["type"] = (*kind).into();
            let heard = heard(socket, message).await;
            if heard != wanted[column] {
                let who = ["reader", "typist"][column];
                wrong.push(format!(
                    "{kind} as {who}: {heard} instead of {}",
                    wanted[column]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
