//! Typed commands, and the only way from them to the wire.
//!
//! The builders of `tmux_interface` know names, flags and their order; they
//! quote nothing. So each command is made there, and [`Script`] turns every
//! element of its argv into one quoted word.
//!
//! The builders take `str`, but names, folders and keystrokes are bytes.
//! [`bytes`] writes each byte as the character with that number, and the quoting
//! reads it back; text of ours is ASCII and is itself in that spelling.

use crate::{
    codec::quote::{no_formats, quote},
    ids::{PaneId, SessionId, SessionName, WindowId},
    launch::STAGE,
};
use tmux_interface::{
    AllowActions, CapturePane, CopyMode, DeleteBuffer, DisplayMessage, IfShell, KillPane,
    KillSession, LinkWindow, ListClients, ListPanes, NewSession, PasteBuffer, RefreshClient,
    ResizeWindow, SendKeys, SetBuffer, SetOption, ShowBuffer, State, TmuxCommand, UnlinkWindow,
};

/// A command of ours; it owns its text.
pub type Command = TmuxCommand<'static>;

/// One line for a control client: commands that run one after the other, with
/// nothing between them; a failing one ends the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    line: Vec<u8>,
    commands: usize,
}

impl Script {
    /// A line of one command.
    pub fn new(command: &Command) -> Self {
        Self {
            line: Vec::new(),
            commands: 0,
        }
        .then(command)
    }

    /// The same line with one more command.
    #[must_use]
    pub fn then(mut self, command: &Command) -> Self {
        if self.commands > 0 {
            self.line.extend_from_slice(b" ; ");
        }
        for (n, word) in command.to_vec().iter().enumerate() {
            if n > 0 {
                self.line.push(b' ');
            }
            quote(&unspell(word), &mut self.line);
        }
        self.commands += 1;
        self
    }

    /// The same line with all commands of another.
    #[must_use]
    pub(crate) fn then_all(mut self, other: &Self) -> Self {
        self.line.extend_from_slice(b" ; ");
        self.line.extend_from_slice(&other.line);
        self.commands += other.commands;
        self
    }

    /// How many replies a line gets that does not fail.
    pub(crate) fn commands(&self) -> usize {
        self.commands
    }

    /// The line without its newline.
    pub fn as_bytes(&self) -> &[u8] {
        &self.line
    }
}

/// Spells bytes as characters with the same numbers.
pub fn bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| char::from(b)).collect()
}

/// The same for options that tmux expands as formats: `#` is made harmless.
pub fn plain(text: &[u8]) -> String {
    bytes(&no_formats(text))
}

fn unspell(word: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len());
    for c in word.chars() {
        match u8::try_from(c) {
            Ok(byte) => out.push(byte),
            // Cannot come from `bytes`; keep the text rather than lose it.
            Err(_) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out
}

/// What a new session needs; every field is raw text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spawn<'a> {
    pub(crate) name: &'a SessionName,
    pub(crate) cwd: &'a [u8],
    pub(crate) cols: u16,
    pub(crate) rows: u16,
    pub(crate) env: &'a [(String, String)],
    pub(crate) argv: &'a [&'a [u8]],
    pub(crate) format: &'a str,
}

/// `new-session`. With two words or more in `argv` no shell is involved.
pub(crate) fn new_session(spawn: Spawn<'_>) -> Command {
    let mut builder = NewSession::new()
        .detached()
        .print()
        .start_directory(plain(spawn.cwd))
        .format(spawn.format.to_owned())
        .session_name(plain(spawn.name.as_str().as_bytes()))
        .width(usize::from(spawn.cols))
        .height(usize::from(spawn.rows));
    for (name, value) in spawn.env {
        builder = builder.environment(bytes(name.as_bytes()), bytes(value.as_bytes()));
    }
    let mut command = builder.build();
    command.push_param("--");
    for word in spawn.argv {
        command.push_param(bytes(word));
    }
    command
}

/// `kill-session` by id, so that it can never be another one.
pub(crate) fn kill_session(session: SessionId) -> Command {
    KillSession::new()
        .target_session(session.to_string())
        .build()
}

/// Sets an option on what `target` names; the value is not expanded.
pub(crate) fn set_option(target: &str, name: &str, value: &str) -> Command {
    let mut command = SetOption::new().target_pane(target.to_owned()).build();
    command
        .push_param("--")
        .push_param(bytes(name.as_bytes()))
        .push_param(bytes(value.as_bytes()));
    command
}

/// Sets a global option.
pub(crate) fn set_global(name: &'static str, value: &str) -> Command {
    SetOption::new()
        .global()
        .option(name)
        .value(bytes(value.as_bytes()))
        .build()
}

/// Sets a server option.
pub(crate) fn set_server(name: &'static str, value: &'static str) -> Command {
    SetOption::new().server().option(name).value(value).build()
}

/// All panes of the server, one line each in `format`.
pub(crate) fn list_panes(format: &str) -> Command {
    ListPanes::new().all().format(format.to_owned()).build()
}

/// All clients, one line each in `format`.
pub(crate) fn list_clients(format: &'static str) -> Command {
    ListClients::new().format(format).build()
}

/// Prints `format`, expanded for a pane; fields are empty if it is missing.
pub(crate) fn display(pane: PaneId, format: &str) -> Command {
    DisplayMessage::new()
        .print()
        .target_pane(pane.to_string())
        .message(format.to_owned())
        .build()
}

/// Prints a word of hex digits, or a format that needs no pane.
pub(crate) fn say(word: &str) -> Command {
    DisplayMessage::new()
        .print()
        .message(word.to_owned())
        .build()
}

/// Which part of a pane to capture, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Capture {
    pub(crate) escapes: bool,
    pub(crate) join: bool,
    pub(crate) alternate: bool,
    pub(crate) start: Option<i64>,
    pub(crate) end: Option<i64>,
}

fn capture_builder(pane: PaneId, what: Capture) -> CapturePane<'static> {
    let mut builder = CapturePane::new().target_pane(pane.to_string());
    if what.escapes {
        builder = builder.escape_sequences();
    }
    // Keeps trailing cells; joining keeps them anyway.
    builder = if what.join {
        builder.join()
    } else {
        builder.trailing_spaces()
    };
    if what.alternate {
        builder = builder.alternate_screen();
    }
    if let Some(start) = what.start {
        builder = builder.start_line(start.to_string());
    }
    if let Some(end) = what.end {
        builder = builder.end_line(end.to_string());
    }
    builder
}

/// `capture-pane` into the reply.
pub(crate) fn capture(pane: PaneId, what: Capture) -> Command {
    capture_builder(pane, what).stdout().build()
}

/// `capture-pane` into a buffer.
pub(crate) fn capture_to(pane: PaneId, what: Capture, buffer: &str) -> Command {
    capture_builder(pane, what)
        .buffer_name(buffer.to_owned())
        .build()
}

/// The bytes of an escape sequence that the program has not finished yet.
pub(crate) fn capture_pending(pane: PaneId) -> Command {
    CapturePane::new()
        .pane()
        .escape_non_printable()
        .stdout()
        .target_pane(pane.to_string())
        .build()
}

/// Prints a buffer.
pub(crate) fn show_buffer(buffer: &str) -> Command {
    ShowBuffer::new().buffer_name(buffer.to_owned()).build()
}

/// Appends to a buffer, which comes into being.
pub(crate) fn append_buffer(buffer: &str, data: &[u8]) -> Command {
    let mut command = SetBuffer::new()
        .append()
        .buffer_name(buffer.to_owned())
        .build();
    command.push_param("--").push_param(bytes(data));
    command
}

/// Forgets a buffer.
pub(crate) fn delete_buffer(buffer: &str) -> Command {
    DeleteBuffer::new().buffer_name(buffer.to_owned()).build()
}

/// Pastes a buffer and forgets it. `bracketed` adds the paste marks if the
/// program asked for them.
pub(crate) fn paste_buffer(pane: PaneId, buffer: &str, bracketed: bool) -> Command {
    let builder = PasteBuffer::new()
        .delete()
        .buffer_name(buffer.to_owned())
        .target_pane(pane.to_string());
    if bracketed {
        builder.bracket_codes().build()
    } else {
        builder.build()
    }
}

/// Types bytes as they are; none may be NUL.
pub(crate) fn send_literal(pane: PaneId, data: &[u8]) -> Command {
    let mut command = SendKeys::new()
        .disable_lookup()
        .target_pane(pane.to_string())
        .build();
    command.push_param("--").push_param(bytes(data));
    command
}

/// Types the NUL byte, which no argument can hold.
pub(crate) fn send_nul(pane: PaneId) -> Command {
    SendKeys::new()
        .hex()
        .target_pane(pane.to_string())
        .key("00")
        .build()
}

/// Presses named keys.
pub(crate) fn send_keys<'a>(pane: PaneId, names: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = SendKeys::new().target_pane(pane.to_string()).build();
    command.push_param("--");
    for name in names {
        command.push_param(bytes(name.as_bytes()));
    }
    command
}

/// Leaves copy mode and every other mode, or does nothing.
pub(crate) fn leave_modes(pane: PaneId) -> Command {
    CopyMode::new()
        .cancel()
        .target_pane(pane.to_string())
        .build()
}

/// Sets the size of the window that holds the pane.
pub(crate) fn resize(pane: PaneId, cols: u16, rows: u16) -> Command {
    ResizeWindow::new()
        .target_window(pane.to_string())
        .width(usize::from(cols))
        .height(usize::from(rows))
        .build()
}

/// Runs `then` if `condition`, a format, is true for the pane.
pub(crate) fn when(pane: PaneId, condition: &'static str, then: &Script) -> Command {
    IfShell::new()
        .not_execute()
        .target_pane(pane.to_string())
        .shell_command(condition)
        .command(bytes(then.as_bytes()))
        .build()
}

/// Stops or restarts `%output` of a pane on this connection.
pub(crate) fn flow(pane: PaneId, on: bool) -> Command {
    let state = if on { State::Continue } else { State::Pause };
    RefreshClient::new()
        .allow_actions(AllowActions {
            pane: pane.to_string().into(),
            state,
        })
        .build()
}

/// Shows a pane's window in the stage's session, too.
pub(crate) fn link_to_stage(pane: PaneId) -> Command {
    LinkWindow::new()
        .detached()
        .src_window(pane.to_string())
        .dst_window(format!("={STAGE}:"))
        .build()
}

/// Takes a window out of the stage's session. One that is nowhere else any more ends:
/// its own session was taken away meanwhile.
pub(crate) fn unlink_from_stage(window: WindowId) -> Command {
    // The builder calls `-k` so.
    UnlinkWindow::new()
        .detach_other()
        .target_window(format!("={STAGE}:{window}"))
        .build()
}

/// Ends a pane whose window has no session but the stage. The condition keeps the
/// stage's own window, and one that was linked again meanwhile.
pub(crate) fn end_stray(pane: PaneId) -> Command {
    let end = KillPane::new().target_pane(pane.to_string()).build();
    when(
        pane,
        "#{&&:#{==:#{window_linked_sessions},1},#{!=:#{window_index},0}}",
        &Script::new(&end),
    )
}

#[cfg(test)]
mod tests;
