//! Work that goes on to its end, whether or not its caller is still there.

use super::problem::Failure;
use crate::supervise::Tasks;
use std::future::Future;
use tokio::sync::oneshot;

/// Does it as a task of its own: a caller that hangs up drops its request, and with it
/// whatever was half done.
///
/// # Errors
/// When it broke, or the daemon ends.
pub async fn to_its_end<T: Send + 'static>(
    tasks: &Tasks,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Failure> {
    let (tell, told) = oneshot::channel();
    tasks.spawn("request", move |_| async move {
        // Nobody may be there to hear of it.
        let _ = tell.send(work.await);
    });
    told.await.map_err(|error| Failure::internal(&error))
}
