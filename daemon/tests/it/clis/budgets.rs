//! Budgets at the real Claude Code and at a real shell: a warning at 80 %, a stop at all of
//! it, nothing sent while it is spent, and after a raise the same conversation goes on, over
//! `kill -9` of the daemon at each of these steps.

use crate::support::api::Api;
use crate::support::daemon::Site;
use crate::support::kit::Model;
use crate::support::wait::until;
use serde_json::{Value, json};

/// Works without end: a step, and another, each a little different.
pub(crate) fn endless() -> Value {
    let first = json!({ "calls": [{ "shell": "echo x" }] });
    let next = json!({ "calls": [{ "shell": "echo ${result}x" }] });
    json!({ "rules": [
        { "name": "begin", "match": "toil", "reply": first },
        { "name": "step", "match": "toil", "result": "(?<seen>x+)", "delay_ms": 700, "reply": next },
        { "name": "echo", "match": "echo (?<words>[^\\n]+)", "reply": "${words}" },
    ]})
}

/// Is done at once, whatever was asked.
pub(crate) fn sane() -> Value {
    json!({ "rules": [
        { "name": "echo", "match": "echo (?<words>[^\\n]+)", "reply": "${words}" },
        { "name": "done", "match": ".", "reply": "all done" },
    ]})
}

pub(crate) fn claude(model: &Model) -> Site {
    let mut site = Site::with_clis(model);
    site.config = "[prices]\n\"claude\" = [1000.0, 1000.0, 1000.0, 1000.0]\n\
                   [[specialists]]\nname = \"hand\"\nkind = \"claude\"\npermissions = \"full\"\n"
        .into();
    site
}

pub(crate) async fn patch(api: &Api, path: &str, body: Value) -> (u16, Value) {
    let request = api.request(reqwest::Method::PATCH, path).json(&body);
    api.send(request).await
}

pub(crate) async fn until_agent(
    api: &Api,
    id: &str,
    what: &str,
    is: impl Fn(&Value) -> bool,
) -> Value {
    let path = format!("/api/agents/{id}");
    until(what, || async {
        let agent = api.read(&path).await;
        is(&agent).then_some(agent)
    })
    .await
}

async fn message(api: &Api, id: &str, sent: &Value) -> Value {
    let list = api
        .read(&format!("/api/agents/{id}/messages?limit=100"))
        .await;
    let mut items = list["items"].as_array().unwrap().iter();
    items.find(|item| item["id"] == sent["id"]).unwrap().clone()
}

async fn answered(api: &Api, id: &str, sent: &Value) {
    until(&format!("the answer to {}", sent["text"]), || async {
        let now = message(api, id, sent).await;
        assert_ne!(now["status"], "failed", "{now}");
        (now["status"] == "answered").then_some(())
    })
    .await;
}

/// The CLI's own conversations of an agent.
async fn sessions(api: &Api, id: &str) -> Vec<Value> {
    let list = api.read("/api/transcripts?limit=100").await;
    let items = list["items"].as_array().unwrap().iter();
    let own = items.filter(|item| item["agent_id"] == id);
    own.map(|item| item["session"].clone()).collect()
}

fn held(agent: &Value) -> bool {
    agent["activity"]["waiting_for"] == "budget" && agent["budget"]["state"] == "spent"
}

/// A change that is none, and one that is not enough.
async fn stays_held(api: &Api, budget: &str) {
    let (status, problem) = patch(api, budget, json!({ "turns": 0 })).await;
    assert_eq!(status, 400, "{problem}");
    assert!(
        problem["detail"].to_string().contains("budget.turns"),
        "{problem}"
    );
    let (status, still) = patch(api, budget, json!({ "tokens": 900_000_000 })).await;
    assert_eq!((status, &still["budget"]["state"]), (200, &json!("spent")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_warned_held_and_goes_on_after_a_raise() {
    let model = Model::start("clis.json");
    model.play(&endless()).await;
    let site = claude(&model);
    let mut daemon = site.start();
    let mut api = daemon.api(&site, "developer", "ann");
    let order = json!({ "specialist": "hand", "budget": { "turns": 10 } });
    let agent = api.must("/api/agents", order).await;
    let id = agent["id"].as_str().unwrap().to_owned();
    let path = format!("/api/agents/{id}/messages");
    let toil = api.must(&path, json!({ "text": "toil" })).await;
    let warned = until_agent(&api, &id, "the warning", |agent| {
        agent["budget"]["state"] == "near"
    })
    .await;
    let spent = &warned["budget"]["spent"];
    assert!(
        [8, 9].contains(&spent["turns"].as_u64().unwrap()),
        "{warned}"
    );
    assert!(spent["tokens"].as_u64().unwrap() > 0, "{warned}");
    assert!(spent["usd"].as_f64().unwrap() > 0.0, "{warned}");
    let before = sessions(&api, &id).await;
    assert_eq!(before.len(), 1);

    daemon.kill();
    daemon = site.start();
    api = api.at(&daemon.url);
    let agent = until_agent(&api, &id, "the hold", held).await;
    assert!(agent["budget"]["spent"]["turns"].as_u64().unwrap() >= 10);
    let asked = model.asked().await.len();
    let later = api.must(&path, json!({ "text": "echo later" })).await;
    until("the messages to say why they wait", || async {
        let waits = |now: &Value| {
            now["status"] == "queued"
                && now["reason"]
                    .to_string()
                    .contains("its budget of 10 turns is spent")
        };
        let both = [
            message(&api, &id, &toil).await,
            message(&api, &id, &later).await,
        ];
        both.iter().all(waits).then_some(())
    })
    .await;

    daemon.kill();
    daemon = site.start();
    api = api.at(&daemon.url);
    until_agent(&api, &id, "the hold in the next daemon", held).await;
    let budget = format!("/api/agents/{id}/budget");
    stays_held(&api, &budget).await;
    assert_eq!(
        model.asked().await.len(),
        asked,
        "nothing was sent meanwhile"
    );

    model.play(&sane()).await;
    let raised = site.run(&["budget", &id, "--turns", "100"]);
    let said = String::from_utf8_lossy(&raised.stdout);
    assert!(raised.status.success(), "{raised:?}");
    assert!(said.contains("is within its budget"), "{said}");
    daemon.kill();
    daemon = site.start();
    api = api.at(&daemon.url);
    answered(&api, &id, &toil).await;
    answered(&api, &id, &later).await;
    assert_eq!(sessions(&api, &id).await, before, "the same conversation");
    let agent = until_agent(&api, &id, "what it has spent", |agent| {
        agent["budget"]["spent"]["turns"].as_u64().unwrap() >= 12
    })
    .await;
    assert_eq!(agent["budget"]["state"], "within", "{agent}");
    assert!(
        agent["usage"]["input_tokens"].as_u64().unwrap() > 0,
        "{agent}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_ends_at_its_budget_and_its_agent_goes_on_after_a_raise() {
    let model = Model::start("clis.json");
    model.play(&endless()).await;
    let site = claude(&model);
    let mut daemon = site.start();
    let mut api = daemon.api(&site, "developer", "ann");
    let order = json!({ "specialist": "hand", "task": "toil", "budget": { "tokens": 100_000 } });
    let task = api.must("/api/delegate", order).await;
    let path = format!("/api/tasks/{}", task["id"]);
    until("the task to spend something", || async {
        let task = api.read(&path).await;
        (task["budget"]["spent"]["tokens"].as_u64()? > 0).then_some(())
    })
    .await;
    daemon.kill();
    daemon = site.start();
    api = api.at(&daemon.url);
    let task = api.read(&format!("{path}/wait?timeout_ms=60000")).await;
    assert_eq!(
        (&task["status"], &task["class"]),
        (&json!("failed"), &json!("limit")),
        "{task}"
    );
    let error = task["error"].as_str().unwrap();
    assert!(
        error.contains("its budget of 100000 tokens is spent"),
        "{task}"
    );
    assert!(
        task["budget"]["spent"]["tokens"].as_u64().unwrap() >= 100_000,
        "{task}"
    );
    let id = task["agent_id"].as_str().unwrap().to_owned();
    until_agent(&api, &id, "the end of its turn", |agent| {
        agent["activity"]["state"] == "idle" && agent["task_id"].is_null()
    })
    .await;
    let before = sessions(&api, &id).await;
    let (status, problem) = api.post(&format!("{path}/retry"), json!({})).await;
    assert_eq!(status, 409, "{problem}");
    assert!(
        problem["type"].to_string().contains("budget_spent"),
        "{problem}"
    );

    model.play(&sane()).await;
    let (status, raised) = patch(&api, &format!("{path}/budget"), json!({ "tokens": null })).await;
    assert_eq!(status, 200, "{raised}");
    daemon.kill();
    daemon = site.start();
    api = api.at(&daemon.url);
    let task = api.read(&format!("{path}/wait?timeout_ms=60000")).await;
    assert_eq!(task["status"], "completed", "{task}");
    assert_eq!(task["class"], Value::Null, "{task}");
    let attempts = task["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{task}");
    assert_eq!(attempts[1]["agent_id"], id, "the same agent");
    assert_eq!(
        sessions(&api, &id).await,
        before,
        "in the same conversation"
    );

    for by in ["day", "agent", "task"] {
        let report = api.read(&format!("/api/usage?by={by}")).await;
        let row = &report["items"][0];
        assert_eq!(report["items"].as_array().unwrap().len(), 1, "{report}");
        assert!(
            row["usage"]["input_tokens"].as_u64().unwrap() > 100_000,
            "{by}: {report}"
        );
        assert!(row["cost_usd"].as_f64().unwrap() > 0.0, "{by}: {report}");
    }
    let none = api.read("/api/usage?from=2020-01-01&to=2020-01-31").await;
    assert_eq!(none["items"], json!([]), "{none}");
    let (status, problem) = api.get("/api/usage?from=yesterday").await;
    assert_eq!(status, 400, "{problem}");
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_cost_holds_an_agent_and_an_unknown_one_is_never_nothing() {
    let model = Model::start("clis.json");
    let mut site = claude(&model);
    let daemon = site.start();
    let api = daemon.api(&site, "developer", "ann");
    let order = json!({ "specialist": "hand", "budget": { "usd": 0.01 } });
    let agent = api.must("/api/agents", order.clone()).await;
    let id = agent["id"].as_str().unwrap();
    let path = format!("/api/agents/{id}/messages");
    let sent = api.must(&path, json!({ "text": "echo dear" })).await;
    answered(&api, id, &sent).await;
    let agent = until_agent(&api, id, "the hold", held).await;
    assert!(
        agent["budget"]["spent"]["usd"].as_f64().unwrap() > 0.01,
        "{agent}"
    );
    assert_eq!(agent["budget"]["nearest"], "usd", "{agent}");
    drop(daemon);

    // The same without a price: the cost is unknown, and the tokens hold it.
    site.config = site.config.replace("\"claude\" = [", "\"other\" = [");
    site.config.push_str("[budgets]\nagent_tokens = 1000\n");
    site.env
        .insert("ANTHROPIC_MODEL".into(), "scripted-1".into());
    site.config.push_str("[kinds.claude]\nenv = [\"ANTHROPIC_API_KEY\", \"ANTHROPIC_BASE_URL\", \"ANTHROPIC_MODEL\"]\n");
    let daemon = site.start();
    let api = api.at(&daemon.url);
    let agent = api.must("/api/agents", order).await;
    let id = agent["id"].as_str().unwrap();
    assert_eq!(
        agent["budget"]["limit"],
        json!({ "usd": 0.01, "tokens": 1000 })
    );
    let path = format!("/api/agents/{id}/messages");
    let sent = api.must(&path, json!({ "text": "echo cheap" })).await;
    answered(&api, id, &sent).await;
    let agent = until_agent(&api, id, "the hold by tokens", held).await;
    assert_eq!(agent["budget"]["spent"]["usd"], Value::Null, "{agent}");
    assert_eq!(agent["usage"]["cost_usd"], Value::Null, "{agent}");
    assert_eq!(agent["budget"]["nearest"], "tokens", "{agent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_is_held_by_its_time_and_its_turns() {
    let site = Site::new();
    let mut daemon = site.start();
    let mut api = daemon.api(&site, "developer", "ann");
    let order = json!({ "kind": "shell", "budget": { "wall_s": 3 } });
    let agent = api.must("/api/agents", order).await;
    let id = agent["id"].as_str().unwrap().to_owned();
    let path = format!("/api/agents/{id}/messages");
    api.must(&path, json!({ "text": "sleep 1000" })).await;
    until_agent(&api, &id, "it to work", |agent| {
        agent["activity"]["state"] == "busy"
    })
    .await;
    daemon.kill();
    daemon = site.start();
    api = api.at(&daemon.url);
    let agent = until_agent(&api, &id, "the hold", held).await;
    assert!(
        agent["budget"]["spent"]["wall_s"].as_u64().unwrap() >= 3,
        "{agent}"
    );
    assert_eq!(agent["budget"]["spent"]["tokens"], Value::Null, "{agent}");
    assert_eq!(agent["budget"]["spent"]["usd"], Value::Null, "{agent}");
    let later = api.must(&path, json!({ "text": "echo later" })).await;
    until("the message to say why it waits", || async {
        let now = message(&api, &id, &later).await;
        now["reason"]
            .to_string()
            .contains("its budget of 3 s")
            .then_some(())
    })
    .await;
    let budget = format!("/api/agents/{id}/budget");
    let (status, raised) = patch(&api, &budget, json!({ "wall_s": null, "turns": 2 })).await;
    assert_eq!(status, 200, "{raised}");
    answered(&api, &id, &later).await;
    until_agent(&api, &id, "the hold by turns", held).await;
    let (status, free) = patch(&api, &budget, json!({ "turns": null })).await;
    assert_eq!((status, &free["budget"]), (200, &Value::Null), "{free}");
    until_agent(&api, &id, "it to be free", |agent| {
        agent["activity"]["state"] == "idle"
    })
    .await;
    drop(daemon);
}
