//! The crate against a real, private tmux.

#![allow(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

mod hostile;
mod input;
mod lifecycle;
mod live;
mod process;
mod screen;
