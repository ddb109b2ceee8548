//! What is told of an event, and to whom it matters.

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
