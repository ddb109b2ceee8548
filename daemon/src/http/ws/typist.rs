//! What is typed on a socket: put in order as it comes, sent without waiting for tmux'
//! word on each key, and told when it failed. Pastes and sizes go through here, too.

use super::session::{Close, Session};
use crate::http::problem::Failure;
use crate::model::ids::AgentId;
use crate::terminal::TerminalError;
use crate::terminal::seat::Seat;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use orchestra_protocol::agent::Size;
use orchestra_protocol::socket::{PasteState, ServerMessage};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Jobs that may wait; past that the socket is read no further.
pub(super) const QUEUE: usize = 1024;
/// Keys whose answers have not come; tmux is asked no further then.
const UNDERWAY: usize = 128;
/// A paste is handed over in blocks of this size, each marked as a paste of its own.
const BLOCK: usize = 64 * 1024;
/// A size counts once no other came for so long.
const STILL: Duration = Duration::from_millis(100);
/// However long sizes go on changing, one is used this often.
const RESTLESS: Duration = Duration::from_millis(500);

/// Something to do in its turn.
pub(super) enum Job {
    Keys {
        agent: AgentId,
        seat: Seat,
        data: String,
    },
    Paste(Paste),
    /// Behind the parts of a paste that was cancelled.
    PasteEnd(String),
    Resize {
        agent: AgentId,
        seat: Seat,
        size: Size,
    },
}

/// One paste, or one part of it.
pub(super) struct Paste {
    pub(super) agent: AgentId,
    pub(super) seat: Seat,
    pub(super) data: String,
    pub(super) id: Option<String>,
    /// Another part follows.
    pub(super) more: bool,
    pub(super) cancel: CancellationToken,
}

/// A size that waits for others to come.
struct Wanted {
    seat: Seat,
    size: Size,
    due: Instant,
    latest: Instant,
}

/// The parts of a paste so far.
struct Begun {
    agent: AgentId,
    bytes: u64,
    /// The last one ended in a carriage return, which a line feed may follow.
    after_return: bool,
}

/// What came of something: the type of its message, the terminal, the failure.
type Outcome = Option<(&'static str, AgentId, TerminalError)>;

/// Does jobs in their order until the socket has to end.
pub(super) async fn run(session: &Session, mut jobs: mpsc::Receiver<Job>) -> Close {
    let mut typist = Typist {
        session,
        underway: FuturesUnordered::new(),
        sizes: HashMap::new(),
        pasted: HashMap::new(),
    };
    loop {
        let due = typist.sizes.values().map(|wanted| wanted.due).min();
        let size_due = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        let done = tokio::select! {
            Some(outcome) = typist.underway.next() => typist.tell(outcome).await,
            job = jobs.recv(), if typist.underway.len() < UNDERWAY => match job {
                Some(job) => typist.take(job).await,
                None => std::future::pending().await,
            },
            () = size_due => typist.resize().await,
        };
        if let Err(end) = done {
            return end;
        }
    }
}

struct Typist<'a> {
    session: &'a Session,
    underway: FuturesUnordered<BoxFuture<'static, Outcome>>,
    sizes: HashMap<AgentId, Wanted>,
    /// Pastes of which another part may come.
    pasted: HashMap<String, Begun>,
}

impl Typist<'_> {
    async fn take(&mut self, job: Job) -> Result<(), Close> {
        match job {
            Job::Keys { agent, seat, data } => {
                if !seat.state().held_by(self.session.viewer) {
                    return self.lost("terminal_input", &agent).await;
                }
                let sent = self.session.state.terminals.submit(&agent, data.as_bytes());
                match sent.await {
                    Ok(parts) => {
                        for part in parts {
                            let agent = agent.clone();
                            self.underway.push(Box::pin(async move {
                                let failed = part.await.err()?;
                                let error = TerminalError::of(&agent, failed);
                                Some(("terminal_input", agent, error))
                            }));
                        }
                        Ok(())
                    }
                    Err(error) => self.tell(Some(("terminal_input", agent, error))).await,
                }
            }
            Job::Paste(paste) => self.paste(paste).await,
            Job::PasteEnd(id) => {
                if let Some(Begun { agent, bytes, .. }) = self.pasted.remove(&id) {
                    self.progress(&agent, id, bytes, PasteState::Cancelled)
                        .await;
                }
                Ok(())
            }
            Job::Resize { agent, seat, size } => {
                let now = Instant::now();
                let due = now + STILL;
                let latest = self.sizes.get(&agent).map_or(now + RESTLESS, |w| w.latest);
                let due = due.min(latest);
                self.sizes.insert(
                    agent,
                    Wanted {
                        seat,
                        size,
                        due,
                        latest,
                    },
                );
                Ok(())
            }
        }
    }

    /// Hands a paste over block by block, so that it can be stopped between two of them.
    async fn paste(&mut self, paste: Paste) -> Result<(), Close> {
        let known = paste.id.as_ref().and_then(|id| self.pasted.remove(id));
        let mut bytes = known.as_ref().map_or(0, |begun| begun.bytes);
        let mut rest = paste.data.as_str();
        if known.is_some_and(|begun| begun.after_return) {
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
        let mut failure = None;
        let state = loop {
            if paste.cancel.is_cancelled() {
                break PasteState::Cancelled;
            }
            if rest.is_empty() {
                break if paste.more {
                    PasteState::Pasting
                } else {
                    PasteState::Done
                };
            }
            if !paste.seat.state().held_by(self.session.viewer) {
                self.lost("terminal_paste", &paste.agent).await?;
                break PasteState::Failed;
            }
            let (block, after) = rest.split_at(cut(rest));
            let terminals = &self.session.state.terminals;
            if let Err(error) = terminals.paste(&paste.agent, block, true).await {
                failure = Some(("terminal_paste", paste.agent.clone(), error));
                break PasteState::Failed;
            }
            bytes += block.len() as u64;
            rest = after;
            if let (Some(id), false) = (&paste.id, rest.is_empty()) {
                self.progress(&paste.agent, id.clone(), bytes, PasteState::Pasting)
                    .await;
            }
        };
        if let Some(id) = paste.id {
            if !paste.more {
                self.session.forget_paste(&id);
            } else if state == PasteState::Failed {
                // The parts that are still to come are dropped as well.
                paste.cancel.cancel();
            } else if state == PasteState::Pasting {
                let begun = Begun {
                    agent: paste.agent.clone(),
                    bytes,
                    after_return: paste.data.ends_with('\r'),
                };
                self.pasted.insert(id.clone(), begun);
            }
            self.progress(&paste.agent, id, bytes, state).await;
        }
        self.tell(failure).await
    }

    async fn progress(&mut self, agent: &AgentId, id: String, bytes: u64, state: PasteState) {
        let session_id = agent.session();
        self.session
            .say(&ServerMessage::PasteProgress {
                session_id,
                id,
                bytes,
                state,
            })
            .await;
    }

    /// Uses the sizes that are due; the answer says which one it became.
    async fn resize(&mut self) -> Result<(), Close> {
        let now = Instant::now();
        let due = self.sizes.extract_if(|_, wanted| wanted.due <= now);
        let due: Vec<(AgentId, Wanted)> = due.collect();
        for (agent, Wanted { seat, size, .. }) in due {
            if !seat.state().held_by(self.session.viewer) {
                self.lost("terminal_resize", &agent).await?;
                continue;
            }
            let before = seat.state().size;
            match self.session.state.terminals.resize(&agent, size).await {
                // A change is told to everybody by the seat itself.
                Ok(used) => {
                    if before == used || !self.session.watched.lock().contains_key(&agent) {
                        self.session.show_seat(&agent, &seat).await;
                    }
                }
                Err(error) => self.tell(Some(("terminal_resize", agent, error))).await?,
            }
        }
        Ok(())
    }

    async fn tell(&mut self, outcome: Outcome) -> Result<(), Close> {
        let Some((about, agent, error)) = outcome else {
            return Ok(());
        };
        let Failure(problem) = error.into();
        self.session
            .refuse(problem, Some(about), Some(&agent.session()))
            .await
    }

    /// The seat went while this waited for its turn.
    async fn lost(&mut self, about: &'static str, agent: &AgentId) -> Result<(), Close> {
        let Failure(problem) = super::terminals::no_seat();
        self.session
            .refuse(problem, Some(about), Some(&agent.session()))
            .await
    }
}

/// Where a block ends: behind a line if one ends in its second half, and between letters.
fn cut(text: &str) -> usize {
    if text.len() <= BLOCK {
        return text.len();
    }
    let most = (0..=BLOCK).rev().find(|&at| text.is_char_boundary(at));
    let most = most.unwrap_or(text.len());
    match text[..most].rfind('\n') {
        Some(at) if at >= BLOCK / 2 => at + 1,
        // Not between the two halves of a line end.
        _ if text[..most].ends_with('\r') => most - 1,
        _ => most,
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, cut};

    #[test]
    fn blocks_end_between_letters_and_behind_lines() {
        assert_eq!(cut("short"), 5);
        let text = "é".repeat(BLOCK);
        assert!(cut(&text) <= BLOCK && text.is_char_boundary(cut(&text)));
        let lines = "a line\n".repeat(BLOCK);
        assert!(lines[..cut(&lines)].ends_with('\n'));
        let text = format!("{}\r\n{}", "x".repeat(BLOCK - 1), "y".repeat(100));
        assert_eq!(cut(&text), BLOCK - 1);
    }
}
