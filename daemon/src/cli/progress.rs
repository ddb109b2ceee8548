//! What is said while something takes longer than a second: one line on stderr that is
//! written over and taken away, and nothing where stderr is no terminal.

use super::output;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// What is done sooner needs no words.
const SOON: Duration = Duration::from_secs(1);
/// How often the line is written anew.
const STEP: Duration = Duration::from_millis(250);

/// A line about something that goes on; gone when this is dropped.
#[derive(Debug)]
pub struct Progress {
    begun: Instant,
    shown: bool,
    terminal: bool,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            shown: false,
            terminal: std::io::stderr().is_terminal(),
        }
    }
}

impl Progress {
    /// Says what goes on, once it takes long enough.
    pub fn say(&mut self, what: &str) {
        let spent = self.begun.elapsed();
        if !self.terminal || spent < SOON {
            return;
        }
        self.shown = true;
        let line = format!("{} … {} s", output::plain(what), spent.as_secs());
        // Without a line the work goes on all the same.
        let _ = write!(std::io::stderr(), "\r{line}\x1b[K");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// Waits for some work and says so when it takes longer than a second.
pub async fn over<T>(what: &str, work: impl Future<Output = T>) -> T {
    let mut progress = Progress::default();
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(STEP) => progress.say(what),
        }
    }
}
