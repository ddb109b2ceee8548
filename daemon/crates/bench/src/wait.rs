//! Waiting for a condition, with an end.

use std::future::Future;
use std::time::{Duration, Instant};

/// Longest that anything may take before the figure counts as broken.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// Asks every `pause` until there is a value.
///
/// # Errors
/// When there is none within `LIMIT`, or asking fails.
pub(crate) async fn until<T, F, Fut>(what: &str, pause: Duration, mut ask: F) -> anyhow::Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<Option<T>>>,
{
    let begun = Instant::now();
    loop {
        if let Some(value) = ask().await? {
            return Ok(value);
        }
        anyhow::ensure!(begun.elapsed() < LIMIT, "waited in vain for {what}");
        tokio::time::sleep(pause).await;
    }
}

/// Gives a future so long and no longer.
pub(crate) async fn within<T>(what: &str, work: impl Future<Output = T>) -> anyhow::Result<T> {
    let done = tokio::time::timeout(LIMIT, work).await;
    done.map_err(|_| anyhow::anyhow!("waited in vain for {what}"))
}
