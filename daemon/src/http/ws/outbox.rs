//! The writing loop: answers, seats, the feed, frames. It sends one message at a time and
//! takes the next only when the connection took the last, so nothing piles up here.

use super::feed::{self, Feed, Next};
use super::session::Session;
use crate::http::problem::Failure;
use crate::store::events::Entry;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::SinkExt as _;
use futures_util::stream::{BoxStream, SplitSink, StreamExt as _};
use orchestra_protocol::socket::ServerMessage;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::StreamMap;

/// What the reading loop hands over.
pub(super) enum Out {
    Text(Utf8Bytes),
    /// Begin to show a terminal: frames, and who holds its seat.
    Watch {
        channel: u32,
        frames: BoxStream<'static, Piece>,
        seats: BoxStream<'static, Utf8Bytes>,
    },
    Unwatch(u32),
    /// Go on with the feed after this number.
    Resume(i64),
    Ping,
}

/// What a terminal's stream brings.
pub(super) enum Piece {
    Text(Bytes),
    /// Binary frames that belong together.
    Frames(Vec<Bytes>),
    /// The live stream of this session is over.
    Over(String),
}

type Sink = SplitSink<WebSocket, Message>;

pub(super) struct Outbox<'a> {
    session: &'a Session,
    inbox: mpsc::Receiver<Out>,
    feed: Feed,
    frames: StreamMap<u32, BoxStream<'static, Piece>>,
    seats: StreamMap<u32, BoxStream<'static, Utf8Bytes>>,
    /// Terminals that are counted as watched.
    watched: usize,
}

impl Drop for Outbox<'_> {
    fn drop(&mut self) {
        self.session.state.edge.meter().watches(self.watched, 0);
    }
}

impl<'a> Outbox<'a> {
    pub(super) fn new(
        session: &'a Session,
        inbox: mpsc::Receiver<Out>,
        news: broadcast::Receiver<Arc<Entry>>,
        last: i64,
    ) -> Self {
        Self {
            session,
            inbox,
            feed: Feed::new(session.state.events.clone(), news, last),
            frames: StreamMap::new(),
            seats: StreamMap::new(),
            watched: 0,
        }
    }

    /// Returns when the connection takes no more.
    pub(super) async fn run(&mut self, sink: &mut Sink) {
        while self.turn(sink).await.is_ok() {
            // Streams also end by themselves.
            let (before, now) = (self.watched, self.frames.len());
            if before != now {
                self.session.state.edge.meter().watches(before, now);
                self.watched = now;
            }
        }
    }

    /// A seat change goes before frames: it carries the size that they are drawn for.
    async fn turn(&mut self, sink: &mut Sink) -> Result<(), axum::Error> {
        tokio::select! {
            biased;
            out = self.inbox.recv() => match out {
                Some(out) => self.hand_out(out, sink).await,
                None => std::future::pending().await,
            },
            Some((_, text)) = self.seats.next() => sink.send(Message::Text(text)).await,
            next = self.feed.next() => self.tell(next, sink).await,
            Some((channel, piece)) = self.frames.next() => self.show(channel, piece, sink).await,
        }
    }

    async fn hand_out(&mut self, out: Out, sink: &mut Sink) -> Result<(), axum::Error> {
        match out {
            Out::Text(text) => sink.send(Message::Text(text)).await,
            Out::Watch {
                channel,
                frames,
                seats,
            } => {
                self.frames.insert(channel, frames);
                self.seats.insert(channel, seats);
                Ok(())
            }
            Out::Unwatch(channel) => {
                self.frames.remove(&channel);
                self.seats.remove(&channel);
                Ok(())
            }
            Out::Resume(number) => match self.feed.resume(number).await {
                Some(newest) => self.tell(Next::Resync(newest), sink).await,
                None => Ok(()),
            },
            Out::Ping => sink.send(Message::Ping(Bytes::new())).await,
        }
    }

    async fn tell(&mut self, next: Next, sink: &mut Sink) -> Result<(), axum::Error> {
        let message = match &next {
            Next::Entry(entry) => feed::message(entry, &self.session.principal()),
            Next::Shared(entry) => feed::message(entry, &self.session.principal()),
            Next::Resync(newest) => Some(ServerMessage::Resync {
                event: *newest,
                reason: "too much was missed; read the lists again".to_owned(),
            }),
        };
        match message {
            Some(message) => say(&message, sink).await,
            None => Ok(()),
        }
    }

    async fn show(
        &mut self,
        channel: u32,
        piece: Piece,
        sink: &mut Sink,
    ) -> Result<(), axum::Error> {
        match piece {
            Piece::Text(json) => match Utf8Bytes::try_from(json) {
                Ok(text) => {
                    self.session.state.edge.meter().sent(text.len());
                    sink.send(Message::Text(text)).await
                }
                Err(_) => Ok(()),
            },
            Piece::Frames(frames) => {
                for frame in frames {
                    self.session.state.edge.meter().sent(frame.len());
                    sink.send(Message::Binary(frame)).await?;
                }
                Ok(())
            }
            Piece::Over(session_id) => {
                self.frames.remove(&channel);
                let Failure(problem) = Failure::new(
                    StatusCode::GONE,
                    "terminal_ended",
                    "The terminal has ended",
                    "The agent has ended or starts again; subscribe again when it runs.",
                );
                say(
                    &ServerMessage::error(problem, Some("subscribe_terminal"), Some(&session_id)),
                    sink,
                )
                .await
            }
        }
    }
}

async fn say(message: &ServerMessage, sink: &mut Sink) -> Result<(), axum::Error> {
    match serde_json::to_string(message) {
        Ok(text) => sink.send(Message::Text(text.into())).await,
        Err(error) => {
            tracing::error!(%error, "a message cannot be written as JSON");
            Ok(())
        }
    }
}
