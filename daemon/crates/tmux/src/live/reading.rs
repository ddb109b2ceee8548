//! One pane's place on the live connection: what it has asked for, and what becomes of
//! its output.

use super::{LiveEvent, Open, Sink, title::TitleFilter};
use crate::{
    error::Error,
    ids::{PaneId, SessionId, WindowId},
    snapshot::Snapshot,
};
use bytes::{Bytes, BytesMut};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How often in a row a cut inside a character is worth a new snapshot.
const CUT_RETRIES: u8 = 5;
/// Snapshots on their way at the same time.
const SNAPSHOTS: usize = 2;

/// More than this within [`WINDOW`] is more than a connection can carry without a queue.
const HOT: usize = 128 * 1024;
const WINDOW: Duration = Duration::from_millis(100);

/// What the connection has to do next for a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    Nothing,
    Snapshot,
}

/// The state of one reading.
pub(super) struct Reading {
    pub(super) session: SessionId,
    pub(super) pane: PaneId,
    /// Known once the window is on the stage.
    pub(super) window: Option<WindowId>,
    /// Paused because we asked for it.
    pub(super) held: bool,
    sink: Sink,
    opened: Option<oneshot::Sender<Result<(), Error>>>,
    /// Output that goes out as one event.
    batch: BytesMut,
    filter: TitleFilter,
    /// Output goes on; otherwise it is older than the snapshot that was asked for.
    open: bool,
    /// Set from a snapshot to the first output behind it: how often it may still
    /// be taken again because it fell into the middle of a character.
    fresh: Option<u8>,
    /// Snapshots asked for and not answered.
    asks_open: usize,
    /// One more is wanted, but enough are on their way.
    ask_again: bool,
    /// Output since then, to know a flood.
    since: Instant,
    bytes: usize,
}

impl Reading {
    pub(super) fn new(open: Open) -> Self {
        Self {
            session: open.session,
            pane: open.pane,
            window: None,
            held: false,
            sink: open.sink,
            opened: Some(open.opened),
            batch: BytesMut::new(),
            filter: TitleFilter::default(),
            open: false,
            fresh: None,
            asks_open: 0,
            ask_again: false,
            since: Instant::now(),
            bytes: 0,
        }
    }

    /// The window is on the stage.
    pub(super) fn linked(&mut self, window: WindowId) {
        self.window = Some(window);
        if let Some(opened) = self.opened.take() {
            let _ = opened.send(Ok(()));
        }
    }

    /// It never began.
    pub(super) fn refuse(mut self, error: Error) {
        if let Some(opened) = self.opened.take() {
            let _ = opened.send(Err(error));
        }
    }

    /// The end; nothing is told afterwards.
    pub(super) fn exit(mut self) {
        self.flush();
        if let Some(opened) = self.opened.take() {
            let _ = opened.send(Err(Error::Disconnected));
        }
        (self.sink)(LiveEvent::Exit);
    }

    /// True when a snapshot is to be asked for now; counts it.
    pub(super) fn may_ask(&mut self) -> bool {
        if self.asks_open >= SNAPSHOTS {
            self.ask_again = true;
            return false;
        }
        self.asks_open += 1;
        true
    }

    /// tmux stopped sending.
    pub(super) fn paused(&mut self) {
        self.flush();
        (self.sink)(LiveEvent::Paused);
        self.open = false;
    }

    /// What was printed up to the next snapshot is not to be handed on.
    pub(super) fn cut(&mut self) {
        self.open = false;
    }

    /// True while so much comes that tmux has a queue for us. A reply would wait behind
    /// it, so that a snapshot has to throw the queue away first.
    pub(super) fn hot(&self) -> bool {
        self.bytes >= HOT && self.since.elapsed() < 2 * WINDOW
    }

    pub(super) fn output(&mut self, data: &[u8]) -> Want {
        if self.since.elapsed() >= WINDOW {
            (self.since, self.bytes) = (Instant::now(), 0);
        }
        self.bytes += data.len();
        if !self.open {
            return Want::Nothing;
        }
        let retries = self.fresh.take().unwrap_or(0);
        if retries > 0 && data.first().is_some_and(|b| (0x80..0xc0).contains(b)) {
            // The cut fell inside a character, whose first bytes only tmux has.
            self.open = false;
            self.fresh = Some(retries - 1);
            return Want::Snapshot;
        }
        self.filter.feed(data, &mut self.batch);
        Want::Nothing
    }

    /// A snapshot came; what it is followed by belongs to it.
    pub(super) fn snapshot(&mut self, mut snapshot: Snapshot) -> Want {
        self.asks_open = self.asks_open.saturating_sub(1);
        let want = if std::mem::take(&mut self.ask_again) {
            Want::Snapshot
        } else {
            Want::Nothing
        };
        // A newer one is on its way: this one would only be redrawn.
        if !self.open && (self.asks_open > 0 || want == Want::Snapshot) {
            return want;
        }
        self.flush();
        self.filter = TitleFilter::default();
        let mut pending = BytesMut::new();
        self.filter.feed(&snapshot.pending, &mut pending);
        snapshot.pending = pending.freeze();
        self.fresh.get_or_insert(CUT_RETRIES);
        self.open = true;
        (self.sink)(LiveEvent::Snapshot(Box::new(snapshot)));
        want
    }

    /// Hands on what was gathered.
    pub(super) fn flush(&mut self) {
        if !self.batch.is_empty() {
            let output: Bytes = self.batch.split().freeze();
            (self.sink)(LiveEvent::Output(output));
        }
    }
}
