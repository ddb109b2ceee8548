//! Tests of the whole daemon, in one binary so that they link once.

mod cli;
mod core_agents;
mod core_receipts;
mod core_tasks;
mod bad_input;
mod layers;
mod main_job;
mod socket;
mod support;
mod survival;
