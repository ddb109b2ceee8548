//! Commands that bring a daemon up when none runs, the table that lives, and what a shell
//! completes.

use super::whole::{Person, done, until};
use crate::support::daemon::{ORCHESTRA, Site};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A daemon that a command started; ended with its guard.
struct Started(String);

impl Started {
    /// Named in what the command said.
    fn of(output: &Output) -> Self {
        let err = String::from_utf8_lossy(&output.stderr);
        let pid = err.split("kill ").nth(1);
        let pid = pid.unwrap_or_else(|| panic!("no daemon was started: {err}"));
        Self(pid.trim().to_owned())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-KILL", &self.0]).status();
    }
}

fn site() -> Site {
    let mut site = Site::new();
    let free = "127.0.0.1:0".to_owned();
    site.env.insert("ORCHESTRA_SERVER__LISTEN".into(), free);
    site
}

#[test]
fn a_command_starts_the_daemon_it_needs_and_says_so() {
    let site = site();
    // Where it would be of no use, none is started.
    assert_eq!(site.run(&["status"]).status.code(), Some(5));
    let first = site.run(&["sessions", "--json"]);
    assert_eq!(first.status.code(), Some(0), "{first:?}");
    let daemon = Started::of(&first);
    let said = String::from_utf8_lossy(&first.stderr).into_owned();
    assert!(
        said.contains("one was started: http://127.0.0.1:"),
        "{said}"
    );
    // It left the terminal's session, so that closing that does not end it.
    let told = Command::new("ps")
        .args(["-o", "sid=", "-p", &daemon.0])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&told.stdout).trim(), daemon.0);
    let log = site.data.join("daemon.log");
    let secret = String::from_utf8_lossy(&first.stdout).contains("#login=")
        || std::fs::read_to_string(&log).unwrap().contains("#login=");
    assert!(!secret, "a login link was kept");
    let second = site.run(&["spawn", "shell"]);
    assert_eq!(second.status.code(), Some(0), "{second:?}");
    assert!(
        !String::from_utf8_lossy(&second.stderr).contains("started:"),
        "{second:?}"
    );
    let link: Value = serde_json::from_str(&done(&site, &["web", "--json"])).unwrap();
    assert!(link["login_url"].as_str().unwrap().contains("#login="));
}

#[test]
fn two_commands_at_once_start_one_daemon() {
    let site = site();
    let run = || {
        let mut command = site.command(&["sessions"]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let both = [run(), run()];
    let outputs = both.map(|child| child.wait_with_output().unwrap());
    let started: Vec<Started> = outputs
        .iter()
        .filter(|output| String::from_utf8_lossy(&output.stderr).contains("kill "))
        .map(Started::of)
        .collect();
    assert_eq!(started.len(), 1, "{outputs:?}");
    for output in &outputs {
        assert_eq!(output.status.code(), Some(0), "{outputs:?}");
    }
}

#[test]
fn a_daemon_that_cannot_be_started_is_explained() {
    let mut site = site();
    site.env.insert("ORCHESTRA_LIMITS__DEEP".into(), "1".into());
    let output = site.run(&["sessions"]);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(5), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.contains("ORCHESTRA_LIMITS__DEEP: limits.deep"), "{err}");
    // Elsewhere is elsewhere.
    let output = site.run(&["sessions", "--url", "http://127.0.0.1:1"]);
    assert_ne!(output.status.code(), Some(0));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("started"));
}

fn screen(person: &Person<'_>) -> String {
    let screen = person.tmux(&["capture-pane", "-p", "-e"]);
    String::from_utf8_lossy(&screen.stdout).into_owned()
}

#[test]
fn the_table_follows_what_happens() {
    let mut site = Site::new();
    let daemon = site.start();
    let person = Person::attach(&site, &["status", "--watch"]);
    until("an empty table", || {
        screen(&person).contains("No agent runs.")
    });
    done(&site, &["spawn", "shell", "--title", "By hand"]);
    until("the agent with its colour", || {
        let screen = screen(&person);
        screen.contains("shell-001")
            && screen.contains("By hand")
            && screen.contains("\u{1b}[32midle")
    });
    daemon.kill();
    until("word of the daemon's end", || {
        screen(&person).contains("no connection for")
    });
    let _daemon = site.start();
    done(&site, &["kill", "shell-001"]);
    until("the agent's end", || {
        let screen = screen(&person);
        !screen.contains("shell-001") && screen.contains("No agent runs.")
    });
    person.keys(&["C-c"]);
    until("the terminal as it was", || {
        let mode = person.tmux(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]);
        String::from_utf8_lossy(&mode.stdout).trim() == "0 1"
            && screen(&person).contains("No agent runs.")
    });
    drop(person);
    site.env.insert("NO_COLOR".into(), "1".into());
    done(&site, &["spawn", "shell"]);
    let person = Person::attach(&site, &["status"]);
    until("a table without colours", || {
        let screen = screen(&person);
        screen.contains("shell-002")
            && !screen.contains("\u{1b}[32m")
            && !screen.contains("\u{1b}[1m")
    });
}

#[test]
fn a_watched_list_in_a_pipe_is_a_line_for_each_change() {
    let site = Site::new();
    let _daemon = site.start();
    let mut command = site.command(&["status", "--watch", "--json"]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let mut lines = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    assert_eq!(lines.next().unwrap()["agents"].as_array().unwrap().len(), 0);
    done(&site, &["spawn", "shell"]);
    assert!(lines.any(|line| line["agents"][0]["id"] == "shell-001"));
    let pid = child.id().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_shell_completes_ids_of_agents() {
    let site = Site::new();
    let _daemon = site.start();
    done(&site, &["spawn", "shell"]);
    let folder = Path::new(ORCHESTRA).parent().unwrap().display();
    let words = |line: &str, at: u32| {
        let script = format!(
            "PATH={folder}:$PATH; source <(orchestra completions bash); COMP_WORDS=({line}); COMP_CWORD={at}; \
             _orchestra_with_ids orchestra \"${{COMP_WORDS[$COMP_CWORD]}}\" \"${{COMP_WORDS[$COMP_CWORD-1]}}\"; \
             echo \"${{COMPREPLY[@]}}\""
        );
        let mut command = Command::new("bash");
        command.args(["-c", &script]).env_clear().envs(&site.env);
        let output = command
            .env("ORCHESTRA_DATA_DIR", &site.data)
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(err, "", "{line}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(words("orchestra attach sh", 2), "shell-001");
    assert_eq!(words("orchestra att", 1), "attach");
    assert_eq!(words("orchestra kill --re", 2), "--reason");
    assert!(words("orchestra config ''", 2).contains("validate"));
}
