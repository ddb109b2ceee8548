//! A program that prints without end, and viewers that cannot follow: a page that parses
//! slowly, a slow link, one that stops reading; and what the daemon keeps for them.

use super::keys::QUIET;
use crate::bench::Bench;
use crate::link::{Finder, Link};
use crate::process::{memory, peak};
use crate::report::Row;
use crate::site::PROMPT;
use crate::stage::Stage;
use crate::stats::{Sample, ms};
use crate::subject::Subject;
use crate::wait::{LIMIT, within};
use crate::wire::Net;
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a browser parses in a second.
const PARSES: f64 = 2e6;
/// What the slow link carries in a second.
const CARRIES: u32 = 1_000_000;
/// How often the page gets to parse.
const TURN: Duration = Duration::from_millis(2);

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let stage = Stage::set(bench).await?;
    let subjects = Subject::all(bench, &stage).await?;
    let mut rows = Vec::new();
    let mut ours: Option<(Sample, Sample)> = None;
    for subject in &subjects {
        let measured = async {
            let page = slow_page(bench, subject).await?;
            anyhow::Ok((page, slow_link(bench, subject).await?))
        };
        let (page, link) = match measured.await {
            Err(error) if !subject.is_ours() => {
                rows.push(Row::gave_up(subject.name, &error));
                continue;
            }
            measured => measured?,
        };
        rows.extend(shown(subject, &page, &link));
        let times = (page.times, link);
        if let Some(ours) = &ours {
            for (name, one, other) in [("page", &ours.0, &times.0), ("link", &ours.1, &times.1)] {
                let name = format!("  Orchestra : {}, {name}", subject.name);
                rows.push(Row::ratio(name, one.p50(), other.p50()).runs(other.len()));
            }
        } else {
            ours = Some(times);
        }
    }
    if stage.is_own() {
        rows.extend(stalled(bench, &stage, &subjects[0]).await?);
        let (most, files) = peak(stage.daemon()?.pid)?;
        let note = format!(
            "budget: 25 MB and 2 MiB for the agent that is watched; {:.1} MB are pages of the program's file",
            files as f64 / 1024.0
        );
        let name = "most memory of the daemon in all of this";
        rows.push(
            Row::one(name, "MB", most as f64 / 1024.0)
                .within(27.0)
                .note(note),
        );
    }
    Ok(rows)
}

fn shown(subject: &Subject, page: &Piled, link: &Sample) -> [Row; 3] {
    let name = subject.name;
    let page_row = Row::of(
        format!("page parses 2 MB/s, flood: Ctrl-C → seen: {name}"),
        "ms",
        &page.times,
    );
    let piled = Row::of("  most that piled up in the page", "MB", &page.most);
    let link = Row::of(
        format!("link of 1 MB/s, flood: Ctrl-C → prompt: {name}"),
        "ms",
        link,
    );
    if subject.is_ours() {
        return [page_row.within(150.0), piled.within(0.5), link.within(60.0)];
    }
    [page_row, piled, link]
}

/// A page whose socket has no back-pressure: all that comes is taken, and waits.
struct Page {
    link: Link,
    queue: VecDeque<Bytes>,
    waiting: u64,
    most: u64,
    turn: Instant,
    credit: f64,
}

/// What it took, and what lay in the page.
struct Piled {
    times: Sample,
    most: Sample,
}

impl Page {
    fn new(link: Link) -> Self {
        Self {
            link,
            queue: VecDeque::new(),
            waiting: 0,
            most: 0,
            turn: Instant::now(),
            credit: 0.0,
        }
    }

    /// Goes on until the time is over or all needles were parsed; true for the latter.
    async fn run(&mut self, time: Duration, needles: &[&str]) -> anyhow::Result<bool> {
        let mut finder = Finder::new(needles);
        let begun = Instant::now();
        while begun.elapsed() < time {
            if let Ok(bytes) = tokio::time::timeout(TURN, self.link.chunk()).await {
                let bytes = bytes?;
                self.waiting += bytes.len() as u64;
                self.most = self.most.max(self.waiting);
                self.queue.push_back(bytes);
            }
            if self.parse(&mut finder) && !needles.is_empty() {
                return Ok(true);
            }
            self.link.parsed(self.waiting).await?;
        }
        Ok(false)
    }

    /// Parses what the time since the last turn allows.
    fn parse(&mut self, finder: &mut Finder) -> bool {
        self.credit += self.turn.elapsed().as_secs_f64() * PARSES;
        self.turn = Instant::now();
        let mut found = false;
        while let Some(mut bytes) = self.queue.pop_front() {
            let most = self.credit as usize;
            if most == 0 {
                self.queue.push_front(bytes);
                return found;
            }
            let part = bytes.split_to(most.min(bytes.len()));
            if !bytes.is_empty() {
                self.queue.push_front(bytes);
            }
            self.credit -= part.len() as f64;
            self.waiting -= part.len() as u64;
            found = found || finder.feed(&part);
        }
        // A page with nothing to do saves no time for later.
        self.credit = 0.0;
        found
    }
}

async fn slow_page(bench: &Bench, subject: &Subject) -> anyhow::Result<Piled> {
    let mut link = subject.view(Net::Fast).await?;
    link.take_seat().await?;
    link.calm(QUIET).await?;
    let mut page = Page::new(link);
    let mut piled = Piled {
        times: Sample::default(),
        most: Sample::default(),
    };
    for _ in 0..bench.sizes.floods {
        page.most = 0;
        page.link.key("yes\r").await?;
        page.run(bench.sizes.flood, &[]).await?;
        let begun = Instant::now();
        page.link.key("\u{3}").await?;
        let seen = page.run(LIMIT, &[PROMPT]).await?;
        anyhow::ensure!(seen, "the prompt never came");
        piled.times.add(ms(begun.elapsed()));
        piled.most.add(page.most as f64 / 1e6);
        page.run(QUIET * 3, &[]).await?;
    }
    Ok(piled)
}

async fn slow_link(bench: &Bench, subject: &Subject) -> anyhow::Result<Sample> {
    let mut link = subject.view(Net::Slow(CARRIES)).await?;
    link.take_seat().await?;
    link.calm(QUIET).await?;
    let mut times = Sample::default();
    for _ in 0..bench.sizes.floods {
        link.key("yes\r").await?;
        link.read_for(bench.sizes.flood).await?;
        let begun = Instant::now();
        link.key("\u{3}").await?;
        link.find(&[PROMPT]).await?;
        times.add(ms(begun.elapsed()));
        link.calm(QUIET * 3).await?;
    }
    Ok(times)
}

/// A viewer that stops reading while its agent floods, and later reads again.
async fn stalled(bench: &Bench, stage: &Stage, ours: &Subject) -> anyhow::Result<Vec<Row>> {
    let daemon = stage.daemon()?.pid;
    let mut link = ours.view(Net::Fast).await?;
    link.take_seat().await?;
    link.calm(QUIET).await?;
    link.key("yes\r").await?;
    // What the flood itself takes is not the stalled viewer's.
    link.read_for(bench.sizes.flood).await?;
    let before = memory(daemon)?.rss as f64;
    tokio::time::sleep(bench.sizes.stall).await;
    let grown = (memory(daemon)?.rss as f64 - before) / 1024.0;
    // It reads again while the flood goes on: its key has to come through.
    let begun = Instant::now();
    link.key("\u{3}").await?;
    within("a viewer that was kept", link.find(&[PROMPT])).await??;
    let right = ms(begun.elapsed());
    let time = bench.sizes.stall.as_secs();
    Ok(vec![
        Row::one(
            format!("a viewer that does not read for {time} s, flood: the daemon grows"),
            "MB",
            grown,
        )
        .within(1.0),
        Row::one(
            "  it was kept; reads again, Ctrl-C → screen right",
            "ms",
            right,
        )
        .within(100.0),
    ])
}
