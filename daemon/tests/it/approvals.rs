//! Approvals at the real Claude Code: it asks, a person or a rule answers over HTTP, no
//! key is pressed, and what is shown as pending is pending.

mod codex;
mod command;
mod ends;
mod scopes;

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::kit::Model;
use crate::support::socket::Socket;
use crate::support::wait::until;
use serde_json::{Value, json};
use std::path::PathBuf;

struct Stage {
    _model: Model,
    site: Site,
    /// None only while it is away.
    daemon: Option<Daemon>,
    api: Api,
    agent: String,
}

impl Stage {
    /// A claude agent that asks before it runs anything.
    async fn set(config: &str) -> Self {
        Self::of("ann", config).await
    }

    async fn of(user: &str, config: &str) -> Self {
        Self::with("claude", user, config).await
    }

    async fn with(kind: &str, user: &str, config: &str) -> Self {
        let model = Model::start("approvals.json");
        let mut site = Site::with_clis(&model);
        site.config = config.to_owned();
        let daemon = site.start();
        let api = daemon.api(&site, "developer", user);
        let agent = api.must("/api/agents", json!({ "kind": kind })).await;
        Self {
            _model: model,
            agent: agent["id"].as_str().unwrap().to_owned(),
            site,
            daemon: Some(daemon),
            api,
        }
    }

    async fn say(&self, text: &str) -> Value {
        let path = format!("/api/agents/{}/messages", self.agent);
        self.api.must(&path, json!({ "text": text })).await
    }

    /// The message once it is in that state.
    async fn message(&self, sent: &Value, status: &str) {
        let path = format!("/api/agents/{}/messages", self.agent);
        until(&format!("the message to be {status}"), || async {
            let list = self.api.read(&path).await;
            let mut items = list["items"].as_array().unwrap().iter();
            let own = items.find(|item| item["id"] == sent["id"])?;
            assert_ne!(own["status"], "failed", "{own}");
            (own["status"] == status).then_some(())
        })
        .await;
    }

    /// What the agent answered last.
    async fn answer(&self, sent: &Value) -> String {
        let path = format!("/api/agents/{}/messages", self.agent);
        until("the answer", || async {
            let list = self.api.read(&path).await;
            let mut items = list["items"].as_array().unwrap().iter();
            let reply = items.find(|item| item["reply_to"] == sent["id"])?;
            Some(reply["text"].as_str().unwrap().to_owned())
        })
        .await
    }

    /// The one pending approval.
    async fn asked(&self) -> Value {
        until("the question", || async {
            let list = self.api.read("/api/approvals?state=pending").await;
            let items = list["items"].as_array().unwrap();
            assert!(items.len() < 2, "{items:?}");
            items.first().cloned()
        })
        .await
    }

    async fn approval(&self, id: &Value) -> Value {
        let path = format!("/api/approvals/{}", id.as_str().unwrap());
        self.api.read(&path).await
    }

    async fn until_state(&self, id: &Value, state: &str) -> Value {
        until(&format!("the approval to be {state}"), || async {
            let now = self.approval(id).await;
            (now["state"] == state).then_some(now)
        })
        .await
    }

    async fn decide(&self, id: &Value, body: Value) -> (u16, Value) {
        let path = format!("/api/approvals/{}/answer", id.as_str().unwrap());
        self.api.post(&path, body).await
    }

    fn repository(&self, name: &str) -> PathBuf {
        self.site.project.join(name).join(".git")
    }

    async fn made(&self, name: &str) {
        until("the tool to have run", || async {
            self.repository(name).is_dir().then_some(())
        })
        .await;
    }

    fn kill(&mut self) {
        self.daemon.take().unwrap().kill();
    }

    fn restart(&mut self) {
        let daemon = self.site.start();
        self.api = self.api.at(&daemon.url);
        self.daemon = Some(daemon);
    }

    /// Waits for that text on the agent's screen, asked of tmux itself.
    async fn screen(&self, text: &str) {
        until(&format!("{text:?} on the screen"), || async {
            let pane = format!("=sess-{}:", self.agent);
            let shown = self.site.tmux(&["capture-pane", "-p", "-t", &pane]);
            let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
            shown.contains(text).then_some(())
        })
        .await;
    }

    /// What a person at the terminal would press.
    async fn press(&self, body: Value) {
        let path = format!("/api/agents/{}/input", self.agent);
        assert_eq!(self.api.post(&path, body).await.0, 204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_answered_over_http_and_the_tool_ran() {
    let stage = Stage::set("").await;
    let mut socket = Socket::open(&stage.api).await;
    let sent = stage.say("run git init one").await;
    let asked = stage.asked().await;
    assert_eq!(asked["agent_id"], stage.agent.as_str());
    assert_eq!(asked["tool"], "Bash");
    assert_eq!(asked["input"]["command"], "git init one");
    assert_eq!(asked["summary"], "git init one");
    assert_eq!(asked["cut_bytes"], 0);
    assert_eq!(
        asked["cwd"],
        stage.site.project.canonicalize().unwrap().to_str().unwrap()
    );
    assert_eq!(
        asked["suggested_rules"],
        json!(["Bash(git init one)", "Bash(git init *)"])
    );
    let path = format!("/api/agents/{}", stage.agent);
    let agent = stage.api.read(&path).await;
    let activity = &agent["activity"];
    assert_eq!(
        (
            &activity["state"],
            &activity["waiting_for"],
            &activity["source"]
        ),
        (&json!("waiting"), &json!("permission"), &json!("hook")),
        "{activity}"
    );
    assert!(!stage.repository("one").exists(), "not before the yes");

    others_may_not(&stage, &asked).await;
    // Two devices of the same person at once: one wins, the other hears who did.
    let (one, two) = tokio::join!(
        stage.decide(&asked["id"], json!({"decision": "allow"})),
        stage.decide(&asked["id"], json!({"decision": "allow"})),
    );
    let mut codes = [one.0, two.0];
    codes.sort_unstable();
    assert_eq!(codes, [200, 409], "{one:?} {two:?}");
    let late = if one.0 == 409 { one.1 } else { two.1 };
    assert_eq!(late["type"], "urn:orchestra:approval_ended");
    assert!(
        late["detail"].as_str().unwrap().contains("allowed by ann"),
        "{late}"
    );

    stage.made("one").await;
    stage.message(&sent, "answered").await;
    let ended = stage.approval(&asked["id"]).await;
    assert_eq!(
        (&ended["state"], &ended["answered_by"]),
        (&json!("allowed"), &json!("ann"))
    );
    assert!(ended["delivered_at"].is_string(), "{ended}");
    let states: Vec<Value> = {
        let last = |value: &Value| {
            value["type"] == "approval" && value["approval"]["delivered_at"].is_string()
        };
        socket.until("the approval's end on the socket", last).await;
        let seen = socket
            .seen
            .iter()
            .filter(|value| value["type"] == "approval");
        seen.map(|value| value["approval"]["state"].clone())
            .collect()
    };
    assert_eq!(states, ["pending", "allowed", "allowed"]);
    let daemon = stage.daemon.as_ref().unwrap();
    let root = daemon.api(&stage.site, "admin", "root");
    let audit = root.read("/api/audit?limit=200").await.to_string();
    let about = format!(
        "approval={} agent={} allowed",
        asked["id"].as_str().unwrap(),
        stage.agent
    );
    assert!(audit.contains(&about), "{audit}");
}

/// Whom it does not concern does not learn of it; an admin sees it and may not decide.
async fn others_may_not(stage: &Stage, asked: &Value) {
    let daemon = stage.daemon.as_ref().unwrap();
    let path = format!("/api/approvals/{}/answer", asked["id"].as_str().unwrap());
    for (role, sub, status) in [
        ("developer", "bob", 404),
        ("viewer", "vic", 404),
        ("admin", "root", 403),
    ] {
        let other = daemon.api(&stage.site, role, sub);
        let (code, problem) = other.post(&path, json!({"decision": "allow"})).await;
        assert_eq!(code, status, "{role}: {problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn denied_and_the_words_reached_the_model() {
    let stage = Stage::set("").await;
    let sent = stage.say("run git init two").await;
    let asked = stage.asked().await;
    let path = format!("/api/approvals/{}/deny", asked["id"].as_str().unwrap());
    let said = "use the folder that is there, word w8f3";
    let denied = stage.api.must(&path, json!({ "message": said })).await;
    assert_eq!(
        (&denied["state"], &denied["message"]),
        (&json!("denied"), &json!(said))
    );
    let answer = stage.answer(&sent).await;
    assert!(answer.contains(said), "{answer}");
    assert!(!stage.repository("two").exists());
    let (code, problem) = stage
        .decide(&asked["id"], json!({"decision": "allow"}))
        .await;
    assert_eq!(code, 409);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("denied by ann"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_by_its_words() {
    let stage = Stage::set("").await;
    let sent = stage.say("ask which colour").await;
    let asked = stage.asked().await;
    assert_eq!(asked["form"], "question");
    let question = asked["input"]["questions"][0]["question"].as_str().unwrap();
    for bad in [
        json!({"decision": "allow"}),
        json!({"decision": "allow", "answers": {}}),
        json!({"decision": "allow", "answers": {question: " "}}),
        json!({"decision": "allow", "answers": {question: "Blue", "more": "x"}}),
        json!({"decision": "allow", "scope": "session", "answers": {question: "Blue"}}),
        json!({"decision": "allow", "scope": "rule", "rule": "AskUserQuestion", "answers": {question: "Blue"}}),
    ] {
        let (code, problem) = stage.decide(&asked["id"], bad.clone()).await;
        assert_eq!(code, 400, "{bad} {problem}");
    }
    let yes = json!({"decision": "allow", "answers": {question: "Blue"}});
    assert_eq!(stage.decide(&asked["id"], yes).await.0, 200);
    let answer = stage.answer(&sent).await;
    assert!(
        answer.contains("Blue") && answer.contains("colour"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_between_asked_and_answered_loses_nothing() {
    let mut stage = Stage::set("").await;
    let sent = stage.say("run git init three").await;
    let asked = stage.asked().await;
    stage.kill();
    stage.restart();
    let again = stage.asked().await;
    assert_eq!(again["id"], asked["id"], "the same question");
    assert_eq!(
        stage
            .decide(&asked["id"], json!({"decision": "allow"}))
            .await
            .0,
        200
    );
    stage.made("three").await;
    stage.message(&sent, "answered").await;
    let ended = stage.approval(&asked["id"]).await;
    assert!(ended["delivered_at"].is_string(), "{ended}");

    // Asked while the daemon is away: the dialog is there, and so is the question once
    // the daemon is back.
    let sent = stage.say("slowly run git init four").await;
    stage.message(&sent, "accepted").await;
    stage.kill();
    stage.screen("Do you want to proceed?").await;
    stage.restart();
    let asked = stage.asked().await;
    assert_eq!(asked["input"]["command"], "git init four");
    assert_eq!(
        stage
            .decide(&asked["id"], json!({"decision": "allow"}))
            .await
            .0,
        200
    );
    stage.made("four").await;
    stage.message(&sent, "answered").await;

    // Asked and answered in the terminal while the daemon is away: never shown as open.
    let sent = stage.say("slowly run git init five").await;
    stage.message(&sent, "accepted").await;
    stage.kill();
    stage.screen("Do you want to proceed?").await;
    let pane = format!("=sess-{}:", stage.agent);
    stage.site.tmux(&["send-keys", "-t", &pane, "1"]);
    stage.made("five").await;
    stage.screen("It gave:").await;
    stage.restart();
    stage.message(&sent, "answered").await;
    let list = stage.api.read("/api/approvals").await;
    for one in list["items"].as_array().unwrap() {
        assert_ne!(one["state"], "pending", "{one}");
    }
}
