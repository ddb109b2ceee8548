//! What an agent may ask for with its own token, and what it is told later.

use crate::core_agents::{send, set, settled};
use crate::support::daemon::Site;
use crate::support::wait::until;
use serde_json::{Value, json};

/// A call with the agent's own token, over the Unix socket as its tools make it.
fn as_agent(site: &Site, id: &str, path: &str, body: &Value) -> Value {
    let token = site.data.join("agents").join(id).join("token");
    let token = std::fs::read_to_string(token).unwrap();
    let output = std::process::Command::new("curl")
        .args(["-s", "--unix-socket"])
        .arg(site.data.join("run/orchestra.sock"))
        .arg("-H")
        .arg(format!("authorization: Bearer {token}"))
        .args(["-H", "content-type: application/json", "-d"])
        .arg(body.to_string())
        .arg(format!("http://localhost{path}"))
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_own_token_reaches_no_further_than_it_may() {
    let config = "[limits]\ndepth = 1\n[primary]\nkind = \"shell\"\n";
    let (site, daemon, api) = set(config).await;
    let first = send(&api, "primary", "echo ready").await;
    settled(&api, "primary", &first).await;
    let call = |id: &str, path: &str, body: Value| as_agent(&site, id, path, &body);
    let refused = |value: &Value, word: &str| {
        assert_eq!(value["type"], "urn:orchestra:delegation_refused", "{value}");
        assert!(value["detail"].as_str().unwrap().contains(word), "{value}");
    };
    let itself = call(
        "primary",
        "/api/delegate",
        json!({"agent": "primary", "task": "x"}),
    );
    refused(&itself, "itself");
    let outside = json!({"kind": "shell", "task": "x", "cwd": site.home});
    refused(
        &call("primary", "/api/delegate", outside),
        "outside your own folder",
    );

    // One level down it works; that agent may go no deeper.
    let task = call(
        "primary",
        "/api/delegate",
        json!({"kind": "shell", "task": "sleep 20"}),
    );
    let path = format!("/api/tasks/{}", task["id"]);
    let running = until("the task to run", || async {
        let task = api.read(&path).await;
        (task["status"] == "running").then_some(task)
    })
    .await;
    let worker = running["agent_id"].as_str().unwrap().to_owned();
    let deeper = json!({"kind": "shell", "task": "x"});
    refused(&call(&worker, "/api/delegate", deeper), "limit is 1");
    let forged = call(
        "primary",
        &format!("/api/agents/{worker}/messages"),
        json!({"text": "x", "client_id": "task-9-1"}),
    );
    assert_eq!(forged["type"], "urn:orchestra:invalid_request", "{forged}");
    let report = call("primary", "/api/report", json!({"summary": "x"}));
    assert_eq!(
        report["type"], "urn:orchestra:delegation_refused",
        "{report}"
    );

    // Nobody waits for the result: it comes as a message, once, across a restart.
    let cancelled = api.must(&format!("{path}/cancel"), json!({})).await;
    assert_eq!(cancelled["status"], "cancelled");
    daemon.kill();
    let daemon = site.start();
    let api = api.at(&daemon.url);
    let told = async || {
        let list = api.read("/api/agents/primary/messages").await;
        let items = list["items"].as_array().unwrap().clone();
        let begins = format!("[Orchestra] Task {} ", task["id"]);
        let items = items.into_iter();
        items
            .filter(|item| item["text"].as_str().unwrap().starts_with(&begins))
            .collect::<Vec<_>>()
    };
    until("the end to be told", || async {
        (!told().await.is_empty()).then_some(())
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(told().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_proposed_a_plan_hears_of_its_refusal_once() {
    let (site, _daemon, api) = set("[primary]\nkind = \"shell\"\n").await;
    let first = send(&api, "primary", "echo ready").await;
    settled(&api, "primary", &first).await;
    let plan = json!({"tasks": [{"kind": "shell", "task": "echo a", "title": "First part"}]});
    let plan = as_agent(&site, "primary", "/api/plans", &plan);
    let id = &plan["items"][0]["id"];
    let own = json!({"task_ids": [id], "decision": "approve"});
    let own = as_agent(&site, "primary", "/api/plans/decide", &own);
    assert_eq!(
        own["status"], 403,
        "nobody approves a plan of its own: {own}"
    );
    let no = json!({"task_ids": [id], "decision": "reject"});
    api.must("/api/plans/decide", no).await;
    let list = api.read("/api/agents/primary/messages").await;
    let told: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["author"] == "system")
        .collect();
    assert_eq!(told.len(), 1, "{list}");
    let text = told[0]["text"].as_str().unwrap();
    assert!(
        text.contains("rejected") && text.contains("First part"),
        "{text}"
    );
    let task = api.read(&format!("/api/tasks/{id}")).await;
    assert_eq!(task["status"], "cancelled");
}
