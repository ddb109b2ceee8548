//! The commands against the real daemon, with a shell as the agent: what a person does
//! without the page, and what survives a daemon that dies meanwhile.

use crate::support::daemon::{ORCHESTRA, Site};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Runs a command that must succeed; its stdout.
pub(super) fn done(site: &Site, arguments: &[&str]) -> String {
    let output = site.run(arguments);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {err}");
    String::from_utf8(output.stdout).unwrap()
}

pub(super) fn json(site: &Site, arguments: &[&str]) -> Value {
    serde_json::from_str(&done(site, arguments)).unwrap()
}

/// Polls until it holds; half a minute is a failure.
pub(super) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < end, "it never came: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_day_without_the_page() {
    let site = Site::new();
    let daemon = site.start();
    let agent = json(
        &site,
        &[
            "spawn", "shell", "--title", "By hand", "--cwd", ".", "--json",
        ],
    );
    assert_eq!(
        (&agent["id"], &agent["title"]),
        (&"shell-001".into(), &"By hand".into())
    );
    assert_eq!(
        agent["cwd"],
        site.project.canonicalize().unwrap().display().to_string()
    );
    let answer = done(&site, &["send", "shell-001", "echo six-$((1+5))", "--wait"]);
    assert!(answer.contains("six-6"), "{answer}");
    let task = json(
        &site,
        &[
            "delegate",
            "--kind",
            "shell",
            "echo nine-$((4+5))",
            "--wait",
            "--json",
        ],
    );
    assert_eq!(task["status"], "completed");
    assert!(
        task["result"]["text"].as_str().unwrap().contains("nine-9"),
        "{task}"
    );
    let status = done(&site, &["status"]);
    assert!(
        status.contains("shell-001") && status.contains("1 completed"),
        "{status}"
    );
    assert!(done(&site, &["logs", "shell-001"]).contains("six-6"));
    let why = done(&site, &["explain", "shell-001"]);
    assert!(
        why.contains("shell-001 is idle, as its marker says") && why.contains("not counted"),
        "{why}"
    );
    let why = json(&site, &["explain", "shell-001", "--json"]);
    let signals = why["signals"].as_array().unwrap();
    let sources: Vec<&str> = signals
        .iter()
        .filter_map(|one| one["source"].as_str())
        .collect();
    assert_eq!(sources, ["marker", "screen", "process"], "{why}");
    assert_eq!(signals.iter().filter(|one| one["won"] == true).count(), 1);
    done(&site, &["interrupt", "shell-001"]);
    done(&site, &["kill", "shell-001", "--reason", "enough"]);
    until("the end of shell-001", || {
        let all = json(&site, &["status", "--all", "--json"]);
        let agents = all["agents"].as_array().unwrap();
        agents
            .iter()
            .any(|agent| agent["id"] == "shell-001" && agent["status"] == "killed")
    });
    let again = json(&site, &["retry", "shell-001", "--json"]);
    assert_eq!(again["kind"], "shell");
    for (arguments, code) in [
        (&["spawn", "nosuch"][..], 1),
        (&["spawn", "shell", "--cwd", "/etc"], 1),
        (&["spawn", "shell", "--title", "-x"], 1),
        (&["kill", "shell-999"], 3),
        (&["send", "shell-999", "x"], 3),
        (&["up", "--listen", "127.0.0.1:0", "--no-open"], 1),
    ] {
        let output = site.run(arguments);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
        assert_eq!(err.lines().count(), 1, "{arguments:?}: {err}");
    }
    drop(daemon);
    assert_eq!(site.run(&["status"]).status.code(), Some(5));
}

#[test]
fn an_agent_cannot_make_itself_its_owner() {
    let site = Site::new();
    let _daemon = site.start();
    done(&site, &["spawn", "shell"]);
    let mine = |command: &str| {
        let line = format!("{ORCHESTRA} {command}; echo code=$?");
        done(&site, &["send", "shell-001", &line, "--wait"])
    };
    for command in [
        "token --role admin",
        "web --json",
        "spawn shell",
        "kill shell-001",
    ] {
        let answer = mine(command);
        assert!(answer.contains("code=4"), "{command}: {answer}");
    }
    let answer = mine("status");
    assert!(answer.contains("code=0"), "{answer}");
}

/// A person at a terminal: a tmux of its own that runs one command.
pub(super) struct Person<'a> {
    site: &'a Site,
    socket: PathBuf,
}

impl<'a> Person<'a> {
    pub(super) fn attach(site: &'a Site, arguments: &[&str]) -> Self {
        // A server of its own each time: one that ends would take the next one's session.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let socket = site.root.path().join(format!("person{number}.sock"));
        let person = Self { site, socket };
        let line = format!("{ORCHESTRA} {}; sleep 60", arguments.join(" "));
        person.tmux(&["new-session", "-d", "-x", "90", "-y", "20", &line]);
        person
    }

    pub(super) fn tmux(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("tmux");
        command
            .arg("-S")
            .arg(&self.socket)
            .args(["-f", "/dev/null"]);
        command.args(arguments).env_clear().envs(&self.site.env);
        command.env("ORCHESTRA_DATA_DIR", &self.site.data);
        command.current_dir(&self.site.project).output().unwrap()
    }

    pub(super) fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    pub(super) fn sees(&self, text: &str) {
        until(text, || {
            let screen = self.tmux(&["capture-pane", "-p"]);
            String::from_utf8_lossy(&screen.stdout)
                .lines()
                .any(|line| line.trim_end() == text)
        });
    }
}

impl Drop for Person<'_> {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[test]
fn attach_is_the_real_session() {
    let site = Site::new();
    let _daemon = site.start();
    done(&site, &["spawn", "shell"]);
    let person = Person::attach(&site, &["attach", "shell-001"]);
    until("the client", || {
        let clients = site.tmux(&[
            "list-clients",
            "-t",
            "=sess-shell-001",
            "-F",
            "#{client_flags}",
        ]);
        let flags = String::from_utf8_lossy(&clients.stdout).into_owned();
        flags
            .lines()
            .any(|flags| flags.contains("ignore-size") && !flags.contains("control-mode"))
    });
    person.keys(&["echo here-$((2*3))", "Enter"]);
    person.sees("here-6");
    person.keys(&["C-b", "d"]);
    person.sees("[detached (from session sess-shell-001)]");
    assert!(done(&site, &["status"]).contains("shell-001"));
}

#[test]
fn the_live_stream_is_a_terminal_and_outlives_the_daemon() {
    let site = Site::new();
    let daemon = site.start();
    done(&site, &["spawn", "shell"]);
    let person = Person::attach(&site, &["attach", "shell-001", "--stream"]);
    person.keys(&["echo first-$((2*3))", "Enter"]);
    person.sees("first-6");
    daemon.kill();
    let _daemon = site.start();
    until("keys that arrive", || {
        person.keys(&["C-u", "echo second-$((2*4))", "Enter"]);
        let screen = person.tmux(&["capture-pane", "-p"]);
        String::from_utf8_lossy(&screen.stdout).contains("\nsecond-8")
    });
    person.keys(&["C-\\", "d"]);
    person.sees("[shell-001: detached]");
    assert!(done(&site, &["status"]).contains("shell-001"));
}

#[test]
fn attach_from_elsewhere_gives_the_terminal_back() {
    let site = Site::new();
    let daemon = site.start();
    let token = site.root.path().join("token");
    let minted = done(&site, &["token", "--role", "developer", "--sub", "far"]);
    std::fs::write(&token, minted.trim()).unwrap();
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
    let token = token.display().to_string();
    let elsewhere = ["--url", &daemon.url, "--token-file", &token];
    done(&site, &[&["spawn", "shell"], &elsewhere[..]].concat());
    let after = "; echo code=$?; stty -a | grep -q -- '-icanon' || echo sane";
    let line = [
        &["attach", "shell-001", "--detach-key", "ctrl-]"],
        &elsewhere[..],
    ]
    .concat();
    let person = Person::attach(&site, &[&line[..], &[after]].concat());
    person.keys(&["echo far-$((2*3))", "Enter"]);
    person.sees("far-6");
    person.keys(&["C-]", "d"]);
    person.sees("[shell-001: detached]");
    person.sees("code=0");
    person.sees("sane");
    drop(person);

    let person = Person::attach(&site, &[&line[..], &[after]].concat());
    person.keys(&["echo again-$((2*4))", "Enter"]);
    person.sees("again-8");
    let pane = person.tmux(&["list-panes", "-F", "#{pane_pid}"]);
    let shell = String::from_utf8_lossy(&pane.stdout).trim().to_owned();
    let found = Command::new("pgrep").args(["-P", &shell]).output().unwrap();
    let attached = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    let ended = Command::new("kill").args(["-TERM", &attached]).status();
    assert!(ended.unwrap().success(), "{attached:?}");
    person.sees("code=1");
    person.sees("sane");
}
