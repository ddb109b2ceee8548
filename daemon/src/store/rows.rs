//! Rows as the tables hold them, and their way to the wire types.

use super::{StoreError, json, unword};
use crate::model::budget;
use crate::model::ids::AgentId;
use orchestra_protocol::agent::{Activity, Agent, RestartPolicy, Size, Usage};
use orchestra_protocol::budget::{Budget, BudgetState, Spent};
use orchestra_protocol::message::Message;
use orchestra_protocol::task::{Attempt, Declared, DelegateRequest, Task, TaskClass, TaskResult};
use orchestra_protocol::time::Timestamp;
use sqlx::FromRow;
use std::path::Path;

/// One agent with everything that the wire does not show.
#[derive(Debug, Clone, FromRow)]
pub struct AgentRow {
    pub id: String,
    pub session_id: String,
    pub kind: String,
    pub specialist: Option<String>,
    pub name: String,
    pub title: String,
    pub role: String,
    pub owner: String,
    pub owner_name: String,
    pub parent: Option<String>,
    pub cwd: String,
    pub worktree_id: Option<String>,
    pub status: String,
    pub reason: Option<String>,
    pub pid: Option<i64>,
    pub restarts: i64,
    pub cols: i64,
    pub rows: i64,
    pub activity: String,
    pub task_id: Option<i64>,
    pub timeout_ms: Option<i64>,
    pub quota_until: Option<i64>,
    pub restart: String,
    pub crashes: i64,
    pub restart_at: Option<i64>,
    pub depth: i64,
    pub root: String,
    pub cli_session: Option<String>,
    pub transcript: Option<String>,
    pub last_transcript: Option<String>,
    pub usage: String,
    pub budget: String,
    pub spent: String,
    pub budget_state: String,
    pub budget_since: Option<i64>,
    pub worked_ms: i64,
    pub worked_to: Option<i64>,
    pub stopping: Option<i64>,
    pub exit_code: Option<i64>,
    pub signal: Option<i64>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
}

/// An agent as the store knows it: the wire's view and what only the daemon needs.
#[derive(Debug, Clone)]
pub struct StoredAgent {
    pub id: AgentId,
    pub view: Agent,
    /// How many delegations lie between it and a person.
    pub depth: i64,
    /// The first agent of its tree.
    pub root: String,
    /// Ends it as `timeout` this long after its start.
    pub timeout_ms: Option<i64>,
    /// Its quota is used up until then.
    pub quota_until: Option<Timestamp>,
    /// What it does after a crash.
    pub restart: RestartPolicy,
    /// How often it crashed in a row.
    pub crashes: i64,
    /// The CLI's own name for the conversation.
    pub cli_session: Option<String>,
    /// The CLI's own session file.
    pub transcript: Option<String>,
    /// The file of the conversation that it was started to go on with.
    pub last_transcript: Option<String>,
    /// What it may spend.
    pub budget: Budget,
    /// What it has spent.
    pub spent: Spent,
    pub budget_state: BudgetState,
    /// Held since then, because its budget is spent.
    pub held: Option<Timestamp>,
    pub worked: Worked,
    /// Its present turn is to be ended since then.
    pub stopping: Option<Timestamp>,
}

/// How long an agent has worked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Worked {
    /// Milliseconds that are counted.
    pub ms: i64,
    /// Up to when, while it works.
    pub to: Option<Timestamp>,
}

impl StoredAgent {
    /// The CLI's file of its conversation, also while that has not been taken up again.
    pub fn conversation_file(&self) -> Option<&Path> {
        let file = self
            .transcript
            .as_deref()
            .or(self.last_transcript.as_deref());
        file.map(Path::new)
    }
}

impl AgentRow {
    /// Reads the text columns.
    pub(in crate::store) fn read(self) -> Result<StoredAgent, StoreError> {
        let activity: Activity = json("activity", &self.activity)?;
        let usage: Usage = match self.usage.as_str() {
            "{}" => Usage::default(),
            text => json("usage", text)?,
        };
        let limit: Budget = json("budget", &self.budget)?;
        let spent: Spent = json("spending", &self.spent)?;
        let budget_state: BudgetState = unword("budget state", self.budget_state)?;
        let view = Agent {
            id: self.id.clone(),
            session_id: self.session_id,
            kind: self.kind,
            specialist: self.specialist,
            name: self.name,
            title: self.title,
            role: unword("agent role", self.role)?,
            owner: self.owner,
            owner_name: self.owner_name,
            parent: self.parent,
            cwd: self.cwd,
            worktree_id: self.worktree_id,
            status: unword("agent status", self.status)?,
            reason: self.reason,
            pid: self.pid.and_then(|pid| i32::try_from(pid).ok()),
            restarts: u32::try_from(self.restarts).unwrap_or_default(),
            restart_at: self.restart_at.map(Timestamp),
            size: Size {
                cols: u16::try_from(self.cols).unwrap_or(120),
                rows: u16::try_from(self.rows).unwrap_or(40),
            },
            activity,
            task_id: self.task_id,
            created_at: Timestamp(self.created_at),
            started_at: self.started_at.map(Timestamp),
            ended_at: self.ended_at.map(Timestamp),
            exit_code: self.exit_code.and_then(|code| i32::try_from(code).ok()),
            signal: self.signal.and_then(|signal| i32::try_from(signal).ok()),
            usage,
            budget: budget::report(limit, spent, budget_state),
        };
        let id = AgentId::parse(&self.id).map_err(|_| StoreError::NotFound("agent"))?;
        Ok(StoredAgent {
            id,
            view,
            depth: self.depth,
            root: self.root,
            timeout_ms: self.timeout_ms,
            quota_until: self.quota_until.map(Timestamp),
            restart: unword("restart policy", self.restart)?,
            crashes: self.crashes,
            cli_session: self.cli_session,
            transcript: self.transcript,
            last_transcript: self.last_transcript,
            budget: limit,
            spent,
            budget_state,
            held: self
                .budget_since
                .filter(|_| budget_state == BudgetState::Spent)
                .map(Timestamp),
            worked: Worked {
                ms: self.worked_ms,
                to: self.worked_to.map(Timestamp),
            },
            stopping: self.stopping.map(Timestamp),
        })
    }
}

/// One message with its delivery state.
#[derive(Debug, Clone, FromRow)]
pub struct MessageRow {
    pub id: String,
    pub agent_id: String,
    pub author: String,
    pub sender: String,
    pub owner: String,
    pub text: String,
    pub as_command: i64,
    pub status: String,
    pub reason: Option<String>,
    pub evidence: Option<String>,
    pub reply_to: Option<String>,
    pub actions: String,
    pub task_id: Option<i64>,
    pub tries: i64,
    pub nudges: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

/// A message as the store knows it.
#[derive(Debug, Clone)]
pub struct StoredMessage {
    pub view: Message,
    pub owner: String,
    /// The sender may let `/` and `!` act.
    pub as_command: bool,
    /// The task whose prompt it is.
    pub task_id: Option<i64>,
    /// How often Enter was pressed for it.
    pub tries: i64,
    /// How often its agent was stuck on it and was nudged.
    pub nudges: i64,
}

impl MessageRow {
    pub(in crate::store) fn read(self) -> Result<StoredMessage, StoreError> {
        Ok(StoredMessage {
            view: Message {
                id: self.id,
                agent_id: self.agent_id,
                author: unword("author", self.author)?,
                sender: self.sender,
                text: self.text,
                status: unword("message status", self.status)?,
                reason: self.reason,
                evidence: self.evidence,
                reply_to: self.reply_to,
                actions: json("actions", &self.actions)?,
                created_at: Timestamp(self.created_at),
                updated_at: Timestamp(self.updated_at),
            },
            owner: self.owner,
            as_command: self.as_command != 0,
            task_id: self.task_id,
            tries: self.tries,
            nudges: self.nudges,
        })
    }
}

/// One task without its attempts.
#[derive(Debug, Clone, FromRow)]
pub struct TaskRow {
    pub id: i64,
    pub title: String,
    pub prompt: String,
    pub status: String,
    pub reason: Option<String>,
    pub request: String,
    pub agent_id: Option<String>,
    pub kind: Option<String>,
    pub specialist: Option<String>,
    pub parent_task_id: Option<i64>,
    pub caller_agent: Option<String>,
    pub requested_by: String,
    pub owner: String,
    pub depth: i64,
    pub root: String,
    pub attempt: i64,
    pub result: Option<String>,
    pub declared: Option<String>,
    pub error: Option<String>,
    pub class: Option<String>,
    pub budget: String,
    pub spent: String,
    pub budget_state: String,
    pub handed_over: i64,
    pub deadline: Option<i64>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
}

/// A task as the store knows it.
#[derive(Debug, Clone)]
pub struct StoredTask {
    pub view: Task,
    pub request: DelegateRequest,
    /// The agent that waits for the result.
    pub caller_agent: Option<String>,
    pub depth: i64,
    pub root: String,
    /// Number of the live attempt; 0 before the first.
    pub attempt: u32,
    pub declared: Option<Declared>,
    /// True once the caller has the result.
    pub handed_over: bool,
    pub deadline: Option<i64>,
    /// What kind of end it had last.
    pub class: Option<TaskClass>,
    /// What it may spend.
    pub budget: Budget,
    /// What it has spent.
    pub spent: Spent,
    pub budget_state: BudgetState,
}

impl TaskRow {
    pub(in crate::store) fn read(self, attempts: Vec<Attempt>) -> Result<StoredTask, StoreError> {
        let now = Timestamp::now();
        let end = self.ended_at.map_or(now, Timestamp);
        let begin = Timestamp(self.started_at.unwrap_or(self.created_at));
        let result: Option<TaskResult> = match &self.result {
            Some(text) => Some(json("task result", text)?),
            None => None,
        };
        let declared = match &self.declared {
            Some(text) => Some(json("declared result", text)?),
            None => None,
        };
        let class = self.class.map(|word| unword("task class", word));
        let class: Option<TaskClass> = class.transpose()?;
        let limit: Budget = json("budget", &self.budget)?;
        let spent: Spent = json("spending", &self.spent)?;
        let budget_state: BudgetState = unword("budget state", self.budget_state)?;
        Ok(StoredTask {
            view: Task {
                id: self.id,
                title: self.title,
                prompt: self.prompt,
                status: unword("task status", self.status)?,
                reason: self.reason,
                agent_id: self.agent_id,
                kind: self.kind,
                specialist: self.specialist,
                parent_task_id: self.parent_task_id,
                requested_by: self.requested_by,
                owner: self.owner,
                attempts,
                result,
                error: self.error,
                class: class.filter(|_| self.ended_at.is_some()),
                budget: budget::report(limit, spent, budget_state),
                elapsed_ms: end.since(begin),
                created_at: Timestamp(self.created_at),
                ended_at: self.ended_at.map(Timestamp),
            },
            request: json("delegation", &self.request)?,
            caller_agent: self.caller_agent,
            depth: self.depth,
            root: self.root,
            attempt: u32::try_from(self.attempt).unwrap_or_default(),
            declared,
            handed_over: self.handed_over != 0,
            deadline: self.deadline,
            class,
            budget: limit,
            spent,
            budget_state,
        })
    }
}

/// One attempt.
#[derive(Debug, Clone, FromRow)]
pub struct AttemptRow {
    pub task_id: i64,
    pub number: i64,
    pub agent_id: Option<String>,
    pub status: String,
    pub reason: Option<String>,
    pub started_at: i64,
    pub ended_at: Option<i64>,
}

impl AttemptRow {
    pub(in crate::store) fn read(self) -> Result<Attempt, StoreError> {
        Ok(Attempt {
            number: u32::try_from(self.number).unwrap_or_default(),
            agent_id: self.agent_id,
            status: unword("attempt status", self.status)?,
            reason: self.reason,
            started_at: Timestamp(self.started_at),
            ended_at: self.ended_at.map(Timestamp),
        })
    }
}
