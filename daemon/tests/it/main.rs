//! Tests of the whole daemon, in one binary so that they link once.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a helper that cannot go on fails its test, and may say what the daemon said"
)]

mod cli;
mod clis;
mod core_agents;
mod core_budgets;
mod core_calls;
mod core_receipts;
mod core_tasks;
mod endurance;
mod files;
mod approvals;
mod bad_input;
mod kept_login;
mod kills;
mod layers;
mod login;
mod main_job;
mod matrix;
mod metrics;
mod network;
mod people;
mod push;
mod record;
mod recording;
mod restart;
mod resume;
mod security;
mod settings;
mod socket;
mod support;
mod terminal_text;
mod survival;
mod transcripts;
mod transcripts_scale;
mod worktrees;
