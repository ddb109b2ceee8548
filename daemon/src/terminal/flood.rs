//! When a stream is a flood that nobody can follow, its output is stopped at the source
//! (the program goes on) and its screen is sampled until it calms. Pure: the clock and
//! the bytes come in, decisions go out.
//!
//! Every byte that tmux hands to us costs it more than showing it does, and every viewer
//! would be given screens instead anyway.

use orchestra_tmux::snapshot::Snapshot;
use std::time::{Duration, Instant};

/// Output is measured in windows of this length.
const WINDOW: Duration = Duration::from_millis(50);
/// More than this in a window is hot: viewers then get screens instead.
const HOT: usize = 192 * 1024;
/// Hot windows in a row that make a flood.
const SUSTAINED: u8 = 2;
/// How often the screen is sampled while output is stopped.
const SAMPLE: Duration = Duration::from_millis(100);
/// How long output is stopped before it is tried again.
const HOLD: Duration = Duration::from_millis(700);

/// What to do at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Nothing,
    /// Take a snapshot.
    Sample,
    /// Let output flow again.
    Resume,
}

/// The measure of one stream.
#[derive(Debug)]
pub(super) struct Flood {
    window: Instant,
    bytes: usize,
    hot: u8,
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    since: Instant,
    next: Instant,
    last: Option<Box<Snapshot>>,
}

impl Flood {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            window: now,
            bytes: 0,
            hot: 0,
            held: None,
        }
    }

    /// Counts output; true when it has to be stopped.
    pub(super) fn output(&mut self, now: Instant, bytes: usize) -> bool {
        if self.held.is_some() {
            // It was on its way.
            return false;
        }
        if now.duration_since(self.window) >= WINDOW {
            self.hot = if self.bytes >= HOT { self.hot + 1 } else { 0 };
            (self.window, self.bytes) = (now, 0);
        }
        self.bytes += bytes;
        let flood = self.hot + u8::from(self.bytes >= HOT) >= SUSTAINED;
        if flood {
            self.held = Some(Held {
                since: now,
                next: now + SAMPLE,
                last: None,
            });
        }
        flood
    }

    /// True while output is stopped.
    pub(super) fn held(&self) -> bool {
        self.held.is_some()
    }

    /// When `tick` wants to be called.
    pub(super) fn next_tick(&self) -> Option<Instant> {
        self.held.as_ref().map(|held| held.next)
    }

    /// Decides while output is stopped; without a viewer nothing needs to happen.
    pub(super) fn tick(&mut self, now: Instant, watched: bool) -> Act {
        let Some(held) = &mut self.held else {
            return Act::Nothing;
        };
        held.next = now + SAMPLE;
        if !watched {
            return Act::Nothing;
        }
        if now.duration_since(held.since) < HOLD {
            return Act::Sample;
        }
        self.release(now);
        Act::Resume
    }

    /// Looks at a screen taken while output was stopped; true when nothing was printed
    /// since the last one, so that output can flow again.
    pub(super) fn calm(&mut self, now: Instant, snapshot: &Snapshot) -> bool {
        let Some(held) = &mut self.held else {
            return false;
        };
        let same = held.last.as_deref() == Some(snapshot);
        if same {
            self.release(now);
        } else {
            held.last = Some(Box::new(snapshot.clone()));
        }
        same
    }

    /// One hot window more is then enough to stop it again.
    fn release(&mut self, now: Instant) {
        self.held = None;
        (self.window, self.bytes, self.hot) = (now, 0, SUSTAINED - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::{Act, Flood, HOLD, HOT, SAMPLE, WINDOW};
    use std::time::{Duration, Instant};

    #[test]
    fn a_burst_is_no_flood() {
        let mut now = Instant::now();
        let mut flood = Flood::new(now);
        assert!(!flood.output(now, HOT + 1), "one hot window");
        for _ in 0..100 {
            now += WINDOW;
            assert!(!flood.output(now, HOT / 2));
        }
        assert_eq!(flood.next_tick(), None);
    }

    #[test]
    fn a_flood_is_held_sampled_and_tried_again() {
        let start = Instant::now();
        let mut flood = Flood::new(start);
        assert!(!flood.output(start, HOT));
        let mut now = start + WINDOW;
        assert!(flood.output(now, HOT));
        assert!(!flood.output(now, HOT), "it is told once");
        let held = now;
        let mut samples = 0;
        loop {
            now = flood.next_tick().unwrap();
            match flood.tick(now, true) {
                Act::Sample => samples += 1,
                Act::Resume => break,
                Act::Nothing => unreachable!("somebody watches"),
            }
        }
        assert_eq!(now.duration_since(held), HOLD);
        assert_eq!(samples, HOLD.as_millis() / SAMPLE.as_millis() - 1);
        assert!(!flood.held());
        assert!(
            flood.output(now + Duration::from_millis(50), HOT),
            "sooner than at first"
        );
        assert_eq!(
            flood.tick(now + HOLD * 9, false),
            Act::Nothing,
            "nobody watches"
        );
        assert!(flood.held());
    }
}
