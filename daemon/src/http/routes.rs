//! The routes, by what they are about.

pub mod admin;
pub mod agents;
pub mod approvals;
pub mod attach;
pub mod audit;
pub mod auth;
pub mod budgets;
pub mod events;
pub mod files;
pub mod health;
pub mod hooks;
pub mod logs;
pub mod me;
pub mod messages;
pub mod metrics;
pub mod push;
pub mod recording;
pub mod settings;
pub mod shares;
pub mod tasks;
pub mod terminals;
pub mod tickets;
pub mod transcripts;
pub mod worktrees;
