//! `orchestra spawn` with several texts, and `orchestra collect`: tasks side by side, and
//! what came of them.

use super::client::{Call, Client};
use super::connection::Connection;
use super::failure::Failure;
use super::fleet::SpawnArgs;
use super::output::{self, Tone, plain, span};
use super::{delegate, patch, status, values};
use crate::config::{Config, Flags};
use axum::http::Method;
use clap::Args;
use futures_util::StreamExt as _;
use orchestra_protocol::agent::AgentKind;
use orchestra_protocol::event::Page;
use orchestra_protocol::message::{Author, Message};
use orchestra_protocol::task::{DelegateRequest, Task, TaskStatus};
use orchestra_protocol::worktree::{Worktree, WorktreeAsk, WorktreeDiff};
use serde_json::json;

/// Tasks at a time, unless it is said: what the settings say, here where the person is.
fn usual() -> usize {
    let config = Config::load(&Flags::default());
    config.map_or(1, |config| config.settings.worktrees.parallel as usize)
}

/// Prints what tasks or agents came to: their results and the changes in their worktrees.
#[derive(Debug, Args)]
#[command(after_help = "Examples: orchestra collect
          orchestra collect 12 13 --stat
          orchestra collect droid-001 --json")]
pub struct CollectArgs {
    /// Numbers of tasks, or ids of agents; none: every task that has a worktree.
    pub ids: Vec<String>,
    /// Only which files, and how much.
    #[arg(long)]
    pub stat: bool,
    #[command(flatten)]
    pub connection: Connection,
}

/// Gives each text as a task to an agent of its own, at most so many at a time, and waits.
///
/// # Errors
/// When the daemon is not reachable or refuses, or one of the tasks does not succeed.
pub async fn spawn(args: &SpawnArgs) -> Result<(), Failure> {
    let client = args.connection.living_client().await?;
    let json = args.connection.json;
    let kind = match (&args.specialist, &args.kind) {
        (None, None) => Some(usual_kind(&client).await?),
        (_, kind) => kind.clone(),
    };
    let cwd = args.connection.folder(args.cwd.as_deref(), true);
    let requests: Vec<DelegateRequest> = args
        .words
        .iter()
        .map(|text| DelegateRequest {
            specialist: args.specialist.clone(),
            kind: kind.clone(),
            task: text.clone(),
            cwd: cwd.clone(),
            worktree: args.worktree.then_some(WorktreeAsk::Yes(true)),
            base: args.base.clone(),
            timeout_ms: args.timeout.map(values::millis),
            ..DelegateRequest::default()
        })
        .collect();
    let all = requests.len();
    let at_once = args.parallel.map_or_else(usual, usize::from);
    // Handed over one after the other, so that their numbers are in the order of the texts.
    let turn = tokio::sync::Semaphore::new(1);
    let mut work = futures_util::stream::iter(requests.into_iter().enumerate())
        .map(|(index, request)| one((&client, &turn), json, (index + 1, all), request))
        .buffer_unordered(at_once);
    let mut done: Vec<Task> = Vec::new();
    let mut refused: Vec<Failure> = Vec::new();
    while let Some(ended) = work.next().await {
        match ended {
            Ok(task) => {
                if json {
                    output::json(&task);
                }
                done.push(task);
            }
            // Several are mostly refused for the same reason.
            Err(failure) => {
                let told = refused
                    .iter()
                    .any(|one| one.to_string() == failure.to_string());
                if !told {
                    refused.push(failure);
                }
            }
        }
    }
    done.sort_by_key(|task| task.id);
    if !json && !done.is_empty() {
        print_summary(&done);
    }
    let succeeded = done
        .iter()
        .filter(|task| task.status == TaskStatus::Completed)
        .count();
    // The last one ends the command when there is nothing else to tell.
    let last = if done.is_empty() { refused.pop() } else { None };
    for failure in &refused {
        output::note(&plain(&failure.to_string()));
    }
    match last {
        Some(failure) => Err(failure),
        _ if succeeded == all => Ok(()),
        _ => Err(Failure::Failed(format!(
            "{succeeded} of {all} tasks are completed"
        ))),
    }
}

async fn one(
    (client, turn): (&Client, &tokio::sync::Semaphore),
    json: bool,
    (number, all): (usize, usize),
    request: DelegateRequest,
) -> Result<Task, Failure> {
    let call = Call::new(Method::POST, "/api/delegate")
        .json(&request)?
        .header("idempotency-key", uuid::Uuid::new_v4().to_string());
    let mine = turn.acquire().await;
    let task: Task = client.fetch(call).await?;
    drop(mine);
    let tell = |task: &Task| {
        if json {
            return;
        }
        let by = task
            .agent_id
            .as_deref()
            .map_or(String::new(), |id| format!(" by {id}"));
        let stat = task
            .result
            .as_ref()
            .and_then(|result| result.diff_stat.as_deref());
        let said = match task.status {
            TaskStatus::Failed => task.error.as_deref().or(task.reason.as_deref()),
            _ => stat,
        };
        let stat = said.map_or(String::new(), |said| format!(": {}", plain(said)));
        output::note(&format!(
            "[{number}/{all}] task {} is {}{by}{stat}: {}",
            task.id,
            status::word(task.status),
            plain(&task.title)
        ));
    };
    tell(&task);
    delegate::wait_telling(client, task, tell).await
}

fn print_summary(tasks: &[Task]) {
    let row = |task: &Task| {
        let stat = task
            .result
            .as_ref()
            .and_then(|result| result.diff_stat.clone());
        vec![
            task.id.to_string(),
            status::word(task.status),
            task.agent_id.clone().unwrap_or_default(),
            span(task.elapsed_ms),
            stat.unwrap_or_default(),
            plain(&task.title),
        ]
    };
    let rows: Vec<_> = tasks.iter().map(row).collect();
    let head = ["TASK", "STATUS", "AGENT", "FOR", "CHANGES", "TITLE"];
    output::print_table(&head, &rows, |row, column| {
        match (column, tasks[row].status) {
            (1, TaskStatus::Completed) => Tone::Good,
            (1, _) => Tone::Bad,
            _ => Tone::Plain,
        }
    });
}

/// The first agent CLI that is ready here.
async fn usual_kind(client: &Client) -> Result<String, Failure> {
    let page: Page<AgentKind> = client.get("/api/agent-kinds").await?;
    let ready = |kind: &&AgentKind| kind.ready && kind.kind != "shell";
    let found = page.items.iter().find(ready);
    found.map(|kind| kind.kind.clone()).ok_or_else(|| {
        Failure::Usage(
            "no agent CLI is ready; say which with --kind or --specialist (orchestra doctor helps)"
                .into(),
        )
    })
}

/// Prints what tasks or agents came to.
///
/// # Errors
/// When the daemon is not reachable or refuses, or there is no such task or agent.
pub async fn collect(args: &CollectArgs) -> Result<(), Failure> {
    let client = args.connection.living_client().await?;
    let json = args.connection.json;
    let worktrees: Vec<Worktree> = client.list("/api/worktrees?status=false").await?;
    if args.ids.is_empty() {
        let tasks: Vec<Task> = client.list("/api/tasks").await?;
        let mut any = false;
        for task in tasks.iter().rev() {
            if let Some(worktree) = worktree_of(task, &worktrees) {
                any = true;
                show_task(&client, args, task, Some(worktree)).await?;
            }
        }
        if !any && !json {
            output::line(
                "No task has a worktree. Give numbers of tasks, or begin with: orchestra spawn \"…\" \"…\" --worktree",
            );
        }
        return Ok(());
    }
    for id in &args.ids {
        if let Ok(number) = id.parse::<i64>() {
            let task: Task = client.get(format!("/api/tasks/{number}")).await?;
            show_task(&client, args, &task, worktree_of(&task, &worktrees)).await?;
        } else {
            show_agent(&client, args, id, &worktrees).await?;
        }
    }
    Ok(())
}

fn worktree_of<'a>(task: &Task, worktrees: &'a [Worktree]) -> Option<&'a Worktree> {
    let named = task
        .result
        .as_ref()
        .and_then(|result| result.worktree_id.as_deref());
    worktrees.iter().find(|one| match named {
        Some(id) => one.id == id,
        None => task.agent_id.is_some() && one.agent_id == task.agent_id,
    })
}

async fn show_task(
    client: &Client,
    args: &CollectArgs,
    task: &Task,
    worktree: Option<&Worktree>,
) -> Result<(), Failure> {
    let diff = changes(client, worktree).await?;
    if args.connection.json {
        output::json(&json!({ "task": task, "worktree": worktree, "diff": diff }));
        return Ok(());
    }
    output::line(&format!("== task {}: {}", task.id, plain(&task.title)));
    status::show(task, false);
    show_changes(args, worktree, diff.as_ref());
    show_open(client, worktree).await
}

async fn show_agent(
    client: &Client,
    args: &CollectArgs,
    id: &str,
    worktrees: &[Worktree],
) -> Result<(), Failure> {
    let id = values::agent(id)?;
    let page: Page<Message> = client.get(format!("/api/agents/{id}/messages")).await?;
    let answers = page
        .items
        .iter()
        .filter(|message| message.author == Author::Assistant);
    let last = answers.max_by_key(|message| message.created_at);
    let worktree = worktrees
        .iter()
        .find(|one| one.agent_id.as_deref() == Some(id.as_str()));
    let diff = changes(client, worktree).await?;
    if args.connection.json {
        output::json(
            &json!({ "agent_id": id.as_str(), "message": last, "worktree": worktree, "diff": diff }),
        );
        return Ok(());
    }
    output::line(&format!("== {id}"));
    match last {
        Some(message) => output::line(&output::plain_lines(&message.text)),
        None => output::line("It has not answered anything."),
    }
    show_changes(args, worktree, diff.as_ref());
    show_open(client, worktree).await
}

async fn changes(
    client: &Client,
    worktree: Option<&Worktree>,
) -> Result<Option<WorktreeDiff>, Failure> {
    let Some(worktree) = worktree else {
        return Ok(None);
    };
    match patch::fetch(client, &worktree.id, "all", None).await {
        Ok(diff) => Ok(Some(diff)),
        // Its folder is gone, or git cannot say: the result is shown all the same.
        Err(Failure::Problem(problem)) if problem.status == 409 => {
            output::note(&format!("{}: {}", worktree.name, plain(&problem.detail)));
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

fn show_changes(args: &CollectArgs, worktree: Option<&Worktree>, diff: Option<&WorktreeDiff>) {
    if let (Some(worktree), Some(diff)) = (worktree, diff) {
        output::line(&format!(
            "-- {} on {}",
            plain(&worktree.path),
            plain(&worktree.branch)
        ));
        output::text(&patch::stat(diff));
        if !args.stat {
            output::text(&patch::text(diff));
        }
    }
}

/// Says what a merge would not take, because nobody committed it.
async fn show_open(client: &Client, worktree: Option<&Worktree>) -> Result<(), Failure> {
    let Some(worktree) = worktree else {
        return Ok(());
    };
    let one: Worktree = client
        .get(format!("/api/worktrees/{}", worktree.id))
        .await?;
    let open = one.status.map_or(0, |status| status.uncommitted_count);
    if open > 0 {
        output::line(&format!(
            "Not committed yet: {}. Commit with: orchestra worktrees commit {} -m \"…\"",
            output::counted(u64::from(open), "file"),
            one.name
        ));
    }
    Ok(())
}
