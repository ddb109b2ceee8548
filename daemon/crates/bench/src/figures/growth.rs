//! How cost grows: with agents and the share of them that changes, with viewers of one
//! terminal, with bytes of output.

use crate::agents::{self, Work};
use crate::bench::Bench;
use crate::process::memory;
use crate::report::Row;
use crate::stage::Stage;
use crate::viewer::Audience;
use std::time::Instant;

/// Of so many agents one changes: a share of 1 %, and of 100 %.
const SHARES: [usize; 2] = [100, 1];
/// Bytes a second of one agent: a chatty one, and one that prints without pause.
const RATES: [u32; 2] = [20_000, 2_000_000];

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let stage = Stage::set(bench).await?;
    with_agents(bench, &stage, &mut rows).await?;
    // A fleet that is still there would be counted along, and memory that one audience
    // gave back would be taken by the next.
    drop(stage);
    for live in [false, true] {
        let stage = Stage::set(bench).await?;
        with_viewers(bench, &stage, live, &mut rows).await?;
    }
    let stage = Stage::set(bench).await?;
    with_bytes(bench, &stage, &mut rows).await?;
    Ok(rows)
}

async fn with_agents(bench: &Bench, stage: &Stage, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let mut sessions: Vec<String> = Vec::new();
    for count in bench.sizes.growing_agents.iter().copied() {
        let more = agents::shells(&stage.api, count - sessions.len()).await?;
        sessions.extend(more.into_iter().map(|agent| agent.session));
        let mut audience = Audience::sampled(&stage.api, &sessions).await?;
        for one_in in SHARES {
            let busy: Vec<String> = sessions.iter().step_by(one_in).cloned().collect();
            agents::put_to_work(stage.site()?, &busy, Work::AllChange)?;
            tokio::time::sleep(bench.sizes.settle).await;
            let spent = stage.processor(bench.sizes.window).await?;
            audience.check().await?;
            agents::stop_work(stage.site()?, &busy)?;
            let each = spent.total() / count as f64;
            let name = format!(
                "{count} agents, a sampled viewer each, {} % change",
                100 / one_in
            );
            let note = format!("{}; {each:.3} an agent", spent.shares());
            rows.push(Row::one(name, "% core", spent.total()).note(note));
            // Until the shells have their prompts back.
            tokio::time::sleep(bench.sizes.settle / 2).await;
        }
    }
    Ok(())
}

async fn with_viewers(
    bench: &Bench,
    stage: &Stage,
    live: bool,
    rows: &mut Vec<Row>,
) -> anyhow::Result<()> {
    let agent = agents::shells(&stage.api, 1).await?.remove(0);
    let session = std::slice::from_ref(&agent.session);
    agents::put_to_work(stage.site()?, session, Work::AllChange)?;
    let mode = if live { "live" } else { "sampled" };
    let mut memories = Vec::new();
    for count in bench.sizes.growing_viewers.iter().copied() {
        let mut audience = if live {
            Audience::live(&stage.api, &agent.session, count).await?
        } else {
            Audience::sampled(&stage.api, &vec![agent.session.clone(); count]).await?
        };
        tokio::time::sleep(bench.sizes.settle).await;
        let (before, begun) = (audience.frames(), Instant::now());
        let spent = stage.processor(bench.sizes.window).await?;
        let frames = (audience.frames() - before) as f64;
        let each = frames / begun.elapsed().as_secs_f64() / count as f64;
        memories.push((count as f64, memory(stage.daemon()?.pid)?.rss as f64));
        audience.check().await?;
        let name = format!("1 agent, all changes, {count} {mode} viewers");
        let note = format!("{}; {each:.2} frames/s a viewer", spent.shares());
        rows.push(Row::one(name, "% core", spent.total()).note(note));
    }
    let ((few, low), (many, high)) = (memories[0], memories[memories.len() - 1]);
    let name = format!("  memory of the daemon for each more {mode} viewer");
    rows.push(Row::one(name, "KB", (high - low) / (many - few)).within(30.0));
    Ok(())
}

async fn with_bytes(bench: &Bench, stage: &Stage, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    for rate in RATES {
        let agent = agents::shells(&stage.api, 1).await?.remove(0);
        let mut audience = Audience::live(&stage.api, &agent.session, 1).await?;
        agents::put_to_work(
            stage.site()?,
            std::slice::from_ref(&agent.session),
            Work::Stream(rate),
        )?;
        tokio::time::sleep(bench.sizes.settle).await;
        let (before, begun) = (audience.bytes(), Instant::now());
        let spent = stage.processor(bench.sizes.window).await?;
        let bytes = (audience.bytes() - before) as f64;
        let got = bytes / begun.elapsed().as_secs_f64() / 1000.0;
        audience.check().await?;
        let name = format!("1 agent that prints {} KB/s, 1 live viewer", rate / 1000);
        let note = format!("{}; {got:.0} KB/s to the viewer", spent.shares());
        rows.push(Row::one(name, "% core", spent.total()).note(note));
        agent.kill(&stage.api).await?;
    }
    Ok(())
}
