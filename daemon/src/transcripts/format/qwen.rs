//! Qwen Code: `projects/FOLDER/chats/SESSION.jsonl`; records in an envelope like Claude
//! Code's, around messages like Gemini's.

use super::{Format, Place, Record, Spent, count, flat, holds, stem, steps, text, time};
use orchestra_protocol::transcript::{EntryRole, Part, TokenUsage};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The format; it has no state.
pub struct Qwen;

impl Format for Qwen {
    fn kind(&self) -> &'static str {
        "qwen"
    }

    fn root(&self, home: &Path, _: &BTreeMap<String, String>) -> PathBuf {
        home.join(".qwen/projects")
    }

    fn depth(&self) -> usize {
        3
    }

    fn place(&self, relative: &Path) -> Option<Place> {
        let chats = matches!(steps(relative)?.as_slice(), [_, "chats", _]);
        (chats && relative.extension()? == "jsonl").then(|| {
            Some(Place {
                session: stem(relative)?.to_owned(),
                parent: None,
            })
        })?
    }

    fn may_spend(&self, line: &[u8]) -> bool {
        holds(line, "\"usageMetadata\"") || holds(line, "\"model\"")
    }

    fn may_name(&self, _line: &[u8]) -> bool {
        false
    }

    fn read(&self, value: &Value) -> Record {
        let mut record = Record {
            at: time(value, "timestamp"),
            session: text(value, "sessionId"),
            cwd: text(value, "cwd"),
            branch: text(value, "gitBranch"),
            version: text(value, "version"),
            model: text(value, "model"),
            ..Record::default()
        };
        record.role = match value["type"].as_str() {
            Some("user") => Some(EntryRole::User),
            Some("assistant") => Some(EntryRole::Assistant),
            Some("tool_result") => {
                record.aside = true;
                Some(EntryRole::User)
            }
            _ => return record,
        };
        let parts = value["message"]["parts"].as_array();
        record
            .parts
            .extend(parts.into_iter().flatten().filter_map(part));
        let usage = &value["usageMetadata"];
        if let (Some(key), true) = (text(value, "uuid"), usage.is_object()) {
            let cached = count(usage, "cachedContentTokenCount");
            record.spent = Some(Spent {
                key,
                usage: TokenUsage {
                    input_tokens: count(usage, "promptTokenCount").saturating_sub(cached),
                    output_tokens: count(usage, "candidatesTokenCount"),
                    cache_write_tokens: 0,
                    cache_read_tokens: cached,
                },
            });
        }
        record
    }
}

fn part(part: &Value) -> Option<Part> {
    let (call, answer) = (&part["functionCall"], &part["functionResponse"]);
    if call.is_object() {
        return Some(Part::ToolCall {
            call_id: text(call, "id").unwrap_or_default(),
            name: text(call, "name").unwrap_or_default(),
            input: call["args"].to_string(),
        });
    }
    if answer.is_object() {
        let response = &answer["response"];
        return Some(Part::ToolResult {
            call_id: text(answer, "id").unwrap_or_default(),
            text: text(response, "output").unwrap_or_else(|| response.to_string()),
            is_error: !response["error"].is_null(),
        });
    }
    let words = text(part, "text")?;
    Some(if part["thought"] == true {
        Part::Thinking { text: words }
    } else {
        Part::Text {
            text: flat(&part["text"]),
        }
    })
}
