//! What the old JSON becomes, and what a key takes.

use super::change::typed;
use super::import::translate;
use serde_json::json;
use std::net::SocketAddr;

fn listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

#[test]
fn the_old_settings_become_ours() {
    let json = json!({"claude_projects_dir": "~/.claude/projects", "worktree_dir": "trees", "default_parallel": 4,
        "heartbeat_interval": 12.5, "bypass_permissions": ["Bash(git *)", "Bash(npm *)", "Bash(*)", 7],
        "dashboard_port": 9000, "theme": "dark"});
    let import = translate(json.as_object().unwrap(), listen());
    let shown: Vec<String> = import
        .taken
        .iter()
        .map(|one| format!("{} {}", one.key, one.value))
        .collect();
    for wanted in [
        "kinds.claude.sessions \"~/.claude/projects\"",
        "worktrees.folder \"trees\"",
        "worktrees.parallel 4",
        "transcripts.heartbeat_s 13",
        "approvals.bypass_permissions [\"Bash(git *)\", \"Bash(npm *)\"]",
        "server.listen \"127.0.0.1:9000\"",
    ] {
        assert!(shown.iter().any(|one| one == wanted), "{wanted}: {shown:?}");
    }
    assert_eq!(import.unknown, ["theme"]);
    assert_eq!(import.warnings.len(), 3, "{:?}", import.warnings);
    assert!(
        import.warnings[0].contains("Bash(npm *)"),
        "{:?}",
        import.warnings
    );
    // Each goes where a setting of that type is.
    for one in &import.taken {
        let again = typed(one.key, &crate::config::keys::shown(&one.value)).unwrap();
        assert_eq!(again, one.value, "{}", one.key);
    }
}

#[test]
fn what_cannot_be_read_is_left_out_and_named() {
    let json = json!({"default_parallel": "three", "dashboard_port": 70_000, "worktree_dir": "/w",
        "bypass_permissions": true, "heartbeat_interval": 0});
    let import = translate(json.as_object().unwrap(), listen());
    assert!(import.taken.is_empty());
    assert_eq!(import.warnings.len(), 5, "{:?}", import.warnings);
}

#[test]
fn a_value_has_the_type_of_its_key() {
    for (key, text, shown) in [
        ("limits.depth", "5", "5"),
        ("terminal.recording", "false", "false"),
        ("server.hosts", "a, b", "[\"a\", \"b\"]"),
        (
            "approvals.bypass_permissions",
            "[\"Bash(git *)\"]",
            "[\"Bash(git *)\"]",
        ),
        ("kinds.codex.env", "A,B", "[\"A\", \"B\"]"),
        ("kinds.codex.command", "/x", "\"/x\""),
        ("prices.\"gpt-5.4\"", "[1, 2, 3, 4]", "[1, 2, 3, 4]"),
    ] {
        assert_eq!(typed(key, text).unwrap().to_string(), shown, "{key}");
    }
    for (key, text, words) in [
        ("limits.depth", "deep", "whole number"),
        ("limits.deep", "1", "there is no setting"),
        ("depth", "1", "did you mean limits.depth?"),
        ("limits", "1", "there is no setting"),
        ("specialists", "[]", "config edit"),
        ("approvals.bypass_permissions", "Bash(*)", "every command"),
        ("server.hosts", "[1", "no list"),
    ] {
        let error = typed(key, text).unwrap_err().to_string();
        assert!(error.contains(words), "{key}: {error}");
    }
}
