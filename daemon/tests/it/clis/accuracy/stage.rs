//! Plays the scenes of a run at the real CLI in the real daemon, and writes down what can
//! be seen meanwhile, four times a second.

use super::super::scenes::Asks;
use super::plan::{Dice, Scene, asks, interrupt, scenes};
use super::recording::{Recording, Seen};
use super::truth::{self, Played};
use super::{sampler, sampler::Sampler};
use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::kit::Model;
use crate::support::wait::until;
use orchestra_protocol::time::Timestamp;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Longest that a message may take to be settled before the run goes on without.
const PATIENCE: Duration = Duration::from_secs(40);
/// For how long a used up quota is waited.
const QUOTA_S: u32 = 6;
const AGENT: &str = "/api/agents/primary";

/// One run at work.
struct Run {
    api: Api,
    model: Model,
    kind: &'static str,
    dice: Dice,
    script: Value,
}

/// Plays one run.
pub(super) async fn play(kind: &'static str, seed: u64, short: bool) -> Recording {
    let model = Model::start("accuracy.json");
    let site = site(kind, &model);
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    api.must(
        "/api/agents/primary/messages",
        json!({ "text": "echo hello" }),
    )
    .await;
    let version = version(&api, kind).await;
    until("the first answer", || async {
        let list = api.read("/api/agents/primary/messages").await;
        let mut items = list["items"].as_array().unwrap().iter();
        items.any(|item| item["status"] == "answered").then_some(())
    })
    .await;
    let sampler = Sampler::start(&site, api.clone());
    let mut run = Run {
        api,
        model,
        kind,
        dice: Dice(seed ^ 0x5eed),
        script: script(),
    };
    run.rest(3).await;
    let mut played = Vec::new();
    for scene in scenes(kind, seed, short) {
        played.push(run.scene(scene).await);
    }
    let mut seen = sampler.stop().await;
    seen.extend(sampler::events(&site));
    seen.sort_by_key(|one: &Seen| one.at);
    let requests = run.model.requests().await;
    let requests: Vec<truth::Request> = requests.iter().filter_map(request).collect();
    let (truth, clocks_ms) = truth::of(&played, &seen, &requests);
    drop::<Daemon>(daemon);
    Recording {
        kind: kind.to_owned(),
        version,
        seed,
        seen,
        truth,
        clocks_ms,
    }
}

impl Run {
    /// Plays one scene, with idle time before and behind it.
    async fn scene(&mut self, scene: Scene) -> Played {
        let begin = Timestamp::now().0;
        let pause = self.dice.below(3) as u64 + 2;
        self.rest(pause).await;
        let word = format!("w{:08x}", self.dice.below(u64::from(u32::MAX)));
        let mut act = None;
        if let Some(text) = scene.text(&word) {
            let sent = self
                .api
                .must(&format!("{AGENT}/messages"), json!({ "text": text }))
                .await;
            act = self.act(scene, &sent).await;
            self.settled(&sent).await;
        }
        // A lie may come late: a state that nothing corrects any more.
        self.rest(5).await;
        Played {
            scene,
            begin,
            end: Timestamp::now().0,
            act,
        }
    }

    /// What a person does in that scene; when.
    async fn act(&mut self, scene: Scene, sent: &Value) -> Option<i64> {
        let pause = self.dice.below(3) as u64 + 3;
        match scene {
            Scene::Allowed | Scene::Question => {
                let asked = self.asked().await;
                self.rest(pause).await;
                Some(self.allow(&asked).await)
            }
            Scene::Refused => {
                self.asked().await;
                self.rest(pause).await;
                Some(self.press(&["Escape"]).await)
            }
            Scene::Interrupt => {
                self.at_work().await;
                self.rest(pause).await;
                Some(self.press(interrupt(self.kind)).await)
            }
            Scene::Quota => {
                until("the wait for the quota", || async {
                    let agent = self.api.read(AGENT).await;
                    (agent["activity"]["waiting_for"] == "quota").then_some(())
                })
                .await;
                self.play_without("quota").await;
                self.settled(sent).await;
                self.model.play(&self.script).await;
                None
            }
            _ => None,
        }
    }

    /// Waits for time to pass: the states of an agent are what is measured, over time.
    async fn rest(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    /// The question, once it is there: an approval, or a dialog in the terminal.
    async fn asked(&self) -> Value {
        let us = asks(self.kind) == Asks::Us;
        until("the question", || async {
            if !us {
                let screen = self.api.read(&format!("{AGENT}/screen")).await;
                let text = screen["text"].as_str().unwrap_or_default();
                return text.contains("Allow once").then_some(Value::Null);
            }
            let list = self.api.read("/api/approvals?state=pending").await;
            list["items"].as_array().unwrap().first().cloned()
        })
        .await
    }

    async fn allow(&self, asked: &Value) -> i64 {
        let Some(id) = asked["id"].as_str() else {
            return self.press(&["Enter"]).await;
        };
        let question = asked["input"]["questions"][0]["question"].as_str();
        let answer = match question {
            Some(question) => json!({ "decision": "allow", "answers": { question: "Blue" } }),
            None => json!({ "decision": "allow" }),
        };
        let now = Timestamp::now().0;
        self.api
            .must(&format!("/api/approvals/{id}/answer"), answer)
            .await;
        now
    }

    async fn press(&self, keys: &[&str]) -> i64 {
        let mut now = 0;
        for (at, key) in keys.iter().enumerate() {
            if at > 0 {
                // Two at once would be read as one other key.
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            now = Timestamp::now().0;
            let body = json!({ "keys": [key] });
            let (status, problem) = self.api.post(&format!("{AGENT}/input"), body).await;
            assert_eq!(status, 204, "{problem}");
        }
        now
    }

    /// Until the model has a request that it never answers.
    async fn at_work(&self) {
        until("the request that is never answered", || async {
            let requests = self.model.requests().await;
            let mut open = requests.iter().filter(|one| one["rule"] == "never");
            open.any(|one| one["ms"].is_null()).then_some(())
        })
        .await;
    }

    async fn settled(&self, sent: &Value) {
        let begun = Instant::now();
        let path = format!("{AGENT}/messages?limit=200");
        while begun.elapsed() < PATIENCE {
            let list = self.api.read(&path).await;
            let mut items = list["items"].as_array().unwrap().iter();
            let now = items.find(|item| item["id"] == sent["id"]).unwrap();
            if now["status"] == "answered" || now["status"] == "failed" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        // Not what is measured here, but worth knowing.
        eprintln!("accuracy: {} was not settled: {}", self.kind, sent["text"]);
    }

    async fn play_without(&self, name: &str) {
        let mut script = self.script.clone();
        let rules = script["rules"].as_array_mut().unwrap();
        rules.retain(|rule| rule["name"] != name);
        self.model.play(&script).await;
    }
}

pub(in crate::clis) fn site(kind: &str, model: &Model) -> Site {
    let mut site = Site::with_clis(model);
    let env = "\"ANTHROPIC_API_KEY\", \"ANTHROPIC_BASE_URL\", \"CLAUDE_CODE_MAX_RETRIES\"";
    site.config = format!(
        "[primary]\nkind = \"{kind}\"\n\
         [limits]\nquota_wait_s = {QUOTA_S}\n\
         [kinds.claude]\nenv = [{env}]\n\
         [kinds.gemini]\nargs = [\"-m\", \"gemini-2.5-pro\"]\n\
         [kinds.qwen]\nargs = [\"--auth-type\", \"openai\"]\n\
         [kinds.aider]\nargs = [\"--model\", \"openai/scripted-1\"]\n"
    );
    site
}

async fn version(api: &Api, kind: &str) -> String {
    let kinds = api.read("/api/agent-kinds").await;
    let mut items = kinds["items"].as_array().unwrap().iter();
    let kind = items.find(|one| one["kind"] == kind).unwrap();
    kind["version"].as_str().unwrap_or_default().to_owned()
}

fn script() -> Value {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = folder.join("../testkit/scripts/accuracy.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A request of a turn, once it is over.
fn request(entry: &Value) -> Option<truth::Request> {
    let ours = entry["helper"] == false;
    let at = entry["at"].as_i64().filter(|_| ours)?;
    Some(truth::Request {
        at,
        closed: at + entry["ms"].as_i64()?,
    })
}
