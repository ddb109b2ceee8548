//! What is known of one agent's terminal between two looks. It outlives a restart of the
//! program, so that those who watch go on watching.

use super::frame::SampledFrame;
use super::history::Book;
use super::seat::Seat;
use super::servers::Server;
use super::source::Source;
use crate::model::ids::AgentId;
use orchestra_protocol::agent::Size;
use orchestra_protocol::terminal::Cursor;
use orchestra_tmux::ids::{PaneId, SessionId};
use orchestra_tmux::pane::{Dead, PaneInfo};
use orchestra_tmux::process::ProcessId;
use orchestra_tmux::session::Size as TmuxSize;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::sync::watch;

/// A terminal as the last look saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaneState {
    pub pid: i32,
    /// What the program set as its title.
    pub title: String,
    /// Name of the process in the foreground.
    pub current_command: String,
    pub size: Size,
    pub alternate: bool,
    pub cursor: Cursor,
    pub dead: bool,
    /// Somebody reads back in tmux' copy mode.
    pub in_mode: bool,
    /// Lines above the screen.
    pub history: u32,
    /// When a look last saw a change.
    pub changed_at: Instant,
}

/// One agent's terminal.
pub(super) struct Entry {
    pub(super) agent: AgentId,
    pub(super) seat: Seat,
    pub(super) frames: watch::Sender<Option<Arc<SampledFrame>>>,
    /// The live reading, while somebody watches it or did so lately.
    pub(super) live: Mutex<Option<Source>>,
    /// Numbers of the lines that scrolled off.
    pub(super) history: Book,
    last_key: Mutex<Option<Instant>>,
    /// Bytes that went in, by keys, text and pastes.
    typed: AtomicU64,
    pane: Mutex<Option<Pane>>,
}

/// The tmux pane behind it, for one life of the program.
#[derive(Debug, Clone)]
pub(super) struct Pane {
    pub(super) server: Arc<Server>,
    pub(super) session: SessionId,
    pub(super) id: PaneId,
    pub(super) process: Option<ProcessId>,
    pub(super) title: String,
    pub(super) info: PaneInfo,
    /// The end was told; it is told once.
    pub(super) mourned: bool,
    pub(super) changed_at: Instant,
    /// Unix second of the last capture and the list's line at that time.
    pub(super) captured: Option<(u64, Fingerprint)>,
    /// When the program was first seen to be gone although its terminal is open.
    pub(super) orphaned: Option<Instant>,
}

/// What the list tells of a screen; if it differs, the screen does.
pub(super) type Fingerprint = (TmuxSize, (u16, u16), bool, u32, bool);

impl Pane {
    pub(super) fn new(server: Arc<Server>, process: Option<ProcessId>, info: PaneInfo) -> Self {
        Self {
            server,
            session: info.session_id,
            id: info.pane_id,
            process,
            title: info.orc_title.clone().unwrap_or_default(),
            info,
            mourned: false,
            changed_at: Instant::now(),
            captured: None,
            orphaned: None,
        }
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        let info = &self.info;
        (
            info.size,
            info.cursor,
            info.alternate,
            info.history_size,
            info.dead.is_some(),
        )
    }

    /// Output may have come since the last capture. tmux tells whole seconds, so within
    /// one it must be assumed.
    pub(super) fn dirty(&self) -> bool {
        self.captured.is_none_or(|(second, print)| {
            self.info.window_activity >= second || print != self.fingerprint()
        })
    }

    /// True for this pane of this server: each counts its own from one.
    pub(super) fn is(&self, server: &Arc<Server>, id: PaneId) -> bool {
        self.id == id && Arc::ptr_eq(&self.server, server)
    }

    /// How the program ended, if it did.
    pub(super) fn end(&self) -> Option<Dead> {
        self.info.dead
    }
}

impl Entry {
    pub(super) fn new(agent: AgentId, size: Size) -> Self {
        Self {
            agent,
            seat: Seat::new(size),
            frames: watch::channel(None).0,
            live: Mutex::new(None),
            history: Book::new(),
            last_key: Mutex::new(None),
            typed: AtomicU64::new(0),
            pane: Mutex::new(None),
        }
    }

    pub(super) fn has_pane(&self) -> bool {
        self.pane.lock().is_some()
    }

    pub(super) fn set_pane(&self, pane: Option<Pane>) {
        if let Some(pane) = &pane {
            self.seat.resized(wire_size(pane.info.size));
        }
        *self.pane.lock() = pane;
    }

    pub(super) fn pane(&self) -> Option<Pane> {
        self.pane.lock().clone()
    }

    /// True when it has this pane of this server.
    pub(super) fn shows(&self, server: &Arc<Server>, id: PaneId) -> bool {
        let pane = self.pane.lock();
        pane.as_ref().is_some_and(|pane| pane.is(server, id))
    }

    /// Changes what is known of the pane, if there is one.
    pub(super) fn with_pane<T>(&self, change: impl FnOnce(&mut Pane) -> T) -> Option<T> {
        self.pane.lock().as_mut().map(change)
    }

    pub(super) fn state(&self) -> Option<PaneState> {
        let pane = self.pane.lock();
        let pane = pane.as_ref()?;
        let info = &pane.info;
        Some(PaneState {
            pid: info.pid,
            title: info.title.clone(),
            current_command: info.current_command.clone(),
            size: wire_size(info.size),
            alternate: info.alternate,
            cursor: Cursor {
                x: info.cursor.0,
                y: info.cursor.1,
                visible: true,
            },
            dead: info.dead.is_some(),
            in_mode: info.in_mode,
            history: info.history_size,
            changed_at: pane.changed_at,
        })
    }

    /// The size is another one: everybody sees it, and live viewers get a new screen.
    pub(super) fn resized(&self, size: Size) {
        self.seat.resized(size);
        if let Some(live) = &*self.live.lock() {
            live.resized(size);
        }
    }

    /// Ends the live reading, if there is one, and waits until its client is gone.
    pub(super) async fn close_live(&self) {
        let live = self.live.lock().take();
        if let Some(live) = live {
            live.close().await;
        }
    }

    pub(super) fn key_pressed(&self) {
        *self.last_key.lock() = Some(Instant::now());
    }

    pub(super) fn last_key(&self) -> Option<Instant> {
        *self.last_key.lock()
    }

    /// Counts bytes that went in.
    pub(super) fn count_typed(&self, bytes: usize) {
        self.typed.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn typed(&self) -> u64 {
        self.typed.load(Ordering::Relaxed)
    }

    /// Frames are wanted.
    pub(super) fn watched(&self) -> bool {
        self.frames.receiver_count() > 0
    }

    /// Somebody still looks at it, so it must not be forgotten yet.
    pub(super) fn in_use(&self) -> bool {
        self.watched() || self.has_pane() || self.seat.state().holder.is_some()
    }
}

pub(super) fn wire_size(size: TmuxSize) -> Size {
    Size {
        cols: size.cols,
        rows: size.rows,
    }
}

pub(super) fn tmux_size(size: Size) -> TmuxSize {
    TmuxSize {
        cols: size.cols,
        rows: size.rows,
    }
}
