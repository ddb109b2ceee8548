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

/// `GET /api/agents/{id}/history`: rows above the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct HistoryPage {
    /// Number of the first row given; 0 is the oldest kept.
    #[ts(type = "number")]
    pub start: u64,
    /// Rows with colours, oldest first.
    pub rows: Vec<String>,
    /// How many rows the history holds in all.
    #[ts(type = "number")]
    pub total: u64,
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
