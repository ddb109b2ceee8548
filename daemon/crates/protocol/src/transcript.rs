//! Sessions that the agent CLIs keep on disk, as the wire shows them.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// Tokens of one turn or of many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct TokenUsage {
    /// Read anew; what came from a cache is not in here.
    #[ts(type = "number")]
    pub input_tokens: u64,
    #[ts(type = "number")]
    pub output_tokens: u64,
    #[ts(type = "number")]
    pub cache_write_tokens: u64,
    #[ts(type = "number")]
    pub cache_read_tokens: u64,
}

/// One session file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Transcript {
    /// Made from where the file lies; stays the same as long as it lies there.
    pub id: String,
    /// Which CLI wrote it.
    pub kind: String,
    /// The CLI's own id of the conversation.
    pub session: String,
    /// Of a sub-agent: the session it worked for.
    pub parent: Option<String>,
    /// Of a sub-agent: the tool call that started it, where its CLI says so.
    pub call_id: Option<String>,
    pub title: String,
    pub cwd: Option<String>,
    /// Last part of `cwd`.
    pub project: Option<String>,
    pub branch: Option<String>,
    pub model: Option<String>,
    /// Version of the CLI.
    pub version: Option<String>,
    pub first_message: Option<String>,
    pub last_message: Option<String>,
    /// Null until reading has begun; counts what `read_bytes` covers.
    #[ts(type = "number | null")]
    pub messages: Option<u64>,
    #[ts(type = "number | null")]
    pub tool_calls: Option<u64>,
    #[ts(type = "number | null")]
    pub errors: Option<u64>,
    pub usage: Option<TokenUsage>,
    /// US dollars at list prices; null where a model's price is not known.
    pub cost_usd: Option<f64>,
    pub started_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    #[ts(type = "number | null")]
    pub duration_ms: Option<i64>,
    #[ts(type = "number")]
    pub bytes: u64,
    /// How far the file has been read for counts, tokens and search.
    #[ts(type = "number")]
    pub read_bytes: u64,
    /// A process writes to it now.
    pub live: bool,
    pub pid: Option<i32>,
    /// What its CLI says that it does: `idle`, `busy`, `waiting`.
    pub status: Option<String>,
    /// The agent of ours that has it, running or ended.
    pub agent_id: Option<String>,
    pub resumable: bool,
    /// Why it cannot be resumed.
    pub not_resumable: Option<String>,
    /// What could not be read, in words.
    pub problem: Option<String>,
    /// Where the search text was found; empty without a search.
    pub hits: Vec<Hit>,
}

/// One place where a search text was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Hit {
    /// Of the entry.
    #[ts(type = "number")]
    pub offset: u64,
    pub snippet: String,
}

/// `GET /api/transcripts/{id}/hits`: where words stand in one session, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct TranscriptHits {
    pub items: Vec<Hit>,
    /// In the whole session, 10 000 at most.
    #[ts(type = "number")]
    pub total: u64,
    /// Give it back as `from` to read on; null at the end.
    #[ts(type = "number | null")]
    pub next: Option<u64>,
    #[ts(type = "number")]
    pub bytes: u64,
    /// How far the session has been read for search.
    #[ts(type = "number")]
    pub read_bytes: u64,
}

/// How far the finding and reading has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Progress {
    /// True once every folder was looked through since the daemon began.
    pub listed: bool,
    /// True while nothing waits to be read.
    pub read: bool,
    /// True while no tokens wait to be summed, which comes before the rest is read.
    pub summed: bool,
    #[ts(type = "number")]
    pub sessions: u64,
    #[ts(type = "number")]
    pub bytes: u64,
    #[ts(type = "number")]
    pub read_bytes: u64,
    #[ts(type = "number")]
    pub summed_bytes: u64,
    /// What could not be looked at, in words.
    pub problems: Vec<String>,
}

/// `GET /api/transcripts`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct TranscriptPage {
    pub items: Vec<Transcript>,
    /// Give it back as `cursor` to read on; null at the end.
    pub next_cursor: Option<String>,
    /// There may be more than these: read on with the cursor, or, of a search, ask for longer
    /// words, because older sessions were not all looked through.
    pub more: bool,
    pub progress: Progress,
}

/// Who an entry is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryRole {
    User,
    Assistant,
    System,
}

/// One piece of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    Text {
        text: String,
    },
    Thinking {
        text: String,
    },
    /// `input` is JSON as text.
    ToolCall {
        call_id: String,
        name: String,
        input: String,
    },
    ToolResult {
        call_id: String,
        text: String,
        is_error: bool,
    },
    Error {
        text: String,
    },
    /// What the CLI noted, such as a compaction.
    Note {
        text: String,
    },
}

/// One record of a session file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Entry {
    /// Where it begins in the file; its name in links.
    #[ts(type = "number")]
    pub offset: u64,
    pub at: Option<Timestamp>,
    pub role: EntryRole,
    pub parts: Vec<Part>,
    pub model: Option<String>,
    /// Of the model's answer; on the first entry of that answer only.
    pub usage: Option<TokenUsage>,
    pub cost_usd: Option<f64>,
}

/// `GET /api/transcripts/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct TranscriptView {
    pub transcript: Transcript,
    /// Its sub-agents.
    pub children: Vec<Transcript>,
    pub entries: Vec<Entry>,
    /// Give it back as `from` to read on, also later, when more was written.
    #[ts(type = "number")]
    pub next_offset: u64,
    /// True when there was no more when this was read.
    pub at_end: bool,
    /// Records in this part that could not be read.
    #[ts(type = "number")]
    pub unreadable: u64,
}

/// Tokens of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct ModelUsage {
    pub kind: String,
    pub model: String,
    pub usage: TokenUsage,
    pub cost_usd: Option<f64>,
}

/// `GET /api/transcripts/usage`: a turn that several files hold counts once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct UsageTotals {
    pub usage: TokenUsage,
    /// Of those models whose price is known.
    pub cost_usd: f64,
    pub models: Vec<ModelUsage>,
    pub progress: Progress,
}

/// `POST /api/transcripts/{id}/resume`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct ResumeRequest {
    /// Goes on in a copy and leaves the found session as it is.
    pub fork: Option<bool>,
    pub name: Option<String>,
    pub title: Option<String>,
}
