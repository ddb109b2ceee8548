//! `Terminals` against a real tmux, each test with a server of its own.

#[path = "terminal/support.rs"]
mod support;

#[path = "terminal/lifecycle.rs"]
mod lifecycle;
#[path = "terminal/live.rs"]
mod live;
#[path = "terminal/reading.rs"]
mod reading;
