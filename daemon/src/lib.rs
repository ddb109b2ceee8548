//! Orchestra: a self-hosted control room for AI coding agents.
//!
//! The modules below are in the order of their dependencies, bottom up: each may use
//! only those before it, and `tests/it/layers.rs` holds them to that. Calls go down;
//! what has to go up travels as events.

pub mod config;
pub mod supervise;
pub mod model;
pub mod spool;
pub mod git;
pub mod store;
pub mod events;
pub mod auth;
pub mod audit;
pub mod transcripts;
pub mod worktrees;
pub mod terminal;
pub mod agents;
pub mod approvals;
pub mod chat;
pub mod delegate;
pub mod push;
pub mod mcp;
pub mod http;
pub mod app;
pub mod cli;
