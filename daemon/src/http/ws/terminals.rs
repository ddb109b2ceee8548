//! Terminals on a socket: watching, typing, sizing, the seat.

use super::outbox::{Out, Piece};
use super::session::{Session, Watched, unrecorded};
use crate::auth::permission::Permission;
use crate::http::problem::Failure;
use crate::model::ids::AgentId;
use crate::model::limits::{self, MAX_INPUT, MAX_PROMPT};
use crate::terminal::flow::BadAck;
use crate::terminal::frame::SampledViewer;
use crate::terminal::heal::Mismatch;
use crate::terminal::live::{Acks, LiveChunk, LiveViewer, ResumeAt};
use crate::terminal::seat::{Seat, SeatState, ViewerId};
use axum::extract::ws::Utf8Bytes;
use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use orchestra_protocol::agent::Size;
use orchestra_protocol::frame::{Frame, FrameKind};
use orchestra_protocol::socket::{Encoding, Mode, ServerMessage};
use orchestra_protocol::terminal::HistoryPage;
use tokio_stream::wrappers::WatchStream;

/// Terminals on one socket.
const MAX_WATCHED: usize = 512;
/// Rows of the highest screen.
const MAX_ROWS: usize = 200;
/// Rows of one page of history: a page of wide rows stays a message of bearable size.
const HISTORY: u32 = 1000;

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

    pub(super) async fn input(&self, session_id: &str, data: &str) -> Result<(), Failure> {
        let agent = self.seated(session_id, "terminal_input").await?;
        check_length("terminal_input", data.len(), MAX_INPUT)?;
        self.state.terminals.key_pressed(&agent);
        self.count(&agent, data.len());
        Ok(self.state.terminals.input(&agent, data.as_bytes()).await?)
    }

    pub(super) async fn paste(&self, session_id: &str, data: &str) -> Result<(), Failure> {
        let agent = self.seated(session_id, "terminal_paste").await?;
        check_length("terminal_paste", data.len(), MAX_PROMPT)?;
        self.state.terminals.key_pressed(&agent);
        self.count(&agent, data.len());
        Ok(self.state.terminals.paste(&agent, data, true).await?)
    }

    pub(super) async fn resize(
        &self,
        session_id: &str,
        cols: u16,
        rows: u16,
    ) -> Result<(), Failure> {
        let size = limits::size(Size { cols, rows })?;
        let agent = self.seated(session_id, "terminal_resize").await?;
        let seat = self.state.terminals.seat(&agent)?;
        let before = seat.state();
        let used = self.state.terminals.resize(&agent, size).await?;
        if before.size == used || !self.watched.lock().contains_key(&agent) {
            self.say(&shown(&seat.state(), self.viewer, &agent.session()))
                .await;
        }
        Ok(())
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
            self.say(&shown(&seat.state(), self.viewer, &agent.session()))
                .await;
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
        before: Option<u64>,
        lines: Option<u32>,
    ) -> Result<(), Failure> {
        let agent = self.agent_id(Some(session_id)).await?;
        self.agent(Permission::AgentsRead, &agent).await?;
        let lines = lines.unwrap_or(HISTORY).min(HISTORY);
        let HistoryPage { start, rows, total } =
            self.state.terminals.history(&agent, before, lines).await?;
        let session_id = agent.session();
        self.say(&ServerMessage::TerminalHistory {
            session_id,
            start,
            rows,
            total,
        })
        .await;
        Ok(())
    }

    /// The agent, if this connection sits there and may still type.
    async fn seated(&self, session_id: &str, what: &str) -> Result<AgentId, Failure> {
        let agent = self.agent_id(Some(session_id)).await?;
        let state = self.seats.lock().get(&agent).map(Seat::state);
        if state.is_some_and(|state| state.held_by(self.viewer)) {
            self.may_type(&agent).await?;
            return Ok(agent);
        }
        // Without the right, the seat is not what is missing.
        let allowed = self.agent(Permission::TerminalType, &agent).await;
        allowed.inspect_err(|_| tracing::debug!(what, "typing was refused"))?;
        Err(Failure::conflict(
            "no_seat",
            "Take the seat first: only its holder may type and size.",
        ))
    }

    fn count(&self, agent: &AgentId, bytes: usize) {
        let mut typed = self.typed.lock();
        let (messages, sum) = typed.entry(agent.clone()).or_default();
        *messages += 1;
        *sum += bytes as u64;
    }
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

fn sampled(viewer: SampledViewer) -> BoxStream<'static, Piece> {
    let next = |mut viewer: SampledViewer| async move {
        let frame = viewer.next().await?;
        Some((Piece::Text(frame.json.clone()), viewer))
    };
    stream::unfold(viewer, next).boxed()
}

fn live(viewer: LiveViewer, channel: u32, session_id: String) -> BoxStream<'static, Piece> {
    let frame = move |kind, seq, payload: Bytes| {
        Frame {
            kind,
            channel,
            seq,
            payload,
        }
        .encode()
    };
    let next = move |viewer: Option<LiveViewer>| {
        let session_id = session_id.clone();
        async move {
            let mut viewer = viewer?;
            let piece = match viewer.next().await {
                LiveChunk::Output { seq, bytes } => {
                    Piece::Frames(vec![frame(FrameKind::Output, seq, bytes)])
                }
                LiveChunk::Gap { seq } => {
                    Piece::Frames(vec![frame(FrameKind::Gap, seq, Bytes::new())])
                }
                LiveChunk::Snapshot { seq, parts } => {
                    let last = parts.len().saturating_sub(1);
                    let kind = |at| {
                        if at == last {
                            FrameKind::Snapshot
                        } else {
                            FrameKind::SnapshotPart
                        }
                    };
                    let parts = parts.iter().cloned().enumerate();
                    Piece::Frames(parts.map(|(at, part)| frame(kind(at), seq, part)).collect())
                }
                LiveChunk::Hash { seq, hash } => {
                    let message = ServerMessage::ScreenHash {
                        session_id,
                        channel,
                        seq,
                        hash,
                    };
                    Piece::Text(serde_json::to_vec(&message).unwrap_or_default().into())
                }
                LiveChunk::Heal { seq, parts } => {
                    let parts = parts.iter().cloned();
                    Piece::Frames(
                        parts
                            .map(|part| frame(FrameKind::Heal, seq, part))
                            .collect(),
                    )
                }
                LiveChunk::Ended => return Some((Piece::Over(session_id), None)),
            };
            Some((piece, Some(viewer)))
        }
    };
    stream::unfold(Some(viewer), next).boxed()
}

/// Every change of the seat and the size after what the client was told.
fn seats(
    seat: &Seat,
    told: SeatState,
    viewer: ViewerId,
    session_id: String,
) -> BoxStream<'static, Utf8Bytes> {
    let mut last = told;
    WatchStream::new(seat.watch())
        .filter_map(move |state| {
            let news = (state != last).then(|| shown(&state, viewer, &session_id));
            last = state;
            let text = news.and_then(|message| serde_json::to_string(&message).ok());
            std::future::ready(text.map(Utf8Bytes::from))
        })
        .boxed()
}

fn shown(state: &SeatState, viewer: ViewerId, session_id: &str) -> ServerMessage {
    ServerMessage::Seat {
        session_id: session_id.to_owned(),
        holder: state.shown(),
        mine: state.held_by(viewer),
        cols: state.size.cols,
        rows: state.size.rows,
    }
}
