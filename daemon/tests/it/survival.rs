//! What outlives what: agents the daemon, results their callers, nothing a dead tmux.

use crate::main_job::{Stage, word};
use crate::support::daemon::Site;
use crate::support::socket::Socket;
use crate::support::wait::until;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn panes(site: &Site) -> String {
    let list = site.tmux(&["list-panes", "-a", "-F", "#{session_name} #{pane_pid}"]);
    let mut lines: Vec<String> = String::from_utf8(list.stdout)
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("sess-"))
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delegated_task_outlives_kill_9_of_the_daemon() {
    let mut stage = Stage::set().await;
    let word = word();
    let file = format!("{word}.txt");
    let text = format!("Let droid slowly store the word {word} in {file}");
    stage
        .socket
        .send(json!({"type": "user_message", "content": text}))
        .await;
    let running = |value: &Value| value["type"] == "task_update" && value["status"] == "running";
    let id = stage.socket.until("the task to run", running).await["task_id"].clone();
    let before = panes(&stage.site);
    assert_eq!(before.lines().count(), 2, "{before}");

    stage.daemon.kill();
    assert_eq!(panes(&stage.site), before, "agents live on");
    let daemon = stage.site.start();
    let api = stage.api.at(&daemon.url);
    let mut socket = Socket::open(&api).await;

    let path = format!("/api/tasks/{id}/wait?timeout_ms=60000");
    let task = api.read(&path).await;
    assert_eq!(task["status"], "completed", "{task}");
    assert_eq!(task["attempts"].as_array().unwrap().len(), 1);
    let reply = until("the reply", || async {
        let messages = api.read("/api/agents/primary/messages").await;
        let items = messages["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| {
            item["author"] == "assistant" && item["text"].as_str().unwrap().contains(&word)
        })
    })
    .await;
    assert!(
        reply["text"].as_str().unwrap().contains("completed"),
        "{reply}"
    );
    assert_eq!(panes(&stage.site), before, "the same processes, adopted");
    let kept = std::fs::read_to_string(stage.site.project.join(&file)).unwrap();
    assert_eq!(kept.trim(), word);

    // The receipt of the person's message, too, came through.
    let messages = api.read("/api/agents/primary/messages").await;
    let sent: Vec<&Value> = messages["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["text"] == text.as_str())
        .collect();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["status"], "answered");

    // A socket that resumes hears what it missed.
    socket.send(json!({"type": "resume", "after": 0})).await;
    let done = |value: &Value| value["type"] == "task_update" && value["status"] == "completed";
    socket.until("the missed update", done).await;
    for agent in api.read("/api/agents").await["items"].as_array().unwrap() {
        assert_eq!(
            (&agent["status"], &agent["restarts"]),
            (&json!("running"), &json!(0)),
            "{agent}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_closes_sockets_with_1012_and_leaves_agents() {
    let site = Site::new();
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    api.must("/api/agents", json!({"kind": "shell"})).await;
    let mut socket = Socket::open(&api).await;
    let before = panes(&site);
    let begun = Instant::now();
    let ended = tokio::task::spawn_blocking(move || daemon.stop());
    assert_eq!(socket.closed().await, Some(1012));
    assert!(ended.await.unwrap().success());
    assert!(
        begun.elapsed() < Duration::from_secs(6),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(panes(&site), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_tmux_is_said_and_a_new_one_starts() {
    let site = Site::new();
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    let pid = site.tmux(&["display-message", "-p", "#{pid}"]);
    let pid = String::from_utf8(pid.stdout).unwrap();
    let killed = std::process::Command::new("kill")
        .args(["-KILL", pid.trim()])
        .status()
        .unwrap();
    assert!(killed.success());
    let path = format!("/api/agents/{}", agent["id"].as_str().unwrap());
    until("the agent to be lost", || async {
        let agent = api.read(&path).await;
        (agent["status"] == "lost").then_some(())
    })
    .await;
    let next = until("a new tmux", || async {
        let (status, value) = api.post("/api/agents", json!({"kind": "shell"})).await;
        (status == 201).then_some(value)
    })
    .await;
    assert_eq!(next["status"], "running");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_and_a_taken_port_are_refused_with_a_sentence() {
    let site = Site::new();
    let daemon = site.start();
    let second = site.run(&["up", "--no-open", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(
        said.contains("in use by another daemon") && said.contains("--data-dir"),
        "{said}"
    );

    let other = Site::new();
    let address = daemon.url.strip_prefix("http://").unwrap();
    let taken = other.run(&["up", "--no-open", "--listen", address]);
    assert_eq!(taken.status.code(), Some(1));
    let said = String::from_utf8_lossy(&taken.stderr).into_owned();
    assert!(
        said.contains("is taken") && said.contains("--listen"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_an_agent_that_ends_its_tmux_ends_its_owners_agents_and_nobody_elses() {
    let site = Site::new();
    let daemon = site.start();
    let [ann, bob] = ["ann", "bob"].map(|name| daemon.api(&site, "developer", name));
    let shell = json!({"kind": "shell"});
    let first = ann.must("/api/agents", shell.clone()).await;
    let other = bob.must("/api/agents", shell.clone()).await;
    assert_eq!(site.tmux_sockets().len(), 2);
    let path = |agent: &Value| format!("/api/agents/{}", agent["id"].as_str().unwrap());
    // Named, because an agent does not inherit TMUX.
    let own = site.data.join("run/tmux.sock");
    let order = json!({"text": format!("tmux -S {} kill-server\r", own.display())});
    ann.must(&format!("{}/input", path(&first)), order).await;
    until("ann's agent to be lost", || async {
        (ann.read(&path(&first)).await["status"] == "lost").then_some(())
    })
    .await;
    let lives = bob.read(&path(&other)).await;
    assert_eq!(
        (&lives["status"], &lives["pid"]),
        (&json!("running"), &other["pid"])
    );
    let order = json!({"text": "echo al''ive > alive.txt\r"});
    bob.must(&format!("{}/input", path(&other)), order).await;
    until("bob's shell to answer", || async {
        std::fs::read_to_string(site.project.join("alive.txt")).ok()
    })
    .await;
    let again = until("a new tmux for ann", || async {
        let (status, value) = ann.post("/api/agents", shell.clone()).await;
        (status == 201).then_some(value)
    })
    .await;

    // Both servers are found again.
    daemon.kill();
    let daemon = site.start();
    let admin = daemon.api(&site, "admin", "root");
    for agent in [&again, &other] {
        let lives = admin.read(&path(agent)).await;
        assert_eq!(
            (&lives["status"], &lives["pid"]),
            (&json!("running"), &agent["pid"])
        );
    }
}
