//! The main job with the real CLIs: a word that is made up at each run travels from the
//! message through the primary's MCP call, a specialist's tool and a file in a real git
//! repository back into the reply.

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::kit::{Model, git};
use crate::support::socket::Socket;
use crate::support::wait::until;
use serde_json::{Value, json};

/// Specialists may run commands: nobody is there to answer dialogs.
pub(crate) const CONFIG: &str = r#"
[[specialists]]
name = "droid"
kind = "claude"
labels = ["backend"]
instructions = "You write files."
permissions = "full"

[[specialists]]
name = "codex"
kind = "codex"
labels = ["review"]
instructions = "You write files."
"#;

/// A site with the CLIs, its daemon, and its owner's socket.
pub(crate) struct Stage {
    /// Ends with its guard.
    pub _model: Model,
    pub site: Site,
    pub daemon: Daemon,
    pub api: Api,
    pub socket: Socket,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let model = Model::start("main-job.json");
        let mut site = Site::with_clis(&model);
        site.config = CONFIG.to_owned();
        let daemon = site.start();
        let api = daemon.api(&site, "admin", "tester");
        let socket = Socket::open(&api).await;
        Self {
            _model: model,
            site,
            daemon,
            api,
            socket,
        }
    }
}

/// A word that no script knows.
pub(crate) fn word() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("w{}", &id[..12])
}

async fn job(stage: &mut Stage, specialist: &str) {
    let word = word();
    let file = format!("{word}.txt");
    let client_id = uuid::Uuid::new_v4().to_string();
    let text = format!("Let {specialist} store the word {word} in {file}");
    let message = json!({
        "type": "user_message", "content": text, "session_id": "sess-primary", "client_id": client_id,
    });
    stage.socket.send(message).await;
    let reply = stage
        .socket
        .until("the reply", |value| {
            value["type"] == "claude_response"
                && value["content"]
                    .as_str()
                    .unwrap_or_default()
                    .contains(&word)
        })
        .await;
    assert_eq!(reply["session_id"], "sess-primary");
    assert!(
        reply["content"].as_str().unwrap().contains("completed"),
        "{reply}"
    );

    assert_eq!(
        std::fs::read_to_string(stage.site.project.join(&file))
            .unwrap()
            .trim(),
        word
    );
    let log = git(&stage.site.project, &["log", "--oneline", "--", &file]);
    assert_eq!(log.lines().count(), 1, "one commit: {log}");

    receipts(stage, &text, &reply).await;
    task(stage, specialist, &word).await;
}

/// The receipt went through every step, accepted on the CLI's own word.
async fn receipts(stage: &Stage, text: &str, reply: &Value) {
    let steps: Vec<&str> = stage
        .socket
        .seen
        .iter()
        .filter(|value| value["type"] == "receipt" && value["message"]["text"] == text)
        .filter_map(|value| value["message"]["status"].as_str())
        .collect();
    let mut order = steps.clone();
    order.dedup();
    assert_eq!(
        order,
        ["queued", "pasted", "submitted", "accepted", "answered"],
        "{steps:?}"
    );
    let messages = stage.api.read("/api/agents/primary/messages").await;
    let items = messages["items"].as_array().unwrap();
    let sent = items.iter().find(|item| item["text"] == text).unwrap();
    assert_eq!(sent["evidence"], "hook");
    let answer = items
        .iter()
        .find(|item| item["id"] == reply["message_id"])
        .unwrap();
    assert_eq!(answer["reply_to"], sent["id"]);
}

/// The task has its result, its attempt, and its updates went over the socket.
async fn task(stage: &Stage, specialist: &str, word: &str) {
    let tasks = stage.api.read("/api/tasks").await;
    let task = &tasks["items"][0];
    assert_eq!(task["status"], "completed", "{task}");
    assert_eq!(task["specialist"], specialist);
    assert_eq!(task["attempts"][0]["status"], "completed");
    let summary = task["result"]["declared"]["summary"].as_str().unwrap();
    assert!(summary.contains(word), "{summary}");
    let updates: Vec<&str> = stage
        .socket
        .seen
        .iter()
        .filter(|value| value["type"] == "task_update" && value["task_id"] == task["id"])
        .filter_map(|value| value["status"].as_str())
        .collect();
    for step in ["queued", "assigned", "running", "completed"] {
        assert!(updates.contains(&step), "{step} in {updates:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_travels_through_claude_and_back() {
    let mut stage = Stage::set().await;
    job(&mut stage, "droid").await;
    // A second job reuses the idle specialist with an emptied conversation.
    job(&mut stage, "droid").await;
    let agents = stage.api.read("/api/agents").await;
    let droids: Vec<&Value> = agents["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|agent| agent["specialist"] == "droid")
        .collect();
    assert_eq!(droids.len(), 1, "{droids:?}");
    no_secret_leaks(&stage);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_travels_through_codex_and_back() {
    let mut stage = Stage::set().await;
    job(&mut stage, "codex").await;
    no_secret_leaks(&stage);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_waits_for_its_yes() {
    let mut stage = Stage::set().await;
    let (one, two) = (word(), word());
    let text = format!("Plan two words {one} and {two} with droid");
    stage
        .socket
        .send(json!({"type": "user_message", "content": text}))
        .await;
    let reply = stage
        .socket
        .until("the plan", |value| {
            value["type"] == "claude_response" && !value["actions"].as_array().unwrap().is_empty()
        })
        .await;
    let action = &reply["actions"][0];
    assert_eq!(action["type"], "approve_plan");
    let ids = action["task_ids"].clone();
    assert_eq!(ids.as_array().unwrap().len(), 2);
    for id in ids.as_array().unwrap() {
        let task = stage.api.read(&format!("/api/tasks/{id}")).await;
        assert_eq!(
            (task["status"].as_str(), task["reason"].as_str()),
            (Some("waiting"), Some("approval"))
        );
    }
    let answer =
        json!({"type": "action", "action": "approve_plan", "task_ids": ids, "decision": "approve"});
    stage.socket.send(answer).await;
    for id in ids.as_array().unwrap() {
        let path = format!("/api/tasks/{id}/wait?timeout_ms=60000");
        let task = stage.api.read(&path).await;
        assert_eq!(task["status"], "completed", "{task}");
    }
    for (file, word) in [("one.txt", &one), ("two.txt", &two)] {
        let held = std::fs::read_to_string(stage.site.project.join(file)).unwrap();
        assert_eq!(held.trim(), word);
    }
    // Nobody waited in a call, so the results come to the primary as messages.
    for id in ids.as_array().unwrap() {
        let begins = format!("[Orchestra] Task {id} ");
        until("the handed over result", || async {
            let messages = stage.api.read("/api/agents/primary/messages").await;
            let found = messages["items"].as_array().unwrap().iter().any(|item| {
                item["author"] == "system"
                    && item["text"].as_str().unwrap().starts_with(&begins)
                    && item["status"] == "answered"
            });
            found.then_some(())
        })
        .await;
    }
}

/// No token is in a log, an argv or what `ps` shows; every change has its audit pair.
fn no_secret_leaks(stage: &Stage) {
    let site = &stage.site;
    let mut secrets = vec![stage.api.token.clone(), "sk-test".to_owned()];
    for entry in std::fs::read_dir(site.data.join("agents")).unwrap() {
        let token = entry.unwrap().path().join("token");
        secrets.push(std::fs::read_to_string(token).unwrap());
    }
    let log = std::fs::read_to_string(site.data.join("../daemon.log")).unwrap();
    let ps = std::process::Command::new("ps")
        .args(["-eo", "args"])
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&ps.stdout).into_owned();
    let audit = read_all(&site.data.join("audit"));
    let tmux = site.tmux(&["show-environment", "-t", "=sess-primary:"]);
    let tmux = String::from_utf8_lossy(&tmux.stdout).into_owned();
    for secret in &secrets {
        for (place, text) in [
            ("log", &log),
            ("ps", &shown),
            ("audit", &audit),
            ("tmux", &tmux),
        ] {
            assert!(!text.contains(secret.as_str()), "a secret is in {place}");
        }
    }
    for action in ["POST /api/delegate", "POST /api/report"] {
        let records: Vec<Value> = audit
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(|record: &Value| record["action"] == action)
            .collect();
        assert!(
            !records.is_empty() && records.len().is_multiple_of(2),
            "{action}: {records:?}"
        );
    }
}

fn read_all(folder: &std::path::Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            text.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clis_work_side_by_side_in_worktrees_and_both_are_merged() {
    let stage = Stage::set().await;
    let project = &stage.site.project;
    let api = &stage.api;
    let begin = [
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.invalid",
        "commit",
        "-q",
        "--allow-empty",
    ];
    git(project, &[&begin[..], &["-m", "begin"]].concat());
    let words = [word(), word()];
    let ask = |specialist: &str, word: &str| {
        let task = format!("Write the word {word} into {word}.txt, commit it, and report.");
        json!({"specialist": specialist, "task": task, "worktree": true, "cwd": project.display().to_string()})
    };
    let droid = api.must("/api/delegate", ask("droid", &words[0])).await;
    let codex = api.must("/api/delegate", ask("codex", &words[1])).await;
    for (task, word) in [(droid, &words[0]), (codex, &words[1])] {
        let path = format!("/api/tasks/{}/wait?timeout_ms=120000", task["id"]);
        let done = api.read(&path).await;
        assert_eq!(done["status"], "completed", "{done}");
        assert_eq!(
            done["result"]["files"],
            json!([format!("{word}.txt")]),
            "{done}"
        );
        let id = done["result"]["worktree_id"].as_str().unwrap();
        let one = api.read(&format!("/api/worktrees/{id}")).await;
        let status = &one["status"];
        if status["uncommitted_count"] == 1 {
            // Its own sandbox keeps Codex from committing in a worktree.
            let done = json!({"message": "Store a word"});
            api.must(&format!("/api/worktrees/{id}/commit"), done).await;
        } else {
            assert_eq!(status["ahead"], 1, "{one}");
        }
        assert_eq!(status["conflicts"], json!([]), "{one}");
        assert!(!project.join(format!("{word}.txt")).exists());
        api.must(&format!("/api/worktrees/{id}/merge"), json!({}))
            .await;
        let text = std::fs::read_to_string(project.join(format!("{word}.txt")));
        assert_eq!(text.unwrap().trim(), word);
    }
    assert_eq!(git(project, &["status", "--porcelain"]), "");
}
