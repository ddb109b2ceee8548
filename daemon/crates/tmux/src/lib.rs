//! A control-mode client for private tmux servers.
//!
//! tmux is the terminal emulator and owns the processes; this crate starts or
//! adopts one tmux server on a socket of its own and talks to it over control
//! mode. It knows sessions, panes, keys and captures, and nothing of who uses
//! them.
//!
//! Where to start: [`server::TmuxServer::open`] gives a cheap, clonable handle.
//! Its methods live beside what they are about:
//!
//! | module | what it gives |
//! |---|---|
//! | [`server`], [`config`] | start, adopt, restart, end a server |
//! | [`client`] | the main connection and whether it stands |
//! | [`session`] | new sessions, ending them, options on them |
//! | [`pane`] | the list of all panes, resizing |
//! | [`input`], [`key`] | literal bytes, named keys, pastes |
//! | [`capture`] | text of the screen and pages of history |
//! | [`snapshot`] | an exact screen, as bytes that rebuild it in an emulator |
//! | [`live`] | the ordered stream of one pane: snapshot, then output |
//! | [`process`] | ending a process tree for certain |
//! | [`codec`], [`command`] | the wire: decoder, quoting, typed commands |
//!
//! Three rules hold everywhere. Text from outside reaches tmux only through
//! [`command::Script`], which quotes every element. Text from a pane is never
//! trusted to end a reply: such replies are fenced by a random word. And every
//! connection has a task that always reads, because tmux keeps unread replies
//! without a limit.
//!
//! ```no_run
//! # async fn demo() -> Result<(), orchestra_tmux::error::Error> {
//! use orchestra_tmux::{config::ServerConfig, server::TmuxServer, session::NewSession};
//!
//! let tmux = TmuxServer::open(ServerConfig::new("/run/user/1000/demo/tmux.sock")).await?;
//! let session = tmux.new_session(NewSession::new("demo".parse()?, "/tmp", ["top"])).await?;
//! tmux.send_literal(session.pane_id, b"q").await?;
//! # Ok(()) }
//! ```

pub mod error;
pub mod ids;
pub mod version;
pub mod codec;
pub mod command;
pub mod process;
pub mod config;
mod nonce;
mod quiet;
mod spawner;
mod launch;
mod wire;
pub mod client;
pub mod server;
pub mod session;
pub mod pane;
pub mod key;
pub mod letter;
pub mod input;
pub mod capture;
pub mod snapshot;
pub mod live;
