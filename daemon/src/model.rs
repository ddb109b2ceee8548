//! Plain data that every layer shares, and which changes are legal. No I/O.

pub mod approval;
pub mod budget;
pub mod evidence;
pub mod ids;
pub mod limits;
pub mod quota;
pub mod receipt;
pub mod requester;
pub mod rules;
pub mod task;
