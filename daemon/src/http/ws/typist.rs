//! What is typed on a socket, in its order, and told when it failed. One batch is underway
//! at a time: what is typed while tmux has not answered goes with the next, so that neither
//! the socket nor a fast typist waits for an answer on each key. Pastes and sizes go
//! through here, too.

use super::session::{Close, Session};
use crate::http::problem::Failure;
use crate::model::ids::AgentId;
use crate::terminal::TerminalError;
use crate::terminal::seat::Seat;
use futures_util::future::BoxFuture;
use orchestra_protocol::agent::Size;
use orchestra_protocol::socket::{PasteState, ServerMessage};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Jobs that may wait; past that the socket is read no further.
pub(super) const QUEUE: usize = 1024;
/// Bytes of one batch, and of all that wait for their turn.
const BATCH: usize = 64 * 1024;
const WAITING: usize = 1024 * 1024;
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

/// Keys that wait until the batch before them has arrived.
struct Batch {
    agent: AgentId,
    seat: Seat,
    data: String,
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
        underway: None,
        waiting: VecDeque::new(),
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
        let room = typist
            .waiting
            .iter()
            .map(|batch| batch.data.len())
            .sum::<usize>()
            < WAITING;
        let done = tokio::select! {
            outcome = arrived(&mut typist.underway) => typist.arrived(outcome).await,
            job = jobs.recv(), if room => match job {
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

/// What came of the batch that is underway, if one is.
async fn arrived(underway: &mut Option<BoxFuture<'static, Outcome>>) -> Outcome {
    match underway {
        Some(batch) => batch.await,
        None => std::future::pending().await,
    }
}

struct Typist<'a> {
    session: &'a Session,
    underway: Option<BoxFuture<'static, Outcome>>,
    waiting: VecDeque<Batch>,
    sizes: HashMap<AgentId, Wanted>,
    /// Pastes of which another part may come.
    pasted: HashMap<String, Begun>,
}

impl Typist<'_> {
    async fn take(&mut self, job: Job) -> Result<(), Close> {
        match job {
            Job::Keys { agent, seat, data } => {
                self.queue(Batch { agent, seat, data });
                self.send().await
            }
            Job::Paste(paste) => {
                // Behind everything that was typed before it.
                while self.underway.is_some() {
                    let outcome = arrived(&mut self.underway).await;
                    self.arrived(outcome).await?;
                }
                self.paste(paste).await
            }
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

    fn queue(&mut self, batch: Batch) {
        match self.waiting.back_mut() {
            Some(last)
                if last.agent == batch.agent && last.data.len() + batch.data.len() <= BATCH =>
            {
                last.data.push_str(&batch.data);
                last.seat = batch.seat;
            }
            _ => self.waiting.push_back(batch),
        }
    }

    async fn arrived(&mut self, outcome: Outcome) -> Result<(), Close> {
        self.underway = None;
        self.tell(outcome).await?;
        self.send().await
    }

    /// Sends the next batch, if none is underway.
    async fn send(&mut self) -> Result<(), Close> {
        while self.underway.is_none() {
            let Some(Batch { agent, seat, data }) = self.waiting.pop_front() else {
                break;
            };
            if !seat.state().held_by(self.session.viewer) {
                self.lost("terminal_input", &agent).await?;
                continue;
            }
            let terminals = self.session.state.terminals.clone();
            self.underway = Some(Box::pin(async move {
                let error = terminals.input(&agent, data.as_bytes()).await.err()?;
                Some(("terminal_input", agent, error))
            }));
        }
        Ok(())
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
