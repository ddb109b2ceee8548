//! Tests of the whole daemon, in one binary so that they link once.

mod cli;
mod bad_input;
mod layers;
mod main_job;
mod socket;
mod support;
mod survival;
