//! A delegation that comes in the first moments after `kill -9` of the daemon: the real
//! Claude Code and Codex and a declared program that rested take it, and one that works for a person is left alone.

use super::declared::{PARROT, program};
use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::kit::Model;
use crate::support::wait::until;
use serde_json::{Value, json};

/// How often each kind is met by a restart; what is heard first differs from run to run.
const RESTARTS: usize = 4;

/// What has no command that empties its conversation goes on with it.
fn order(kind: &str, word: &str) -> Value {
    json!({ "kind": kind, "task": format!("echo {word}"), "continue": kind == "parrot" })
}

async fn done(api: &Api, id: &Value, word: &str) -> Value {
    let task = api
        .read(&format!("/api/tasks/{id}/wait?timeout_ms=60000"))
        .await;
    assert_eq!(task["status"], "completed", "{task}");
    let text = task["result"]["text"].as_str().unwrap();
    assert!(text.contains(word), "{task}");
    task
}

async fn echo(api: &Api, kind: &str, word: &str) -> Value {
    let task = api.must("/api/delegate", order(kind, word)).await;
    done(api, &task["id"], word).await
}

/// The daemon dies with the delegation stored and nothing done for it, so that the next one
/// does it first of all, before it has looked at any agent.
async fn stored_at_the_end(site: &mut Site, daemon: Daemon, api: &mut Api, order: Value) -> Daemon {
    daemon.kill();
    site.env.insert("FAILPOINT".into(), "delegated".into());
    let mut daemon = site.start();
    site.env.remove("FAILPOINT");
    *api = api.at(&daemon.url);
    let request = api.request(reqwest::Method::POST, "/api/delegate");
    let answer = request.json(&order).send().await;
    assert!(answer.is_err(), "it ended before it could answer");
    daemon.child.wait().unwrap();
    let daemon = site.start();
    *api = api.at(&daemon.url);
    daemon
}

async fn until_state(api: &Api, id: &Value, state: &str) {
    let path = format!("/api/agents/{}", id.as_str().unwrap());
    until(&format!("{id} to be {state}"), || async {
        let agent = api.read(&path).await;
        let free = agent["task_id"].is_null() || state != "idle";
        (agent["activity"]["state"] == state && free).then_some(())
    })
    .await;
}

/// What the feed tells of an agent's activity behind a number, and the number of its end.
async fn told(api: &Api, id: &Value, mut after: i64) -> (Vec<Value>, i64) {
    let mut states = Vec::new();
    loop {
        let page = api.read(&format!("/api/events?after={after}")).await;
        let items = page["items"].as_array().unwrap();
        let Some(last) = items.last() else {
            return (states, after);
        };
        after = last["number"].as_i64().unwrap();
        let agents = items.iter().map(|item| &item["body"]["agent"]);
        let own = agents.filter(|agent| agent["id"] == *id);
        states.extend(own.map(|agent| agent["activity"]["state"].clone()));
    }
}

async fn agents(api: &Api) -> usize {
    let list = api.read("/api/agents?limit=50").await;
    list["items"].as_array().unwrap().len()
}

/// Says whether the model was shown an earlier task beside the one that asks.
fn script() -> Value {
    json!({ "rules": [
        { "name": "kept", "match": "recall it all", "earlier": "echo t\\d", "reply": "there was more" },
        { "name": "emptied", "match": "recall it all", "reply": "there was nothing" },
        { "name": "echo", "match": "echo (?<words>[^\\n]+)", "reply": "${words}" },
    ]})
}

/// A task that goes on sees the one before it, and the next, that does not, sees neither.
async fn recalls(api: &Api, kind: &str, id: &Value) {
    for (goes_on, answer) in [(true, "there was more"), (false, "there was nothing")] {
        let order = json!({ "kind": kind, "task": "recall it all", "continue": goes_on });
        until_state(api, id, "idle").await;
        let task = api.must("/api/delegate", order).await;
        let task = done(api, &task["id"], answer).await;
        assert_eq!(task["agent_id"], *id, "{kind}: {task}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_rested_takes_what_comes_right_after_a_restart() {
    let model = Model::start("clis.json");
    let mut site = Site::with_clis(&model);
    model.play(&script()).await;
    // Nothing but its screen tells what it does, and that is read after all else.
    let parrot = program(&site, "parrot", PARROT);
    site.config = format!(
        "[kinds.parrot]\ncommand = {parrot:?}\nready = '^you>'\nbusy = '^thinking'\nprompt = \"line\"\n"
    );
    let mut daemon = site.start();
    let mut api = daemon.api(&site, "admin", "tester");
    for (made, kind) in ["claude", "codex", "parrot"].into_iter().enumerate() {
        let first = echo(&api, kind, "t0").await;
        for number in 0..RESTARTS {
            until_state(&api, &first["agent_id"], "idle").await;
            let (_, number_before) = told(&api, &first["agent_id"], 0).await;
            let word = format!("t{}", number + 1);
            let next = if number % 2 == 0 {
                let order = order(kind, &word);
                daemon = stored_at_the_end(&mut site, daemon, &mut api, order).await;
                let tasks = api.read("/api/tasks?limit=1").await;
                done(&api, &tasks["items"][0]["id"], &word).await
            } else {
                daemon.kill();
                daemon = site.start();
                api = api.at(&daemon.url);
                echo(&api, kind, &word).await
            };
            assert_eq!(next["agent_id"], first["agent_id"], "{kind}: {next}");
            assert_eq!(next["attempts"].as_array().unwrap().len(), 1, "{next}");
            assert_eq!(agents(&api).await, made + 1, "{kind}: none was made");
            let (states, _) = told(&api, &first["agent_id"], number_before).await;
            assert!(!states.contains(&json!("unknown")), "{kind}: {states:?}");
        }
        if kind != "parrot" {
            recalls(&api, kind, &first["agent_id"]).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_works_for_a_person_is_not_taken_after_a_restart() {
    let model = Model::start("clis.json");
    let site = Site::with_clis(&model);
    let mut daemon = site.start();
    let mut api = daemon.api(&site, "admin", "tester");
    for kind in ["claude", "codex"] {
        let first = echo(&api, kind, "t0").await;
        let id = &first["agent_id"];
        until_state(&api, id, "idle").await;
        let messages = format!("/api/agents/{}/messages", id.as_str().unwrap());
        let slow = api.must(&messages, json!({ "text": "slow words" })).await;
        until_state(&api, id, "busy").await;
        daemon.kill();
        daemon = site.start();
        api = api.at(&daemon.url);
        let other = echo(&api, kind, "t1").await;
        assert_ne!(&other["agent_id"], id, "{kind}: it was busy: {other}");
        until("the answer to the person", || async {
            let list = api.read(&messages).await;
            let mut items = list["items"].as_array().unwrap().iter();
            let reply = items.find(|item| item["reply_to"] == slow["id"])?;
            (reply["text"] == "words").then_some(())
        })
        .await;
    }
}
