//! A long log until a fast viewer has its last screen.

use super::keys::QUIET;
use crate::bench::Bench;
use crate::process::Meter;
use crate::report::Row;
use crate::site::PROMPT;
use crate::stage::Stage;
use crate::stats::Sample;
use crate::subject::Subject;
use crate::wire::Net;
use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Its last line.
pub(super) const END: &str = "the-last-line";

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let stage = Stage::set(bench).await?;
    let subjects = Subject::all(bench, &stage).await?;
    let file = stage.site()?.home.join("long.log");
    write(&file, bench.sizes.log_bytes)?;
    let mut rows = Vec::new();
    let mut ours: Option<Shown> = None;
    for subject in &subjects {
        let shown = shown(bench, &stage, subject, &file).await?;
        rows.extend(shown.rows(bench, subject));
        if let Some(ours) = &ours {
            let runs = shown.wall.len();
            for (name, one, other) in [
                ("s", ours.wall.p50(), shown.wall.p50()),
                ("CPU s", ours.cpu.p50(), shown.cpu.p50()),
            ] {
                let name = format!("  Orchestra : {}, {name}", subject.name);
                rows.push(Row::ratio(name, one, other).runs(runs));
            }
        } else {
            ours = Some(shown);
        }
    }
    Ok(rows)
}

/// Lines of a service's log, of different lengths and long ones among them, so that what
/// tmux needs for it leaves room within the budget: short lines cost it twice as much.
pub(super) fn write(file: &Path, bytes: usize) -> anyhow::Result<()> {
    let mut text = String::with_capacity(bytes + 500);
    let mut count = 0_u64;
    while text.len() < bytes {
        count += 1;
        let rest = usize::try_from(count * 13 % 300)?;
        writeln!(
            text,
            "2026-01-01T00:00:00.{count:08} INFO module::part_{} step {count} finished {:x<rest$}",
            count % 97,
            ""
        )?;
    }
    writeln!(text, "{END}")?;
    Ok(std::fs::write(file, text)?)
}

struct Shown {
    wall: Sample,
    cpu: Sample,
    bytes: Sample,
}

impl Shown {
    fn rows(&self, bench: &Bench, subject: &Subject) -> [Row; 3] {
        let megabytes = bench.sizes.log_bytes / 1_000_000;
        let name = subject.name;
        let wall = Row::of(
            format!("{megabytes} MB log → last screen: {name}"),
            "s",
            &self.wall,
        );
        let cpu = Row::of("  processor, tmux included", "CPU s", &self.cpu);
        let bytes = Row::of("  bytes to the viewer", "MB", &self.bytes);
        if subject.is_ours() {
            let wall = wall.note("until its last line and the prompt after it were parsed");
            return [wall.within(1.6), cpu.within(1.7), bytes];
        }
        [wall, cpu, bytes]
    }
}

async fn shown(
    bench: &Bench,
    stage: &Stage,
    subject: &Subject,
    file: &Path,
) -> anyhow::Result<Shown> {
    let mut link = subject.view(Net::Fast).await?;
    link.take_seat().await?;
    let mut shown = Shown {
        wall: Sample::default(),
        cpu: Sample::default(),
        bytes: Sample::default(),
    };
    for _ in 0..bench.sizes.logs {
        link.key("clear\r").await?;
        link.calm(QUIET * 3).await?;
        let mut processes = subject.processes(stage);
        processes.push(stage.site()?.tmux().server()?);
        let meter = Meter::start(processes);
        let before = link.count().down.load(Ordering::Relaxed);
        let begun = Instant::now();
        link.key(&format!("cat {}\r", file.display())).await?;
        link.find(&[END, PROMPT]).await?;
        shown.wall.add(begun.elapsed().as_secs_f64());
        shown.cpu.add(meter.seconds());
        let after = link.count().down.load(Ordering::Relaxed);
        shown.bytes.add((after - before) as f64 / 1e6);
    }
    Ok(shown)
}
