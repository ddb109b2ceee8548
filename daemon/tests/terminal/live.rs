//! The live stream: exact, resumable, bounded.

use crate::support::{Bench, agent, within};
use orchestra::terminal::live::{LiveChunk, LiveViewer, ResumeAt};
use orchestra_protocol::agent::Size;
use std::time::{Duration, Instant};

/// Reads until the output ends in `last`; says the number of the first byte and all bytes.
async fn read_until(viewer: &mut LiveViewer, last: &str) -> (u64, Vec<u8>) {
    within(async {
        let (mut first, mut all) = (None, Vec::new());
        while !all.ends_with(last.as_bytes()) {
            match viewer.next().await {
                LiveChunk::Output { seq, bytes } => {
                    let first = *first.get_or_insert(seq);
                    assert_eq!(seq, first + all.len() as u64, "the numbers have no hole");
                    all.extend_from_slice(&bytes);
                    let acks = viewer.acks();
                    acks.acknowledge(acks.unacknowledged()).unwrap_or_default();
                }
                other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&all)),
            }
        }
        (first.unwrap_or_default(), all)
    })
    .await
}

async fn snapshot(viewer: &mut LiveViewer) -> (u64, String) {
    match within(viewer.next()).await {
        LiveChunk::Snapshot { seq, parts } => {
            (seq, String::from_utf8_lossy(&parts.concat()).into_owned())
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_and_what_follows_it_are_the_stream() {
    let bench = Bench::start().await;
    let one = agent("one-001");
    bench
        .run(
            &one,
            "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; done; echo end; cat",
        )
        .await;
    let mut viewer = bench.terminals.live(&one, None).unwrap();
    assert!(!viewer.resumed);
    let (seq, screen) = snapshot(&mut viewer).await;
    assert!(screen.starts_with("\u{1b}c"));
    let last = |text: &str| -> usize {
        let numbers = text.rmatch_indices("line ");
        let number = |(at, _): (usize, &str)| {
            text[at + 5..]
                .chars()
                .take_while(char::is_ascii_digit)
                .collect::<String>()
                .parse()
                .ok()
        };
        numbers.filter_map(number).max().unwrap_or(0)
    };
    let shown = last(&screen);
    if shown < 3000 {
        let (first, bytes) = read_until(&mut viewer, "end\r\n").await;
        assert_eq!(first, seq);
        let full: String = (1..=3000)
            .map(|n| format!("line {n}\r\n"))
            .collect::<String>()
            + "end\r\n";
        let seen = String::from_utf8(bytes).unwrap();
        assert!(full.ends_with(&seen), "a suffix of the stream, whole");
        // The cut may fall into a line, whose beginning the snapshot then shows.
        let next = full[..full.len() - seen.len()].matches("\r\n").count();
        assert!(shown == next || shown == next + 1, "{shown} then {next}");
    }
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_absence_costs_only_the_missed_bytes() {
    let bench = Bench::start().await;
    let one = agent("one-001");
    bench.run(&one, "stty -echo; echo ready; cat").await;
    bench.shows(&one, "ready").await;
    let mut viewer = bench.terminals.live(&one, None).unwrap();
    let (seq, _) = snapshot(&mut viewer).await;
    bench.terminals.input(&one, b"first\r").await.unwrap();
    let (_, bytes) = read_until(&mut viewer, "first\r\n").await;
    let at = ResumeAt {
        epoch: viewer.epoch.clone(),
        seq: seq + bytes.len() as u64,
    };
    drop(viewer);
    bench.terminals.input(&one, b"missed\r").await.unwrap();
    bench.shows(&one, "missed").await;

    let mut back = bench.terminals.live(&one, Some(&at)).unwrap();
    assert!(back.resumed);
    assert_eq!(
        read_until(&mut back, "missed\r\n").await,
        (at.seq, b"missed\r\n".to_vec())
    );
    let foreign = ResumeAt {
        epoch: "of another life".into(),
        ..at.clone()
    };
    assert!(!bench.terminals.live(&one, Some(&foreign)).unwrap().resumed);
    let ahead = ResumeAt {
        seq: at.seq + 1000,
        ..at.clone()
    };
    assert!(!bench.terminals.live(&one, Some(&ahead)).unwrap().resumed);
    // Bytes that were printed for another size are not the way to this screen.
    let size = Size { cols: 60, rows: 20 };
    bench.terminals.resize(&one, size).await.unwrap();
    assert!(!bench.terminals.live(&one, Some(&at)).unwrap().resumed);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_costs_a_window_then_one_screen_and_slows_nobody() {
    let bench = Bench::start().await;
    let one = agent("one-001");
    bench
        .run(&one, "cat; yes 'some text that floods the terminal'")
        .await;
    let mut lazy = bench.terminals.live(&one, None).unwrap();
    let mut quick = bench.terminals.live(&one, None).unwrap();
    snapshot(&mut lazy).await;
    snapshot(&mut quick).await;
    bench.terminals.keys(&one, &["C-d".into()]).await.unwrap();

    let (mut bytes, mut screens) = (0, 0);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(2) {
        match within(quick.next()).await {
            LiveChunk::Output { bytes: some, .. } => bytes += some.len(),
            LiveChunk::Snapshot { parts, .. } => {
                screens += 1;
                bytes += parts.iter().map(bytes::Bytes::len).sum::<usize>();
            }
            LiveChunk::Ended => panic!("it goes on"),
            _ => {}
        }
        let acks = quick.acks();
        acks.acknowledge(bytes as u64).unwrap_or_default();
    }
    assert!((5..=21).contains(&screens), "{screens} screens in 2 s");
    assert!(bytes < 2_000_000, "{bytes} bytes in 2 s");

    // The lazy one acknowledged nothing, got a window at most, and is back with one screen.
    let mut got = 0;
    while let Ok(chunk) = tokio::time::timeout(Duration::from_millis(400), lazy.next()).await {
        match chunk {
            LiveChunk::Output { bytes, .. } => got += bytes.len(),
            LiveChunk::Snapshot { parts, .. } => {
                got += parts.iter().map(bytes::Bytes::len).sum::<usize>();
            }
            LiveChunk::Ended => panic!("it goes on"),
            _ => {}
        }
        if got > 2 * 256 * 1024 {
            break;
        }
    }
    assert!(got <= 256 * 1024 + 64 * 1024, "{got}");

    let stop = Instant::now();
    bench.terminals.keys(&one, &["C-c".into()]).await.unwrap();
    let unacknowledged = lazy.acks().unacknowledged();
    assert!(unacknowledged <= 256 * 1024 + 64 * 1024);
    within(async {
        while !bench.terminals.state(&one).unwrap().dead {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(
        stop.elapsed() < Duration::from_secs(3),
        "the program heard Ctrl-C: {:?}",
        stop.elapsed()
    );
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_size_brings_a_new_screen_and_a_close_the_end() {
    let bench = Bench::start().await;
    let one = agent("one-001");
    bench.run(&one, "echo text; cat").await;
    let mut viewer = bench.terminals.live(&one, None).unwrap();
    let (_, screen) = snapshot(&mut viewer).await;
    assert!(screen.contains("\u{1b}[24;1H"));
    bench
        .terminals
        .resize(&one, Size { cols: 40, rows: 10 })
        .await
        .unwrap();
    assert!(matches!(within(viewer.next()).await, LiveChunk::Gap { .. }));
    let (_, screen) = snapshot(&mut viewer).await;
    assert!(
        screen.contains("\u{1b}[10;1H") && !screen.contains("\u{1b}[24;1H"),
        "{screen:?}"
    );

    let before = viewer.epoch.clone();
    bench
        .terminals
        .close(&one, orchestra_tmux::process::Grace::default())
        .await
        .unwrap();
    while within(viewer.next()).await != LiveChunk::Ended {}
    assert!(bench.terminals.live(&one, None).is_err());
    bench.run(&one, "echo again; cat").await;
    let again = bench.terminals.live(&one, None).unwrap();
    assert_ne!(again.epoch, before);
    bench.end().await;
}
