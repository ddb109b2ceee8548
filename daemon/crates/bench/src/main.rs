//! `orchestra-bench`: starts the real daemon in a throw-away HOME, measures what its users
//! meet, and prints the figures as a table. It judges nothing: a slow machine is no failure.

mod agents;
mod api;
mod bench;
mod figures;
mod kit;
mod machine;
mod options;
mod process;
mod pty;
mod report;
mod site;
mod socket;
mod stage;
mod stats;
mod tmux;
mod viewer;
mod wait;
mod wire;

use anyhow::Context;
use bench::Bench;
use clap::Parser;
use options::Options;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let json = options.json.clone();
    let bench = Bench::new(options)?;
    let mut hangup = signal(SignalKind::terminate())?;
    // Dropping the run ends what it started, so an interrupted one leaves nothing either.
    let report = tokio::select! {
        report = figures::run(&bench) => report?,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
        _ = hangup.recv() => anyhow::bail!("told to end"),
    };
    if let Some(file) = json {
        let text = serde_json::to_string_pretty(&report)?;
        std::fs::write(&file, text + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    anyhow::ensure!(
        report.failed() == 0,
        "{} figures could not be measured",
        report.failed()
    );
    Ok(())
}
