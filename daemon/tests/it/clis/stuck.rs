//! A busy agent of which nothing can be seen is interrupted and told again once; then its
//! message fails as `limit`, and so does its task, without another attempt.

use super::declared::program;
use crate::support::daemon::Site;
use crate::support::wait::until;
use serde_json::json;

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
        "[limits]\nstuck_s = {seconds}\n[kinds.worker]\ncommand = {path:?}\nready = '^you>'\nbusy = '^thinking'\n"
    );
    site
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
    let messages = format!("/api/agents/{id}/messages");
    until("the nudge", || async {
        let list = api.read(&messages).await;
        let items = list["items"].as_array().unwrap();
        let nudged = items.iter().any(|item| {
            let reason = item["reason"].as_str().unwrap_or_default();
            reason.contains("was stuck (no output, no record and no processor time for 3 s)")
        });
        nudged.then_some(())
    })
    .await;
    let path = format!("/api/tasks/{}/wait?timeout_ms=60000", task["id"]);
    let task = api.read(&path).await;
    assert_eq!(task["status"], "failed", "{task}");
    let error = task["error"].as_str().unwrap();
    assert!(
        error.starts_with("limit: the agent was stuck again"),
        "{task}"
    );
    assert_eq!(
        task["attempts"].as_array().unwrap().len(),
        1,
        "not tried again"
    );
    let agent = api.read(&format!("/api/agents/{id}")).await;
    assert_eq!(agent["status"], "running", "the agent itself stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_computes_is_left_alone() {
    // Silent, but at work for longer than the limit.
    let site = worker(
        "end=$((SECONDS+5)); while [ $SECONDS -lt $end ]; do :; done",
        2,
    );
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let agent = api.must("/api/agents", json!({ "kind": "worker" })).await;
    let path = format!("/api/agents/{}/messages", agent["id"].as_str().unwrap());
    let sent = api.must(&path, json!({ "text": "work" })).await;
    until("the answer", || async {
        let list = api.read(&path).await;
        let items = list["items"].as_array().unwrap();
        let now = items.iter().find(|item| item["id"] == sent["id"]).unwrap();
        assert_ne!(now["status"], "failed", "{now}");
        assert!(!now["reason"].to_string().contains("stuck"), "{now}");
        (now["status"] == "answered").then_some(())
    })
    .await;
}
