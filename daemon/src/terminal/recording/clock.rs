//! The time within a segment: even, and never back.

use orchestra_protocol::time::Timestamp;
use std::time::Instant;

/// The wall clock this far ahead of the steady one means that the machine slept.
const SLEPT: i64 = 2_000;

/// Counts from a whole second of the wall clock, by the steady one.
#[derive(Debug)]
pub(super) struct Clock {
    /// Unix seconds at which the count is 0.
    pub(super) timestamp: i64,
    /// A moment by both clocks.
    wall: i64,
    steady: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        let wall = Timestamp::now().0;
        Self {
            timestamp: wall.div_euclid(1000),
            wall,
            steady: Instant::now(),
        }
    }

    /// Milliseconds since `timestamp`.
    pub(super) fn now(&mut self) -> u64 {
        let passed = i64::try_from(self.steady.elapsed().as_millis()).unwrap_or(i64::MAX);
        let mut now = self.wall.saturating_add(passed);
        let wall = Timestamp::now().0;
        if wall > now + SLEPT {
            // The steady clock stands still meanwhile.
            (self.wall, self.steady, now) = (wall, Instant::now(), wall);
        }
        u64::try_from(now - self.timestamp * 1000).unwrap_or_default()
    }
}
