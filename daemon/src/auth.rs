//! Who calls, and what they may do.

/// To be written.
#[derive(Clone)]
pub struct Auth;
