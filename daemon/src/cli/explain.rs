//! `orchestra explain`: why an agent is thought idle, busy or waiting.

use super::connection::Connection;
use super::failure::Failure;
use super::output::{self, Tone, plain, span};
use super::values;
use clap::Args;
use orchestra_protocol::agent::{ActivityState, Explanation, Signal, WaitingFor};

/// Tells why an agent is thought idle, busy or waiting: every source and which one won.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Such as droid-001.
    pub id: String,
    #[command(flatten)]
    pub connection: Connection,
}

/// Prints every signal.
///
/// # Errors
/// When the daemon is not reachable or refuses, or there is no such agent.
pub async fn explain(args: &ExplainArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    let path = format!("/api/agents/{}/explain", values::segment(&args.id));
    let told: Explanation = client.get(path).await?;
    if args.connection.json {
        output::json(&told);
        return Ok(());
    }
    let activity = &told.activity;
    output::line(&format!(
        "{} is {}, as its {} says.",
        told.agent_id,
        state(activity.state, activity.waiting_for),
        activity.source.replace('_', " ")
    ));
    let rows: Vec<_> = told.signals.iter().map(row).collect();
    let head = ["SOURCE", "SAYS", "AGE", "SURE", "", "DETAIL"];
    output::print_table(&head, &rows, |row, _| match told.signals[row].won {
        true => Tone::Good,
        false => Tone::Plain,
    });
    if !told.silent.is_empty() {
        let silent = told.silent.join(", ").replace('_', " ");
        output::line(&format!("Silent: {silent}"));
    }
    Ok(())
}

fn row(signal: &Signal) -> Vec<String> {
    let mark = match (signal.won, signal.counted) {
        (true, _) => "won",
        (false, true) => "",
        (false, false) => "not counted",
    };
    vec![
        signal.source.replace('_', " "),
        state(signal.state, signal.waiting_for),
        span(signal.age_ms),
        format!("{:.2}", signal.confidence),
        mark.to_owned(),
        plain(&signal.detail),
    ]
}

fn state(state: ActivityState, waiting_for: Option<WaitingFor>) -> String {
    let word = match (state, waiting_for) {
        (ActivityState::Idle, _) => "idle",
        (ActivityState::Busy, _) => "busy",
        (ActivityState::Unknown, _) => "unknown",
        (ActivityState::Waiting, Some(WaitingFor::Permission)) => "waiting for a permission",
        (ActivityState::Waiting, Some(WaitingFor::Question)) => "waiting for an answer",
        (ActivityState::Waiting, Some(WaitingFor::Quota)) => "waiting for its quota",
        (ActivityState::Waiting, Some(WaitingFor::Budget)) => "held until its budget is raised",
        (ActivityState::Waiting, None) => "waiting",
    };
    word.to_owned()
}
