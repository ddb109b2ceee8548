//! Web push against a push service of the tests: what arrives, decrypted; what becomes of
//! refusals, of a restart, and of logins that ended; and where the daemon does not go.

mod looked_at;

use crate::support::api::Api;
use crate::support::daemon::Site;
use crate::support::pushes::{Arrived, Browser, PushService};
use crate::support::unix;
use crate::support::wait::until;
use orchestra_protocol::time::Timestamp;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use tokio::task::JoinSet;

const SUBSCRIPTIONS: &str = "/api/push/subscriptions";
const ALL: &[&str] = &["approvals", "questions", "failures", "results"];
/// Stands for an agent CLI that asks: it says its version and waits.
const STAND_IN: &str =
    "#!/bin/sh\n[ \"$1\" = --version ] && echo 2.1.197 && exit\nexec sleep 1000\n";

fn site() -> Site {
    let mut site = Site::new();
    let program = site.root.path().join("stand-in");
    std::fs::write(&program, STAND_IN).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    site.config = format!(
        "[push]\nprivate_endpoints = true\n[kinds.claude]\ncommand = {:?}\n",
        program.display().to_string()
    );
    site
}

/// Lets an agent ask to use a tool; the hook behind it waits.
async fn ask(site: &Site, api: &Api, command: &str) -> (String, String, JoinSet<()>) {
    let agent = api.must("/api/agents", json!({"kind": "claude"})).await;
    let id = agent["id"].as_str().unwrap().to_owned();
    let token = std::fs::read_to_string(site.data.join("agents").join(&id).join("token")).unwrap();
    let socket = site.data.join("run/orchestra.sock");
    let call = json!({"key": "k", "at": Timestamp::now().0, "event": {
        "hook_event_name": "PermissionRequest", "tool_name": "Bash",
        "tool_input": {"command": command}, "cwd": agent["cwd"],
    }});
    let answer = unix::call(&socket, "POST", "/api/hooks/claude", &token, Some(&call)).await;
    let answer: Value = serde_json::from_str(&answer.text).unwrap();
    let path = answer["poll"].as_str().unwrap().to_owned();
    let approval = path.split('/').nth(3).unwrap().to_owned();
    let mut hook = JoinSet::new();
    hook.spawn(async move {
        while unix::call(&socket, "GET", &path, &token, None)
            .await
            .text
            .contains("poll")
        {}
    });
    (id, approval, hook)
}

/// The log, once no telling is open any more and there are at least so many.
async fn settled(api: &Api, least: usize) -> Vec<Value> {
    until("the notifications to be over", || async {
        let page = api.read("/api/push/deliveries").await;
        let items = page["items"].as_array().unwrap().clone();
        let over = items.iter().all(|one| one["state"] != "queued");
        (over && items.len() >= least).then_some(items)
    })
    .await
}

async fn task(api: &Api, command: &str) -> i64 {
    let order = json!({"kind": "shell", "task": command});
    let id = api.must("/api/delegate", order).await["id"]
        .as_i64()
        .unwrap();
    api.read(&format!("/api/tasks/{id}/wait?timeout_ms=60000"))
        .await;
    id
}

/// What became of each telling: title and state, the oldest first.
fn told(log: &[Value]) -> Vec<(&str, &str)> {
    log.iter()
        .rev()
        .map(|one| {
            (
                one["title"].as_str().unwrap(),
                one["state"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_feed_brings_arrives_encrypted_signed_and_without_a_word_of_others() {
    let site = site();
    let daemon = site.start();
    let ann = daemon.api(&site, "developer", "ann");
    let bob = daemon.api(&site, "developer", "bob");
    let service = PushService::start().await;
    let (phone, desk, other) = (
        Browser::new("phone"),
        Browser::new("desk"),
        Browser::new("bob"),
    );
    ann.must(SUBSCRIPTIONS, phone.subscription(&service, ALL))
        .await;
    ann.must(SUBSCRIPTIONS, desk.subscription(&service, &["failures"]))
        .await;
    bob.must(SUBSCRIPTIONS, other.subscription(&service, ALL))
        .await;

    let (agent, _, _hook) = ask(&site, &ann, "echo canary-7f3a").await;
    let done = task(&ann, "echo canary-7f3a").await;
    let log = settled(&ann, 2).await;
    assert_eq!(
        told(&log),
        [
            (format!("{agent} asks for permission").as_str(), "sent"),
            (format!("Task {done} is done").as_str(), "sent")
        ],
        "once each, on the phone only: {log:#?}"
    );

    let key = ann.read(SUBSCRIPTIONS).await["public_key"].clone();
    let arrived = service.arrived();
    assert_eq!(arrived.len(), 2);
    for one in &arrived {
        assert_eq!(one.to, "phone");
        assert_eq!(one.header("content-encoding"), "aes128gcm");
        let life: i64 = one.header("ttl").parse().unwrap();
        assert!((1..=86_400).contains(&life), "{life}");
        assert_eq!(one.header("topic").len(), 32);
        let claims = one.sender(key.as_str().unwrap());
        assert_eq!(claims["aud"], service.origin);
        let ahead = claims["exp"].as_i64().unwrap() - Timestamp::now().0 / 1000;
        assert!((0..=86_400).contains(&ahead), "{claims}");
        assert!(claims["sub"].as_str().unwrap().starts_with("mailto:"));
        assert!(!String::from_utf8_lossy(&one.body).contains("permission"));
    }
    let asked = phone.decrypt(&arrived[0].body);
    assert_eq!(asked["kind"], "approval");
    assert_eq!(asked["link"], "/approvals");
    assert_eq!(asked["body"], "It wants to use Bash.");
    assert_eq!(arrived[0].header("urgency"), "high");
    let result = phone.decrypt(&arrived[1].body);
    assert_eq!(result["kind"], "result");
    assert_eq!(result["link"], format!("/tasks/{done}"));
    for payload in [asked, result] {
        assert!(!payload.to_string().contains("canary-7f3a"), "{payload}");
    }
    assert_eq!(bob.read("/api/push/deliveries").await["items"], json!([]));
    let path = site.data.join("push.key");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_gone_is_removed_and_a_service_in_trouble_is_asked_again() {
    let site = site();
    let daemon = site.start();
    let ann = daemon.api(&site, "developer", "ann");
    let service = PushService::start().await;
    let (here, gone) = (Browser::new("here"), Browser::new("gone"));
    let kept = ann
        .must(SUBSCRIPTIONS, here.subscription(&service, ALL))
        .await;
    service.answer(&[503]);
    let done = task(&ann, "true").await;
    let log = settled(&ann, 1).await;
    assert_eq!(
        told(&log),
        [(format!("Task {done} is done").as_str(), "sent")]
    );
    assert_eq!(log[0]["attempts"], 2);
    assert_eq!(log[0]["reason"], Value::Null);

    // The button: tried once, told at once, and each refusal in its own words.
    let id = kept["id"].as_str().unwrap();
    for (status, reason) in [
        (403, "refused this daemon's key"),
        (500, "answered with 500"),
    ] {
        service.answer(&[status]);
        let test = ann
            .must("/api/push/test", json!({"subscription_id": id}))
            .await;
        let log = settled(&ann, 1).await;
        let one = log.iter().find(|one| one["id"] == test["items"][0]["id"]);
        let one = one.unwrap();
        assert_eq!(
            (&one["state"], &one["kind"]),
            (&json!("failed"), &json!("test"))
        );
        assert!(one["reason"].as_str().unwrap().contains(reason), "{one}");
    }

    ann.must(SUBSCRIPTIONS, gone.subscription(&service, ALL))
        .await;
    service.answer(&[410, 410]);
    ann.must("/api/push/test", json!({})).await;
    let log = settled(&ann, 5).await;
    assert!(
        log[0]["reason"].as_str().unwrap().contains("removed"),
        "{log:?}"
    );
    assert_eq!(ann.read(SUBSCRIPTIONS).await["items"], json!([]));
    let (status, problem) = ann.post("/api/push/test", json!({})).await;
    assert_eq!(
        (status, &problem["type"]),
        (409, &json!("urn:orchestra:nobody_to_tell"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_meanwhile_or_belongs_to_an_ended_login_is_not_sent() {
    let site = site();
    let daemon = site.start();
    let ann = daemon.api(&site, "developer", "ann");
    let admin = daemon.api(&site, "admin", "root");
    let service = PushService::start().await;
    let phone = Browser::new("phone");
    ann.must(SUBSCRIPTIONS, phone.subscription(&service, ALL))
        .await;

    // The first try fails; by the second one the question is answered.
    service.answer(&[503]);
    let (_, approval, _hook) = ask(&site, &ann, "ls").await;
    until("the first try", || async {
        (service.arrived().len() == 1).then_some(())
    })
    .await;
    let path = format!("/api/approvals/{approval}/answer");
    ann.must(&path, json!({"decision": "allow"})).await;
    let log = settled(&ann, 1).await;
    assert_eq!(log[0]["state"], "dropped", "{log:?}");
    assert_eq!(log[0]["reason"], "it was answered meanwhile");
    assert_eq!(service.arrived().len(), 1);

    // A locked person's browser hears nothing, and is not told later either.
    let user = ann.read("/api/me").await["principal"]["id"].clone();
    service.answer(&[503]);
    let order = json!({"kind": "shell", "task": "true"});
    ann.must("/api/delegate", order).await;
    until("its first try", || async {
        (service.arrived().len() == 2).then_some(())
    })
    .await;
    admin
        .must("/api/admin/locks", json!({"user": user, "locked": true}))
        .await;
    // Locked, she cannot look, and nobody else may.
    let reason = until("the next try", || async { last_reason(&site).await }).await;
    assert_eq!(reason, "the browser is logged out");
    assert_eq!(service.arrived().len(), 2);
    admin
        .must("/api/admin/locks", json!({"user": user, "locked": false}))
        .await;
    let ann = daemon.api(&site, "developer", "ann");
    assert_eq!(ann.read(SUBSCRIPTIONS).await["items"], json!([]));
}

/// Why the newest telling is over, from the database itself.
async fn last_reason(site: &Site) -> Option<String> {
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(site.data.join("orchestra.db"));
    let database = sqlx::SqlitePool::connect_with(options.read_only(true))
        .await
        .unwrap();
    sqlx::query_scalar(
        "SELECT reason FROM push_deliveries WHERE ended_at IS NOT NULL AND approval_id IS NULL AND agent_id IS NULL",
    )
    .fetch_optional(&database)
    .await
    .unwrap()
    .flatten()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_of_the_daemon_loses_and_doubles_nothing() {
    let site = site();
    let daemon = site.start();
    let ann = daemon.api(&site, "developer", "ann");
    let service = PushService::start().await;
    let phone = Browser::new("phone");
    ann.must(SUBSCRIPTIONS, phone.subscription(&service, ALL))
        .await;
    let key = ann.read(SUBSCRIPTIONS).await["public_key"].clone();
    service.answer(&[503, 503]);
    let (agent, _, _hook) = ask(&site, &ann, "ls").await;
    until("a try", || async {
        (!service.arrived().is_empty()).then_some(())
    })
    .await;
    daemon.kill();
    let daemon = site.start();
    let ann = ann.at(&daemon.url);
    assert_eq!(ann.read(SUBSCRIPTIONS).await["public_key"], key);
    let log = settled(&ann, 1).await;
    assert_eq!(
        told(&log),
        [(format!("{agent} asks for permission").as_str(), "sent")]
    );
    let last: Arrived = service.arrived().pop().unwrap();
    assert_eq!(phone.decrypt(&last.body)["kind"], "approval");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_its_persons_and_goes_with_whoever_logs_in_there() {
    let site = site();
    let daemon = site.start();
    let ann = daemon.api(&site, "developer", "ann");
    let bob = daemon.api(&site, "developer", "bob");
    let service = PushService::start().await;
    let shared = Browser::new("shared");
    let made = ann
        .must(SUBSCRIPTIONS, shared.subscription(&service, &[]))
        .await;
    assert_eq!(made["kinds"]["results"], false);
    let again = ann
        .must(SUBSCRIPTIONS, shared.subscription(&service, ALL))
        .await;
    assert_eq!(
        (&again["id"], &again["kinds"]["results"]),
        (&made["id"], &json!(true))
    );
    let path = format!("{SUBSCRIPTIONS}/{}", made["id"].as_str().unwrap());
    let delete = |api: &Api| api.request(reqwest::Method::DELETE, &path);
    assert_eq!(bob.send(delete(&bob)).await.0, 404);
    let (status, _) = bob
        .post("/api/push/test", json!({"subscription_id": made["id"]}))
        .await;
    assert_eq!(status, 404);

    bob.must(SUBSCRIPTIONS, shared.subscription(&service, ALL))
        .await;
    assert_eq!(ann.read(SUBSCRIPTIONS).await["items"], json!([]));
    task(&ann, "true").await;
    bob.must("/api/push/test", json!({})).await;
    assert_eq!(
        told(&settled(&bob, 1).await),
        [("Notifications arrive", "sent")]
    );
    assert_eq!(service.arrived().len(), 1, "nothing of ann's came");

    for number in 0..20 {
        let browser = Browser::new(&format!("b{number}"));
        let (status, problem) = bob
            .post(SUBSCRIPTIONS, browser.subscription(&service, ALL))
            .await;
        assert_eq!(status, if number < 19 { 201 } else { 409 }, "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_calls_nobody_inside_its_network() {
    let site = Site::new();
    let daemon = site.start();
    let ann = daemon.api(&site, "developer", "ann");
    let service = PushService::start().await;
    let browser = Browser::new("x");
    for endpoint in [
        format!("{}/push/x", service.origin),
        service.origin.replace("http", "https"),
        "https://127.0.0.1/x".into(),
        "https://[::1]/x".into(),
        "https://169.254.169.254/latest/meta-data".into(),
        "https://a:b@push.example/x".into(),
        "file:///etc/passwd".into(),
        "x".into(),
    ] {
        let mut body = browser.subscription(&service, ALL);
        body["endpoint"] = endpoint.clone().into();
        let (status, problem) = ann.post(SUBSCRIPTIONS, body).await;
        assert_eq!(status, 400, "{endpoint}");
        assert!(
            problem["detail"].as_str().unwrap().contains("endpoint"),
            "{problem}"
        );
    }
    // A name says nothing before it is asked; then it is looked at where it leads.
    let mut body = browser.subscription(&service, ALL);
    body["endpoint"] = "https://localhost/x".into();
    ann.must(SUBSCRIPTIONS, body).await;
    ann.must("/api/push/test", json!({})).await;
    let log = settled(&ann, 1).await;
    assert_eq!(log[0]["state"], "failed");
    assert_eq!(log[0]["reason"], "its address leads into a private network");
}
