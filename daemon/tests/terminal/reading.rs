//! Sampled frames, text, history, input, sizes, the seat.

use crate::support::{Bench, agent, event, within};
use orchestra::terminal::history::Above;
use orchestra::terminal::seat::ViewerId;
use orchestra::terminal::{TerminalError, TerminalEvent};
use orchestra_protocol::agent::Size;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_whole_shared_and_sent_only_when_changed() {
    let bench = Bench::start().await;
    let one = agent("one-001");
    bench.run(&one, "printf 'a\\nb\\n\\033[31mred'; cat").await;
    bench.shows(&one, "red").await;
    let begun = Instant::now();
    let mut viewer = bench.terminals.sampled(&one).unwrap();
    let first = within(viewer.next()).await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_millis(500),
        "{:?}",
        begun.elapsed()
    );
    assert!(!first.data.contains('\n'), "rows are placed by address");
    assert!(first.data.contains("\u{1b}[2;1Hb") && first.data.contains("\u{1b}[31mred"));
    let json: serde_json::Value = serde_json::from_slice(&first.json).unwrap();
    assert_eq!(
        (&json["type"], &json["session_id"]),
        (&"terminal_output".into(), &"sess-one-001".into())
    );
    assert_eq!(json["data"], first.data);

    let mut second = bench.terminals.sampled(&one).unwrap();
    let shared = within(second.next()).await.unwrap();
    assert!(
        std::sync::Arc::ptr_eq(&first, &shared),
        "one encoding for all"
    );
    let quiet = tokio::time::timeout(Duration::from_millis(1600), viewer.next()).await;
    assert!(quiet.is_err(), "nothing changed");

    bench.terminals.input(&one, b"typed").await.unwrap();
    let next = within(viewer.next()).await.unwrap();
    assert!(next.data.contains("redtyped"), "{:?}", next.data);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_keys_pastes_and_history() {
    let bench = Bench::start().await;
    let one = agent("one-001");
    bench
        .run(&one, "seq 1 100; printf '\\016lqk\\017'; cat -v")
        .await;
    let screen = bench.shows(&one, "100").await;
    assert!(screen.lines().any(|line| line == "100"), "{screen}");
    let newest = Above::default();
    let page = bench.terminals.history(&one, &newest, 10).await.unwrap();
    assert_eq!(page.rows.len(), 10);
    assert_eq!((page.start + 10, page.first), (page.next, 0));
    let above = Above {
        before: Some(page.start),
        epoch: Some(page.epoch.clone()),
    };
    let older = bench.terminals.history(&one, &above, 1000).await.unwrap();
    assert_eq!((older.start, older.resync), (0, false));
    let all: Vec<String> = older.rows.iter().chain(&page.rows).cloned().collect();
    let expected: Vec<String> = (1..=all.len()).map(|n| n.to_string()).collect();
    assert_eq!(all, expected);

    bench
        .terminals
        .keys(&one, &["C-a".into(), "Enter".into()])
        .await
        .unwrap();
    bench.shows(&one, "^A").await;
    let wrong = bench.terminals.keys(&one, &["kill-server".into()]).await;
    assert!(matches!(wrong, Err(TerminalError::Invalid(_))));
    bench
        .terminals
        .paste(&one, "p\u{1b}[201~q\n", false)
        .await
        .unwrap();
    bench.shows(&one, "p[201~q").await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_size_is_clamped_and_everybody_learns_of_it() {
    let bench = Bench::start().await;
    let one = agent("one-001");
    bench.run(&one, "cat").await;
    let mut events = bench.terminals.events();
    let seat = bench.terminals.seat(&one).unwrap();
    let mut watch = seat.watch();
    let viewer = ViewerId::fresh();
    seat.take(viewer, "Ann", "web");
    assert_eq!(watch.borrow_and_update().shown().unwrap().name, "Ann");
    let used = bench
        .terminals
        .resize(&one, Size { cols: 1, rows: 500 })
        .await
        .unwrap();
    assert_eq!(
        used,
        Size {
            cols: 20,
            rows: 200
        }
    );
    within(watch.changed()).await.unwrap();
    assert_eq!(watch.borrow().size, used);
    let told = event(&mut events, |event| match event {
        TerminalEvent::Resized { size, .. } => Some(size),
        _ => None,
    });
    assert_eq!(told.await, used);
    assert_eq!(bench.terminals.screen_text(&one).await.unwrap().rows, 200);
    assert_eq!(bench.terminals.last_key(&one), None);
    bench.terminals.key_pressed(&one);
    assert!(bench.terminals.last_key(&one).is_some());
    bench.end().await;
}
