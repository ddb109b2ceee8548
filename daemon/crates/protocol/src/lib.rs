//! The wire types of Orchestra: REST bodies, socket messages, binary frames and
//! problems. Data only: this crate decides nothing and does no I/O, so that the
//! daemon, its command line and the web page (through `typescript`) share one truth.
//!
//! Times are RFC 3339 text inside objects that REST also returns, and integer
//! milliseconds in fields that exist only on the socket.

pub mod admin;
pub mod agent;
pub mod approval;
pub mod auth;
pub mod budget;
pub mod event;
pub mod file;
pub mod frame;
pub mod hook;
pub mod message;
pub mod problem;
pub mod push;
pub mod settings;
pub mod socket;
pub mod system;
pub mod task;
pub mod terminal;
pub mod time;
pub mod transcript;
pub mod typescript;
pub mod worktree;
