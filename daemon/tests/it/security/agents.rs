//! Agents that want more than they were given.

use super::{agent_token, marked, socket};
use crate::support::api::Api;
use crate::support::daemon::{Daemon, ORCHESTRA, Site};
use crate::support::unix;
use crate::support::wait::until;
use serde_json::{Value, json};

async fn set() -> (Site, Daemon, Api, String) {
    let site = Site::new();
    let daemon = site.start();
    let api = daemon.api(&site, "developer", "ann");
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    let id = agent["id"].as_str().unwrap().to_owned();
    (site, daemon, api, id)
}

/// One call of an agent over the Unix socket.
async fn as_agent(site: &Site, agent: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
    let token = agent_token(site, agent);
    let body = (!body.is_null()).then_some(&body);
    let answer = unix::call(&socket(site), method, path, &token, body).await;
    let value = serde_json::from_str(&answer.text).unwrap_or(Value::Null);
    (answer.status, value)
}

#[tokio::test(flavor = "multi_thread")]
async fn d01_from_inside_its_pane_an_agent_mints_no_token() {
    let (site, _daemon, api, id) = set().await;
    let script = format!(
        "mint() {{ {ORCHESTRA} token --role admin; {ORCHESTRA} web --json; }}\n\
         ( mint; bash -c '{ORCHESTRA} token --role admin'\n\
         setsid -w {ORCHESTRA} token --role admin\n\
         env -i HOME=$HOME ORCHESTRA_SOCKET=$ORCHESTRA_SOCKET {ORCHESTRA} token --role admin\n\
         ) > tried.txt 2>&1\n\
         echo tried >> tried.txt\n\
         ( here=$BASHPID; setsid bash -c \"while kill -0 $here 2>/dev/null; do :; done\n\
         {ORCHESTRA} token --role admin; echo orphaned\" > orphan.txt 2>&1 & )\n"
    );
    std::fs::write(site.project.join("attack.sh"), script).unwrap();
    let path = format!("/api/agents/{id}/input");
    api.must(&path, json!({"text": "bash attack.sh\r"})).await;
    let tried = marked(&site.project.join("tried.txt"), "tried").await;
    let orphan = marked(&site.project.join("orphan.txt"), "orphaned").await;
    for said in [&tried, &orphan] {
        assert!(!said.contains("eyJ") && !said.contains("#login="), "{said}");
    }
    assert_eq!(tried.matches("an agent may not").count(), 5, "{tried}");
    assert!(orphan.contains("an agent may not"), "{orphan}");
    // The same with its token in hand, from a process that is none of its own.
    for route in ["/api/local/token", "/api/local/login-link"] {
        let body = route.ends_with("token").then(|| json!({"role": "admin"}));
        let body = body.unwrap_or(Value::Null);
        assert_eq!(as_agent(&site, &id, "POST", route, body).await.0, 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d04_d07_an_agent_tasks_its_own_only_and_not_without_end() {
    let (site, _daemon, api, id) = set().await;
    let bystander = api.must("/api/agents", json!({"kind": "shell"})).await;
    let bystander = bystander["id"].as_str().unwrap();
    let delegate =
        async |from: &str, body: Value| as_agent(&site, from, "POST", "/api/delegate", body).await;
    let to = |agent: &str| json!({"agent": agent, "task": "touch here"});
    let (status, problem) = delegate(&id, to(&id)).await;
    assert_eq!(status, 403, "to itself: {problem}");
    let (status, problem) = delegate(&id, to(bystander)).await;
    assert_eq!(status, 403, "to an agent of the same user: {problem}");
    let outside = site.home.display().to_string();
    let order = json!({"kind": "shell", "task": "x", "cwd": outside});
    assert_eq!(delegate(&id, order).await.0, 403, "outside its folder");

    let secret = api
        .must(
            "/api/delegate",
            json!({"kind": "shell", "task": "echo", "wait_ms": 30_000}),
        )
        .await;
    assert!(!secret["result"].is_null(), "{secret}");
    let context = json!({"task_ids": [secret["id"]]});
    let order = json!({"kind": "shell", "task": "x", "context": context});
    let (status, problem) = delegate(&id, order).await;
    assert_eq!(status, 400, "a result that it may not read: {problem}");

    // Down the tree until the cap; nobody below reaches up or to the side.
    let mut above = id.clone();
    let mut depth = 0;
    let refusal = loop {
        let (status, task) = delegate(&above, json!({"kind": "shell", "task": "sleep 1000"})).await;
        if status != 202 {
            break (status, task);
        }
        depth += 1;
        assert!(depth < 10, "no cap");
        let path = format!("/api/tasks/{}", task["id"]);
        let below = until("the task to run", || async {
            let task = api.read(&path).await;
            (task["status"] == "running").then(|| task["agent_id"].as_str().unwrap().to_owned())
        })
        .await;
        let (status, _) = delegate(&below, to(&above)).await;
        assert_eq!(status, 403, "{below} to {above}, which waits for it");
        for other in [above.as_str(), bystander] {
            let path = format!("/api/agents/{other}/messages");
            let sent = as_agent(&site, &below, "POST", &path, json!({"text": "y"})).await;
            assert_eq!(sent.0, 404, "{below} to {other}");
            let path = format!("/api/agents/{other}");
            let seen = as_agent(&site, &below, "GET", &path, Value::Null).await;
            assert_eq!(seen.0, 404, "{below} sees {other}");
        }
        above = below;
    };
    assert_eq!((refusal.0, depth), (403, 3), "{}", refusal.1);
    let detail = refusal.1["detail"].as_str().unwrap();
    assert!(detail.contains("limit is 3"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f01_f03_no_way_around_the_roots_and_into_our_own_folders() {
    let (site, _daemon, api, id) = set().await;
    let home = site.home.display().to_string();
    let link = |name: &str, to: &std::path::Path| {
        let path = site.home.join(name);
        std::os::unix::fs::symlink(to, &path).unwrap();
        path.display().to_string()
    };
    let sibling = format!("{home}-evil");
    std::fs::create_dir(&sibling).unwrap();
    let refused = [
        link("data", &site.data),
        link("keys", &site.data.join("keys")),
        link("agent", &site.data.join("agents").join(&id)),
        link("out", std::path::Path::new("/etc")),
        link("proc", std::path::Path::new("/proc/self/root")),
        format!("{home}/data/../data/run"),
        format!("{home}/../data"),
        sibling,
        "~/../data".into(),
        "~root".into(),
        "/dev/fd".into(),
    ];
    for cwd in refused {
        let (status, problem) = api
            .post("/api/agents", json!({"kind": "shell", "cwd": cwd}))
            .await;
        assert_eq!(status, 400, "{cwd}: {problem}");
        let order = json!({"kind": "shell", "task": "x", "cwd": cwd});
        let (status, problem) = api.post("/api/delegate", order).await;
        assert_eq!(status, 400, "{cwd}: {problem}");
    }
    // What an agent of one user is told of a key that another used is nothing.
    let order = json!({"kind": "shell", "task": "echo x"});
    let bob = _daemon.api(&site, "developer", "bob");
    let mut made = Vec::new();
    for caller in [&api, &bob] {
        let request = caller
            .request(reqwest::Method::POST, "/api/delegate")
            .json(&order);
        made.push(caller.send(request.header("idempotency-key", "k")).await.1["id"].clone());
    }
    assert_ne!(made[0], made[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn d03_t14_requests_bring_no_environment_and_unknown_fields_no_rights() {
    let (_site, _daemon, api, _) = set().await;
    for field in [
        "env",
        "argv",
        "owner",
        "owner_id",
        "status",
        "sandbox",
        "permissions",
        "role",
    ] {
        let mut body = json!({"kind": "shell"});
        body[field] = json!({"LD_PRELOAD": "/tmp/x.so", "PATH": "/tmp"});
        let (status, problem) = api.post("/api/agents", body).await;
        assert_eq!(status, 400, "{problem}");
        assert!(
            problem["detail"].as_str().unwrap().contains(field),
            "{problem}"
        );
    }
}
