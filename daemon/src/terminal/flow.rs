//! When a live viewer gets bytes, when it waits, and when it gets a snapshot instead.
//! Pure: the clock and the ring's bounds come in, a decision goes out.
//!
//! A browser has no back-pressure: what is sent piles up in the page. So the page says
//! what its emulator has parsed, and no more than a window stays unsaid. A viewer that
//! falls behind costs nothing until it is back, and then one screenful.

use orchestra_protocol::frame::MAX_PAYLOAD;
use std::time::{Duration, Instant};

/// Bytes that a viewer may leave unacknowledged.
pub const WINDOW: u64 = 256 * 1024;
/// A viewer is back when no more than this is unacknowledged: the page says so in
/// steps of 64 KiB, so waiting for zero could be for ever.
const BACK: u64 = 128 * 1024;
/// More than this since the last flush is cheaper as a screen.
const SKIP: u64 = 64 * 1024;
/// The least time between two snapshots.
const SNAPSHOTS: Duration = Duration::from_millis(100);
/// Under load, output is gathered this long: 60 flushes a second.
const GATHER: Duration = Duration::from_micros(16_667);
/// What may be sent at once within one gathering time: keys and their echoes never wait.
const LIGHT: usize = 4 * 1024;

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Send at most so many bytes from `Flow::cursor`.
    Output(usize),
    /// Say that bytes are dropped.
    Gap,
    /// Take a snapshot and send it.
    Snapshot,
    /// Nothing until output or an acknowledgement comes, or this time is over.
    Wait(Option<Duration>),
}

/// A client that counts wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{acknowledged} bytes were acknowledged, but {sent} were sent")]
pub struct BadAck {
    pub acknowledged: u64,
    pub sent: u64,
}

/// One viewer's place in the stream and what it owes.
#[derive(Debug)]
pub struct Flow {
    cursor: u64,
    sent: u64,
    acknowledged: u64,
    state: State,
    snapshot_at: Option<Instant>,
    window_at: Option<Instant>,
    window_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Following,
    /// Too much is unacknowledged or unsent; the client was not told yet.
    Behind,
    /// Bytes were dropped, and the client knows.
    Dropped,
}

impl Flow {
    /// Joins with a snapshot.
    pub fn fresh() -> Self {
        Self::at(0, State::Dropped)
    }

    /// Goes on at a byte that the ring still has.
    pub fn resumed(cursor: u64) -> Self {
        Self::at(cursor, State::Following)
    }

    fn at(cursor: u64, state: State) -> Self {
        Self {
            cursor,
            sent: 0,
            acknowledged: 0,
            state,
            snapshot_at: None,
            window_at: None,
            window_bytes: 0,
        }
    }

    /// Number of the next byte that this viewer needs.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Payload bytes sent and not acknowledged.
    pub fn unacknowledged(&self) -> u64 {
        self.sent - self.acknowledged
    }

    /// What to do now, with a ring that holds `start..end`.
    pub fn step(&mut self, now: Instant, start: u64, end: u64) -> Step {
        let backlog = end.saturating_sub(self.cursor);
        let lost = self.cursor < start || self.cursor > end;
        if self.state == State::Following {
            if lost || backlog > SKIP || self.unacknowledged() >= WINDOW {
                self.state = State::Behind;
            } else if backlog == 0 {
                return Step::Wait(None);
            } else {
                return self.paced(now, backlog);
            }
        }
        if self.unacknowledged() > BACK {
            return Step::Wait(None);
        }
        if self.state == State::Behind {
            if !lost && backlog <= SKIP {
                self.state = State::Following;
                return if backlog == 0 {
                    Step::Wait(None)
                } else {
                    self.paced(now, backlog)
                };
            }
            return Step::Gap;
        }
        match self.snapshot_at.map(|at| now.saturating_duration_since(at)) {
            Some(ago) if ago < SNAPSHOTS => Step::Wait(Some(SNAPSHOTS - ago)),
            _ => Step::Snapshot,
        }
    }

    fn paced(&self, now: Instant, backlog: u64) -> Step {
        let age = self.window_at.map(|at| now.saturating_duration_since(at));
        if let Some(age) = age
            && age < GATHER
            && self.window_bytes >= LIGHT
        {
            return Step::Wait(Some(GATHER - age));
        }
        let room = backlog.min(WINDOW - self.unacknowledged());
        Step::Output(
            usize::try_from(room)
                .unwrap_or(MAX_PAYLOAD)
                .min(MAX_PAYLOAD),
        )
    }

    /// Notes that output was given to the connection.
    pub fn output_sent(&mut self, now: Instant, bytes: usize) {
        self.cursor += bytes as u64;
        self.sent += bytes as u64;
        if self
            .window_at
            .is_none_or(|at| now.saturating_duration_since(at) >= GATHER)
        {
            self.window_at = Some(now);
            self.window_bytes = 0;
        }
        self.window_bytes += bytes;
    }

    /// Notes that the client was told of the gap.
    pub fn gap_sent(&mut self) {
        self.state = State::Dropped;
    }

    /// Notes a snapshot of `bytes` after which the stream goes on at `cursor`.
    pub fn snapshot_sent(&mut self, now: Instant, cursor: u64, bytes: usize) {
        self.cursor = cursor;
        self.sent += bytes as u64;
        self.snapshot_at = Some(now);
        self.state = State::Following;
    }

    /// Notes bytes that rewrite parts of the screen and are no part of the stream.
    pub fn heal_sent(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    /// The screen must be sent anew, because its size changed.
    pub fn drop_rest(&mut self) {
        if self.state == State::Following {
            self.state = State::Behind;
            self.cursor = u64::MAX;
        }
    }

    /// The client has parsed `total` bytes since it joined.
    ///
    /// # Errors
    /// When that is more than was sent; less than before changes nothing.
    pub fn acknowledge(&mut self, total: u64) -> Result<(), BadAck> {
        if total > self.sent {
            return Err(BadAck {
                acknowledged: total,
                sent: self.sent,
            });
        }
        self.acknowledged = self.acknowledged.max(total);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
