//! Who looks at the page is told there and nowhere else; what was answered is taken back
//! from where it was told.

use super::{ALL, SUBSCRIPTIONS, ask, settled, site, task, told};
use crate::support::pushes::{Browser, PushService};
use crate::support::socket::Socket;
use crate::support::wait::until;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_at_the_page_is_told_of_a_question_once_they_look_away() {
    let site = site();
    let daemon = site.start();
    let ann = daemon.api(&site, "developer", "ann");
    let service = PushService::start().await;
    let phone = Browser::new("phone");
    ann.must(SUBSCRIPTIONS, phone.subscription(&service, ALL))
        .await;
    let mut page = Socket::open(&ann).await;
    page.send(json!({"type": "presence", "looking": true}))
        .await;
    page.send(json!({"type": "ping", "nonce": "p"})).await;
    page.until("pong", |message| message["type"] == "pong")
        .await;

    let done = task(&ann, "true").await;
    let log = settled(&ann, 1).await;
    assert_eq!(
        told(&log),
        [(format!("Task {done} is done").as_str(), "dropped")]
    );
    assert_eq!(log[0]["reason"], "you looked at the page");

    let (_, _, _hook) = ask(&site, &ann, "ls").await;
    let waits = || async {
        let log = ann.read("/api/push/deliveries").await;
        let one = &log["items"][0];
        (one["kind"] == "approval" && one["reason"] == "you look at the page")
            .then(|| one["state"].clone())
    };
    assert_eq!(until("the question to be put off", waits).await, "queued");
    assert!(service.arrived().is_empty(), "nothing left the daemon");

    // The page is gone without a word, as a laptop that was shut.
    drop(page);
    let log = settled(&ann, 2).await;
    assert_eq!(log[0]["state"], "sent", "{log:#?}");
    assert_eq!(service.arrived().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_taken_back_from_the_browsers_that_were_told() {
    let site = site();
    let daemon = site.start();
    let ann = daemon.api(&site, "developer", "ann");
    let service = PushService::start().await;
    let (phone, desk) = (Browser::new("phone"), Browser::new("desk"));
    ann.must(SUBSCRIPTIONS, phone.subscription(&service, ALL))
        .await;
    ann.must(SUBSCRIPTIONS, desk.subscription(&service, &["failures"]))
        .await;
    let (agent, approval, _hook) = ask(&site, &ann, "ls").await;
    settled(&ann, 1).await;
    let path = format!("/api/approvals/{approval}/answer");
    ann.must(&path, json!({"decision": "allow"})).await;
    let log = settled(&ann, 2).await;
    assert_eq!(
        told(&log),
        [
            (format!("{agent} asks for permission").as_str(), "sent"),
            (format!("{agent} does not wait any more").as_str(), "sent"),
        ],
        "the desk was told of neither: {log:#?}"
    );
    let arrived = service.arrived();
    assert_eq!(arrived.len(), 2);
    let (asked, over) = (
        phone.decrypt(&arrived[0].body),
        phone.decrypt(&arrived[1].body),
    );
    assert_eq!(over["kind"], "withdrawn");
    assert_eq!(over["tag"], asked["tag"]);
    assert_eq!(
        arrived[0].header("topic"),
        arrived[1].header("topic"),
        "one that is not fetched yet is replaced"
    );
}
