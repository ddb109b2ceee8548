//! Claude Code's questions: its PermissionRequest hook asks, and what the hook prints
//! closes the dialog without a key press.

use crate::agents::adapter::asking::{QUESTIONS, hook_answer, summary};
use crate::model::approval::{Ask, Over, SessionGrant, Word};
use crate::model::rules::command;
use orchestra_protocol::approval::{ApprovalForm, ApprovalScope};
use serde_json::{Value, json};

/// The question of a hook call.
pub(super) fn asks(event: &Value) -> Option<Ask> {
    if event["hook_event_name"] != "PermissionRequest" {
        return None;
    }
    let text = |key: &str| event[key].as_str().map(str::to_owned);
    let tool = text("tool_name")?;
    let input = event["tool_input"].clone();
    let form = if tool == QUESTIONS {
        ApprovalForm::Question
    } else {
        ApprovalForm::Permission
    };
    Some(Ask {
        form,
        summary: summary(&tool, &input),
        session: grant(&tool, &input, &event["permission_suggestions"]),
        tool,
        input,
        cwd: text("cwd").unwrap_or_default(),
        thread: text("agent_id"),
        subagent: text("agent_type"),
        beside_dialog: true,
    })
}

/// What a hook call says about questions that were open.
pub(super) fn over(event: &Value) -> Option<Over> {
    let thread = event["agent_id"].as_str().map(str::to_owned);
    match event["hook_event_name"].as_str()? {
        "PostToolUse" => Some(Over::Used {
            thread,
            tool: event["tool_name"].as_str()?.to_owned(),
            input: event["tool_input"].clone(),
        }),
        "Stop" | "StopFailure" | "UserPromptSubmit" if thread.is_none() => Some(Over::Turn),
        "SessionEnd" => Some(Over::All),
        _ => None,
    }
}

/// What the hook prints.
pub(super) fn answer(ask: &Ask, word: &Word) -> Value {
    let mut output = hook_answer(word);
    let decision = &mut output["hookSpecificOutput"]["decision"];
    if let Word::Allow { scope, answers } = word {
        if let (ApprovalScope::Session, Some(grant)) = (scope, &ask.session) {
            decision["updatedPermissions"] = grant.updates.clone();
        }
        if let Some(answers) = answers {
            let mut input = ask.input.clone();
            input["answers"] = json!(answers);
            decision["updatedInput"] = input;
        }
    }
    output
}

/// What the CLI itself suggests, but for this session only: the user's files stay as they
/// are. Where it suggests nothing, the very command.
fn grant(tool: &str, input: &Value, suggestions: &Value) -> Option<SessionGrant> {
    let (mut words, mut updates) = (Vec::new(), Vec::new());
    for suggestion in suggestions.as_array().into_iter().flatten() {
        let said = match suggestion["type"].as_str() {
            Some("addRules") if suggestion["behavior"] == "allow" => rules(&suggestion["rules"]),
            Some("setMode") if suggestion["mode"] == "acceptEdits" => {
                vec!["all edits in its folders".to_owned()]
            }
            Some("addDirectories") => folders(&suggestion["directories"]),
            _ => Vec::new(),
        };
        if said.is_empty() {
            continue;
        }
        words.extend(said);
        let mut update = suggestion.clone();
        update["destination"] = "session".into();
        updates.push(update);
    }
    let line = input["command"].as_str().unwrap_or_default();
    if updates.is_empty() && tool == "Bash" && command::words(line).is_some() {
        words.push(format!("Bash({line})"));
        updates.push(json!({
            "type": "addRules", "behavior": "allow", "destination": "session",
            "rules": [{ "toolName": tool, "ruleContent": line }],
        }));
    }
    (!updates.is_empty()).then(|| SessionGrant {
        words,
        updates: updates.into(),
    })
}

fn rules(rules: &Value) -> Vec<String> {
    let word = |rule: &Value| {
        let tool = rule["toolName"].as_str()?;
        Some(match rule["ruleContent"].as_str() {
            Some(content) => format!("{tool}({content})"),
            None => format!("every use of {tool}"),
        })
    };
    rules
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(word)
        .collect()
}

fn folders(folders: &Value) -> Vec<String> {
    let all = folders
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    all.map(|folder| format!("work in {folder}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(tool: &str, input: &Value, suggestions: &Value) -> Ask {
        asks(&json!({
            "hook_event_name": "PermissionRequest", "tool_name": tool, "tool_input": input,
            "permission_suggestions": suggestions, "cwd": "/p",
        }))
        .unwrap()
    }

    #[test]
    fn a_yes_for_the_session_never_reaches_a_file() {
        let suggestions = json!([
            {"type": "addRules", "rules": [{"toolName": "Bash", "ruleContent": "npm test *"}],
             "behavior": "allow", "destination": "localSettings"},
            {"type": "setMode", "mode": "bypassPermissions", "destination": "session"},
        ]);
        let ask = request("Bash", &json!({"command": "npm test x"}), &suggestions);
        let word = Word::Allow {
            scope: ApprovalScope::Session,
            answers: None,
        };
        let output = answer(&ask, &word);
        let updates = &output["hookSpecificOutput"]["decision"]["updatedPermissions"];
        assert_eq!(updates.as_array().unwrap().len(), 1, "{updates}");
        assert_eq!(updates[0]["destination"], "session");
        assert_eq!(ask.session.unwrap().words, ["Bash(npm test *)"]);
    }

    #[test]
    fn a_yes_once_gives_no_more() {
        let ask = request("Bash", &json!({"command": "make"}), &Value::Null);
        assert_eq!(ask.session.as_ref().unwrap().words, ["Bash(make)"]);
        let word = Word::Allow {
            scope: ApprovalScope::Once,
            answers: None,
        };
        let output = answer(&ask, &word);
        assert_eq!(
            output["hookSpecificOutput"]["decision"],
            json!({"behavior": "allow"})
        );
        let wide = request("Bash", &json!({"command": "rm *"}), &Value::Null);
        assert!(
            wide.session.is_none(),
            "a star in a rule is no star of the command"
        );
    }

    #[test]
    fn questions_are_answered_by_their_words() {
        let input = json!({"questions": [{"question": "Which?", "options": []}]});
        let ask = request(QUESTIONS, &input, &Value::Null);
        assert_eq!(
            (ask.form, ask.summary.as_str()),
            (ApprovalForm::Question, "Which?")
        );
        let answers = Some([("Which?".to_owned(), "Blue".to_owned())].into());
        let output = answer(
            &ask,
            &Word::Allow {
                scope: ApprovalScope::Once,
                answers,
            },
        );
        let input = &output["hookSpecificOutput"]["decision"]["updatedInput"];
        assert_eq!(input["answers"]["Which?"], "Blue");
        assert_eq!(input["questions"][0]["question"], "Which?");
    }
}
