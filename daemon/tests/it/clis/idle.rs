//! Agents that rest cost nothing: no model is asked anything, and what the daemon's
//! watching takes of the processor is printed. A fleet of shells and real CLIs rests in real
//! time, then as many looks are taken at it as an hour or a day has.

use super::accuracy::stage::site;
use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::kit::Model;
use crate::support::wait::until;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Looks at all agents in an hour, as often as the log says that they were taken.
const PER_HOUR: u64 = 7_200;
/// A CLI that asked its model nothing for so long has done what it does after a turn.
const QUIET: Duration = Duration::from_secs(5);
const SHELLS: usize = 6;
/// Longest that the looks of an hour may take: each asks tmux for the screens of those CLIs
/// that nothing else speaks for. As slow as two looks a second would be the hour itself.
const AN_HOUR: Duration = Duration::from_secs(600);

/// How large a run is; set from outside.
struct Size {
    kinds: Vec<String>,
    seconds: u64,
    hours: u64,
}

impl Size {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's size is set from outside"
    )]
    fn given() -> Self {
        let var = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let number = |name: &str, usual: u64| var(name).map_or(usual, |text| text.parse().unwrap());
        let kinds = var("IDLE_KINDS").unwrap_or_else(|| "claude codex".to_owned());
        Self {
            kinds: kinds.split_whitespace().map(str::to_owned).collect(),
            seconds: number("IDLE_SECONDS", 20),
            hours: number("IDLE_HOURS", 1),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_that_rest_ask_no_model_anything() {
    let size = Size::given();
    let model = Model::start("accuracy.json");
    let mut site = site("shell", &model);
    more_limits(&mut site, "live_agents = 20");
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    for kind in &size.kinds {
        begin(&api, kind).await;
    }
    for _ in 0..SHELLS {
        api.must("/api/agents", json!({ "kind": "shell" })).await;
    }
    let agents = size.kinds.len() + SHELLS;
    settled(&api, &model, agents).await;

    let (asked, spent) = (model.requests().await.len(), spent(&daemon));
    tokio::time::sleep(Duration::from_secs(size.seconds)).await;
    let (more, took) = (
        model.requests().await.len() - asked,
        self::spent(&daemon) - spent,
    );
    eprintln!(
        "idle\t{agents} agents ({} and {SHELLS} shells)\t{} s\trequests {more}\tprocessor time of the daemon {took:.2} s, {:.2} % of one core",
        size.kinds.join(", "),
        size.seconds,
        100.0 * took / Duration::from_secs(size.seconds).as_secs_f64(),
    );
    assert_eq!(more, 0, "{:#?}", &model.requests().await[asked..]);

    if size.hours == 0 {
        return;
    }
    daemon.kill();
    more_limits(&mut site, "look_ms = 1");
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    settled(&api, &model, agents).await;
    // The log speaks once an hour, so it is counted from one to another.
    looks(&site, rounds(&site) + 1, AN_HOUR).await;
    let (asked, spent) = (model.requests().await.len(), self::spent(&daemon));
    let begun = (Instant::now(), rounds(&site));
    let wanted = begun.1 + size.hours * PER_HOUR;
    let hours = u32::try_from(size.hours).unwrap();
    looks(&site, wanted, AN_HOUR * hours).await;
    let (more, took) = (
        model.requests().await.len() - asked,
        self::spent(&daemon) - spent,
    );
    eprintln!(
        "idle\t{agents} agents\t{} h of looks ({}) in {:.0} s\trequests {more}\tprocessor time of the daemon {took:.1} s",
        size.hours,
        size.hours * PER_HOUR,
        begun.0.elapsed().as_secs_f64(),
    );
    assert_eq!(more, 0, "{:#?}", &model.requests().await[asked..]);
}

/// Until so many looks were taken.
async fn looks(site: &Site, wanted: u64, most: Duration) {
    let begun = Instant::now();
    while rounds(site) < wanted {
        let now = rounds(site);
        assert!(begun.elapsed() < most, "{now} looks of {wanted}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn more_limits(site: &mut Site, line: &str) {
    let limits = format!("[limits]\n{line}\n");
    site.config = site.config.replace("[limits]\n", &limits);
}

/// Starts an agent and lets it take one turn.
async fn begin(api: &Api, kind: &str) {
    let agent = api.must("/api/agents", json!({ "kind": kind })).await;
    let path = format!("/api/agents/{}/messages", agent["id"].as_str().unwrap());
    let sent = api.must(&path, json!({ "text": "echo hello" })).await;
    until("its first answer", || async {
        let list = api.read(&path).await;
        let mut items = list["items"].as_array().unwrap().iter();
        let now = items.find(|item| item["id"] == sent["id"]).unwrap();
        (now["status"] == "answered").then_some(())
    })
    .await;
}

/// Until all rest, and what CLIs ask for themselves after a turn was asked.
async fn settled(api: &Api, model: &Model, agents: usize) {
    until("all to rest", || async {
        let list = api.read("/api/agents?limit=50").await;
        let items = list["items"].as_array().unwrap();
        let rests =
            |agent: &&Value| agent["status"] == "running" && agent["activity"]["state"] == "idle";
        (items.iter().filter(rests).count() == agents).then_some(())
    })
    .await;
    let last = parking_lot::Mutex::new((0, Instant::now()));
    until("the model to be left alone", || async {
        let asked = model.requests().await.len();
        let mut last = last.lock();
        if last.0 != asked {
            *last = (asked, Instant::now());
        }
        (last.1.elapsed() >= QUIET).then_some(())
    })
    .await;
}

/// Seconds of processor time that the daemon has taken so far.
fn spent(daemon: &Daemon) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", daemon.child.id())).unwrap();
    // The name in parentheses may hold anything; what follows it is fields.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = [11, 12].map(|at: usize| fields[at].parse::<u32>().unwrap());
    f64::from(ticks.iter().sum::<u32>()) / 100.0
}

/// Looks at the agents that the newest daemon has taken, by its log.
fn rounds(site: &Site) -> u64 {
    let log = std::fs::read(site.data.with_file_name("daemon.log")).unwrap();
    let log = String::from_utf8_lossy(&log).into_owned();
    let last = log
        .lines()
        .rev()
        .find_map(|line| line.split_once(" rounds="));
    last.map_or(0, |(_, number)| {
        let digits = number.trim_start().split(' ').next().unwrap();
        digits.trim().parse().unwrap()
    })
}
