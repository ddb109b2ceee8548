//! Gemini CLI: `tmp/NAME/chats/session-TIME-ID.jsonl`: a header, messages, `$set` lines.

use super::{Format, Place, Record, Spent, count, flat, holds, stem, steps, text, time};
use orchestra_protocol::transcript::{EntryRole, Part, TokenUsage};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The format; it has no state.
pub struct Gemini;

impl Format for Gemini {
    fn kind(&self) -> &'static str {
        "gemini"
    }

    fn root(&self, home: &Path, _: &BTreeMap<String, String>) -> PathBuf {
        home.join(".gemini/tmp")
    }

    fn depth(&self) -> usize {
        3
    }

    fn place(&self, relative: &Path) -> Option<Place> {
        let name = stem(relative).filter(|name| name.starts_with("session-"))?;
        let chats = matches!(steps(relative)?.as_slice(), [_, "chats", _]);
        (chats && relative.extension()? == "jsonl").then(|| Place {
            session: name.to_owned(),
            parent: None,
        })
    }

    fn may_spend(&self, line: &[u8]) -> bool {
        holds(line, "\"tokens\"") || holds(line, "\"model\"")
    }

    fn may_name(&self, line: &[u8]) -> bool {
        holds(line, "\"summary\"")
    }

    fn read(&self, value: &Value) -> Record {
        let mut record = Record {
            at: time(value, "timestamp").or_else(|| time(value, "startTime")),
            session: text(value, "sessionId"),
            model: text(value, "model"),
            ..Record::default()
        };
        if let Some(text) = text(&value["$set"], "summary") {
            record.title = Some((super::TitleRank::Summary, text));
        }
        match value["type"].as_str().unwrap_or_default() {
            "user" => record.role = Some(EntryRole::User),
            "gemini" => {
                record.role = Some(EntryRole::Assistant);
                tokens(value, &mut record);
            }
            "info" | "error" | "warning" => {
                record.role = Some(EntryRole::System);
                record.aside = true;
            }
            _ => return record,
        }
        let content = flat(&value["content"]);
        if !content.is_empty() {
            record.parts.push(match value["type"].as_str() {
                Some("error") => Part::Error { text: content },
                Some("info" | "warning") => Part::Note { text: content },
                _ => Part::Text { text: content },
            });
        }
        for call in value["toolCalls"].as_array().into_iter().flatten() {
            let call_id = text(call, "id").unwrap_or_default();
            record.parts.push(Part::ToolCall {
                call_id: call_id.clone(),
                name: text(call, "name").unwrap_or_default(),
                input: call["args"].to_string(),
            });
            if !call["result"].is_null() {
                record.parts.push(Part::ToolResult {
                    call_id,
                    text: call["result"].to_string(),
                    is_error: call["status"] == "error",
                });
            }
        }
        record
    }

    fn cwd_of(&self, file: &Path) -> Option<String> {
        let folder = file.parent()?.parent()?;
        let name = folder.file_name()?.to_str()?;
        let list = folder.parent()?.parent()?.join("projects.json");
        let list: Value = serde_json::from_slice(&std::fs::read(list).ok()?).ok()?;
        let projects = list["projects"].as_object().or_else(|| list.as_object())?;
        let found = projects.iter().find(|(_, known)| *known == name)?;
        Some(found.0.clone())
    }
}

fn tokens(value: &Value, record: &mut Record) {
    let tokens = &value["tokens"];
    let Some(id) = text(value, "id").filter(|_| tokens.is_object()) else {
        return;
    };
    let cached = count(tokens, "cached");
    record.spent = Some(Spent {
        key: id,
        usage: TokenUsage {
            input_tokens: count(tokens, "input").saturating_sub(cached),
            output_tokens: count(tokens, "output") + count(tokens, "thoughts"),
            cache_write_tokens: 0,
            cache_read_tokens: cached,
        },
    });
}
