//! Feeds one recording from the live stream. What it writes is gathered for up to a
//! second; what cannot be written is left out and marked, and the stream is read on, so
//! that neither the agent nor any viewer notices.

use super::cast::{self, Code, Header, Text};
use super::clock::Clock;
use super::writer::Writer;
use crate::model::ids::AgentId;
use crate::terminal::Terminals;
use crate::terminal::live::{LiveChunk, LiveViewer};
use bytes::Bytes;
use orchestra_protocol::agent::Size;
use orchestra_tmux::ids::PaneId;
use std::io;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Written at the latest so long after it came, and after so much silence.
const LATEST: Duration = Duration::from_secs(1);
const QUIET: Duration = Duration::from_millis(150);
/// More than this is written at once.
const BATCH: usize = 64 * 1024;
/// How often a full disk is looked at, and a stream that broke off is opened again.
pub(super) const RETRY: Duration = Duration::from_secs(2);
/// How long a new viewer may wait for its first screen.
const FIRST_SCREEN: Duration = Duration::from_secs(5);
/// A flood is a row of gaps: one mark in this time.
const MARKS: Duration = Duration::from_secs(5);

pub(super) struct Recorder {
    terminals: Terminals,
    agent: AgentId,
    /// The life of the program that this is about; the next has a recorder of its own.
    pane: Option<PaneId>,
    viewer: LiveViewer,
    acknowledged: u64,
    /// None while it is at work.
    writer: Option<Writer>,
    /// A segment is open; otherwise nothing is written until the next screen.
    open: bool,
    /// Said at the beginning of the next segment.
    mark: Option<&'static str>,
    /// Number of the stream's next byte.
    at: u64,
    size: Size,
    typed: u64,
    text: Text,
    clock: Clock,
    batch: Vec<u8>,
    /// When the batch got its first and its last line.
    since: Option<(Instant, Instant)>,
    marked: Option<Instant>,
    /// When to try again, while the disk is full.
    retry: Option<Instant>,
}

impl Recorder {
    pub(super) fn new(
        terminals: Terminals,
        agent: &AgentId,
        viewer: LiveViewer,
        writer: Writer,
    ) -> Self {
        Self {
            typed: terminals.typed(agent),
            pane: terminals.place(agent).ok().map(|(_, pane)| pane),
            size: viewer.size,
            at: viewer.seq,
            mark: (!writer.is_new()).then_some("gap: nothing was recorded until here"),
            terminals,
            agent: agent.clone(),
            viewer,
            acknowledged: 0,
            writer: Some(writer),
            open: false,
            text: Text::default(),
            clock: Clock::start(),
            batch: Vec::new(),
            since: None,
            marked: None,
            retry: None,
        }
    }

    /// Records until the terminal is closed or the daemon stops.
    pub(super) async fn run(mut self, cancel: CancellationToken) {
        if cancel.run_until_cancelled(self.follow()).await.is_none() {
            self.flush().await;
            return;
        }
        self.flush().await;
        // The last of it: packed now, because nobody will come back to it.
        self.write(|writer| {
            writer.close();
            Ok(())
        })
        .await;
    }

    async fn follow(&mut self) {
        loop {
            let wake = self.wake();
            let pause = async {
                match wake {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                chunk = self.viewer.next() => match chunk {
                    LiveChunk::Output { seq, bytes } => self.output(seq, &bytes),
                    LiveChunk::Snapshot { seq, parts } => self.screen(seq, &parts).await,
                    // The screen that follows says how much is missing.
                    LiveChunk::Gap { .. } => {}
                    // It asked for no healing.
                    LiveChunk::Hash { .. } | LiveChunk::Heal { .. } => {}
                    LiveChunk::Ended => if !self.again().await {
                        return;
                    },
                },
                () = pause => self.due().await,
            }
            if self.batch.len() >= BATCH {
                self.flush().await;
                self.rotate_if_full().await;
            }
        }
    }

    fn wake(&self) -> Option<Instant> {
        let flush = self
            .since
            .map(|(first, last)| (first + LATEST).min(last + QUIET));
        [flush, self.retry].into_iter().flatten().min()
    }

    async fn due(&mut self) {
        if self.retry.is_some_and(|at| at <= Instant::now()) {
            self.retry = None;
            let room = self.write(|writer| Ok(writer.has_room())).await;
            match room {
                // A viewer of its own, because a new one gets the screen first.
                Some(true) if self.join() => {}
                _ => self.retry = Some(Instant::now() + RETRY),
            }
        }
        self.flush().await;
        self.rotate_if_full().await;
    }

    async fn rotate_if_full(&mut self) {
        if self.open && self.writer.as_ref().is_some_and(Writer::is_full) {
            self.rotate().await;
        }
    }

    /// Watches anew; false when there is no terminal.
    fn join(&mut self) -> bool {
        let Ok(viewer) = self.terminals.live(&self.agent, None) else {
            return false;
        };
        self.take(viewer);
        true
    }

    fn take(&mut self, viewer: LiveViewer) {
        self.viewer = viewer;
        self.acknowledged = 0;
    }

    /// The stream broke off: true when the terminal is still there and is watched again.
    async fn again(&mut self) -> bool {
        self.flush().await;
        let lives =
            |this: &Self| this.pane.is_some() && this.terminals.runs(&this.agent) == this.pane;
        if !lives(self) {
            return false;
        }
        tokio::time::sleep(RETRY).await;
        if !lives(self) || !self.join() {
            return false;
        }
        self.open = false;
        self.mark = Some("gap: the terminal was read anew");
        true
    }

    fn acknowledge(&mut self, bytes: usize) {
        self.acknowledged += bytes as u64;
        // A count that was sent cannot be refused.
        let _ = self.viewer.acks().acknowledge(self.acknowledged);
    }

    fn output(&mut self, seq: u64, bytes: &[u8]) {
        self.acknowledge(bytes.len());
        self.at = seq + bytes.len() as u64;
        self.print(bytes);
    }

    fn print(&mut self, bytes: &[u8]) {
        let text = self.text.take(bytes);
        if !text.is_empty() {
            self.put(Code::Output, &text);
        }
    }

    /// The whole screen: where a recording begins, and what goes on after a gap.
    async fn screen(&mut self, seq: u64, parts: &[Bytes]) {
        self.acknowledge(parts.iter().map(Bytes::len).sum());
        let size = self.terminals.size(&self.agent).unwrap_or(self.size);
        let lost = seq != std::mem::replace(&mut self.at, seq);
        let resized = size != std::mem::replace(&mut self.size, size);
        self.text.clear();
        if self.open {
            if resized {
                self.put(Code::Resize, &format!("{}x{}", size.cols, size.rows));
            }
            let now = Instant::now();
            let fresh = self.marked.is_none_or(|at| now >= at + MARKS);
            if lost && !resized && fresh {
                self.marked = Some(now);
                self.put(Code::Marker, "gap: faster than could be recorded");
            }
            parts.iter().for_each(|part| self.print(part));
        } else if self.retry.is_none() {
            self.begin(parts, false).await;
        }
    }

    /// Begins a segment with a screen.
    async fn begin(&mut self, parts: &[Bytes], continues: bool) {
        self.flush().await;
        self.clock = Clock::start();
        let header = Header {
            continues,
            ..Header::new(self.size, self.clock.timestamp, self.agent.as_str())
        };
        let now = self.clock.now();
        let mut lines = Vec::new();
        header.put(&mut lines);
        if let Some(mark) = self.mark.take() {
            cast::put(now, Code::Marker, mark, &mut lines);
        }
        // One event, because a reader of the segment before passes over one.
        let screen = Text::default().take(&parts.concat());
        cast::put(now, Code::Output, &screen, &mut lines);
        self.open = true;
        self.write(move |writer| writer.begin(&lines)).await;
    }

    /// Another segment, that begins with the screen where this one ends: to the byte, so
    /// that a reader of both misses nothing and sees nothing twice.
    async fn rotate(&mut self) {
        let Ok(mut next) = self.terminals.live(&self.agent, None) else {
            return;
        };
        let first = tokio::time::timeout(FIRST_SCREEN, next.next()).await;
        let Ok(LiveChunk::Snapshot { seq, parts }) = first else {
            return;
        };
        let mut joined = next.epoch == self.viewer.epoch && self.size == next.size;
        while joined && self.at < seq {
            let LiveChunk::Output { seq: from, bytes } = self.viewer.next().await else {
                joined = false;
                break;
            };
            let rest = usize::try_from(seq.saturating_sub(from)).unwrap_or(usize::MAX);
            self.output(from, &bytes[..bytes.len().min(rest)]);
        }
        joined &= self.at == seq;
        if !joined {
            self.mark = Some("gap: faster than could be recorded");
            self.text.clear();
        }
        (self.at, self.size) = (seq, next.size);
        self.take(next);
        self.acknowledge(parts.iter().map(Bytes::len).sum());
        self.begin(&parts, joined).await;
    }

    fn put(&mut self, code: Code, data: &str) {
        if !self.open {
            return;
        }
        cast::put(self.clock.now(), code, data, &mut self.batch);
        let now = Instant::now();
        self.since = Some((self.since.map_or(now, |(first, _)| first), now));
    }

    async fn flush(&mut self) {
        let typed = self.terminals.typed(&self.agent);
        if self.since.is_some() && typed > self.typed {
            self.put(Code::Typed, &(typed - self.typed).to_string());
        }
        if self.since.take().is_none() {
            return;
        }
        self.typed = self.typed.max(typed);
        let batch = std::mem::take(&mut self.batch);
        self.write(move |writer| writer.append(&batch)).await;
    }

    /// Lets the writer do something, away from those who must not wait for a disk. After a
    /// failure nothing is written until there is room again.
    async fn write<T, F>(&mut self, act: F) -> Option<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Writer) -> io::Result<T> + Send + 'static,
    {
        let mut writer = self.writer.take()?;
        let work = tokio::task::spawn_blocking(move || {
            let done = act(&mut writer);
            (writer, done)
        });
        // Not run to its end only when it panicked, and then there is nothing to go on with.
        let (writer, done) = work.await.ok()?;
        self.writer = Some(writer);
        match done {
            Ok(done) => Some(done),
            Err(error) => {
                tracing::warn!(agent.id = %self.agent, %error, "the recording waits until the disk takes more");
                self.open = false;
                self.batch.clear();
                self.since = None;
                self.mark = Some("gap: the disk was full");
                self.retry = Some(Instant::now() + RETRY);
                None
            }
        }
    }
}
