//! Live streams and typing on the socket.

use super::{Stage, frame, refusal};
use crate::support::socket::Socket;
use crate::support::wait;
use bytes::Bytes;
use orchestra_protocol::frame::FrameKind;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

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
