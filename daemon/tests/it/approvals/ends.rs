//! Questions that end without an answer of ours.

use super::Stage;
use crate::support::wait::until;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_terminal_settles_is_withdrawn() {
    let stage = Stage::set("").await;
    let sent = stage.say("run git init yes").await;
    let asked = stage.asked().await;
    stage.screen("Do you want to proceed?").await;
    stage.press(json!({"text": "1"})).await;
    stage.made("yes").await;
    let ended = stage.until_state(&asked["id"], "withdrawn").await;
    assert!(
        ended["reason"].as_str().unwrap().contains("terminal"),
        "{ended}"
    );
    stage.message(&sent, "answered").await;
    let (code, problem) = stage
        .decide(&asked["id"], json!({"decision": "deny"}))
        .await;
    assert_eq!(code, 409);
    assert!(
        problem["detail"].as_str().unwrap().contains("withdrawn"),
        "{problem}"
    );

    stage.say("run git init no").await;
    let asked = stage.asked().await;
    stage.screen("Do you want to proceed?").await;
    stage.press(json!({"keys": ["Escape"]})).await;
    stage.until_state(&asked["id"], "withdrawn").await;
    assert!(!stage.repository("no").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_end_takes_its_questions_with_it() {
    let stage = Stage::set("").await;
    stage.say("run git init six").await;
    let asked = stage.asked().await;
    let path = format!("/api/agents/{}/kill", stage.agent);
    stage.api.must(&path, json!({})).await;
    let ended = stage.approval(&asked["id"]).await;
    assert_eq!(
        (&ended["state"], &ended["reason"]),
        (&json!("withdrawn"), &json!("the agent ended"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn time_over_is_left_to_the_terminal_or_denied_but_never_allowed() {
    let stage = Stage::set("[approvals]\ntimeout_s = 5\n").await;
    stage.say("run git init seven").await;
    let asked = stage.asked().await;
    let ended = stage.until_state(&asked["id"], "expired").await;
    assert!(
        ended["delivered_at"].is_null() && ended["answered_by"].is_null(),
        "{ended}"
    );
    assert!(!stage.repository("seven").exists());
    // The dialog is still there, and works.
    stage.screen("Do you want to proceed?").await;
    stage.press(json!({"text": "1"})).await;
    stage.made("seven").await;

    let stage = Stage::set("[approvals]\ntimeout_s = 5\non_timeout = \"deny\"\n").await;
    let sent = stage.say("run git init eight").await;
    let asked = stage.asked().await;
    let answer = stage.answer(&sent).await;
    assert!(answer.contains("Nobody answered"), "{answer}");
    assert_eq!(stage.approval(&asked["id"]).await["state"], "expired");
    assert!(!stage.repository("eight").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_of_sub_agents_are_told_apart() {
    let stage = Stage::set("").await;
    let sent = stage.say("let two helpers make nine and ten").await;
    let open = until("both questions", || async {
        let list = stage.api.read("/api/approvals?state=pending").await;
        let items = list["items"].as_array().unwrap().clone();
        (items.len() == 2).then_some(items)
    })
    .await;
    for one in &open {
        assert_eq!(one["subagent"], "general-purpose", "{one}");
    }
    // The one whose dialog is up is allowed in the terminal, the other one from here. The
    // dialogs change places while they come up, and a key meanwhile is lost.
    let looks = std::cell::Cell::new(0u32);
    let settled = until("one to be withdrawn", || async {
        for one in &open {
            let now = stage.approval(&one["id"]).await;
            if now["state"] == "withdrawn" {
                return Some(now);
            }
        }
        looks.set(looks.get() + 1);
        if looks.get().is_multiple_of(20) {
            stage.screen("Do you want to proceed?").await;
            stage.press(json!({"text": "1"})).await;
        }
        None
    })
    .await;
    let other = open.iter().find(|one| one["id"] != settled["id"]).unwrap();
    assert_eq!(stage.approval(&other["id"]).await["state"], "pending");
    let no = json!({"decision": "deny", "message": "not this one"});
    assert_eq!(stage.decide(&other["id"], no).await.0, 200);
    stage.message(&sent, "answered").await;
    let name = |one: &serde_json::Value| {
        let command = one["input"]["command"].as_str().unwrap();
        command.trim_start_matches("git init ").to_owned()
    };
    assert!(stage.repository(&name(&settled)).is_dir());
    assert!(!stage.repository(&name(other)).exists());
}
