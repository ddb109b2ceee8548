//! The same at the real Codex, which shows its own dialog only after an empty answer.

use super::Stage;
use crate::support::wait::until;
use serde_json::{Value, json};

async fn activity(stage: &Stage) -> Value {
    let path = format!("/api/agents/{}", stage.agent);
    stage.api.read(&path).await["activity"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn codex_asks_and_is_answered_once() {
    let mut stage = Stage::with("codex", "ann", "").await;
    let sent = stage.say("escalate git init one").await;
    let asked = stage.asked().await;
    assert_eq!(asked["tool"], "Bash");
    assert_eq!(asked["input"]["command"], "git init one");
    assert_eq!(asked["session_grant"], json!([]), "it takes no such yes");
    // Its title says busy all the while, which it is not.
    stage.screen("Running hook").await;
    until("the title to contradict", || async {
        let path = format!("/api/agents/{}/explain", stage.agent);
        let told = stage.api.read(&path).await;
        let mut signals = told["signals"].as_array().unwrap().iter();
        signals
            .any(|one| one["source"] == "title" && one["state"] == "busy")
            .then_some(())
    })
    .await;
    let waits = activity(&stage).await;
    assert_eq!(
        (&waits["state"], &waits["source"]),
        (&json!("waiting"), &json!("hook"))
    );
    stage.kill();
    stage.restart();
    let again = stage.asked().await;
    assert_eq!(again["id"], asked["id"], "the same question");
    until("its state to be known again", || async {
        let waits = activity(&stage).await;
        (waits["state"] == "waiting" && waits["source"] == "hook").then_some(())
    })
    .await;
    let yes = json!({"decision": "allow"});
    assert_eq!(stage.decide(&asked["id"], yes.clone()).await.0, 200);
    stage.made("one").await;
    stage.message(&sent, "answered").await;
    assert_eq!(stage.decide(&asked["id"], yes).await.0, 409);

    let sent = stage.say("escalate git init two").await;
    let asked = stage.asked().await;
    let no = json!({"decision": "deny", "message": "not in here, word w77"});
    assert_eq!(stage.decide(&asked["id"], no).await.0, 200);
    let answer = stage.answer(&sent).await;
    assert!(answer.contains("word w77"), "{answer}");
    assert!(!stage.repository("two").exists());

    stage.say("escalate git init three").await;
    let asked = stage.asked().await;
    stage.screen("Running hook").await;
    stage.press(json!({"keys": ["Escape"]})).await;
    stage.until_state(&asked["id"], "withdrawn").await;
    assert!(!stage.repository("three").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_answers_codex_and_time_over_shows_its_dialog() {
    let config = "[approvals]\nbypass_permissions = [\"Bash(git init *)\"]\ntimeout_s = 5\n";
    let stage = Stage::with("codex", "ann", config).await;
    let sent = stage.say("escalate git init one").await;
    stage.message(&sent, "answered").await;
    assert!(stage.repository("one").is_dir());
    let all = stage.api.read("/api/approvals").await;
    let newest = &all["items"][0];
    assert_eq!(
        (&newest["state"], &newest["rule"]),
        (&json!("allowed"), &json!("Bash(git init *)"))
    );
    stage.say("escalate git -c core.pager=x init two").await;
    let asked = stage.asked().await;
    stage.until_state(&asked["id"], "expired").await;
    stage
        .screen("Would you like to run the following command?")
        .await;
    assert!(!stage.repository("two").exists());
}
