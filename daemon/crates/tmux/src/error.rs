//! What can go wrong between us and tmux, by what the caller can do about it.

use std::io;

/// The one error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no tmux to run.
    #[error("tmux was not found; install tmux 3.3a or newer")]
    NotInstalled,
    /// This tmux lacks what the crate stands on.
    #[error("tmux {found} is too old; 3.2a is the oldest that works")]
    TooOld {
        /// What `tmux -V` said.
        found: String,
    },
    /// `tmux -V` answered something that is no version.
    #[error("cannot read the tmux version from {0:?}")]
    UnknownVersion(String),
    /// The socket's place is not safe or not usable.
    #[error("the tmux socket cannot be used: {0}")]
    Socket(String),
    /// tmux was run and refused to start a server.
    #[error("tmux did not start: {0}")]
    Start(String),
    /// The connection went away; whether the command ran is unknown.
    #[error("the connection to tmux was lost")]
    Disconnected,
    /// The server is dead, and its panes with it.
    #[error("the tmux server is gone")]
    ServerGone,
    /// tmux did not answer in time; whether the command ran is unknown.
    #[error("tmux did not answer in time")]
    Timeout,
    /// The session or pane does not exist (any more).
    #[error("no such session or pane")]
    NotFound,
    /// tmux refused the command. The text is tmux' own and may quote names.
    #[error("tmux refused: {0}")]
    Refused(String),
    /// An argument can never be right, so it was not sent.
    #[error("bad argument: {0}")]
    Invalid(&'static str),
    /// tmux said something that this crate does not understand.
    #[error("unexpected answer from tmux: {0}")]
    Protocol(String),
    /// The operating system said no.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Error {
    /// Sorts the text of an `%error` block.
    pub(crate) fn refused(text: &str) -> Self {
        let missing = [
            "can't find",
            "no such pane",
            "no such session",
            "no current",
        ];
        if missing.iter().any(|start| text.starts_with(start)) {
            Self::NotFound
        } else {
            Self::Refused(text.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn missing_targets_are_not_found() {
        assert!(matches!(
            Error::refused("can't find pane: %7"),
            Error::NotFound
        ));
        assert!(matches!(
            Error::refused("duplicate session: a"),
            Error::Refused(_)
        ));
    }
}
