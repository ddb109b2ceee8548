//! Healing: emulators differ in corners, so when a terminal has been quiet, a viewer
//! is told what the screen should be, and one that shows something else gets the rows
//! that differ.
//!
//! The picture to compare with is the snapshot at the end of the stream, taken once
//! for all viewers and only after output came.

use super::source::{Cut, Source};
use bytes::Bytes;
use orchestra_tmux::snapshot::Snapshot;
use orchestra_tmux::snapshot::canon::{ALTERNATE, ScreenHash};
use orchestra_tmux::snapshot::track::Known;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A terminal without output for so long is quiet.
const QUIET: Duration = Duration::from_millis(400);

/// A screen, and what it takes to compare and mend another by it.
#[derive(Debug)]
pub(super) struct Picture {
    screen: Snapshot,
    known: Known,
    hashes: OnceLock<ScreenHash>,
}

impl Picture {
    pub(super) fn new(screen: Snapshot, known: Known) -> Self {
        Self {
            screen,
            known,
            hashes: OnceLock::new(),
        }
    }

    fn hashes(&self) -> &ScreenHash {
        self.hashes.get_or_init(|| self.screen.hashed())
    }
}

/// What a viewer answers when it shows something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Number of the next live byte that it expects.
    pub seq: u64,
    /// The hashes of its rows.
    pub rows: Vec<u32>,
    pub modes: u32,
}

/// What to do for one viewer.
#[derive(Debug)]
pub(super) enum Heal {
    /// Tell it what the screen should be.
    Tell(u32),
    /// Rewrite these rows.
    Rows(Bytes),
    /// Rows are not enough: it needs the whole screen.
    Whole(Cut),
    /// Look again at the news, or after this time.
    Wait(Option<Duration>),
}

/// One viewer's part in it.
#[derive(Debug, Default)]
pub(super) struct Healer {
    /// Where the stream ended, and since when.
    end: Option<(u64, Instant)>,
    /// The count of the snapshot that was asked for.
    wanted: Option<u64>,
    /// What it was told, and where; it may answer once.
    told: Option<Cut>,
    done: bool,
}

impl Healer {
    /// What to do for a viewer that has everything up to `end`.
    pub(super) fn step(
        &mut self,
        now: Instant,
        end: u64,
        source: &Source,
        answer: Option<Mismatch>,
    ) -> Heal {
        let since = match self.end {
            Some((at, since)) if at == end => since,
            _ => {
                *self = Self {
                    end: Some((end, now)),
                    ..Self::default()
                };
                now
            }
        };
        if let Some(answer) = answer.filter(|answer| answer.seq == end)
            && let Some(told) = self.told.take()
        {
            return mend(told, &answer);
        }
        if self.done {
            return Heal::Wait(None);
        }
        let quiet = now.saturating_duration_since(since);
        if quiet < QUIET {
            return Heal::Wait(Some(QUIET - quiet));
        }
        let count = *self.wanted.get_or_insert_with(|| source.want_cut());
        let Some(cut) = source.with(|stream| stream.cut(count)) else {
            return Heal::Wait(None);
        };
        self.done = true;
        // Within a sequence, nothing may come between its bytes.
        if cut.seq != end || !cut.picture.screen.pending.is_empty() {
            return Heal::Wait(None);
        }
        let hash = cut.picture.hashes().hash;
        self.told = Some(cut);
        Heal::Tell(hash)
    }
}

fn mend(told: Cut, answer: &Mismatch) -> Heal {
    let picture = &told.picture;
    let own = picture.hashes();
    if own.rows.len() != answer.rows.len() || (own.modes ^ answer.modes) & ALTERNATE != 0 {
        return Heal::Whole(told);
    }
    let bytes = picture.screen.heal(own, &answer.rows, &picture.known);
    Heal::Rows(bytes.into())
}
