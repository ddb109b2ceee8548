//! How soon a session is listed after somebody else wrote its file: told by the watch
//! while that sees it, found by the next look everywhere when it does not.

use super::{items, owner, record};
use crate::support::api::Api;
use crate::support::daemon::Site;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// A second, and what a machine under load may add; a look everywhere comes much later.
const SOON: Duration = Duration::from_secs(6);
/// Seconds between two looks everywhere that no test waits for.
const NEVER: &str = "\n[transcripts]\nheartbeat_s = 3600\n";
const OFTEN: &str = "\n[transcripts]\nheartbeat_s = 1\n";

/// Waits until `shown` holds for the session; tells how long that took.
async fn soon(api: &Api, what: &str, session: &str, shown: impl Fn(&Value) -> bool) {
    let begun = Instant::now();
    loop {
        let list = items(api, "all=true").await;
        let found = list.iter().find(|item| item["session"] == session);
        if found.is_some_and(&shown) {
            eprintln!("{what}: {:?}", begun.elapsed());
            return;
        }
        assert!(begun.elapsed() < SOON, "{what}: not listed: {found:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Writes a file as a CLI does: its folders first.
fn write(path: &Path, lines: &[Value]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let lines: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(path, lines.concat()).unwrap();
}

fn says(text: &'static str) -> impl Fn(&Value) -> bool {
    move |item| item["last_message"] == text
}

/// One session of each CLI: what, its id, its path, its records.
fn shapes() -> Vec<(&'static str, &'static str, &'static str, Vec<Value>)> {
    let at = "2026-11-20T15:22:51.000Z";
    let claude = |text: &str| {
        vec![
            json!({"type": "user", "uuid": text, "sessionId": "c1", "cwd": "/tmp", "timestamp": at,
            "message": {"role": "user", "content": text}}),
        ]
    };
    let thread = "01a1f98d-0000-74a1-94ce-000000000001";
    vec![
        (
            "a session of Claude Code",
            "c1",
            ".claude/projects/-tmp/c1.jsonl",
            claude("now"),
        ),
        (
            "its sub-agent",
            "s1",
            ".claude/projects/-tmp/c1/subagents/agent-s1.jsonl",
            claude("now"),
        ),
        (
            "a rollout of Codex",
            thread,
            ".codex/sessions/2026/11/20/rollout-2026-11-20T15-22-51-01a1f98d-0000-74a1-94ce-000000000001.jsonl",
            vec![
                json!({"timestamp": at, "type": "session_meta", "payload": {"id": thread, "cwd": "/tmp"}}),
                json!({"timestamp": at, "type": "response_item", "payload": {"type": "message", "role": "user",
                    "content": [{"type": "input_text", "text": "now"}]}}),
            ],
        ),
        (
            "a chat of Gemini CLI",
            "session-2026-11-20T15-22-0a1b2c3d",
            ".gemini/tmp/app/chats/session-2026-11-20T15-22-0a1b2c3d.jsonl",
            vec![
                json!({"sessionId": "x", "kind": "main", "startTime": at}),
                json!({"id": "u1", "type": "user", "content": "now", "timestamp": at}),
            ],
        ),
        (
            "a chat of Qwen Code",
            "q1",
            ".qwen/projects/-tmp/chats/q1.jsonl",
            vec![
                json!({"uuid": "1", "sessionId": "q1", "type": "user", "cwd": "/tmp", "timestamp": at,
                "message": {"role": "user", "parts": [{"text": "now"}]}}),
            ],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_session_of_every_cli_is_listed_at_once() {
    let mut site = Site::new();
    site.config.push_str(NEVER);
    // The folders of the CLIs are there, as when they were used before; nothing below is.
    for root in [
        ".claude/projects",
        ".codex/sessions",
        ".gemini/tmp",
        ".qwen/projects",
    ] {
        std::fs::create_dir_all(site.home.join(root)).unwrap();
    }
    let daemon = site.start();
    let api = owner(&daemon, &site);
    super::all_read(&api).await;
    for (what, session, path, records) in shapes() {
        write(&site.home.join(path), &records);
        soon(&api, what, session, says("now")).await;
    }
    // A record more, in a file that is there.
    let path = site.home.join(".claude/projects/-tmp/c1.jsonl");
    let mut end = std::fs::File::options().append(true).open(&path).unwrap();
    end.write_all(record("c1", "later").as_bytes()).unwrap();
    soon(&api, "one more record", "c1", says("later")).await;
    // Made elsewhere and moved in: over a file that is there, as a new one, as a folder.
    let outside = site.home.join("outside");
    std::fs::create_dir_all(outside.join("-moved")).unwrap();
    std::fs::write(outside.join("new"), record("c1", "instead")).unwrap();
    std::fs::rename(outside.join("new"), &path).unwrap();
    soon(&api, "a file replaced by a rename", "c1", says("instead")).await;
    std::fs::write(outside.join("new"), record("c2", "moved in")).unwrap();
    std::fs::rename(outside.join("new"), path.with_file_name("c2.jsonl")).unwrap();
    soon(&api, "a file moved in", "c2", says("moved in")).await;
    std::fs::write(
        outside.join("-moved/c3.jsonl"),
        record("c3", "with its folder"),
    )
    .unwrap();
    std::fs::rename(
        outside.join("-moved"),
        site.home.join(".claude/projects/-moved"),
    )
    .unwrap();
    soon(&api, "a folder moved in", "c3", says("with its folder")).await;
    std::fs::write(&path, record("c1", "cut")).unwrap();
    soon(&api, "a file cut short", "c1", says("cut")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_watch_tells_is_found_by_the_next_look() {
    let mut site = Site::new();
    site.config.push_str(OFTEN);
    let folder = site.home.join(".claude/projects/-tmp");
    std::fs::create_dir_all(&folder).unwrap();
    let daemon = site.start();
    let api = owner(&daemon, &site);
    // Written to by another name outside, where nothing is watched.
    let outside = site.home.join("outside.jsonl");
    std::fs::write(&outside, record("h1", "first")).unwrap();
    std::fs::hard_link(&outside, folder.join("h1.jsonl")).unwrap();
    soon(&api, "a link to a file", "h1", says("first")).await;
    let mut end = std::fs::File::options()
        .append(true)
        .open(&outside)
        .unwrap();
    end.write_all(record("h1", "unseen").as_bytes()).unwrap();
    soon(
        &api,
        "a record that no watch tells of",
        "h1",
        says("unseen"),
    )
    .await;
    std::fs::write(&outside, record("h1", "anew")).unwrap();
    soon(&api, "the same file written anew", "h1", says("anew")).await;
    let text = serde_json::to_string(&items(&api, "q=unseen").await).unwrap();
    assert_eq!(text, "[]", "words that are gone are not found");
}
