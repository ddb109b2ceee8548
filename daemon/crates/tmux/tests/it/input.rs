//! Every byte arrives, and only what was meant.

use crate::support::{Private, until};
use orchestra_tmux::{key::Key, session::SessionRef};
use std::path::Path;

/// A pane that writes what it is sent to a file, byte by byte.
async fn reader(private: &Private, name: &str, out: &Path) -> SessionRef {
    let script = format!(
        "stty raw -echo; printf ready; exec cat > '{}'",
        out.display()
    );
    let session = private.sh(name, &script).await;
    private.shows(&session, "ready").await;
    session
}

async fn received(out: &Path, expected: &[u8]) {
    let wait =
        async || std::fs::metadata(out).is_ok_and(|file| file.len() >= expected.len() as u64);
    until("all bytes", wait).await;
    let got = std::fs::read(out).unwrap();
    assert!(
        got == expected,
        "got {} bytes: {:?}…",
        got.len(),
        &got[..got.len().min(300)]
    );
}

#[tokio::test]
async fn literal_bytes_are_exact() {
    let private = Private::start().await;
    let out = private.path("out");
    let session = reader(&private, "a", &out).await;
    let mut expected: Vec<u8> = (0..=255).collect();
    expected.extend_from_slice(b"C-c Enter -t other -X ; kill-server #(touch canary) foo;");
    private
        .tmux
        .send_literal(session.pane_id, &expected)
        .await
        .unwrap();
    received(&out, &expected).await;
    for text in [
        &b";"[..],
        b"-l",
        b"--",
        b"\\",
        b"\"",
        b"a;",
        b"$HOME",
        b"\xff\xfe",
        b"0x41",
    ] {
        private
            .tmux
            .send_literal(session.pane_id, text)
            .await
            .unwrap();
        expected.extend_from_slice(text);
        received(&out, &expected).await;
    }
    let long: Vec<u8> = (0..100_000u32)
        .map(|n| b' ' + u8::try_from(n % 95).unwrap())
        .collect();
    private
        .tmux
        .send_literal(session.pane_id, &long)
        .await
        .unwrap();
    expected.extend_from_slice(&long);
    received(&out, &expected).await;
    assert!(!private.path("canary").exists());
}

#[tokio::test]
async fn a_long_paste_is_exact() {
    let private = Private::start().await;
    let out = private.path("out");
    let session = reader(&private, "a", &out).await;
    let text: String = (0..12_000).map(|n| format!("{n};é#\"\\\t\n")).collect();
    assert!(text.len() > 100_000);
    private
        .tmux
        .paste(session.pane_id, text.as_bytes(), false)
        .await
        .unwrap();
    let mut expected = text.replace('\n', "\r").into_bytes();
    received(&out, &expected).await;
    private
        .tmux
        .paste(session.pane_id, b"-n x", true)
        .await
        .unwrap();
    expected.extend_from_slice(b"-n x");
    received(&out, &expected).await;
    assert_eq!(private.cli(&["list-buffers"]), "");
}

#[tokio::test]
async fn paste_marks_come_when_asked_for() {
    let private = Private::start().await;
    let out = private.path("out");
    let script = format!(
        "stty raw -echo; printf '\\033[?2004hready'; exec cat > '{}'",
        out.display()
    );
    let session = private.sh("a", &script).await;
    private.shows(&session, "ready").await;
    private
        .tmux
        .paste(session.pane_id, b"a\nb", true)
        .await
        .unwrap();
    received(&out, b"\x1b[200~a\rb\x1b[201~").await;
}

#[tokio::test]
async fn named_keys_are_pressed() {
    let private = Private::start().await;
    let out = private.path("out");
    let session = reader(&private, "a", &out).await;
    let names = [
        "C-c", "Enter", "Escape", "Tab", "BSpace", "Up", "F1", "M-x", "C-[", "DC", "BTab", "Space",
    ];
    let keys: Vec<Key> = names.iter().map(|name| Key::parse(name).unwrap()).collect();
    private
        .tmux
        .send_keys(session.pane_id, &keys)
        .await
        .unwrap();
    received(&out, b"\x03\r\x1b\t\x7f\x1b[A\x1bOP\x1bx\x1b\x1b[3~\x1b[Z ").await;
}

#[tokio::test]
async fn copy_mode_swallows_nothing() {
    let private = Private::start().await;
    let out = private.path("out");
    let session = reader(&private, "a", &out).await;
    let target = session.pane_id.to_string();
    let mut expected = Vec::new();
    for round in 0..3 {
        private.cli(&["copy-mode", "-t", &target]);
        assert!(private.pane(&session).await.unwrap().in_mode);
        let bytes: &[u8] = match round {
            0 => {
                private
                    .tmux
                    .send_literal(session.pane_id, b"one")
                    .await
                    .unwrap();
                b"one"
            }
            1 => {
                private
                    .tmux
                    .send_keys(session.pane_id, &[Key::parse("Enter").unwrap()])
                    .await
                    .unwrap();
                b"\r"
            }
            _ => {
                private
                    .tmux
                    .paste(session.pane_id, b"two", true)
                    .await
                    .unwrap();
                b"two"
            }
        };
        expected.extend_from_slice(bytes);
        received(&out, &expected).await;
        assert!(!private.pane(&session).await.unwrap().in_mode);
    }
}

#[tokio::test]
async fn interrupt_reaches_a_program() {
    let private = Private::start().await;
    let session = private
        .sh(
            "a",
            "trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 0.05; done",
        )
        .await;
    private.shows(&session, "ready").await;
    private
        .tmux
        .send_keys(session.pane_id, &[Key::parse("C-c").unwrap()])
        .await
        .unwrap();
    until("the end", async || {
        private.pane(&session).await.unwrap().dead.is_some()
    })
    .await;
    assert_eq!(
        private.pane(&session).await.unwrap().dead.unwrap().status,
        Some(3)
    );
}
