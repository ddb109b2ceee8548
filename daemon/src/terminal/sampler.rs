//! The one task of each server that looks at its panes: one list per tick, then captures
//! of those that are watched and may have changed.

use super::entry::{Entry, Pane, wire_size};
use super::frame::SampledFrame;
use super::servers::Server;
use super::{TerminalEvent, Terminals};
use crate::supervise::Tasks;
use orchestra_protocol::time::Timestamp;
use orchestra_tmux::client::Link;
use orchestra_tmux::ids::PaneId;
use orchestra_tmux::pane::PaneInfo;
use orchestra_tmux::process::ProcessId;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval};

/// Captures asked for at once; tmux serves others between two such chunks.
const CHUNK: usize = 16;
/// A program may be gone this long before its open terminal counts as its end.
const ORPHANED: Duration = Duration::from_secs(1);

pub(super) fn spawn(terminals: &Terminals, server: Arc<Server>, tasks: &Tasks) {
    let terminals = terminals.clone();
    tasks.spawn("sampler", |cancel| async move {
        tokio::select! {
            () = cancel.cancelled() => {}
            () = terminals.run(&server) => {}
        }
    });
}

impl Terminals {
    async fn run(&self, of: &Arc<Server>) {
        let mut tick = interval(self.0.every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut link = of.tmux.link();
        let mut server = None;
        loop {
            tokio::select! {
                changed = link.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let state = *link.borrow_and_update();
                    self.linked(of, state, &mut server).await;
                }
                _ = tick.tick() => {
                    let state = *link.borrow();
                    if let Link::Connected { server: now } = state {
                        server.get_or_insert(now);
                        if let Err(error) = self.look(of).await {
                            tracing::debug!(%error, "the panes could not be listed");
                            continue;
                        }
                        self.capture(of, false).await;
                    }
                }
                () = of.wanted.notified() => self.capture(of, true).await,
            }
        }
    }

    async fn linked(&self, of: &Arc<Server>, state: Link, server: &mut Option<ProcessId>) {
        match state {
            Link::Connected { server: now } => {
                // Another server than before: the old one's panes are gone with it.
                if server.replace(now).is_some_and(|before| before != now) {
                    self.server_lost(of).await;
                }
            }
            Link::ServerGone => {
                if server.take().is_some() {
                    self.server_lost(of).await;
                }
            }
            Link::Disconnected => {}
        }
    }

    /// Captures what is watched and may have changed; with `new_only`, what has no frame.
    async fn capture(&self, of: &Arc<Server>, new_only: bool) {
        let due = |entry: &Arc<Entry>| -> Option<(Arc<Entry>, PaneId)> {
            if !entry.watched() || (new_only && entry.frames.borrow().is_some()) {
                return None;
            }
            let due = |pane: &mut Pane| {
                (pane.dirty() && Arc::ptr_eq(&pane.server, of)).then_some(pane.id)
            };
            let pane = entry.with_pane(due)??;
            Some((entry.clone(), pane))
        };
        let entries: Vec<_> = self.0.entries.lock().values().filter_map(due).collect();
        for chunk in entries.chunks(CHUNK) {
            let second = u64::try_from(Timestamp::now().0 / 1000).unwrap_or_default();
            let panes: Vec<PaneId> = chunk.iter().map(|(_, pane)| *pane).collect();
            let screens = of.tmux.screens(&panes).await;
            for ((entry, id), screen) in chunk.iter().zip(screens) {
                let Ok(screen) = screen else { continue };
                entry.with_pane(|pane| {
                    if pane.is(of, *id) {
                        pane.captured = Some((second, pane.fingerprint()));
                    }
                });
                publish(entry, SampledFrame::new(&entry.agent, &screen));
            }
        }
    }

    /// Takes note of what a look saw of a known terminal.
    pub(super) fn compare(&self, entry: &Arc<Entry>, info: &PaneInfo) {
        let agent = || entry.agent.clone();
        let mut events = Vec::new();
        entry.with_pane(|pane| {
            let before = pane.fingerprint();
            let resized = pane.info.size != info.size;
            let changed = pane.info.window_activity != info.window_activity
                || pane.info.title != info.title
                || pane.info.current_command != info.current_command;
            pane.info = info.clone();
            if changed || before != pane.fingerprint() {
                pane.changed_at = Instant::now();
                events.push(TerminalEvent::Changed { agent: agent() });
            }
            if resized {
                events.push(TerminalEvent::Resized {
                    agent: agent(),
                    size: wire_size(info.size),
                });
            }
            let gone = gone(pane.process, &mut pane.orphaned);
            if let Some((exit_code, signal)) = info
                .dead
                .map(|dead| (dead.status, dead.signal))
                .or(gone.then_some((None, None)))
                && !std::mem::replace(&mut pane.mourned, true)
            {
                events.push(TerminalEvent::Died {
                    agent: agent(),
                    exit_code,
                    signal,
                });
            }
        });
        for event in events {
            if let TerminalEvent::Resized { size, .. } = event {
                entry.resized(size);
            }
            self.emit(event);
        }
    }
}

/// The program has ended, although something it started keeps its terminal open.
fn gone(process: Option<ProcessId>, orphaned: &mut Option<Instant>) -> bool {
    if process.is_none_or(ProcessId::alive) {
        *orphaned = None;
        return false;
    }
    orphaned.get_or_insert_with(Instant::now).elapsed() >= ORPHANED
}

fn publish(entry: &Entry, frame: SampledFrame) {
    let frame = Arc::new(frame);
    entry.frames.send_if_modified(|last| {
        let news = !last
            .as_ref()
            .is_some_and(|last| last.shows_the_same(&frame));
        if news {
            *last = Some(frame.clone());
        }
        news
    });
}
