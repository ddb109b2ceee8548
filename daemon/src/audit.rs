//! The record of every change and denial.

/// To be written.
#[derive(Clone)]
pub struct Audit;
