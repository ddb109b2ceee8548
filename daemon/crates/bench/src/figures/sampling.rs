//! Processor for terminals sampled at two frames a second with one viewer each, when
//! little changes and when all does; beside it the same job done by forking
//! `tmux capture-pane` for each terminal and frame, with the daemon stopped.

use crate::agents::{self, Work};
use crate::bench::Bench;
use crate::process::{self, Meter};
use crate::report::Row;
use crate::site::Site;
use crate::stage::{Processor, Stage};
use crate::tmux::Tmux;
use crate::viewer::Audience;
use std::time::{Duration, Instant};

/// Two frames a second.
const FRAME: Duration = Duration::from_millis(500);
/// Of so many agents one changes, when little does.
const ONE_IN: usize = 10;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let mut stage = Stage::set(bench).await?;
    let count = bench.sizes.fleet;
    let fleet = agents::shells(&stage.api, count).await?;
    let sessions: Vec<String> = fleet.into_iter().map(|agent| agent.session).collect();
    let mut rows = Vec::new();
    for (name, budget, step, work) in [
        ("little changes", 4.0, ONE_IN, Work::LittleChange),
        ("all change", 20.0, 1, Work::AllChange),
    ] {
        let busy: Vec<String> = sessions.iter().step_by(step).cloned().collect();
        agents::put_to_work(stage.site()?, &busy, work)?;
        let (ours, frames) = ours(bench, &stage, &sessions).await?;
        stage.end_daemon(false).await?;
        let output = alone(bench, stage.site()?).await?;
        let forked = forked(bench, stage.site()?).await?;
        stage.start_daemon(bench).await?;
        agents::stop_work(stage.site()?, &busy)?;
        let name = format!("{count} agents, {name}: daemon and tmux");
        let note = format!("{}; {frames:.2} frames/s a viewer", ours.shares());
        let row = Row::one(name, "% core", ours.total());
        rows.push(row.within(budget).note(note));
        rows.extend(beside(ours.total(), &forked, output));
    }
    Ok(rows)
}

fn beside(ours: f64, forked: &Forked, output: f64) -> [Row; 4] {
    let shares = format!("children {:.2}, tmux {:.2}", forked.children, forked.tmux);
    let forked = forked.children + forked.tmux;
    let name = "  a forked capture each: children and tmux";
    [
        Row::one(name, "% core", forked).note(shares),
        Row::ratio("  ours : forked", ours, forked),
        Row::one("  tmux alone, nobody looking", "% core", output)
            .note("what the agents' output costs in any case"),
        Row::ratio(
            "  ours : forked, without that",
            ours - output,
            forked - output,
        ),
    ]
}

/// The daemon with one viewer of each agent; and what each viewer got.
async fn ours(
    bench: &Bench,
    stage: &Stage,
    sessions: &[String],
) -> anyhow::Result<(Processor, f64)> {
    let mut audience = Audience::sampled(&stage.api, sessions).await?;
    tokio::time::sleep(bench.sizes.settle).await;
    let (before, begun) = (audience.frames(), Instant::now());
    let spent = stage.processor(bench.sizes.window).await?;
    let frames = (audience.frames() - before) as f64;
    audience.check().await?;
    let each = frames / begun.elapsed().as_secs_f64() / sessions.len() as f64;
    Ok((spent, each))
}

/// The server with nobody connected.
async fn alone(bench: &Bench, site: &Site) -> anyhow::Result<f64> {
    let meter = Meter::start([site.tmux().server()?]);
    tokio::time::sleep(bench.sizes.window).await;
    Ok(meter.percent())
}

/// The naive way. What it costs the program that forks is not counted.
async fn forked(bench: &Bench, site: &Site) -> anyhow::Result<Forked> {
    let (tmux, window) = (site.tmux(), bench.sizes.window);
    let server = tmux.server()?;
    let panes: Vec<String> = tmux.panes()?.into_iter().map(|pane| pane.id).collect();
    let before = (process::cpu(server)?, process::children_cpu()?);
    let work = move || capture_all(&tmux, &panes, window);
    let rounds = tokio::task::spawn_blocking(work).await??;
    let server = process::cpu(server)?.saturating_sub(before.0);
    let children = process::children_cpu()?.saturating_sub(before.1);
    // By round, not by time: a machine that cannot keep the pace would look cheap.
    let percent =
        |time: Duration| 100.0 * time.as_secs_f64() / f64::from(rounds) / FRAME.as_secs_f64();
    Ok(Forked {
        children: percent(children),
        tmux: percent(server),
    })
}

/// Percent of one core that the naive way takes.
struct Forked {
    children: f64,
    tmux: f64,
}

fn capture_all(tmux: &Tmux, panes: &[String], window: Duration) -> anyhow::Result<u32> {
    let begun = Instant::now();
    let mut rounds = 0;
    while begun.elapsed() < window {
        for pane in panes {
            tmux.run(&["capture-pane", "-p", "-e", "-t", pane])?;
        }
        rounds += 1;
        std::thread::sleep((FRAME * rounds).saturating_sub(begun.elapsed()));
    }
    Ok(rounds)
}
