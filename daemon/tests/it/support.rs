//! What the tests stand on: the real daemon as a process of its own, spoken to over
//! HTTP and WebSocket as any client would.

pub mod api;
pub mod daemon;
pub mod kit;
pub mod socket;
pub mod wait;
