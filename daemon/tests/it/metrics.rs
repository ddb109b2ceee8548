//! `/metrics` after known deeds: one agent, one prompt, one task, one viewer, one refusal.
//! Each measure has the number that follows from them.

use crate::support::api::Api;
use crate::support::daemon::Site;
use crate::support::socket::Socket;
use crate::support::wait::until;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Every measure by its name with its labels.
struct Metrics(HashMap<String, f64>);

impl Metrics {
    async fn read(api: &Api) -> Self {
        let (status, text) = api.get("/metrics").await;
        assert_eq!(status, 200, "{text}");
        let text = text.as_str().unwrap();
        let mut all = HashMap::new();
        let mut typed = None;
        for line in text.lines() {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                typed = kind.split(' ').next();
                continue;
            }
            if line.starts_with("# HELP ") {
                continue;
            }
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with(typed.unwrap()), "{name} has no type");
            let twice = all.insert(name.to_owned(), value.parse().unwrap());
            assert_eq!(twice, None, "{name} stands twice");
        }
        Self(all)
    }

    /// 0 for a word that nothing is counted under.
    fn of(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(0.0)
    }

    /// All that begin so and are not nothing, without their common beginning.
    fn under(&self, family: &str) -> Vec<(&str, f64)> {
        let each = self.0.iter().filter(|(_, count)| **count > 0.0);
        let each = each.filter_map(|(name, count)| Some((name.strip_prefix(family)?, *count)));
        let mut each: Vec<(&str, f64)> = each.collect();
        each.sort_by_key(|(name, _)| *name);
        each
    }
}

async fn metrics_where(api: &Api, what: &str, holds: impl Fn(&Metrics) -> bool) -> Metrics {
    until(what, || async {
        let metrics = Metrics::read(api).await;
        holds(&metrics).then_some(metrics)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_what_is_counted() {
    let site = Site::new();
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let looker = daemon.api(&site, "viewer", "looker");
    nothing_yet(&api).await;
    let agent = work(&api).await;
    viewer(&api, &agent["session_id"]).await;
    refusals(&api, &looker).await;
    answers(&api).await;
    ends(&api, &agent).await;
}

async fn nothing_yet(api: &Api) {
    let empty = Metrics::read(api).await;
    for family in ["agents", "tasks", "receipts", "approvals"] {
        let found = empty.under(&format!("orchestra_{family}{{"));
        assert_eq!(found, [], "{family}");
    }
    for single in [
        "budget_stops_total",
        "denials_total",
        "sockets",
        "viewers",
        "sent_bytes_total",
    ] {
        let name = format!("orchestra_{single}");
        assert_eq!(empty.0.get(&name), Some(&0.0), "{name}");
    }
}

/// One agent, one prompt, one task for it.
async fn work(api: &Api) -> Value {
    let agent = api.must("/api/agents", json!({ "kind": "shell" })).await;
    let id = agent["id"].as_str().unwrap();
    let path = format!("/api/agents/{id}/messages");
    let sent = api.must(&path, json!({ "text": "echo one" })).await;
    until("the answer", || async {
        let list = api.read(&path).await;
        let mut items = list["items"].as_array().unwrap().iter();
        let now = items.find(|item| item["id"] == sent["id"])?;
        (now["status"] == "answered").then_some(())
    })
    .await;
    let order = json!({ "agent": id, "task": "echo two" });
    let task = api.must("/api/delegate", order).await;
    let path = format!("/api/tasks/{}/wait?timeout_ms=60000", task["id"]);
    let done = api.read(&path).await;
    assert_eq!(done["status"], "completed", "{done}");
    let idle = metrics_where(api, "the agent to rest", |metrics| {
        metrics.of("orchestra_agents{state=\"idle\"}") > 0.0
    })
    .await;
    assert_eq!(idle.under("orchestra_agents{"), [("state=\"idle\"}", 1.0)]);
    assert_eq!(
        idle.under("orchestra_tasks{"),
        [("status=\"completed\"}", 1.0)]
    );
    // The task's prompt is a message too.
    assert_eq!(
        idle.under("orchestra_receipts{"),
        [("status=\"answered\"}", 2.0)]
    );
    agent
}

/// One viewer, who comes and goes.
async fn viewer(api: &Api, session: &Value) {
    let mut socket = Socket::open(api).await;
    let subscribe = json!({ "type": "subscribe_terminal", "session_id": session });
    socket.send(subscribe).await;
    let shown = |value: &Value| value["type"] == "terminal_output";
    let frame = socket.until("the first frame", shown).await;
    let watched = Metrics::read(api).await;
    let one = (
        watched.of("orchestra_viewers"),
        watched.of("orchestra_sockets"),
    );
    assert_eq!(one, (1.0, 1.0));
    let bytes = frame["data"].as_str().unwrap().len();
    assert!(
        watched.of("orchestra_sent_bytes_total") >= bytes as f64,
        "{bytes} bytes of a frame"
    );
    let leave = json!({ "type": "unsubscribe_terminal", "session_id": session });
    socket.send(leave).await;
    metrics_where(api, "no viewer", |metrics| {
        metrics.of("orchestra_viewers") == 0.0
    })
    .await;
    drop(socket);
    metrics_where(api, "no socket", |metrics| {
        metrics.of("orchestra_sockets") == 0.0
    })
    .await;
}

/// A change that is refused, and a look that is; their answers are in their class.
async fn refusals(api: &Api, looker: &Api) {
    let before = Metrics::read(api).await;
    let (status, _) = looker.post("/api/agents", json!({ "kind": "shell" })).await;
    assert_eq!(status, 403);
    let between = Metrics::read(api).await;
    let (status, _) = looker.get("/metrics").await;
    assert_eq!(status, 403);
    let after = Metrics::read(api).await;
    for name in [
        "orchestra_denials_total",
        "orchestra_http_answers_total{class=\"4xx\"}",
    ] {
        assert_eq!(between.of(name) - before.of(name), 1.0, "{name}");
        assert_eq!(after.of(name) - between.of(name), 1.0, "{name}");
    }
}

/// Answers are counted with their time: five, and that of the first count itself.
async fn answers(api: &Api) {
    let before = Metrics::read(api).await;
    for _ in 0..5 {
        api.read("/api/me").await;
    }
    let after = Metrics::read(api).await;
    let more = |name: &str| after.of(name) - before.of(name);
    assert_eq!(more("orchestra_http_answers_total{class=\"2xx\"}"), 6.0);
    let seconds = "orchestra_http_answer_seconds";
    assert_eq!(more(&format!("{seconds}_count")), 6.0);
    assert_eq!(more(&format!("{seconds}_bucket{{le=\"+Inf\"}}")), 6.0);
    let took = more(&format!("{seconds}_sum"));
    assert!(took > 0.0 && took < 60.0, "{took} s");
}

/// The agent's end, and a budget that stops another.
async fn ends(api: &Api, agent: &Value) {
    let path = format!("/api/agents/{}/kill", agent["id"].as_str().unwrap());
    api.must(&path, json!({})).await;
    let order = json!({ "kind": "shell", "budget": { "turns": 1 } });
    let other = api.must("/api/agents", order).await;
    let path = format!("/api/agents/{}/messages", other["id"].as_str().unwrap());
    api.must(&path, json!({ "text": "echo three" })).await;
    let ended = metrics_where(api, "the stop", |metrics| {
        let state = |word: &str| metrics.of(&format!("orchestra_agents{{state=\"{word}\"}}"));
        state("waiting_budget") > 0.0 && state("killed") > 0.0
    })
    .await;
    assert_eq!(ended.of("orchestra_budget_stops_total"), 1.0);
    assert_eq!(
        ended.under("orchestra_agents{"),
        [
            ("state=\"killed\"}", 1.0),
            ("state=\"waiting_budget\"}", 1.0)
        ]
    );
}
