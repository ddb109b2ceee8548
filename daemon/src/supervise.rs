//! The only place that spawns tasks: every one has a name, sees the shutdown, and is
//! waited for.

use std::future::Future;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Cheap handle to all background tasks of one daemon; clone it freely.
#[derive(Clone, Default)]
pub struct Tasks {
    cancel: CancellationToken,
    tracker: TaskTracker,
}

impl Tasks {
    /// Runs `work` until it ends by itself; its token is cancelled at shutdown.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn spawn<F, Fut>(&self, name: &'static str, work: F)
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let future = work(self.cancel.child_token());
        self.tracker.spawn(async move {
            // A panic in one task must be seen; the others go on.
            if let Err(failure) = tokio::spawn(future).await
                && failure.is_panic()
            {
                tracing::error!(task = name, "task {name} panicked");
            }
        });
    }

    /// A token that is cancelled when shutdown begins.
    pub fn token(&self) -> CancellationToken {
        self.cancel.child_token()
    }

    /// Cancels every task and waits for them; false when `grace` was not enough.
    pub async fn shutdown(&self, grace: Duration) -> bool {
        self.cancel.cancel();
        self.tracker.close();
        tokio::time::timeout(grace, self.tracker.wait())
            .await
            .is_ok()
    }
}
