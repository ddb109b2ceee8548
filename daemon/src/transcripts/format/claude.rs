//! Claude Code: `projects/FOLDER/SESSION.jsonl`, a line per content block; sub-agents
//! beside it in `SESSION/subagents/`.

use super::{
    Format, Open, Place, Record, Spent, TitleRank, count, flat, folder, holds, stem, steps, text,
    time,
};
use orchestra_protocol::transcript::{EntryRole, Part, TokenUsage};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The format; it has no state.
pub struct Claude;

/// Longest folder name that is not shortened with a hash.
const MAX_NAME: usize = 200;
/// What the program writes as if a person had.
const ASIDES: &[&str] = &[
    "<command-",
    "<local-command-",
    "<bash-",
    "<system-reminder>",
    "Caveat: ",
];

impl Format for Claude {
    fn kind(&self) -> &'static str {
        "claude"
    }

    fn root(&self, home: &Path, environment: &BTreeMap<String, String>) -> PathBuf {
        folder(home, environment, "CLAUDE_CONFIG_DIR", ".claude").join("projects")
    }

    fn depth(&self) -> usize {
        4
    }

    fn place(&self, relative: &Path) -> Option<Place> {
        if relative.extension()? != "jsonl" {
            return None;
        }
        let own = stem(relative)?;
        match steps(relative)?.as_slice() {
            [_, _] => Some(Place {
                session: own.to_owned(),
                parent: None,
            }),
            [_, session, "subagents", _] => Some(Place {
                session: own.strip_prefix("agent-").unwrap_or(own).to_owned(),
                parent: Some((*session).to_owned()),
            }),
            _ => None,
        }
    }

    fn may_spend(&self, line: &[u8]) -> bool {
        holds(line, "\"usage\"")
    }

    fn may_name(&self, line: &[u8]) -> bool {
        holds(line, "-title\"") || holds(line, "\"summary\"")
    }

    fn read(&self, value: &Value) -> Record {
        let mut record = Record {
            at: time(value, "timestamp"),
            session: text(value, "sessionId"),
            cwd: text(value, "cwd"),
            branch: text(value, "gitBranch"),
            version: text(value, "version"),
            ..Record::default()
        };
        match value["type"].as_str().unwrap_or_default() {
            "user" => user(value, &mut record),
            "assistant" => assistant(value, &mut record),
            "system" => system(value, &mut record),
            "custom-title" => record.title = title(value, TitleRank::Person, "customTitle"),
            "ai-title" => record.title = title(value, TitleRank::Model, "aiTitle"),
            "summary" => record.title = title(value, TitleRank::Summary, "summary"),
            _ => {}
        }
        record
    }

    fn status_folder(&self, root: &Path) -> Option<PathBuf> {
        Some(root.parent()?.join("sessions"))
    }

    fn read_status(&self, content: &Value) -> Option<Open> {
        let began = &content["procStart"];
        Some(Open {
            session: text(content, "sessionId")?,
            pid: i32::try_from(content["pid"].as_i64()?).ok()?,
            began: began.as_u64().or_else(|| began.as_str()?.parse().ok()),
            status: text(content, "status"),
        })
    }

    fn call_of(&self, file: &Path) -> Option<String> {
        let bytes = std::fs::read(file.with_extension("meta.json")).ok()?;
        let meta: Value = serde_json::from_slice(&bytes).ok()?;
        text(&meta, "toolUseId")
    }

    fn fits_folder(&self, relative: &Path, cwd: &Path) -> bool {
        let folder = steps(relative).and_then(|steps| steps.first().copied());
        folder == Some(folder_name(&cwd.to_string_lossy()).as_str())
    }
}

/// The folder in which sessions of a working folder lie: every UTF-16 unit that is no
/// ASCII letter or digit becomes a dash; a long one is cut and gets a hash.
pub fn folder_name(cwd: &str) -> String {
    let plain = |unit: u16| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii_alphanumeric() => char::from(byte),
        _ => '-',
    };
    let name: String = cwd.encode_utf16().map(plain).collect();
    if name.len() <= MAX_NAME {
        return name;
    }
    let hash = cwd.encode_utf16().fold(0_i32, |hash, unit| {
        hash.wrapping_shl(5)
            .wrapping_sub(hash)
            .wrapping_add(i32::from(unit))
    });
    format!("{}-{}", &name[..MAX_NAME], base36(hash.unsigned_abs()))
}

fn base36(mut number: u32) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit(number % 36, 36).unwrap_or('0'));
        number /= 36;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

fn title(value: &Value, rank: TitleRank, key: &str) -> Option<(TitleRank, String)> {
    Some((rank, text(value, key)?))
}

fn user(value: &Value, record: &mut Record) {
    let content = &value["message"]["content"];
    match content {
        Value::String(text) => record.parts.push(Part::Text { text: text.clone() }),
        Value::Array(blocks) => record.parts.extend(blocks.iter().filter_map(block)),
        _ => return,
    }
    let noted = value["isMeta"] == true || value["isCompactSummary"] == true;
    let written = record.parts.iter().any(|part| {
        matches!(part, Part::Text { text } if ASIDES.iter().any(|word| text.starts_with(word)))
    });
    let answers = record
        .parts
        .iter()
        .any(|part| matches!(part, Part::ToolResult { .. }));
    record.aside = noted || written || answers;
    record.role = Some(if noted {
        EntryRole::System
    } else {
        EntryRole::User
    });
}

fn assistant(value: &Value, record: &mut Record) {
    let message = &value["message"];
    record.role = Some(EntryRole::Assistant);
    if let Some(blocks) = message["content"].as_array() {
        record.parts.extend(blocks.iter().filter_map(block));
    }
    // The program's own words, such as an API error, have no model and cost nothing.
    if message["model"] == "<synthetic>" {
        if value["isApiErrorMessage"] == true {
            for part in &mut record.parts {
                if let Part::Text { text } = part {
                    *part = Part::Error {
                        text: std::mem::take(text),
                    };
                }
            }
        }
        return;
    }
    record.model = text(message, "model");
    let usage = &message["usage"];
    let id = text(message, "id").or_else(|| text(value, "uuid"));
    if let (Some(id), true) = (id, usage.is_object()) {
        record.spent = Some(Spent {
            key: format!("{id}:{}", text(value, "requestId").unwrap_or_default()),
            usage: TokenUsage {
                input_tokens: count(usage, "input_tokens"),
                output_tokens: count(usage, "output_tokens"),
                cache_write_tokens: count(usage, "cache_creation_input_tokens"),
                cache_read_tokens: count(usage, "cache_read_input_tokens"),
            },
        });
    }
}

fn system(value: &Value, record: &mut Record) {
    let words = match value["subtype"].as_str().unwrap_or_default() {
        "compact_boundary" => text(value, "content"),
        "api_error" => Some(flat(&value["error"])),
        "local_command" | "informational" => text(value, "content"),
        _ => None,
    };
    if let Some(text) = words {
        record.role = Some(EntryRole::System);
        record.aside = true;
        record.parts.push(Part::Note { text });
    }
}

fn block(block: &Value) -> Option<Part> {
    Some(match block["type"].as_str()? {
        "text" => Part::Text {
            text: text(block, "text")?,
        },
        "thinking" => Part::Thinking {
            text: text(block, "thinking")?,
        },
        "tool_use" | "server_tool_use" => Part::ToolCall {
            call_id: text(block, "id")?,
            name: text(block, "name").unwrap_or_default(),
            input: block["input"].to_string(),
        },
        "tool_result" => Part::ToolResult {
            call_id: text(block, "tool_use_id")?,
            text: flat(&block["content"]),
            is_error: block["is_error"] == true,
        },
        other => Part::Note {
            text: format!("[{other}]"),
        },
    })
}
