//! `orchestra audit …`: reads the record and checks that it is what was written.

use super::client::{Call, Client};
use super::connection::Connection;
use super::failure::Failure;
use super::{output, tty};
use crate::audit::checkpoint;
use axum::http::Method;
use clap::{Args, Subcommand};
use orchestra_protocol::admin::{AuditCheckpoint, AuditVerdict};
use orchestra_protocol::event::Page;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
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
    Verify {
        /// File with checkpoints that were kept elsewhere, one a line: the record has to
        /// hold what they saw.
        #[arg(long, value_name = "FILE")]
        checkpoints: Option<PathBuf>,
    },
    /// Prints, signed, where the record stands: for keeping elsewhere.
    Checkpoint,
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
        Action::Checkpoint => {
            let call = Call::new(Method::POST, "/api/audit/checkpoints");
            let made: AuditCheckpoint = client.fetch(call).await?;
            output::json(&made);
            Ok(())
        }
        Action::Verify { checkpoints } => {
            if let Some(file) = checkpoints {
                compare(&client, file).await?;
            }
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

/// Holds the record against checkpoints from elsewhere; the daemon's word is not taken.
async fn compare(client: &Client, file: &Path) -> Result<(), Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::Usage(format!("cannot read {shown}: {error}")))?;
    let mut wanted = BTreeMap::new();
    let mut keys = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let one: AuditCheckpoint = serde_json::from_str(line)
            .map_err(|error| Failure::Usage(format!("{shown} holds no checkpoints: {error}")))?;
        if !checkpoint::signed(&one) {
            let text = format!(
                "the checkpoint of number {} is not what was signed",
                one.seq
            );
            return Err(Failure::Failed(text));
        }
        keys.push(one.key);
        wanted.insert(one.seq, one.hash);
    }
    keys.dedup();
    if keys.len() != 1 {
        let text = format!("{shown} must hold checkpoints of one installation, and at least one");
        return Err(Failure::Usage(text));
    }
    let mut body = client
        .open(Call::new(Method::GET, "/api/audit/export"))
        .await?;
    let (mut rest, mut first) = (Vec::new(), None);
    while let Some(chunk) = client.chunk(&mut body).await? {
        rest.extend_from_slice(&chunk);
        let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else {
            continue;
        };
        let whole: Vec<u8> = rest.drain(..=end).collect();
        for line in String::from_utf8_lossy(&whole).lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            let seq = line["seq"].as_u64().unwrap_or_default();
            first.get_or_insert(seq);
            if wanted
                .remove(&seq)
                .is_some_and(|hash| line["hash"] != *hash)
            {
                let text =
                    format!("line {seq} of the record is not the one that the checkpoint saw");
                return Err(Failure::Failed(text));
            }
        }
    }
    // Retention may have taken the oldest; the newest may not be missing.
    match wanted.keys().find(|seq| Some(**seq) >= first) {
        Some(seq) => Err(Failure::Failed(format!(
            "the record ends before number {seq}, which a checkpoint saw"
        ))),
        None => Ok(()),
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
