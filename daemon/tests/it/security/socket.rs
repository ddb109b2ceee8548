//! Against the socket below its messages: frames that no client of a browser sends.

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::socket::Socket;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A socket opened by hand; says what the daemon answered.
async fn open(daemon: &Daemon, api: &Api, more: &str) -> (TcpStream, String) {
    let host = daemon.url.trim_start_matches("http://");
    let ticket = api.must("/api/ws-tickets", json!({})).await;
    let ticket = ticket["ticket"].as_str().unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: orchestra.v1, orchestra.ticket.{ticket}\r\n{more}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    (stream, String::from_utf8(answer).unwrap())
}

/// What comes until the daemon ends the connection.
async fn rest(what: &str, stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let ended = tokio::time::timeout(Duration::from_secs(10), read).await;
    // A reset is an end as well.
    let _ = ended.unwrap_or_else(|_| panic!("{what}: the daemon ends it"));
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn w16_nothing_is_negotiated_and_no_credential_comes_back() {
    let site = Site::new();
    let daemon = site.start();
    let api = daemon.api(&site, "developer", "ann");
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    let (_stream, answer) = open(&daemon, &api, offer).await;
    let lower = answer.to_lowercase();
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    assert!(!lower.contains("sec-websocket-extensions"), "{answer}");
    assert!(!lower.contains("orchestra.ticket"), "{answer}");
    assert!(
        lower.contains("sec-websocket-protocol: orchestra.v1\r\n"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn w18_bad_frames_end_their_own_socket_only() {
    let site = Site::new();
    let daemon = site.start();
    let api = daemon.api(&site, "developer", "ann");
    let huge = [
        0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
    ];
    let mut ping = vec![0x89, 0xfe, 0x00, 0x7e, 0, 0, 0, 0];
    ping.extend([b'x'; 126]);
    let cases: [(&str, &[u8], u16); 8] = [
        ("unmasked", &[0x81, 0x02, b'{', b'}'], 1002),
        (
            "a reserved bit, as compression has it",
            &[0xc1, 0x82, 0, 0, 0, 0, b'{', b'}'],
            1002,
        ),
        ("a reserved opcode", &[0x83, 0x80, 0, 0, 0, 0], 1002),
        ("a control frame in pieces", &[0x09, 0x80, 0, 0, 0, 0], 1002),
        ("a long ping", &ping, 1002),
        ("a piece of nothing", &[0x80, 0x80, 0, 0, 0, 0], 1002),
        ("no UTF-8", &[0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], 1007),
        ("eight exabytes", &huge, 1009),
    ];
    for (what, frame, code) in cases {
        let (mut stream, _) = open(&daemon, &api, "").await;
        stream.write_all(frame).await.unwrap();
        let said = rest(what, &mut stream).await;
        let close = said
            .windows(4)
            .find(|part| part[0] == 0x88)
            .map(|part| u16::from_be_bytes([part[2], part[3]]));
        assert_eq!(close, Some(code), "{what}: {said:?}");
    }
    assert_eq!(api.get("/api/me").await.0, 200);
}

/// Another token of the same person, that lives so long.
fn short(site: &Site, daemon: &Daemon, ttl: &str) -> Api {
    let minted = site.run(&["token", "--role", "developer", "--sub", "ann", "--ttl", ttl]);
    let token = String::from_utf8(minted.stdout).unwrap();
    Api::new(&daemon.url, token.trim())
}

#[tokio::test(flavor = "multi_thread")]
async fn w09_a_socket_ends_with_its_token_unless_it_is_renewed() {
    let site = Site::new();
    let daemon = site.start();
    let mut left = Socket::open(&short(&site, &daemon, "8s")).await;
    let mut renewed = Socket::open(&short(&site, &daemon, "8s")).await;
    for socket in [&mut left, &mut renewed] {
        socket
            .until("the warning", |value| value["type"] == "auth_expiring")
            .await;
    }
    let longer = daemon.api(&site, "developer", "ann");
    let ticket = longer.must("/api/ws-tickets", json!({})).await;
    renewed
        .send(json!({"type": "renew", "ticket": ticket["ticket"]}))
        .await;
    assert_eq!(left.closed().await, Some(4401));
    // The other one had the same end.
    renewed.send(json!({"type": "ping", "nonce": "here"})).await;
    renewed
        .until("the answer", |value| value["nonce"] == "here")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w23_nothing_else_is_spoken_on_the_port() {
    let site = Site::new();
    let daemon = site.start();
    let host = daemon.url.trim_start_matches("http://").to_owned();
    let ask = async |text: String| {
        let mut stream = TcpStream::connect(&host).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let answer = rest(&text, &mut stream).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    let preface = ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into()).await;
    assert!(!preface.starts_with("HTTP/1.1 2"), "{preface}");
    assert!(!preface.contains("HTTP/2"), "{preface}");
    let cleartext = format!(
        "GET /api/health HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade, HTTP2-Settings, close\r\n\
         Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"
    );
    let answer = ask(cleartext).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let api = daemon.api(&site, "developer", "ann");
    for version in ["", "Sec-WebSocket-Version: 8\r\n"] {
        let ticket = api.must("/api/ws-tickets", json!({})).await;
        let ticket = ticket["ticket"].as_str().unwrap();
        let answer = ask(format!(
            "GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\
             {version}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: orchestra.v1, orchestra.ticket.{ticket}\r\n\r\n"
        ))
        .await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{version:?}: {answer}");
    }
}
