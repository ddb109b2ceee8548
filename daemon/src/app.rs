//! To be written.

use crate::config::Flags;

/// What the daemon says once it serves.
pub struct Ready {
    pub url: String,
    pub login_url: Option<String>,
}

/// What `orchestra up` wants beside the settings.
pub struct UpOptions {
    /// Called once, when the listener answers.
    pub on_ready: Box<dyn FnOnce(&Ready) + Send>,
}

/// Runs the daemon.
///
/// # Errors
/// Always, until it is written.
#[expect(clippy::unused_async, reason = "stands in for the daemon")]
pub async fn run(_flags: Flags, _options: UpOptions) -> Result<(), std::io::Error> {
    Err(std::io::Error::other("the daemon is not written yet"))
}
