//! The tools themselves: each is one or a few requests to the API.

use super::args::{ListAgentsArgs, SendMessageArgs, TaskStatusArgs, WaitTaskArgs};
use super::requests::{HOLD, Requests};
use super::{Answer, ToolError, Transport, words};
use crate::model::ids::AgentId;
use orchestra_protocol::agent::{Agent, AgentKind};
use orchestra_protocol::event::Page;
use orchestra_protocol::message::{Message, MessageRequest};
use orchestra_protocol::task::{Declared, DelegateRequest, PlanRequest, Task};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// How long `delegate` and `wait_task` wait at most.
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// One question to the daemon stays open this long; a restart costs no more than that.
const SLICE: Duration = Duration::from_secs(25);
/// Pause after an answer that came at once and says "not yet".
const BREATH: Duration = Duration::from_millis(250);

/// Runs the tool of that name.
pub async fn run<T: Transport>(
    requests: &Requests<'_, T>,
    name: &str,
    arguments: Value,
) -> Result<Answer, ToolError> {
    match name {
        "delegate" => delegate(requests, read(arguments)?).await,
        "propose_plan" => propose_plan(requests, read(arguments)?).await,
        "task_status" => task_status(requests, read(arguments)?).await,
        "wait_task" => wait_task(requests, read(arguments)?).await,
        "list_agents" => list_agents(requests, read(arguments)?).await,
        "send_message" => send_message(requests, read(arguments)?).await,
        "report_result" => report_result(requests, read(arguments)?).await,
        other => Err(ToolError::Arguments(format!(
            "There is no tool {other:?}; the tools are delegate, propose_plan, task_status, \
             wait_task, list_agents, send_message and report_result."
        ))),
    }
}

fn read<A: DeserializeOwned>(arguments: Value) -> Result<A, ToolError> {
    serde_json::from_value(arguments)
        .map_err(|error| ToolError::Arguments(format!("The arguments are not right: {error}.")))
}

async fn delegate<T: Transport>(
    requests: &Requests<'_, T>,
    mut request: DelegateRequest,
) -> Result<Answer, ToolError> {
    if request.task.trim().is_empty() {
        return Err(ToolError::Arguments(
            "`task` must say what is to be done.".into(),
        ));
    }
    // The waiting is done here, in slices, so that a restart of the daemon cuts none of it.
    let wait = request
        .wait_ms
        .take()
        .map_or(LONGEST_WAIT, Duration::from_millis);
    let task: Task = requests.post("/api/delegate", &request).await?;
    finish(requests, task, wait).await
}

async fn wait_task<T: Transport>(
    requests: &Requests<'_, T>,
    args: WaitTaskArgs,
) -> Result<Answer, ToolError> {
    let wait = args.timeout_ms.map_or(LONGEST_WAIT, Duration::from_millis);
    let task: Task = requests
        .get(&format!("/api/tasks/{}", args.task_id))
        .await?;
    finish(requests, task, wait).await
}

async fn task_status<T: Transport>(
    requests: &Requests<'_, T>,
    args: TaskStatusArgs,
) -> Result<Answer, ToolError> {
    let task: Task = requests
        .get(&format!("/api/tasks/{}", args.task_id))
        .await?;
    Ok(words::task(&task))
}

/// Waits for the end of a task and tells it; the same task whatever happens meanwhile.
async fn finish<T: Transport>(
    requests: &Requests<'_, T>,
    mut task: Task,
    wait: Duration,
) -> Result<Answer, ToolError> {
    let begin = Instant::now();
    let end = begin + wait.min(LONGEST_WAIT);
    while !task.status.is_final() {
        let asked = Instant::now();
        let left = end.saturating_duration_since(asked);
        if left.is_zero() {
            break;
        }
        let slice = left.min(SLICE).as_millis();
        let path = format!("/api/tasks/{}/wait?timeout_ms={slice}", task.id);
        task = requests.get_until(&path, asked + left.max(HOLD)).await?;
        if !task.status.is_final() {
            requests
                .progress(begin.elapsed().as_secs_f64(), words::progress(&task))
                .await;
            if asked.elapsed() < BREATH {
                requests.pause(BREATH).await?;
            }
        }
    }
    Ok(words::task(&task))
}

async fn propose_plan<T: Transport>(
    requests: &Requests<'_, T>,
    plan: PlanRequest,
) -> Result<Answer, ToolError> {
    if plan.tasks.is_empty() || plan.tasks.len() > 20 {
        return Err(ToolError::Arguments(
            "A plan has one to twenty `tasks`.".into(),
        ));
    }
    let made: Page<Task> = requests.post("/api/plans", &plan).await?;
    let ids: Vec<i64> = made.items.iter().map(|task| task.id).collect();
    let list: Vec<Value> = made.items.iter().map(words::brief).collect();
    let note = "The plan waits for the user's approval. End your turn now; the results come to you as messages.";
    Ok(Answer {
        text: format!("Tasks {ids:?} are proposed. {note}"),
        facts: json!({ "task_ids": ids, "tasks": list, "note": note }),
        failed: false,
    })
}

async fn list_agents<T: Transport>(
    requests: &Requests<'_, T>,
    args: ListAgentsArgs,
) -> Result<Answer, ToolError> {
    let page: Page<Agent> = requests.get("/api/agents?limit=200").await?;
    // Which specialists exist helps, but its absence must not hide the agents.
    let kinds: Option<Page<AgentKind>> = requests.get("/api/agent-kinds").await.ok();
    let shown = page
        .items
        .iter()
        .filter(|agent| args.ended || !agent.status.is_final());
    let agents: Vec<Value> = shown.map(words::agent).collect();
    let specialists = words::specialists(&kinds.map(|page| page.items).unwrap_or_default());
    let facts = json!({ "agents": agents, "specialists": specialists });
    Ok(Answer {
        text: serde_json::to_string_pretty(&facts).unwrap_or_default(),
        facts,
        failed: false,
    })
}

async fn send_message<T: Transport>(
    requests: &Requests<'_, T>,
    args: SendMessageArgs,
) -> Result<Answer, ToolError> {
    let id = AgentId::parse(&args.agent_id).map_err(|error| {
        ToolError::Arguments(format!("{:?} is no agent id: {error}.", args.agent_id))
    })?;
    let request = MessageRequest {
        text: args.text,
        client_id: Some(requests.key.clone()),
        as_command: None,
    };
    let message: Message = requests
        .post(&format!("/api/agents/{id}/messages"), &request)
        .await?;
    Ok(words::message(&message))
}

async fn report_result<T: Transport>(
    requests: &Requests<'_, T>,
    report: Declared,
) -> Result<Answer, ToolError> {
    if report.summary.trim().is_empty() {
        return Err(ToolError::Arguments(
            "`summary` must say what came of the task.".into(),
        ));
    }
    let task: Option<Task> = requests.post("/api/report", &report).await?;
    let id = task.map(|task| task.id);
    let text = "The report is recorded. Say the outcome in one sentence and end your turn.";
    Ok(Answer {
        facts: json!({ "task_id": id, "recorded": true, "note": text }),
        text: text.to_owned(),
        failed: false,
    })
}
