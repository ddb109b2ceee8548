//! What the CLIs' PermissionRequest hooks have in common.

use crate::model::approval::Word;
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
