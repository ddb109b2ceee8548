//! The crate against a real, private tmux.

mod support;

mod hostile;
mod input;
mod lifecycle;
mod live;
mod process;
mod screen;
