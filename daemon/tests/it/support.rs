//! What the tests stand on: the real daemon as a process of its own, spoken to over
//! HTTP and WebSocket as any client would.

pub(crate) mod api;
pub(crate) mod daemon;
pub(crate) mod kit;
pub(crate) mod pushes;
pub(crate) mod socket;
pub(crate) mod unix;
pub(crate) mod wait;
