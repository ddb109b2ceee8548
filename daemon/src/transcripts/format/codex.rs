//! Codex: `sessions/YYYY/MM/DD/rollout-TIME-THREAD.jsonl`, lines of type and payload.

use super::{Format, Place, Record, Spent, count, flat, folder, holds, stem, text, time};
use orchestra_protocol::transcript::{EntryRole, Part, TokenUsage};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The format; it has no state.
pub struct Codex;

/// Length of the thread's id at the end of a rollout's name.
const ID: usize = 36;
/// What the program tells the model as if a person had.
const ASIDES: &[&str] = &[
    "<environment_context>",
    "<user_instructions>",
    "# AGENTS.md",
    "<turn_aborted>",
];

impl Format for Codex {
    fn kind(&self) -> &'static str {
        "codex"
    }

    fn root(&self, home: &Path, environment: &BTreeMap<String, String>) -> PathBuf {
        folder(home, environment, "CODEX_HOME", ".codex").join("sessions")
    }

    fn depth(&self) -> usize {
        4
    }

    fn place(&self, relative: &Path) -> Option<Place> {
        let name = stem(relative).filter(|name| name.starts_with("rollout-"))?;
        let start = name.len().checked_sub(ID)?;
        if relative.extension()? != "jsonl" || !name.is_char_boundary(start) {
            return None;
        }
        Some(Place {
            session: name[start..].to_owned(),
            parent: None,
        })
    }

    fn may_spend(&self, line: &[u8]) -> bool {
        holds(line, "\"token_count\"") || holds(line, "\"turn_context\"")
    }

    fn may_name(&self, _line: &[u8]) -> bool {
        false
    }

    fn read(&self, value: &Value) -> Record {
        let payload = &value["payload"];
        let mut record = Record {
            at: time(value, "timestamp"),
            ..Record::default()
        };
        match value["type"].as_str().unwrap_or_default() {
            "session_meta" => {
                record.session = text(payload, "id");
                record.cwd = text(payload, "cwd");
                record.version = text(payload, "cli_version");
                record.branch = text(&payload["git"], "branch");
            }
            "turn_context" => {
                record.cwd = text(payload, "cwd");
                record.model = text(payload, "model");
            }
            "response_item" => item(payload, &mut record),
            "event_msg" => event(payload, &mut record),
            _ => {}
        }
        record
    }
}

fn item(payload: &Value, record: &mut Record) {
    let call_id = || text(payload, "call_id").or_else(|| text(payload, "id"));
    match payload["type"].as_str().unwrap_or_default() {
        "message" => {
            record.role = match payload["role"].as_str() {
                Some("user") => Some(EntryRole::User),
                Some("assistant") => Some(EntryRole::Assistant),
                // Instructions of the program's own.
                _ => None,
            };
            let text = flat(&payload["content"]);
            record.aside = ASIDES.iter().any(|word| text.starts_with(word));
            if record.aside {
                record.role = record.role.map(|_| EntryRole::System);
            }
            record.parts.push(Part::Text { text });
        }
        "reasoning" => {
            let text = flat(&payload["summary"]);
            if !text.is_empty() {
                record.role = Some(EntryRole::Assistant);
                record.parts.push(Part::Thinking { text });
            }
        }
        "function_call" | "custom_tool_call" | "local_shell_call" => {
            record.role = Some(EntryRole::Assistant);
            let input = ["arguments", "input", "action"];
            let input = input
                .iter()
                .map(|key| &payload[*key])
                .find(|value| !value.is_null());
            record.parts.push(Part::ToolCall {
                call_id: call_id().unwrap_or_default(),
                name: text(payload, "name").unwrap_or_else(|| "shell".to_owned()),
                input: input
                    .map(|value| match value {
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    })
                    .unwrap_or_default(),
            });
        }
        "function_call_output" | "custom_tool_call_output" => {
            record.role = Some(EntryRole::User);
            record.aside = true;
            let output = &payload["output"];
            record.parts.push(Part::ToolResult {
                call_id: call_id().unwrap_or_default(),
                text: flat(output),
                is_error: output["success"] == false,
            });
        }
        _ => {}
    }
}

fn event(payload: &Value, record: &mut Record) {
    let note = |text: String, record: &mut Record| {
        record.role = Some(EntryRole::System);
        record.aside = true;
        record.parts.push(Part::Note { text });
    };
    match payload["type"].as_str().unwrap_or_default() {
        "token_count" => {
            let info = &payload["info"];
            let (last, total) = (&info["last_token_usage"], &info["total_token_usage"]);
            if last.is_object() {
                let cached = count(last, "cached_input_tokens");
                record.spent = Some(Spent {
                    // The running total: told again, it is the same.
                    key: format!("total:{}", count(total, "total_tokens")),
                    usage: TokenUsage {
                        input_tokens: count(last, "input_tokens").saturating_sub(cached),
                        output_tokens: count(last, "output_tokens"),
                        cache_write_tokens: count(last, "cache_write_input_tokens"),
                        cache_read_tokens: cached,
                    },
                });
            }
        }
        "turn_aborted" => note(
            format!(
                "Turn ended: {}",
                text(payload, "reason").unwrap_or_default()
            ),
            record,
        ),
        "context_compacted" => note("Conversation compacted".to_owned(), record),
        "error" | "stream_error" => {
            record.role = Some(EntryRole::System);
            record.parts.push(Part::Error {
                text: text(payload, "message").unwrap_or_default(),
            });
        }
        _ => {}
    }
}
