//! What commands print and how they end.

use super::api::{Api, Book};
use super::{orchestra, run};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

#[tokio::test]
async fn without_a_daemon_a_command_says_how_to_start_one() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["status"][..],
        &["send", "primary", "x"],
        &["token", "--role", "admin"],
        &["kill", "primary"],
    ] {
        let output = run(orchestra(folder.path()), arguments, b"").await;
        assert_eq!(output.code, 5, "{arguments:?}: {}", output.err);
        assert_eq!(output.err.lines().count(), 1, "{}", output.err);
        assert!(output.err.contains("orchestra up"), "{}", output.err);
    }
}

#[tokio::test]
async fn each_refusal_has_its_exit_code_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let book = Book::default();
    let _api = Api::start(folder.path(), &book);
    let bad = folder.path().join("bad");
    std::fs::write(&bad, "bad").unwrap();
    std::fs::set_permissions(&bad, std::fs::Permissions::from_mode(0o600)).unwrap();
    for (arguments, code, words) in [
        (&["status"][..], 0, ""),
        (&["spawn", "gone"], 1, "npm install gone"),
        (&["fly"], 2, "unrecognized"),
        (&["spawn", "shell", "--cols", "9"], 2, "--rows"),
        (
            &["status", "--url", "ftp://x", "--token-file", "bad"],
            2,
            "http",
        ),
        (&["status", "--token-file", "missing"], 2, "missing"),
        (&["send", "droid-999", "x"], 3, "no such agent"),
        (&["kill", "$(touch x)"], 3, "no agent"),
        (&["tasks", "404"], 3, "no such task"),
        (&["status", "--token-file", "bad"], 4, "no right"),
        (&["attach", "droid-001"], 2, "orchestra logs droid-001"),
    ] {
        let output = run(orchestra(folder.path()), arguments, b"").await;
        assert_eq!(
            output.code, code,
            "{arguments:?}: {}{}",
            output.out, output.err
        );
        assert!(output.err.contains(words), "{arguments:?}: {}", output.err);
    }
    assert!(!folder.path().join("x").exists());
}

#[tokio::test]
async fn a_token_file_open_to_others_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "good\n").unwrap();
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = run(
        orchestra(folder.path()),
        &["status", "--token-file", "token"],
        b"",
    )
    .await;
    assert_eq!(output.code, 2);
    assert!(output.err.contains("chmod 600"), "{}", output.err);
}

#[tokio::test]
async fn over_tcp_a_token_file_is_the_credential() {
    let folder = tempfile::tempdir().unwrap();
    let book = Book::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = super::api::router(book.clone());
    #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
    let _server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let token = folder.path().join("token");
    std::fs::write(&token, "good\n").unwrap();
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
    let arguments = [
        "status",
        "--url",
        url.as_str(),
        "--token-file",
        "token",
        "--json",
    ];
    let output = run(orchestra(folder.path()), &arguments, b"").await;
    assert_eq!(output.code, 0, "{}", output.err);
    let value: Value = serde_json::from_str(&output.out).unwrap();
    assert_eq!(value["agents"][0]["id"], "droid-001");
    assert_eq!(value["tasks"]["running"], 1);
    assert!(book.seen("/api/local").is_empty());
    // Nobody listens there.
    let output = run(
        orchestra(folder.path()),
        &[
            "status",
            "--url",
            "http://127.0.0.1:1",
            "--token-file",
            "token",
        ],
        b"",
    )
    .await;
    assert_eq!(output.code, 5, "{}", output.err);
}

#[tokio::test]
async fn tables_are_for_people_and_json_is_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let _api = Api::start(folder.path(), &Book::default());
    let output = run(orchestra(folder.path()), &["status"], b"").await;
    assert!(
        output.out.contains("droid-001  droid (claude)  busy"),
        "{}",
        output.out
    );
    assert!(
        !output.out.contains("droid-000"),
        "an ended one: {}",
        output.out
    );
    assert!(
        !output.out.contains('\u{1b}'),
        "a title steers the terminal: {:?}",
        output.out
    );
    assert!(output.out.contains("Tasks: 1 running"), "{}", output.out);
    let output = run(
        orchestra(folder.path()),
        &["send", "droid-001", "-", "--json"],
        b"two\nlines",
    )
    .await;
    let message: Value = serde_json::from_str(&output.out).unwrap();
    assert_eq!(
        (&message["status"], &message["text"]),
        (&"queued".into(), &"two\nlines".into())
    );
    let output = run(orchestra(folder.path()), &["logs", "droid-001"], b"").await;
    assert_eq!(output.out, "from 0\n");
    let output = run(orchestra(folder.path()), &["kill", "x y", "--json"], b"").await;
    let error: Value = serde_json::from_str(&output.err).unwrap();
    assert_eq!(
        (&error["error"]["code"], output.code),
        (&"not_found".into(), 3)
    );
}

#[tokio::test]
async fn delegate_waits_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let book = Book::default();
    let api = Api::start(folder.path(), &book);
    let command = orchestra(folder.path());
    let arguments = ["delegate", "--specialist", "droid", "say hello", "--wait"];
    let waiting = run(command, &arguments, b"");
    let script = async {
        until(|| !book.seen("/api/tasks/7/wait").is_empty()).await;
        api.kill().await;
        book.finish("hello");
        Api::start(folder.path(), &book)
    };
    let (output, _api) = tokio::join!(waiting, script);
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(
        output.out.contains("hello") && output.out.contains("hello.txt"),
        "{}",
        output.out
    );
    assert_eq!(book.seen("/api/delegate").len(), 1);
}

#[tokio::test]
async fn a_completion_script_comes_without_a_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(orchestra(folder.path()), &["completions", "bash"], b"").await;
    assert_eq!(output.code, 0);
    assert!(output.out.contains("delegate"));
}

#[tokio::test]
async fn the_doctor_tells_what_is_missing_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(orchestra(folder.path()), &["doctor", "--json"], b"").await;
    let told: Value = serde_json::from_str(&output.out).unwrap();
    let named = |name: &str| {
        let checks = told["checks"].as_array().unwrap();
        checks
            .iter()
            .find(|check| check["name"] == name)
            .cloned()
            .unwrap()
    };
    assert_eq!(named("data folder")["state"], "ok");
    assert_eq!(named("daemon")["remedy"], "orchestra up");
    let mut command = orchestra(folder.path());
    command.env("PATH", folder.path());
    let output = run(command, &["doctor"], b"").await;
    assert_eq!(output.code, 1, "{}", output.out);
    assert!(
        output.out.contains("✗ tmux: not installed\n    → install"),
        "{}",
        output.out
    );
}

/// Polls until it holds; ten seconds are a failure.
pub(crate) async fn until(mut holds: impl FnMut() -> bool) {
    let end = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while !holds() {
        assert!(tokio::time::Instant::now() < end, "it never came");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
