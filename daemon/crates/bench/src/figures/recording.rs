//! What recording costs: many agents that all change and that nobody watches, with
//! recordings and without.

use crate::agents::{self, Work};
use crate::bench::Bench;
use crate::report::Row;
use crate::site::Site;
use crate::stage::Stage;
use std::path::Path;
use std::time::Instant;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let count = bench.sizes.agents[1];
    let mut rows = Vec::new();
    let mut spent = Vec::new();
    for recording in [false, true] {
        let mut site = Site::new()?;
        let (name, value) = ("ORCHESTRA_TERMINAL__RECORDING", recording.to_string());
        site.env.insert(name.to_owned(), value);
        let stage = Stage::own(bench, site).await?;
        let fleet = agents::shells(&stage.api, count).await?;
        let sessions: Vec<String> = fleet.into_iter().map(|agent| agent.session).collect();
        agents::put_to_work(stage.site()?, &sessions, Work::AllChange)?;
        tokio::time::sleep(bench.sizes.settle).await;
        let folder = stage.site()?.data.clone();
        let (before, begun) = (size(&folder), Instant::now());
        let processor = stage.processor(bench.sizes.window).await?;
        let grown = size(&folder).saturating_sub(before) as f64;
        let each = grown / begun.elapsed().as_secs_f64() / count as f64 / 1000.0;
        let with = if recording {
            "recorded"
        } else {
            "not recorded"
        };
        let name = format!("{count} agents that all change, nobody looks, {with}");
        let note = format!(
            "{}; {each:.1} KB/s an agent to the disk",
            processor.shares()
        );
        rows.push(Row::one(name, "% core", processor.total()).note(note));
        spent.push(processor.total());
    }
    let each = (spent[1] - spent[0]) / count as f64;
    rows.push(Row::one("  recording, for each such agent", "% core", each));
    Ok(rows)
}

/// Bytes of the files in a folder and below it; what goes meanwhile has none.
fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => size(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
