//! The socket through the front door: who gets in, what a terminal gives, what typing
//! needs, and what ends a connection.

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::socket::{Incoming, Socket};
use crate::support::wait;
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

/// Reads output until it shows `text`; says all bytes and the number of the next one.
async fn output_until(socket: &mut Socket, text: &str) -> (Vec<u8>, u64) {
    let mut all = Vec::new();
    loop {
        let frame = frame(socket).await;
        if frame.kind == FrameKind::Output {
            all.extend_from_slice(&frame.payload);
            if String::from_utf8_lossy(&all).contains(text) {
                return (all, frame.seq + frame.payload.len() as u64);
            }
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
async fn typing_needs_the_seat_and_the_echo_comes_live() {
    let stage = Stage::open().await;
    let mut socket = Socket::open(&stage.api).await;
    stage.live(&mut socket).await;
    stage.type_in(&mut socket, "x").await;
    assert_eq!(
        refusal(&mut socket, "no_seat").await["about"],
        "terminal_input"
    );
    stage.seat(&mut socket).await;
    stage.type_in(&mut socket, "echo li$((1+1))ve\r").await;
    output_until(&mut socket, "li2ve").await;

    let path = format!("/api/agents/{}/input", stage.agent);
    let (status, problem) = stage.api.post(&path, json!({"text": "y"})).await;
    assert_eq!(
        (status, &problem["type"]),
        (409, &json!("urn:orchestra:seat_taken"))
    );
    let mut resize = stage.about("terminal_resize");
    resize["cols"] = 5.into();
    resize["rows"] = 30.into();
    socket.send(resize.clone()).await;
    let seat = socket
        .until("the size", |message| message["type"] == "seat")
        .await;
    assert_eq!(
        (&seat["cols"], &seat["rows"]),
        (&json!(20), &json!(30)),
        "clamped, and said so"
    );
    resize["cols"] = 0.into();
    socket.send(resize).await;
    refusal(&mut socket, "invalid_request").await;
    stage.type_in(&mut socket, &"x".repeat(64 * 1024 + 1)).await;
    refusal(&mut socket, "too_large").await;

    let mut other = Socket::open(&stage.api).await;
    stage.live(&mut other).await;
    stage.seat(&mut other).await;
    socket
        .until("the loss", |message| {
            message["type"] == "seat" && message["mine"] == false
        })
        .await;
    stage.type_in(&mut socket, "z").await;
    refusal(&mut socket, "no_seat").await;
    drop(other);
    let free = |message: &Value| message["type"] == "seat" && message["holder"].is_null();
    socket
        .until("the seat ends with the connection", free)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconnect_gets_exactly_the_missed_bytes() {
    let stage = Stage::open().await;
    let mut socket = Socket::open(&stage.api).await;
    let (_, epoch, _) = stage.live(&mut socket).await;
    stage.seat(&mut socket).await;
    stage
        .type_in(&mut socket, "stty -echo; echo re$((1+1))dy; exec cat\r")
        .await;
    let (_, next) = output_until(&mut socket, "re2dy\r\n").await;
    drop(socket);
    let path = format!("/api/agents/{}/input", stage.agent);
    wait::until("a free seat", || async {
        let (status, _) = stage.api.post(&path, json!({"text": "missed\r"})).await;
        (status == 204).then_some(())
    })
    .await;
    let screen = format!("/api/agents/{}/screen?until=missed", stage.agent);
    stage.api.read(&screen).await;

    let mut back = Socket::open(&stage.api).await;
    let mut message = stage.about("subscribe_terminal");
    for (key, value) in [
        ("mode", json!("live")),
        ("encoding", json!("binary")),
        ("epoch", json!(epoch)),
        ("from", json!(next)),
    ] {
        message[key] = value;
    }
    back.send(message).await;
    let subscribed = back
        .until("subscribed", |message| message["type"] == "subscribed")
        .await;
    assert_eq!(subscribed["seq"], next);
    let missed = frame(&mut back).await;
    assert_eq!((missed.kind, missed.seq), (FrameKind::Output, next));
    assert_eq!(missed.payload, Bytes::from_static(b"missed\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_does_not_pass_the_window_nor_slow_another() {
    let stage = Stage::open().await;
    let mut lazy = Socket::open(&stage.api).await;
    let mut quick = Socket::open(&stage.api).await;
    stage.live(&mut lazy).await;
    let (channel, _, _) = stage.live(&mut quick).await;
    stage.seat(&mut quick).await;
    stage.type_in(&mut quick, "yes a line that floods\r").await;
    let (begun, mut bytes, mut screens) = (Instant::now(), 0_u64, 0);
    while begun.elapsed() < Duration::from_secs(2) {
        let frame = frame(&mut quick).await;
        bytes += frame.payload.len() as u64;
        screens += u32::from(frame.kind == FrameKind::Snapshot);
        quick
            .send(json!({"type": "ack", "channel": channel, "bytes": bytes}))
            .await;
    }
    assert!(screens >= 5, "{screens} screens in 2 s");
    assert!(bytes < 3_000_000, "{bytes} bytes in 2 s");
    let stop = Instant::now();
    stage.type_in(&mut quick, "\u{3}").await;
    stage.type_in(&mut quick, "echo sto$((1+1))ped\r").await;
    let screen = format!("/api/agents/{}/screen?until=sto2ped", stage.agent);
    stage.api.read(&screen).await;
    assert!(
        stop.elapsed() < Duration::from_secs(2),
        "{:?}",
        stop.elapsed()
    );
    // The lazy one never acknowledged: it got a window at most and is still served.
    let mut got = 0;
    while let Ok(frame) = tokio::time::timeout(Duration::from_millis(500), frame(&mut lazy)).await {
        got += frame.payload.len();
    }
    assert!(got <= 256 * 1024 + 64 * 1024, "{got}");
    lazy.send(json!({"type": "ping", "nonce": "n"})).await;
    lazy.until("pong", |message| {
        message["type"] == "pong" && message["nonce"] == "n"
    })
    .await;
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
