//! `orchestra config` as a person uses it: no daemon, real files, a real editor.

use crate::support::daemon::Site;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// What a command left behind: exit code, stdout, stderr.
fn run(site: &Site, arguments: &[&str]) -> (i32, String, String) {
    let output = site.run(&[&["config"], arguments].concat());
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn good(site: &Site, arguments: &[&str]) -> String {
    let (code, out, err) = run(site, arguments);
    assert_eq!(code, 0, "{arguments:?}: {out}{err}");
    out
}

fn file(site: &Site) -> PathBuf {
    site.home.join(".config/orchestra/config.toml")
}

fn write(site: &Site, text: &str) {
    std::fs::create_dir_all(file(site).parent().unwrap()).unwrap();
    std::fs::write(file(site), text).unwrap();
}

fn read(site: &Site) -> String {
    std::fs::read_to_string(file(site)).unwrap()
}

#[test]
fn every_value_is_told_with_where_it_comes_from() {
    let mut site = Site::new();
    write(
        &site,
        "# mine\n[limits]\ndepth = 5\n\n[prices]\n\"gpt-5.4\" = [1, 2, 3, 4]\n",
    );
    site.env
        .insert("ORCHESTRA_TERMINAL__COLS".into(), "99".into());
    let lines = good(&site, &["show", "--json"]);
    let all: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |key: &str| {
        let found = all.iter().find(|one| one["key"] == key);
        found.unwrap_or_else(|| panic!("{key} is not told")).clone()
    };
    let place = |line: u32| format!("{}:{line}", file(&site).display());
    for (key, value, origin) in [
        ("limits.depth", json!(5), place(3)),
        ("prices.\"gpt-5.4\"", json!([1, 2, 3, 4]), place(6)),
        (
            "terminal.cols",
            json!(99),
            "ORCHESTRA_TERMINAL__COLS".into(),
        ),
        ("limits.live_agents", json!(10), "default".into()),
        ("kinds.shell.env", json!([]), "default".into()),
        ("worktrees.parallel", json!(3), "default".into()),
    ] {
        let told = of(key);
        assert_eq!(
            (&told["value"], &told["origin"]),
            (&value, &json!(origin)),
            "{key}"
        );
    }
    assert!(
        of("limits.depth")["about"]
            .as_str()
            .unwrap()
            .contains("delegate")
    );
    let table = good(&site, &["show", "limits"]);
    assert!(
        table.contains("limits.depth") && !table.contains("server.listen"),
        "{table}"
    );
    assert!(!table.contains('\u{1b}'), "colours in a pipe: {table:?}");
    assert_eq!(good(&site, &["get", "limits.depth"]), "5\n");
    assert_eq!(good(&site, &["get", "projects.roots"]), "[\"~\"]\n");
    assert_eq!(
        good(&site, &["path"]).trim(),
        file(&site).display().to_string()
    );
    let (code, _, err) = run(&site, &["get", "depth"]);
    assert_eq!((code, err.lines().count()), (3, 1), "{err}");
    assert!(err.contains("did you mean limits.depth?"), "{err}");
}

#[test]
fn a_setting_is_changed_and_the_daemon_takes_it() {
    let site = Site::new();
    let out = good(&site, &["set", "limits.depth", "7"]);
    assert!(out.contains("limits.depth = 7"), "{out}");
    write(&site, &format!("# mine\n{}", read(&site)));
    good(&site, &["set", "server.hosts", "a.example, b.example"]);
    good(&site, &["set", "kinds.claude.sessions", "~/elsewhere"]);
    let text = read(&site);
    for line in [
        "# mine",
        "depth = 7",
        "hosts = [\"a.example\", \"b.example\"]",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}: {text}");
    }
    let mode = std::fs::metadata(file(&site)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for (arguments, code, words) in [
        (&["set", "limits.depth", "deep"][..], 2, "whole number"),
        (&["set", "limits.deep", "1"], 3, "no setting"),
        (
            &["set", "terminal.frames_per_second", "99"],
            1,
            "between 0.5 and 10",
        ),
        (&["set", "server.listen", "0.0.0.0:80"], 1, "without TLS"),
        (
            &["set", "approvals.bypass_permissions", "Bash(sudo *)"],
            2,
            "sudo",
        ),
        (&["unset", "limits.live_agents"], 1, "does not set"),
        (&["set", "limits.depth"], 2, "VALUE"),
    ] {
        let (ended, out, err) = run(&site, arguments);
        assert_eq!(ended, code, "{arguments:?}: {out}{err}");
        assert!(err.contains(words), "{arguments:?}: {err}");
        assert_eq!(read(&site), text, "{arguments:?}");
    }
    good(&site, &["unset", "limits.depth"]);
    assert_eq!(good(&site, &["get", "limits.depth"]), "3\n");
    let (_, _, err) = run(
        &site,
        &["set", "approvals.bypass_permissions", "Bash(npm *)"],
    );
    assert!(
        err.contains("runs what the project's own files name"),
        "{err}"
    );
    assert!(good(&site, &["validate"]).contains("is good"));
}

#[test]
fn every_mistake_is_told_with_file_line_and_key() {
    let mut site = Site::new();
    write(&site, "[limits]\ndeep = 1\n\n[terminal]\ncols = \"wide\"\n");
    let place = file(&site).display().to_string();
    let (code, out, err) = run(&site, &["validate"]);
    assert_eq!(code, 1);
    assert!(
        out.contains(&format!("{place}:2: limits.deep: unknown field")),
        "{out}"
    );
    assert!(
        out.contains(&format!("{place}:5: terminal.cols: invalid type")),
        "{out}"
    );
    assert!(err.contains("2 mistakes"), "{err}");
    let (_, out, _) = run(&site, &["validate", "--json"]);
    let first: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["line"], &first["key"]),
        (&json!(2), &json!("limits.deep"))
    );
    // The daemon refuses it with the same words.
    let output = site.run(&["up", "--no-open"]);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains(&format!("{place}:2: limits.deep")), "{err}");
    write(&site, "[approvals]\nbypass_permissions = [\"Bash(*)\"]\n");
    let (code, out, _) = run(&site, &["validate"]);
    assert_eq!(code, 1);
    assert!(
        out.contains(&format!("{place}:2: approvals.bypass_permissions")),
        "{out}"
    );
    write(&site, "");
    site.env.insert("ORCHESTRA_LIMITS__DEEP".into(), "1".into());
    let (code, out, _) = run(&site, &["validate"]);
    assert_eq!(code, 1);
    assert!(
        out.starts_with("ORCHESTRA_LIMITS__DEEP: limits.deep: there is no such"),
        "{out}"
    );
    assert_eq!(run(&site, &["validate", "--config", "none.toml"]).0, 1);
}

#[test]
fn an_editor_never_leaves_a_file_that_does_not_stand() {
    let mut site = Site::new();
    let editor = site.root.path().join("editor");
    let becomes = |text: &str| {
        std::fs::write(
            &editor,
            format!("#!/bin/sh\nprintf '%b' '{text}' >> \"$2\"\n"),
        )
        .unwrap();
        std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    site.env
        .insert("EDITOR".into(), format!("{} --wait", editor.display()));
    // A file that is not there yet begins with every setting as a comment.
    becomes("[limits]\\ndepth = 4\\n");
    let (code, _, err) = run(&site, &["edit"]);
    assert_eq!(code, 1, "twice the same section: {err}");
    assert!(!file(&site).exists());
    let kept = err
        .lines()
        .find_map(|line| line.split("is kept in ").nth(1))
        .unwrap()
        .to_owned();
    assert!(
        std::fs::read_to_string(&kept)
            .unwrap()
            .contains("# depth = 3"),
        "{err}"
    );
    std::fs::remove_file(kept).unwrap();
    write(&site, "# mine\n");
    assert!(good(&site, &["edit"]).contains("is written"));
    assert_eq!(read(&site), "# mine\n[limits]\ndepth = 4\n");
    becomes("deep = 1\\n");
    let (code, _, err) = run(&site, &["edit"]);
    assert_eq!(code, 1);
    assert!(err.contains(":4: limits.deep: unknown field"), "{err}");
    assert_eq!(read(&site), "# mine\n[limits]\ndepth = 4\n");
    becomes("");
    assert!(good(&site, &["edit"]).contains("Nothing was changed"));
    site.env.insert("VISUAL".into(), "/nowhere/ed".into());
    let (code, _, err) = run(&site, &["edit"]);
    assert_eq!(code, 1);
    assert!(err.contains("set EDITOR"), "{err}");
}

#[test]
fn the_old_json_is_taken_over() {
    let site = Site::new();
    let (code, _, err) = run(&site, &["import"]);
    assert_eq!(code, 3);
    assert!(
        err.contains(".config/claude-orchestra/config.json"),
        "{err}"
    );
    let old = site.home.join(".config/claude-orchestra/config.json");
    std::fs::create_dir_all(old.parent().unwrap()).unwrap();
    let json = json!({"claude_projects_dir": "~/.claude/projects", "worktree_dir": ".trees", "default_parallel": 4,
        "heartbeat_interval": 20, "bypass_permissions": ["Bash(npm *)", "Read(src/**)"], "dashboard_port": 9123,
        "colour": "red"});
    std::fs::write(&old, json.to_string()).unwrap();
    write(&site, "# mine\n[worktrees]\nparallel = 2 # few\n");
    let before = read(&site);
    assert!(good(&site, &["import", "--dry-run"]).contains("nothing was written"));
    assert_eq!(read(&site), before);
    let (code, out, err) = run(&site, &["import"]);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("dashboard_port → server.listen = 127.0.0.1:9123"),
        "{out}"
    );
    for words in [
        "worktrees.parallel is kept",
        "Bash(npm *)",
        "not known, and left out: colour",
    ] {
        assert!(err.contains(words), "{words}: {err}");
    }
    let text = read(&site);
    assert!(
        text.starts_with("# mine\n[worktrees]\nparallel = 2 # few\n"),
        "{text}"
    );
    for (key, value) in [
        ("kinds.claude.sessions", "~/.claude/projects"),
        ("worktrees.folder", ".trees"),
        ("transcripts.heartbeat_s", "20"),
        (
            "approvals.bypass_permissions",
            "[\"Bash(npm *)\", \"Read(src/**)\"]",
        ),
        ("worktrees.parallel", "2"),
    ] {
        assert_eq!(good(&site, &["get", key]).trim_end(), value, "{key}");
    }
    good(&site, &["import", "--overwrite"]);
    assert_eq!(good(&site, &["get", "worktrees.parallel"]), "4\n");
    std::fs::write(&old, "{\n\"a\": }").unwrap();
    let (code, _, err) = run(&site, &["import"]);
    assert_eq!(code, 1);
    assert!(err.contains("config.json:2: no JSON"), "{err}");
}
