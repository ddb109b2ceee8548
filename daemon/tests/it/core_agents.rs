//! Agents between start and end: what an end leaves behind, ends and starts that meet,
//! and the record of what it showed.

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::wait::until;
use serde_json::{Value, json};
use std::io::Write;

pub(crate) async fn set(config: &str) -> (Site, Daemon, Api) {
    let mut site = Site::new();
    config.clone_into(&mut site.config);
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    (site, daemon, api)
}

async fn ended(api: &Api, id: &str) -> Value {
    let path = format!("/api/agents/{id}");
    until("an end", || async {
        let agent = api.read(&path).await;
        agent["ended_at"].is_string().then_some(agent)
    })
    .await
}

pub(crate) async fn send(api: &Api, id: &str, text: &str) -> Value {
    let path = format!("/api/agents/{id}/messages");
    api.must(&path, json!({"text": text})).await
}

pub(crate) async fn settled(api: &Api, id: &str, message: &Value) -> Value {
    let path = format!("/api/agents/{id}/messages");
    until("the receipt's end", || async {
        let list = api.read(&path).await;
        let items = list["items"].as_array().unwrap().iter();
        let mut ours = items.filter(|item| item["id"] == message["id"]);
        let ours = ours.next().unwrap().clone();
        (ours["status"] == "answered" || ours["status"] == "failed").then_some(ours)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_goes_with_the_agent_however_it_ends() {
    let (site, daemon, api) = set("").await;
    let token = |id: &str| site.data.join("agents").join(id).join("token");
    let spawn = async || {
        let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
        agent["id"].as_str().unwrap().to_owned()
    };
    let killed = spawn().await;
    assert!(token(&killed).exists());
    api.must(&format!("/api/agents/{killed}/kill"), json!({}))
        .await;
    assert!(!token(&killed).exists());

    let left = spawn().await;
    send(&api, &left, "exit 4").await;
    let agent = ended(&api, &left).await;
    assert_eq!(
        (&agent["status"], &agent["exit_code"]),
        (&json!("failed"), &json!(4))
    );
    until("no token", || async {
        (!token(&left).exists()).then_some(())
    })
    .await;

    // Ended while no daemon ran, and one whose end was stored but not tidied.
    let alone = spawn().await;
    let pid = api.read(&format!("/api/agents/{alone}")).await["pid"].to_string();
    daemon.kill();
    std::fs::write(token(&killed), "left over").unwrap();
    let status = std::process::Command::new("kill")
        .args(["-KILL", &pid])
        .status();
    assert!(status.unwrap().success());
    let daemon = site.start();
    let api = api.at(&daemon.url);
    ended(&api, &alone).await;
    until("no tokens", || async {
        (!token(&alone).exists() && !token(&killed).exists()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_meets_an_end_waits_for_it() {
    let config = "[primary]\nkind = \"shell\"\n";
    let (_site, _daemon, api) = set(config).await;
    let first = send(&api, "primary", "echo first").await;
    assert_eq!(settled(&api, "primary", &first).await["status"], "answered");
    // Deaf to all but the last signal, so that its end takes a while.
    send(&api, "primary", "trap '' HUP TERM; sleep 100").await;
    until("the command to run", || async {
        let agent = api.read("/api/agents/primary").await;
        (agent["activity"]["state"] == "busy").then_some(())
    })
    .await;
    let kill = api.must("/api/agents/primary/kill", json!({}));
    let again = async {
        until("the end to be told", || async {
            let agent = api.read("/api/agents/primary").await;
            (agent["status"] == "killed").then_some(())
        })
        .await;
        send(&api, "primary", "echo again").await
    };
    let (_, again) = tokio::join!(kill, again);
    let again = settled(&api, "primary", &again).await;
    assert_eq!(again["status"], "answered", "{again}");
    let agent = api.read("/api/agents/primary").await;
    assert_eq!(
        (&agent["status"], &agent["restarts"]),
        (&json!("running"), &json!(1))
    );
    let screen = api.read("/api/agents/primary/screen").await;
    assert!(
        screen["text"].as_str().unwrap().contains("again"),
        "{screen}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_first_messages_start_one_primary() {
    let config = "[primary]\nkind = \"shell\"\n";
    let (_site, _daemon, api) = set(config).await;
    let texts = ["echo one", "echo two", "echo three"];
    let sent = texts.map(|text| send(&api, "primary", text));
    for message in futures_util::future::join_all(sent).await {
        assert_eq!(
            settled(&api, "primary", &message).await["status"],
            "answered"
        );
    }
    let agents = api.read("/api/agents").await;
    assert_eq!(agents["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spool_that_an_agent_holds_does_not_stop_the_others() {
    let (site, daemon, api) = set("").await;
    let hostile = api.must("/api/agents", json!({"kind": "shell"})).await;
    let hostile = hostile["id"].as_str().unwrap().to_owned();
    let good = api.must("/api/agents", json!({"kind": "shell"})).await;
    let good = good["id"].as_str().unwrap().to_owned();
    let spool = site.data.join("agents").join(&hostile).join("spool.jsonl");
    let mut file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(&spool)
        .unwrap();
    file.write_all(b"not an event\n").unwrap();
    let mut held = std::process::Command::new("flock")
        .arg("--no-fork")
        .arg(&spool)
        .args(["sleep", "100"])
        .spawn()
        .unwrap();
    // A daemon that starts anew reads spools before it serves.
    daemon.kill();
    let daemon = site.start();
    let api = api.at(&daemon.url);
    let message = send(&api, &good, "exit 3").await;
    let agent = ended(&api, &good).await;
    assert_eq!(agent["exit_code"], 3);
    settled(&api, &good, &message).await;
    held.kill().unwrap();
    held.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_to_a_busy_shell_wait_their_turn_and_an_interrupt_ends_one() {
    let (_site, _daemon, api) = set("").await;
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    let id = agent["id"].as_str().unwrap();
    let slow = send(&api, id, "sleep 60").await;
    let next = send(&api, id, "echo next").await;
    let path = format!("/api/agents/{id}/messages");
    until("the reason", || async {
        let list = api.read(&path).await;
        let mut items = list["items"].as_array().unwrap().iter();
        let slow = items.any(|item| item["id"] == slow["id"] && item["status"] == "accepted");
        slow.then_some(())
    })
    .await;
    let list = api.read(&path).await;
    let mut items = list["items"].as_array().unwrap().iter();
    assert!(items.any(|item| item["id"] == next["id"] && item["status"] == "queued"));
    api.must(&format!("/api/agents/{id}/interrupt"), json!({}))
        .await;
    let slow = settled(&api, id, &slow).await;
    assert_eq!(
        slow["status"], "answered",
        "a shell tells how it ended: {slow}"
    );
    assert_eq!(settled(&api, id, &next).await["status"], "answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_waits_while_somebody_is_attached() {
    let (site, _daemon, api) = set("").await;
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    let id = agent["id"].as_str().unwrap().to_owned();
    // What `orchestra attach` holds open while tmux runs.
    let token = site.root.path().join("token");
    std::fs::write(&token, &api.token).unwrap();
    let mut held = std::process::Command::new("curl")
        .args(["-sN", "--unix-socket"])
        .arg(site.data.join("run/orchestra.sock"))
        .arg("-H")
        .arg(format!("authorization: Bearer {}", api.token))
        .args(["-H", "content-type: application/json", "-d", "{}"])
        .arg(format!("http://localhost/api/agents/{id}/attach"))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let path = format!("/api/agents/{id}/messages");
    let attached = until("the seat", || async {
        let message = send(&api, &id, "echo waits").await;
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        let list = api.read(&path).await;
        let items = list["items"].as_array().unwrap().clone();
        let reason = "tester is attached to its terminal";
        let waits = items
            .iter()
            .any(|item| item["id"] == message["id"] && item["reason"] == reason);
        waits.then_some(message)
    })
    .await;
    held.kill().unwrap();
    held.wait().unwrap();
    assert_eq!(settled(&api, &id, &attached).await["status"], "answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_goes_on_where_its_reader_stopped() {
    let (_site, _daemon, api) = set("").await;
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    let id = agent["id"].as_str().unwrap();
    let path = format!("/api/agents/{id}/logs?follow=false");
    let read = async |last: Option<String>| {
        let mut request = api.request(reqwest::Method::GET, &path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let (status, body) = api.send(request).await;
        assert_eq!(status, 200, "{body}");
        body.as_str().unwrap().to_owned()
    };
    let first = send(&api, id, "echo $((1000+1))").await;
    settled(&api, id, &first).await;
    let begun = until("the first output", || async {
        let text = read(None).await;
        text.contains("1001").then_some(text)
    })
    .await;
    let last = begun
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("id: "));
    let last = last.unwrap().to_owned();
    let second = send(&api, id, "echo $((2000+2))").await;
    settled(&api, id, &second).await;
    until("the second output alone", || async {
        let text = read(Some(last.clone())).await;
        assert!(!text.contains("1001"), "{text}");
        text.contains("2002").then_some(())
    })
    .await;
    let (status, problem) = api
        .send(
            api.request(reqwest::Method::GET, &path)
                .header("last-event-id", "x"),
        )
        .await;
    assert_eq!(
        (status, &problem["type"]),
        (400, &json!("urn:orchestra:invalid_request"))
    );
}
