//! `orchestra delegate`: a task for an agent, and its result if wanted.

use super::budget::BudgetFlags;
use super::client::{Call, Client};
use super::connection::Connection;
use super::failure::Failure;
use super::{output, progress, status, values};
use axum::http::Method;
use clap::{ArgGroup, Args};
use orchestra_protocol::agent::{ActivityState, Agent};
use orchestra_protocol::task::{DelegateRequest, Task, TaskStatus};
use orchestra_protocol::worktree::WorktreeAsk;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;

/// One question stays open this long.
const SLICE: Duration = Duration::from_secs(25);
/// How long a restart of the daemon may take.
const AWAY: Duration = Duration::from_secs(120);
const RETRY: Duration = Duration::from_millis(500);

/// Gives a task to an agent.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("to").required(true).args(["specialist", "kind", "agent"])))]
#[command(
    after_help = "Examples: orchestra delegate --specialist droid \"Fix the failing test in api/\" --wait
          orchestra delegate --kind shell \"make lint\" --cwd . --wait --timeout 5m"
)]
pub struct DelegateArgs {
    /// What is to be done, complete in itself; - reads it from stdin.
    #[arg(allow_hyphen_values = true)]
    pub task: String,
    /// A [[specialists]] entry of the configuration.
    #[arg(long, value_name = "NAME")]
    pub specialist: Option<String>,
    /// Which CLI, when no specialist fits.
    #[arg(long)]
    pub kind: Option<String>,
    /// A running agent.
    #[arg(long, value_name = "ID")]
    pub agent: Option<String>,
    /// Short name for lists.
    #[arg(long, allow_hyphen_values = true)]
    pub title: Option<String>,
    /// Folder to work in; default: where you are, and of a daemon elsewhere the one in which
    /// `orchestra up` ran.
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// Ends the task after this time; default: an hour.
    #[arg(long, value_parser = values::duration, value_name = "TIME")]
    pub timeout: Option<Duration>,
    #[command(flatten)]
    pub budget: BudgetFlags,
    /// In a git worktree of its own.
    #[arg(long)]
    pub worktree: bool,
    /// The branch that the worktree begins at; default: the one checked out.
    #[arg(
        long,
        value_name = "BRANCH",
        requires = "worktree",
        allow_hyphen_values = true
    )]
    pub base: Option<String>,
    /// Waits for the result and prints it.
    #[arg(long)]
    pub wait: bool,
    #[command(flatten)]
    pub connection: Connection,
}

/// Delegates the task.
///
/// # Errors
/// When the daemon is not reachable or refuses, or the awaited task does not succeed.
pub async fn run(args: DelegateArgs) -> Result<(), Failure> {
    let cwd = args.connection.folder(args.cwd.as_deref(), args.worktree);
    let request = DelegateRequest {
        specialist: args.specialist,
        kind: args.kind,
        agent: args.agent,
        task: values::text(&args.task)?,
        title: args.title,
        cwd,
        worktree: args.worktree.then_some(WorktreeAsk::Yes(true)),
        base: args.base,
        timeout_ms: args.timeout.map(values::millis),
        budget: args.budget.asked(),
        ..DelegateRequest::default()
    };
    let client = args.connection.living_client().await?;
    let call = Call::new(Method::POST, "/api/delegate")
        .json(&request)?
        .header("idempotency-key", uuid::Uuid::new_v4().to_string());
    let mut task: Task = client.fetch(call).await?;
    if args.wait {
        if !args.connection.json {
            output::note(&format!(
                "task {} is {}; waiting",
                task.id,
                status::word(task.status)
            ));
        }
        task = progress::over("waiting for the result", wait(&client, task)).await?;
    }
    status::show(&task, args.connection.json);
    if task.status.is_final() && task.status != TaskStatus::Completed {
        return Err(Failure::Failed(format!(
            "task {} is {}",
            task.id,
            status::word(task.status)
        )));
    }
    Ok(())
}

async fn wait(client: &Client, task: Task) -> Result<Task, Failure> {
    wait_telling(client, task, |_| {}).await
}

/// Waits for the end of a task and tells each change of its status.
///
/// # Errors
/// When the daemon stays away or refuses.
pub async fn wait_telling(
    client: &Client,
    mut task: Task,
    tell: impl Fn(&Task),
) -> Result<Task, Failure> {
    let path = format!(
        "/api/tasks/{}/wait?timeout_ms={}",
        task.id,
        SLICE.as_millis()
    );
    let (mut heard, mut reminded) = (Instant::now(), false);
    while !task.status.is_final() {
        let asked = Instant::now();
        match client.get(path.clone()).await {
            Ok(now) => {
                let now: Task = now;
                if now.status != task.status {
                    tell(&now);
                }
                task = now;
                heard = Instant::now();
                if !task.status.is_final() {
                    remind(client, &task, &mut reminded).await;
                }
                // Against a daemon that answers "not yet" at once.
                if !task.status.is_final() && asked.elapsed() < RETRY {
                    tokio::time::sleep(RETRY).await;
                }
            }
            Err(Failure::Unreachable(_)) if heard.elapsed() < AWAY => {
                tokio::time::sleep(RETRY).await;
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(task)
}

/// Says once that the agent waits for a person, who may see nothing but this wait.
async fn remind(client: &Client, task: &Task, reminded: &mut bool) {
    let Some(id) = &task.agent_id else { return };
    let agent: Result<Agent, Failure> = client.get(format!("/api/agents/{id}")).await;
    // The wait itself finds out when nobody answers.
    let Ok(agent) = agent else { return };
    let waits = agent.activity.state == ActivityState::Waiting;
    if waits && !*reminded {
        output::note(&format!(
            "{id} waits for you; see what it asks: orchestra attach {id}"
        ));
    }
    *reminded = waits;
}
