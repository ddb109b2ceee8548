//! Agents that crash start again: with their conversation, after a pause, up to a number of
//! times; also when the daemon was killed meanwhile, and never against a person's word.

use crate::support::api::Api;
use crate::support::daemon::Site;
use crate::support::kit::Model;
use crate::support::wait::until;
use serde_json::{Value, json};

async fn agent_where(api: &Api, path: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    until(what, || async {
        let agent = api.read(path).await;
        holds(&agent).then_some(agent)
    })
    .await
}

fn reason(agent: &Value) -> &str {
    agent["reason"].as_str().unwrap_or_default()
}

/// Ends a process as a crash would.
fn crash(agent: &Value) {
    let pid = agent["pid"].to_string();
    let status = std::process::Command::new("kill")
        .args(["-KILL", &pid])
        .status();
    assert!(status.unwrap().success());
}

async fn answered(api: &Api, path: &str, text: &str) -> String {
    let messages = format!("{path}/messages");
    let sent = api.must(&messages, json!({"text": text})).await;
    reply(api, &messages, &sent).await
}

async fn reply(api: &Api, messages: &str, sent: &Value) -> String {
    until("the answer", || async {
        let list = api.read(messages).await;
        let items = list["items"].as_array().unwrap();
        let own = items.iter().find(|item| item["id"] == sent["id"])?;
        assert_ne!(own["status"], "failed", "{own}");
        let reply = items.iter().find(|item| item["reply_to"] == sent["id"])?;
        Some(reply["text"].as_str().unwrap().to_owned())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_and_codex_come_back_with_their_conversation() {
    let model = Model::start("clis.json");
    let mut site = Site::with_clis(&model);
    site.config = "[recovery]\nbackoff_s = 0\n".into();
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    for kind in ["claude", "codex"] {
        let order = json!({"kind": kind, "restart": "crash"});
        let agent = api.must("/api/agents", order).await;
        let path = format!("/api/agents/{}", agent["id"].as_str().unwrap());
        assert_eq!(answered(&api, &path, "echo t0c0ffee").await, "t0c0ffee");
        // A CLI writes its file a moment late: what is said now may be lost, but not that.
        assert_eq!(answered(&api, &path, "echo t0c0ffee").await, "t0c0ffee");
        for crashes in 1..=2 {
            crash(&api.read(&path).await);
            let back = |agent: &Value| agent["restarts"] == crashes && agent["status"] == "running";
            agent_where(&api, &path, "the next start", back).await;
            let first = answered(&api, &path, "what came first").await;
            assert_eq!(first, "first was t0c0ffee", "{kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_keeps_crashing_stays_ended() {
    let mut site = Site::new();
    site.config = "[recovery]\nrestart = \"crash\"\nrestarts = 2\nbackoff_s = 0\n".into();
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    let path = format!("/api/agents/{}", agent["id"].as_str().unwrap());
    for restarts in 1..=2 {
        api.must(&format!("{path}/input"), json!({"text": "exit 3\r"}))
            .await;
        let back = |agent: &Value| agent["restarts"] == restarts && agent["status"] == "running";
        agent_where(&api, &path, "the next start", back).await;
    }
    api.must(&format!("{path}/input"), json!({"text": "exit 3\r"}))
        .await;
    let ended = agent_where(&api, &path, "the end", |agent| agent["status"] == "failed").await;
    assert!(reason(&ended).contains("exit code 3"), "{ended}");
    assert!(reason(&ended).contains("after 2 times"), "{ended}");
    assert_eq!(ended["restart_at"], Value::Null);

    // Who leaves in good order, or never asked for it, is left ended.
    for (order, last) in [
        (json!({"kind": "shell"}), "exit 0\r"),
        (json!({"kind": "shell", "restart": "never"}), "exit 3\r"),
    ] {
        let agent = api.must("/api/agents", order).await;
        let path = format!("/api/agents/{}", agent["id"].as_str().unwrap());
        api.must(&format!("{path}/input"), json!({"text": last}))
            .await;
        let ended = |agent: &Value| agent["ended_at"] != Value::Null;
        let agent = agent_where(&api, &path, "the end", ended).await;
        assert_eq!(agent["restart_at"], Value::Null, "{agent}");
    }
    let (status, problem) = api
        .post("/api/agents", json!({"kind": "shell", "restart": "always"}))
        .await;
    assert_eq!(status, 400, "{problem}");
    assert!(problem.to_string().contains("crash"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_the_next_start_can_be_ended_and_outlives_the_daemon() {
    let mut site = Site::new();
    site.config = "[recovery]\nrestart = \"crash\"\nbackoff_s = 600\n".into();
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let mut paths = Vec::new();
    for _ in 0..3 {
        let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
        let path = format!("/api/agents/{}", agent["id"].as_str().unwrap());
        api.must(&format!("{path}/input"), json!({"text": "exit 3\r"}))
            .await;
        let waits = |agent: &Value| agent["restart_at"] != Value::Null;
        let agent = agent_where(&api, &path, "the wait", waits).await;
        assert_eq!(agent["status"], "failed");
        assert!(
            reason(&agent).contains("starts again in 600 s (1 of 3)"),
            "{agent}"
        );
        paths.push(path);
    }
    // A person's word ends it …
    api.must(&format!("{}/kill", paths[0]), json!({"reason": "enough"}))
        .await;
    let killed = api.read(&paths[0]).await;
    assert_eq!(killed["restart_at"], Value::Null);
    assert_eq!(reason(&killed), "enough");
    // … or makes it short.
    let messages = format!("{}/messages", paths[1]);
    let queued = json!({"text": "echo after all", "as_command": true});
    let queued = api.must(&messages, queued).await;
    api.must(&format!("{}/retry", paths[1]), json!({})).await;
    assert_eq!(api.read(&paths[1]).await["restarts"], 1);
    let reply = reply(&api, &messages, &queued).await;
    assert!(reply.ends_with("after all"), "{reply}");

    daemon.kill();
    let early = site.config.replace("600", "0");
    site.config = early;
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let waits = api.read(&paths[2]).await;
    assert_eq!(waits["status"], "failed", "{waits}");
    assert_ne!(waits["restart_at"], Value::Null, "{waits}");

    // Ending everything means it, too.
    let all = json!({"confirm": "everything"});
    let answer = api.must("/api/admin/kill", all).await;
    assert_eq!(answer["killed"].as_array().unwrap().len(), 2, "{answer}");
    assert_eq!(api.read(&paths[2]).await["restart_at"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_lost_with_its_tmux_comes_back() {
    let mut site = Site::new();
    site.config = "[recovery]\nrestart = \"crash\"\nbackoff_s = 1\n".into();
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    let path = format!("/api/agents/{}", agent["id"].as_str().unwrap());
    let pid = site.tmux(&["display-message", "-p", "#{pid}"]);
    let pid = String::from_utf8(pid.stdout).unwrap();
    daemon.kill();
    let killed = std::process::Command::new("kill")
        .args(["-KILL", pid.trim()])
        .status();
    assert!(killed.unwrap().success());
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let back = |agent: &Value| agent["restarts"] == 1 && agent["status"] == "running";
    let agent = agent_where(&api, &path, "the next start", back).await;
    assert_ne!(agent["pid"], Value::Null);
}
