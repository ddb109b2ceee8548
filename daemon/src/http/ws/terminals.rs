//! Terminals on a socket: watching, typing, sizing, the seat.

use super::outbox::Out;
use super::session::{Session, Watched, unrecorded};
use super::streams::{live, sampled, seats, shown};
use super::typist::{Job, Paste};
use crate::auth::permission::Permission;
use crate::http::problem::Failure;
use crate::model::ids::AgentId;
use crate::model::limits::{self, MAX_INPUT, MAX_PROMPT};
use crate::terminal::flow::BadAck;
use crate::terminal::heal::Mismatch;
use crate::terminal::history::Above;
use crate::terminal::live::{Acks, ResumeAt};
use crate::terminal::seat::Seat;
use axum::http::StatusCode;
use orchestra_protocol::agent::Size;
use orchestra_protocol::socket::{Encoding, Mode, ServerMessage};
use tokio_util::sync::CancellationToken;

/// Terminals on one socket.
const MAX_WATCHED: usize = 512;
/// Rows of the highest screen.
const MAX_ROWS: usize = 200;
/// Rows of one page of history: a page of wide rows stays a message of bearable size.
const HISTORY: u32 = 1000;
/// Pastes of one socket that are not done, and the length of their names.
const MAX_PASTES: usize = 16;
const MAX_PASTE_ID: usize = 64;

impl Session {
    pub(super) async fn subscribe(
        &self,
        session_id: &str,
        mode: Mode,
        encoding: Option<Encoding>,
        resume: Option<(String, u64)>,
    ) -> Result<(), Failure> {
        if mode == Mode::Sampled && encoding == Some(Encoding::Binary) {
            return Err(Failure::invalid(
                "sampled frames are JSON; binary ones need mode \"live\"",
            ));
        }
        if mode == Mode::Live && encoding != Some(Encoding::Binary) {
            return Err(Failure::invalid(
                "live frames are binary; add \"encoding\": \"binary\"",
            ));
        }
        let agent = self.agent_id(Some(session_id)).await?;
        let stored = self.agent(Permission::AgentsRead, &agent).await?;
        self.unsubscribe(&agent).await;
        if self.watched.lock().len() >= MAX_WATCHED {
            return Err(Failure::conflict(
                "too_many_terminals",
                format!("A socket shows at most {MAX_WATCHED} terminals; close one."),
            ));
        }
        let seat = self.state.terminals.seat(&agent)?;
        let seen = seat.state();
        let channel = self.channel();
        let mut subscribed = Subscribed {
            title: stored.view.title,
            epoch: String::new(),
            seq: 0,
            acks: None,
        };
        let frames = match mode {
            Mode::Sampled => sampled(self.state.terminals.sampled(&agent)?),
            Mode::Live => {
                let resume = resume.map(|(epoch, seq)| ResumeAt { epoch, seq });
                let viewer = self
                    .state
                    .terminals
                    .live(&agent, resume.as_ref())?
                    .healing();
                subscribed.epoch.clone_from(&viewer.epoch);
                subscribed.seq = viewer.seq;
                subscribed.acks = Some(viewer.acks());
                live(viewer, channel, agent.session())
            }
        };
        self.say(&ServerMessage::Subscribed {
            session_id: agent.session(),
            channel,
            mode,
            encoding: encoding.unwrap_or_default(),
            epoch: subscribed.epoch,
            seq: subscribed.seq,
            cols: seen.size.cols,
            rows: seen.size.rows,
            title: subscribed.title,
            seat: seen.shown(),
            mine: seen.held_by(self.viewer),
        })
        .await;
        let seats = seats(&seat, seen, self.viewer, agent.session());
        self.watched.lock().insert(
            agent,
            Watched {
                channel,
                acks: subscribed.acks,
            },
        );
        self.push(Out::Watch {
            channel,
            frames,
            seats,
        })
        .await;
        Ok(())
    }

    pub(super) async fn unsubscribe(&self, agent: &AgentId) {
        let watched = self.watched.lock().remove(agent);
        if let Some(watched) = watched {
            self.push(Out::Unwatch(watched.channel)).await;
        }
    }

    pub(super) fn acknowledge(&self, channel: u32, bytes: u64) -> Result<(), Failure> {
        let Some(acks) = self.acks(channel) else {
            return Ok(());
        };
        acks.acknowledge(bytes)
            .map_err(|error: BadAck| Failure::invalid(format!("{error}.")))
    }

    /// The emulator behind this channel shows something else than it was told.
    pub(super) fn mismatch(&self, channel: u32, mismatch: Mismatch) -> Result<(), Failure> {
        if mismatch.rows.len() > MAX_ROWS {
            return Err(Failure::invalid("a screen has no more than 200 rows"));
        }
        if let Some(acks) = self.acks(channel) {
            acks.mismatch(mismatch);
        }
        Ok(())
    }

    /// None for one that was on its way when the terminal was left.
    fn acks(&self, channel: u32) -> Option<Acks> {
        let watched = self.watched.lock();
        let mut all = watched.values();
        all.find(|one| one.channel == channel)?.acks.clone()
    }

    pub(super) async fn input(&self, session_id: &str, data: String) -> Result<(), Failure> {
        let (agent, seat) = self.seated(session_id, "terminal_input").await?;
        check_length("terminal_input", data.len(), MAX_INPUT)?;
        self.state.terminals.key_pressed(&agent);
        self.count(&agent, data.len());
        self.job(Job::Keys { agent, seat, data }).await;
        Ok(())
    }

    pub(super) async fn paste(
        &self,
        session_id: &str,
        data: String,
        id: Option<String>,
        more: bool,
    ) -> Result<(), Failure> {
        let (agent, seat) = self.seated(session_id, "terminal_paste").await?;
        check_length("terminal_paste", data.len(), MAX_PROMPT)?;
        let cancel = match &id {
            Some(id) => self.paste_named(id)?,
            None if more => {
                return Err(Failure::invalid("a paste in parts has an id"));
            }
            None => CancellationToken::new(),
        };
        self.state.terminals.key_pressed(&agent);
        self.count(&agent, data.len());
        self.job(Job::Paste(Paste {
            agent,
            seat,
            data,
            id,
            more,
            cancel,
        }))
        .await;
        Ok(())
    }

    fn paste_named(&self, id: &str) -> Result<CancellationToken, Failure> {
        if id.is_empty() || id.len() > MAX_PASTE_ID {
            return Err(Failure::invalid(format!(
                "the id of a paste has 1 to {MAX_PASTE_ID} bytes"
            )));
        }
        let mut pastes = self.pastes.lock();
        if pastes.len() >= MAX_PASTES && !pastes.contains_key(id) {
            return Err(Failure::conflict(
                "too_many_pastes",
                format!("At most {MAX_PASTES} pastes are open on a socket; end or cancel one."),
            ));
        }
        Ok(pastes.entry(id.to_owned()).or_default().clone())
    }

    /// What is not handed over yet never will be. The name may be used again.
    pub(super) async fn cancel_paste(&self, id: String) {
        let paste = self.pastes.lock().remove(&id);
        if let Some(cancel) = paste {
            cancel.cancel();
            self.job(Job::PasteEnd(id)).await;
        }
    }

    /// Sizes come in storms; the last one of them is used, and the answer says which.
    pub(super) async fn resize(
        &self,
        session_id: &str,
        cols: u16,
        rows: u16,
    ) -> Result<(), Failure> {
        let size = limits::size(Size { cols, rows })?;
        let (agent, seat) = self.seated(session_id, "terminal_resize").await?;
        self.job(Job::Resize { agent, seat, size }).await;
        Ok(())
    }

    /// Tells this client of a seat and its size.
    pub(super) async fn show_seat(&self, agent: &AgentId, seat: &Seat) {
        self.say(&shown(&seat.state(), self.viewer, &agent.session()))
            .await;
    }

    pub(super) async fn take_seat(&self, session_id: &str) -> Result<(), Failure> {
        let agent = self.agent_id(Some(session_id)).await?;
        self.agent(Permission::TerminalType, &agent).await?;
        let seat = self.state.terminals.seat(&agent)?;
        let entry = self.line("seat.take", agent.as_str());
        self.state
            .audit
            .event(entry, "ok")
            .await
            .map_err(|error| unrecorded(&error))?;
        let via = if self.origin.is_some() { "web" } else { "cli" };
        let held = seat.state().held_by(self.viewer);
        seat.take(self.viewer, &self.principal().user.name, via);
        self.seats.lock().insert(agent.clone(), seat.clone());
        if held || !self.watched.lock().contains_key(&agent) {
            self.show_seat(&agent, &seat).await;
        }
        Ok(())
    }

    pub(super) async fn release_seat(&self, session_id: &str) -> Result<(), Failure> {
        let agent = self.agent_id(Some(session_id)).await?;
        let seat = self.seats.lock().remove(&agent);
        if seat.is_some_and(|seat| seat.release(self.viewer)) {
            self.state
                .audit
                .note(self.line("seat.release", agent.as_str()), "ok");
        }
        Ok(())
    }

    pub(super) async fn history(
        &self,
        session_id: &str,
        above: &Above,
        lines: Option<u32>,
    ) -> Result<(), Failure> {
        let agent = self.agent_id(Some(session_id)).await?;
        self.agent(Permission::AgentsRead, &agent).await?;
        let lines = lines.unwrap_or(HISTORY).min(HISTORY);
        let page = self.state.terminals.history(&agent, above, lines).await?;
        self.say(&ServerMessage::TerminalHistory {
            session_id: agent.session(),
            epoch: page.epoch,
            start: page.start,
            rows: page.rows,
            first: page.first,
            next: page.next,
            total: page.total,
            resync: page.resync,
        })
        .await;
        Ok(())
    }

    /// The agent and its seat, if this connection sits there and may still type.
    async fn seated(&self, session_id: &str, what: &str) -> Result<(AgentId, Seat), Failure> {
        let agent = self.agent_id(Some(session_id)).await?;
        let seat = self.seats.lock().get(&agent).cloned();
        if let Some(seat) = seat.filter(|seat| seat.state().held_by(self.viewer)) {
            self.may_type(&agent).await?;
            return Ok((agent, seat));
        }
        // Without the right, the seat is not what is missing.
        let allowed = self.agent(Permission::TerminalType, &agent).await;
        allowed.inspect_err(|_| tracing::debug!(what, "typing was refused"))?;
        Err(no_seat())
    }

    fn count(&self, agent: &AgentId, bytes: usize) {
        let mut typed = self.typed.lock();
        let (messages, sum) = typed.entry(agent.clone()).or_default();
        *messages += 1;
        *sum += bytes as u64;
    }
}

pub(super) fn no_seat() -> Failure {
    Failure::conflict(
        "no_seat",
        "Take the seat first: only its holder may type and size.",
    )
}

struct Subscribed {
    title: String,
    epoch: String,
    seq: u64,
    acks: Option<Acks>,
}

fn check_length(what: &str, bytes: usize, most: usize) -> Result<(), Failure> {
    if bytes <= most {
        return Ok(());
    }
    Err(Failure::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        "Too large",
        format!("{what} has {bytes} bytes; at most {most} are taken at once."),
    ))
}
