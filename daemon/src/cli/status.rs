//! `orchestra status` and `orchestra tasks`: what goes on, as tables or JSON.

use super::client::Client;
use super::connection::Connection;
use super::failure::Failure;
use super::output::{self, Tone, age, plain, plain_lines, span, toned};
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
    /// Stays and follows every change, until Ctrl-C.
    #[arg(long, short)]
    pub watch: bool,
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

/// What `orchestra status` shows.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// Newest first.
    pub agents: Vec<Agent>,
    pub tasks: BTreeMap<i64, TaskStatus>,
}

impl Board {
    /// Reads the lists.
    ///
    /// # Errors
    /// When the daemon is not reachable or refuses.
    pub(super) async fn read(client: &Client) -> Result<Self, Failure> {
        let tasks: Vec<Task> = client.list("/api/tasks").await?;
        Ok(Self {
            agents: client.list("/api/agents").await?,
            tasks: tasks
                .into_iter()
                .map(|task| (task.id, task.status))
                .collect(),
        })
    }

    fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for status in self.tasks.values() {
            *counts.entry(word(*status)).or_default() += 1;
        }
        counts
    }

    fn shown(&self, all: bool) -> Vec<&Agent> {
        let wanted = |agent: &&Agent| all || !agent.status.is_final();
        self.agents.iter().filter(wanted).collect()
    }

    /// For a program, on one line.
    pub(super) fn json(&self, all: bool) -> serde_json::Value {
        json!({ "agents": self.shown(all), "tasks": self.counts() })
    }

    /// For a person.
    pub(super) fn text(&self, all: bool, width: usize, colours: bool) -> String {
        let agents = self.shown(all);
        let mut out = String::new();
        if agents.is_empty() {
            out.push_str(
                "No agent runs. Start one with: orchestra spawn KIND  (or chat with the primary in the page)\n",
            );
        } else {
            let rows: Vec<_> = agents.iter().map(|agent| row(agent)).collect();
            let head = ["ID", "KIND", "STATE", "SINCE", "TASK", "TITLE"];
            let tone = |row: usize, column| match column {
                2 => tone(agents[row]),
                3 => Tone::Dim,
                _ => Tone::Plain,
            };
            out.push_str(&toned(&head, &rows, width, colours, tone));
        }
        let each = |(status, count): (&String, &usize)| format!("{count} {status}");
        let counts: Vec<_> = self.counts().iter().map(each).collect();
        if !counts.is_empty() {
            out.push_str(&format!("\nTasks: {}\n", counts.join(", ")));
        }
        out
    }
}

/// Prints the agents, once or as they change.
///
/// # Errors
/// When the daemon is not reachable or refuses.
pub async fn status(args: &StatusArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    if args.watch {
        return super::watch::run(&client, args.all, args.connection.json).await;
    }
    let board = Board::read(&client).await?;
    if args.connection.json {
        output::json(&board.json(args.all));
    } else {
        output::text(&board.text(args.all, tty::width(), output::colours()));
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
    let head = ["TASK", "STATUS", "AGENT", "FOR", "TITLE"];
    output::print_table(&head, &rows, |row, column| {
        match (column, tasks[row].status) {
            (1, TaskStatus::Completed) => Tone::Good,
            (1, TaskStatus::Failed | TaskStatus::Timeout) => Tone::Bad,
            (1, TaskStatus::Waiting) => Tone::Needs,
            (1, TaskStatus::Running | TaskStatus::Assigned) => Tone::Busy,
            _ => Tone::Plain,
        }
    });
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

fn tone(agent: &Agent) -> Tone {
    match (agent.status, agent.activity.state) {
        (AgentStatus::Running, ActivityState::Waiting) => Tone::Needs,
        (AgentStatus::Running, ActivityState::Busy) | (AgentStatus::Starting, _) => Tone::Busy,
        (AgentStatus::Running, ActivityState::Idle) | (AgentStatus::Completed, _) => Tone::Good,
        (AgentStatus::Running, ActivityState::Unknown) => Tone::Plain,
        (AgentStatus::Killed, _) => Tone::Dim,
        (AgentStatus::Failed | AgentStatus::Timeout | AgentStatus::Lost, _) => Tone::Bad,
    }
}

fn state(agent: &Agent) -> String {
    let word = match agent.status {
        AgentStatus::Running => match (agent.activity.state, agent.activity.waiting_for) {
            (ActivityState::Idle, _) => "idle",
            (ActivityState::Busy, _) => "busy",
            (ActivityState::Waiting, Some(WaitingFor::Permission)) => "waits for permission",
            (ActivityState::Waiting, Some(WaitingFor::Question)) => "asks a question",
            (ActivityState::Waiting, Some(WaitingFor::Quota)) => "waits for quota",
            (ActivityState::Waiting, Some(WaitingFor::Budget)) => "waits for a budget",
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
