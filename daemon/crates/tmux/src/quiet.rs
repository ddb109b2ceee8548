//! Keeping the server still while a control client is let in.
//!
//! Before 3.7 tmux counts a client as a control client some moments before it
//! has made its state. Whatever it announces to all control clients in between
//! (a session made or ended, a client gone, a mode left, a buffer changed) is
//! written through a null pointer, and the server dies with every pane. So no
//! command runs and no client leaves while one comes in.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The order of coming, going and commanding on one server.
#[derive(Debug)]
pub(crate) struct Quiet {
    /// False where tmux is safe; then nobody waits.
    needed: bool,
    /// One client comes or goes at a time.
    door: Arc<Semaphore>,
    /// Held while commands run, and while a client comes in.
    floor: Arc<Semaphore>,
    /// Clients that wait for the floor.
    waiting: AtomicUsize,
}

/// Leave to do what [`Quiet`] orders, until it is dropped.
#[derive(Debug)]
pub(crate) struct Leave(Vec<OwnedSemaphorePermit>);

impl Quiet {
    pub(crate) fn new(needed: bool) -> Self {
        Self {
            needed,
            door: Arc::new(Semaphore::new(1)),
            floor: Arc::new(Semaphore::new(1)),
            waiting: AtomicUsize::new(0),
        }
    }

    /// To let a client in: nobody comes or goes, no command runs.
    pub(crate) async fn to_attach(&self) -> Leave {
        let mut permits = self.to_detach().await.0;
        if self.needed {
            let _waits = Waits::new(&self.waiting);
            permits.extend(self.floor.clone().acquire_owned().await);
        }
        Leave(permits)
    }

    /// To let a client go: nobody comes or goes.
    pub(crate) async fn to_detach(&self) -> Leave {
        if !self.needed {
            return Leave(Vec::new());
        }
        // The semaphores are never closed.
        Leave(
            self.door
                .clone()
                .acquire_owned()
                .await
                .into_iter()
                .collect(),
        )
    }

    /// To run commands, until all of them are answered.
    pub(crate) async fn to_command(&self) -> Leave {
        if !self.needed {
            return Leave(Vec::new());
        }
        Leave(
            self.floor
                .clone()
                .acquire_owned()
                .await
                .into_iter()
                .collect(),
        )
    }

    /// Whether those who run commands should come to an end.
    pub(crate) fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }
}

/// Counts one waiter, also if its future is dropped.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
