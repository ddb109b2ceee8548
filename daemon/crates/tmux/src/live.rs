//! The live reading of a pane: a snapshot, then every byte behind it.
//!
//! One control client carries all of them. It is attached to a session of its own, the
//! stage, and the windows that somebody reads are linked onto it; tmux then sends it
//! their output. Output and replies come strictly in order, so a snapshot taken here is
//! an exact cut. A client for each pane would be a process for each, and before 3.7 tmux
//! is in danger whenever a client comes or goes.
//!
//! The task behind it always reads and hands on what it read by a call, so that nothing
//! waits in a queue: a reading keeps what it wants to keep.
//!
//! [`TmuxServer::kill_session`] ends the readings of that session first.

mod keeper;
mod reading;
mod request;
mod title;

use crate::{
    capture::Way,
    error::Error,
    ids::{PaneId, SessionId},
    launch::Launcher,
    server::TmuxServer,
    snapshot::Snapshot,
    spawner,
};
use bytes::Bytes;
use keeper::Keeper;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::{mpsc, oneshot};

/// What a live reading brings, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveEvent {
    /// The screen at this place in the stream; what follows continues it.
    Snapshot(Box<Snapshot>),
    /// Bytes that the program wrote, ready for an emulator.
    Output(Bytes),
    /// Bytes are missing from here on, until the next snapshot.
    Paused,
    /// The end: the pane is gone, the server died, or the reading was closed.
    Exit,
}

/// Where the events of a reading go. It is called while everybody's output waits, so it
/// must not block; after [`LiveEvent::Exit`] it is not called again.
pub type Sink = Box<dyn FnMut(LiveEvent) + Send>;

/// Steers a live reading; clone it freely. The reading ends with the last one.
#[derive(Debug, Clone)]
pub struct Live(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    id: ReadingId,
    asks: mpsc::Sender<Ask>,
}

/// One opening of a reading; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct ReadingId(u64);

/// The connection that carries all readings.
#[derive(Debug, Clone)]
pub(crate) struct Stage(mpsc::Sender<Ask>);

enum Ask {
    Connect(oneshot::Sender<Result<(), Error>>),
    Open(Box<Open>),
    Snapshot(ReadingId),
    Pause(ReadingId),
    Resume(ReadingId),
    /// Told when the window is off the stage.
    Close(ReadingId, Option<oneshot::Sender<()>>),
    CloseSession(SessionId, oneshot::Sender<()>),
}

struct Open {
    id: ReadingId,
    session: SessionId,
    pane: PaneId,
    sink: Sink,
    opened: oneshot::Sender<Result<(), Error>>,
}

impl Stage {
    /// Starts the task; it connects when it is first asked to.
    pub(crate) fn start(launcher: Arc<Launcher>, way: Way) -> Self {
        let (asks, inbox) = mpsc::channel(256);
        spawner::task(Keeper::new(launcher, way).run(inbox));
        Self(asks)
    }

    /// Connects now, so that no later moment has to.
    pub(crate) async fn connect(&self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.tell(Ask::Connect(reply)).await?;
        answer.await.map_err(|_| Error::Disconnected)?
    }

    /// Ends the readings of a session and waits until its window is off the stage.
    pub(crate) async fn close(&self, session: SessionId) {
        let (done, closed) = oneshot::channel();
        if self.tell(Ask::CloseSession(session, done)).await.is_ok() {
            let _ = closed.await;
        }
    }

    async fn tell(&self, ask: Ask) -> Result<(), Error> {
        self.0.send(ask).await.map_err(|_| Error::Disconnected)
    }
}

impl TmuxServer {
    /// Opens a live reading; its first event is a snapshot. A pane has one at a time: an
    /// older one gets [`LiveEvent::Exit`].
    pub async fn open_live(
        &self,
        session: SessionId,
        pane: PaneId,
        sink: impl FnMut(LiveEvent) + Send + 'static,
    ) -> Result<Live, Error> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = ReadingId(NEXT.fetch_add(1, Ordering::Relaxed));
        let (opened, answer) = oneshot::channel();
        // Before the asking, so that giving up closes what may have been opened.
        let live = Live(Arc::new(Handle {
            id,
            asks: self.stage.0.clone(),
        }));
        let open = Open {
            id,
            session,
            pane,
            sink: Box::new(sink),
            opened,
        };
        self.stage.tell(Ask::Open(Box::new(open))).await?;
        answer.await.map_err(|_| Error::Disconnected)??;
        Ok(live)
    }
}

impl Live {
    /// Asks for a snapshot; it comes as an event, in its place in the stream.
    pub async fn request_snapshot(&self) -> Result<(), Error> {
        self.ask(Ask::Snapshot(self.0.id)).await
    }

    /// Stops the output of this reading at its source, without stopping the
    /// program: for a flood that nobody can follow.
    pub async fn pause(&self) -> Result<(), Error> {
        self.ask(Ask::Pause(self.0.id)).await
    }

    /// Takes it up again, with a snapshot.
    pub async fn resume(&self) -> Result<(), Error> {
        self.ask(Ask::Resume(self.0.id)).await
    }

    /// Ends the reading and waits until tmux sends nothing for it any more.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.ask(Ask::Close(self.0.id, Some(done))).await.is_ok() {
            let _ = closed.await;
        }
    }

    async fn ask(&self, ask: Ask) -> Result<(), Error> {
        self.0.asks.send(ask).await.map_err(|_| Error::Disconnected)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // A full queue: the reading goes on unheard until its pane ends.
        let _ = self.asks.try_send(Ask::Close(self.id, None));
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open").field("pane", &self.pane).finish()
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Connect(_) => "Connect",
            Self::Open(_) => "Open",
            Self::Snapshot(_) => "Snapshot",
            Self::Pause(_) => "Pause",
            Self::Resume(_) => "Resume",
            Self::Close(..) => "Close",
            Self::CloseSession(..) => "CloseSession",
        };
        f.write_str(name)
    }
}
