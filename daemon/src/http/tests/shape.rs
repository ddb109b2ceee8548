//! Hosts, origins, bodies, and the shape of refusals.

use super::harness::{Server, serve};
use crate::auth::permission::Role;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

async fn head(server: &Server, lines: &str) -> (u16, String) {
    let answer = server
        .raw(&format!(
            "GET /api/health HTTP/1.1\r\n{lines}Connection: close\r\n\r\n"
        ))
        .await;
    let code = if answer.status < 400 {
        String::new()
    } else {
        answer.code()
    };
    (answer.status, code)
}

#[tokio::test]
async fn r15_w03_only_names_of_ours_are_answered() {
    let server = serve("[server]\nhosts = [\"orchestra.example\", \"dev.example:5173\"]\n").await;
    let port = server.address.port();
    let good = [
        "{host}",
        "localhost:PORT",
        "LOCALHOST:PORT",
        "[::1]:PORT",
        "orchestra.example",
        "orchestra.example:PORT",
        "dev.example:5173",
    ];
    for host in good {
        let host = host.replace("PORT", &port.to_string());
        assert_eq!(
            head(&server, &format!("Host: {host}\r\n")).await.0,
            200,
            "{host}"
        );
    }
    let bad = [
        "evil.test",
        "evil.test:PORT",
        "localhost.evil:PORT",
        "localhost",
        "127.0.0.1",
        "127.attacker.example:PORT",
        "localhost:PORT.evil.test",
        "dev.example",
        "",
    ];
    for host in bad {
        let host = host.replace("PORT", &port.to_string());
        let refused = (421, "unknown_host".to_owned());
        assert_eq!(
            head(&server, &format!("Host: {host}\r\n")).await,
            refused,
            "{host}"
        );
        let both = format!("Host: {host}\r\nOrigin: http://{host}\r\n");
        assert_eq!(head(&server, &both).await, refused, "rebound {host}");
    }
    assert_eq!(head(&server, "").await.0, 421, "missing");
    assert_eq!(
        head(&server, "Host: {host}\r\nHost: {host}\r\n").await.0,
        421,
        "two"
    );
    let absolute =
        "GET http://evil.test/api/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";
    assert_eq!(server.raw(absolute).await.status, 421);
}

#[tokio::test]
async fn w01_r16_other_sites_are_refused_and_get_no_cors() {
    let server = serve("").await;
    let port = server.address.port();
    for origin in [
        "http://evil.test",
        "null",
        "https://{host}",
        "http://{host}/",
        "http://localhost:1",
        "http://localhost",
    ] {
        let refused = head(&server, &format!("Host: {{host}}\r\nOrigin: {origin}\r\n")).await;
        assert_eq!(refused, (403, "origin_refused".into()), "{origin}");
    }
    for origin in [
        "http://{host}".to_owned(),
        format!("http://localhost:{port}"),
    ] {
        assert_eq!(
            head(&server, &format!("Host: {{host}}\r\nOrigin: {origin}\r\n"))
                .await
                .0,
            200
        );
    }
    for site in ["cross-site", "same-site"] {
        let lines =
            format!("Host: {{host}}\r\nSec-Fetch-Site: {site}\r\nSec-Fetch-Mode: navigate\r\n");
        assert_eq!(head(&server, &lines).await.0, 403, "{site}");
    }
    // Coming back from the login provider is a navigation to the page.
    let back = "GET /?code=x HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nConnection: close\r\n\r\n";
    assert_eq!(server.raw(back).await.status, 200);
    let preflight = server
        .raw("OPTIONS /api/agents HTTP/1.1\r\nHost: {host}\r\nOrigin: http://evil.test\r\nAccess-Control-Request-Method: POST\r\nConnection: close\r\n\r\n")
        .await;
    assert!(!preflight.head.contains("access-control"), "{preflight:?}");
    assert_eq!(preflight.status, 403);
}

#[tokio::test]
async fn every_answer_has_its_headers() {
    let server = serve("").await;
    for path in ["/api/health", "/api/nothing", "/", "/assets/x.js"] {
        let answer = server
            .raw(&format!(
                "GET {path} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n\r\n"
            ))
            .await;
        for part in [
            "default-src 'none'",
            "trusted-types orchestra",
            "nosniff",
            "no-referrer",
            "cross-origin-opener-policy: same-origin",
            "x-request-id: ",
        ] {
            assert!(answer.head.contains(part), "{path}: {part}");
        }
        assert_eq!(
            answer.head.contains("no-store"),
            path.starts_with("/api"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn refusals_are_problems_and_say_nothing_inner() {
    let server = serve("").await;
    let token = server.token(Role::Developer, "ann").await;
    let unknown = server.call(&token, "GET /api/nothing", None).await;
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (404, "no_such_route")
    );
    let method = server
        .call(&token, "PATCH /api/agents", Some(json!({})))
        .await;
    assert_eq!(
        (method.status, method.code().as_str()),
        (405, "method_not_allowed")
    );
    assert!(method.head.contains("allow: "));
    let query = server
        .call(
            &server.token(Role::Admin, "root").await,
            "GET /api/audit?limit=x",
            None,
        )
        .await;
    assert_eq!(
        (query.status, query.code().as_str()),
        (400, "invalid_request")
    );
    let panic = server.call(&token, "GET /api/boom", None).await;
    assert_eq!((panic.status, panic.code().as_str()), (500, "internal"));
    assert!(!panic.body.contains("secret"));
}

#[tokio::test]
async fn r06_unknown_fields_are_named() {
    let server = serve("").await;
    let token = server.token(Role::Developer, "ann").await;
    let good = server
        .call(&token, "POST /api/agents", Some(json!({ "kind": "shell" })))
        .await;
    assert_eq!(good.status, 200, "{good:?}");
    let unknown = server
        .call(
            &token,
            "POST /api/agents",
            Some(json!({ "kind": "shell", "owner_id": "x" })),
        )
        .await;
    assert_eq!(unknown.code(), "invalid_request");
    assert!(unknown.body.contains("owner_id"), "{unknown:?}");
}

/// `POST /api/agents` with a body of that kind.
fn post(token: &str, kind: &str, extra: &str, body: &str) -> String {
    let kind = match kind {
        "" => String::new(),
        kind => format!("Content-Type: {kind}\r\n"),
    };
    format!(
        "POST /api/agents HTTP/1.1\r\nHost: {{host}}\r\nAuthorization: Bearer {token}\r\n{kind}{extra}\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn r08_r09_only_json_is_taken() {
    let server = serve("").await;
    let token = server.token(Role::Developer, "ann").await;
    let send = |kind: &str, extra: &str, body: &str| post(&token, kind, extra, body);
    let body = "{\"kind\":\"shell\"}";
    assert_eq!(
        server
            .raw(&send("application/json; charset=UTF-8", "", body))
            .await
            .status,
        200
    );
    for kind in [
        "",
        "text/plain",
        "application/json; charset=utf-16",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/jsonx",
    ] {
        let answer = server.raw(&send(kind, "", body)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (415, "not_json"),
            "{kind}"
        );
    }
    assert_eq!(
        server
            .raw(&send(
                "application/json",
                "Content-Encoding: gzip\r\n",
                body
            ))
            .await
            .status,
        415
    );
    assert_eq!(
        server
            .raw(&send("application/json", "", "\u{feff}{\"kind\":\"a\"}"))
            .await
            .status,
        415
    );
}

#[tokio::test]
async fn r10_r11_bodies_are_small_flat_and_say_each_thing_once() {
    let server = serve("").await;
    let token = server.token(Role::Developer, "ann").await;
    let send = |kind: &str, extra: &str, body: &str| post(&token, kind, extra, body);
    let deep = format!(
        "{{\"kind\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    for bad in [
        "{",
        "",
        "[]",
        "{\"kind\":\"a\",\"kind\":\"b\"}",
        "{\"kind\":7}",
        &deep,
    ] {
        let answer = server.raw(&send("application/json", "", bad)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_request"),
            "{bad:.40}"
        );
    }
    let large = format!("{{\"kind\":\"{}\"}}", "x".repeat(1024 * 1024));
    assert_eq!(
        server
            .raw(&send("application/json", "", &large))
            .await
            .code(),
        "too_large"
    );
    let chunks = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let chunked = format!(
        "POST /api/agents HTTP/1.1\r\nHost: {{host}}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunks}"
    );
    let answer = server.raw(&chunked).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));
}

#[tokio::test]
async fn a_network_that_is_not_listed_is_not_answered() {
    let server = serve("[network]\nallow = [\"10.0.0.0/8\"]\n").await;
    let mut stream = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    let _ = stream
        .write_all(b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty());
    assert_eq!(
        server
            .local("GET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn shutdown_is_quick_and_leaves_no_socket() {
    let server = serve("").await;
    // One connection idles between two requests.
    let mut idle = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    let request = format!(
        "GET /api/health HTTP/1.1\r\nHost: {}\r\n\r\n",
        server.host()
    );
    idle.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 64];
    idle.read_exact(&mut first).await.unwrap();
    let begun = Instant::now();
    assert!(server.tasks.shutdown(Duration::from_secs(5)).await);
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    assert!(!server.socket.exists());
    assert!(
        tokio::net::TcpStream::connect(server.address)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn x02_a_head_that_drips_in_is_cut_off() {
    let server = serve("").await;
    let mut slow = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    slow.write_all(b"GET /api/health HTTP/1.1\r\nHost: ")
        .await
        .unwrap();
    let begun = Instant::now();
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), slow.read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "still open");
    assert!(begun.elapsed() >= Duration::from_millis(900));
    assert_eq!(head(&server, "Host: {host}\r\n").await.0, 200);
}
