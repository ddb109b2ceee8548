//! Files that people drop for an agent, against the running daemon: where they land, who
//! may, how large, and what is left of one that broke off.

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::wait::until;
use serde_json::{Value, json};
use std::path::PathBuf;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

struct Place {
    site: Site,
    daemon: Daemon,
    ann: Api,
    agent: String,
    cwd: PathBuf,
}

async fn place() -> Place {
    let site = Site::new();
    let daemon = site.start();
    let ann = daemon.api(&site, "developer", "ann");
    let cwd = site.project.display().to_string();
    let made = ann
        .must("/api/agents", json!({"kind": "shell", "cwd": cwd}))
        .await;
    Place {
        agent: made["id"].as_str().unwrap().to_owned(),
        cwd: made["cwd"].as_str().unwrap().into(),
        site,
        daemon,
        ann,
    }
}

impl Place {
    async fn put(&self, api: &Api, name: &str, body: Vec<u8>) -> (u16, Value) {
        let whole = format!("{}/api/agents/{}/files", api.base, self.agent);
        let whole = reqwest::Url::parse_with_params(&whole, [("name", name)]).unwrap();
        let path = &whole.as_str()[api.base.len()..];
        let request = api
            .request(reqwest::Method::POST, path)
            .header("content-type", "application/octet-stream")
            .body(body);
        api.send(request).await
    }

    fn files(&self) -> Vec<String> {
        let folder = std::fs::read_dir(self.cwd.join(".orchestra/files"));
        let names = folder.into_iter().flatten();
        names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_lands_in_the_agents_folder_and_its_name_runs_nothing() {
    let place = place().await;
    let picture: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    let (status, made) = place.put(&place.ann, "shot 1.png", picture.clone()).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["path"], ".orchestra/files/shot-1.png");
    assert_eq!(made["bytes"], 3_000_000);
    let there = std::fs::read(place.cwd.join(".orchestra/files/shot-1.png")).unwrap();
    assert!(there == picture, "byte for byte");
    let (_, again) = place.put(&place.ann, "shot 1.png", b"other".to_vec()).await;
    assert_eq!(again["name"], "shot-1-2.png");

    // The name goes to a shell as it came back, and the shell finds the file.
    let hostile = "../../$(touch canary);`touch canary` && touch canary #.txt";
    let (status, made) = place
        .put(&place.ann, hostile, b"found-7f3a\n".to_vec())
        .await;
    assert_eq!(status, 201, "{made}");
    let order =
        json!({"agent": place.agent, "task": format!("cat {}", made["path"].as_str().unwrap())});
    let task = place.ann.must("/api/delegate", order).await;
    let wait = format!("/api/tasks/{}/wait?timeout_ms=60000", task["id"]);
    let done = place.ann.read(&wait).await;
    assert!(
        done["result"]["text"]
            .as_str()
            .unwrap()
            .contains("found-7f3a"),
        "{done}"
    );
    assert!(!place.cwd.join("canary").exists());
    assert!(place.files().iter().all(|name| !name.starts_with('.')));

    let admin = place.daemon.api(&place.site, "admin", "root");
    let audit = admin.read("/api/audit?limit=200").await.to_string();
    assert!(
        audit.contains("file=.orchestra/files/shot-1.png bytes=3000000"),
        "{audit}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whoever_may_type_may_drop() {
    let place = place().await;
    let bob = place.daemon.api(&place.site, "developer", "bob");
    bob.read("/api/me").await;
    assert_eq!(place.put(&bob, "a", b"x".to_vec()).await.0, 404);
    let share = format!("/api/agents/{}/shares/bob", place.agent);
    for (rights, status) in [("read", 403), ("type", 201)] {
        let request = place.ann.request(reqwest::Method::PUT, &share);
        place
            .ann
            .send(request.json(&json!({"rights": rights})))
            .await;
        assert_eq!(
            place.put(&bob, "a", b"x".to_vec()).await.0,
            status,
            "{rights}"
        );
    }
    let kill = format!("/api/agents/{}/kill", place.agent);
    place.ann.must(&kill, json!({})).await;
    until("the agent's end", || async {
        let (status, problem) = place.put(&place.ann, "b", b"x".to_vec()).await;
        (status == 409 && problem["type"] == "urn:orchestra:agent_ended").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_of_another_kind_or_broken_off_leaves_nothing() {
    let place = place().await;
    let path = format!("/api/agents/{}/files?name=x", place.agent);
    let (status, problem) = place.ann.post(&path, json!({})).await;
    assert_eq!(
        (status, &problem["type"]),
        (415, &json!("urn:orchestra:not_a_file"))
    );

    let host = place.daemon.url.strip_prefix("http://").unwrap();
    let head = |rest: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\
             content-type: application/octet-stream\r\n{rest}\r\n\r\n",
            place.ann.token
        )
    };
    // What says that it is too large is refused before a byte of it comes.
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let big = 32 * 1024 * 1024 + 1;
    stream
        .write_all(head(&format!("content-length: {big}\r\nconnection: close")).as_bytes())
        .await
        .unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");

    // Without a length it is only known once it is there.
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    stream
        .write_all(head("transfer-encoding: chunked").as_bytes())
        .await
        .unwrap();
    let chunk = [b"100000\r\n".to_vec(), vec![7; 0x10_0000], b"\r\n".to_vec()].concat();
    for _ in 0..33 {
        // The daemon may hang up once it has had enough.
        if stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 413"),
        "{answer:.200}"
    );

    // One that promises more than it sends.
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    stream
        .write_all(head("content-length: 1000").as_bytes())
        .await
        .unwrap();
    stream.write_all(b"half").await.unwrap();
    until("a draft", || async {
        (!place.files().is_empty()).then_some(())
    })
    .await;
    drop(stream);
    until("the draft to go", || async {
        place.files().is_empty().then_some(())
    })
    .await;
}
