//! `orchestra spawn`, `kill`, `interrupt` and `retry`.

use super::budget::BudgetFlags;
use super::client::Call;
use super::connection::Connection;
use super::failure::Failure;
use super::{output, progress, values};
use axum::http::Method;
use clap::Args;
use orchestra_protocol::admin::{KillAllAnswer, KillAllRequest};
use orchestra_protocol::agent::{Agent, KillRequest, RestartPolicy, Size, SpawnRequest};
use orchestra_protocol::worktree::WorktreeAsk;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// Longest wait for an agent to start.
const SETUP: Duration = Duration::from_secs(3600);

/// Starts an agent; or, given texts, an agent for each as a task, side by side.
#[derive(Debug, Args)]
#[command(after_help = "Examples: orchestra spawn shell --cwd .
          orchestra spawn --specialist droid --prompt \"Find the slowest test\"
          git diff | orchestra spawn --specialist codex --title Review --prompt -
          orchestra spawn \"Fix the login\" \"Write the tests\" --parallel 2 --worktree")]
pub struct SpawnArgs {
    /// One word: which CLI (GET /api/agent-kinds and orchestra doctor list them). Several,
    /// or a sentence: each is a task for an agent of its own.
    #[arg(required_unless_present_any = ["specialist", "kind"], value_name = "KIND|TASK")]
    pub words: Vec<String>,
    /// The CLI for tasks; default: the first that is ready.
    #[arg(long, conflicts_with = "specialist")]
    pub kind: Option<String>,
    /// How many tasks at a time; default 3. With it, a single word is a task too.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    pub parallel: Option<u8>,
    /// Each agent gets a git worktree of its own.
    #[arg(long)]
    pub worktree: bool,
    /// The branch that worktrees begin at; default: the one checked out.
    #[arg(
        long,
        value_name = "BRANCH",
        requires = "worktree",
        allow_hyphen_values = true
    )]
    pub base: Option<String>,
    /// After a crash: `never` (it stays ended) or `crash` (it starts again with its
    /// conversation). Default: recovery.restart of the configuration.
    #[arg(long, value_parser = values::restart, value_name = "WHEN")]
    pub restart: Option<RestartPolicy>,
    /// Ends a task after this time.
    #[arg(long, value_parser = values::duration, value_name = "TIME")]
    pub timeout: Option<Duration>,
    /// A [[specialists]] entry of the configuration.
    #[arg(long, value_name = "NAME")]
    pub specialist: Option<String>,
    /// At most 64 characters.
    #[arg(long, allow_hyphen_values = true)]
    pub name: Option<String>,
    /// What it is for, in a few words.
    #[arg(long, allow_hyphen_values = true)]
    pub title: Option<String>,
    /// Folder it works in; default: where you are, and of a daemon elsewhere the one in which
    /// `orchestra up` ran.
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// First message; - reads it from stdin.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub prompt: Option<String>,
    #[command(flatten)]
    pub budget: BudgetFlags,
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
    let sentence = args
        .words
        .iter()
        .any(|word| word.contains(char::is_whitespace));
    if args.parallel.is_some() || args.words.len() > 1 || sentence {
        let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
        if args.prompt.is_some()
            || args.name.is_some()
            || args.title.is_some()
            || args.cols.is_some()
        {
            return usage("--prompt, --name, --title and sizes are for one agent, not for tasks");
        }
        if args.words.is_empty() {
            return usage("say what is to be done: orchestra spawn \"…\" \"…\" --parallel 2");
        }
        return super::parallel::spawn(&args).await;
    }
    let word = args.words.first().cloned();
    let kind = match (word, args.kind, &args.specialist) {
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
            let text = "one word names a kind; for a task of one word say --parallel 1";
            return Err(Failure::Usage(text.to_owned()));
        }
        (word, kind, _) => word.or(kind),
    };
    if args.timeout.is_some() {
        let text = "--timeout is for tasks; an agent runs until it is ended";
        return Err(Failure::Usage(text.to_owned()));
    }
    let cwd = args.connection.folder(args.cwd.as_deref(), args.worktree);
    let request = SpawnRequest {
        kind,
        specialist: args.specialist,
        name: args.name,
        title: args.title,
        cwd,
        prompt: args.prompt.as_deref().map(values::text).transpose()?,
        size: args
            .cols
            .zip(args.rows)
            .map(|(cols, rows)| Size { cols, rows }),
        worktree: args.worktree.then_some(WorktreeAsk::Yes(true)),
        base: args.base,
        restart: args.restart,
        limits: None,
        budget: args.budget.asked(),
    };
    let call = Call::new(Method::POST, "/api/agents")
        .json(&request)?
        .header("idempotency-key", uuid::Uuid::new_v4().to_string())
        // A worktree with a setup script takes its time.
        .patience(SETUP);
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
