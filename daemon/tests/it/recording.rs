//! What a terminal has shown, recorded and played again: exactly, across a kill, with
//! rotation, on a disk that is full.

use crate::core_agents::set;
use crate::support::api::Api;
use crate::support::daemon::Site;
use crate::support::wait::until;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// A colour, a wide character, one that tmux gets in parts, a table, a part cleared.
const SCENE: &str = r"clear; printf '\033[1;31mred\033[0m 日本 \033[48;5;24mblue\033[0m\n'; printf '\303'; sleep 0.3; printf '\244\n\033[5;10Hat five\033[7;1H\033[4mlow\033[0m\n'; echo do''ne";

async fn spawn(api: &Api) -> String {
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    agent["id"].as_str().unwrap().to_owned()
}

async fn type_in(api: &Api, id: &str, text: &str) {
    let path = format!("/api/agents/{id}/input");
    api.must(&path, json!({"text": format!("{text}\n")})).await;
}

/// The recording as lines; empty before there is one.
async fn cast(api: &Api, id: &str) -> Vec<Value> {
    let path = format!("/api/agents/{id}/recording");
    let request = api.request(reqwest::Method::GET, &path);
    let response = request.send().await.unwrap();
    if response.status().as_u16() != 200 {
        return Vec::new();
    }
    assert_eq!(
        response.headers()["content-type"],
        "application/x-asciicast"
    );
    parse(&response.text().await.unwrap())
}

/// Every line is JSON of the format; times never go back.
fn parse(text: &str) -> Vec<Value> {
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    assert_eq!(lines[0]["version"], 2);
    let mut last = 0.0;
    for line in &lines[1..] {
        let time = line[0].as_f64().unwrap();
        assert!(time >= last, "{line} after {last}");
        assert!(
            ["o", "m", "r", "k"].contains(&line[1].as_str().unwrap()),
            "{line}"
        );
        assert!(line[2].is_string(), "{line}");
        last = time;
    }
    lines
}

fn of(lines: &[Value], code: &str) -> String {
    let events = lines.iter().filter(|line| line[1] == code);
    events.map(|line| line[2].as_str().unwrap()).collect()
}

async fn shows(api: &Api, id: &str, text: &str) -> Vec<Value> {
    until(&format!("{text} in the recording"), || async {
        let lines = cast(api, id).await;
        of(&lines, "o").contains(text).then_some(lines)
    })
    .await
}

/// The screen that a fresh tmux of that size shows after the same bytes.
async fn replay(folder: &Path, lines: &[Value]) -> String {
    let bytes = folder.join("bytes");
    std::fs::write(&bytes, of(lines, "o")).unwrap();
    let socket = folder.join("replay.sock");
    let tmux = |args: &[&str]| {
        let output = Command::new("tmux")
            .args(["-u", "-f", "/dev/null", "-S"])
            .arg(&socket)
            .args(args)
            .output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    let (cols, rows) = (
        lines[0]["width"].to_string(),
        lines[0]["height"].to_string(),
    );
    let play = format!(
        "stty raw -echo; cat '{}'; tmux -S '{}' wait-for -S played; exec sleep 1000",
        bytes.display(),
        socket.display()
    );
    tmux(&[
        "new-session",
        "-d",
        "-s",
        "replay",
        "-x",
        &cols,
        "-y",
        &rows,
        &play,
        ";",
        "set",
        "-g",
        "status",
        "off",
        ";",
        "resize-window",
        "-x",
        &cols,
        "-y",
        &rows,
    ]);
    tmux(&["wait-for", "played"]);
    let screen = until("a replay that has come to rest", || async {
        let first = tmux(&["capture-pane", "-p", "-e", "-N", "-t", "replay"]);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        (first == tmux(&["capture-pane", "-p", "-e", "-N", "-t", "replay"])).then_some(first)
    })
    .await;
    tmux(&["kill-server"]);
    screen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_replays_to_the_same_screen() {
    let (site, daemon, api) = set("").await;
    let id = spawn(&api).await;
    type_in(&api, &id, SCENE).await;
    let lines = shows(&api, &id, "done").await;
    assert_eq!(of(&lines, "m"), "", "nothing is missing");
    assert!(of(&lines, "o").contains("ä"), "no event splits a character");
    let pane = format!("=sess-{id}:");
    let screen = until("a prompt behind it that is recorded too", || async {
        let output = site.tmux(&["capture-pane", "-p", "-e", "-N", "-t", &pane]);
        let screen = String::from_utf8(output.stdout).unwrap();
        let lines = cast(&api, &id).await;
        (replay(site.root.path(), &lines).await == screen).then_some(screen)
    })
    .await;
    assert!(
        screen.contains("at five") && screen.contains("日本"),
        "{screen}"
    );

    let path = format!("/api/agents/{id}/recording");
    let get = async |query: &str| {
        let request = api.request(reqwest::Method::GET, &format!("{path}{query}"));
        request.send().await.unwrap()
    };
    let kept = get("?download=true&format=zst").await;
    let name = format!("attachment; filename=\"{id}.cast.zst\"");
    assert_eq!(kept.headers()["content-disposition"], name.as_str());
    let packed = kept.bytes().await.unwrap();
    let plain = zstd::stream::decode_all(packed.as_ref()).unwrap();
    let plain = String::from_utf8(plain).unwrap();
    assert_eq!(plain, get("").await.text().await.unwrap());
    assert!(
        of(&parse(&plain), "k").len() > 1,
        "what was typed is counted"
    );
    let typed = plain.lines().filter(|line| line.contains("\"k\""));
    typed.for_each(|line| assert!(!line.contains("done"), "{line}"));
    until("the download in the record", || async {
        let audit = api.read("/api/audit?limit=50").await;
        let text = audit.to_string();
        text.contains(&format!("id={id} download")).then_some(())
    })
    .await;
    let strange = daemon.api(&site, "developer", "somebody-else");
    assert_eq!(strange.get(&path).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_leaves_a_recording_that_plays_and_goes_on() {
    let (site, daemon, api) = set("").await;
    let id = spawn(&api).await;
    type_in(&api, &id, "echo be''fore").await;
    shows(&api, &id, "before").await;
    daemon.kill();
    // As a cut of the power may leave it.
    let folder = site.data.join("recordings").join(&id);
    let open = std::fs::read_dir(&folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut text = std::fs::read_to_string(&open).unwrap();
    parse(&text);
    text.push_str("[9.999,\"o\",\"to");
    std::fs::write(&open, text).unwrap();
    let daemon = site.start();
    let api = api.at(&daemon.url);
    type_in(&api, &id, "echo af''ter").await;
    let lines = shows(&api, &id, "after").await;
    assert!(of(&lines, "o").contains("before"));
    assert_eq!(of(&lines, "m"), "gap: nothing was recorded until here");
}

#[tokio::test(flavor = "multi_thread")]
async fn rotation_loses_nothing_and_the_cap_holds() {
    let (site, _daemon, api) = set("[terminal]\nrecording_max_mib = 1\n").await;
    let id = spawn(&api).await;
    let run = "for i in $(seq 40); do for j in $(seq 100); do echo \"row $i.$j. ------------\"; done; sleep 0.05; done; echo fin''ished";
    type_in(&api, &id, run).await;
    let lines = shows(&api, &id, "finished").await;
    let text = of(&lines, "o");
    let all = (1..=40).flat_map(|i| (1..=100).map(move |j| format!("row {i}.{j}. -")));
    let (mut missing, mut twice) = (0, 0);
    for row in all {
        match text.matches(&row).count() {
            0 => missing += 1,
            1 => {}
            _ => twice += 1,
        }
    }
    if of(&lines, "m").is_empty() {
        assert_eq!((missing, twice), (0, 0), "a rotation is exact");
    }
    let folder = site.data.join("recordings").join(&id);
    let packed = || {
        let files = std::fs::read_dir(&folder).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".zst")).count()
    };
    assert!(packed() >= 1, "closed segments are packed");

    let noise = "for i in $(seq 60); do head -c 24000 /dev/urandom | base64 -w 100; sleep 0.1; done; echo no''ise";
    type_in(&api, &id, noise).await;
    shows(&api, &id, "noise").await;
    let files = std::fs::read_dir(&folder).unwrap();
    let size: u64 = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert!(size <= 1024 * 1024 + 256 * 1024, "{size}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_the_recording_and_nothing_else() {
    let site = Site::new();
    let place = site.data.join("recordings");
    let daemon = site.start_on_disk(&place, 8);
    let api = daemon.api(&site, "admin", "tester");
    let id = spawn(&api).await;
    type_in(&api, &id, "echo fir''st").await;
    shows(&api, &id, "first").await;
    let filler = daemon.inside(&place).join("filler");
    let fill = Command::new("dd")
        .args(["if=/dev/zero", "bs=4096"])
        .arg(format!("of={}", filler.display()))
        .output()
        .unwrap();
    assert!(!fill.status.success(), "the disk is full now");
    type_in(&api, &id, "echo sec''ond").await;
    let screen = api
        .read(&format!("/api/agents/{id}/screen?until=second"))
        .await;
    assert!(
        screen["text"].as_str().unwrap().contains("second"),
        "the agent goes on"
    );
    until("word of it in the log", || async {
        let log = std::fs::read_to_string(site.root.path().join("daemon.log")).unwrap();
        log.contains("the recording waits").then_some(())
    })
    .await;
    assert!(!of(&cast(&api, &id).await, "o").contains("\r\nsecond"));
    std::fs::remove_file(filler).unwrap();
    until("a recording that goes on", || async {
        type_in(&api, &id, "echo th''ird").await;
        let lines = cast(&api, &id).await;
        let marks = of(&lines, "m");
        (marks == "gap: the disk was full" && of(&lines, "o").contains("third")).then_some(())
    })
    .await;
    assert!(
        of(&cast(&api, &id).await, "o").contains("first"),
        "what was there stays"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_where_recording_is_off() {
    let (site, _daemon, api) = set("[terminal]\nrecording = false\n").await;
    let id = spawn(&api).await;
    for path in ["recording", "logs?follow=false"] {
        let (status, body) = api.get(&format!("/api/agents/{id}/{path}")).await;
        assert_eq!(status, 409, "{body}");
        assert_eq!(body["type"], "urn:orchestra:recording_off");
    }
    assert!(!site.data.join("recordings").exists());
}
