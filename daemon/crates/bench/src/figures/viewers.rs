//! What a viewer costs that only looks, and how long the last of many waits for a key.

use super::keys::{KEYS, PAUSE, QUIET, echo};
use crate::bench::Bench;
use crate::link::Link;
use crate::process::Meter;
use crate::report::Row;
use crate::stage::Stage;
use crate::stats::{Sample, ms};
use crate::subject::Subject;
use crate::wait::within;
use crate::wire::Net;
use anyhow::Context;
use std::time::Instant;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let stage = Stage::set(bench).await?;
    let subjects = Subject::all(bench, &stage).await?;
    let mut rows = Vec::new();
    let mut ours: Option<(f64, Sample)> = None;
    for subject in &subjects {
        // Keys first: idle ones leave memory behind that the allocator keeps.
        let times = match last_of_many(bench, subject).await {
            Err(error) if !subject.is_ours() => {
                rows.push(Row::gave_up(subject.name, &error));
                continue;
            }
            times => times?,
        };
        let count = bench.sizes.key_viewers;
        let row = Row::of(
            format!("{count} viewers, the last sees a key: {}", subject.name),
            "ms",
            &times,
        );
        rows.push(if subject.is_ours() {
            row.within(2.0).tail_within(6.0)
        } else {
            row
        });
        let each = idle(bench, &stage, subject, &mut rows).await?;
        if let Some((memory, sample)) = &ours {
            let name = format!("  Orchestra : {}", subject.name);
            let key = Row::ratio(format!("{name}, last key"), sample.p50(), times.p50());
            rows.push(key.runs(times.len()));
            rows.push(Row::ratio(
                format!("{name}, memory a viewer"),
                *memory,
                each,
            ));
        } else {
            ours = Some((each, times));
        }
    }
    Ok(rows)
}

/// Viewers of an idle shell; gives the kilobytes of one.
async fn idle(
    bench: &Bench,
    stage: &Stage,
    subject: &Subject,
    rows: &mut Vec<Row>,
) -> anyhow::Result<f64> {
    let count = bench.sizes.idle_viewers;
    // What comes with the first viewer, and what the allocator takes once, is not a viewer's.
    let mut first = subject.view(Net::Fast).await?;
    first.calm(QUIET).await?;
    tokio::time::sleep(bench.sizes.settle).await;
    let (memory, processes) = (subject.memory(stage)?, subject.processes(stage).len());
    let mut crowd = crowd(subject, count).await?;
    tokio::time::sleep(bench.sizes.settle).await;
    let grown = subject.memory(stage)?.pss.saturating_sub(memory.pss) as f64;
    let more = subject.processes(stage).len().saturating_sub(processes) as f64;
    let mut all = subject.processes(stage);
    all.push(stage.site()?.tmux().server()?);
    let meter = Meter::start(all);
    tokio::time::sleep(bench.sizes.window).await;
    let spent = meter.percent();
    while let Some(ended) = crowd.try_join_next() {
        ended?.context("a viewer was lost")?;
    }
    let each = grown / count as f64;
    let name = subject.name;
    let mut found = [
        Row::one(
            format!("{count} idle viewers: more processes: {name}"),
            "",
            more,
        ),
        Row::one("  more memory, all processes (PSS)", "MB", grown / 1024.0),
        Row::one("  an idle viewer, all processes (PSS)", "KB", each).runs(count),
        Row::one("  processor while nothing happens", "% core", spent),
    ];
    if subject.is_ours() {
        let most = [0.0, 15.0, 30.0, 1.0];
        for (row, most) in found.iter_mut().zip(most) {
            *row = row.clone().within(most);
        }
    }
    rows.extend(found);
    Ok(each)
}

/// Viewers that read whatever comes.
async fn crowd(subject: &Subject, count: usize) -> anyhow::Result<JoinSet<anyhow::Result<()>>> {
    let mut crowd = JoinSet::new();
    for _ in 0..count {
        let mut link = subject.view(Net::Fast).await?;
        within("a first byte", link.chunk()).await??;
        crowd.spawn(async move {
            loop {
                link.chunk().await?;
                link.parsed(0).await?;
            }
        });
    }
    Ok(crowd)
}

async fn last_of_many(bench: &Bench, subject: &Subject) -> anyhow::Result<Sample> {
    let (others, keys) = (bench.sizes.key_viewers - 1, bench.sizes.keys / 5);
    let mut typist = subject.view(Net::Fast).await?;
    typist.take_seat().await?;
    typist.key("cat\r").await?;
    typist.calm(QUIET).await?;
    let (seen, mut told) = mpsc::channel(2 * others.max(1));
    let mut watching = JoinSet::new();
    for _ in 0..others {
        let mut link = subject.view(Net::Fast).await?;
        link.calm(QUIET / 5).await?;
        watching.spawn(watch(link, keys, seen.clone()));
    }
    typist.calm(QUIET).await?;
    let mut times = Sample::default();
    for at in 0..keys {
        let key = KEYS[at % KEYS.len()];
        let begun = Instant::now();
        typist.key(key).await?;
        let last = async {
            echo(&mut typist, key).await?;
            let mut last = Instant::now();
            for _ in 0..others {
                last = last.max(told.recv().await.context("a viewer was lost")?);
            }
            anyhow::Ok(last)
        };
        let last = within("all viewers of a key", last).await??;
        times.add(ms(last - begun));
        tokio::time::sleep(PAUSE).await;
    }
    typist.key("\u{3}").await?;
    typist.calm(QUIET).await?;
    while let Some(ended) = watching.join_next().await {
        ended??;
    }
    Ok(times)
}

/// Says when each key came.
async fn watch(mut link: Link, keys: usize, seen: mpsc::Sender<Instant>) -> anyhow::Result<()> {
    for at in 0..keys {
        echo(&mut link, KEYS[at % KEYS.len()]).await?;
        // The one who asks has failed already.
        let _ = seen.send(Instant::now()).await;
    }
    Ok(())
}
