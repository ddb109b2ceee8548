//! A used up quota at the real Claude Code: the agent waits until it is there again, says
//! until when, and sends again by itself what was held back.

use crate::support::daemon::Site;
use crate::support::kit::Model;
use crate::support::wait::until;
use serde_json::{Value, json};

/// Answers everything with 429, or nothing.
fn script(walled: bool) -> Value {
    let wall = json!({ "name": "wall", "match": "echo", "status": 429 });
    let echo = json!({ "name": "echo", "match": "echo (?<words>[^\\n]+)", "reply": "${words}" });
    let rules = if walled { vec![wall] } else { vec![echo] };
    json!({ "rules": rules, "default": { "text": "ok" } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_quota_is_waited_for_and_the_message_goes_again() {
    let model = Model::start("clis.json");
    model.play(&script(true)).await;
    let mut site = Site::with_clis(&model);
    // By itself it tries ten times, which takes minutes.
    let env = "\"ANTHROPIC_API_KEY\", \"ANTHROPIC_BASE_URL\", \"CLAUDE_CODE_MAX_RETRIES\"";
    site.config = format!("[limits]\nquota_wait_s = 8\n[kinds.claude]\nenv = [{env}]\n");
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let agent = api.must("/api/agents", json!({ "kind": "claude" })).await;
    let id = agent["id"].as_str().unwrap();
    let path = format!("/api/agents/{id}/messages");
    let sent = api.must(&path, json!({ "text": "echo again" })).await;
    let now = || async {
        let list = api.read(&path).await;
        let mut items = list["items"].as_array().unwrap().iter();
        items.find(|item| item["id"] == sent["id"]).unwrap().clone()
    };
    let agent = until("the agent to wait for its quota", || async {
        let agent = api.read(&format!("/api/agents/{id}")).await;
        (agent["activity"]["waiting_for"] == "quota").then_some(agent)
    })
    .await;
    assert!(agent["activity"]["until"].is_string(), "{agent}");
    let held = now().await;
    assert_eq!(held["status"], "queued", "{held}");
    assert!(held["reason"].as_str().unwrap().contains("quota"), "{held}");
    let why = api.read(&format!("/api/agents/{id}/explain")).await;
    let signals = why["signals"].as_array().unwrap();
    let won: Vec<&Value> = signals.iter().filter(|one| one["won"] == true).collect();
    assert_eq!(won.len(), 1, "{why}");
    assert_eq!(won[0]["waiting_for"], "quota", "{why}");

    model.play(&script(false)).await;
    until("the message to be answered by itself", || async {
        (now().await["status"] == "answered").then_some(())
    })
    .await;
    until("the wait to be over", || async {
        let agent = api.read(&format!("/api/agents/{id}")).await;
        agent["activity"]["until"].is_null().then_some(())
    })
    .await;
}
