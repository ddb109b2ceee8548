//! Agents at work, a hundred sockets and a person's calls for a while, with one kill of the
//! daemon in the middle: nothing crashes, few calls fail, and memory and descriptors stay.

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::socket::{Incoming, Socket};
use crate::support::wait::until;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const AGENTS: usize = 8;
const SOCKETS: usize = 100;

/// How long, in seconds; half before the kill and half after it.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's size is set from outside"
)]
fn length() -> Duration {
    let given = std::env::var("SOAK_SECONDS").ok();
    let seconds = given.and_then(|text| text.parse().ok()).unwrap_or(24);
    Duration::from_secs(seconds)
}

/// What people met.
#[derive(Debug, Default)]
struct Met {
    calls: AtomicUsize,
    failed: AtomicUsize,
    frames: AtomicUsize,
    reconnects: AtomicUsize,
}

/// A viewer that looks at one agent and comes back whenever it is cut off.
async fn view(api: Api, session: String, met: Arc<Met>, over: Arc<AtomicBool>) {
    while !over.load(Ordering::Relaxed) {
        let (status, ticket) = match request(&api, "/api/ws-tickets", Some(json!({}))).await {
            Some(answer) => answer,
            None => (0, Value::Null),
        };
        let Some(ticket) = ticket["ticket"].as_str().filter(|_| status < 300) else {
            pause().await;
            continue;
        };
        let Ok(mut socket) = Socket::with_ticket(&api, ticket).await else {
            pause().await;
            continue;
        };
        let watch = json!({"type": "subscribe_terminal", "session_id": session, "mode": "sampled"});
        socket.send(watch).await;
        while !over.load(Ordering::Relaxed) {
            match socket.next().await {
                Incoming::Closed(_) => break,
                Incoming::Json(_) | Incoming::Binary(_) => {
                    met.frames.fetch_add(1, Ordering::Relaxed);
                }
            }
            // What was seen is counted, not kept: the test's own memory is no matter here.
            socket.seen.clear();
        }
        met.reconnects.fetch_add(1, Ordering::Relaxed);
    }
}

/// Between two tries to reach a daemon that is away.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

async fn request(api: &Api, path: &str, body: Option<Value>) -> Option<(u16, Value)> {
    let method = match body {
        Some(_) => reqwest::Method::POST,
        None => reqwest::Method::GET,
    };
    let mut request = api.request(method, path);
    if let Some(body) = &body {
        request = request.json(body);
    }
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    Some((status, response.json().await.unwrap_or_default()))
}

/// A person who looks around and types.
async fn call(api: Api, agents: Vec<String>, met: Arc<Met>, over: Arc<AtomicBool>) {
    let mut turn = 0;
    while !over.load(Ordering::Relaxed) {
        let agent = &agents[turn % agents.len()];
        let answer = match turn % 4 {
            0 => request(&api, "/api/agents", None).await,
            1 => request(&api, &format!("/api/agents/{agent}/screen"), None).await,
            2 => request(&api, &format!("/api/agents/{agent}/history"), None).await,
            _ => {
                let body = json!({"text": format!("echo {turn}"), "as_command": true});
                request(&api, &format!("/api/agents/{agent}/messages"), Some(body)).await
            }
        };
        met.calls.fetch_add(1, Ordering::Relaxed);
        let good = answer.is_some_and(|(status, _)| (200..300).contains(&status));
        if !good {
            met.failed.fetch_add(1, Ordering::Relaxed);
        }
        pause().await;
        turn += 1;
    }
}

/// Resident memory in KiB, and open descriptors.
fn weight(daemon: &Daemon) -> (u64, usize) {
    let process = format!("/proc/{}", daemon.child.id());
    let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
    let row = status.lines().find(|row| row.starts_with("VmRSS:"));
    let kib = row.and_then(|row| row.split_whitespace().nth(1)?.parse().ok());
    let open = std::fs::read_dir(format!("{process}/fd")).unwrap();
    (kib.unwrap(), open.count())
}

/// Lets time pass; the daemon's weight once a second.
async fn weigh(daemon: &mut Daemon, time: Duration) -> Vec<(u64, usize)> {
    let begun = Instant::now();
    let mut weights = Vec::new();
    while begun.elapsed() < time {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(daemon.child.try_wait().unwrap().is_none(), "it crashed");
        weights.push(weight(daemon));
    }
    weights
}

fn median<T: Ord + Copy>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values[values.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_viewers_and_a_kill_leave_nothing_behind() {
    let mut site = Site::new();
    site.config = "[limits]\nsockets_per_user = 200\nrequests_per_minute = 60000\n".into();
    let mut daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let mut agents = Vec::new();
    for _ in 0..AGENTS {
        let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
        agents.push(agent);
    }
    let ids: Vec<String> = agents
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    // Half of them print all the time, the others do what they are told.
    for id in &ids[..AGENTS / 2] {
        let text = "while :; do date +%N; sleep 0.1; done\r";
        api.must(&format!("/api/agents/{id}/input"), json!({"text": text}))
            .await;
    }
    let met = Arc::new(Met::default());
    let over = Arc::new(AtomicBool::new(false));
    let mut people = tokio::task::JoinSet::new();
    for number in 0..SOCKETS {
        let session = agents[number % AGENTS]["session_id"].as_str().unwrap();
        people.spawn(view(
            api.clone(),
            session.to_owned(),
            met.clone(),
            over.clone(),
        ));
    }
    people.spawn(call(
        api.clone(),
        ids[AGENTS / 2..].to_vec(),
        met.clone(),
        over.clone(),
    ));

    let half = length() / 2;
    let before = weigh(&mut daemon, half).await;
    let address = daemon.url.trim_start_matches("http://").to_owned();
    daemon.kill();
    let mut daemon = site.start_at(&address);
    until("all viewers to be back", || async {
        let back = met.reconnects.load(Ordering::Relaxed);
        (back >= SOCKETS).then_some(())
    })
    .await;
    let after = weigh(&mut daemon, half).await;
    let living = api.read("/api/agents/active").await;
    over.store(true, Ordering::Relaxed);
    people.join_all().await;

    judge(&met, &before, &after);
    let pid = |agent: &Value| agent["pid"].clone();
    let mut lived: Vec<Value> = living["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(pid)
        .collect();
    let mut began: Vec<Value> = agents.iter().map(pid).collect();
    lived.sort_by_key(Value::to_string);
    began.sort_by_key(Value::to_string);
    assert_eq!(lived, began, "the same processes");
}

/// Prints the figures of it all, and says no when something grew or failed.
fn judge(met: &Met, before: &[(u64, usize)], after: &[(u64, usize)]) {
    let [calls, failed, frames] =
        [&met.calls, &met.failed, &met.frames].map(|count| count.load(Ordering::Relaxed));
    // The first third is for caches and buffers to fill.
    let steady = &after[after.len() / 3..];
    let (early, late) = steady.split_at(steady.len() / 2);
    let [first, last] = [early, late].map(|part| {
        let kib = median(part.iter().map(|one| one.0));
        (kib / 1024, median(part.iter().map(|one| one.1)))
    });
    eprintln!(
        "endurance\t{} s\tcrashes 0\tcalls {calls}\tfailed {failed}\tmessages to viewers {frames}\t\
         MiB and descriptors {:?} {first:?} {last:?}",
        length().as_secs(),
        before.last().map(|one| (one.0 / 1024, one.1)),
    );
    assert!(failed * 20 < calls, "{failed} of {calls} calls failed");
    assert!(
        frames > SOCKETS * 10,
        "{frames} messages reached the viewers"
    );
    assert!(last.0 <= first.0 + 4 + first.0 / 10, "{first:?} {last:?}");
    assert!(last.1 <= first.1 + 8, "{first:?} {last:?}");
}
