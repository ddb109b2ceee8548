//! Writes down what can be seen of an agent: its status file, title and screen as they
//! are, the events in the daemon's own log, and what Orchestra says of it.

use super::recording::{Label, Seen, What};
use crate::support::api::Api;
use crate::support::daemon::{Site, tmux};
use orchestra::agents::adapter::find;
use orchestra_protocol::agent::Agent;
use orchestra_protocol::time::Timestamp;
use regex::Regex;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How often everything is looked at.
const EVERY: Duration = Duration::from_millis(250);
/// The pane of the one agent, with its cursor and title before its screen.
const SESSION: &str = "=sess-primary:";
const HEAD: &str = "#{cursor_x} #{cursor_y} #{pane_title}";

/// Looks until it is stopped.
pub(super) struct Sampler {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Vec<Seen>>,
}

impl Sampler {
    pub(super) fn start(site: &Site, api: Api) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let (home, socket) = (site.home.clone(), site.data.join("run/tmux.sock"));
        #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
        let task = tokio::spawn(async move {
            let mut seen = Vec::new();
            let mut tick = tokio::time::interval(EVERY);
            while stopped.try_recv().is_err() {
                tick.tick().await;
                let agent = api.read("/api/agents/primary").await;
                let agent: Agent = serde_json::from_value(agent).unwrap();
                note(&mut seen, shown(&agent));
                let open = api.read("/api/approvals?state=pending").await;
                let open = open["items"]
                    .as_array()
                    .is_some_and(|items| !items.is_empty());
                note(&mut seen, What::Asking { open });
                let (home, socket) = (home.clone(), socket.clone());
                let look = move || look(&agent, &home, &socket);
                for what in tokio::task::spawn_blocking(look).await.unwrap() {
                    note(&mut seen, what);
                }
            }
            seen
        });
        Self { stop, task }
    }

    /// Everything that was seen, oldest first.
    pub(super) async fn stop(self) -> Vec<Seen> {
        self.stop.send(()).unwrap();
        self.task.await.unwrap()
    }
}

/// Keeps what is not as it was.
fn note(seen: &mut Vec<Seen>, what: What) {
    let same = |one: &&Seen| std::mem::discriminant(&one.what) == std::mem::discriminant(&what);
    if seen
        .iter()
        .rev()
        .find(same)
        .is_none_or(|last| last.what != what)
    {
        let at = Timestamp::now().0;
        seen.push(Seen { at, what });
    }
}

fn shown(agent: &Agent) -> What {
    let activity = &agent.activity;
    What::Shown {
        label: Label::of(activity.state, activity.waiting_for),
        source: activity.source.clone(),
        confidence: activity.confidence,
    }
}

fn look(agent: &Agent, home: &std::path::Path, socket: &std::path::Path) -> Vec<What> {
    let mut all = Vec::new();
    let adapter = find(&agent.kind).unwrap();
    let file = agent.pid.and_then(|pid| adapter.status_file(home, pid));
    if let Some(file) = file {
        let content = std::fs::read(file).ok();
        let content = content.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut content: Value = content.unwrap_or_default();
        // The file is believed for these, and touched for others.
        let kept = ["status", "waitingFor"];
        if let Some(fields) = content.as_object_mut() {
            fields.retain(|name, _| kept.contains(&name.as_str()));
        }
        all.push(What::Status { content });
    }
    let commands = [
        "display-message",
        "-p",
        "-t",
        SESSION,
        HEAD,
        ";",
        "capture-pane",
        "-p",
        "-t",
        SESSION,
    ];
    let output = tmux(socket, &[&["-u"][..], &commands[..]].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let Some((head, screen)) = text.split_once('\n') else {
        return all;
    };
    let mut words = head.splitn(3, ' ');
    let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let (x, y) = (number(), number());
    let title = words.next().unwrap_or_default().to_owned();
    all.push(What::Title { text: title });
    let text = screen.trim_end().to_owned();
    all.push(What::Screen { x, y, text });
    all
}

/// The events of the one agent, from the daemon's log.
pub(super) fn events(site: &Site) -> Vec<Seen> {
    let line = Regex::new(
        r#"agent\.id=primary signal\.at=(\d+) signal\.source="(\w+)" signal\.state=(\w+) signal\.waiting_for=(\S+)"#,
    );
    let line = line.unwrap();
    let path: PathBuf = site.data.with_file_name("daemon.log");
    let log = std::fs::read(path).unwrap();
    let log = String::from_utf8_lossy(&log);
    let event = |found: regex::Captures<'_>| {
        let read = |word: &str| Value::String(word.to_lowercase());
        let waiting_for = found[4]
            .strip_prefix("Some(")
            .map(|word| read(word.trim_end_matches(')')));
        let what = What::Event {
            source: serde_json::from_value(read(&found[2])).unwrap(),
            state: serde_json::from_value(read(&found[3])).unwrap(),
            waiting_for: waiting_for.map(|word| serde_json::from_value(word).unwrap()),
        };
        let at = found[1].parse().unwrap();
        Some(Seen { at, what }).filter(|seen| match seen.what {
            What::Event { source, .. } => source.is_event(),
            _ => false,
        })
    };
    line.captures_iter(&log).filter_map(event).collect()
}
