//! The socket through the front door: who gets in, what a terminal gives, what typing
//! needs, and what ends a connection.

mod live;
mod typing;

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::socket::{Incoming, Socket};
use bytes::Bytes;
use orchestra_protocol::frame::{Frame, FrameKind};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

/// A daemon with one shell agent of a developer's.
struct Stage {
    site: Site,
    daemon: Daemon,
    api: Api,
    agent: String,
    session: String,
}

impl Stage {
    async fn open() -> Self {
        let site = Site::new();
        let daemon = site.start();
        let api = daemon.api(&site, "developer", "ann");
        let made = api.must("/api/agents", json!({"kind": "shell"})).await;
        let agent = made["id"].as_str().unwrap().to_owned();
        let session = made["session_id"].as_str().unwrap().to_owned();
        Self {
            site,
            daemon,
            api,
            agent,
            session,
        }
    }

    fn about(&self, kind: &str) -> Value {
        json!({"type": kind, "session_id": self.session})
    }

    /// Watches live; says channel, epoch and the place behind the first snapshot.
    async fn live(&self, socket: &mut Socket) -> (u32, String, u64) {
        let mut message = self.about("subscribe_terminal");
        message["mode"] = "live".into();
        message["encoding"] = "binary".into();
        socket.send(message).await;
        let subscribed = socket
            .until("subscribed", |message| message["type"] == "subscribed")
            .await;
        let channel = u32::try_from(subscribed["channel"].as_u64().unwrap()).unwrap();
        let epoch = subscribed["epoch"].as_str().unwrap().to_owned();
        loop {
            let frame = frame(socket).await;
            assert_eq!(frame.channel, channel);
            if frame.kind == FrameKind::Snapshot {
                return (channel, epoch, frame.seq);
            }
            assert_eq!(frame.kind, FrameKind::SnapshotPart);
        }
    }

    async fn seat(&self, socket: &mut Socket) {
        socket.send(self.about("take_seat")).await;
        socket
            .until("the seat", |message| {
                message["type"] == "seat" && message["mine"] == true
            })
            .await;
    }

    async fn type_in(&self, socket: &mut Socket, data: &str) {
        let mut message = self.about("terminal_input");
        message["data"] = data.into();
        socket.send(message).await;
    }
}

async fn frame(socket: &mut Socket) -> Frame {
    loop {
        match socket.next().await {
            Incoming::Binary(bytes) => return Frame::decode(&bytes).unwrap(),
            Incoming::Json(_) => {}
            Incoming::Closed(code) => panic!("closed with {code:?}"),
        }
    }
}

async fn refusal(socket: &mut Socket, code: &str) -> Value {
    let urn = format!("urn:orchestra:{code}");
    socket
        .until(code, |message| {
            message["type"] == "error" && message["code"] == urn.as_str()
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_fresh_ticket_opens_it() {
    let stage = Stage::open().await;
    assert_eq!(
        Socket::with_ticket(&stage.api, "made-up").await.err(),
        Some(401)
    );
    let ticket = stage.api.must("/api/ws-tickets", json!({})).await;
    let ticket = ticket["ticket"].as_str().unwrap();
    assert!(Socket::with_ticket(&stage.api, ticket).await.is_ok());
    assert_eq!(
        Socket::with_ticket(&stage.api, ticket).await.err(),
        Some(401),
        "used up"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_subscriber_gets_whole_frames_as_they_change() {
    let stage = Stage::open().await;
    let mut socket = Socket::open(&stage.api).await;
    let begun = Instant::now();
    socket.send(stage.about("subscribe_terminal")).await;
    let subscribed = socket
        .until("subscribed", |message| message["type"] == "subscribed")
        .await;
    assert_eq!(
        (&subscribed["mode"], &subscribed["mine"]),
        (&json!("sampled"), &json!(false))
    );
    let is_frame = |message: &Value| message["type"] == "terminal_output";
    let first = socket.until("a frame", is_frame).await;
    assert!(
        begun.elapsed() < Duration::from_millis(700),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(first["session_id"], stage.session.as_str());
    assert!(first["timestamp"].is_i64() && !first["data"].as_str().unwrap().contains('\n'));

    let path = format!("/api/agents/{}/input", stage.agent);
    stage
        .api
        .must(&path, json!({"text": "echo so$((40+2))meone\r"}))
        .await;
    let shows = |message: &Value| {
        is_frame(message) && message["data"].as_str().unwrap().contains("so42meone")
    };
    socket.until("the echo", shows).await;
    // The prompt behind it may come with a frame of its own.
    socket.quiet(Duration::from_millis(700), shows).await;
    assert!(
        socket.quiet(Duration::from_millis(1500), shows).await,
        "equal frames are not sent"
    );
    let screen = stage
        .api
        .read(&format!(
            "/api/agents/{}/screen?until=so42meone",
            stage.agent
        ))
        .await;
    assert!(screen["text"].as_str().unwrap().contains("so42meone"));
    stage.site.tmux(&["list-sessions"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn others_do_not_see_it_an_admin_sees_and_a_reader_does_not_type() {
    let stage = Stage::open().await;
    let stranger = stage.daemon.api(&stage.site, "developer", "bob");
    let mut socket = Socket::open(&stranger).await;
    socket.send(stage.about("subscribe_terminal")).await;
    assert_eq!(refusal(&mut socket, "not_found").await["status"], 404);
    socket.send(stage.about("take_seat")).await;
    refusal(&mut socket, "not_found").await;

    let admin = stage.daemon.api(&stage.site, "admin", "root");
    let mut socket = Socket::open(&admin).await;
    socket.send(stage.about("subscribe_terminal")).await;
    socket
        .until("a frame", |message| message["type"] == "terminal_output")
        .await;
    socket.send(stage.about("take_seat")).await;
    assert_eq!(refusal(&mut socket, "forbidden").await["status"], 403);

    let ticket = stage
        .api
        .must("/api/ws-tickets", json!({"rights": "read"}))
        .await;
    let mut socket = Socket::with_ticket(&stage.api, ticket["ticket"].as_str().unwrap())
        .await
        .unwrap();
    assert_eq!(socket.next_json().await["rights"], "read");
    socket.send(stage.about("take_seat")).await;
    refusal(&mut socket, "forbidden").await;
    let mut message = stage.about("user_message");
    message["content"] = "hello".into();
    socket.send(message).await;
    refusal(&mut socket, "forbidden").await;

    let foreign = stranger.must("/api/ws-tickets", json!({})).await;
    socket
        .send(json!({"type": "renew", "ticket": foreign["ticket"]}))
        .await;
    assert_eq!(socket.closed().await, Some(4403));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_messages_are_told_and_too_many_end_it() {
    let stage = Stage::open().await;
    let mut socket = Socket::open(&stage.api).await;
    socket.send(json!({"type": "fly"})).await;
    assert!(
        refusal(&mut socket, "unknown_type").await["detail"]
            .as_str()
            .unwrap()
            .contains("fly")
    );
    socket.send(json!({"type": "ack"})).await;
    assert_eq!(refusal(&mut socket, "bad_message").await["about"], "ack");
    socket.send_text("[]").await;
    refusal(&mut socket, "bad_message").await;
    let deep = format!(
        "{{\"type\":\"ping\",\"nonce\":{}{}}}",
        "[".repeat(5000),
        "]".repeat(5000)
    );
    socket.send_text(&deep).await;
    refusal(&mut socket, "bad_message").await;
    for _ in 4..20 {
        socket.send(json!({"type": "fly"})).await;
    }
    assert_eq!(socket.closed().await, Some(4400), "twenty in a minute");

    let mut socket = Socket::open(&stage.api).await;
    socket.send_text("no json").await;
    assert_eq!(socket.closed().await, Some(4400));
    let mut socket = Socket::open(&stage.api).await;
    socket
        .send_raw(Message::Binary(Bytes::from_static(b"\x01")))
        .await;
    assert_eq!(socket.closed().await, Some(4400));
    let mut socket = Socket::open(&stage.api).await;
    socket.send_text(&"x".repeat(512 * 1024 + 1)).await;
    assert_eq!(socket.closed().await, Some(1009));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_tells_of_agents_and_messages_and_can_be_resumed() {
    let stage = Stage::open().await;
    let mut socket = Socket::open(&stage.api).await;
    let before = socket.seen[0]["event"].as_i64().unwrap();
    let mut message = stage.about("user_message");
    message["content"] = "echo from chat".into();
    message["client_id"] = "0198b7a0-0000-7000-8000-000000000001".into();
    socket.send(message).await;
    let receipt = |message: &Value| {
        message["type"] == "receipt" && message["message"]["text"] == "echo from chat"
    };
    socket.until("a receipt", receipt).await;
    let told = socket
        .until("its event", |message| {
            receipt(message) && message["event"] != 0
        })
        .await;
    assert!(told["event"].as_i64().unwrap() > before);

    let mut again = Socket::open(&stage.api).await;
    again.send(json!({"type": "resume", "after": before})).await;
    again
        .until("the same event", |message| {
            message["event"] == told["event"]
        })
        .await;
    again
        .send(json!({"type": "resume", "after": 1_000_000}))
        .await;
    again
        .until("resync", |message| message["type"] == "resync")
        .await;

    let stranger = stage.daemon.api(&stage.site, "developer", "bob");
    let mut socket = Socket::open(&stranger).await;
    socket.send(json!({"type": "resume", "after": 0})).await;
    let of_ann =
        |message: &Value| message["type"] == "agent_update" || message["type"] == "receipt";
    assert!(socket.quiet(Duration::from_millis(600), of_ann).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orderly_end_says_come_back() {
    let stage = Stage::open().await;
    let mut socket = Socket::open(&stage.api).await;
    stage.live(&mut socket).await;
    let Stage { site, daemon, .. } = stage;
    let begun = Instant::now();
    let stopped = tokio::task::spawn_blocking(move || daemon.stop());
    assert_eq!(socket.closed().await, Some(1012));
    assert!(stopped.await.unwrap().success());
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    let sessions = String::from_utf8(site.tmux(&["list-sessions"]).stdout).unwrap();
    assert!(
        sessions.contains("sess-shell-001"),
        "agents go on: {sessions}"
    );
}
