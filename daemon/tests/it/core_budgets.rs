//! Turns of a shell: those that are counted are those that were taken.

use crate::support::api::Api;
use crate::support::daemon::Site;
use crate::support::wait::until;
use serde_json::{Value, json};

async fn agent_where(api: &Api, id: &Value, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/api/agents/{}", id.as_str().unwrap());
    until(what, || async {
        let agent = api.read(&path).await;
        holds(&agent).then_some(agent)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_prompt_that_a_shell_shows_first_is_no_turn() {
    let site = Site::new();
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let order = json!({ "kind": "shell", "budget": { "turns": 2 } });
    let agent = api.must("/api/agents", order).await;
    let id = &agent["id"];
    agent_where(&api, id, "its first prompt", |agent| {
        agent["activity"]["state"] == "idle"
    })
    .await;
    let path = format!("/api/agents/{}", id.as_str().unwrap());
    // An empty line shows a prompt too.
    api.must(&format!("{path}/input"), json!({ "text": "\r" }))
        .await;
    let turns = |agent: &Value| agent["budget"]["spent"]["turns"].as_u64().unwrap();
    for (number, text) in ["echo one", "echo two"].into_iter().enumerate() {
        api.must(&format!("{path}/messages"), json!({ "text": text }))
            .await;
        let counted = agent_where(&api, id, "the turn to be counted", |agent| {
            turns(agent) > number as u64
        })
        .await;
        assert_eq!(turns(&counted), number as u64 + 1, "{counted}");
    }
    let held = agent_where(&api, id, "the hold", |agent| {
        agent["activity"]["waiting_for"] == "budget"
    })
    .await;
    assert_eq!(turns(&held), 2, "not 3 of 2: {held}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_of_one_command_is_one_turn() {
    let site = Site::new();
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let order = json!({ "kind": "shell", "task": "sleep 2; echo done", "budget": { "turns": 1 } });
    let task = api.must("/api/delegate", order).await;
    let path = format!("/api/tasks/{}/wait?timeout_ms=60000", task["id"]);
    let task = api.read(&path).await;
    assert_eq!(task["status"], "completed", "{task}");
    assert_eq!(task["result"]["text"], "exit code 0\n\ndone", "{task}");
}
