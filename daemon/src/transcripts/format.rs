//! How each CLI writes its sessions, as pure functions from a path and a record to
//! what they mean. One file per CLI; a record of an unknown type says nothing.

pub mod claude;
pub mod codex;
pub mod gemini;
pub mod qwen;

use orchestra_protocol::transcript::{EntryRole, Part, TokenUsage};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a session file's place says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The CLI's own id of the conversation.
    pub session: String,
    /// Of a sub-agent: the session it worked for.
    pub parent: Option<String>,
}

/// How far a title is to be believed: one given by a person wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TitleRank {
    Summary = 1,
    Model = 2,
    Person = 3,
}

/// Tokens of one answer of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// The same answer has the same key, in whatever record or file it is told again.
    pub key: String,
    pub usage: TokenUsage,
}

/// What one record says; most say little of this.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Milliseconds since the epoch.
    pub at: Option<i64>,
    pub session: Option<String>,
    pub cwd: Option<String>,
    pub branch: Option<String>,
    pub version: Option<String>,
    pub model: Option<String>,
    pub title: Option<(TitleRank, String)>,
    /// None: nothing to show.
    pub role: Option<EntryRole>,
    pub parts: Vec<Part>,
    pub spent: Option<Spent>,
    /// Written by the program around the conversation, not by a person or a model.
    pub aside: bool,
}

/// A process that has a session open, as its CLI says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    pub session: String,
    pub pid: i32,
    /// Field 22 of `/proc/PID/stat` when it began: a pid alone may be another's by now.
    pub began: Option<u64>,
    pub status: Option<String>,
}

/// One CLI's way to keep sessions.
pub trait Format: Send + Sync {
    /// Its name on the wire.
    fn kind(&self) -> &'static str;
    /// The folder beneath which its sessions lie.
    fn root(&self, home: &Path, environment: &BTreeMap<String, String>) -> PathBuf;
    /// How many folders deep they lie there.
    fn depth(&self) -> usize;
    /// What a path beneath the root is; none when it is no session.
    fn place(&self, relative: &Path) -> Option<Place>;
    /// What a record says.
    fn read(&self, record: &Value) -> Record;
    /// False for a line that surely tells no tokens, nor the model of later ones; looked at
    /// before it is taken apart.
    fn may_spend(&self, _line: &[u8]) -> bool {
        true
    }
    /// False for a line that surely gives no title.
    fn may_name(&self, _line: &[u8]) -> bool {
        true
    }
    /// Folder of the CLI's own status files, one per process.
    fn status_folder(&self, _root: &Path) -> Option<PathBuf> {
        None
    }
    /// What a status file says.
    fn read_status(&self, _content: &Value) -> Option<Open> {
        None
    }
    /// Of a sub-agent's file: the call that started it.
    fn call_of(&self, _file: &Path) -> Option<String> {
        None
    }
    /// The folder that a session ran in, where its records do not say it.
    fn cwd_of(&self, _file: &Path) -> Option<String> {
        None
    }
    /// True when a session goes on only in the folder that its file's place names.
    fn fits_folder(&self, _relative: &Path, _cwd: &Path) -> bool {
        true
    }
}

/// Every format.
pub fn all() -> &'static [&'static dyn Format] {
    &[&claude::Claude, &codex::Codex, &gemini::Gemini, &qwen::Qwen]
}

/// The format of a kind.
pub fn find(kind: &str) -> Option<&'static dyn Format> {
    all().iter().copied().find(|format| format.kind() == kind)
}

/// A folder from a variable, or below HOME.
fn folder(
    home: &Path,
    environment: &BTreeMap<String, String>,
    name: &str,
    default: &str,
) -> PathBuf {
    match environment.get(name).filter(|value| !value.is_empty()) {
        Some(value) => PathBuf::from(value),
        None => home.join(default),
    }
}

/// True when the bytes hold the word.
fn holds(line: &[u8], word: &str) -> bool {
    memchr::memmem::find(line, word.as_bytes()).is_some()
}

/// A text field that says something.
fn text(value: &Value, key: &str) -> Option<String> {
    let text = value[key].as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn count(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or(0)
}

/// An RFC 3339 time as milliseconds.
fn time(value: &Value, key: &str) -> Option<i64> {
    let time: jiff::Timestamp = value[key].as_str()?.parse().ok()?;
    Some(time.as_millisecond())
}

/// Text of a string, of `{text}`, or of a list of these.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let texts: Vec<String> = items
                .iter()
                .map(flat)
                .filter(|text| !text.is_empty())
                .collect();
            texts.join("\n")
        }
        Value::Object(map) => match map.get("text").or_else(|| map.get("content")) {
            Some(inner) => flat(inner),
            None => map
                .get("type")
                .and_then(Value::as_str)
                .map(|kind| format!("[{kind}]"))
                .unwrap_or_default(),
        },
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The file's name without its ending.
fn stem(path: &Path) -> Option<&str> {
    path.file_stem()?.to_str()
}

/// The parts of a path as text; none when one is no UTF-8.
fn steps(path: &Path) -> Option<Vec<&str>> {
    path.components()
        .map(|part| part.as_os_str().to_str())
        .collect()
}

#[cfg(test)]
mod tests;
