//! `orchestra status` and `orchestra tasks`: what goes on, as tables or JSON.

use super::connection::Connection;
use super::failure::Failure;
use super::output::{self, age, plain, plain_lines, span, table};
use super::tty;
use clap::Args;
use orchestra_protocol::agent::{ActivityState, Agent, AgentStatus, WaitingFor};
use orchestra_protocol::task::{Task, TaskStatus};
use serde_json::json;
use std::collections::BTreeMap;

/// Lists the agents and what each does.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Also those that have ended.
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub connection: Connection,
}

/// Lists tasks, or shows one with its result.
#[derive(Debug, Args)]
pub struct TasksArgs {
    /// Number of a task.
    pub id: Option<i64>,
    /// Also those that have ended.
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub connection: Connection,
}

/// Prints the agents.
///
/// # Errors
/// When the daemon is not reachable or refuses.
pub async fn status(args: &StatusArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    let mut agents: Vec<Agent> = client.list("/api/agents").await?;
    let tasks: Vec<Task> = client.list("/api/tasks").await?;
    agents.retain(|agent| args.all || !agent.status.is_final());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for task in &tasks {
        *counts.entry(word(task.status)).or_default() += 1;
    }
    if args.connection.json {
        output::json(&json!({ "agents": agents, "tasks": counts }));
        return Ok(());
    }
    if agents.is_empty() {
        output::line(
            "No agent runs. Start one with: orchestra spawn KIND  (or chat with the primary in the page)",
        );
    } else {
        let rows: Vec<_> = agents.iter().map(row).collect();
        let head = ["ID", "KIND", "STATE", "SINCE", "TASK", "TITLE"];
        output::text(&table(&head, &rows, tty::width()));
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    if !counts.is_empty() {
        output::line(&format!("\nTasks: {}", counts.join(", ")));
    }
    Ok(())
}

/// Prints tasks.
///
/// # Errors
/// When the daemon is not reachable or refuses, or there is no such task.
pub async fn tasks(args: &TasksArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    if let Some(id) = args.id {
        let task: Task = client.get(format!("/api/tasks/{id}")).await?;
        show(&task, args.connection.json);
        return Ok(());
    }
    let mut tasks: Vec<Task> = client.list("/api/tasks").await?;
    tasks.retain(|task| args.all || !task.status.is_final());
    if args.connection.json {
        tasks.iter().for_each(output::json);
        return Ok(());
    }
    if tasks.is_empty() {
        output::line(
            "No task is open. Delegate one with: orchestra delegate --specialist NAME \"...\"",
        );
        return Ok(());
    }
    let each = |task: &Task| {
        vec![
            task.id.to_string(),
            word(task.status),
            task.agent_id
                .clone()
                .or_else(|| task.specialist.clone())
                .unwrap_or_default(),
            span(task.elapsed_ms),
            plain(&task.title),
        ]
    };
    let rows: Vec<_> = tasks.iter().map(each).collect();
    output::text(&table(
        &["TASK", "STATUS", "AGENT", "FOR", "TITLE"],
        &rows,
        tty::width(),
    ));
    Ok(())
}

/// One task with its result, for people or as JSON.
pub fn show(task: &Task, json: bool) {
    if json {
        output::json(task);
        return;
    }
    let by = task
        .agent_id
        .as_deref()
        .map(|id| format!(" by {id}"))
        .unwrap_or_default();
    let why = task
        .reason
        .as_deref()
        .map(|why| format!(" ({})", plain(why)))
        .unwrap_or_default();
    output::line(&format!(
        "Task {} is {}{by} after {}{why}",
        task.id,
        word(task.status),
        span(task.elapsed_ms)
    ));
    if let Some(error) = &task.error {
        output::line(&plain_lines(error));
    }
    if let Some(result) = &task.result {
        output::line(&format!("\n{}", plain_lines(&result.text)));
        for file in &result.files {
            output::line(&format!("  changed: {}", plain(file)));
        }
    }
}

/// The wire's word for a task's status.
pub fn word(status: TaskStatus) -> String {
    let value = serde_json::to_value(status).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn row(agent: &Agent) -> Vec<String> {
    let since = match agent.status {
        AgentStatus::Running => agent.activity.since,
        _ => agent
            .ended_at
            .or(agent.started_at)
            .unwrap_or(agent.created_at),
    };
    vec![
        agent.id.clone(),
        agent.specialist.clone().map_or_else(
            || agent.kind.clone(),
            |name| format!("{name} ({})", agent.kind),
        ),
        state(agent),
        age(since),
        agent.task_id.map(|id| id.to_string()).unwrap_or_default(),
        plain(&agent.title),
    ]
}

fn state(agent: &Agent) -> String {
    let word = match agent.status {
        AgentStatus::Running => match (agent.activity.state, agent.activity.waiting_for) {
            (ActivityState::Idle, _) => "idle",
            (ActivityState::Busy, _) => "busy",
            (ActivityState::Waiting, Some(WaitingFor::Permission)) => "waits for permission",
            (ActivityState::Waiting, Some(WaitingFor::Question)) => "asks a question",
            (ActivityState::Waiting, Some(WaitingFor::Quota)) => "waits for quota",
            (ActivityState::Waiting, None) => "waits",
            (ActivityState::Unknown, _) => "running",
        },
        AgentStatus::Starting => "starting",
        AgentStatus::Completed => "completed",
        AgentStatus::Failed => "failed",
        AgentStatus::Timeout => "timeout",
        AgentStatus::Killed => "killed",
        AgentStatus::Lost => "lost",
    };
    word.to_owned()
}
