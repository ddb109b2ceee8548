//! A task's budget holds all that is delegated beneath it, at the real Claude Code and Codex:
//! what sub-tasks spend is counted, a spent budget ends the whole tree over `kill -9` of the
//! daemon, and what is not known of the cost is said.

use super::budgets::{claude, endless, patch, sane, until_agent};
use crate::support::api::Api;
use crate::support::kit::Model;
use crate::support::wait::until;
use serde_json::{Value, json};

/// More than who leads spends, and less than somebody who toils without end.
const TOKENS: u64 = 400_000;

/// A lead lets Codex say a word, and then somebody toil; `wait_ms` is how long it waits.
fn script(wait_ms: u64) -> Value {
    let delegate =
        |args: Value| json!({ "calls": [{ "tool": "orchestra__delegate$", "args": args }] });
    let first = delegate(json!({ "kind": "codex", "task": "echo part" }));
    let then = delegate(json!({ "specialist": "hand", "task": "toil", "wait_ms": wait_ms }));
    let mut script = endless();
    let rules = script["rules"].as_array_mut().unwrap();
    rules.splice(
        0..0,
        [
            json!({ "name": "lead", "match": "lead the work", "reply": first }),
            json!({ "name": "go on", "match": "lead the work", "tool": "orchestra__delegate$",
                "at": { "status": "^completed$" }, "reply": then }),
            json!({ "name": "leave it", "match": "lead the work", "tool": "orchestra__delegate$",
                "result": "", "reply": "handed out" }),
        ],
    );
    script
}

async fn lead(api: &Api) -> Value {
    let order =
        json!({ "specialist": "hand", "task": "lead the work", "budget": { "tokens": TOKENS } });
    api.must("/api/delegate", order).await
}

/// The sub-task in which somebody toils, once it runs.
async fn toil(api: &Api, lead: &Value) -> Value {
    until("somebody to toil", || async {
        let list = api.read("/api/tasks?limit=10").await;
        let mut items = list["items"].as_array().unwrap().iter();
        let found = items.find(|task| task["prompt"] == "toil" && task["status"] == "running")?;
        assert_eq!(found["parent_task_id"], lead["id"], "{found}");
        Some(found.clone())
    })
    .await
}

async fn ended(api: &Api, task: &Value) -> Value {
    let path = format!("/api/tasks/{}/wait?timeout_ms=60000", task["id"]);
    let task = api.read(&path).await;
    assert!(!task["ended_at"].is_null(), "{task}");
    task
}

/// What the agents of a task itself spent, by their records.
async fn own_tokens(api: &Api, task: &Value) -> u64 {
    let report = api.read("/api/usage?by=task").await;
    let rows = report["items"].as_array().unwrap();
    let key = task["id"].to_string();
    let row = rows.iter().find(|row| row["key"] == key.as_str());
    let usage = &row.unwrap()["usage"];
    let kinds = [
        "input_tokens",
        "output_tokens",
        "cache_write_tokens",
        "cache_read_tokens",
    ];
    kinds.map(|kind| usage[kind].as_u64().unwrap()).iter().sum()
}

async fn free(api: &Api, task: &Value) {
    let id = task["agent_id"].as_str().unwrap();
    until_agent(api, id, "its agent to be free", |agent| {
        agent["activity"]["state"] == "idle" && agent["task_id"].is_null()
    })
    .await;
}

fn is_part_of(part: &Value, whole: &Value) {
    let class = (&part["status"], &part["class"]);
    assert_eq!(class, (&json!("failed"), &json!("limit")), "{part}");
    let why = format!("the budget of task {}, of which it is a part", whole["id"]);
    assert!(part["error"].as_str().unwrap().contains(&why), "{part}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_ends_the_whole_tree_and_a_raise_lets_its_root_go_on() {
    let model = Model::start("clis.json");
    model.play(&script(600_000)).await;
    let site = claude(&model);
    let mut daemon = site.start();
    let mut api = daemon.api(&site, "developer", "ann");
    let root = lead(&api).await;
    let part = toil(&api, &root).await;
    daemon.kill();
    daemon = site.start();
    api = api.at(&daemon.url);

    let root = ended(&api, &root).await;
    assert_eq!(
        (&root["status"], &root["class"]),
        (&json!("failed"), &json!("limit")),
        "{root}"
    );
    let error = root["error"].as_str().unwrap();
    assert!(
        error.contains("its budget of 400000 tokens is spent"),
        "{root}"
    );
    let spent = &root["budget"]["spent"];
    assert!(spent["tokens"].as_u64().unwrap() >= TOKENS, "{root}");
    // Codex answers by a model without a price.
    assert_eq!(spent["usd"], Value::Null, "{root}");
    assert!(spent["least_usd"].as_f64().unwrap() > 1.0, "{root}");
    let part = ended(&api, &part).await;
    is_part_of(&part, &root);
    free(&api, &root).await;
    free(&api, &part).await;
    let own = own_tokens(&api, &root).await;
    assert!(own < TOKENS, "alone it had spent {own}");

    // Neither the part nor anything else goes on beneath it.
    let again = format!("/api/tasks/{}/retry", part["id"]);
    let (status, problem) = api.post(&again, json!({})).await;
    assert_eq!(status, 409, "{problem}");
    assert!(
        problem["type"].to_string().contains("budget_spent"),
        "{problem}"
    );
    let shown = site.run(&["budget", &root["id"].to_string()]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("at least"), "{shown}");

    model.play(&sane()).await;
    let path = format!("/api/tasks/{}", root["id"]);
    let (status, raised) = patch(&api, &format!("{path}/budget"), json!({ "tokens": null })).await;
    assert_eq!(status, 200, "{raised}");
    let done = ended(&api, &root).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(done["attempts"][1]["agent_id"], root["agent_id"], "{done}");
    let told = format!("was stopped with it: task {}", part["id"]);
    let asked = model.asked().await;
    let hears = |one: &&Value| one["head"].as_str().unwrap_or_default().contains(&told);
    assert_eq!(asked.iter().filter(hears).count(), 1, "{asked:#?}");
    let sent = format!(
        "/api/agents/{}/messages",
        root["agent_id"].as_str().unwrap()
    );
    let sent = api.read(&sent).await;
    let items = sent["items"].as_array().unwrap().iter();
    let prompts = items.filter(|item| item["author"] != "assistant").count();
    assert_eq!(prompts, 2, "it heard of it once: {sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_outlives_its_whole_still_spends_from_its_budget() {
    let model = Model::start("clis.json");
    model.play(&script(0)).await;
    let site = claude(&model);
    let daemon = site.start();
    let api = daemon.api(&site, "developer", "ann");
    let root = lead(&api).await;
    let part = toil(&api, &root).await;
    let root = ended(&api, &root).await;
    assert_eq!(root["status"], "completed", "{root}");
    let part = ended(&api, &part).await;
    is_part_of(&part, &root);
    let root = api.read(&format!("/api/tasks/{}", root["id"])).await;
    assert_eq!(root["status"], "completed", "its result stands: {root}");
    assert_eq!(root["budget"]["state"], "spent", "{root}");
    free(&api, &part).await;
}
