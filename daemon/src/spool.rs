//! Hook events that the daemon could not take yet: one file per agent, in order, written
//! by `orchestra hook` and emptied by whichever comes first, a later hook or the daemon.
//!
//! Everybody works under one lock, so an event never overtakes an older one. Replays are
//! possible (a crash between sending and emptying); the key of the event makes them harmless.

use nix::fcntl::{Flock, FlockArg};
use orchestra_protocol::hook::HookCall;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A spool beyond this size takes no more; the disk is the user's.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// How often a spool that somebody holds is tried again.
const LOOK: Duration = Duration::from_millis(20);

/// The spool of one agent, held exclusively until dropped. All calls block.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    file: Flock<File>,
}

/// Why an event could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error("the spool {0} is full")]
    Full(PathBuf),
    #[error("cannot use the spool {path}: {error}")]
    Io { path: PathBuf, error: io::Error },
}

impl Spool {
    /// Waits until nobody else holds the spool in this agent's folder, and takes it.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn lock(folder: &Path) -> Result<Self, SpoolError> {
        let path = folder.join("spool.jsonl");
        let mut options = OpenOptions::new();
        let opened = options
            .create(true)
            .read(true)
            .append(true)
            .mode(0o600)
            .open(&path);
        let locked = opened.and_then(|file| {
            Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, code)| code.into())
        });
        match locked {
            Ok(file) => Ok(Self { path, file }),
            Err(error) => Err(SpoolError::Io { path, error }),
        }
    }

    /// Takes the spool if it is free within `patience`; none while somebody holds it.
    /// For the daemon, which no agent's process may hold up.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn lock_within(folder: &Path, patience: Duration) -> Result<Option<Self>, SpoolError> {
        let path = folder.join("spool.jsonl");
        let failed = |error| SpoolError::Io {
            path: path.clone(),
            error,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(&path)
            .map_err(failed)?;
        let begun = Instant::now();
        loop {
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(file) => return Ok(Some(Self { path, file })),
                Err((_, code)) if code != nix::errno::Errno::EWOULDBLOCK => {
                    return Err(failed(code.into()));
                }
                Err(_) if begun.elapsed() >= patience => return Ok(None),
                Err((back, _)) => file = back,
            }
            std::thread::sleep(LOOK);
        }
    }

    /// True when something waits in the spool of that folder; takes no lock, so a busy
    /// spool may be seen late.
    pub fn has_events(folder: &Path) -> bool {
        std::fs::metadata(folder.join("spool.jsonl")).is_ok_and(|meta| meta.len() > 0)
    }

    /// Everything that waits, oldest first. A last line cut by a crash is left out.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn events(&self) -> Result<Vec<HookCall>, SpoolError> {
        let bytes = std::fs::read(&self.path).map_err(|error| self.failed(error))?;
        let lines = bytes.split(|byte| *byte == b'\n');
        Ok(lines
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect())
    }

    /// Adds one event; it is on the disk when this returns.
    ///
    /// # Errors
    /// When the spool is full or cannot be written.
    pub fn append(&self, call: &HookCall) -> Result<(), SpoolError> {
        self.try_append(call).map_err(|error| self.failed(error))?
    }

    /// Empties the spool, after all of it was taken over. A part that was taken over stays
    /// until the rest is, because a rewrite could be cut in half by a crash.
    ///
    /// # Errors
    /// When the file cannot be changed; it is then as before.
    pub fn clear(&self) -> Result<(), SpoolError> {
        self.file.set_len(0).map_err(|error| self.failed(error))
    }

    fn try_append(&self, call: &HookCall) -> io::Result<Result<(), SpoolError>> {
        let size = self.file.metadata()?.len();
        if size > MAX_BYTES {
            return Ok(Err(SpoolError::Full(self.path.clone())));
        }
        // A leading line break ends a line that a crash cut in half.
        let mut line = Vec::from(if size > 0 { "\n" } else { "" });
        serde_json::to_writer(&mut line, call)?;
        line.push(b'\n');
        (&*self.file).write_all(&line)?;
        self.file.sync_data()?;
        Ok(Ok(()))
    }

    fn failed(&self, error: io::Error) -> SpoolError {
        let path = self.path.clone();
        SpoolError::Io { path, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(number: i64) -> HookCall {
        HookCall {
            key: number.to_string(),
            at: number,
            name: None,
            event: serde_json::json!({ "number": number }),
        }
    }

    #[test]
    fn events_stay_in_order_across_a_cut_line() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::lock(folder.path()).unwrap();
        assert!(spool.events().unwrap().is_empty());
        spool.append(&call(1)).unwrap();
        let mut file = OpenOptions::new().append(true).open(&spool.path).unwrap();
        file.write_all(b"{\"key\":\"cut").unwrap();
        spool.append(&call(2)).unwrap();
        assert_eq!(spool.events().unwrap(), [call(1), call(2)]);
        spool.clear().unwrap();
        assert!(!Spool::has_events(folder.path()));
    }

    #[test]
    fn the_daemon_does_not_wait_for_a_holder() {
        let folder = tempfile::tempdir().unwrap();
        let held = Spool::lock(folder.path()).unwrap();
        let none = Spool::lock_within(folder.path(), Duration::from_millis(50)).unwrap();
        assert!(none.is_none());
        drop(held);
        let free = Spool::lock_within(folder.path(), Duration::ZERO).unwrap();
        assert!(free.is_some());
    }

    #[test]
    fn a_second_holder_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let first = Spool::lock(folder.path()).unwrap();
        let path = folder.path().to_owned();
        std::thread::scope(|scope| {
            let second = scope.spawn(move || Spool::lock(&path).unwrap().events().unwrap());
            first.append(&call(1)).unwrap();
            drop(first);
            assert_eq!(second.join().unwrap(), [call(1)]);
        });
    }
}
