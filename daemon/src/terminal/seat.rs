//! The seat: the one viewer at a time that may type and size. Pure state behind a watch,
//! so that everybody who looks sees who holds it.

use orchestra_protocol::agent::Size;
use orchestra_protocol::socket::SeatHolder;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// One connection that watches terminals; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ViewerId(u64);

impl ViewerId {
    /// A new one.
    pub fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Who holds the seat, and the size that everybody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatState {
    pub holder: Option<(ViewerId, SeatHolder)>,
    pub size: Size,
}

impl SeatState {
    /// True when this viewer holds it.
    pub fn held_by(&self, viewer: ViewerId) -> bool {
        matches!(&self.holder, Some((holder, _)) if *holder == viewer)
    }

    /// The holder as the wire shows it.
    pub fn shown(&self) -> Option<SeatHolder> {
        self.holder.as_ref().map(|(_, shown)| shown.clone())
    }
}

/// Handle to one terminal's seat; clone it freely.
#[derive(Debug, Clone)]
pub struct Seat(Arc<watch::Sender<SeatState>>);

impl Seat {
    pub(super) fn new(size: Size) -> Self {
        Self(Arc::new(watch::channel(SeatState { holder: None, size }).0))
    }

    /// Gives the seat to this viewer; whoever held it loses it and sees that.
    pub fn take(&self, viewer: ViewerId, name: &str, via: &str) {
        let shown = SeatHolder {
            name: name.to_owned(),
            via: via.to_owned(),
        };
        self.0.send_if_modified(|state| {
            let taken = Some((viewer, shown));
            let changed = state.holder != taken;
            state.holder = taken;
            changed
        });
    }

    /// Frees the seat if this viewer holds it; true when it did.
    pub fn release(&self, viewer: ViewerId) -> bool {
        self.0.send_if_modified(|state| {
            let held = state.held_by(viewer);
            if held {
                state.holder = None;
            }
            held
        })
    }

    /// The state now.
    pub fn state(&self) -> SeatState {
        self.0.borrow().clone()
    }

    /// The state now and whenever it changes.
    pub fn watch(&self) -> watch::Receiver<SeatState> {
        self.0.subscribe()
    }

    pub(super) fn resized(&self, size: Size) {
        self.0
            .send_if_modified(|state| std::mem::replace(&mut state.size, size) != size);
    }
}

#[cfg(test)]
mod tests {
    use super::{Seat, ViewerId};
    use orchestra_protocol::agent::Size;

    #[test]
    fn one_holder_and_only_it_can_let_go() {
        let seat = Seat::new(Size { cols: 80, rows: 24 });
        let mut watch = seat.watch();
        let (first, second) = (ViewerId::fresh(), ViewerId::fresh());
        assert!(!seat.release(first), "nobody sat there");
        assert!(!watch.has_changed().unwrap());
        seat.take(first, "Ann", "web");
        assert!(seat.state().held_by(first));
        seat.take(second, "Bob", "cli");
        assert!(!seat.state().held_by(first), "it was taken over");
        assert!(!seat.release(first), "the old holder frees nothing");
        assert_eq!(watch.borrow_and_update().shown().unwrap().name, "Bob");
        assert!(seat.release(second));
        assert!(watch.has_changed().unwrap());
        assert_eq!(seat.state().holder, None);
    }
}
