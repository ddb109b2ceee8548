//! The source of one live stream: one reading of tmux, one ring, any number of viewers.
//!
//! A viewer holds a number, not a queue: it reads the ring at its own pace, so a slow or
//! dead one costs nothing and slows nobody. Each opening of a source has an epoch of its
//! own, because numbers of different openings have nothing in common.

use super::entry::{Pane, wire_size};
use super::flood::{Act, Flood};
use super::heal::Picture;
use super::ring::Ring;
use crate::supervise::Tasks;
use bytes::Bytes;
use orchestra_protocol::agent::Size;
use orchestra_protocol::frame::MAX_PAYLOAD;
use orchestra_tmux::error::Error as TmuxError;
use orchestra_tmux::letter::pieces;
use orchestra_tmux::live::{Live, LiveEvent};
use orchestra_tmux::snapshot::Snapshot;
use orchestra_tmux::snapshot::track::Tracker;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// Bytes kept of each watched agent.
pub(super) const RING: usize = 2 * 1024 * 1024;
/// How long a source stays open after its last viewer.
const LINGER: Duration = Duration::from_secs(600);
/// How long a closing source may take to be let go.
const CLOSING: Duration = Duration::from_secs(5);

/// After so many snapshots of another size, that is the size.
const ODD_SIZES: u8 = 5;

/// A whole screen at a place of the stream, in parts that fit a frame.
#[derive(Debug, Clone)]
pub(super) struct Cut {
    /// Number of the next live byte.
    pub(super) seq: u64,
    pub(super) parts: Arc<[Bytes]>,
    /// The same, to compare a viewer's screen with.
    pub(super) picture: Arc<Picture>,
}

/// What viewers read.
pub(super) struct Stream {
    pub(super) ring: Ring,
    tracker: Tracker,
    /// Bytes are missing since the tracker last read.
    torn: bool,
    /// The newest snapshot and how many there have been.
    cut: Option<Cut>,
    cuts: u64,
    /// Snapshots are asked for and have not come.
    asked: bool,
    size: Size,
    /// Snapshots in a row that had another size.
    odd_sizes: u8,
    /// How often the size changed: each time everybody needs a new screen.
    pub(super) redraws: u64,
    /// Where the screen was drawn anew after the last change of its size: bytes up to
    /// there belong to another size, or to none while that screen is on its way.
    redrawn: Option<u64>,
    pub(super) ended: bool,
    flood: Flood,
    todo: Todo,
}

/// What came calls for it; the task asks it of the reading, because coming must not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Todo {
    pause: bool,
    resume: bool,
    snapshot: bool,
}

/// Cheap handle to a source; clone it freely.
#[derive(Clone)]
pub(super) struct Source(Arc<Inner>);

struct Inner {
    epoch: String,
    stream: Mutex<Stream>,
    /// Changes whenever `stream` does; its receivers are the viewers.
    news: watch::Sender<()>,
    wanted: Notify,
    stop: CancellationToken,
    stopped: CancellationToken,
}

impl Source {
    /// Opens a source; it is there at once, its first snapshot comes.
    pub(super) fn open(pane: &Pane, tasks: &Tasks) -> Self {
        let source = Self(Arc::new(Inner {
            epoch: format!("{:016x}", rand::random::<u64>()),
            stream: Mutex::new(Stream {
                ring: Ring::new(RING),
                tracker: Tracker::default(),
                torn: true,
                cut: None,
                cuts: 0,
                asked: true,
                size: wire_size(pane.info.size),
                odd_sizes: 0,
                redraws: 0,
                redrawn: None,
                ended: false,
                flood: Flood::new(Instant::now()),
                todo: Todo::default(),
            }),
            news: watch::channel(()).0,
            wanted: Notify::new(),
            stop: CancellationToken::new(),
            stopped: CancellationToken::new(),
        }));
        let (server, session, pane) = (pane.server.clone(), pane.session, pane.id);
        let inner = source.0.clone();
        tasks.spawn("live", move |cancel| async move {
            let sink = Arc::downgrade(&inner);
            let opened = server.tmux.open_live(session, pane, move |event| {
                if let Some(inner) = sink.upgrade() {
                    inner.take(event);
                }
            });
            match opened.await {
                Ok(live) => inner.run(live, cancel).await,
                Err(error) => tracing::warn!(%error, "a live reading could not be opened"),
            }
            inner.change(|stream| stream.ended = true);
            inner.stopped.cancel();
        });
        source
    }

    /// Names this opening.
    pub(super) fn epoch(&self) -> &str {
        &self.0.epoch
    }

    /// Looks at the stream; hold it only for a moment.
    pub(super) fn with<T>(&self, look: impl FnOnce(&Stream) -> T) -> T {
        look(&self.0.stream.lock())
    }

    /// Tells of every change of the stream, and counts as a viewer.
    pub(super) fn watch(&self) -> watch::Receiver<()> {
        self.0.news.subscribe()
    }

    /// True when it can serve no more.
    pub(super) fn ended(&self) -> bool {
        self.0.stop.is_cancelled() || self.with(|stream| stream.ended)
    }

    /// Asks for a snapshot and says which count of them will bring a new one. Without
    /// output since the last, that one is as good.
    pub(super) fn want_cut(&self) -> u64 {
        let mut stream = self.0.stream.lock();
        if stream
            .cut
            .as_ref()
            .is_some_and(|cut| cut.seq == stream.ring.end())
        {
            return stream.cuts;
        }
        if !std::mem::replace(&mut stream.asked, true) {
            stream.todo.snapshot = true;
            self.0.wanted.notify_one();
        }
        stream.cuts + 1
    }

    /// The size is another one: the screen has to be drawn anew for everybody.
    pub(super) fn resized(&self, size: Size) {
        self.0.change(|stream| {
            stream.size = size;
            stream.redraws += 1;
            stream.redrawn = Some(u64::MAX);
            stream.cut = None;
            stream.asked = true;
            stream.todo.snapshot = true;
        });
        self.0.wanted.notify_one();
    }

    /// Ends it and waits until tmux sends nothing for it any more.
    pub(super) async fn close(&self) {
        self.0.stop.cancel();
        let _ = tokio::time::timeout(CLOSING, self.0.stopped.cancelled()).await;
    }
}

impl Stream {
    /// True when a viewer that has everything before this byte can go on there.
    pub(super) fn goes_on_at(&self, seq: u64) -> bool {
        let kept = (self.ring.start()..=self.ring.end()).contains(&seq);
        kept && self.redrawn.is_none_or(|drawn| seq > drawn)
    }

    /// The snapshot with this count or a later one.
    pub(super) fn cut(&self, count: u64) -> Option<Cut> {
        self.cut.clone().filter(|_| self.cuts >= count)
    }
}

impl Inner {
    async fn run(&self, live: Live, cancel: CancellationToken) {
        let lonely = self.lonely();
        tokio::pin!(lonely);
        loop {
            let next = self.stream.lock().flood.next_tick();
            let tick = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            // A closed reading refuses what it is asked and says so by its end.
            let _ = tokio::select! {
                () = tick => {
                    let watched = self.news.receiver_count() > 0;
                    let act = self.stream.lock().flood.tick(Instant::now(), watched);
                    match act {
                        Act::Nothing => Ok(()),
                        Act::Sample => live.request_snapshot().await,
                        Act::Resume => self.resume(&live).await,
                    }
                }
                () = self.wanted.notified() => self.ask(&live).await,
                () = cancel.cancelled() => break,
                () = self.stop.cancelled() => break,
                () = &mut lonely => break,
            };
            if self.stream.lock().ended {
                break;
            }
        }
        live.close().await;
    }

    /// Asks what the last events called for.
    async fn ask(&self, live: &Live) -> Result<(), TmuxError> {
        let todo = std::mem::take(&mut self.stream.lock().todo);
        if todo.pause {
            live.pause().await?;
        }
        if todo.resume {
            self.resume(live).await?;
        }
        if todo.snapshot {
            live.request_snapshot().await?;
        }
        Ok(())
    }

    /// Takes in what the reading brings. Everybody's output waits meanwhile.
    fn take(&self, event: LiveEvent) {
        let now = Instant::now();
        let mut stream = self.stream.lock();
        match event {
            LiveEvent::Output(bytes) => {
                stream.todo.pause |= stream.flood.output(now, bytes.len());
                stream.tracker.feed(&bytes);
                stream.ring.push(bytes);
            }
            LiveEvent::Paused => stream.hole(),
            LiveEvent::Snapshot(snapshot) => stream.take_snapshot(now, &snapshot),
            LiveEvent::Exit => stream.ended = true,
        }
        let busy = stream.todo != Todo::default() || stream.ended;
        drop(stream);
        self.news.send_replace(());
        if busy {
            self.wanted.notify_one();
        }
    }

    /// Lets output flow again. What was printed since the last screen is in no ring, so
    /// that everybody needs the screen that comes with it.
    async fn resume(&self, live: &Live) -> Result<(), TmuxError> {
        self.change(|stream| {
            stream.hole();
            stream.asked = true;
        });
        live.resume().await
    }

    fn change(&self, change: impl FnOnce(&mut Stream)) {
        change(&mut self.stream.lock());
        self.news.send_replace(());
    }

    /// Returns when nobody has watched for long.
    async fn lonely(&self) {
        loop {
            self.news.closed().await;
            tokio::time::sleep(LINGER).await;
            if self.news.receiver_count() == 0 {
                return;
            }
        }
    }
}

impl Stream {
    /// Bytes are missing from here on.
    fn hole(&mut self) {
        self.ring.cut();
        self.cut = None;
        self.torn = true;
    }

    fn take_snapshot(&mut self, now: Instant, snapshot: &Snapshot) {
        let held = self.flood.held();
        if held && self.flood.calm(now, snapshot) {
            self.todo.resume = true;
            return;
        }
        if held {
            // What was printed before it is not in the ring.
            self.hole();
        }
        self.todo.snapshot |= !self.take_cut(snapshot);
    }

    /// False when the snapshot is from before the size changed and another is needed.
    fn take_cut(&mut self, snapshot: &Snapshot) -> bool {
        let size = wire_size(snapshot.modes.size);
        if size != self.size && self.odd_sizes < ODD_SIZES {
            self.odd_sizes += 1;
            return false;
        }
        (self.size, self.odd_sizes) = (size, 0);
        if std::mem::take(&mut self.torn) {
            self.tracker
                .hole(snapshot.modes.alternate, &snapshot.pending);
        }
        let known = self.tracker.known;
        let bytes = Bytes::from(snapshot.to_bytes_with(&known));
        self.cut = Some(Cut {
            seq: self.ring.end(),
            parts: pieces(bytes, MAX_PAYLOAD).into(),
            picture: Arc::new(Picture::new(snapshot.clone(), known)),
        });
        if self.redrawn == Some(u64::MAX) {
            self.redrawn = Some(self.ring.end());
        }
        self.cuts += 1;
        self.asked = false;
        true
    }
}
