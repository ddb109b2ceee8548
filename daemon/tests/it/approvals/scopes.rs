//! A yes that reaches further than one use: for the session, by a rule made from the
//! answer, by the rules of the configuration.

use super::Stage;
use serde_json::{Value, json};

async fn open(stage: &Stage) -> Vec<Value> {
    let list = stage.api.read("/api/approvals?state=pending").await;
    list["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_for_the_session_is_not_asked_for_again() {
    let stage = Stage::set("").await;
    let sent = stage.say("run git init one").await;
    let asked = stage.asked().await;
    let grant = asked["session_grant"].as_array().unwrap();
    assert!(!grant.is_empty(), "{asked}");
    let yes = json!({"decision": "allow", "scope": "session"});
    let (code, ended) = stage.decide(&asked["id"], yes).await;
    assert_eq!((code, &ended["scope"]), (200, &json!("session")), "{ended}");
    stage.message(&sent, "answered").await;
    std::fs::remove_dir_all(stage.site.project.join("one")).unwrap();
    let sent = stage.say("run git init one").await;
    stage.message(&sent, "answered").await;
    assert!(
        stage.repository("one").is_dir(),
        "it ran without a question"
    );
    let all = stage.api.read("/api/approvals").await;
    assert_eq!(all["items"].as_array().unwrap().len(), 1, "{all}");
    let own = stage.site.project.join(".claude");
    assert!(!own.exists(), "nothing was written into the project");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_made_from_an_answer_answers_until_it_is_removed() {
    let stage = Stage::set("").await;
    stage.say("run git init one").await;
    let asked = stage.asked().await;
    for (rule, word) in [
        ("Bash(git push *)", "does not cover"),
        ("Bash(*)", "every command"),
        ("Bash(git *; rm *)", "one simple command"),
        ("Bash(env *)", "any program"),
    ] {
        let body = json!({"decision": "allow", "scope": "rule", "rule": rule});
        let (code, problem) = stage.decide(&asked["id"], body).await;
        assert_eq!(code, 400, "{problem}");
        assert!(
            problem["detail"].as_str().unwrap().contains(word),
            "{problem}"
        );
    }
    let yes = json!({"decision": "allow", "scope": "rule", "rule": "Bash(git init *)"});
    let (code, ended) = stage.decide(&asked["id"], yes).await;
    assert_eq!(
        (code, &ended["rule"]),
        (200, &json!("Bash(git init *)")),
        "{ended}"
    );
    stage.made("one").await;

    let sent = stage.say("run git init two").await;
    stage.message(&sent, "answered").await;
    stage.made("two").await;
    let all = stage.api.read("/api/approvals").await;
    let newest = &all["items"][0];
    assert_eq!(newest["input"]["command"], "git init two");
    assert_eq!(
        (&newest["state"], &newest["rule"], &newest["answered_by"]),
        (&json!("allowed"), &json!("Bash(git init *)"), &json!(null))
    );
    let root = stage
        .daemon
        .as_ref()
        .unwrap()
        .api(&stage.site, "admin", "root");
    let audit = root.read("/api/audit?limit=200").await.to_string();
    let about = format!(
        "approval={} rule=Bash(git init *)",
        newest["id"].as_str().unwrap()
    );
    assert!(
        audit.contains("approval by rule") && audit.contains(&about),
        "{audit}"
    );

    // More than one simple command goes to the person, rule or not.
    stage.say("run git init three && git init four").await;
    let asked = stage.asked().await;
    assert_eq!(
        stage
            .decide(&asked["id"], json!({"decision": "deny"}))
            .await
            .0,
        200
    );

    let rules = stage.api.read("/api/approval-rules").await;
    let rule = &rules["items"][0];
    assert_eq!(
        (&rule["rule"], &rule["made_by"]),
        (&json!("Bash(git init *)"), &json!("ann"))
    );
    let path = format!("/api/approval-rules/{}", rule["id"].as_str().unwrap());
    let removed = stage
        .api
        .send(stage.api.request(reqwest::Method::DELETE, &path))
        .await;
    assert_eq!(removed.0, 204);
    stage.say("run git init five").await;
    assert_eq!(stage.asked().await["input"]["command"], "git init five");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_the_configuration_need_no_question() {
    let config = "[approvals]\nbypass_permissions = [\"Bash(git init *)\", \"Read(*)\"]\n";
    let stage = Stage::set(config).await;
    let sent = stage.say("run git init one").await;
    stage.message(&sent, "answered").await;
    assert!(stage.repository("one").is_dir());
    assert!(open(&stage).await.is_empty());
    stage.say("run git init two; npm version").await;
    let asked = stage.asked().await;
    assert_eq!(asked["input"]["command"], "git init two; npm version");

    let mut wrong = crate::support::daemon::Site::new();
    wrong.config = "[approvals]\nbypass_permissions = [\"Bash(*)\"]\n".into();
    std::fs::write(wrong.root.path().join("config.toml"), &wrong.config).unwrap();
    let config = wrong.root.path().join("config.toml").display().to_string();
    let said = wrong.run(&[
        "up",
        "--no-open",
        "--listen",
        "127.0.0.1:0",
        "--config",
        &config,
    ]);
    assert_eq!(said.status.code(), Some(1));
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        text.contains("bypass_permissions") && text.contains("every command"),
        "{text}"
    );
}
