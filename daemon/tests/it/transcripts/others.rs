//! Sessions of the CLIs that keep no status of their own: found, told whose process has
//! them open, and said why they cannot go on; and folders that the settings name.

use super::{all_read, items, named, owner, record};
use crate::support::daemon::Site;
use crate::support::wait::until;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn write(path: &Path, records: &[serde_json::Value]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let lines: Vec<String> = records.iter().map(|record| format!("{record}\n")).collect();
    std::fs::write(path, lines.concat()).unwrap();
}

/// A chat of each, as they write them; the path of Gemini's.
fn chats(site: &Site) -> PathBuf {
    let project = site.project.display().to_string();
    let gemini = site.home.join(".gemini");
    let chat = gemini.join("tmp/app/chats/session-2026-11-20T15-22-0a1b2c3d.jsonl");
    write(
        &chat,
        &[
            json!({"sessionId": "0a1b2c3d-0000-4000-8000-000000000000", "projectHash": "x", "kind": "main",
                "startTime": "2026-11-20T15:22:50.000Z"}),
            json!({"id": "u1", "type": "user", "content": "look at the flaky test",
                "timestamp": "2026-11-20T15:22:51.000Z"}),
            json!({"id": "m1", "type": "gemini", "content": "It waits for a time.", "model": "gemini-2.5-pro",
                "timestamp": "2026-11-20T15:22:53.000Z", "tokens": {"input": 1_000_000, "output": 10, "cached": 0}}),
            json!({"$set": {"summary": "The flaky test"}}),
        ],
    );
    std::fs::write(
        gemini.join("projects.json"),
        json!({"projects": {&project: "app"}}).to_string(),
    )
    .unwrap();
    write(
        &site.home.join(".qwen/projects/-tmp-x/chats/q1.jsonl"),
        &[
            json!({"uuid": "1", "sessionId": "q1", "type": "user", "cwd": "/tmp", "gitBranch": "main",
                "timestamp": "2026-11-20T15:22:51.000Z", "message": {"role": "user", "parts": [{"text": "hello qwen"}]}}),
            json!({"uuid": "2", "sessionId": "q1", "type": "assistant", "cwd": "/tmp", "model": "qwen3-coder",
                "timestamp": "2026-11-20T15:22:52.000Z", "message": {"role": "model", "parts": [{"text": "hello you"}]},
                "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 6}}),
        ],
    );
    chat
}

#[tokio::test(flavor = "multi_thread")]
async fn chats_of_gemini_and_qwen_are_told_with_all_that_is_known() {
    let site = Site::new();
    let project = site.project.display().to_string();
    let chat = chats(&site);
    // Somebody has the chat open, as its CLI would.
    let open = std::fs::File::open(&chat).unwrap();
    let mut holder = Command::new("sleep")
        .arg("600")
        .stdin(Stdio::from(open))
        .spawn()
        .unwrap();
    let daemon = site.start();
    let api = owner(&daemon, &site);
    all_read(&api).await;
    let list = items(&api, "").await;
    let chat = named(&list, "session-2026-11-20T15-22-0a1b2c3d");
    for (key, wanted) in [
        ("kind", json!("gemini")),
        ("title", json!("The flaky test")),
        ("cwd", json!(project)),
        ("project", json!("project")),
        ("model", json!("gemini-2.5-pro")),
        ("first_message", json!("look at the flaky test")),
        ("last_message", json!("It waits for a time.")),
        ("messages", json!(2)),
        ("duration_ms", json!(3000)),
        ("live", json!(true)),
        ("pid", json!(holder.id())),
        ("resumable", json!(false)),
    ] {
        assert_eq!(chat[key], wanted, "{key}");
    }
    let cost = chat["cost_usd"].as_f64().unwrap();
    assert!((cost - 1.2501).abs() < 1e-6, "{cost}");
    assert!(
        chat["not_resumable"].as_str().unwrap().contains("process"),
        "{chat}"
    );
    holder.kill().unwrap();
    holder.wait().unwrap();
    until("the chat to be closed", || async {
        let list = items(&api, "kind=gemini").await;
        (list[0]["live"] == false).then_some(())
    })
    .await;
    let list = items(&api, "kind=gemini").await;
    let why = list[0]["not_resumable"].as_str().unwrap().to_owned();
    assert!(
        why.contains("sessions of gemini") && why.contains(&project),
        "{why}"
    );
    let list = items(&api, "kind=qwen").await;
    let qwen = named(&list, "q1");
    assert_eq!(qwen["branch"], "main");
    assert_eq!(qwen["usage"]["output_tokens"], 6);
    // No public price is known for it.
    assert_eq!(qwen["cost_usd"], serde_json::Value::Null);
    assert!(
        qwen["not_resumable"]
            .as_str()
            .unwrap()
            .contains("sessions of qwen"),
        "{qwen}"
    );
    let view = api.read("/api/transcripts/q1").await;
    assert_eq!(view["entries"][1]["parts"][0]["text"], "hello you");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_looked_for_where_the_settings_say() {
    let mut site = Site::new();
    let folder = site.home.join("kept/-tmp");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("here.jsonl"), record("here", "found")).unwrap();
    let usual = site.home.join(".claude/projects/-tmp");
    std::fs::create_dir_all(&usual).unwrap();
    std::fs::write(usual.join("there.jsonl"), record("there", "not looked at")).unwrap();
    site.config = "[kinds.claude]\nsessions = \"~/kept\"\n\n[prices]\n\"house\" = [1, 2, 3, 4]\n\n\
        [transcripts]\nheartbeat_s = 1\n"
        .to_owned();
    let daemon = site.start();
    let api = owner(&daemon, &site);
    all_read(&api).await;
    let list = items(&api, "").await;
    assert_eq!(list.len(), 1, "{list:?}");
    assert_eq!(list[0]["session"], "here");
    // A model that only the owner knows the price of.
    let mut answer: serde_json::Value = serde_json::from_str(&record("paid", "x")).unwrap();
    answer["type"] = "assistant".into();
    answer["message"] = json!({"id": "m", "role": "assistant", "model": "house-1", "content": [],
        "usage": {"input_tokens": 1_000_000, "output_tokens": 1_000_000}});
    std::fs::write(folder.join("paid.jsonl"), format!("{answer}\n")).unwrap();
    until("its cost", || async {
        let (status, view) = api.get("/api/transcripts/paid").await;
        (status == 200 && view["transcript"]["cost_usd"] == 3.0).then_some(())
    })
    .await;
}
