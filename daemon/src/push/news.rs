//! What of the feed is worth a telling, and in which words. Words of ours, ids and
//! numbers only: a notification lies on a locked screen, and what an agent or a person
//! wrote may hold a secret. Pure.

use crate::model::ids::AgentId;
use crate::store::events::Entry;
use crate::store::push_log::News;
use orchestra_protocol::agent::{Agent, AgentRole, AgentStatus, WaitingFor};
use orchestra_protocol::approval::{Approval, ApprovalForm};
use orchestra_protocol::budget::{BudgetReport, BudgetState};
use orchestra_protocol::event::EventBody;
use orchestra_protocol::message::{Action, Author, Message, MessageStatus};
use orchestra_protocol::push::{PushKind, PushPayload};
use orchestra_protocol::task::{Task, TaskStatus};
use orchestra_protocol::time::Timestamp;

/// A telling that nobody fetched for this long is old.
const KEPT_MS: i64 = 24 * 3_600_000;

/// An agent says that it waits a moment before its approval is there, which tells more.
const MOMENT_MS: i64 = 2_000;

/// What the store has to say before it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unless {
    /// Told whatever else is so.
    Never,
    /// Not when this answers something else than a person's message, unless the agent is
    /// the one that its person talks with.
    NotForPerson {
        agent: String,
        reply_to: Option<String>,
    },
}

/// The news in an entry; most have none.
pub fn of(entry: &Entry) -> Option<(News, Unless)> {
    let at = entry.event.at;
    match &entry.event.body {
        EventBody::Approval { approval } => asked(approval, at).map(|news| (news, Unless::Never)),
        EventBody::Agent { agent } => agent_news(agent, at),
        EventBody::Task { task } => task_news(task, at).map(|news| (news, Unless::Never)),
        EventBody::Message { message } => message_news(message, at),
        // Nobody waits for it; what an agent did in it is told as its turn or task.
        EventBody::Worktree { .. } => None,
    }
}

fn asked(approval: &Approval, at: Timestamp) -> Option<News> {
    let agent = &approval.agent_id;
    if approval.state.is_final() {
        return Some(settled(approval, at));
    }
    let (kind, title) = match approval.form {
        ApprovalForm::Permission => (PushKind::Approval, format!("{agent} asks for permission")),
        ApprovalForm::Question => (PushKind::Question, format!("{agent} has a question")),
    };
    let payload = PushPayload {
        kind,
        title,
        body: match approval.form {
            ApprovalForm::Permission => format!("It wants to use {}.", tool(&approval.tool)),
            ApprovalForm::Question => "It waits for your answer.".into(),
        },
        link: "/approvals".into(),
        tag: format!("approval-{}", approval.id),
        at,
    };
    Some(News {
        fact: asked_fact(&approval.id),
        payload,
        approval: Some(approval.id.clone()),
        agent: None,
        not_before: at,
        expires_at: Timestamp(approval.expires_at.0.min(at.0 + KEPT_MS)),
    })
}

/// What tells a browser that the approval waits.
pub fn asked_fact(approval: &str) -> String {
    format!("approval:{approval}")
}

/// Takes the telling of an approval back, from those browsers that were told.
fn settled(approval: &Approval, at: Timestamp) -> News {
    let payload = PushPayload {
        kind: PushKind::Withdrawn,
        title: format!("{} does not wait any more", approval.agent_id),
        body: "It was answered somewhere else.".into(),
        link: "/approvals".into(),
        tag: format!("approval-{}", approval.id),
        at,
    };
    News {
        approval: Some(approval.id.clone()),
        ..news(format!("over:{}", approval.id), payload)
    }
}

/// The tool's name, which the CLI gives; whatever else it might give is not shown.
fn tool(name: &str) -> &str {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    if !name.is_empty() && name.len() <= 60 && name.chars().all(plain) {
        name
    } else {
        "a tool"
    }
}

fn agent_news(agent: &Agent, at: Timestamp) -> Option<(News, Unless)> {
    let id = &agent.id;
    let link = format!("/agents/{id}");
    if agent.status.is_final() {
        let title = match agent.status {
            AgentStatus::Failed => format!("{id} failed"),
            AgentStatus::Lost => format!("{id} was lost"),
            AgentStatus::Timeout => format!("{id} ran out of time"),
            _ => return None,
        };
        // What becomes of its task is told as the task's own end.
        if agent.task_id.is_some() {
            return None;
        }
        let payload = PushPayload {
            kind: PushKind::Failure,
            title,
            body: "Its terminal shows the last it said.".into(),
            link,
            tag: format!("agent-{id}"),
            at,
        };
        let fact = format!("ended:{id}:{}", agent.restarts);
        return Some((news(fact, payload), Unless::Never));
    }
    let Some(waiting_for) = agent.activity.waiting_for else {
        let near = near(agent.budget.as_ref(), id, &link, &format!("agent-{id}"), at);
        return near.map(|news| (news, Unless::Never));
    };
    let (kind, title, body) = match waiting_for {
        WaitingFor::Permission => (
            PushKind::Approval,
            format!("{id} asks for permission"),
            "It asks in its terminal.",
        ),
        WaitingFor::Question => (
            PushKind::Question,
            format!("{id} has a question"),
            "It asks in its terminal.",
        ),
        WaitingFor::Quota => (
            PushKind::Failure,
            format!("{id} is at its limit"),
            "Its provider lets it go on later.",
        ),
        WaitingFor::Budget => (
            PushKind::Failure,
            format!("{id} has spent its budget"),
            "It goes on when you raise it.",
        ),
    };
    let payload = PushPayload {
        kind,
        title,
        body: body.into(),
        link,
        tag: format!("agent-{id}"),
        at,
    };
    let fact = format!("waits:{id}:{}", agent.activity.since.0);
    let news = News {
        agent: Some(id.clone()),
        not_before: Timestamp(at.0 + MOMENT_MS),
        ..news(fact, payload)
    };
    Some((news, Unless::Never))
}

/// A budget that is nearly spent: told once for each limit.
fn near(
    budget: Option<&BudgetReport>,
    whose: &str,
    link: &str,
    tag: &str,
    at: Timestamp,
) -> Option<News> {
    let report = budget.filter(|report| report.state == BudgetState::Near)?;
    let limit = serde_json::to_string(&report.limit).ok()?;
    let payload = PushPayload {
        kind: PushKind::Failure,
        title: format!("{whose} has nearly spent its budget"),
        body: format!("{:.0} % of it is gone.", report.share * 100.0),
        link: link.to_owned(),
        tag: tag.to_owned(),
        at,
    };
    Some(news(format!("near:{whose}:{limit}"), payload))
}

fn task_news(task: &Task, at: Timestamp) -> Option<News> {
    // An agent that handed it on hears of it itself and says what came of it.
    if AgentId::parse(&task.requested_by).is_ok() {
        return None;
    }
    let id = task.id;
    let (kind, title) = match task.status {
        TaskStatus::Completed => (PushKind::Result, format!("Task {id} is done")),
        TaskStatus::Failed => (PushKind::Failure, format!("Task {id} failed")),
        TaskStatus::Timeout => (PushKind::Failure, format!("Task {id} ran out of time")),
        TaskStatus::Assigned | TaskStatus::Running => {
            let (whose, link) = (format!("Task {id}"), format!("/tasks/{id}"));
            return near(
                task.budget.as_ref(),
                &whose,
                &link,
                &format!("task-{id}"),
                at,
            );
        }
        _ => return None,
    };
    let body = match &task.agent_id {
        Some(agent) => format!("{agent} worked on it."),
        None => "No agent worked on it.".into(),
    };
    let payload = PushPayload {
        kind,
        title,
        body,
        link: format!("/tasks/{id}"),
        tag: format!("task-{id}"),
        at,
    };
    Some(news(format!("task:{id}:{}", task.attempts.len()), payload))
}

fn message_news(message: &Message, at: Timestamp) -> Option<(News, Unless)> {
    let agent = &message.agent_id;
    let plan = |action: &Action| matches!(action, Action::ApprovePlan { .. });
    let link = format!("/agents/{agent}?view=chat");
    let (kind, title, body, unless) = match (message.author, message.status) {
        _ if message.actions.iter().any(plan) => (
            PushKind::Question,
            format!("{agent} proposes a plan"),
            "Nothing begins before your yes.",
            Unless::Never,
        ),
        (Author::Assistant, _) => (
            PushKind::Result,
            format!("{agent} answered"),
            "Its turn is over.",
            Unless::NotForPerson {
                agent: agent.clone(),
                reply_to: message.reply_to.clone(),
            },
        ),
        (Author::User, MessageStatus::Failed) => (
            PushKind::Failure,
            format!("Your message to {agent} failed"),
            "It was not delivered or not answered.",
            Unless::Never,
        ),
        _ => return None,
    };
    let payload = PushPayload {
        kind,
        title,
        body: body.into(),
        link,
        tag: format!("talk-{agent}"),
        at,
    };
    Some((news(format!("message:{}", message.id), payload), unless))
}

fn news(fact: String, payload: PushPayload) -> News {
    News {
        fact,
        expires_at: Timestamp(payload.at.0 + KEPT_MS),
        not_before: payload.at,
        payload,
        approval: None,
        agent: None,
    }
}

/// True when a reply of that agent to something that is no person's message is for its
/// person all the same.
pub fn talks_with_person(role: AgentRole) -> bool {
    role == AgentRole::Primary
}

#[cfg(test)]
mod tests;
