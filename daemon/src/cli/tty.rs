//! The person's own terminal: its size, and keys as they are pressed.

use super::failure::Failure;
use orchestra_protocol::agent::Size;
use rustix::termios::{self, OptionalActions, Termios};
use secrecy::SecretString;

/// Width for output that goes to no terminal: nothing is cut.
const ENDLESS: usize = usize::MAX;

/// How wide lines may be on stdout.
pub fn width() -> usize {
    termios::tcgetwinsize(std::io::stdout())
        .ok()
        .filter(|size| size.ws_col > 0)
        .map_or(ENDLESS, |size| size.ws_col.into())
}

/// How many lines stdout shows at once; none when it is no terminal.
pub fn height() -> Option<usize> {
    let size = termios::tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_row > 0).then(|| size.ws_row.into())
}

/// Columns and rows of the terminal on stdin, if there is one.
pub fn size() -> Option<Size> {
    let size = termios::tcgetwinsize(std::io::stdin()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some(Size {
        cols: size.ws_col,
        rows: size.ws_row,
    })
}

/// A secret from a person, unseen while it is typed; from a pipe, its first line.
///
/// # Errors
/// When nothing can be read.
pub fn secret(question: &str) -> Result<SecretString, Failure> {
    let stdin = std::io::stdin();
    let unread = |error| Failure::Usage(format!("cannot read the password: {error}"));
    let before = termios::tcgetattr(&stdin).ok();
    if let Some(before) = &before {
        let mut silent = before.clone();
        silent.local_modes.remove(termios::LocalModes::ECHO);
        termios::tcsetattr(&stdin, OptionalActions::Drain, &silent)
            .map_err(|error| Failure::Usage(format!("cannot hide the password: {error}")))?;
        super::output::note(question);
    }
    let mut line = String::new();
    let read = stdin.read_line(&mut line).map_err(unread);
    if let Some(before) = &before {
        // As below: a shell without echo is worse than anything that could be told.
        let _ = termios::tcsetattr(&stdin, OptionalActions::Drain, before);
    }
    read?;
    Ok(line.trim_end_matches(['\r', '\n']).into())
}

/// Keys do not show until this is dropped; those that send signals still do.
#[derive(Debug)]
pub struct Silent {
    before: Termios,
}

impl Silent {
    /// Silences the terminal on stdin; none when there is none.
    pub fn enter() -> Option<Self> {
        let before = termios::tcgetattr(std::io::stdin()).ok()?;
        let mut silent = before.clone();
        silent
            .local_modes
            .remove(termios::LocalModes::ECHO | termios::LocalModes::ICANON);
        termios::tcsetattr(std::io::stdin(), OptionalActions::Drain, &silent).ok()?;
        Some(Self { before })
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // As below.
        let _ = termios::tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.before);
    }
}

/// Keys come unchanged and unechoed until this is dropped.
pub struct Raw {
    before: Termios,
}

impl Raw {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When stdin is none.
    pub fn enter() -> Result<Self, Failure> {
        let none = |error| Failure::Usage(format!("attach needs a terminal: {error}"));
        let before = termios::tcgetattr(std::io::stdin()).map_err(none)?;
        let mut raw = before.clone();
        raw.make_raw();
        termios::tcsetattr(std::io::stdin(), OptionalActions::Drain, &raw).map_err(none)?;
        Ok(Self { before })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Without this the person's shell would be left unusable; there is nobody to tell
        // of a failure.
        let _ = termios::tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.before);
    }
}
