//! Terminals over REST: screen, history, input.

use crate::agent::Size;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// Where the cursor stands, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Cursor {
    pub x: u16,
    pub y: u16,
    pub visible: bool,
}

/// `GET /api/agents/{id}/screen`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Screen {
    /// Rows joined by `\n`; with colours when `format=ansi`.
    pub text: String,
    pub cols: u16,
    pub rows: u16,
    pub cursor: Cursor,
    /// True while a full-screen program has the alternate screen.
    pub alternate: bool,
    pub captured_at: Timestamp,
}

/// `GET /api/agents/{id}/history`: rows above the screen, one for each line of the terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct HistoryPage {
    /// Names these numbers; under another epoch they mean other rows.
    pub epoch: String,
    /// Number of the first row given. A row keeps its number as long as it is kept.
    #[ts(type = "number")]
    pub start: u64,
    /// Rows with colours, oldest first; a page begins without colours.
    pub rows: Vec<String>,
    /// Number of the oldest row kept.
    #[ts(type = "number")]
    pub first: u64,
    /// Number of the row on top of the screen.
    #[ts(type = "number")]
    pub next: u64,
    /// How many rows the history holds in all.
    #[ts(type = "number")]
    pub total: u64,
    /// The numbers asked by are of another epoch: these are the newest rows.
    pub resync: bool,
}

/// One line that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Found {
    /// Number of the row in which the match begins.
    #[ts(type = "number")]
    pub row: u64,
    /// The line around the match, wrapped rows put together.
    pub text: String,
    /// Where in `text` the match begins, in characters, and where it ends.
    pub start: u32,
    pub end: u32,
}

/// `GET /api/agents/{id}/history/search`: matches, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct FoundPage {
    pub epoch: String,
    pub items: Vec<Found>,
    /// Go on before this row; null when all was searched.
    #[ts(type = "number | null")]
    pub before: Option<u64>,
    /// The numbers began anew, and so did the search.
    pub resync: bool,
}

/// `POST /api/agents/{id}/input`: exactly one field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct InputRequest {
    /// Bytes as typed, `"ls\r"`; at most 64 KiB.
    pub text: Option<String>,
    /// Named keys: `C-c`, `Enter`, `Escape`, `Tab`, `Up` …
    pub keys: Option<Vec<String>>,
    /// Pasted as one block, bracketed where the program asks for it; at most 256 KiB.
    pub paste: Option<String>,
}

/// `POST /api/agents/{id}/resize`; the answer is the size used.
pub type ResizeRequest = Size;
