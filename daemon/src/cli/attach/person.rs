//! The person at the terminal: keys, the window's size, and what the system asks.

use super::keys::{Keys, Letters, Prefix, Word};
use crate::cli::failure::Failure;
use crate::model::limits::MAX_INPUT;
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The person's end: keys, the size of the window, and what the system asks.
pub(super) struct Person {
    stdin: tokio::io::Stdin,
    buffer: Vec<u8>,
    resized: Signal,
    ends: [(Signal, &'static str); 3],
    keys: Keys,
    pub(super) letters: Letters,
    pub(super) prefix: Prefix,
}

/// What the person did.
pub(super) enum Said {
    Keys(Vec<u8>, Option<Word>),
    Resized,
    Signal(&'static str),
    /// The terminal is gone.
    Gone,
}

impl Person {
    pub(super) fn new(prefix: Prefix) -> Result<Self, Failure> {
        let watch =
            |kind| signal(kind).map_err(|error| Failure::local("cannot watch for signals", &error));
        Ok(Self {
            stdin: tokio::io::stdin(),
            buffer: vec![0; MAX_INPUT / 2],
            resized: watch(SignalKind::window_change())?,
            ends: [
                (watch(SignalKind::terminate())?, "SIGTERM"),
                (watch(SignalKind::hangup())?, "SIGHUP"),
                (watch(SignalKind::interrupt())?, "SIGINT"),
            ],
            keys: Keys::new(prefix),
            letters: Letters::default(),
            prefix,
        })
    }

    /// What comes next; nothing is lost if the future is dropped.
    pub(super) async fn next(&mut self) -> Said {
        let [(term, _), (hangup, _), (interrupt, _)] = &mut self.ends;
        tokio::select! {
            read = self.stdin.read(&mut self.buffer) => match read {
                Ok(count @ 1..) => {
                    let (bytes, word) = self.keys.feed(&self.buffer[..count]);
                    Said::Keys(bytes, word)
                }
                _ => Said::Gone,
            },
            _ = self.resized.recv() => Said::Resized,
            _ = term.recv() => Said::Signal("SIGTERM"),
            _ = hangup.recv() => Said::Signal("SIGHUP"),
            _ = interrupt.recv() => Said::Signal("SIGINT"),
        }
    }
}
