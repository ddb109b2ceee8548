//! `orchestra-bench`: starts the real daemon in a throw-away HOME, measures what its users
//! meet, and prints the figures as a table. It judges nothing: a slow machine is no failure.

mod agents;
mod api;
mod attach;
mod bench;
mod corpus;
mod figures;
mod hold;
mod issuer;
mod kit;
mod link;
mod machine;
mod options;
mod process;
mod pty;
mod report;
mod site;
mod socket;
mod stage;
mod stats;
mod subject;
mod tmux;
mod viewer;
mod wait;
mod wire;
mod zellij;

use anyhow::Context;
use bench::Bench;
use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use options::{Job, Options};
use std::io::Write;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(0) => return ExitCode::SUCCESS,
        Ok(failed) => say(&format!("{failed} figures could not be measured")),
        Err(error) => say(&format!("{error:#}")),
    }
    ExitCode::FAILURE
}

/// Measures; says how many figures failed.
async fn run(options: Options) -> anyhow::Result<usize> {
    more_files();
    let (json, job) = (options.json.clone(), options.job.clone());
    if let Some(Job::Attach(attach)) = job {
        attach::serve(attach).await?;
        return Ok(0);
    }
    let bench = Bench::new(options)?;
    let mut told_to_end = signal(SignalKind::terminate())?;
    // Dropping the run ends what it started, so an interrupted one leaves nothing either.
    let work = async {
        if let Some(Job::Hold(scene)) = &job {
            hold::hold(&bench, scene).await?;
            return Ok(None);
        }
        figures::run(&bench).await.map(Some)
    };
    let report = tokio::select! {
        report = work => report?,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
        _ = told_to_end.recv() => anyhow::bail!("told to end"),
    };
    let Some(report) = report else {
        return Ok(0);
    };
    if let Some(file) = json {
        let text = serde_json::to_string_pretty(&report)?;
        std::fs::write(&file, text + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    writeln!(std::io::stdout(), "\n{}", report.summary())?;
    Ok(report.failed())
}

/// A thousand viewers are a thousand files; what cannot be had shows when it is missed.
fn more_files() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

fn say(text: &str) {
    // With nobody left to read it there is nothing to do.
    let _ = writeln!(std::io::stderr(), "orchestra-bench: {text}");
}
