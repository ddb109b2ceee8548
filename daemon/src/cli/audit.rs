//! `orchestra audit …`: reads the record and checks that it is what was written.

use super::client::Call;
use super::connection::Connection;
use super::failure::Failure;
use super::{output, tty};
use axum::http::Method;
use clap::{Args, Subcommand};
use orchestra_protocol::admin::AuditVerdict;
use orchestra_protocol::event::Page;
use serde_json::Value;
use std::time::Duration;

/// How often `tail -f` looks.
const LOOK: Duration = Duration::from_secs(1);

/// The record of what was done and refused.
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    pub action: Action,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Follows the chain from its beginning; ends with 1 when a line is not what was written.
    Verify,
    /// Prints every line as it is kept, with its hash: for keeping elsewhere.
    Export,
    /// Prints the newest lines.
    Tail {
        /// How many.
        #[arg(short = 'n', default_value_t = 20)]
        lines: u16,
        /// Goes on.
        #[arg(short, long)]
        follow: bool,
    },
}

/// Runs one of them.
///
/// # Errors
/// When the daemon is not reachable or refuses, or the record is broken.
pub async fn run(args: &AuditArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    match &args.action {
        Action::Verify => {
            let verdict: AuditVerdict = client.get("/api/audit/verify").await?;
            if args.connection.json {
                output::json(&verdict);
            }
            match &verdict.broken_in {
                None => {
                    if !args.connection.json {
                        output::line(&format!("whole: {} lines", verdict.lines));
                    }
                    Ok(())
                }
                Some(file) => Err(Failure::Failed(format!(
                    "the record is not what was written: the first wrong line follows number {} in {file}",
                    verdict.last
                ))),
            }
        }
        Action::Export => {
            let call = Call::new(Method::GET, "/api/audit/export");
            let mut body = client.open(call).await?;
            while let Some(chunk) = client.chunk(&mut body).await? {
                if !output::raw(&chunk) {
                    break;
                }
            }
            Ok(())
        }
        Action::Tail { lines, follow } => {
            let mut last = 0;
            let mut count = u64::from(*lines);
            loop {
                let path = format!("/api/audit?limit={}", count.clamp(1, 1000));
                let page: Page<Value> = client.get(path).await?;
                for line in page.items.iter().rev() {
                    let seq = line["seq"].as_u64().unwrap_or_default();
                    if seq > last {
                        last = seq;
                        print(line, args.connection.json);
                    }
                }
                if !follow {
                    return Ok(());
                }
                count = 1000;
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

fn print(line: &Value, json: bool) {
    if json {
        return output::json(line);
    }
    let text = |name: &str| output::plain(line[name].as_str().unwrap_or("-"));
    let who = [text("principal"), text("ip")].join(" ");
    let what = [text("action"), text("object"), text("result")].join("  ");
    let line = format!("{}  {who}  {what}", text("ts"));
    output::line(&line.chars().take(tty::width()).collect::<String>());
}
