//! What is asked on the live connection, and which reply belongs to what.

use super::{ReadingId, reading::Taken};
use crate::{
    command::{self, Script},
    ids::{PaneId, WindowId},
};
use tokio::sync::oneshot;

/// Which request a reply belongs to.
pub(super) enum Tag {
    Link(ReadingId, PaneId),
    Snapshot(ReadingId, Taken),
    /// Paused to take a snapshot in silence.
    Silence(ReadingId),
    /// tmux says `%pause` inside of this reply, where it is no event.
    Pause(ReadingId),
    Resume,
    Unlink(WindowId, Option<oneshot::Sender<()>>),
}

/// Takes a window off the stage. What was printed for it is paused first: tmux would
/// otherwise keep it for a client that never gets it.
pub(super) fn off_stage(pane: PaneId, window: WindowId) -> Script {
    Script::new(&command::flow(pane, false)).then(&command::unlink_from_stage(window))
}
