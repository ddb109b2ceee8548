//! Waiting for conditions, never for time.

use std::future::Future;
use std::time::{Duration, Instant};

/// Longest that anything in a test may take; far beyond what it takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Asks until `probe` gives a value.
///
/// # Panics
/// When it does not within `LIMIT`.
pub(crate) async fn until<T, F, Fut>(what: &str, mut probe: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    loop {
        if let Some(value) = probe().await {
            return value;
        }
        assert!(begun.elapsed() < LIMIT, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
