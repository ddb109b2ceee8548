//! What scrolled off a screen, in pages, under numbers that stay with their lines.
//!
//! tmux keeps the lines. Each reading is one line of commands, so that counts and rows are
//! of one instant, however fast the program prints.

mod numbers;

use super::entry::Entry;
use super::{TerminalError, Terminals};
use crate::model::ids::AgentId;
use numbers::{MARK, Numbers, Seen};
use orchestra_protocol::terminal::HistoryPage;
use orchestra_tmux::capture::{Reading, Span, SpanRows};
use orchestra_tmux::ids::PaneId;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Lines of one page.
const MAX_PAGE: u32 = 2000;
/// Readings until a page is caught that a flood does not shift away.
const TRIES: u32 = 8;
/// Lines that may scroll off between two readings without a mark being missed.
const SLACK: u32 = 32;

/// Where a page ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Above {
    /// The number of the line below the page; none means the top of the screen.
    pub before: Option<u64>,
    /// Whose number that is; none means the numbers of now.
    pub epoch: Option<String>,
}

/// The numbers of one terminal's lines, and leave to work on them.
pub(super) struct Book {
    numbers: Mutex<(Option<PaneId>, Numbers)>,
    turn: Arc<Semaphore>,
}

impl Book {
    pub(super) fn new() -> Self {
        Self {
            numbers: Mutex::new((None, Numbers::new())),
            turn: Arc::new(Semaphore::new(1)),
        }
    }
}

/// Lines under their numbers.
pub(super) struct Numbered {
    pub(super) epoch: String,
    /// Number of the oldest line kept, and of the first one on the screen.
    pub(super) first: u64,
    pub(super) next: u64,
    /// Number of the first line that was read.
    pub(super) start: u64,
    pub(super) spans: Vec<SpanRows>,
}

impl Numbered {
    /// Number of the line behind the last on the screen, or read.
    pub(super) fn end(&self) -> u64 {
        let read = self.spans.first();
        self.start + read.map_or(0, |span| u64::from(span.last - span.first) + 1)
    }
}

/// Which lines to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines {
    /// The number of the line below them; none means `below`.
    pub(super) before: Option<u64>,
    /// Without a number: how many lines of the screen are read, too.
    pub(super) screen: bool,
    pub(super) count: u32,
    pub(super) escapes: bool,
    /// Once more with wrapped lines joined.
    pub(super) joined: bool,
}

impl Terminals {
    /// Lines above the screen, ending before `above`, at most `lines` of them.
    ///
    /// # Errors
    /// When the agent has no terminal or tmux fails.
    pub async fn history(
        &self,
        agent: &AgentId,
        above: &Above,
        lines: u32,
    ) -> Result<HistoryPage, TerminalError> {
        let mut wanted = Lines {
            before: above.before,
            screen: false,
            count: lines.min(MAX_PAGE),
            escapes: true,
            joined: false,
        };
        let mut asked = above.epoch.clone();
        let mut resync = false;
        for _ in 0..TRIES {
            let read = self.lines(agent, wanted, asked.as_deref()).await?;
            let Some(read) = read else {
                // Those numbers mean nothing now: the newest page, and the caller is told.
                (wanted.before, asked, resync) = (None, None, true);
                continue;
            };
            let floor = wanted.before.unwrap_or(read.next).min(read.next);
            let mut shown = page(&read, floor, resync);
            if lines == 0 {
                (shown.start, shown.rows) = (floor, Vec::new());
            }
            let missed = shown.rows.is_empty() && floor > read.first && lines > 0;
            if !missed {
                return Ok(shown);
            }
        }
        // The flood is faster than we are: what is asked for is about to be dropped.
        let newest = Lines {
            before: None,
            ..wanted
        };
        match self.lines(agent, newest, None).await? {
            Some(read) => Ok(page(&read, read.next, true)),
            None => Err(TerminalError::NoTerminal(agent.clone())),
        }
    }

    /// Reads lines and puts numbers to them; none when the numbers asked by are no more.
    pub(super) async fn lines(
        &self,
        agent: &AgentId,
        wanted: Lines,
        epoch: Option<&str>,
    ) -> Result<Option<Numbered>, TerminalError> {
        let entry = self.entry(agent)?;
        let (server, pane) = self.place(agent)?;
        let fail = |error| TerminalError::of(agent, error);
        let _turn = entry.history.turn.clone().acquire_owned().await;
        let mut slack = SLACK;
        for again in (0..TRIES).rev() {
            let now = server.tmux.read_rows(pane, &[]).await.map_err(fail)?;
            let plan = entry.plan(pane, &now, wanted, slack, epoch);
            let Some(plan) = plan else { return Ok(None) };
            let read = server.tmux.read_rows(pane, &plan.spans).await;
            let read = read.map_err(fail)?;
            if read.size < now.size && again > 0 {
                // Dropped in between: the top was not read.
                slack *= 2;
                continue;
            }
            let before = entry.epoch();
            let numbered = entry.settle(&plan, read);
            let kept = numbered.epoch == before || wanted.before.is_none();
            return Ok(kept.then_some(numbered));
        }
        Ok(None)
    }
}

/// What one reading brings.
struct Plan {
    spans: Vec<Span>,
    /// Indices of the tenths among them.
    tenths: Vec<u32>,
}

impl Entry {
    fn epoch(&self) -> String {
        self.history.numbers.lock().1.epoch.clone()
    }

    /// The spans to read: the top, the tenths not known yet, then what is wanted.
    fn plan(
        &self,
        pane: PaneId,
        now: &Reading,
        wanted: Lines,
        slack: u32,
        epoch: Option<&str>,
    ) -> Option<Plan> {
        let mut book = self.history.numbers.lock();
        if book.0.replace(pane) != Some(pane) {
            book.1 = Numbers::new();
        }
        let numbers = &book.1;
        if epoch.is_some_and(|epoch| epoch != numbers.epoch) {
            return None;
        }
        let size = i64::from(now.size);
        let mark = i64::from(MARK);
        let plain = |from: i64, to: i64| Span {
            from,
            to,
            escapes: false,
            join: false,
        };
        let tenths = numbers.unknown(now.size, now.limit);
        let mut spans = vec![plain(i64::MIN, mark - 1 - size)];
        spans.extend(tenths.iter().map(|&index| {
            let at = i64::from(index) - size;
            plain(at - i64::from(slack), at + mark - 1)
        }));
        let lowest = match wanted.before {
            Some(before) => {
                let index = i64::try_from(before.saturating_sub(numbers.first)).unwrap_or(i64::MAX);
                index.min(size + i64::from(now.screen.rows)) - size - 1
            }
            None if wanted.screen => i64::from(now.screen.rows) - 1,
            None => -1,
        };
        let rows = Span {
            from: lowest - i64::from(wanted.count.max(1)) + 1,
            to: lowest,
            escapes: wanted.escapes,
            join: false,
        };
        spans.push(rows);
        if wanted.joined {
            spans.push(Span { join: true, ..rows });
        }
        Some(Plan { spans, tenths })
    }

    fn settle(&self, plan: &Plan, mut read: Reading) -> Numbered {
        let wanted = read.spans.split_off(plan.tenths.len() + 1);
        let mark = MARK as usize;
        let history = usize::try_from(read.size).unwrap_or_default();
        let top = read.spans.first().map_or(&[][..], |span| &span.rows);
        let mut marks = Vec::new();
        for (&index, span) in plan.tenths.iter().zip(&read.spans[1..]) {
            let skipped = index.checked_sub(span.first);
            let from = skipped.and_then(|skipped| usize::try_from(skipped).ok());
            // Shifted out of sight: another time.
            if let Some(rows) = from.and_then(|from| span.rows.get(from..from + mark)) {
                marks.push((index, rows));
            }
        }
        let mut book = self.history.numbers.lock();
        let numbers = &mut book.1;
        numbers.settle(&Seen {
            size: read.size,
            limit: read.limit,
            cols: read.screen.cols,
            top: &top[..top.len().min(mark).min(history)],
            marks,
        });
        Numbered {
            epoch: numbers.epoch.clone(),
            first: numbers.first,
            next: numbers.first + u64::from(read.size),
            start: numbers.first + u64::from(wanted.first().map_or(0, |span| span.first)),
            spans: wanted,
        }
    }
}

/// Of what was read, the lines of history before `floor`.
fn page(read: &Numbered, floor: u64, resync: bool) -> HistoryPage {
    let rows = read.spans.first().map_or(&[][..], |span| &span.rows);
    let most = usize::try_from(floor.saturating_sub(read.start)).unwrap_or_default();
    let rows = &rows[..rows.len().min(most)];
    HistoryPage {
        epoch: read.epoch.clone(),
        start: read.start.min(floor),
        rows: rows
            .iter()
            .map(|row| String::from_utf8_lossy(row).into_owned())
            .collect(),
        first: read.first,
        next: read.next,
        total: read.next - read.first,
        resync,
    }
}
