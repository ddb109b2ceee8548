//! The setup script of a new worktree: the owner's own program, run in the folder before
//! anybody works there, with nothing of the daemon's but a plain environment.

use super::variables;
use crate::config::Config;
use orchestra_protocol::worktree::{SetupReport, SetupStatus, Worktree};
use orchestra_tmux::process::ProcessId;
use parking_lot::Mutex;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

/// Output that is kept.
const KEPT: usize = 16 << 10;
/// How long a child of the script may hold its output open after it.
const DRAIN: Duration = Duration::from_millis(500);

/// A script that runs.
pub(in crate::worktrees) struct Running {
    child: Child,
    argv: Vec<String>,
    began: Instant,
}

/// The end of an output.
#[derive(Debug, Default)]
struct Tail {
    bytes: Vec<u8>,
    cut: bool,
}

impl Running {
    /// Starts it.
    ///
    /// # Errors
    /// When the program cannot be run.
    pub(in crate::worktrees) fn start(
        config: &Config,
        view: &Worktree,
        folder: &Path,
    ) -> std::io::Result<Self> {
        let argv = config.settings.worktrees.setup.clone();
        let (program, args) = argv
            .split_first()
            .ok_or_else(|| std::io::Error::other("it names no program"))?;
        let child = Command::new(program)
            .args(args)
            .env_clear()
            .envs(config.inherited())
            .envs(variables(view))
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self {
            child,
            argv,
            began: Instant::now(),
        })
    }

    /// Its process, to be ended by the next daemon if this one does not live to.
    pub(in crate::worktrees) fn process(&self) -> Option<ProcessId> {
        let pid = self.child.id().and_then(|pid| i32::try_from(pid).ok())?;
        ProcessId::of(pid)
    }

    /// Waits for its end, or ends it and all that it started.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub(in crate::worktrees) async fn finish(
        mut self,
        patience: Duration,
    ) -> std::io::Result<SetupReport> {
        let process = self.process();
        let tail = Arc::new(Mutex::new(Tail::default()));
        let (out, err) = (self.child.stdout.take(), self.child.stderr.take());
        let reading = async {
            tokio::join!(keep(out, &tail), keep(err, &tail));
        };
        tokio::pin!(reading);
        let mut open = true;
        let deadline = tokio::time::sleep(patience);
        tokio::pin!(deadline);
        let status = loop {
            tokio::select! {
                status = self.child.wait() => break Some(status?),
                () = &mut deadline => break None,
                () = &mut reading, if open => open = false,
            }
        };
        if let Some(process) = process {
            end(process);
        }
        if open {
            // A service that it left running may hold the pipe for ever.
            let _ = tokio::time::timeout(DRAIN, reading).await;
        }
        let tail = std::mem::take(&mut *tail.lock());
        Ok(SetupReport {
            argv: self.argv,
            status: match status {
                None => SetupStatus::Timeout,
                Some(status) if status.success() => SetupStatus::Completed,
                Some(_) => SetupStatus::Failed,
            },
            exit_code: status.and_then(|status| status.code()),
            elapsed_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            output: String::from_utf8_lossy(&tail.bytes).into_owned(),
            cut: tail.cut,
        })
    }
}

/// Ends a script that is still the same process, and its group.
pub(in crate::worktrees) fn end(process: ProcessId) {
    use nix::sys::signal::{Signal, killpg};
    // The leader may be gone while others of its group live; its number is not given away
    // before they are.
    let other = ProcessId::of(process.pid).is_some_and(|now| now != process);
    if !other {
        // Gone already is what is wanted.
        let _ = killpg(nix::unistd::Pid::from_raw(process.pid), Signal::SIGKILL);
    }
}

async fn keep(from: Option<impl AsyncRead + Unpin>, tail: &Mutex<Tail>) {
    let Some(mut from) = from else { return };
    let mut buffer = vec![0; 8192];
    while let Ok(read) = from.read(&mut buffer).await {
        if read == 0 {
            return;
        }
        let mut tail = tail.lock();
        tail.bytes.extend_from_slice(&buffer[..read]);
        let over = tail.bytes.len().saturating_sub(KEPT);
        if over > 0 {
            tail.bytes.drain(..over);
            tail.cut = true;
        }
    }
}
