//! The control-mode wire format, as pure functions over bytes.
//!
//! Text on the wire is bytes: `%output` cuts UTF-8 anywhere, and programs print
//! what they like. Nothing in here does I/O, and no input makes it panic.

pub mod decode;
pub mod quote;
pub mod section;
pub mod vis;
