//! `orchestra budget`: what an agent or a task may spend, seen and changed; and the flags
//! with which a new one is given its own.

use super::client::Call;
use super::connection::Connection;
use super::failure::Failure;
use super::output;
use axum::http::Method;
use clap::Args;
use orchestra_protocol::agent::Agent;
use orchestra_protocol::budget::{Budget, BudgetChange, BudgetReport, BudgetState, Change};
use orchestra_protocol::task::Task;
use serde::Serialize;

/// What a new agent or task may spend.
#[derive(Debug, Clone, Default, Args)]
pub struct BudgetFlags {
    /// Most US dollars, by the prices that are known.
    #[arg(long, value_name = "DOLLARS")]
    pub usd: Option<f64>,
    /// Most tokens of all kinds together.
    #[arg(long, value_name = "N")]
    pub tokens: Option<u64>,
    /// Most seconds of work.
    #[arg(long = "wall", value_name = "SECONDS")]
    pub wall_s: Option<u64>,
    /// Most answers of the model.
    #[arg(long, value_name = "N")]
    pub turns: Option<u64>,
}

impl BudgetFlags {
    /// The budget that was asked for, if one was.
    pub fn asked(&self) -> Option<Budget> {
        let budget = Budget {
            usd: self.usd,
            tokens: self.tokens,
            wall_s: self.wall_s,
            turns: self.turns,
        };
        (budget != Budget::default()).then_some(budget)
    }
}

/// Shows or changes what an agent or a task may spend; one that was stopped goes on.
#[derive(Debug, Args)]
#[command(after_help = "Examples: orchestra budget droid-001
          orchestra budget droid-001 --tokens 200000 --usd 5
          orchestra budget 12 --turns none")]
pub struct BudgetArgs {
    /// An agent, such as droid-001, or the number of a task.
    pub id: String,
    /// US dollars, by the prices that are known; none: no limit.
    #[arg(long, value_parser = limit::<f64>, value_name = "DOLLARS")]
    pub usd: Option<Limit<f64>>,
    /// Tokens of all kinds together; none: no limit.
    #[arg(long, value_parser = limit::<u64>, value_name = "N")]
    pub tokens: Option<Limit<u64>>,
    /// Seconds of work; none: no limit.
    #[arg(long = "wall", value_parser = limit::<u64>, value_name = "SECONDS")]
    pub wall_s: Option<Limit<u64>>,
    /// Answers of the model; none: no limit.
    #[arg(long, value_parser = limit::<u64>, value_name = "N")]
    pub turns: Option<Limit<u64>>,
    #[command(flatten)]
    pub connection: Connection,
}

/// A number, or the word that there is no limit.
#[derive(Debug, Clone, Copy)]
pub struct Limit<T>(Option<T>);

fn limit<T: std::str::FromStr>(text: &str) -> Result<Limit<T>, String> {
    if text == "none" {
        return Ok(Limit(None));
    }
    let number = text.parse();
    number
        .map(|number| Limit(Some(number)))
        .map_err(|_| "write a number, or none".to_owned())
}

/// Shows or changes it.
///
/// # Errors
/// When the daemon is not reachable or refuses, or there is no such agent or task.
pub async fn run(args: BudgetArgs) -> Result<(), Failure> {
    let change = BudgetChange {
        usd: Change(args.usd.map(|limit| limit.0)),
        tokens: Change(args.tokens.map(|limit| limit.0)),
        wall_s: Change(args.wall_s.map(|limit| limit.0)),
        turns: Change(args.turns.map(|limit| limit.0)),
    };
    let json = args.connection.json;
    if args.id.bytes().all(|byte| byte.is_ascii_digit()) {
        let path = format!("/api/tasks/{}", args.id);
        let task: Task = asked(&args.connection, path, &change).await?;
        show(
            &format!("task {}", task.id),
            task.budget.as_ref(),
            &task,
            json,
        );
    } else {
        let path = format!("/api/agents/{}", args.id);
        let agent: Agent = asked(&args.connection, path, &change).await?;
        show(&agent.id, agent.budget.as_ref(), &agent, json);
    }
    Ok(())
}

async fn asked<T: serde::de::DeserializeOwned>(
    connection: &Connection,
    path: String,
    change: &BudgetChange,
) -> Result<T, Failure> {
    let client = connection.client()?;
    if *change == BudgetChange::default() {
        return client.get(path).await;
    }
    let call = Call::new(Method::PATCH, format!("{path}/budget")).json(change)?;
    client.fetch(call).await
}

fn show<T: Serialize>(whose: &str, report: Option<&BudgetReport>, whole: &T, json: bool) {
    if json {
        output::json(whole);
        return;
    }
    let Some(report) = report else {
        output::line(&format!("{whose} has no budget"));
        return;
    };
    let state = match report.state {
        BudgetState::Within => "within its budget",
        BudgetState::Near => "near the end of its budget",
        BudgetState::Spent => "stopped: its budget is spent",
    };
    output::line(&format!("{whose} is {state}"));
    let (limit, spent) = (&report.limit, &report.spent);
    let whole = |value: Option<u64>| value.map(|value| value.to_string());
    let dollars = |value: Option<f64>| value.map(|value| format!("{value:.2}"));
    let unknown = |least: Option<String>| match least {
        Some(least) => format!("at least {least}"),
        None => "unknown".to_owned(),
    };
    let cost = dollars(spent.usd).unwrap_or_else(|| unknown(dollars(spent.least_usd)));
    let tokens = whole(spent.tokens).unwrap_or_else(|| unknown(whole(spent.least_tokens)));
    let rows = [
        ("dollars", cost, dollars(limit.usd)),
        ("tokens", tokens, whole(limit.tokens)),
        ("seconds", spent.wall_s.to_string(), whole(limit.wall_s)),
        ("turns", spent.turns.to_string(), whole(limit.turns)),
    ];
    for (what, spent, limit) in rows {
        let limit = limit.map_or_else(|| "no limit".to_owned(), |limit| format!("of {limit}"));
        output::line(&format!("  {what:8} {spent:>17} {limit}"));
    }
}
