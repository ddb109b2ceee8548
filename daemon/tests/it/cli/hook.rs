//! Hooks: quick, in order, never lost, and never in the CLI's way.

use super::api::{Api, Book};
use super::commands::until;
use super::{Output, orchestra, run};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

async fn hook(folder: &Path, arguments: &[&str], event: &[u8]) -> Output {
    let mut command = orchestra(folder);
    command.env("ORCHESTRA_AGENT_DIR", folder);
    let arguments: Vec<&str> = ["hook"].iter().chain(arguments).copied().collect();
    run(command, &arguments, event).await
}

fn agent() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "good").unwrap();
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
    folder
}

fn numbers(book: &Book) -> Vec<i64> {
    let seen = book.seen("/api/hooks/");
    seen.iter()
        .filter_map(|seen| seen.body["event"]["n"].as_i64())
        .collect()
}

#[tokio::test]
async fn an_event_goes_to_the_daemon_with_the_agents_token() {
    let folder = agent();
    let book = Book::default();
    let _api = Api::start(folder.path(), &book);
    let output = hook(
        folder.path(),
        &["claude", "Stop"],
        br#"{"n":1,"text":"caf\u00e9"}"#,
    )
    .await;
    assert_eq!(
        (output.code, output.out.as_str(), output.err.as_str()),
        (0, "", "")
    );
    let seen = &book.seen("/api/hooks/claude")[0];
    assert_eq!(seen.token, "good");
    assert_eq!(seen.body["event"], json!({ "n": 1, "text": "café" }));
    assert_eq!(seen.body["name"], "Stop");
    assert!(uuid::Uuid::parse_str(seen.body["key"].as_str().unwrap()).is_ok());
    assert!(seen.body["at"].as_i64().unwrap() > 1_700_000_000_000);
    assert_eq!(
        std::fs::metadata(folder.path().join("spool.jsonl"))
            .unwrap()
            .len(),
        0
    );
    let output = hook(
        folder.path(),
        &["codex", "--arg", r#"{"type":"agent-turn-complete"}"#],
        b"",
    )
    .await;
    assert_eq!(output.code, 0);
    assert_eq!(
        book.seen("/api/hooks/codex")[0].body["event"]["type"],
        "agent-turn-complete"
    );
}

#[tokio::test]
async fn events_keep_their_order_while_the_daemon_dies_and_returns() {
    let folder = agent();
    let book = Book::default();
    let api = Api::start(folder.path(), &book);
    let send = async |number: i64| {
        let event = json!({ "n": number }).to_string();
        let output = hook(folder.path(), &["claude"], event.as_bytes()).await;
        assert_eq!(
            (output.code, output.out.as_str()),
            (0, ""),
            "{}",
            output.err
        );
    };
    send(1).await;
    api.kill().await;
    send(2).await;
    send(3).await;
    assert_eq!(numbers(&book), [1]);
    let _api = Api::start(folder.path(), &book);
    send(4).await;
    assert_eq!(numbers(&book), [1, 2, 3, 4]);
    assert_eq!(
        std::fs::metadata(folder.path().join("spool.jsonl"))
            .unwrap()
            .len(),
        0
    );
    let keys: std::collections::HashSet<String> = book
        .seen("/api/hooks")
        .iter()
        .map(|seen| seen.body["key"].to_string())
        .collect();
    assert_eq!(keys.len(), 4);
}

#[tokio::test]
async fn hooks_at_the_same_time_lose_nothing() {
    let folder = agent();
    let book = Book::default();
    let hooks = async |numbers: std::ops::Range<i64>| {
        let each = numbers.map(|number| {
            let event = json!({ "n": number }).to_string();
            let folder = folder.path();
            async move { hook(folder, &["claude"], event.as_bytes()).await }
        });
        for output in futures_util::future::join_all(each).await {
            assert_eq!(output.code, 0, "{}", output.err);
        }
    };
    hooks(0..6).await;
    let _api = Api::start(folder.path(), &book);
    hooks(6..12).await;
    let mut all = numbers(&book);
    assert!(
        all[..6].iter().all(|number| *number < 6),
        "the older ones come first: {all:?}"
    );
    all.sort_unstable();
    assert_eq!(all, (0..12).collect::<Vec<i64>>());
}

#[tokio::test]
async fn nothing_that_goes_wrong_fails_the_cli() {
    let folder = agent();
    let book = Book::default();
    let api = Api::start(folder.path(), &book);
    let output = hook(folder.path(), &["claude"], br#"{"refuse":true}"#).await;
    assert_eq!((output.code, output.out.as_str()), (0, ""));
    assert!(output.err.contains("not like this"), "{}", output.err);
    assert_eq!(hook(folder.path(), &["claude"], b"no json").await.code, 0);
    let huge = vec![b'x'; 9 * 1024 * 1024];
    assert_eq!(hook(folder.path(), &["claude"], &huge).await.code, 0);
    let seen = book.seen("/api/hooks");
    assert_eq!(seen[1].body["event"], json!({ "unparsed": "no json" }));
    assert_eq!(
        seen[2].body["event"],
        json!({ "oversize_bytes": 9 * 1024 * 1024 })
    );
    api.kill().await;
    std::fs::remove_file(folder.path().join("token")).unwrap();
    assert_eq!(hook(folder.path(), &["claude"], b"{}").await.code, 0);
    // Outside of an agent, without a person to tell.
    assert_eq!(
        run(orchestra(folder.path()), &["hook", "claude"], b"{}")
            .await
            .code,
        0
    );
}

#[tokio::test]
async fn the_answer_is_printed_at_once_or_when_it_is_known() {
    let folder = agent();
    let book = Book::default();
    let api = Api::start(folder.path(), &book);
    book.answer_hooks(json!({ "output": { "decision": "allow" } }));
    let output = hook(folder.path(), &["claude"], b"{}").await;
    assert_eq!(
        serde_json::from_str::<Value>(&output.out).unwrap(),
        json!({ "decision": "allow" })
    );

    book.answer_hooks(json!({ "poll": "/api/decision" }));
    let waiting = hook(folder.path(), &["claude", "PermissionRequest"], b"{}");
    let script = async {
        until(|| book.seen("/api/decision").len() > 1).await;
        // Other hooks are not held up by one that waits for a person.
        book.answer_hooks(json!({}));
        assert_eq!(
            hook(folder.path(), &["claude", "Stop"], b"{}").await.code,
            0
        );
        api.kill().await;
        book.decide(json!({ "output": "late" }));
        Api::start(folder.path(), &book)
    };
    let (output, _api) = tokio::join!(waiting, script);
    assert_eq!(
        (output.code, output.out.as_str()),
        (0, "\"late\"\n"),
        "{}",
        output.err
    );
}

#[tokio::test]
async fn a_hook_is_quick() {
    let folder = agent();
    let _api = Api::start(folder.path(), &Book::default());
    let mut best = u128::MAX;
    for _ in 0..10 {
        let begin = Instant::now();
        assert_eq!(hook(folder.path(), &["claude"], b"{}").await.code, 0);
        best = best.min(begin.elapsed().as_millis());
    }
    // Generous for an unoptimised build on a busy machine.
    assert!(best < 100, "{best} ms");
}
