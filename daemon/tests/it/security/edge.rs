//! Against the edge: headers nobody may trust, floods of bad logins, answers that outlive
//! their login, retries.

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::wait::until;
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn set() -> (Site, Daemon, Api) {
    let site = Site::new();
    let daemon = site.start();
    let api = daemon.api(&site, "developer", "ann");
    (site, daemon, api)
}

#[tokio::test(flavor = "multi_thread")]
async fn r05_r19_n01_nothing_is_believed_that_a_client_writes_into_a_header() {
    let (_site, daemon, api) = set();
    for (name, value) in [
        ("x-forwarded-user", "root"),
        ("x-user", "root"),
        ("x-role", "admin"),
        ("x-original-url", "/api/health"),
        ("x-rewrite-url", "/api/health"),
        ("cookie", "role=admin; token=x"),
        ("x-http-method-override", "GET"),
        ("forwarded", "for=127.0.0.1;host=localhost"),
    ] {
        let request = api.request(reqwest::Method::GET, "/api/audit");
        let (status, _) = api.send(request.header(name, value)).await;
        assert_eq!(status, 403, "{name}");
        let nobody = Api::new(&daemon.url, "");
        let request = nobody.request(reqwest::Method::GET, "/api/audit");
        let (status, _) = nobody.send(request.header(name, value)).await;
        assert_eq!(status, 401, "{name}");
    }
    // A new address in each request is the same bucket all the same.
    let guess = Api::new(&daemon.url, "orc_agent_guess");
    let mut statuses = Vec::new();
    for number in 0..15 {
        let request = guess.request(reqwest::Method::GET, "/api/me");
        let from = format!("203.0.113.{number}");
        let request = request
            .header("x-forwarded-for", &from)
            .header("x-real-ip", from);
        statuses.push(guess.send(request).await.0);
    }
    assert_eq!(statuses[0], 401);
    assert_eq!(statuses[14], 429, "{statuses:?}");
    assert_eq!(
        api.get("/api/me").await.0,
        200,
        "who was here before goes on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn w10_a_followed_log_ends_with_its_login() {
    let (_site, _daemon, api) = set();
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    let path = format!("/api/agents/{}/logs", agent["id"].as_str().unwrap());
    let followed = api
        .request(reqwest::Method::GET, &path)
        .send()
        .await
        .unwrap();
    assert_eq!(followed.status(), 200);
    let mut stream = followed.bytes_stream();
    assert!(stream.next().await.unwrap().is_ok());
    assert_eq!(api.post("/api/auth/logout", Value::Null).await.0, 204);
    let ended = async { while let Some(Ok(_)) = stream.next().await {} };
    tokio::time::timeout(Duration::from_secs(6), ended)
        .await
        .expect("it ends within five seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn c18_r21_parallel_retries_with_one_key_act_once() {
    let (_site, _daemon, api) = set();
    let send = |path: &'static str, body: Value| {
        let api = api.clone();
        async move {
            let request = api.request(reqwest::Method::POST, path).json(&body);
            api.send(request.header("idempotency-key", "one")).await
        }
    };
    let order = json!({"kind": "shell", "task": "echo once"});
    let sent = (0..8).map(|_| send("/api/delegate", order.clone()));
    let answers = futures_util::future::join_all(sent).await;
    let ids: std::collections::BTreeSet<i64> = answers
        .iter()
        .filter_map(|(_, task)| task["id"].as_i64())
        .collect();
    assert_eq!(ids.len(), 1, "{answers:?}");
    let body = json!({"kind": "shell"});
    let sent = (0..4).map(|_| send("/api/agents", body.clone()));
    let answers = futures_util::future::join_all(sent).await;
    let ids: std::collections::BTreeSet<String> = answers
        .iter()
        .filter_map(|(_, agent)| Some(agent["id"].as_str()?.to_owned()))
        .collect();
    assert_eq!(ids.len(), 1, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r21_killing_twice_and_tasking_meanwhile_is_no_error() {
    let (_site, _daemon, api) = set();
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    let id = agent["id"].as_str().unwrap();
    let kill = format!("/api/agents/{id}/kill");
    let order = json!({"agent": id, "task": "echo x"});
    let ((one, _), (two, _), (three, _)) = tokio::join!(
        api.post(&kill, json!({})),
        api.post("/api/delegate", order),
        api.post(&kill, json!({}))
    );
    assert_eq!((one, three), (202, 202));
    assert!(matches!(two, 202 | 409), "{two}");
    let path = format!("/api/agents/{id}");
    let ended = api.read(&path).await;
    assert_eq!(ended["status"], "killed");
    if two == 202 {
        until("the task to end", || async {
            let tasks = api.read("/api/tasks").await;
            (tasks["items"][0]["status"] == "failed").then_some(())
        })
        .await;
    }
}

/// Sends bytes as they are and reads what comes until the end or for a while.
async fn raw(daemon: &Daemon, bytes: &[u8]) -> String {
    let address = daemon.url.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut answer)).await;
    let count = read.expect("an answer").unwrap_or(0);
    String::from_utf8_lossy(&answer[..count]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn r07_r13_r15_odd_requests_get_a_refusal_and_no_daemon_dies_of_them() {
    let (_site, daemon, api) = set();
    let host = daemon.url.trim_start_matches("http://").to_owned();
    let token = api.token.clone();
    let authorized = format!("Host: {host}\r\nAuthorization: Bearer {token}\r\n");
    for (head, expected) in [
        (format!("GET /api/me HTTP/1.1\r\n{authorized}\r\n"), "200"),
        (format!("TRACE /api/me HTTP/1.1\r\n{authorized}\r\n"), "405"),
        (
            format!("GET http://evil.example/api/me HTTP/1.1\r\n{authorized}\r\n"),
            "421",
        ),
        (
            format!("GET /api/me HTTP/1.1\r\nHost: evil.example\r\nHost: {host}\r\n\r\n"),
            "4",
        ),
        (
            format!("GET /api/agents/%ff%00 HTTP/1.1\r\n{authorized}\r\n"),
            "40",
        ),
        (
            format!("GET /api/agents/..%2f..%2fme HTTP/1.1\r\n{authorized}\r\n"),
            "404",
        ),
        (
            format!("GET /api/agents/x%0d%0aset-cookie:a HTTP/1.1\r\n{authorized}\r\n"),
            "404",
        ),
        (
            format!("GET /..%2f..%2f..%2fetc/passwd HTTP/1.1\r\n{authorized}\r\n"),
            "",
        ),
        (
            format!("GET //api/audit HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            "",
        ),
        (
            format!(
                "POST /api/ws-tickets HTTP/1.1\r\n{authorized}Content-Type: application/json\r\n\
                 Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            "4",
        ),
        ("\x16\x03\x01\x02\x00\x01\x00".to_owned(), ""),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), ""),
    ] {
        let answer = raw(&daemon, head.as_bytes()).await;
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(status.starts_with(expected), "{head:?}: {answer}");
        let lower = answer.to_lowercase();
        assert!(
            !lower.contains("set-cookie") && !lower.contains("root:"),
            "{answer}"
        );
        assert!(!lower.contains("access-control-"), "{answer}");
    }
    let health = Api::new(&daemon.url, "").get("/api/health").await;
    assert_eq!(health.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn f05_one_route_takes_a_file_and_no_other() {
    let mut site = Site::new();
    site.config = "[limits]\nrequests_per_minute = 100000\n".into();
    let daemon = site.start();
    let admin = daemon.api(&site, "admin", "root");
    let document = admin.read("/api/openapi.json").await;
    let mut tried = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, route) in methods.as_object().unwrap() {
            let kinds = route["requestBody"]["content"].as_object();
            for kind in kinds.into_iter().flat_map(|kinds| kinds.keys()) {
                let file = path == "/api/agents/{id}/files" && kind == "application/octet-stream";
                assert!(
                    file || kind == "application/json",
                    "{method} {path}: {kind}"
                );
            }
            let method = method.to_uppercase();
            if !["POST", "PUT", "PATCH"].contains(&method.as_str()) {
                continue;
            }
            let path = match path.ends_with("/files") {
                true => "/api/agents/id/files?name=f.html".to_owned(),
                false => path.replace(['{', '}'], ""),
            };
            for kind in [
                "multipart/form-data; boundary=x",
                "application/octet-stream",
            ] {
                let file = "--x\r\nContent-Disposition: form-data; name=f; filename=../../f.html\r\n\r\n<script>\r\n--x--\r\n";
                let request = admin.request(method.parse().unwrap(), &path);
                let request = request.header("content-type", kind).body(file);
                let (status, answer) = admin.send(request).await;
                assert!(
                    matches!(status, 403 | 404 | 415),
                    "{method} {path}: {status} {answer}"
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 40, "{tried}");
    assert!(!site.project.join("f.html").exists());
}
