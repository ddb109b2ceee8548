//! Delegations while the daemon is killed again and again: half of the kills at named moments
//! between two steps, half at any time. What was acknowledged is written down out here, and
//! judged by what the model was asked, which the daemon has no part in.

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::kit::Model;
use crate::support::wait::{LIMIT, until};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// In the order in which a delegation comes to them.
const MOMENTS: [&str; 11] = [
    "delegated",
    "assigned",
    "pasted",
    "paste",
    "enter",
    "submitted",
    "heard",
    "accepted",
    "ended",
    "answered",
    "finishing",
];
/// A kill at any time comes within so many milliseconds, in which a delegation mostly ends.
const ANY_TIME: u64 = 3_000;

/// What the outside knows of one delegation.
struct Acknowledged {
    kind: &'static str,
    token: String,
    id: Value,
    kill: String,
}

/// How it all went, counted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Judged {
    sent: usize,
    completed: usize,
    /// Acknowledged, and unknown afterwards.
    lost: usize,
    /// The agent was told more than once.
    doubled: usize,
    /// Said to be completed, with another result or without the agent having been told.
    untrue: usize,
    failed: usize,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test's size is set from outside"
)]
fn size() -> usize {
    let given = std::env::var("DELEGATIONS").ok();
    given
        .and_then(|text| text.parse().ok())
        .unwrap_or(2 * MOMENTS.len())
}

/// Hands a task over; None when the daemon ended before it said yes.
async fn delegate(api: &Api, key: &str, kind: &str, token: &str) -> Option<Value> {
    let task = json!({"kind": kind, "task": format!("echo {token}")});
    let request = api.request(reqwest::Method::POST, "/api/delegate");
    let request = request.header("idempotency-key", key).json(&task);
    let answer = request.send().await.ok()?;
    assert!(answer.status().is_success(), "{answer:?}");
    let task: Value = answer.json().await.ok()?;
    Some(task["id"].clone())
}

/// Ends the daemon at that moment, or waits until it ended itself there.
fn end(mut daemon: Daemon, moment: &str) {
    let begun = Instant::now();
    while daemon.child.try_wait().unwrap().is_none() {
        let late = begun.elapsed() > LIMIT;
        assert!(!late, "the task never came to the moment {moment:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

async fn judge(api: &Api, model: &Model, acknowledged: &[Acknowledged]) -> Judged {
    let mut judged = Judged::default();
    let asked = model.asked().await;
    for one in acknowledged {
        judged.sent += 1;
        let heads = asked.iter().filter(|asked| {
            let head = asked["head"].as_str().unwrap_or_default();
            head.contains(&one.token)
        });
        let told = heads.count();
        judged.doubled += usize::from(told > 1);
        let (status, task) = api.get(&format!("/api/tasks/{}", one.id)).await;
        let right = task["result"]["text"] == json!(one.token);
        match task["status"].as_str() {
            _ if status != 200 => judged.lost += 1,
            Some("completed") if right && told > 0 => judged.completed += 1,
            Some("completed") => judged.untrue += 1,
            _ => judged.failed += 1,
        }
        if told != 1 || !right {
            eprintln!(
                "{} killed at {}: told {told} times, {task}",
                one.kind, one.kill
            );
        }
    }
    judged
}

#[tokio::test(flavor = "multi_thread")]
async fn no_delegation_is_lost_or_doubled_however_the_daemon_dies() {
    let model = Model::start("clis.json");
    let mut site = Site::with_clis(&model);
    site.config = "[limits]\nnew_agents_per_hour = 1000\n".into();
    let mut daemon = site.start();
    let mut api = daemon.api(&site, "admin", "tester");
    let mut acknowledged = Vec::new();
    let mut kills = 0;
    for number in 0..size() {
        let kind = ["claude", "codex"][number / MOMENTS.len() % 2];
        let token = format!("t{}", uuid::Uuid::new_v4().simple());
        let named = (number % 2 == 0).then(|| MOMENTS[number / 2 % MOMENTS.len()]);
        if let Some(moment) = named {
            // This life of the daemon ends there.
            daemon.kill();
            site.env.insert("FAILPOINT".into(), moment.into());
            daemon = site.start();
            site.env.remove("FAILPOINT");
            api = api.at(&daemon.url);
            kills += 1;
        }
        let key = uuid::Uuid::new_v4().to_string();
        let said = delegate(&api, &key, kind, &token).await;
        let kill = match named {
            Some(moment) => {
                end(daemon, moment);
                moment.to_owned()
            }
            None => {
                let after = uuid::Uuid::new_v4().as_u128() as u64 % ANY_TIME;
                tokio::time::sleep(Duration::from_millis(after)).await;
                daemon.kill();
                format!("{after} ms")
            }
        };
        kills += 1;
        daemon = site.start();
        api = api.at(&daemon.url);
        let id = match said {
            Some(id) => id,
            // Who heard no answer asks again, under the same key.
            None => delegate(&api, &key, kind, &token).await.unwrap(),
        };
        let path = format!("/api/tasks/{id}");
        until("the task's end", || async {
            let task: Value = api.read(&path).await;
            (task["ended_at"] != Value::Null).then_some(())
        })
        .await;
        acknowledged.push(Acknowledged {
            kind,
            token,
            id,
            kill,
        });
    }
    let judged = judge(&api, &model, &acknowledged).await;
    eprintln!("delegations\t{judged:?}\tkills {kills}");
    let all = acknowledged.len();
    let wanted = Judged {
        sent: all,
        completed: all,
        ..Judged::default()
    };
    assert_eq!(judged, wanted);
}
