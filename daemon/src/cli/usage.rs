//! `orchestra usage`: tokens and cost by day, agent or task.

use super::connection::Connection;
use super::failure::Failure;
use super::output::{self, Tone};
use clap::{Args, ValueEnum};
use orchestra_protocol::budget::{UsageReport, UsageRow};

/// What the sums are over.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum By {
    Day,
    Agent,
    Task,
}

/// Shows tokens and cost by day, agent or task, from what the CLIs record.
#[derive(Debug, Args)]
#[command(after_help = "Examples: orchestra usage
          orchestra usage --by agent --from 2026-11-01")]
pub struct UsageArgs {
    #[arg(long, value_enum, default_value = "day")]
    pub by: By,
    /// First day in UTC; default: 30 days ago.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub from: Option<String>,
    /// Last day in UTC; default: today.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub to: Option<String>,
    #[command(flatten)]
    pub connection: Connection,
}

/// Prints the sums, and their sum.
///
/// # Errors
/// When the daemon is not reachable or refuses.
pub async fn run(args: &UsageArgs) -> Result<(), Failure> {
    let by = match args.by {
        By::Day => "day",
        By::Agent => "agent",
        By::Task => "task",
    };
    let mut path = format!("/api/usage?by={by}");
    for (name, value) in [("from", &args.from), ("to", &args.to)] {
        if let Some(value) = value {
            let plain = |byte: u8| byte.is_ascii_digit() || byte == b'-';
            if !value.bytes().all(plain) {
                return Err(Failure::Usage(format!(
                    "--{name}: write a day like 2026-11-26"
                )));
            }
            path.push_str(&format!("&{name}={value}"));
        }
    }
    let report: UsageReport = args.connection.client()?.get(path).await?;
    if args.connection.json {
        output::json(&report);
        return Ok(());
    }
    if report.items.is_empty() {
        output::line("Nothing was spent in that time, as far as sessions tell.");
        return Ok(());
    }
    let mut rows: Vec<Vec<String>> = report.items.iter().map(cells).collect();
    if report.items.len() > 1 {
        rows.push(cells(&total(&report.items)));
    }
    let by = by.to_uppercase();
    let head = [
        by.as_str(),
        "TURNS",
        "INPUT",
        "OUTPUT",
        "CACHE WRITE",
        "CACHE READ",
        "COST",
    ];
    output::print_table(&head, &rows, |_, _| Tone::Plain);
    if !report.progress.read {
        output::note("sessions on disk are still being read; the sums will grow");
    }
    Ok(())
}

fn cells(row: &UsageRow) -> Vec<String> {
    let usage = &row.usage;
    vec![
        output::plain(&row.key),
        row.turns.to_string(),
        usage.input_tokens.to_string(),
        usage.output_tokens.to_string(),
        usage.cache_write_tokens.to_string(),
        usage.cache_read_tokens.to_string(),
        cost(row),
    ]
}

/// What it cost, or what is known of that.
fn cost(row: &UsageRow) -> String {
    match (row.cost_usd, row.least_usd) {
        (Some(cost), _) => format!("${cost:.2}"),
        (None, Some(least)) => format!("at least ${least:.2}"),
        (None, None) => "unknown".to_owned(),
    }
}

fn total(items: &[UsageRow]) -> UsageRow {
    let sum = |part: fn(&UsageRow) -> u64| items.iter().map(part).sum();
    UsageRow {
        key: "all".to_owned(),
        title: None,
        usage: orchestra_protocol::transcript::TokenUsage {
            input_tokens: sum(|row| row.usage.input_tokens),
            output_tokens: sum(|row| row.usage.output_tokens),
            cache_write_tokens: sum(|row| row.usage.cache_write_tokens),
            cache_read_tokens: sum(|row| row.usage.cache_read_tokens),
        },
        turns: sum(|row| row.turns),
        cost_usd: items.iter().map(|row| row.cost_usd).sum(),
        least_usd: Some(
            items
                .iter()
                .filter_map(|row| row.cost_usd.or(row.least_usd))
                .sum(),
        )
        .filter(|known: &f64| *known > 0.0),
    }
}
