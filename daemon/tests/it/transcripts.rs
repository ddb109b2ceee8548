//! Sessions of the CLIs on disk: found, watched, read, searched; by whom.

mod ccusage;
mod hits;
mod others;
mod scope;
mod soon;
mod words;

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::wait::until;
use serde_json::{Value, json};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SHORT: &str = "00000001-0000-4000-8000-000000000001";
const TOOLS: &str = "00000002-0000-4000-8000-000000000002";
const NESTED: &str = "00000003-0000-4000-8000-000000000003";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    let done = Command::new("cp")
        .arg("-r")
        .args([from, to])
        .status()
        .unwrap();
    assert!(done.success());
}

/// A HOME in which both CLIs were used.
fn used() -> Site {
    let site = Site::new();
    copy(
        &fixtures().join("claude-projects"),
        &site.home.join(".claude/projects"),
    );
    copy(
        &fixtures().join("codex-sessions"),
        &site.home.join(".codex/sessions"),
    );
    site
}

/// The person whose HOME it is.
fn owner(daemon: &Daemon, site: &Site) -> Api {
    daemon.api(site, "developer", "tester")
}

async fn all_read(api: &Api) {
    until("everything to be read", || async {
        let progress = api.read("/api/transcripts?limit=1").await["progress"].clone();
        (progress["listed"] == true && progress["read"] == true).then_some(())
    })
    .await;
}

async fn items(api: &Api, query: &str) -> Vec<Value> {
    let page = api
        .read(&format!("/api/transcripts?limit=200&{query}"))
        .await;
    page["items"].as_array().unwrap().clone()
}

fn named<'a>(items: &'a [Value], session: &str) -> &'a Value {
    let found = items.iter().find(|item| item["session"] == session);
    found.unwrap_or_else(|| panic!("{session} is not listed"))
}

fn record(session: &str, text: &str) -> String {
    json!({"type": "user", "uuid": text, "sessionId": session, "cwd": "/tmp", "isSidechain": false,
        "timestamp": "2026-11-20T15:21:00.588Z", "message": {"role": "user", "content": text}})
    .to_string()
        + "\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_every_cli_are_listed_and_damage_breaks_nothing() {
    let site = used();
    let odd = site.home.join(".claude/projects/-odd");
    std::fs::create_dir_all(odd.join("folder.jsonl")).unwrap();
    let secret = site.root.path().join("secret.jsonl");
    std::fs::write(&secret, record("secret", "CANARY")).unwrap();
    std::os::unix::fs::symlink(&secret, odd.join("link.jsonl")).unwrap();
    std::os::unix::fs::symlink(site.root.path(), odd.join("way-out")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(odd.join("pipe.jsonl"))
            .status()
            .unwrap()
            .success()
    );
    // One line of 20 MB, and a record behind it.
    let long = "x".repeat(20_000_000) + "\n" + &record("long", "behind the long line");
    std::fs::write(odd.join("long.jsonl"), long).unwrap();
    std::fs::write(odd.join("binary.jsonl"), [0_u8, 255, 10, 7, 10]).unwrap();
    let daemon = site.start();
    let api = owner(&daemon, &site);
    all_read(&api).await;
    let list = items(&api, "").await;

    let tools = named(&list, TOOLS);
    assert_eq!(tools["kind"], "claude");
    assert_eq!(tools["project"], "app");
    assert_eq!(tools["tool_calls"], 3);
    assert_eq!(tools["errors"], 1);
    assert_eq!(tools["live"], false);
    assert!(tools["usage"]["output_tokens"].as_u64().unwrap() > 0);
    // The folder that it ran in is not on this machine.
    assert_eq!(tools["resumable"], false);
    assert!(
        tools["not_resumable"]
            .as_str()
            .unwrap()
            .contains("/tmp/demo/app")
    );
    let codex = named(&list, "01a1f98d-a37f-74a1-94ce-bea166a09d03");
    assert_eq!(
        (&codex["kind"], &codex["title"]),
        (&json!("codex"), &json!("hello codex"))
    );
    assert_eq!(
        named(&list, "00009004-0000-4000-8000-000000009004")["problem"],
        "1 record could not be read"
    );
    assert_eq!(named(&list, "long")["last_message"], "behind the long line");
    assert_eq!(
        named(&list, "long")["problem"],
        "1 record could not be read"
    );
    assert_eq!(
        named(&list, "binary")["problem"],
        "2 records could not be read"
    );
    let text = serde_json::to_string(&list).unwrap();
    for foreign in ["CANARY", "\"secret\"", "\"folder\"", "\"pipe\""] {
        assert!(!text.contains(foreign), "{foreign}");
    }
    filtered(&api, &list).await;
}

async fn filtered(api: &Api, list: &[Value]) {
    // Filters and paging.
    assert!(
        items(api, "kind=codex")
            .await
            .iter()
            .all(|item| item["kind"] == "codex")
    );
    assert!(items(api, "cwd=/tmp/demo").await.len() > 5);
    assert!(items(api, "cwd=/tmp/dem").await.is_empty());
    assert!(items(api, "live=true").await.is_empty());
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.read(&format!("/api/transcripts?limit=4{cursor}")).await;
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].clone()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let whole: Vec<Value> = list.iter().map(|item| item["id"].clone()).collect();
    assert_eq!(seen, whole);
    for bad in ["limit=0", "cursor=x", "hours=0", "nonsense=1"] {
        assert_eq!(
            api.get(&format!("/api/transcripts?{bad}")).await.0,
            400,
            "{bad}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_followed_and_only_new_bytes_are_read() {
    let site = Site::new();
    let daemon = site.start();
    let api = owner(&daemon, &site);
    // Not even the folder was there when the daemon began.
    let folder = site.home.join(".claude/projects/-tmp");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("fresh.jsonl");
    std::fs::write(&path, record("fresh", "needle one")).unwrap();
    let read = |messages: u64| {
        let api = api.clone();
        async move {
            until("the messages to be counted", || async {
                let (status, view) = api.get("/api/transcripts/fresh").await;
                let done = status == 200 && view["transcript"]["messages"] == messages;
                done.then_some(view)
            })
            .await
        }
    };
    let first = read(1).await;
    assert_eq!(first["at_end"], true);
    let offset = first["next_offset"].as_u64().unwrap();
    // What was read is spoilt in place; what comes is read, and nothing else.
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.write_all_at(b"#", 0).unwrap();
    let mut end = std::fs::File::options().append(true).open(&path).unwrap();
    end.write_all(record("fresh", "second").as_bytes()).unwrap();
    let second = read(2).await;
    assert_eq!(second["transcript"]["problem"], Value::Null);
    let tail = api
        .read(&format!("/api/transcripts/fresh?from={offset}"))
        .await;
    assert_eq!(tail["entries"].as_array().unwrap().len(), 1);
    assert_eq!(tail["entries"][0]["parts"][0]["text"], "second");
    // Half a record is no record yet.
    let (head, rest) = {
        let line = record("fresh", "third");
        (line[..40].to_owned(), line[40..].to_owned())
    };
    end.write_all(head.as_bytes()).unwrap();
    let at = second["next_offset"].as_u64().unwrap();
    let half = api.read(&format!("/api/transcripts/fresh?from={at}")).await;
    assert_eq!(
        (&half["entries"], &half["next_offset"]),
        (&json!([]), &json!(at))
    );
    end.write_all(rest.as_bytes()).unwrap();
    read(3).await;
    // A restart reads nothing again, and keeps what was read.
    drop(daemon);
    let daemon = site.start();
    let api = api.at(&daemon.url);
    all_read(&api).await;
    assert_eq!(
        api.read("/api/transcripts/fresh").await["transcript"]["messages"],
        3
    );
    assert_eq!(items(&api, "q=needle").await.len(), 1);
    // Replaced by another file, then removed.
    let other = folder.join("other");
    std::fs::write(&other, record("fresh", "instead")).unwrap();
    std::fs::rename(&other, &path).unwrap();
    until("the new file to be read", || async {
        let view = api.read("/api/transcripts/fresh").await;
        (view["transcript"]["messages"] == 1 && view["transcript"]["title"] == "instead")
            .then_some(())
    })
    .await;
    assert!(items(&api, "q=needle").await.is_empty());
    std::fs::remove_file(&path).unwrap();
    until("the session to be gone", || async {
        (api.get("/api/transcripts/fresh").await.0 == 404).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_live_while_that_very_process_runs() {
    let site = used();
    let mut child = Command::new("sleep")
        .arg("600")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let began = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .nth(19)
        .unwrap()
        .to_owned();
    let folder = site.home.join(".claude/sessions");
    std::fs::create_dir_all(&folder).unwrap();
    let status = |session: &str, began: &str| {
        json!({"pid": child.id(), "sessionId": session, "procStart": began, "status": "busy", "cwd": "/tmp"}).to_string()
    };
    std::fs::write(folder.join("1.json"), status(SHORT, &began)).unwrap();
    // The same pid, but another process had it then.
    std::fs::write(folder.join("2.json"), status(TOOLS, "1")).unwrap();
    std::fs::write(folder.join("3.json"), "{").unwrap();
    let daemon = site.start();
    let api = owner(&daemon, &site);
    all_read(&api).await;
    let live = items(&api, "live=true").await;
    assert_eq!(live.len(), 1, "{live:?}");
    assert_eq!(live[0]["session"], SHORT);
    assert_eq!(live[0]["status"], "busy");
    assert_eq!(live[0]["pid"], child.id());
    let (code, refused) = api
        .post(&format!("/api/transcripts/{SHORT}/resume"), json!({}))
        .await;
    assert_eq!(code, 409);
    assert!(
        refused["detail"].as_str().unwrap().contains("writes to it"),
        "{refused}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    until("the session to have ended", || async {
        items(&api, "live=true").await.is_empty().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_searched_and_exported_with_its_sub_agents() {
    let site = used();
    let daemon = site.start();
    let api = owner(&daemon, &site);
    all_read(&api).await;
    let view = api
        .read(&format!("/api/transcripts/{NESTED}?limit=1000"))
        .await;
    let child = &view["children"][0];
    assert_eq!(child["parent"], NESTED);
    let calls = serde_json::to_string(&view["entries"]).unwrap();
    assert!(calls.contains(child["call_id"].as_str().unwrap()));
    let found = items(&api, "q=main.py%20README").await;
    assert!(
        found.iter().any(|item| item["session"] == TOOLS),
        "{found:?}"
    );
    let hit = &named(&found, TOOLS)["hits"][0];
    assert!(hit["snippet"].as_str().unwrap().contains("README"), "{hit}");
    let at = hit["offset"].as_u64().unwrap();
    let linked = api
        .read(&format!("/api/transcripts/{TOOLS}?from={at}&limit=1"))
        .await;
    assert_eq!(linked["entries"][0]["offset"], at);
    for odd in ["%22", "*", "a%22%20OR%20b", "NEAR(", "-x", "%25", "%00"] {
        assert_eq!(
            api.get(&format!("/api/transcripts?q={odd}")).await.0,
            200,
            "{odd}"
        );
    }
    let (status, text) = api.get(&format!("/api/transcripts/{NESTED}/export")).await;
    let text = text.as_str().unwrap();
    assert_eq!(status, 200);
    assert!(
        text.contains("Sub-agent: ") && text.contains("- Session: "),
        "{text}"
    );
    assert!(text.find("**Tool: ").unwrap() < text.find("Sub-agent: ").unwrap());
    let sums = api.read("/api/transcripts/usage").await;
    let models = sums["models"].as_array().unwrap();
    let output: u64 = models
        .iter()
        .map(|one| one["usage"]["output_tokens"].as_u64().unwrap())
        .sum();
    assert_eq!(sums["usage"]["output_tokens"], output);
    // The command line shows the same.
    let listed = site.run(&["sessions", "--kind", "codex", "--json"]);
    let lines = String::from_utf8(listed.stdout).unwrap();
    assert_eq!(lines.lines().count(), items(&api, "kind=codex").await.len());
    let table = site.run(&["sessions", "hello"]);
    assert!(
        String::from_utf8(table.stdout)
            .unwrap()
            .contains("hello codex")
    );
    let text = site.run(&["sessions", "--export", SHORT]);
    assert!(
        String::from_utf8(text.stdout)
            .unwrap()
            .contains("hello there")
    );
    assert_eq!(site.run(&["resume", "nothing"]).status.code(), Some(3));
}
