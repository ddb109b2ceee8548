//! The main connection: a control client on the hub session.
//!
//! One task owns the child. It always reads, keeps at most 64 commands
//! unanswered, and takes new ones in the order input, lifecycle, captures, so
//! that a key never waits behind a screenful. When the connection breaks, what
//! was in flight fails; the task then connects again or reports the server gone.

use crate::{
    codec::section::Section,
    command::{Script, say},
    error::Error,
    launch::{Launcher, Role},
    process::ProcessId,
    spawner,
    wire::{Answer, Request, Turn, Wire},
};
use bytes::Bytes;
use std::{sync::Arc, time::Duration};
use tokio::sync::{Notify, mpsc, oneshot, watch};

/// How long one command may take before its caller hears [`Error::Timeout`].
const PATIENCE: Duration = Duration::from_secs(20);
/// Commands in flight on one connection, all lanes together.
const IN_FLIGHT: usize = 64;
/// Of these, captures: a burst of them would hold the server up.
const CAPTURES_IN_FLIGHT: usize = 16;
/// Unsent bytes above which no new command is taken.
const BACKLOG: usize = 256 * 1024;

/// How things stand between us and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Commands go through.
    Connected {
        /// The server; after a restart it is another one, and all panes are new.
        server: ProcessId,
    },
    /// The connection broke, the server lives or is being looked for.
    Disconnected,
    /// The server is dead and so are its panes. Nothing is restarted until
    /// someone asks for it.
    ServerGone,
}

/// What may overtake what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    Input,
    Lifecycle,
    Capture,
}

struct Job {
    request: Request,
    lane: Lane,
    reply: oneshot::Sender<Result<Answer, Error>>,
}

/// A cheap handle to the main connection; the connection ends with the last one.
#[derive(Debug, Clone)]
pub struct Client {
    input: mpsc::Sender<Job>,
    lifecycle: mpsc::Sender<Job>,
    captures: mpsc::Sender<Job>,
    link: watch::Receiver<Link>,
    retry: Arc<Notify>,
}

impl Client {
    /// Starts the task that connects and stays connected.
    pub(crate) fn start(launcher: Arc<Launcher>) -> Self {
        let (input, input_inbox) = mpsc::channel(256);
        let (lifecycle, lifecycle_inbox) = mpsc::channel(64);
        let (captures, captures_inbox) = mpsc::channel(64);
        let (link_out, link) = watch::channel(Link::Disconnected);
        let retry = Arc::new(Notify::new());
        let keeper = Keeper {
            launcher,
            inbox: Inbox {
                input: input_inbox,
                lifecycle: lifecycle_inbox,
                captures: captures_inbox,
            },
            link: link_out,
            retry: retry.clone(),
        };
        spawner::task(keeper.run());
        Self {
            input,
            lifecycle,
            captures,
            link,
            retry,
        }
    }

    /// The state of the connection, and its changes.
    pub fn link(&self) -> watch::Receiver<Link> {
        self.link.clone()
    }

    /// Tries at once to connect, even after the server was gone.
    pub(crate) fn retry(&self) {
        self.retry.notify_one();
    }

    /// Waits until commands go through.
    pub(crate) async fn connected(&self, patience: Duration) -> Result<ProcessId, Error> {
        let mut link = self.link.clone();
        let wait = link.wait_for(|link| !matches!(link, Link::Disconnected));
        match tokio::time::timeout(patience, wait).await {
            Ok(Ok(state)) => match *state {
                Link::Connected { server } => Ok(server),
                _ => Err(Error::ServerGone),
            },
            Ok(Err(_)) => Err(Error::Disconnected),
            Err(_) => Err(Error::Timeout),
        }
    }

    /// Runs a line whose replies are tmux' own words.
    pub(crate) async fn blocks(
        &self,
        lane: Lane,
        script: &Script,
    ) -> Result<Vec<Vec<Bytes>>, Error> {
        match self.ask(lane, Request::plain(script)).await? {
            Answer::Blocks(blocks) => Ok(blocks),
            Answer::Section(_) => Err(Error::Protocol("a fence nobody asked for".to_owned())),
        }
    }

    /// Runs a line whose replies carry text of panes.
    pub(crate) async fn section(&self, lane: Lane, script: &Script) -> Result<Section, Error> {
        match self.ask(lane, Request::fenced(script)).await? {
            Answer::Section(section) => Ok(section),
            Answer::Blocks(_) => Err(Error::Protocol("a reply without its fence".to_owned())),
        }
    }

    async fn ask(&self, lane: Lane, request: Request) -> Result<Answer, Error> {
        let queue = match lane {
            Lane::Input => &self.input,
            Lane::Lifecycle => &self.lifecycle,
            Lane::Capture => &self.captures,
        };
        let (reply, answer) = oneshot::channel();
        let exchange = async {
            queue
                .send(Job {
                    request,
                    lane,
                    reply,
                })
                .await
                .map_err(|_| Error::Disconnected)?;
            answer.await.map_err(|_| Error::Disconnected)?
        };
        // Dropping the receiver takes an unsent command back.
        tokio::time::timeout(PATIENCE, exchange)
            .await
            .map_err(|_| Error::Timeout)?
    }
}

struct Inbox {
    input: mpsc::Receiver<Job>,
    lifecycle: mpsc::Receiver<Job>,
    captures: mpsc::Receiver<Job>,
}

impl Inbox {
    /// The most urgent job, `None` when the last handle is gone.
    async fn next(&mut self, room: bool, capture_room: bool) -> Option<Job> {
        tokio::select! {
            biased;
            job = self.input.recv(), if room => job,
            job = self.lifecycle.recv(), if room => job,
            job = self.captures.recv(), if room && capture_room => job,
            // No room: the caller goes on reading replies.
            () = std::future::pending() => None,
        }
    }
}

/// The reply channel of a command in flight.
struct Ticket {
    lane: Lane,
    reply: oneshot::Sender<Result<Answer, Error>>,
}

fn submit(wire: &mut Wire<Ticket>, job: Job, captures: &mut usize) {
    *captures += usize::from(job.lane == Lane::Capture);
    let ticket = Ticket {
        lane: job.lane,
        reply: job.reply,
    };
    wire.send(job.request, ticket);
}

struct Keeper {
    launcher: Arc<Launcher>,
    inbox: Inbox,
    link: watch::Sender<Link>,
    retry: Arc<Notify>,
}

/// Why [`Keeper::serve`] returned.
enum End {
    Lost,
    Unwanted,
}

impl Keeper {
    async fn run(mut self) {
        let mut pause = Duration::from_millis(20);
        loop {
            match self.connect().await {
                Ok((wire, server)) => {
                    pause = Duration::from_millis(20);
                    self.link.send_replace(Link::Connected { server });
                    if let End::Unwanted = self.serve(wire).await {
                        return;
                    }
                    // Told at once and without a look: a dead server must not
                    // count as merely disconnected for longer than needed.
                    let state = if server.alive() {
                        Link::Disconnected
                    } else {
                        Link::ServerGone
                    };
                    self.link.send_replace(state);
                }
                Err(Error::ServerGone) => {
                    self.link.send_replace(Link::ServerGone);
                }
                Err(error) => tracing::warn!(%error, "no connection to tmux yet"),
            }
            let gone = *self.link.borrow() == Link::ServerGone;
            if !self.idle((!gone).then_some(pause)).await {
                return;
            }
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    /// Attaches to the hub, repairing what can be repaired.
    async fn connect(&self) -> Result<(Wire<Ticket>, ProcessId), Error> {
        let first = self.attach().await;
        if first.is_ok() {
            return first;
        }
        if !self.launcher.answers().await {
            if !self.launcher.revive_socket().await {
                return Err(if self.launcher.recorded_server().is_some() {
                    Error::Disconnected
                } else {
                    Error::ServerGone
                });
            }
        } else {
            self.launcher.ensure_hub().await?;
        }
        self.attach().await
    }

    async fn attach(&self) -> Result<(Wire<Ticket>, ProcessId), Error> {
        let mut wire = Wire::attach(&self.launcher, Role::Main).await?;
        let (reply, mut answer) = oneshot::channel();
        wire.send(
            Request::plain(&Script::new(&say("#{pid}"))),
            Ticket {
                lane: Lane::Lifecycle,
                reply,
            },
        );
        let blocks = loop {
            if let Turn::Answered(ticket, result) = wire.turn().await? {
                let _ = ticket.reply.send(result);
            }
            match answer.try_recv() {
                Ok(Ok(Answer::Blocks(blocks))) => break blocks,
                Ok(Err(error)) => return Err(error),
                _ => {}
            }
        };
        let pid = blocks
            .first()
            .and_then(|lines| std::str::from_utf8(lines.first()?).ok()?.parse().ok());
        let server = pid.and_then(ProcessId::of).ok_or(Error::ServerGone)?;
        self.launcher.record_server(server);
        Ok((wire, server))
    }

    async fn serve(&mut self, mut wire: Wire<Ticket>) -> End {
        let launcher = self.launcher.clone();
        let mut captures = 0;
        // Leave to run commands, while any is unanswered; and one that waits for it.
        let mut floor = None;
        let mut held: Option<Job> = None;
        loop {
            if wire.in_flight() == 0 {
                floor = None;
            }
            let calm = wire.in_flight() < IN_FLIGHT && wire.backlog() < BACKLOG;
            let room = calm && held.is_none() && !(floor.is_some() && launcher.quiet.is_wanted());
            tokio::select! {
                biased;
                job = self.inbox.next(room, captures < CAPTURES_IN_FLIGHT) => match job {
                    // Its caller gave up while it waited; late input is wrong input.
                    Some(job) if job.reply.is_closed() => {}
                    Some(job) if floor.is_some() => submit(&mut wire, job, &mut captures),
                    Some(job) => held = Some(job),
                    None => return End::Unwanted,
                },
                leave = launcher.quiet.to_command(), if held.is_some() => {
                    floor = Some(leave);
                    if let Some(job) = held.take() {
                        submit(&mut wire, job, &mut captures);
                    }
                }
                turn = wire.turn() => match turn {
                    Ok(Turn::Answered(ticket, answer)) => {
                        captures -= usize::from(ticket.lane == Lane::Capture);
                        let _ = ticket.reply.send(answer);
                    }
                    Ok(Turn::Event(_)) => {}
                    Err(Error::Disconnected) => return End::Lost,
                    Err(error) => {
                        tracing::error!(%error, "the tmux connection made no sense and is closed");
                        return End::Lost;
                    }
                },
            }
        }
    }

    /// Refuses commands while there is no connection; false when nobody is left
    /// to have one. Without `pause` it waits to be told to try again.
    async fn idle(&mut self, pause: Option<Duration>) -> bool {
        let wake = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(wake);
        loop {
            tokio::select! {
                () = &mut wake => return true,
                () = self.retry.notified() => {
                    self.link.send_replace(Link::Disconnected);
                    return true;
                }
                job = self.inbox.next(true, true) => match job {
                    Some(job) => {
                        let gone = *self.link.borrow() == Link::ServerGone;
                        let error = if gone { Error::ServerGone } else { Error::Disconnected };
                        let _ = job.reply.send(Err(error));
                    }
                    None => return false,
                },
            }
        }
    }
}
