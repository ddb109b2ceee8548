//! Gemini CLI, opencode, Qwen Code and Aider, the real ones, each in one agent's life: ten
//! prompts that look like anything, a busy agent, an interruption, an error of the model,
//! a permission, an end and the same conversation again. The row that each prints says how
//! many prompts were sent, accepted, lost and doubled.

mod accuracy;
mod budgets;
mod by_hand;
mod declared;
mod idle;
mod quota;
mod reused;
mod scenes;
mod stuck;
mod tree;

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::kit::Model;
use crate::support::wait::until;
use scenes::{LIFE, Life};
use serde_json::{Value, json};

/// A primary of one kind, because that is what is started again under its own name.
pub(crate) struct Stage {
    pub model: Model,
    pub site: Site,
    pub api: Api,
    kind: &'static str,
    daemon: Daemon,
}

impl Stage {
    /// With what its configuration says by now.
    fn again(self) -> Self {
        self.daemon.kill();
        let daemon = self.site.start();
        Self {
            api: self.api.at(&daemon.url),
            daemon,
            ..self
        }
    }

    pub(crate) fn set(kind: &'static str) -> Self {
        let model = Model::start("clis.json");
        let mut site = Site::with_clis(&model);
        site.config = format!(
            "[primary]\nkind = \"{kind}\"\n\
             [kinds.gemini]\nargs = [\"-m\", \"gemini-2.5-pro\"]\n\
             [kinds.qwen]\nargs = [\"--auth-type\", \"openai\"]\n\
             [kinds.aider]\nargs = [\"--model\", \"openai/scripted-1\", \"--max-chat-history-tokens\", \"100000\"]\n"
        );
        let daemon = site.start();
        let api = daemon.api(&site, "admin", "tester");
        Self {
            model,
            site,
            api,
            kind,
            daemon,
        }
    }

    pub(crate) async fn send(&self, text: &str) -> Value {
        let body = json!({ "text": text });
        self.api.must("/api/agents/primary/messages", body).await
    }

    pub(crate) async fn now(&self, sent: &Value) -> Value {
        let path = "/api/agents/primary/messages?limit=200";
        let list = self.api.read(path).await;
        let mut items = list["items"].as_array().unwrap().iter();
        let found = items.find(|item| item["id"] == sent["id"]);
        found.unwrap().clone()
    }

    pub(crate) async fn settled(&self, sent: &Value) -> Value {
        let what = format!("the end of {}", sent["text"]);
        let what: String = what.chars().take(60).collect();
        let last = parking_lot::Mutex::new(Value::Null);
        until(&what, || async {
            let now = self.now(sent).await;
            let shown = json!([now["status"], now["reason"]]);
            if *last.lock() != shown {
                // What a failure is understood by.
                eprintln!("{what}: {shown}");
                *last.lock() = shown;
            }
            (now["status"] == "answered" || now["status"] == "failed").then_some(now)
        })
        .await
    }

    /// The text that answered a message.
    pub(crate) async fn reply(&self, sent: &Value) -> String {
        let path = "/api/agents/primary/messages?limit=200";
        let list = self.api.read(path).await;
        let mut items = list["items"].as_array().unwrap().iter();
        let found = items.find(|item| item["reply_to"] == sent["id"]);
        found.map_or_else(String::new, |item| {
            item["text"].as_str().unwrap().to_owned()
        })
    }

    pub(crate) async fn agent(&self) -> Value {
        self.api.read("/api/agents/primary").await
    }

    pub(crate) async fn version(&self) -> String {
        let kinds = self.api.read("/api/agent-kinds").await;
        let mut items = kinds["items"].as_array().unwrap().iter();
        let kind = items.find(|one| one["kind"] == self.kind).unwrap();
        assert_eq!(kind["proven"], true, "{kind}");
        let version = kind["version"].as_str().unwrap().to_owned();
        let tested = kind["tested"].as_array().unwrap();
        assert!(tested.contains(&json!(version)), "{kind}");
        version
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gemini_can_be_left_alone() {
    Life {
        asks: scenes::Asks::InTerminal,
        starts: 5,
        ..LIFE
    }
    .live("gemini")
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opencode_can_be_left_alone() {
    LIFE.live("opencode").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn qwen_can_be_left_alone() {
    LIFE.live("qwen").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aider_can_be_left_alone() {
    Life {
        asks: scenes::Asks::Never,
        evidence: "transcript",
        ..LIFE
    }
    .live("aider")
    .await;
}

/// Where nothing is asked the composer looks different.
#[tokio::test(flavor = "multi_thread")]
async fn gemini_and_qwen_with_full_rights_take_tasks() {
    let mut stage = Stage::set("gemini");
    for kind in ["gemini", "qwen"] {
        stage.site.config.push_str(&format!(
            "[[specialists]]\nname = \"{kind}er\"\nkind = \"{kind}\"\npermissions = \"full\"\n"
        ));
    }
    let stage = stage.again();
    for kind in ["gemini", "qwen"] {
        let order = json!({ "specialist": format!("{kind}er"), "task": format!("echo by-{kind}") });
        let task = stage.api.must("/api/delegate", order).await;
        let path = format!("/api/tasks/{}/wait?timeout_ms=60000", task["id"]);
        let task = stage.api.read(&path).await;
        assert_eq!(task["status"], "completed", "{task}");
        assert_eq!(task["result"]["text"], format!("by-{kind}"), "{task}");
    }
}

/// Their lives are told in `core_receipts`; here they are counted like the others.
#[tokio::test(flavor = "multi_thread")]
async fn claude_and_codex_are_counted_too() {
    for kind in ["claude", "codex"] {
        LIFE.prompts(&Stage::set(kind), kind, 3).await;
    }
}

/// What the primary's folder brings is taken by the real Claude Code as it is.
#[tokio::test(flavor = "multi_thread")]
async fn claude_knows_our_skill_and_our_sub_agents() {
    let stage = Stage::set("claude");
    let sent = stage.send("echo t1").await;
    stage.settled(&sent).await;
    let plugin = stage.site.data.join("agents/primary/plugin");
    let asked = std::process::Command::new("/usr/bin/env")
        .args(["claude", "-p", "echo t2", "--output-format", "stream-json"])
        .args(["--verbose", "--plugin-dir", plugin.to_str().unwrap()])
        .env_clear()
        .envs(&stage.site.env)
        .current_dir(&stage.site.project)
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(asked.stdout).unwrap();
    let lines = said.lines().map(serde_json::from_str::<Value>);
    let mut inits = lines.map(Result::unwrap);
    let init = inits.find(|line| line["subtype"] == "init").unwrap();
    let has = |list: &str, name: &str| init[list].as_array().unwrap().contains(&json!(name));
    assert!(has("agents", "orchestra:scout"), "{init}");
    assert!(has("agents", "orchestra:checker"), "{init}");
    assert!(has("skills", "orchestra:delegation"), "{init}");
}
