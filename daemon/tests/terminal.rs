//! `Terminals` against a real tmux, each test with a server of its own.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

#[path = "terminal/support.rs"]
mod support;

#[path = "terminal/faults.rs"]
mod faults;
#[path = "terminal/history.rs"]
mod history;
#[path = "terminal/lifecycle.rs"]
mod lifecycle;
#[path = "terminal/live.rs"]
mod live;
#[path = "terminal/reading.rs"]
mod reading;
