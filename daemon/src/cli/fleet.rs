//! `orchestra spawn`, `kill`, `interrupt` and `retry`.

use super::client::Call;
use super::connection::Connection;
use super::failure::Failure;
use super::{output, progress, values};
use axum::http::Method;
use clap::Args;
use orchestra_protocol::admin::{KillAllAnswer, KillAllRequest};
use orchestra_protocol::agent::{Agent, KillRequest, Size, SpawnRequest};
use serde::Serialize;
use std::path::PathBuf;

/// Starts an agent.
#[derive(Debug, Args)]
#[command(after_help = "Examples: orchestra spawn shell --cwd .
          orchestra spawn --specialist droid --prompt \"Find the slowest test\"
          git diff | orchestra spawn --specialist codex --title Review --prompt -")]
pub struct SpawnArgs {
    /// Which CLI; GET /api/agent-kinds and orchestra doctor list them.
    #[arg(required_unless_present = "specialist", conflicts_with = "specialist")]
    pub kind: Option<String>,
    /// A [[specialists]] entry of the configuration.
    #[arg(long, value_name = "NAME")]
    pub specialist: Option<String>,
    /// At most 64 characters.
    #[arg(long, allow_hyphen_values = true)]
    pub name: Option<String>,
    /// What it is for, in a few words.
    #[arg(long, allow_hyphen_values = true)]
    pub title: Option<String>,
    /// Folder it works in; default: the one in which `orchestra up` ran.
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// First message; - reads it from stdin.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub prompt: Option<String>,
    /// Width of its terminal.
    #[arg(long, requires = "rows")]
    pub cols: Option<u16>,
    /// Height of its terminal.
    #[arg(long, requires = "cols")]
    pub rows: Option<u16>,
    #[command(flatten)]
    pub connection: Connection,
}

/// Ends an agent and everything it started; an admin also all of somebody, or all there are.
#[derive(Debug, Args)]
pub struct KillArgs {
    /// Such as droid-001.
    #[arg(required_unless_present_any = ["user", "all"], conflicts_with_all = ["user", "all"])]
    pub id: Option<String>,
    /// All agents of this person; type the name again on stdin to confirm.
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    pub user: Option<String>,
    /// Everybody's agents; type "everything" on stdin to confirm.
    #[arg(long)]
    pub all: bool,
    /// Shown as the agent's reason.
    #[arg(long, allow_hyphen_values = true)]
    pub reason: Option<String>,
    #[command(flatten)]
    pub connection: Connection,
}

/// Stops what an agent does now, as Escape does; it stays and takes new messages.
#[derive(Debug, Args)]
pub struct InterruptArgs {
    /// Such as droid-001.
    pub id: String,
    #[command(flatten)]
    pub connection: Connection,
}

/// Starts a new agent like one that has ended.
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// Such as droid-001.
    pub id: String,
    #[command(flatten)]
    pub connection: Connection,
}

/// Starts an agent.
///
/// # Errors
/// When the daemon is not reachable or refuses.
pub async fn spawn(args: SpawnArgs) -> Result<(), Failure> {
    let remote = args.connection.url.is_some();
    let cwd = args.cwd.as_deref().map(|path| {
        // A folder of another machine cannot be made whole here.
        if remote {
            path.display().to_string()
        } else {
            values::folder(path)
        }
    });
    let request = SpawnRequest {
        kind: args.kind,
        specialist: args.specialist,
        name: args.name,
        title: args.title,
        cwd,
        prompt: args.prompt.as_deref().map(values::text).transpose()?,
        size: args
            .cols
            .zip(args.rows)
            .map(|(cols, rows)| Size { cols, rows }),
        limits: None,
    };
    let call = Call::new(Method::POST, "/api/agents")
        .json(&request)?
        .header("idempotency-key", uuid::Uuid::new_v4().to_string());
    let client = args.connection.living_client().await?;
    let agent: Agent = progress::over("starting the agent", client.fetch(call)).await?;
    if args.connection.json {
        output::json(&agent);
    } else {
        output::line(&format!(
            "{} started in {}",
            agent.id,
            output::plain(&agent.cwd)
        ));
    }
    Ok(())
}

/// Ends an agent.
///
/// # Errors
/// When the daemon is not reachable or refuses, or there is no such agent.
pub async fn kill(args: KillArgs) -> Result<(), Failure> {
    let reason = args.reason;
    let Some(id) = &args.id else {
        return kill_many(&args.connection, args.user.as_deref()).await;
    };
    steer(
        &args.connection,
        id,
        "kill",
        "is being ended",
        &KillRequest { reason },
    )
    .await
}

async fn kill_many(connection: &Connection, user: Option<&str>) -> Result<(), Failure> {
    let client = connection.client()?;
    let user = match user {
        Some(name) => Some(super::user::find(&client, name).await?),
        None => None,
    };
    let wanted = user.as_ref().map_or("everything", |user| &user.name);
    output::note(&format!(
        "type {:?} to end them all:",
        output::plain(wanted)
    ));
    let mut typed = String::new();
    std::io::stdin()
        .read_line(&mut typed)
        .map_err(|error| Failure::Usage(format!("nothing was confirmed: {error}")))?;
    let request = KillAllRequest {
        user: user.as_ref().map(|user| user.id.clone()),
        confirm: Some(typed.trim().to_owned()),
    };
    let answer: KillAllAnswer = client.post("/api/admin/kill", &request).await?;
    if connection.json {
        output::json(&answer);
    } else {
        output::line(&format!("{} agents were ended", answer.killed.len()));
    }
    if answer.failed.is_empty() {
        Ok(())
    } else {
        let left = answer.failed.join(", ");
        Err(Failure::Failed(format!(
            "still there: {left}; the daemon's log says why"
        )))
    }
}

/// Interrupts an agent.
///
/// # Errors
/// When the daemon is not reachable or refuses, or there is no such agent.
pub async fn interrupt(args: &InterruptArgs) -> Result<(), Failure> {
    steer(
        &args.connection,
        &args.id,
        "interrupt",
        "is interrupted",
        &serde_json::json!({}),
    )
    .await
}

/// Starts a new agent like an ended one.
///
/// # Errors
/// When the daemon is not reachable or refuses, or there is no such agent.
pub async fn retry(args: &RetryArgs) -> Result<(), Failure> {
    steer(
        &args.connection,
        &args.id,
        "retry",
        "takes its place",
        &serde_json::json!({}),
    )
    .await
}

async fn steer(
    connection: &Connection,
    id: &str,
    action: &str,
    done: &str,
    body: &impl Serialize,
) -> Result<(), Failure> {
    let id = values::agent(id)?;
    let agent: Agent = connection
        .client()?
        .post(format!("/api/agents/{id}/{action}"), body)
        .await?;
    if connection.json {
        output::json(&agent);
    } else {
        output::line(&format!("{} {done}", agent.id));
    }
    Ok(())
}
