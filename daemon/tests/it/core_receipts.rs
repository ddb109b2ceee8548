//! Receipts at the real Claude Code and Codex: every text arrives as text, once, whatever
//! it looks like and whenever the daemon is killed; what cannot be delivered waits and
//! says why.

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::kit::{Model, git};
use crate::support::wait::until;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;

struct Stage {
    model: Model,
    site: Site,
    /// None only while it is being replaced.
    daemon: Option<Daemon>,
    api: Api,
}

impl Stage {
    /// Ends the daemon as a crash would and starts the next.
    fn crash(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.kill();
        }
        let daemon = self.site.start();
        self.api = self.api.at(&daemon.url);
        self.daemon = Some(daemon);
    }
}

fn set() -> Stage {
    let model = Model::start("main-job.json");
    let site = Site::with_clis(&model);
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    Stage {
        model,
        site,
        daemon: Some(daemon),
        api,
    }
}

async fn spawn(api: &Api, body: Value) -> String {
    let agent = api.must("/api/agents", body).await;
    agent["id"].as_str().unwrap().to_owned()
}

async fn send(api: &Api, id: &str, text: &str) -> Value {
    let path = format!("/api/agents/{id}/messages");
    api.must(&path, json!({"text": text})).await
}

async fn message(api: &Api, id: &str, message: &Value) -> Value {
    let list = api
        .read(&format!("/api/agents/{id}/messages?limit=200"))
        .await;
    let mut items = list["items"].as_array().unwrap().iter();
    items
        .find(|item| item["id"] == message["id"])
        .unwrap()
        .clone()
}

async fn settled(api: &Api, id: &str, sent: &Value) -> Value {
    until("the receipt's end", || async {
        let now = message(api, id, sent).await;
        (now["status"] == "answered" || now["status"] == "failed").then_some(now)
    })
    .await
}

async fn waits_because(api: &Api, id: &str, sent: &Value, word: &str) {
    until(word, || async {
        let now = message(api, id, sent).await;
        let reason = now["reason"].as_str().unwrap_or_default();
        (now["status"] == "queued" && reason.contains(word)).then_some(())
    })
    .await;
}

/// True when the model was asked just this, give or take what keeps a text a text.
async fn arrived(model: &Model, text: &str) -> bool {
    let hash = |text: &str| {
        let digest = Sha256::digest(text.as_bytes());
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let bare = text.trim();
    let forms = [
        text.to_owned(),
        bare.to_owned(),
        text.trim_end().to_owned(),
        format!(" {}", text.trim_end()),
        format!("{bare}\u{200b}"),
    ];
    let hashes = forms.map(|form| hash(&form));
    let asked = model.asked().await;
    asked
        .iter()
        .any(|one| hashes.iter().any(|hash| one["sha256"] == hash.as_str()))
}

async fn odd_texts(kind: &str) {
    let stage = set();
    let id = spawn(&stage.api, json!({"kind": kind})).await;
    let canary = stage.site.project.join("canary");
    let long: String = (0..2_000)
        .map(|line| format!("line {line} of a long text with words enough\n"))
        .collect();
    let texts = [
        format!("!touch {}", canary.display()),
        "/clear".to_owned(),
        "/no-such-command at all".to_owned(),
        "--settings=x".to_owned(),
        "exit".to_owned(),
        "look at @src".to_owned(),
        "it ends with \\".to_owned(),
        "one\n\ttwo\n\nthree \u{e4}\u{4e2d}\u{1f600}".replace('\t', "    "),
        format!("{long}the end"),
    ];
    for text in &texts {
        let sent = send(&stage.api, &id, text).await;
        let end = settled(&stage.api, &id, &sent).await;
        let head: String = text.chars().take(40).collect();
        assert_eq!(end["status"], "answered", "{head:?}: {}", end["reason"]);
        assert_eq!(end["evidence"], "hook", "{head:?}");
        let asked = stage.model.asked().await;
        assert!(
            arrived(&stage.model, text).await,
            "{head:?}: {:?}",
            asked.last()
        );
    }
    // Escape sequences do not end the paste; what is left of them is text.
    let sent = send(&stage.api, &id, "a\u{1b}[201~\rexit\r\u{1b}[31mb").await;
    assert_eq!(settled(&stage.api, &id, &sent).await["status"], "answered");
    assert!(arrived(&stage.model, "a[201~\nexit\n[31mb").await);
    let agent = stage.api.read(&format!("/api/agents/{id}")).await;
    assert_eq!(agent["status"], "running", "no text ended it: {agent}");
    assert!(!canary.exists(), "no text ran as a command");
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_texts_arrive_as_text_at_claude() {
    odd_texts("claude").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_texts_arrive_as_text_at_codex() {
    odd_texts("codex").await;
}

async fn busy_and_interrupted(kind: &str) {
    let stage = set();
    let id = spawn(&stage.api, json!({"kind": kind})).await;
    let first = send(&stage.api, &id, "slow down please").await;
    until("the first to be accepted", || async {
        (message(&stage.api, &id, &first).await["status"] == "accepted").then_some(())
    })
    .await;
    let second = send(&stage.api, &id, "echo after all").await;
    let list = stage.api.read(&format!("/api/agents/{id}")).await;
    assert_eq!(list["activity"]["state"], "busy");
    stage
        .api
        .must(&format!("/api/agents/{id}/interrupt"), json!({}))
        .await;
    let first = settled(&stage.api, &id, &first).await;
    assert_eq!(first["status"], "failed", "{first}");
    assert!(
        first["reason"].as_str().unwrap().contains("interrupted"),
        "{first}"
    );
    let second = settled(&stage.api, &id, &second).await;
    assert_eq!(second["status"], "answered", "{second}");
    assert!(
        arrived(&stage.model, "echo after all").await,
        "not glued to what was left"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_claude_is_waited_for_and_can_be_interrupted() {
    busy_and_interrupted("claude").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_codex_is_waited_for_and_can_be_interrupted() {
    busy_and_interrupted("codex").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untrusted_folder_holds_the_text_back_until_a_person_answers() {
    let stage = set();
    for kind in ["claude", "codex"] {
        let folder = stage.site.home.join(format!("strange-{kind}"));
        std::fs::create_dir_all(&folder).unwrap();
        git(&folder, &["init", "-q"]);
        let id = spawn(&stage.api, json!({"kind": kind, "cwd": folder})).await;
        let sent = send(&stage.api, &id, "echo through").await;
        until("the question", || async {
            let agent = stage.api.read(&format!("/api/agents/{id}")).await;
            let asks = (json!("waiting"), json!("question"));
            let told = &agent["activity"];
            ((told["state"].clone(), told["waiting_for"].clone()) == asks).then_some(())
        })
        .await;
        waits_because(&stage.api, &id, &sent, "answer in its terminal").await;
        let state = std::fs::read_to_string(stage.site.home.join(".codex/config.toml")).unwrap();
        assert!(!state.contains("strange"), "nothing of ours answered it");
        let path = format!("/api/agents/{id}/input");
        let (status, _) = stage.api.post(&path, json!({"keys": ["Enter"]})).await;
        assert_eq!(status, 204);
        let end = settled(&stage.api, &id, &sent).await;
        assert_eq!(end["status"], "answered", "{kind}: {end}");
        assert!(arrived(&stage.model, "echo through").await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claude_that_is_not_logged_in_takes_nothing() {
    let mut stage = set();
    stage.site.env.remove("ANTHROPIC_API_KEY");
    stage.crash();
    let api = stage.api.clone();
    let id = spawn(&api, json!({"kind": "claude"})).await;
    let sent = send(&api, &id, "echo anybody").await;
    let (agent, sent) = until("a word on the login", || async {
        let agent = api.read(&format!("/api/agents/{id}")).await;
        let sent = message(&api, &id, &sent).await;
        let told = sent["reason"].as_str().unwrap_or_default().contains("log");
        told.then_some((agent, sent))
    })
    .await;
    assert_ne!(sent["status"], "answered", "{agent} {sent}");
    assert!(stage.model.asked().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_types_does_not_take_a_tasks_answer() {
    let stage = set();
    let id = spawn(&stage.api, json!({"kind": "claude"})).await;
    let task = json!({"agent": id, "task": "Take your time, then say needle"});
    let task = stage.api.must("/api/delegate", task).await;
    let path = format!("/api/tasks/{}", task["id"]);
    until("the task to run", || async {
        (stage.api.read(&path).await["status"] == "running").then_some(())
    })
    .await;
    let input = format!("/api/agents/{id}/input");
    let (status, _) = stage.api.post(&input, json!({"text": "echo typed"})).await;
    assert_eq!(status, 204);
    tokio::time::sleep(Duration::from_millis(500)).await;
    stage.api.post(&input, json!({"keys": ["Enter"]})).await;
    let task = stage
        .api
        .read(&format!("{path}/wait?timeout_ms=60000"))
        .await;
    assert_eq!(task["status"], "completed", "{task}");
    assert_eq!(task["result"]["text"], "needle", "{task}");
}

/// Kills the daemon at these moments after a message was stored.
async fn killed_at(kind: &str, moments: &[u64]) {
    let mut stage = set();
    let id = spawn(&stage.api, json!({"kind": kind})).await;
    let first = send(&stage.api, &id, "echo warm").await;
    assert_eq!(settled(&stage.api, &id, &first).await["status"], "answered");
    for moment in moments {
        let token = format!("t{}", uuid::Uuid::new_v4().simple());
        let sent = send(&stage.api, &id, &format!("echo {token}")).await;
        tokio::time::sleep(Duration::from_millis(*moment)).await;
        stage.crash();
        let end = settled(&stage.api, &id, &sent).await;
        assert_eq!(end["status"], "answered", "{kind} at {moment} ms: {end}");
        let asked = stage.model.asked().await;
        let ours = asked.iter().filter(|one| {
            let head = one["head"].as_str().unwrap_or_default();
            head.contains(&token)
        });
        let heads: Vec<&Value> = ours.map(|one| &one["head"]).collect();
        assert_eq!(heads.len(), 1, "{kind} at {moment} ms: once, not {heads:?}");
        let head = heads[0].as_str().unwrap().trim();
        assert_eq!(head, format!("echo {token}"), "and not glued");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_to_claude_arrives_once_whenever_the_daemon_dies() {
    killed_at("claude", &[0, 150, 350, 550, 700, 900]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_to_codex_arrives_once_whenever_the_daemon_dies() {
    killed_at("codex", &[0, 150, 350, 550, 700, 900]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_persons_own_files_are_not_written() {
    let stage = set();
    let own = [".claude/settings.json", ".gitconfig", ".bashrc"];
    let read = |name: &str| std::fs::read_to_string(stage.site.home.join(name)).unwrap();
    let before: Vec<String> = own.iter().map(|name| read(name)).collect();
    let codex = read(".codex/config.toml");
    for kind in ["claude", "codex", "shell"] {
        let id = spawn(&stage.api, json!({"kind": kind})).await;
        let sent = send(&stage.api, &id, "echo hello").await;
        assert_eq!(settled(&stage.api, &id, &sent).await["status"], "answered");
        stage
            .api
            .must(&format!("/api/agents/{id}/kill"), json!({}))
            .await;
    }
    for (name, before) in own.iter().zip(&before) {
        assert_eq!(&read(name), before, "{name}");
    }
    let state: Value = serde_json::from_str(&read(".claude.json")).unwrap();
    assert!(
        !state.to_string().contains("orchestra\""),
        "no server of ours: {state}"
    );
    // The CLI keeps its own display state there; nothing of ours, and nothing lost.
    let after = read(".codex/config.toml");
    for line in codex.lines() {
        assert!(after.contains(line), "{line:?} is gone");
    }
    assert!(
        !after.contains("mcp_servers") && !after.contains("hooks"),
        "{after}"
    );
    assert!(!stage.site.home.join(".bash_history").exists());
}
