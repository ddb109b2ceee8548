//! The live reading of one pane: a snapshot, then every byte behind it.
//!
//! A control client of its own is attached to the pane's session; tmux sends it
//! output and replies strictly in order, so a snapshot taken here is an exact
//! cut. The task behind it always reads. If its reader does not keep up, output
//! is dropped, [`LiveEvent::Paused`] says so, and a snapshot makes it whole.
//!
//! [`TmuxServer::kill_session`] closes the readings of that session first.

mod reader;
mod title;

use crate::{
    error::Error,
    ids::{PaneId, SessionId},
    server::TmuxServer,
    snapshot::Snapshot,
    spawner,
};
use bytes::Bytes;
use parking_lot::Mutex;
use reader::Reader;
use std::collections::HashMap;
use tokio::sync::mpsc;

/// Events that wait for the reader; each holds what one read brought.
const QUEUE: usize = 16;

/// What a live reading brings, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveEvent {
    /// The screen at this place in the stream; what follows continues it.
    Snapshot(Box<Snapshot>),
    /// Bytes that the program wrote, ready for an emulator.
    Output(Bytes),
    /// Bytes are missing from here on, until the next snapshot.
    Paused,
    /// The end: the session is gone, the server died, or it was closed.
    Exit,
}

/// Steers a live reading; clone it freely.
#[derive(Debug, Clone)]
pub struct Live {
    asks: mpsc::Sender<Ask>,
}

/// The open readings by session: they have to end before their session does,
/// because tmux before 3.7 may crash when it takes a client's session away.
#[derive(Debug, Default)]
pub(crate) struct Readings(Mutex<HashMap<SessionId, Vec<mpsc::WeakSender<Ask>>>>);

impl Readings {
    fn add(&self, session: SessionId, live: &Live) {
        let mut readings = self.0.lock();
        readings.retain(|_, open| {
            open.retain(|asks| asks.strong_count() > 0);
            !open.is_empty()
        });
        readings
            .entry(session)
            .or_default()
            .push(live.asks.downgrade());
    }

    /// Ends the readings of a session and waits until their clients are gone.
    pub(crate) async fn close(&self, session: SessionId) {
        let open = self.0.lock().remove(&session).unwrap_or_default();
        for asks in open.iter().filter_map(mpsc::WeakSender::upgrade) {
            Live { asks }.close().await;
        }
    }
}

/// The events of a live reading. Dropping it ends the reading.
#[derive(Debug)]
pub struct LiveStream {
    events: mpsc::Receiver<LiveEvent>,
    ended: bool,
}

#[derive(Debug, Clone, Copy)]
enum Ask {
    Snapshot,
    Pause,
    Resume,
    Close,
}

impl TmuxServer {
    /// Opens a live reading; its first event is a snapshot.
    pub async fn open_live(
        &self,
        session: SessionId,
        pane: PaneId,
    ) -> Result<(Live, LiveStream), Error> {
        let (asks, inbox) = mpsc::channel(16);
        let (queue, events) = mpsc::channel(QUEUE);
        let reader = Reader::open(self, session, pane, queue).await?;
        spawner::task(reader.run(inbox));
        let live = Live { asks };
        self.readings.add(session, &live);
        let stream = LiveStream {
            events,
            ended: false,
        };
        Ok((live, stream))
    }
}

impl Live {
    /// Asks for a snapshot; it comes as an event, in its place in the stream.
    pub async fn request_snapshot(&self) -> Result<(), Error> {
        self.ask(Ask::Snapshot).await
    }

    /// Stops the output of this reading at its source, without stopping the
    /// program: for a flood that nobody can follow.
    pub async fn pause(&self) -> Result<(), Error> {
        self.ask(Ask::Pause).await
    }

    /// Takes it up again, with a snapshot.
    pub async fn resume(&self) -> Result<(), Error> {
        self.ask(Ask::Resume).await
    }

    /// Ends the reading and waits until its client is gone.
    pub async fn close(&self) {
        let _ = self.asks.send(Ask::Close).await;
        self.asks.closed().await;
    }

    async fn ask(&self, ask: Ask) -> Result<(), Error> {
        self.asks.send(ask).await.map_err(|_| Error::Disconnected)
    }
}

impl LiveStream {
    /// The next event; `None` after [`LiveEvent::Exit`].
    pub async fn next(&mut self) -> Option<LiveEvent> {
        if self.ended {
            return None;
        }
        let event = self.events.recv().await.unwrap_or(LiveEvent::Exit);
        self.ended = event == LiveEvent::Exit;
        Some(event)
    }
}
