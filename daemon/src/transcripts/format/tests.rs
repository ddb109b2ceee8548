//! The formats on files that the real CLIs wrote, and on what they never wrote.

use super::claude::{Claude, folder_name};
use super::{all, find};
use crate::store::index::FileRow;
use crate::transcripts::facts::Facts;
use crate::transcripts::prices::Prices;
use crate::transcripts::view;
use orchestra_protocol::transcript::{EntryRole, Part};
use orchestra_words::build::Piece;
use serde_json::json;
use std::path::{Path, PathBuf};

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(path)
}

fn facts(kind: &str, path: &Path) -> (Facts, u64, usize) {
    let format = find(kind).unwrap();
    let mut facts = Facts::default();
    let mut row = FileRow {
        path: path.to_owned(),
        ..FileRow::default()
    };
    // Tokens alone, read before everything else, are the same.
    let sums = Facts::default().sums(format, &mut row.clone()).unwrap();
    let mut piece = Piece::default();
    let stretch = facts.stretch(format, &mut row, &mut piece).unwrap();
    assert_eq!(stretch.usage, sums.usage);
    let output = stretch.usage.iter().map(|usage| (&usage.key, usage.output));
    let once: std::collections::HashMap<_, _> = output.collect();
    (facts, once.values().sum(), stretch.offsets.len())
}

#[test]
fn claude_code_sessions_are_read() {
    let path = fixture("claude-projects/-tmp-demo-app/00000002-0000-4000-8000-000000000002.jsonl");
    let (facts, output, pieces) = facts("claude", &path);
    assert_eq!(facts.cwd.as_deref(), Some("/tmp/demo/app"));
    assert_eq!(facts.branch.as_deref(), Some("main"));
    assert_eq!(facts.version.as_deref(), Some("2.1.197"));
    assert_eq!((facts.calls, facts.errors, facts.unreadable), (3, 1, 0));
    assert!(output > 0 && pieces > 4, "{output} {pieces}");
    // Head and tail alone show the same, but count nothing.
    let peeked = Facts::peek(&Claude, &path, path.metadata().unwrap().len());
    assert_eq!((peeked.first, peeked.last), (facts.first, facts.last));
    assert_eq!(peeked.messages, 0);
}

#[test]
fn a_list_needs_only_the_ends_of_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let said = |who: &str, text: &str| {
        let message = json!({ "role": who, "content": text });
        json!({ "type": who, "cwd": "/tmp/demo", "message": message }).to_string() + "\n"
    };
    let title =
        |text: &str| json!({ "type": "custom-title", "customTitle": text }).to_string() + "\n";
    let talk = said("assistant", &"word ".repeat(1000)).repeat(20);
    let first = said("user", "what is wanted");
    let begin = [first.as_str(), &title("before"), &talk];
    let peek = |parts: &[&str]| {
        let text = parts.concat();
        std::fs::write(file.path(), &text).unwrap();
        Facts::peek(&Claude, file.path(), text.len() as u64)
    };
    // What lies between is seen when everything is read.
    let facts = peek(&[&begin.concat(), &title("between"), &talk]);
    assert_eq!(facts.first.as_deref(), Some("what is wanted"));
    assert_eq!(facts.shown_title(), "before");
    let facts = peek(&[&begin.concat(), &talk, &title("behind")]);
    assert_eq!(facts.shown_title(), "behind");
}

#[test]
fn codex_rollouts_are_read() {
    let path = fixture(
        "codex-sessions/2026/11/20/rollout-2026-11-20T15-22-51-01a1f98d-a37f-74a1-94ce-bea166a09d03.jsonl",
    );
    let (facts, output, _) = facts("codex", &path);
    assert_eq!(facts.first.as_deref(), Some("hello codex"));
    assert_eq!(
        facts.last.as_deref(),
        Some("Hello from the scripted model.")
    );
    assert_eq!(facts.cwd.as_deref(), Some("/tmp/demo/app"));
    assert_eq!((facts.messages, output), (2, 7));
    let entries = view::entries(&Prices::default(), "codex", &path, 0, 100)
        .unwrap()
        .entries;
    let answer = entries
        .iter()
        .find(|entry| entry.role == EntryRole::Assistant);
    assert_eq!(answer.unwrap().usage.unwrap().input_tokens, 5408);
}

#[test]
fn damaged_files_give_what_they_hold() {
    let broken = |name: &str| {
        let path = fixture("claude-projects/-tmp-demo-broken").join(name);
        facts("claude", &path).0
    };
    let whole = broken("00009006-0000-4000-8000-000000009006.jsonl");
    assert!(whole.messages > 2 && whole.unreadable == 0);
    let middle = broken("00009004-0000-4000-8000-000000009004.jsonl");
    assert_eq!(middle.unreadable, 1);
    let bytes = broken("00009005-0000-4000-8000-000000009005.jsonl");
    assert_eq!((bytes.unreadable, bytes.messages), (0, whole.messages));
    let half = broken("00009001-0000-4000-8000-000000009001.jsonl");
    assert!(half.messages > 0 && half.unreadable == 0, "{half:?}");
    for name in [
        "00009002-0000-4000-8000-000000009002.jsonl",
        "00009003-0000-4000-8000-000000009003.jsonl",
    ] {
        assert_eq!(broken(name), Facts::default());
    }
}

#[test]
fn every_offset_of_a_file_can_be_read_from() {
    let path = fixture("claude-projects/-tmp-demo-app/00000020-0000-4000-8000-000000000020.jsonl");
    let whole = view::entries(&Prices::default(), "claude", &path, 0, 1000).unwrap();
    assert!(whole.at_end && whole.entries.len() > 10);
    let size = path.metadata().unwrap().len();
    assert_eq!(whole.next, size);
    for from in (0..size).step_by(997) {
        let part = view::entries(&Prices::default(), "claude", &path, from, 1000).unwrap();
        let rest: Vec<_> = whole
            .entries
            .iter()
            .filter(|entry| entry.offset >= from)
            .collect();
        assert_eq!(
            part.entries
                .iter()
                .map(|entry| entry.offset)
                .collect::<Vec<_>>(),
            rest.iter().map(|entry| entry.offset).collect::<Vec<_>>()
        );
    }
    // Page by page gives the same.
    let (mut next, mut count) = (0, 0);
    loop {
        let part = view::entries(&Prices::default(), "claude", &path, next, 3).unwrap();
        count += part.entries.len();
        next = part.next;
        if part.at_end {
            break;
        }
    }
    assert_eq!(count, whole.entries.len());
}

#[test]
fn folders_are_named_as_claude_code_names_them() {
    assert_eq!(folder_name("/tmp/demo/app"), "-tmp-demo-app");
    assert_eq!(folder_name("/tmp/dä_o.x"), "-tmp-d--o-x");
    assert_eq!(folder_name("/a😀"), "-a--");
    let long = format!("/tmp/{}", "x".repeat(300));
    let name = folder_name(&long);
    assert_eq!(&name[..200], &format!("-tmp-{}", "x".repeat(195)));
    assert!(name.len() > 201 && name.as_bytes()[200] == b'-');
}

#[test]
fn places_are_told_from_other_files() {
    let place = |kind: &str, path: &str| find(kind).unwrap().place(Path::new(path));
    assert_eq!(place("claude", "-p/s.jsonl").unwrap().session, "s");
    let sub = place("claude", "-p/s/subagents/agent-a.jsonl").unwrap();
    assert_eq!(
        (sub.session.as_str(), sub.parent.as_deref()),
        ("a", Some("s"))
    );
    for path in [
        "s.jsonl",
        "-p/s.json",
        "-p/s/agent-a.jsonl",
        "-p/s/memory/x.jsonl",
    ] {
        assert_eq!(place("claude", path), None, "{path}");
    }
    assert!(place("codex", "2026/11/20/rollout-x.jsonl").is_none());
    // A name that cannot be cut where an id would begin.
    place(
        "codex",
        "2026/11/20/rollout-é0000000-0000-4000-8000-000000000000.jsonl",
    );
    assert_eq!(
        place("gemini", "app/chats/session-1.jsonl")
            .unwrap()
            .session,
        "session-1"
    );
    assert_eq!(place("qwen", "-p/chats/q.jsonl").unwrap().session, "q");
}

#[test]
fn records_of_any_shape_fail_nothing() {
    let odd = [
        json!({}),
        json!({"type": "user"}),
        json!({"type": "user", "message": 7}),
        json!({"type": "assistant", "message": {"content": [1, null, {"type": 2}, {"type": "tool_use"}], "usage": 3}}),
        json!({"type": "response_item", "payload": []}),
        json!({"type": "event_msg", "payload": {"type": "token_count", "info": null}}),
        json!({"type": "gemini", "tokens": -1, "toolCalls": {}, "content": {"text": [[["x"]]]}}),
        json!({"type": "tomorrow", "timestamp": "never", "message": {"parts": [{"functionCall": 1}]}}),
    ];
    for format in all() {
        for record in &odd {
            format.read(record);
        }
    }
}

#[test]
fn gemini_and_qwen_messages_are_read() {
    let gemini = find("gemini").unwrap().read(&json!({"id": "m1", "type": "gemini", "content": "hi",
        "timestamp": "2026-11-20T15:22:51.806Z", "model": "gemini-2.5-pro",
        "tokens": {"input": 10, "output": 2, "cached": 4, "thoughts": 1},
        "toolCalls": [{"id": "c", "name": "read_file", "args": {"p": 1}, "status": "error", "result": [1]}]}));
    let spent = gemini.spent.unwrap().usage;
    assert_eq!(
        (
            spent.input_tokens,
            spent.output_tokens,
            spent.cache_read_tokens
        ),
        (6, 3, 4)
    );
    assert!(matches!(
        gemini.parts[2],
        Part::ToolResult { is_error: true, .. }
    ));
    let qwen = find("qwen").unwrap().read(&json!({"uuid": "u", "type": "assistant", "cwd": "/x",
        "message": {"role": "model", "parts": [{"text": "t", "thought": true}, {"functionCall": {"id": "c", "name": "f", "args": {}}}]},
        "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 6}}));
    assert_eq!(qwen.spent.unwrap().usage.output_tokens, 6);
    assert!(matches!(qwen.parts[0], Part::Thinking { .. }));
}
