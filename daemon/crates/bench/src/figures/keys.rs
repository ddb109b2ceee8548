//! A key until its echo: at a live viewer of Orchestra, and at those it is compared with,
//! into the same program in the same tmux server; once more while another agent floods.

use crate::agents;
use crate::bench::Bench;
use crate::link::Link;
use crate::report::Row;
use crate::stage::Stage;
use crate::stats::{Sample, ms};
use crate::subject::Subject;
use crate::wait::within;
use crate::wire::Net;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Letters that end no escape sequence of a terminal.
pub(super) const KEYS: [&str; 4] = ["v", "w", "x", "z"];
/// Before a line is full its echo would be more than the key.
const LINE: usize = 60;
/// Between two keys, as a quick typist leaves it; nothing is gathered then.
pub(super) const PAUSE: Duration = Duration::from_millis(15);
/// A screen that is quiet for so long has shown all there was.
pub(super) const QUIET: Duration = Duration::from_millis(100);

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let stage = Stage::set(bench).await?;
    let subjects = Subject::all(bench, &stage).await?;
    let mut rows = Vec::new();
    for loud in [false, true] {
        let noisy = agents::shell(&stage.api).await?;
        let keys = if loud {
            agents::input(&stage.api, &noisy, "yes\r").await?;
            bench.sizes.keys / 2
        } else {
            bench.sizes.keys
        };
        let mut ours: Option<Sample> = None;
        for subject in &subjects {
            let typed = typed(subject, keys).await?;
            rows.extend(shown(subject, &typed, loud));
            if let Some(ours) = &ours {
                for (name, share) in [("p50", 50.0), ("p99", 99.0)] {
                    let (one, other) = (ours.percentile(share), typed.times.percentile(share));
                    let name = format!("  Orchestra : {}, {name}", subject.name);
                    rows.push(Row::ratio(name, one, other).runs(keys));
                }
            } else {
                ours = Some(typed.times);
            }
        }
        noisy.kill(&stage.api).await?;
    }
    Ok(rows)
}

fn shown(subject: &Subject, typed: &Typed, loud: bool) -> Vec<Row> {
    let when = if loud { ", another agent floods" } else { "" };
    let time = Row::of(
        format!("key → echo{when}: {}", subject.name),
        "ms",
        &typed.times,
    );
    let time = match (subject.is_ours(), loud) {
        (true, false) => time.within(0.3).tail_within(1.0),
        (true, true) => time.within(1.0),
        (false, _) => time,
    };
    if loud {
        return vec![time];
    }
    let down = Row::one("  bytes down the wire per key", "B", typed.down).runs(typed.times.len());
    let down = if subject.is_ours() {
        down.within(16.0)
    } else {
        down
    };
    let up = Row::one("  bytes up the wire per key", "B", typed.up).runs(typed.times.len());
    vec![time, down, up]
}

/// What many keys took.
struct Typed {
    times: Sample,
    up: f64,
    down: f64,
}

/// A new viewer that types into `cat` and leaves.
async fn typed(subject: &Subject, keys: usize) -> anyhow::Result<Typed> {
    let mut link = subject.view(Net::Fast).await?;
    link.take_seat().await?;
    link.key("cat\r").await?;
    link.calm(QUIET).await?;
    let mut times = Sample::default();
    let count = link.count();
    let read = || {
        (
            count.up.load(Ordering::Relaxed),
            count.down.load(Ordering::Relaxed),
        )
    };
    let (mut up, mut down) = (0, 0);
    for at in 0..keys {
        if at > 0 && at % LINE == 0 {
            link.key("\r").await?;
            link.calm(QUIET).await?;
        }
        let before = read();
        let key = KEYS[at % KEYS.len()];
        let begun = Instant::now();
        link.key(key).await?;
        within("the echo of a key", echo(&mut link, key)).await??;
        times.add(ms(begun.elapsed()));
        let after = read();
        up += after.0 - before.0;
        down += after.1 - before.1;
        tokio::time::sleep(PAUSE).await;
    }
    link.key("\u{3}").await?;
    link.calm(QUIET).await?;
    let per_key = |bytes: u64| bytes as f64 / keys.max(1) as f64;
    Ok(Typed {
        times,
        up: per_key(up),
        down: per_key(down),
    })
}

/// Reads on until a key is seen.
pub(super) async fn echo(link: &mut Link, key: &str) -> anyhow::Result<()> {
    loop {
        let bytes = link.chunk().await?;
        link.parsed(0).await?;
        if bytes.windows(key.len()).any(|part| part == key.as_bytes()) {
            return Ok(());
        }
    }
}
