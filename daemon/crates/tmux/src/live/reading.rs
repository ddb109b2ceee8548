//! One pane's place on the live connection: what it has asked for, and what becomes of
//! its output.

use super::{LiveEvent, Open, Sink, title::TitleFilter};
use crate::{
    error::Error,
    ids::{PaneId, SessionId, WindowId},
    letter::unfinished,
    snapshot::Snapshot,
};
use bytes::BytesMut;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How often in a row a cut inside a character is worth a new snapshot.
const CUT_RETRIES: u8 = 5;
/// How often in a row a snapshot whose place is in doubt is simply taken again.
const DOUBTS: u8 = 10;
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
    /// A snapshot while nothing of the pane is on the way.
    Silence,
}

/// How a snapshot was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// Among the output.
    Amid {
        /// Output that waited in tmux was thrown away before it.
        cut: bool,
        /// [`Reading::outputs`] when it was asked for.
        outputs: u64,
    },
    /// While the pane was paused; output behind the request is output behind the screen.
    InSilence,
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
    /// Chunks of output so far.
    outputs: u64,
    /// Snapshots in a row whose place was in doubt.
    doubts: u8,
    /// A snapshot in silence was asked for and has not come.
    silenced: bool,
    /// What came while a snapshot is taken in silence; it belongs behind it.
    behind: Option<Vec<u8>>,
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
            outputs: 0,
            doubts: 0,
            silenced: false,
            behind: None,
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
        // Before the first screen there is nothing that could miss something.
        if std::mem::replace(&mut self.open, false) {
            self.flush();
            (self.sink)(LiveEvent::Paused);
        }
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
        if data.is_empty() {
            return Want::Nothing;
        }
        self.bytes += data.len();
        self.outputs += 1;
        if let Some(behind) = &mut self.behind {
            behind.extend_from_slice(data);
            return Want::Nothing;
        }
        if !self.open {
            return Want::Nothing;
        }
        let retries = self.fresh.take().unwrap_or(0);
        if retries > 0 && data.first().is_some_and(|b| (0x80..0xc0).contains(b)) {
            // The cut fell inside a character, whose first bytes only tmux has.
            self.paused();
            self.fresh = Some(retries - 1);
            return Want::Snapshot;
        }
        self.filter.feed(data, &mut self.batch);
        Want::Nothing
    }

    /// Tells one request from another.
    pub(super) fn outputs(&self) -> u64 {
        self.outputs
    }

    /// tmux has stopped sending, and nothing is on the way.
    pub(super) fn silent(&mut self) {
        self.paused();
        self.behind = Some(Vec::new());
    }

    /// A snapshot came, behind output of the pane `last`.
    ///
    /// tmux keeps replies behind all output that was queued before them, but while
    /// another pane's is still in the queue, this one's newer output may overtake them.
    /// Then the other's comes last before the reply.
    pub(super) fn taken(&mut self, taken: Taken, last: Option<PaneId>, snapshot: Snapshot) -> Want {
        match taken {
            // One in silence is on its way, and tells more.
            Taken::Amid { .. } if self.silenced => {
                self.asks_open = self.asks_open.saturating_sub(1);
                Want::Nothing
            }
            Taken::Amid { cut, outputs } => {
                if cut {
                    self.paused();
                }
                if outputs == self.outputs || last == Some(self.pane) {
                    self.doubts = 0;
                    return self.snapshot(snapshot);
                }
                self.doubts += 1;
                if self.doubts <= DOUBTS {
                    self.asks_open = self.asks_open.saturating_sub(1);
                    return Want::Snapshot;
                }
                // It stays counted among those that are asked for.
                (self.doubts, self.silenced) = (0, true);
                Want::Silence
            }
            Taken::InSilence => {
                self.silenced = false;
                let behind = self.behind.take().unwrap_or_default();
                let want = self.snapshot(snapshot);
                match self.output(&behind) {
                    Want::Nothing => want,
                    more => more,
                }
            }
        }
    }

    /// A snapshot came; what it is followed by belongs to it.
    fn snapshot(&mut self, mut snapshot: Snapshot) -> Want {
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
        let mut filter = TitleFilter::default();
        let mut pending = BytesMut::new();
        filter.feed(&snapshot.pending, &mut pending);
        snapshot.pending = pending.freeze();
        // Whoever follows already is not disturbed by a snapshot for somebody else.
        if !self.open {
            self.batch.clear();
            self.filter = filter;
            self.fresh.get_or_insert(CUT_RETRIES);
            self.open = true;
        }
        (self.sink)(LiveEvent::Snapshot(Box::new(snapshot)));
        want
    }

    /// Hands on what was gathered, up to a letter whose rest has not come.
    pub(super) fn flush(&mut self) {
        let end = self.batch.len() - unfinished(&self.batch).len();
        if end > 0 {
            let output = self.batch.split_to(end).freeze();
            (self.sink)(LiveEvent::Output(output));
        }
    }
}
