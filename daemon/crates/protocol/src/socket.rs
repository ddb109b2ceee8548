//! Messages on `GET /ws`: JSON text frames tagged by `type`. Live terminal bytes
//! travel in binary frames (`frame`).

pub mod close;

use crate::agent::Agent;
use crate::approval::Approval;
use crate::auth::TicketRights;
use crate::message::{Action, Message};
use crate::problem::Problem;
use crate::task::{Decision, TaskStatus};
use crate::worktree::Worktree;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which reading of a terminal a viewer wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Whole frames, at most a few a second.
    #[default]
    Sampled,
    /// Bytes as they come, after an exact snapshot.
    Live,
}

/// How a viewer wants its frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// `terminal_output` messages.
    #[default]
    Json,
    /// Binary frames; live only.
    Binary,
}

/// What a client says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(optional_fields)]
pub enum ClientMessage {
    /// A message to an agent; without `session_id`, to the caller's primary.
    UserMessage {
        content: String,
        session_id: Option<String>,
        /// UUID; a resend with the same one is the same message.
        client_id: Option<String>,
        as_command: Option<bool>,
    },
    /// Starts showing a terminal.
    SubscribeTerminal {
        session_id: String,
        mode: Option<Mode>,
        encoding: Option<Encoding>,
        /// With `from`: go on after that byte if the epoch still holds.
        epoch: Option<String>,
        #[ts(optional, type = "number")]
        from: Option<u64>,
    },
    UnsubscribeTerminal {
        session_id: String,
    },
    /// Keys as bytes; at most 64 KiB; only from the seat.
    TerminalInput {
        session_id: String,
        data: String,
    },
    /// One block of text; bracketed where the program asks for it; only from the seat.
    /// A long one comes in parts under one `id`, all but the last with `more`.
    TerminalPaste {
        session_id: String,
        data: String,
        /// Names the paste on this connection: progress is told, and it can be cancelled.
        id: Option<String>,
        more: Option<bool>,
    },
    /// Pastes no more of it; what the program has been given it keeps.
    CancelPaste {
        session_id: String,
        id: String,
    },
    /// Only from the seat.
    TerminalResize {
        session_id: String,
        cols: u16,
        rows: u16,
    },
    /// Makes this connection the one that types and sizes.
    TakeSeat {
        session_id: String,
    },
    ReleaseSeat {
        session_id: String,
    },
    /// Asks for rows above the screen, ending before row `before`.
    TerminalHistory {
        session_id: String,
        #[ts(optional, type = "number")]
        before: Option<u64>,
        /// Whose numbers those are; with another one now, the answer says `resync`.
        epoch: Option<String>,
        lines: Option<u32>,
    },
    /// Payload bytes of this channel that the emulator has parsed, in all.
    Ack {
        channel: u32,
        #[ts(type = "number")]
        bytes: u64,
    },
    /// The screen is not as `screen_hash` said.
    ScreenMismatch {
        channel: u32,
        #[ts(type = "number")]
        seq: u64,
        /// The hash of each row.
        rows: Vec<u32>,
        modes: u32,
    },
    /// A person's answer to an action of a message.
    Action {
        action: ActionName,
        #[ts(type = "number[]")]
        task_ids: Vec<i64>,
        decision: Decision,
    },
    /// Go on with the feed after this number.
    Resume {
        #[ts(type = "number")]
        after: i64,
    },
    /// Keeps the socket open past the end of its token.
    Renew {
        ticket: String,
    },
    /// Whether a person looks at the page: it is in front, and somebody touched it lately.
    Presence {
        looking: bool,
    },
    Ping {
        nonce: Option<String>,
    },
}

/// The actions that a client may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ActionName {
    ApprovePlan,
}

impl ClientMessage {
    /// Every `type`, so that a test can demand a row for each in the matrix.
    pub const TYPES: &'static [&'static str] = &[
        "user_message",
        "subscribe_terminal",
        "unsubscribe_terminal",
        "terminal_input",
        "terminal_paste",
        "cancel_paste",
        "terminal_resize",
        "take_seat",
        "release_seat",
        "terminal_history",
        "ack",
        "screen_mismatch",
        "action",
        "resume",
        "renew",
        "presence",
        "ping",
    ];
}

/// Where a paste stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PasteState {
    /// More comes.
    Pasting,
    Done,
    Cancelled,
    /// tmux refused it, or the seat was lost.
    Failed,
}

/// Who types into a terminal now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SeatHolder {
    /// Name of the person.
    pub name: String,
    /// `web`, `cli` or `attach`.
    pub via: String,
}

/// What the daemon says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(optional_fields)]
pub enum ServerMessage {
    /// Always first.
    Hello {
        version: String,
        rights: TicketRights,
        /// The newest number of the feed; `resume` from an older one fills the gap.
        #[ts(type = "number")]
        event: i64,
        /// Session id of the caller's primary, running or not.
        primary_session_id: String,
    },
    /// The agent's answer: the text of its turn, never read off the screen.
    ClaudeResponse {
        content: String,
        actions: Vec<Action>,
        session_id: String,
        message_id: String,
        #[ts(type = "number")]
        event: i64,
    },
    /// One whole frame: written to an emulator of that size it gives the screen.
    TerminalOutput {
        session_id: String,
        data: String,
        /// Milliseconds since the epoch.
        #[ts(type = "number")]
        timestamp: i64,
        cols: u16,
        rows: u16,
    },
    /// A task changed.
    TaskUpdate {
        #[ts(type = "number")]
        task_id: i64,
        /// Specialist, else kind.
        agent: String,
        status: TaskStatus,
        #[ts(type = "number")]
        elapsed_ms: i64,
        agent_id: Option<String>,
        title: String,
        reason: Option<String>,
        /// The result's text, once there is one.
        result: Option<String>,
        error: Option<String>,
        #[ts(type = "number")]
        event: i64,
    },
    /// The terminal is on; `channel` heads its binary frames.
    Subscribed {
        session_id: String,
        channel: u32,
        mode: Mode,
        encoding: Encoding,
        epoch: String,
        #[ts(type = "number")]
        seq: u64,
        cols: u16,
        rows: u16,
        title: String,
        seat: Option<SeatHolder>,
        /// True when this connection holds the seat.
        mine: bool,
    },
    /// The seat or the size changed.
    Seat {
        session_id: String,
        holder: Option<SeatHolder>,
        mine: bool,
        cols: u16,
        rows: u16,
    },
    /// A live terminal is quiet: what its screen is there.
    ScreenHash {
        session_id: String,
        channel: u32,
        #[ts(type = "number")]
        seq: u64,
        hash: u32,
    },
    /// Rows above the screen, oldest first: a `HistoryPage`.
    TerminalHistory {
        session_id: String,
        epoch: String,
        #[ts(type = "number")]
        start: u64,
        rows: Vec<String>,
        #[ts(type = "number")]
        first: u64,
        #[ts(type = "number")]
        next: u64,
        #[ts(type = "number")]
        total: u64,
        resync: bool,
    },
    /// How far a paste with an `id` has come.
    PasteProgress {
        session_id: String,
        id: String,
        /// Bytes handed to the program so far.
        #[ts(type = "number")]
        bytes: u64,
        state: PasteState,
    },
    /// A message was stored or moved on.
    Receipt {
        message: Message,
        #[ts(type = "number")]
        event: i64,
    },
    /// An agent changed.
    AgentUpdate {
        agent: Box<Agent>,
        #[ts(type = "number")]
        event: i64,
    },
    /// An agent asks a person, or the question ended.
    Approval {
        approval: Box<Approval>,
        #[ts(type = "number")]
        event: i64,
    },
    /// A worktree was made, changed hands or went; its `status` is null here.
    Worktree {
        worktree: Box<Worktree>,
        /// True when it is gone.
        removed: bool,
        #[ts(type = "number")]
        event: i64,
    },
    /// The feed cannot be resumed from there: read the lists again.
    Resync {
        #[ts(type = "number")]
        event: i64,
        reason: String,
    },
    /// The token ends soon: send `renew`.
    AuthExpiring {
        /// Milliseconds since the epoch.
        #[ts(type = "number")]
        expires_at: i64,
    },
    Renewed {
        #[ts(type = "number")]
        expires_at: i64,
    },
    Pong {
        nonce: Option<String>,
    },
    /// A message was refused; the socket stays. The fields of a problem, with
    /// `code` for its `type`, because `type` names the message here.
    Error {
        /// `urn:orchestra:<code>`.
        code: String,
        title: String,
        status: u16,
        detail: String,
        /// The `type` that was refused, when it could be read.
        about: Option<String>,
        session_id: Option<String>,
    },
}

impl ServerMessage {
    /// The refusal of one message.
    pub fn error(problem: Problem, about: Option<&str>, session_id: Option<&str>) -> Self {
        Self::Error {
            code: problem.kind,
            title: problem.title,
            status: problem.status,
            detail: problem.detail,
            about: about.map(str::to_owned),
            session_id: session_id.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests;
