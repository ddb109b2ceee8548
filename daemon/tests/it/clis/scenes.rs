//! What happens to an agent in the course of its life.

use super::Stage;
use crate::support::wait::until;
use serde_json::json;
use std::collections::HashMap;

/// Who is asked for a permission.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// A hook asks us.
    Us,
    /// Only its terminal does.
    InTerminal,
    /// It has no tool that needs one.
    Never,
}

/// What differs from CLI to CLI.
pub(crate) struct Life {
    pub asks: Asks,
    /// What a receipt rests on.
    pub evidence: &'static str,
    /// How often it is ended and started again; some lose what comes at a certain moment.
    pub starts: usize,
}

pub(crate) const LIFE: Life = Life {
    asks: Asks::Us,
    evidence: "hook",
    starts: 1,
};

impl Life {
    pub(crate) async fn live(&self, kind: &'static str) {
        let stage = Stage::set(kind);
        let own = own_files(&stage);
        self.prompts(&stage, kind, 10).await;
        self.busy_and_interrupted(&stage).await;
        error(&stage).await;
        match self.asks {
            Asks::Us => permission(&stage).await,
            Asks::InTerminal => permission_in_terminal(&stage).await,
            Asks::Never => {}
        }
        for number in 1..=self.starts {
            again(&stage, number).await;
        }
        assert_eq!(own_files(&stage), own, "the person's own settings");
    }

    /// Prompts that look like anything arrive as text, each once.
    pub(crate) async fn prompts(&self, stage: &Stage, kind: &str, usual: usize) {
        let count = how_many(usual);
        let canary = stage.site.project.join("canary");
        let mut accepted = 0;
        let mut tokens = Vec::new();
        for number in 0..count {
            let token = format!("t{}", uuid::Uuid::new_v4().simple());
            let text = shape(number, &token, &canary.display().to_string());
            let sent = stage.send(&text).await;
            let end = stage.settled(&sent).await;
            let head: String = text.chars().take(60).collect();
            if end["status"] != "answered" {
                let screen = stage.api.read("/api/agents/primary/screen").await;
                eprintln!(
                    "{kind} shows\n{}",
                    screen["text"].as_str().unwrap_or_default()
                );
            }
            assert_eq!(end["status"], "answered", "{kind} {head:?}: {end}");
            assert_eq!(end["evidence"], self.evidence, "{kind} {head:?}");
            accepted += 1;
            tokens.push((token, text));
        }
        let seen = arrivals(stage, &tokens).await;
        let lost = seen.values().filter(|count| **count == 0).count();
        let doubled = seen.values().filter(|count| **count > 1).count();
        eprintln!(
            "receipts\t{kind}\t{}\tsent {count}\taccepted {accepted}\tlost {lost}\tdoubled {doubled}",
            stage.version().await
        );
        assert_eq!((accepted, lost, doubled), (count, 0, 0), "{kind}: {seen:?}");
        assert!(!canary.exists(), "no text ran as a command");
        assert_eq!(stage.agent().await["restarts"], 0, "no text ended it");
    }

    /// A busy agent is waited for, and an interrupted turn is no answer.
    async fn busy_and_interrupted(&self, stage: &Stage) {
        let first = stage.send("slow down please").await;
        until("the first to be accepted", || async {
            (stage.now(&first).await["status"] == "accepted").then_some(())
        })
        .await;
        let second = stage.send("echo after all").await;
        until("the reason why the second waits", || async {
            let now = stage.now(&second).await;
            let reason = now["reason"].as_str().unwrap_or_default();
            (now["status"] == "queued" && reason.contains("busy")).then_some(())
        })
        .await;
        assert_eq!(stage.agent().await["activity"]["state"], "busy");
        stage
            .api
            .must("/api/agents/primary/interrupt", json!({}))
            .await;
        let first = stage.settled(&first).await;
        assert_eq!(first["status"], "failed", "{first}");
        let reason = first["reason"].as_str().unwrap();
        assert!(reason.contains("interrupted"), "{first}");
        let end = stage.settled(&second).await;
        assert_eq!(end["status"], "answered", "{end}");
        assert_eq!(
            stage.reply(&second).await,
            "after all",
            "not glued to what was left"
        );
    }
}

/// As many as usual, or as a long run asks for.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's size is set from outside"
)]
fn how_many(usual: usize) -> usize {
    let given = std::env::var("PROMPTS").ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The texts of the ten prompts, and plain ones from then on.
fn shape(number: usize, token: &str, canary: &str) -> String {
    match number {
        0 | 1 => format!("echo {token}"),
        2 => format!("echo {token}\n\n    two\nthree \u{e4}\u{4e2d}\u{1f600}"),
        3 => format!("!touch {canary} # echo {token}"),
        4 => format!("/clear echo {token}"),
        5 => format!("look at @src and echo {token}"),
        6 => format!("echo {token} ends with \\"),
        7 => format!("--help echo {token}"),
        8 => {
            let line = "a line of a long text with words enough\n";
            format!("echo {token}\n{}the end", line.repeat(2_500))
        }
        _ => format!("echo {token}"),
    }
}

/// How often the model was asked each text, whole.
async fn arrivals(stage: &Stage, tokens: &[(String, String)]) -> HashMap<String, usize> {
    let asked = stage.model.asked().await;
    let squeezed = |text: &str| {
        text.chars()
            .filter(|letter| !letter.is_whitespace() && !matches!(letter, '\u{200b}' | '\u{2060}'))
            .collect::<String>()
    };
    let times = |token: &str, text: &str| {
        let head: String = text.chars().take(200).collect();
        let ours = asked.iter().filter(|one| {
            let seen = one["head"].as_str().unwrap_or_default();
            seen.contains(token) && squeezed(seen).starts_with(&squeezed(&head))
        });
        let whole = ours.filter(|one| {
            let length = one["length"].as_u64().unwrap_or_default();
            length + 8 >= text.trim().encode_utf16().count() as u64
        });
        whole.count()
    };
    let each = tokens.iter();
    each.map(|(token, text)| (token.clone(), times(token, text)))
        .collect()
}

/// An error of the model is no answer, and says what it was.
async fn error(stage: &Stage) {
    let sent = stage.send("fail with 400").await;
    let end = stage.settled(&sent).await;
    assert_eq!(end["status"], "failed", "{end}");
    assert!(!end["reason"].as_str().unwrap().is_empty(), "{end}");
    let sent = stage.send("echo still there").await;
    assert_eq!(stage.settled(&sent).await["status"], "answered");
}

/// A question of its hook becomes an approval, and the answer reaches it.
async fn permission(stage: &Stage) {
    let file = stage.site.project.join("allowed");
    let sent = stage.send("run touch allowed").await;
    let asked = until("the question", || async {
        let list = stage.api.read("/api/approvals").await;
        list["items"].as_array().unwrap().first().cloned()
    })
    .await;
    assert_eq!(asked["tool"], "Bash", "{asked}");
    assert!(!file.exists(), "nothing ran before the answer");
    let path = format!("/api/approvals/{}/answer", asked["id"].as_str().unwrap());
    stage.api.must(&path, json!({ "decision": "allow" })).await;
    let end = stage.settled(&sent).await;
    assert_eq!(end["status"], "answered", "{end}");
    assert!(file.exists(), "it ran");
}

/// Where no hook can answer, the agent is seen to wait, and its terminal answers.
async fn permission_in_terminal(stage: &Stage) {
    let file = stage.site.project.join("allowed");
    let sent = stage.send("run touch allowed").await;
    until("the agent to wait", || async {
        let agent = stage.agent().await;
        (agent["activity"]["waiting_for"] == "permission").then_some(())
    })
    .await;
    assert!(!file.exists(), "nothing ran before the answer");
    // The hook may be quicker than the drawing.
    until("the dialog", || async {
        let screen = stage.api.read("/api/agents/primary/screen").await;
        let text = screen["text"].as_str().unwrap_or_default();
        text.contains("Allow once").then_some(())
    })
    .await;
    let keys = json!({ "keys": ["Enter"] });
    let (status, _) = stage.api.post("/api/agents/primary/input", keys).await;
    assert_eq!(status, 204);
    let end = stage.settled(&sent).await;
    assert_eq!(end["status"], "answered", "{end}");
    assert!(file.exists(), "it ran");
}

/// Started again, it takes a message at once and knows what was said before.
async fn again(stage: &Stage, number: usize) {
    stage.api.must("/api/agents/primary/kill", json!({})).await;
    let sent = stage.send("what came first").await;
    let end = stage.settled(&sent).await;
    assert_eq!(end["status"], "answered", "{end}");
    assert_eq!(stage.agent().await["restarts"], number);
    let reply = stage.reply(&sent).await;
    assert!(reply.starts_with("first was t"), "{reply}");
}

/// What the person wrote for the CLIs, which stays as it is.
fn own_files(stage: &Stage) -> Vec<String> {
    let names = [
        ".gemini/settings.json",
        ".config/opencode/opencode.json",
        ".gitconfig",
        ".bashrc",
    ];
    let read = |name: &str| std::fs::read_to_string(stage.site.home.join(name)).unwrap();
    names.iter().map(|name| read(name)).collect()
}
