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
mod tests {
    use super::*;
    use orchestra_protocol::event::Event;
    use serde_json::json;

    fn entry(body: serde_json::Value) -> Entry {
        Entry {
            owner: "u".into(),
            event: Event {
                number: 1,
                at: Timestamp(1_800_000_000_000),
                body: serde_json::from_value(body).unwrap(),
            },
        }
    }

    const AT: &str = "2027-01-01T00:00:00.000Z";
    const CANARY: &str = "hunter2";

    fn task(status: &str, by: &str) -> Entry {
        entry(json!({"kind": "task", "task": {
            "id": 7, "title": CANARY, "prompt": CANARY, "status": status, "requested_by": by,
            "owner": "u", "attempts": [], "elapsed_ms": 1, "created_at": AT, "agent_id": "droid-001",
            "error": CANARY,
        }}))
    }

    fn approval(state: &str, form: &str, tool: &str) -> Entry {
        entry(json!({"kind": "approval", "approval": {
            "id": "a1", "agent_id": "droid-001", "session_id": "sess-droid-001",
            "agent_title": CANARY, "agent_kind": "claude", "owner": "u", "form": form,
            "tool": tool, "input": {"command": CANARY}, "cut_bytes": 0, "summary": CANARY,
            "cwd": CANARY, "session_grant": [], "suggested_rules": [], "state": state,
            "created_at": AT, "expires_at": "2030-01-01T00:00:00.000Z",
        }}))
    }

    fn message(author: &str, status: &str) -> Entry {
        entry(json!({"kind": "message", "message": {
            "id": "m1", "agent_id": "primary", "author": author, "sender": "ann", "text": CANARY,
            "status": status, "actions": [], "created_at": AT, "updated_at": AT, "reply_to": "m0",
        }}))
    }

    #[test]
    fn what_a_person_waits_for_is_news_and_nothing_else() {
        for (entry, kind, title) in [
            (
                approval("pending", "permission", "Bash"),
                PushKind::Approval,
                "droid-001 asks for permission",
            ),
            (
                approval("pending", "question", "AskUserQuestion"),
                PushKind::Question,
                "droid-001 has a question",
            ),
            (task("completed", "ann"), PushKind::Result, "Task 7 is done"),
            (task("failed", "ann"), PushKind::Failure, "Task 7 failed"),
            (
                task("timeout", "ann"),
                PushKind::Failure,
                "Task 7 ran out of time",
            ),
            (
                message("assistant", "answered"),
                PushKind::Result,
                "primary answered",
            ),
            (
                message("user", "failed"),
                PushKind::Failure,
                "Your message to primary failed",
            ),
        ] {
            let (news, _) = of(&entry).unwrap();
            assert_eq!(news.payload.kind, kind);
            assert_eq!(news.payload.title, title);
            let text = serde_json::to_string(&news.payload).unwrap();
            assert!(!text.contains(CANARY), "{text}");
            assert!(text.len() < 300, "{text}");
        }
        let (over, _) = of(&approval("allowed", "permission", "Bash")).unwrap();
        let (begun, _) = of(&approval("pending", "permission", "Bash")).unwrap();
        assert_eq!(over.payload.kind, PushKind::Withdrawn);
        assert_eq!(over.payload.tag, begun.payload.tag);
        assert_ne!(over.fact, begun.fact);
        for entry in [
            task("running", "ann"),
            task("cancelled", "ann"),
            task("completed", "primary"),
            message("user", "answered"),
            message("system", "queued"),
        ] {
            assert_eq!(of(&entry), None, "{:?}", entry.event.body);
        }
    }

    #[test]
    fn a_budget_that_is_nearly_spent_is_told_once_for_each_limit() {
        let of_task = |state: &str, turns: u64| {
            let mut entry = task("running", "ann");
            let EventBody::Task { task } = &mut entry.event.body else {
                unreachable!()
            };
            let report = json!({"limit": {"turns": turns}, "state": state, "nearest": "turns", "share": 0.8,
                "spent": {"usd": null, "tokens": null, "wall_s": 1, "turns": 8}});
            task.budget = serde_json::from_value(report).unwrap();
            of(&entry).map(|(news, _)| news)
        };
        assert_eq!(of_task("within", 10), None);
        let (first, again) = (of_task("near", 10).unwrap(), of_task("near", 10).unwrap());
        assert_eq!(first.fact, again.fact);
        assert_eq!(first.payload.title, "Task 7 has nearly spent its budget");
        assert_ne!(
            first.fact,
            of_task("near", 20).unwrap().fact,
            "after a raise"
        );
    }

    #[test]
    fn a_tool_that_is_no_name_is_not_shown() {
        for hostile in ["", "rm -rf /; hunter2", "a\nb", &"x".repeat(100)] {
            let (news, _) = of(&approval("pending", "permission", hostile)).unwrap();
            assert_eq!(news.payload.body, "It wants to use a tool.");
        }
    }
}
