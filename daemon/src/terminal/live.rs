//! A viewer of a live stream: an exact snapshot, then every byte; never a silent gap.

use super::flow::{BadAck, Flow, Step};
use super::heal::{Heal, Healer, Mismatch};
use super::source::{Cut, Source};
use super::{TerminalError, Terminals};
use crate::model::ids::AgentId;
use bytes::Bytes;
use orchestra_protocol::agent::Size;
use orchestra_protocol::frame::MAX_PAYLOAD;
use orchestra_tmux::letter::{pieces, whole};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// One piece of a live stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveChunk {
    /// What the program printed; `seq` is the number of the first byte.
    Output { seq: u64, bytes: Bytes },
    /// The whole screen; `seq` is the number of the next live byte. Each part fits a
    /// frame.
    Snapshot { seq: u64, parts: Arc<[Bytes]> },
    /// Bytes are left out; a snapshot follows.
    Gap { seq: u64 },
    /// Nothing came for a moment: what the screen should be there.
    Hash { seq: u64, hash: u32 },
    /// Rewrites what the viewer shows wrongly, without a reset.
    Heal { seq: u64, parts: Arc<[Bytes]> },
    /// The stream is over: the terminal was closed, restarted, or tmux died.
    Ended,
}

/// Where a viewer wants to go on: the epoch it knows and the next byte it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeAt {
    pub epoch: String,
    pub seq: u64,
}

/// One viewer. Its reading end; the acknowledging end is `acks`.
pub struct LiveViewer {
    /// Names this opening of the source; numbers of another mean nothing here.
    pub epoch: String,
    /// Number of the next byte, when the viewer goes on where it was.
    pub seq: u64,
    /// True when it does; otherwise a snapshot comes first.
    pub resumed: bool,
    pub size: Size,
    pub title: String,
    source: Source,
    news: watch::Receiver<()>,
    acks: Acks,
    redraws: u64,
    wanted: Option<u64>,
    ended: bool,
    healer: Option<Healer>,
}

/// Says what a viewer's emulator has parsed; clone it freely.
#[derive(Clone)]
pub struct Acks(Arc<Shared>);

struct Shared {
    flow: Mutex<Flow>,
    acknowledged: Notify,
    mismatch: Mutex<Option<Mismatch>>,
}

impl Acks {
    /// Payload bytes parsed since the viewer joined, in all.
    ///
    /// # Errors
    /// When that is more than was sent.
    pub fn acknowledge(&self, total: u64) -> Result<(), BadAck> {
        self.0.flow.lock().acknowledge(total)?;
        self.0.acknowledged.notify_one();
        Ok(())
    }

    /// The viewer shows something else than it was told.
    pub fn mismatch(&self, mismatch: Mismatch) {
        *self.0.mismatch.lock() = Some(mismatch);
        self.0.acknowledged.notify_one();
    }

    /// Payload bytes sent and not acknowledged.
    pub fn unacknowledged(&self) -> u64 {
        self.0.flow.lock().unacknowledged()
    }
}

/// What one look at the stream came to.
enum Turn {
    Give(LiveChunk),
    /// Until output, an acknowledgement or the end of this time.
    Idle(Option<Duration>),
    /// Until an acknowledgement or the end of this time: under load, not every byte matters.
    Wait(Option<Duration>),
}

impl LiveViewer {
    /// Has it told at quiet what its screen should be, and mended where it differs.
    #[must_use]
    pub fn healing(mut self) -> Self {
        self.healer = Some(Healer::default());
        self
    }

    /// The acknowledging end.
    pub fn acks(&self) -> Acks {
        self.acks.clone()
    }

    /// The next piece, as soon as the viewer may have it; `Ended` for ever at the end.
    /// Nothing is lost if the future is dropped, but what it returned counts as sent.
    pub async fn next(&mut self) -> LiveChunk {
        loop {
            // Marked as seen first: what changes after the look wakes the wait below.
            let over = self.news.borrow_and_update();
            drop(over);
            match self.turn(Instant::now()) {
                Turn::Give(chunk) => return chunk,
                turn @ (Turn::Idle(limit) | Turn::Wait(limit)) => {
                    let idle = limit.is_none() || matches!(turn, Turn::Idle(_));
                    let pause = async {
                        match limit {
                            Some(limit) => tokio::time::sleep(limit).await,
                            None => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        changed = self.news.changed(), if idle => {
                            self.ended |= changed.is_err();
                        }
                        () = self.acks.0.acknowledged.notified() => {}
                        () = pause => {}
                    }
                }
            }
        }
    }

    fn turn(&mut self, now: Instant) -> Turn {
        let mut flow = self.acks.0.flow.lock();
        let (start, end, redraws, ended) = self.source.with(|stream| {
            (
                stream.ring.start(),
                stream.ring.end(),
                stream.redraws,
                stream.ended,
            )
        });
        if std::mem::replace(&mut self.redraws, redraws) != redraws {
            flow.drop_rest();
            self.wanted = None;
            // The new screen is compared even if the program prints nothing.
            self.healer = self.healer.take().map(|_| Healer::default());
        }
        let step = match flow.step(now, start, end) {
            // The last words are not paced: nothing comes behind them.
            Step::Wait(Some(_)) if ended && flow.cursor() < end => Step::Output(MAX_PAYLOAD),
            step => step,
        };
        match step {
            Step::Output(most) => {
                let seq = flow.cursor();
                let read = self.source.with(|stream| stream.ring.read(seq, most));
                // Gone since the look above: the next look sees it.
                let Some(bytes) = read else {
                    return if ended {
                        Turn::Give(LiveChunk::Ended)
                    } else {
                        Turn::Wait(Some(Duration::ZERO))
                    };
                };
                let bytes = whole(&bytes);
                flow.output_sent(now, bytes.len());
                Turn::Give(LiveChunk::Output { seq, bytes })
            }
            _ if ended || self.ended => Turn::Give(LiveChunk::Ended),
            Step::Gap => {
                flow.gap_sent();
                Turn::Give(LiveChunk::Gap { seq: end })
            }
            Step::Snapshot => {
                let count = *self.wanted.get_or_insert_with(|| self.source.want_cut());
                let Some(Cut { seq, parts, .. }) = self.source.with(|stream| stream.cut(count))
                else {
                    return Turn::Wait(None);
                };
                self.wanted = None;
                flow.snapshot_sent(now, seq, parts.iter().map(Bytes::len).sum());
                Turn::Give(LiveChunk::Snapshot { seq, parts })
            }
            Step::Wait(None) if flow.cursor() == end => {
                let Some(healer) = &mut self.healer else {
                    return Turn::Idle(None);
                };
                let answer = self.acks.0.mismatch.lock().take();
                let step = healer.step(now, end, &self.source, answer);
                heal(step, end, now, &mut flow)
            }
            Step::Wait(limit) => Turn::Wait(limit),
        }
    }
}

/// Does for a viewer that has everything up to `seq` what its healer says.
fn heal(step: Heal, seq: u64, now: Instant, flow: &mut Flow) -> Turn {
    match step {
        Heal::Tell(hash) => Turn::Give(LiveChunk::Hash { seq, hash }),
        Heal::Rows(bytes) => {
            flow.heal_sent(bytes.len());
            let parts = pieces(bytes, MAX_PAYLOAD).into();
            Turn::Give(LiveChunk::Heal { seq, parts })
        }
        Heal::Whole(cut) => {
            flow.snapshot_sent(now, seq, cut.parts.iter().map(Bytes::len).sum());
            Turn::Give(LiveChunk::Snapshot {
                seq,
                parts: cut.parts,
            })
        }
        Heal::Wait(limit) => Turn::Idle(limit),
    }
}

impl Terminals {
    /// Watches a terminal live; with `resume`, from that byte on if it is still kept.
    ///
    /// # Errors
    /// When the agent has no terminal.
    pub fn live(
        &self,
        agent: &AgentId,
        resume: Option<&ResumeAt>,
    ) -> Result<LiveViewer, TerminalError> {
        let entry = self.entry(agent)?;
        let pane = entry
            .pane()
            .ok_or_else(|| TerminalError::NoTerminal(agent.clone()))?;
        let (source, news) = {
            let mut live = entry.live.lock();
            let open = live.take().filter(|source| !source.ended());
            let source = open.unwrap_or_else(|| Source::open(&pane, &self.0.tasks));
            // Counted as a viewer before the lock is let go.
            let news = source.watch();
            *live = Some(source.clone());
            (source, news)
        };
        let resume = resume.filter(|at| at.epoch == source.epoch());
        let (known, end, redraws) = source.with(|stream| {
            let known = resume.filter(|at| stream.goes_on_at(at.seq));
            (known, stream.ring.end(), stream.redraws)
        });
        let flow = known.map_or_else(Flow::fresh, |at| Flow::resumed(at.seq));
        Ok(LiveViewer {
            epoch: source.epoch().to_owned(),
            seq: known.map_or(end, |at| at.seq),
            resumed: known.is_some(),
            size: entry.seat.state().size,
            title: pane.info.title,
            acks: Acks(Arc::new(Shared {
                flow: Mutex::new(flow),
                acknowledged: Notify::new(),
                mismatch: Mutex::new(None),
            })),
            source,
            news,
            redraws,
            wanted: None,
            ended: false,
            healer: None,
        })
    }
}
