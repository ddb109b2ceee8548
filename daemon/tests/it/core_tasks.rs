//! Tasks at shells: who does them, what comes back, and what calling off, killing and
//! repeating a request leave behind.

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::wait::until;
use serde_json::{Value, json};

async fn set(config: &str) -> (Site, Daemon, Api) {
    let mut site = Site::new();
    config.clone_into(&mut site.config);
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    (site, daemon, api)
}

fn shell(task: &str) -> Value {
    json!({"kind": "shell", "task": task})
}

async fn done(api: &Api, id: &Value) -> Value {
    api.read(&format!("/api/tasks/{id}/wait?timeout_ms=60000"))
        .await
}

async fn run(api: &Api, body: Value) -> Value {
    let task = api.must("/api/delegate", body).await;
    done(api, &task["id"]).await
}

async fn idle(api: &Api, id: &str) {
    let path = format!("/api/agents/{id}");
    until("an idle agent", || async {
        let agent = api.read(&path).await;
        (agent["activity"]["state"] == "idle" && agent["task_id"].is_null()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_gives_exit_code_and_output_and_nothing_else() {
    let (site, _daemon, api) = set("").await;
    let task = run(&api, shell("echo out; echo more; (exit 7)")).await;
    assert_eq!(task["status"], "completed", "{task}");
    assert_eq!(task["result"]["text"], "exit code 7\n\nout\nmore", "{task}");
    let silent = run(&api, shell("true")).await;
    assert_eq!(silent["result"]["text"], "exit code 0");
    assert_eq!(silent["agent_id"], task["agent_id"], "it is used again");
    let long = run(&api, shell("seq 1 500")).await;
    let text = long["result"]["text"].as_str().unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        (lines[0], lines[2], lines.last().copied(), lines.len()),
        ("exit code 0", "1", Some("500"), 502),
        "{text}"
    );
    let block = run(&api, shell("echo one\necho two")).await;
    assert_eq!(block["result"]["text"], "exit code 0\n\none\ntwo");
    // The person's own history file is not written.
    let agent = task["agent_id"].as_str().unwrap();
    api.must(
        &format!("/api/agents/{agent}/messages"),
        json!({"text": "exit"}),
    )
    .await;
    until("its end", || async {
        let agent = api.read(&format!("/api/agents/{agent}")).await;
        (agent["status"] == "completed").then_some(())
    })
    .await;
    assert!(!site.home.join(".bash_history").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_come_together_never_share_an_agent() {
    let (_site, _daemon, api) = set("").await;
    // Two idle agents of the engine's making, both good for any of the tasks below.
    let warm = [
        api.must("/api/delegate", shell("sleep 1")).await,
        api.must("/api/delegate", shell("sleep 1")).await,
    ];
    for task in &warm {
        let ended = done(&api, &task["id"]).await;
        idle(&api, ended["agent_id"].as_str().unwrap()).await;
    }
    let bodies: Vec<Value> = (0..5)
        .map(|number| shell(&format!("sleep 1; echo number {number}")))
        .collect();
    let made = futures_util::future::join_all(
        bodies
            .into_iter()
            .map(|body| api.must("/api/delegate", body)),
    )
    .await;
    let mut ended = Vec::new();
    for task in &made {
        ended.push(done(&api, &task["id"]).await);
    }
    for (at, task) in ended.iter().enumerate() {
        let text = task["result"]["text"].as_str().unwrap_or_default();
        let prompt = task["prompt"].as_str().unwrap();
        let number = prompt.rsplit(' ').next().unwrap();
        assert!(text.ends_with(&format!("number {number}")), "{task}");
        for other in &ended[at + 1..] {
            if task["agent_id"] != other["agent_id"] {
                continue;
            }
            let span = |task: &Value| {
                let one = &task["attempts"][0];
                let time = |key: &str| one[key].as_str().unwrap().to_owned();
                (time("started_at"), time("ended_at"))
            };
            let (one, two) = (span(task), span(other));
            assert!(
                one.1 <= two.0 || two.1 <= one.0,
                "an agent had two tasks at once: {task} {other}"
            );
        }
    }
    let agents = api.read("/api/agents").await;
    for agent in agents["items"].as_array().unwrap() {
        assert_eq!(agent["task_id"], Value::Null, "{agent}");
        assert_eq!(
            agent["title"], agent["id"],
            "named after itself, not a task"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_called_off_frees_its_agent_and_is_never_delivered() {
    let (site, _daemon, api) = set("").await;
    let first = api.must("/api/delegate", shell("sleep 30")).await;
    let path = format!("/api/tasks/{}", first["id"]);
    let running = until("the task to run", || async {
        let task = api.read(&path).await;
        (task["status"] == "running").then_some(task)
    })
    .await;
    let agent = running["agent_id"].as_str().unwrap().to_owned();
    let mark = site.project.join("second");
    let second = json!({"agent": agent, "task": format!("touch {}", mark.display())});
    let second = api.must("/api/delegate", second).await;
    let waits = until("the second to wait", || async {
        let task = api.read(&format!("/api/tasks/{}", second["id"])).await;
        task["reason"].is_string().then_some(task)
    })
    .await;
    assert_eq!(waits["status"], "queued");
    assert_eq!(
        waits["reason"],
        format!("{agent} works on task {}", first["id"])
    );
    for task in [&second, &first] {
        let path = format!("/api/tasks/{}/cancel", task["id"]);
        let task = api.must(&path, json!({})).await;
        assert_eq!(task["status"], "cancelled");
        let agent = api.read(&format!("/api/agents/{agent}")).await;
        if task["id"] == first["id"] {
            assert_eq!(agent["task_id"], Value::Null);
        }
    }
    idle(&api, &agent).await;
    let third = run(&api, json!({"agent": agent, "task": "echo third"})).await;
    assert_eq!(third["result"]["text"], "exit code 0\n\nthird");
    assert!(!mark.exists(), "what was called off was not done");
    // Once more, from its end.
    let again = api
        .must(&format!("/api/tasks/{}/retry", third["id"]), json!({}))
        .await;
    assert_eq!(
        (&again["status"], &again["result"]),
        (&json!("queued"), &Value::Null)
    );
    let again = done(&api, &third["id"]).await;
    assert_eq!(again["attempts"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_killed_does_not_rise_again_but_who_crashes_is_replaced() {
    let (site, _daemon, api) = set("").await;
    let running = async |task: &Value| {
        let path = format!("/api/tasks/{}", task["id"]);
        until("the task to run", || async {
            let task = api.read(&path).await;
            (task["status"] == "running").then_some(task)
        })
        .await
    };
    let task = api.must("/api/delegate", shell("sleep 30")).await;
    let agent = running(&task).await["agent_id"]
        .as_str()
        .unwrap()
        .to_owned();
    api.must(&format!("/api/agents/{agent}/kill"), json!({}))
        .await;
    let task = done(&api, &task["id"]).await;
    assert_eq!(task["status"], "failed", "{task}");
    assert!(
        task["error"].as_str().unwrap().contains("killed by"),
        "{task}"
    );
    assert_eq!(task["attempts"].as_array().unwrap().len(), 1);

    let once = site.project.join("once");
    let text = format!(
        "if mkdir {} 2>/dev/null; then sleep 30; else echo second; fi",
        once.display()
    );
    let task = api.must("/api/delegate", shell(&text)).await;
    let agent = running(&task).await["agent_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let pid = api.read(&format!("/api/agents/{agent}")).await["pid"].to_string();
    until("the command to begin", || async {
        once.exists().then_some(())
    })
    .await;
    let killed = std::process::Command::new("kill")
        .args(["-KILL", &pid])
        .status();
    assert!(killed.unwrap().success());
    let task = done(&api, &task["id"]).await;
    assert_eq!(task["status"], "completed", "{task}");
    assert_eq!(task["attempts"].as_array().unwrap().len(), 2);
    assert!(task["result"]["text"].as_str().unwrap().ends_with("second"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_limit_ends_the_task_and_stops_the_command() {
    let (_site, _daemon, api) = set("").await;
    let body = json!({"kind": "shell", "task": "sleep 60", "timeout_ms": 1500});
    let task = run(&api, body).await;
    assert_eq!(task["status"], "timeout", "{task}");
    assert!(
        task["error"].as_str().unwrap().contains("time limit"),
        "{task}"
    );
    idle(&api, task["agent_id"].as_str().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_house_ends_an_idle_agent_and_a_spent_hour_ends_none() {
    let (_site, _daemon, api) = set("[limits]\nlive_agents = 1\n").await;
    let first = run(&api, shell("echo one")).await;
    let folder = _site.home.join("elsewhere");
    std::fs::create_dir_all(&folder).unwrap();
    idle(&api, first["agent_id"].as_str().unwrap()).await;
    let second = run(&api, json!({"kind": "shell", "task": "pwd", "cwd": folder})).await;
    assert_eq!(second["status"], "completed", "{second}");
    let gone = api
        .read(&format!(
            "/api/agents/{}",
            first["agent_id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(gone["status"], "killed");
    drop((_daemon, _site));

    let (site, _daemon, api) = set("[limits]\nnew_agents_per_hour = 1\n").await;
    let first = run(&api, shell("echo one")).await;
    let folder = site.home.join("elsewhere");
    std::fs::create_dir_all(&folder).unwrap();
    idle(&api, first["agent_id"].as_str().unwrap()).await;
    let second = json!({"kind": "shell", "task": "pwd", "cwd": folder});
    let second = api.must("/api/delegate", second).await;
    until("the reason", || async {
        let task = api.read(&format!("/api/tasks/{}", second["id"])).await;
        let reason = task["reason"].as_str().unwrap_or_default();
        reason.contains("last hour").then_some(())
    })
    .await;
    let kept = api
        .read(&format!(
            "/api/agents/{}",
            first["agent_id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(kept["status"], "running", "ending it would make no room");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_the_same_request() {
    let (_site, _daemon, api) = set("").await;
    let key = uuid::Uuid::new_v4().to_string();
    let post = async |path: &str, body: &Value| {
        let request = api
            .request(reqwest::Method::POST, path)
            .header("idempotency-key", &key)
            .json(body);
        api.send(request).await
    };
    for (path, body) in [
        ("/api/delegate", shell("echo once")),
        (
            "/api/agents",
            json!({"kind": "shell", "prompt": "echo hello"}),
        ),
        (
            "/api/plans",
            json!({"tasks": [shell("echo a"), shell("echo b")]}),
        ),
    ] {
        // All at once: the first may not have answered when the others come.
        let answers = futures_util::future::join_all((0..6).map(|_| post(path, &body))).await;
        let id = |value: &Value| match path {
            "/api/plans" => value["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|task| task["id"].to_string())
                .collect(),
            _ => value["id"].to_string(),
        };
        for (status, value) in &answers {
            assert!((200..300).contains(status), "{path}: {status} {value}");
            assert_eq!(id(value), id(&answers[0].1), "{path}");
        }
        let (status, problem) = post(path, &json!({"kind": "shell", "task": "other"})).await;
        assert!(status == 409 || status == 400, "{path}: {status} {problem}");
    }
    let tasks = api.read("/api/tasks").await;
    assert_eq!(tasks["items"].as_array().unwrap().len(), 3, "{tasks}");
    let agents = api.read("/api/agents").await;
    let asked = agents["items"].as_array().unwrap().iter();
    assert_eq!(asked.filter(|agent| agent["task_id"].is_null()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_decided_whole_or_not_at_all() {
    let (_site, _daemon, api) = set("").await;
    let plan = json!({"tasks": [shell("echo a"), shell("echo b")]});
    let plan = api.must("/api/plans", plan).await;
    let ids: Vec<i64> = plan["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["id"].as_i64().unwrap())
        .collect();
    let decide = async |ids: &[i64], decision: &str| {
        let body = json!({"task_ids": ids, "decision": decision});
        api.post("/api/plans/decide", body).await
    };
    let (status, _) = decide(&ids[1..], "reject").await;
    assert_eq!(status, 202);
    let (status, problem) = decide(&ids, "approve").await;
    assert_eq!(
        (status, &problem["type"]),
        (409, &json!("urn:orchestra:task_state"))
    );
    let first = api.read(&format!("/api/tasks/{}", ids[0])).await;
    assert_eq!(first["status"], "waiting", "not even a part of it began");
    let (status, _) = decide(&[ids[0], ids[0]], "approve").await;
    assert_eq!(status, 202);
    let first = done(&api, &json!(ids[0])).await;
    assert_eq!(first["status"], "completed", "{first}");
}
