//! Start of the daemon after a crash, without agents and with many to find again.

use crate::agents;
use crate::bench::Bench;
use crate::report::Row;
use crate::stage::Stage;
use crate::stats::{Sample, ms};
use anyhow::ensure;
use std::time::Instant;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut stage = Stage::set(bench).await?;
    let mut agents = Vec::new();
    for count in [0, bench.sizes.agents[1]] {
        agents.extend(agents::shells(&stage.api, count).await?);
        let (mut ready, mut found) = (Sample::default(), Sample::default());
        for _ in 0..bench.sizes.restarts {
            stage.end_daemon(true).await?;
            let begun = Instant::now();
            stage.start_daemon(bench).await?;
            ready.add(stage.daemon()?.start_ms);
            for agent in &agents {
                let path = format!("/api/agents/{}", agent.id);
                let now = stage.api.get(&path).await?;
                ensure!(now["status"] == "running", "{} was lost: {now}", agent.id);
            }
            if let Some(last) = agents.last() {
                let path = format!("/api/agents/{}/screen", last.id);
                stage.api.get(&path).await?;
                found.add(ms(begun.elapsed()));
            }
        }
        let name = format!("kill -9, start with {count} agents → serves");
        let row = Row::of(name, "ms", &ready);
        if count == 0 {
            rows.push(row);
        } else {
            rows.push(row.within(3000.0));
            let name = "  → each is running, the last one's screen is read";
            rows.push(Row::of(name, "ms", &found).note("with a request for each agent"));
        }
    }
    Ok(rows)
}
