//! The task behind a live reading.
//!
//! It owns the control client and always reads from it. What it cannot hand on
//! it drops, and then asks for a snapshot to make up for it.

use super::{Ask, LiveEvent, title::TitleFilter};
use crate::{
    capture::Way,
    codec::decode::Event,
    command::{self, Script},
    error::Error,
    ids::{PaneId, SessionId},
    launch::Launcher,
    server::TmuxServer,
    snapshot,
    wire::{Answer, Request, Turn, Wire},
};
use bytes::BytesMut;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tmux_interface::ClientFlags;
use tokio::sync::mpsc;

/// Seconds of output that tmux keeps for us before it pauses the pane.
const PAUSE_AFTER: usize = 2;
/// The least time between two snapshots for a reader who does not keep up.
const HEAL_PAUSE: Duration = Duration::from_millis(100);
/// How often in a row a cut inside a character is worth a new snapshot.
const CUT_RETRIES: u8 = 5;
/// Snapshots on their way at the same time.
const SNAPSHOTS: usize = 2;

/// Which request a reply belongs to.
#[derive(Debug, Clone, Copy)]
enum Tag {
    Snapshot,
    /// tmux says `%pause` inside of this reply, where it is no event.
    Pause,
    Resume,
}

/// What becomes of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// It goes to the reader.
    Open,
    /// It is older than the snapshot that was asked for.
    Cut,
    /// The reader's queue was full; it will be told, then get a snapshot.
    Lost,
}

/// The task behind a live reading.
pub(super) struct Reader {
    launcher: Arc<Launcher>,
    wire: Wire<Tag>,
    pane: PaneId,
    way: Way,
    queue: mpsc::Sender<LiveEvent>,
    /// Output that goes out as one event.
    batch: BytesMut,
    filter: TitleFilter,
    flow: Flow,
    /// Set from a snapshot to the first output behind it: how often it may still
    /// be taken again because it fell into the middle of a character.
    fresh: Option<u8>,
    /// Not before this may a reader who lost output be healed.
    heal_at: Instant,
    /// Paused because we asked for it.
    held: bool,
    /// Snapshots asked for and not answered.
    asks_open: usize,
    /// One more is wanted, but enough are on their way.
    ask_again: bool,
}

/// Room for one event, not before its time.
async fn heal_slot(
    queue: &mpsc::Sender<LiveEvent>,
    at: Instant,
) -> Result<mpsc::Permit<'_, LiveEvent>, mpsc::error::SendError<()>> {
    tokio::time::sleep_until(at.into()).await;
    queue.reserve().await
}

impl Reader {
    /// Attaches to the session; nothing is asked for yet.
    pub(super) async fn open(
        server: &TmuxServer,
        session: SessionId,
        pane: PaneId,
        queue: mpsc::Sender<LiveEvent>,
    ) -> Result<Self, Error> {
        let flags = ClientFlags {
            pause_after: Some(PAUSE_AFTER),
            ignore_size: Some(true),
            ..ClientFlags::default()
        };
        let launcher = server.launcher.clone();
        let wire = Wire::attach(&launcher, flags, session.to_string()).await?;
        Ok(Self {
            launcher,
            wire,
            pane,
            way: server.live_way(),
            queue,
            batch: BytesMut::new(),
            filter: TitleFilter::default(),
            flow: Flow::Cut,
            fresh: None,
            heal_at: Instant::now(),
            held: false,
            asks_open: 0,
            ask_again: false,
        })
    }

    /// Reads and obeys until the end.
    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Ask>) {
        self.ask_snapshot();
        while self.drain().is_ok() {
            let queue = self.queue.clone();
            let more = tokio::select! {
                io = self.wire.read_or_write() => io.is_ok(),
                ask = inbox.recv() => ask.is_some_and(|ask| self.obey(ask)),
                room = heal_slot(&queue, self.heal_at), if self.flow == Flow::Lost => match room {
                    Ok(room) => {
                        self.heal_at = Instant::now() + HEAL_PAUSE;
                        room.send(LiveEvent::Paused);
                        self.flow = Flow::Cut;
                        self.ask_snapshot();
                        true
                    }
                    Err(_) => false,
                },
                () = queue.closed() => false,
            };
            if !more {
                break;
            }
        }
        self.flush();
        // The client goes before anyone learns of the end.
        let Self {
            wire,
            queue,
            launcher,
            ..
        } = self;
        wire.detach(&launcher).await;
        drop(inbox);
        let _ = queue.send(LiveEvent::Exit).await;
    }

    /// Deals with all that has been read.
    fn drain(&mut self) -> Result<(), Error> {
        loop {
            match self.wire.decoded() {
                Ok(Some(Turn::Event(event))) => self.event(event)?,
                Ok(Some(Turn::Answered(Tag::Snapshot, answer))) => self.snapshot(answer)?,
                Ok(Some(Turn::Answered(Tag::Pause, answer))) => {
                    answer?;
                    self.paused();
                }
                Ok(Some(Turn::Answered(Tag::Resume, answer))) => drop(answer?),
                Ok(None) => break,
                Err(error) => {
                    self.flush();
                    return Err(error);
                }
            }
        }
        self.flush();
        Ok(())
    }

    fn event(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::Output(pane, data) if pane == self.pane => self.output(&data),
            Event::Paused(pane) if pane == self.pane => {
                self.paused();
                if !self.held {
                    self.go_on();
                }
            }
            Event::Exit(_) => return Err(Error::Disconnected),
            _ => {}
        }
        Ok(())
    }

    fn paused(&mut self) {
        self.flush();
        self.push(LiveEvent::Paused);
        if self.flow == Flow::Open {
            self.flow = Flow::Cut;
        }
    }

    fn output(&mut self, data: &[u8]) {
        if self.flow != Flow::Open {
            return;
        }
        let retries = self.fresh.take().unwrap_or(0);
        if retries > 0 && data.first().is_some_and(|b| (0x80..0xc0).contains(b)) {
            // The cut fell inside a character, whose first bytes only tmux has.
            self.flow = Flow::Cut;
            self.ask_snapshot();
            self.fresh = Some(retries - 1);
            return;
        }
        self.filter.feed(data, &mut self.batch);
    }

    fn snapshot(&mut self, answer: Result<Answer, Error>) -> Result<(), Error> {
        self.asks_open = self.asks_open.saturating_sub(1);
        if std::mem::take(&mut self.ask_again) {
            self.ask_snapshot();
        }
        let Answer::Section(mut section) = answer? else {
            return Err(Error::Protocol("a snapshot without its fence".to_owned()));
        };
        let mut snapshot = match snapshot::read(self.way, &mut section) {
            Ok(snapshot) => snapshot,
            Err(Error::Protocol(why)) => {
                tracing::warn!(why, "a snapshot could not be read; the reading ends");
                return Err(Error::Protocol(why));
            }
            Err(error) => return Err(error),
        };
        let later = section.into_events();
        // A newer one is on its way: this one would only be redrawn.
        if self.flow == Flow::Lost || (self.flow == Flow::Cut && self.asks_open > 0) {
            return later.into_iter().try_for_each(|event| self.event(event));
        }
        self.flush();
        self.filter = TitleFilter::default();
        let mut pending = BytesMut::new();
        self.filter.feed(&snapshot.pending, &mut pending);
        snapshot.pending = pending.freeze();
        self.fresh.get_or_insert(CUT_RETRIES);
        self.flow = Flow::Open;
        self.push(LiveEvent::Snapshot(Box::new(snapshot)));
        later.into_iter().try_for_each(|event| self.event(event))
    }

    /// Sends gathered output on its way.
    fn flush(&mut self) {
        if !self.batch.is_empty() {
            let output = self.batch.split().freeze();
            self.push(LiveEvent::Output(output));
        }
    }

    fn push(&mut self, event: LiveEvent) {
        if self.flow == Flow::Lost {
            return;
        }
        if self.queue.try_send(event).is_err() {
            self.flow = Flow::Lost;
            self.batch.clear();
        }
    }

    /// False when the reading is to end.
    fn obey(&mut self, ask: Ask) -> bool {
        match ask {
            Ask::Snapshot => self.ask_snapshot(),
            Ask::Pause => {
                self.held = true;
                self.wire.send(
                    Request::plain(&Script::new(&command::flow(self.pane, false))),
                    Tag::Pause,
                );
            }
            Ask::Resume => {
                self.held = false;
                if self.flow == Flow::Open {
                    self.flow = Flow::Cut;
                }
                self.go_on();
            }
            Ask::Close => return false,
        }
        true
    }

    /// Lets output flow again, and reads the screen in the same instant.
    fn go_on(&mut self) {
        self.wire.send(
            Request::plain(&Script::new(&command::flow(self.pane, true))),
            Tag::Resume,
        );
        self.ask_snapshot();
    }

    fn ask_snapshot(&mut self) {
        if self.asks_open >= SNAPSHOTS {
            self.ask_again = true;
            return;
        }
        self.asks_open += 1;
        self.wire.send(
            Request::fenced(&snapshot::script(self.way, self.pane)),
            Tag::Snapshot,
        );
    }
}
