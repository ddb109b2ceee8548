//! A busy agent of which nothing can be seen is interrupted and told again once; then its
//! task ends as `limit`, without another attempt. At the real Claude Code too: a reply that
//! never comes, and the same call again and again. Whoever waits for a person is left alone.

use super::declared::program;
use crate::support::api::Api;
use crate::support::daemon::Site;
use crate::support::kit::Model;
use crate::support::wait::until;
use orchestra_protocol::time::Timestamp;
use serde_json::{Value, json};

/// Takes a line and does `WORK` over it.
const WORKER: &str = r#"#!/bin/bash
[ "$1" = --version ] && { echo "worker 1.0.0"; exit; }
trap 'true' INT
printf 'you> '
while true; do
  IFS= read -r line || { sleep 0.1; continue; }
  echo "thinking"
  WORK
  printf '\033[1A\033[2Kdone with it.\nyou> '
done
"#;

fn worker(work: &str, seconds: u32) -> Site {
    let mut site = Site::new();
    let path = program(&site, "worker", &WORKER.replace("WORK", work));
    site.config = format!(
        "[limits]\nstuck_s = {seconds}\n[kinds.worker]\ncommand = {path:?}\nready = '^you>'\nbusy = '^thinking'\nprompt = \"line\"\n"
    );
    site
}

/// A site with the real Claude Code, a specialist that runs commands, and one that asks.
fn claude(model: &Model, seconds: u32) -> Site {
    let mut site = Site::with_clis(model);
    site.config = format!(
        "[limits]\nstuck_s = {seconds}\n\
         [[specialists]]\nname = \"hand\"\nkind = \"claude\"\npermissions = \"full\"\n\
         [[specialists]]\nname = \"shy\"\nkind = \"claude\"\n"
    );
    site
}

async fn nudges(api: &Api, agent: &str) -> usize {
    let list = api.read(&format!("/api/agents/{agent}/messages")).await;
    let items = list["items"].as_array().unwrap();
    let nudged = |item: &&Value| item["reason"].to_string().contains("it was interrupted");
    items.iter().filter(nudged).count()
}

async fn ended(api: &Api, task: &Value) -> Value {
    let path = format!("/api/tasks/{}", task["id"]);
    until("the end of the task", || async {
        let task = api.read(&path).await;
        let open = ["queued", "assigned", "running"];
        (!open.contains(&task["status"].as_str().unwrap())).then_some(task)
    })
    .await
}

fn is_limit(task: &Value, why: &str) {
    assert_eq!(task["status"], "failed", "{task}");
    assert_eq!(task["class"], "limit", "{task}");
    let error = task["error"].as_str().unwrap();
    assert!(
        error.starts_with("limit: the agent was stuck again"),
        "{task}"
    );
    assert!(error.contains(why), "{task}");
    let attempts = task["attempts"].as_array().unwrap().len();
    assert_eq!(attempts, 1, "it is not tried again: {task}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_agent_is_nudged_once_and_then_given_up() {
    let site = worker("sleep 1000", 3);
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let agent = api.must("/api/agents", json!({ "kind": "worker" })).await;
    let id = agent["id"].as_str().unwrap();
    let task = json!({ "agent": id, "task": "work" });
    let task = api.must("/api/delegate", task).await;
    until("the nudge", || async {
        (nudges(&api, id).await == 1).then_some(())
    })
    .await;
    is_limit(&ended(&api, &task).await, "no output, no record");
    let agent = until("the agent to be idle", || async {
        let agent = api.read(&format!("/api/agents/{id}")).await;
        (agent["activity"]["state"] == "idle").then_some(agent)
    })
    .await;
    assert_eq!(agent["status"], "running", "the agent itself stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_computes_is_left_alone() {
    // Silent, but at work for longer than the limit.
    let site = worker(
        "end=$((SECONDS+6)); while [ $SECONDS -lt $end ]; do :; done",
        2,
    );
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let agent = api.must("/api/agents", json!({ "kind": "worker" })).await;
    let task = json!({ "agent": agent["id"], "task": "work" });
    let task = api.must("/api/delegate", task).await;
    let task = ended(&api, &task).await;
    assert_eq!(task["status"], "completed", "{task}");
    assert_eq!(nudges(&api, agent["id"].as_str().unwrap()).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_whose_reply_never_comes_is_nudged_and_given_up() {
    let model = Model::start("clis.json");
    let script =
        json!({ "name": "never", "match": "hang", "delay_ms": 600_000, "reply": "too late" });
    model.play(&json!({ "rules": [script] })).await;
    let site = claude(&model, 8);
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let task = json!({ "specialist": "hand", "task": "hang" });
    let task = api.must("/api/delegate", task).await;
    let task = ended(&api, &task).await;
    is_limit(&task, "no output, no record");
    let agent = task["agent_id"].as_str().unwrap();
    until("the agent to be interrupted", || async {
        let agent = api.read(&format!("/api/agents/{agent}")).await;
        (agent["activity"]["state"] == "idle").then_some(())
    })
    .await;
    let asked: Vec<String> = model.asked().await.iter().map(Value::to_string).collect();
    let nudged = asked
        .iter()
        .any(|text| text.contains("You were interrupted"));
    assert!(nudged, "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_that_makes_the_same_call_again_and_again_is_nudged_and_given_up() {
    let model = Model::start("clis.json");
    let call = json!({ "calls": [{ "shell": "cat missing.txt" }] });
    let rules = json!({ "rules": [
        { "name": "begin", "match": "circle", "reply": call },
        { "name": "again", "match": "circle", "result": "", "delay_ms": 300, "reply": call },
    ]});
    model.play(&rules).await;
    let site = claude(&model, 600);
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let task = json!({ "specialist": "hand", "task": "circle" });
    let task = api.must("/api/delegate", task).await;
    let task = ended(&api, &task).await;
    is_limit(&task, "the same call 8 times in a row: Bash");
    let agent = task["agent_id"].as_str().unwrap().to_owned();
    until("the agent to be interrupted", || async {
        let agent = api.read(&format!("/api/agents/{agent}")).await;
        (agent["activity"]["state"] == "idle").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_waits_for_a_permission_is_not_nudged() {
    let model = Model::start("clis.json");
    let call = json!({ "calls": [{ "shell": "git init -q asked" }] });
    let rules = json!({ "rules": [
        { "name": "ask", "match": "make it", "reply": call },
        { "name": "end", "match": "make it", "result": "", "reply": "made" },
    ]});
    model.play(&rules).await;
    let site = claude(&model, 3);
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let task = json!({ "specialist": "shy", "task": "make it" });
    let task = api.must("/api/delegate", task).await;
    let (id, created) = until("the question", || async {
        let list = api.read("/api/approvals").await;
        let first = list["items"].as_array().unwrap().first()?.clone();
        let created: Timestamp = serde_json::from_value(first["created_at"].clone()).unwrap();
        Some((first["id"].as_str().unwrap().to_owned(), created))
    })
    .await;
    // Several times what would be too long for one at work.
    until("the question to be old", || async {
        (Timestamp::now().since(created) > 12_000).then_some(())
    })
    .await;
    let path = format!("/api/approvals/{id}/answer");
    api.must(&path, json!({ "decision": "allow" })).await;
    let task = ended(&api, &task).await;
    assert_eq!(task["status"], "completed", "{task}");
    assert_eq!(nudges(&api, task["agent_id"].as_str().unwrap()).await, 0);
}
