//! The figures, one after the other: two at once would disturb each other.

mod adopt;
mod chat;
mod connect;
mod flood;
mod growth;
mod jwt;
mod keys;
mod load;
mod log;
mod memory;
mod recording;
mod sampling;
mod sessions;
mod sources;
mod spawn;
mod viewers;
mod worktrees;

use crate::bench::Bench;
use crate::machine::Machine;
use crate::options::Name;
use crate::report::{Figure, Report, Row};
use anyhow::anyhow;
use clap::ValueEnum;
use std::io::Write;
use std::time::{Duration, Instant};

/// Longest that one figure may take; what it started is then ended.
const LONGEST: Duration = Duration::from_secs(240);

/// Measures what was asked for and prints each figure as it is known.
pub(crate) async fn run(bench: &Bench) -> anyhow::Result<Report> {
    let machine = Machine::look(bench);
    writeln!(std::io::stdout(), "{}", machine.describe())?;
    let quick = bench.options.quick;
    if quick {
        writeln!(
            std::io::stdout(),
            "quick: it works or not; figures mean little"
        )?;
    }
    let begun = Instant::now();
    let mut figures = Vec::new();
    for name in Name::value_variants() {
        let only = &bench.options.only;
        if only.is_empty() || only.contains(name) {
            let late = begun.elapsed().as_secs() >= bench.options.limit;
            let figure = figure(bench, *name, late).await;
            figure.print()?;
            figures.push(figure);
        }
    }
    Ok(Report {
        machine,
        quick,
        figures,
    })
}

async fn figure(bench: &Bench, name: Name, late: bool) -> Figure {
    let begun = Instant::now();
    let word = name.to_possible_value();
    let word = word.map(|word| word.get_name().to_owned());
    let mut figure = Figure {
        name: word.unwrap_or_default(),
        title: title(name),
        rows: Vec::new(),
        skipped: None,
        failed: None,
        seconds: 0.0,
    };
    if late {
        let limit = bench.options.limit;
        figure.skipped = Some(format!("{limit} s are over; say --limit, or --only"));
        return figure;
    }
    if bench.options.url.is_some() && !anywhere(name) {
        figure.skipped = Some("it looks at the daemon's processes; leave out --url".to_owned());
        return figure;
    }
    bench.clear_log();
    // Gigabytes have to be written before anything is measured.
    let longest = match name {
        Name::Sessions => LONGEST * 4,
        _ => LONGEST,
    };
    let measured = tokio::time::timeout(longest, measure(bench, name)).await;
    let measured = measured.unwrap_or_else(|_| Err(anyhow!("not done within {longest:?}")));
    match measured {
        Ok(rows) => figure.rows = rows,
        Err(error) => figure.failed = Some(format!("{error:#}{}", bench.complaints())),
    }
    figure.seconds = begun.elapsed().as_secs_f64();
    figure
}

/// True for what can be measured from outside alone.
fn anywhere(name: Name) -> bool {
    matches!(name, Name::Spawn | Name::Keys | Name::Load)
}

fn title(name: Name) -> &'static str {
    match name {
        Name::Spawn => "a spawn request until its process, and until Claude Code is ready",
        Name::Chat => "user_message until claude_response, less the model's own time",
        Name::Keys => "a key until its echo at a live viewer, beside tmux attach",
        Name::Connect => "connect, reattach and a short drop, beside tmux attach",
        Name::Log => "a long log until its last screen, beside tmux attach",
        Name::Flood => "viewers that cannot follow a flood, beside tmux attach",
        Name::Viewers => "many viewers, beside tmux attach",
        Name::Sources => "sources of live bytes, straight at tmux",
        Name::Sessions => "sessions on disk: list, index, search, sums, beside ccusage",
        Name::Load => "many users who send many messages",
        Name::Memory => "memory of daemon, tmux and Claude Code",
        Name::Sampling => "processor for sampled terminals, one viewer each",
        Name::Growth => "how cost grows with agents, viewers and bytes",
        Name::Jwt => "checking tokens, and good ones beside a flood of unknown keys",
        Name::Recording => "processor and disk for recordings",
        Name::Adopt => "start of the daemon with agents to find again",
        Name::Worktrees => "worktrees made, looked at and compared, beside plain git",
    }
}

async fn measure(bench: &Bench, name: Name) -> anyhow::Result<Vec<Row>> {
    match name {
        Name::Spawn => spawn::measure(bench).await,
        Name::Chat => chat::measure(bench).await,
        Name::Keys => keys::measure(bench).await,
        Name::Connect => connect::measure(bench).await,
        Name::Log => log::measure(bench).await,
        Name::Flood => flood::measure(bench).await,
        Name::Viewers => viewers::measure(bench).await,
        Name::Sources => sources::measure(bench).await,
        Name::Sessions => sessions::measure(bench).await,
        Name::Load => load::measure(bench).await,
        Name::Memory => memory::measure(bench).await,
        Name::Sampling => sampling::measure(bench).await,
        Name::Growth => growth::measure(bench).await,
        Name::Jwt => jwt::measure(bench).await,
        Name::Recording => recording::measure(bench).await,
        Name::Adopt => adopt::measure(bench).await,
        Name::Worktrees => worktrees::measure(bench).await,
    }
}
