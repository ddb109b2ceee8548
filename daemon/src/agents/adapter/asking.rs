//! What the CLIs' PermissionRequest hooks have in common.

use crate::model::approval::{Ask, Word};
use orchestra_protocol::approval::ApprovalForm;
use serde_json::{Value, json};

/// The tool that asks a person questions of the agent's own.
pub(in crate::agents::adapter) const QUESTIONS: &str = "AskUserQuestion";
/// Longest line that sums a question up, in characters.
const SUMMARY: usize = 200;
/// Where tools say what they are about, the most telling first.
const ABOUT: &[&str] = &[
    "command",
    "file_path",
    "notebook_path",
    "url",
    "path",
    "pattern",
    "description",
];

/// The names by which rules know tools, for what the CLIs call them.
const TOOLS: &[(&str, &str)] = &[
    ("run_shell_command", "Bash"),
    ("bash", "Bash"),
    ("read_file", "Read"),
    ("read", "Read"),
    ("write_file", "Write"),
    ("write", "Write"),
    ("edit", "Edit"),
    ("web_fetch", "WebFetch"),
    ("webfetch", "WebFetch"),
];

/// The question of a PermissionRequest event, in the form that CLIs have in common.
pub(in crate::agents::adapter) fn plain_ask(event: &Value, beside_dialog: bool) -> Option<Ask> {
    if event["hook_event_name"] != "PermissionRequest" {
        return None;
    }
    let called = event["tool_name"].as_str()?;
    let known = TOOLS.iter().find(|(name, _)| *name == called);
    let tool = known.map_or(called, |(_, tool)| tool).to_owned();
    let input = event["tool_input"].clone();
    Some(Ask {
        form: ApprovalForm::Permission,
        summary: summary(&tool, &input),
        tool,
        input,
        cwd: event["cwd"].as_str().unwrap_or_default().to_owned(),
        thread: None,
        subagent: None,
        session: None,
        beside_dialog,
    })
}

/// What a hook prints to answer.
pub(in crate::agents::adapter) fn hook_answer(word: &Word) -> Value {
    let decision = match word {
        Word::Allow { .. } => json!({ "behavior": "allow" }),
        Word::Deny { message } => json!({ "behavior": "deny", "message": message }),
    };
    json!({ "hookSpecificOutput": { "hookEventName": "PermissionRequest", "decision": decision } })
}

/// A question in one line.
pub(in crate::agents::adapter) fn summary(tool: &str, input: &Value) -> String {
    let about = match tool {
        QUESTIONS => input["questions"][0]["question"].as_str(),
        _ => ABOUT.iter().find_map(|name| input[*name].as_str()),
    };
    let line = match about {
        Some(about) if tool == "Bash" || tool == QUESTIONS => about.to_owned(),
        Some(about) => format!("{tool} {about}"),
        None => tool.to_owned(),
    };
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(SUMMARY).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}
