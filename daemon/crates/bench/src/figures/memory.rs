//! Memory of the daemon with few and many agents, of tmux, and of one Claude Code.

use crate::agents::{self, Agent};
use crate::bench::Bench;
use crate::kit::{self, Model};
use crate::process::{Memory, memory, tree_memory};
use crate::report::Row;
use crate::stage::Stage;
use anyhow::Context;
use serde_json::json;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let stage = Stage::set(bench).await?;
    let tmux = stage.site()?.tmux();
    let mut rows = Vec::new();
    let mut points = Vec::new();
    let [few, many] = bench.sizes.agents;
    let mut living = 0;
    for count in [0, few, many] {
        agents::shells(&stage.api, count - living).await?;
        living = count;
        tokio::time::sleep(bench.sizes.settle).await;
        let daemon = memory(stage.daemon()?.pid)?;
        points.push((count as f64, daemon.rss as f64));
        rows.push(row(format!("daemon with {count} agents"), daemon));
        if count > 0 {
            let server = memory(tmux.server()?)?;
            rows.push(row(format!("tmux server with {count} agents"), server));
        }
    }
    let ((first, low), (last, high)) = (points[0], points[2]);
    let slope = (high - low) / (last - first) / 1024.0;
    rows.push(Row::one("daemon, per agent", "MB", slope).within(2.0));
    drop(stage);
    rows.push(claude(bench).await?);
    Ok(rows)
}

fn row(what: String, memory: Memory) -> Row {
    let pss = memory.pss as f64 / 1024.0;
    Row::one(what, "MB", memory.rss as f64 / 1024.0).note(format!("PSS {pss:.1}"))
}

/// Claude Code with its MCP client, idle.
async fn claude(bench: &Bench) -> anyhow::Result<Row> {
    let model = Model::start()?;
    let stage = Stage::own(bench, kit::site(&model)?).await?;
    let made = stage
        .api
        .post("/api/agents", json!({"kind": "claude"}))
        .await?;
    let agent = Agent::of(&made)?;
    agents::idle(&stage.api, &agent).await?;
    tokio::time::sleep(bench.sizes.settle).await;
    let panes = stage.site()?.tmux().panes()?;
    let pane = panes.iter().find(|pane| pane.session == agent.session);
    let all = tree_memory(pane.context("no pane")?.pid);
    Ok(row("Claude Code, idle, with its MCP client".to_owned(), all).within(500.0))
}
