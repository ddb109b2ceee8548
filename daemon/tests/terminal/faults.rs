//! Terminals that end, vanish, or are fed what no program should print.

use crate::support::{Bench, agent, within};
use orchestra::terminal::TerminalError;
use orchestra::terminal::history::Above;
use orchestra::terminal::live::LiveChunk;
use orchestra::terminal::screen::ScreenFormat;
use orchestra::terminal::search::{Scope, pattern};
use orchestra::terminal::wait::{Missed, Wait};
use std::time::Duration;

fn until(text: &str) -> Wait {
    Wait {
        until: Some(pattern(text, false, false).unwrap()),
        quiet: None,
        limit: Duration::from_secs(20),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_pane_is_still_read_and_no_pane_is_an_answer() {
    let bench = Bench::start().await;
    let one = agent("one-001");
    // tmux closes a dead program's terminal without reading the rest of it.
    bench
        .run(&one, "seq 1 100; echo last words; sleep 0.5")
        .await;
    within(async {
        while !bench.terminals.state(&one).unwrap().dead {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let newest = Above::default();
    let page = bench.terminals.history(&one, &newest, 5).await.unwrap();
    assert_eq!(page.rows.len(), 5);
    let scope = Scope {
        limit: 5,
        ..Scope::default()
    };
    let words = pattern("last words", true, false).unwrap();
    let found = bench.terminals.search(&one, &words, &scope).await.unwrap();
    assert_eq!(found.items.len(), 1);
    let text = ScreenFormat::Text;
    let (there, never) = (until("last w"), until("never"));
    let waited = bench.terminals.wait(&one, &there, text).await.unwrap();
    assert!(waited.unwrap().text.contains("last words"));
    let waited = bench.terminals.wait(&one, &never, text).await.unwrap();
    assert_eq!(waited.unwrap_err(), Missed::Ended);

    // Somebody takes the last pane away.
    let ended = std::process::Command::new("tmux")
        .arg("-S")
        .arg(bench.terminals.socket(&one).unwrap())
        .args(["kill-pane", "-t", "=sess-one-001:"])
        .status();
    assert!(ended.unwrap().success());
    let gone = |error| matches!(error, TerminalError::NoTerminal(_));
    assert!(gone(
        bench.terminals.history(&one, &newest, 5).await.unwrap_err()
    ));
    assert!(gone(
        bench
            .terminals
            .search(&one, &words, &scope)
            .await
            .unwrap_err()
    ));
    assert!(gone(bench.terminals.screen_text(&one).await.unwrap_err()));
    assert!(gone(bench.terminals.input(&one, b"x").await.unwrap_err()));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_newline_many_titles_and_no_letters_are_survived() {
    let bench = Bench::start().await;
    let one = agent("one-001");
    // Megabytes without a line's end, 100 000 titles, bytes that are no UTF-8, a
    // clipboard, ends of replies that tmux never gave.
    let length: u64 = option_env!("SOAK_BYTES")
        .unwrap_or("20000000")
        .parse()
        .unwrap();
    let program = format!(
        "stty -echo; cat > /dev/null; head -c {length} /dev/zero | tr '\\0' x; echo; echo long;"
    ) + " \
        awk 'BEGIN { for (i = 0; i < 100000; i++) printf \"\\033]2;title %d\\007\", i }'; echo titled; \
        t=$(date +%s); for i in 1 2 3 4 5 6 7 8 9; do printf '%%end %s %s 1\\n%%error %s %s 1\\n%%exit\\n' $t $i $t $i; done; \
        printf 'no \\377\\376\\303( letters\\n'; printf '\\033]52;c;eA==\\007'; \
        echo fin''ished; cat";
    bench.run(&one, &program).await;
    let mut viewer = bench.terminals.live(&one, None).unwrap();
    bench.terminals.keys(&one, &["C-d".into()]).await.unwrap();
    let mut parsed = 0;
    let mut most = 0;
    let terminals = bench.terminals.clone();
    let finished = Wait {
        limit: Duration::from_secs(60 + length / 1_000_000),
        ..until("^finished")
    };
    let shown = terminals.wait(&one, &finished, ScreenFormat::Text);
    let mut shown = Box::pin(shown);
    // A live viewer looks on meanwhile, and gets screens and not the flood.
    let screen = loop {
        tokio::select! {
            screen = &mut shown => break screen.unwrap().unwrap(),
            chunk = viewer.next() => {
                let bytes: usize = match &chunk {
                    LiveChunk::Output { bytes, .. } => bytes.len(),
                    LiveChunk::Snapshot { parts, .. } => parts.iter().map(bytes::Bytes::len).sum(),
                    LiveChunk::Ended => panic!("it goes on"),
                    _ => 0,
                };
                parsed += bytes as u64;
                most = most.max(bytes);
                viewer.acks().acknowledge(parsed).unwrap();
            }
        }
    };
    drop((shown, viewer));
    drop(terminals);
    assert!(screen.text.contains("letters"), "{}", screen.text);
    assert!(parsed < length, "{parsed} bytes to one viewer");
    assert!(most < 512 * 1024, "{most} bytes at once");
    within(async {
        // The list of panes is asked for now and then.
        while bench.terminals.state(&one).unwrap().title != "title 99999" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let newest = Above::default();
    let page = bench.terminals.history(&one, &newest, 2000).await.unwrap();
    assert_eq!(page.start + page.rows.len() as u64, page.next);
    let words = pattern("^x{200}", false, false).unwrap();
    let scope = Scope {
        limit: 3,
        ..Scope::default()
    };
    let found = bench.terminals.search(&one, &words, &scope).await.unwrap();
    assert!(!found.items.is_empty(), "one line over the whole history");
    let buffers = std::process::Command::new("tmux")
        .arg("-S")
        .arg(bench.terminals.socket(&one).unwrap())
        .arg("list-buffers")
        .output();
    assert!(buffers.unwrap().stdout.is_empty(), "no clipboard was set");
    bench.terminals.input(&one, b"still here\r").await.unwrap();
    bench.shows(&one, "still here").await;
    bench.end().await;
}
