//! What hooks say in the words that most CLIs have in common, and that plugins and wrappers
//! of ours use too (`agent-wrappers/CONTRACT.md`).

use crate::model::evidence::Fact;
use orchestra_protocol::agent::{ActivityState, WaitingFor};
use serde_json::Value;

/// What one event says.
pub(super) fn facts(event: &Value) -> Vec<Fact> {
    let text = |key: &str| event[key].as_str().map(str::to_owned);
    let activity = |state, waiting_for, detail: &str| Fact::Activity {
        state,
        waiting_for,
        detail: detail.to_owned(),
    };
    match event["hook_event_name"].as_str().unwrap_or_default() {
        "SessionStart" => vec![Fact::SessionBound {
            cli_session: text("session_id").unwrap_or_default(),
            transcript: text("transcript_path"),
            cleared: event["source"] == "clear",
        }],
        "UserPromptSubmit" => vec![
            Fact::PromptAccepted {
                text: text("prompt").unwrap_or_default(),
            },
            activity(ActivityState::Busy, None, "took a prompt"),
        ],
        "Stop" => vec![
            Fact::TurnEnded {
                text: text("last_assistant_message"),
            },
            activity(ActivityState::Idle, None, "ended its turn"),
        ],
        "StopFailure" => vec![
            Fact::TurnFailed {
                reason: failure(event),
            },
            activity(
                ActivityState::Idle,
                None,
                "ended its turn without an answer",
            ),
        ],
        "PermissionRequest" => vec![activity(
            ActivityState::Waiting,
            Some(WaitingFor::Permission),
            "asks for permission",
        )],
        "PermissionReplied" => vec![activity(ActivityState::Busy, None, "was answered")],
        // It tries again by itself.
        "Retry" => vec![activity(
            ActivityState::Busy,
            None,
            "tries again after an error of the model",
        )],
        "SessionEnd" if event["reason"] != "clear" => vec![Fact::SessionEnded {
            reason: text("reason").unwrap_or_default(),
        }],
        _ => Vec::new(),
    }
}

/// The error in the words that say most.
fn failure(event: &Value) -> String {
    let said = ["error_details", "error"]
        .iter()
        .find_map(|key| event[*key].as_str().filter(|text| !text.is_empty()));
    match said {
        Some("Aborted") => "the turn was interrupted".to_owned(),
        Some(text) => text.to_owned(),
        None => "the model could not be reached".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_become_facts() {
        let first = |event: Value| facts(&event).into_iter().next();
        let stop = json!({ "hook_event_name": "Stop", "last_assistant_message": "done" });
        assert_eq!(
            first(stop),
            Some(Fact::TurnEnded {
                text: Some("done".into())
            })
        );
        let aborted = json!({ "hook_event_name": "StopFailure", "error": "Aborted" });
        let reason = "the turn was interrupted".to_owned();
        assert_eq!(first(aborted), Some(Fact::TurnFailed { reason }));
        let failed = json!({ "hook_event_name": "StopFailure", "error": "invalid_request", "error_details": "400 no" });
        assert_eq!(
            first(failed),
            Some(Fact::TurnFailed {
                reason: "400 no".into()
            })
        );
        assert_eq!(first(json!({ "hook_event_name": "Other" })), None);
    }
}
