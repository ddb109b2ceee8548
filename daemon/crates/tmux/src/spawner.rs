//! Control clients as children that cannot outlive us.
//!
//! When we die, the pipes of a client close, and it leaves; but one that carries output
//! may be stuck with what it could not deliver, and then freezes the programs that it
//! watches. So the live client has a guard, which ends it for certain.
//!
//! The death signal that tells the guard is bound to the *thread* that forked, and
//! threads of a runtime come and go; so one thread of our own, which lives as long as
//! the process, forks and reaps all children.

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Child, Command, Stdio},
    sync::{OnceLock, mpsc},
};
use tokio::{
    process::{ChildStdin, ChildStdout},
    sync::oneshot,
};

/// Runs the client as its child; told that we are dead, it waits a moment and kills it.
///
/// The moment is for a client that is still coming in: before 3.7 the server dies if it
/// leaves, or if another one leaves, in the middle of that. For the same reason the
/// guard holds, as its standard error, the input of the main client open meanwhile.
const GUARD: &str = r#"
trap 'sleep 1; kill -9 "$client" 2>/dev/null; exit' TERM
exec 3<&0
"$@" <&3 3<&- 2>/dev/null &
client=$!
exec </dev/null >/dev/null 3<&-
wait "$client"
"#;

/// How a client is kept from outliving us.
pub(crate) struct Guard {
    /// Stays open until the guard is gone.
    pub(crate) keeps_open: Option<OwnedFd>,
}

impl Guard {
    fn around(self, client: &Command) -> Command {
        let mut guard = Command::new("setpriv");
        guard
            .args(["--pdeathsig", "TERM", "sh", "-c", GUARD, "sh"])
            .arg(client.get_program())
            .args(client.get_args())
            .env_clear()
            .envs(
                client
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            // One signal to the group reaches both.
            .process_group(0)
            .stderr(self.keeps_open.map_or_else(Stdio::null, Stdio::from));
        guard
    }
}

enum Job {
    Spawn(Box<Command>, oneshot::Sender<io::Result<Child>>),
    Reap(Child),
}

/// A running `tmux -C`. Dropping it kills and reaps the child.
#[derive(Debug)]
pub(crate) struct ControlChild {
    child: Option<Child>,
    guarded: bool,
}

/// Starts a control client and takes its pipes.
pub(crate) async fn spawn(
    client: Command,
    guard: Option<Guard>,
) -> io::Result<(ControlChild, ChildStdin, ChildStdout)> {
    let guarded = guard.is_some();
    let mut command = match guard {
        Some(guard) => guard.around(&client),
        None => client,
    };
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    if !guarded {
        command.stderr(Stdio::null());
    }
    let (reply, answer) = oneshot::channel();
    thread()?
        .send(Job::Spawn(Box::new(command), reply))
        .map_err(|_| gone())?;
    let mut child = answer.await.map_err(|_| gone())??;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let guard = ControlChild {
        child: Some(child),
        guarded,
    };
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
        if self.guarded {
            let _ = killpg(pid_of(&child), Signal::SIGKILL);
        } else {
            let _ = child.kill();
        }
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

fn pid_of(child: &Child) -> Pid {
    // Linux has no pid that does not fit.
    Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX))
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
