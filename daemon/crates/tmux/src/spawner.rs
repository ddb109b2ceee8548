//! Control clients as children that cannot outlive us.
//!
//! The death signal that `setpriv --pdeathsig` arms is bound to the *thread*
//! that forked, and threads of a runtime come and go; so one thread of our own,
//! which lives as long as the process, forks and reaps all of them.

use std::{
    io,
    process::{Child, Command, Stdio},
    sync::{OnceLock, mpsc},
};
use tokio::{
    process::{ChildStdin, ChildStdout},
    sync::oneshot,
};

enum Job {
    Spawn(Box<Command>, oneshot::Sender<io::Result<Child>>),
    Reap(Child),
}

/// A running `tmux -C`. Dropping it kills and reaps the child.
#[derive(Debug)]
pub(crate) struct ControlChild {
    child: Option<Child>,
}

/// Starts a control client and takes its pipes.
pub(crate) async fn spawn(
    mut command: Command,
) -> io::Result<(ControlChild, ChildStdin, ChildStdout)> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let (reply, answer) = oneshot::channel();
    thread()?
        .send(Job::Spawn(Box::new(command), reply))
        .map_err(|_| gone())?;
    let mut child = answer.await.map_err(|_| gone())??;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let guard = ControlChild { child: Some(child) };
    let (Some(stdin), Some(stdout)) = (stdin, stdout) else {
        return Err(io::Error::other("a child without pipes"));
    };
    Ok((
        guard,
        ChildStdin::from_std(stdin)?,
        ChildStdout::from_std(stdout)?,
    ))
}

impl ControlChild {
    /// Kills it; the reaping goes on elsewhere.
    pub(crate) fn kill(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        // A client with unread output does not end when its input does.
        let _ = child.kill();
        if let Ok(thread) = thread() {
            let _ = thread.send(Job::Reap(child));
        }
    }
}

impl Drop for ControlChild {
    fn drop(&mut self) {
        self.kill();
    }
}

fn gone() -> io::Error {
    io::Error::other("the spawning thread is gone")
}

fn thread() -> io::Result<mpsc::SyncSender<Job>> {
    static THREAD: OnceLock<Option<mpsc::SyncSender<Job>>> = OnceLock::new();
    THREAD.get_or_init(start).clone().ok_or_else(gone)
}

fn start() -> Option<mpsc::SyncSender<Job>> {
    let (jobs, inbox) = mpsc::sync_channel(64);
    let body = move || {
        for job in inbox {
            match job {
                Job::Spawn(mut command, reply) => {
                    if let Err(Ok(mut orphan)) = reply.send(command.spawn()) {
                        let _ = orphan.kill();
                        let _ = orphan.wait();
                    }
                }
                Job::Reap(mut child) => {
                    let _ = child.wait();
                }
            }
        }
    };
    std::thread::Builder::new()
        .name("tmux-spawner".to_owned())
        .spawn(body)
        .ok()?;
    Some(jobs)
}

/// Runs a task of this crate; the one place that does.
pub(crate) fn task<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::runtime::Handle::current().spawn(future)
}
