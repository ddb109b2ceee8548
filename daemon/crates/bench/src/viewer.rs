//! Viewers that watch, count and acknowledge, each on a socket of its own.

use crate::api::Api;
use crate::socket::{Incoming, Socket};
use orchestra_protocol::frame::Frame;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinSet;

/// A page tells this often what it has parsed.
const ACK_EVERY: u64 = 32 * 1024;

/// What all viewers of one audience got.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub frames: AtomicU64,
    pub bytes: AtomicU64,
}

/// Viewers that go when it is dropped.
#[derive(Default)]
pub(crate) struct Audience {
    viewers: JoinSet<anyhow::Result<()>>,
    pub seen: Arc<Seen>,
}

impl Audience {
    /// One viewer of sampled frames for each of these sessions.
    pub(crate) async fn sampled(api: &Api, sessions: &[String]) -> anyhow::Result<Self> {
        let mut audience = Self::default();
        for session in sessions {
            let mut socket = Socket::open(api).await?;
            let message = json!({"type": "subscribe_terminal", "session_id": session});
            socket.send(&message).await?;
            let first = |value: &serde_json::Value| value["type"] == "terminal_output";
            socket.until("a first frame", first).await?;
            let seen = audience.seen.clone();
            audience.viewers.spawn(watch(socket, seen));
        }
        Ok(audience)
    }

    /// So many live viewers of one session.
    pub(crate) async fn live(api: &Api, session: &str, count: usize) -> anyhow::Result<Self> {
        let mut audience = Self::default();
        for _ in 0..count {
            let mut socket = Socket::open(api).await?;
            let (channel, got) = socket.watch_live(session).await?;
            let seen = audience.seen.clone();
            audience.viewers.spawn(follow(socket, channel, got, seen));
        }
        Ok(audience)
    }

    /// Fails when a viewer was lost, because then the figure is of fewer.
    pub(crate) async fn check(&mut self) -> anyhow::Result<()> {
        while let Some(ended) = self.viewers.try_join_next() {
            ended??;
        }
        Ok(())
    }

    pub(crate) fn frames(&self) -> u64 {
        self.seen.frames.load(Ordering::Relaxed)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.seen.bytes.load(Ordering::Relaxed)
    }
}

impl Seen {
    fn add(&self, bytes: usize) {
        self.frames.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

async fn watch(mut socket: Socket, seen: Arc<Seen>) -> anyhow::Result<()> {
    loop {
        match socket.next().await? {
            Incoming::Text(text) if text.contains("\"terminal_output\"") => seen.add(text.len()),
            _ => {}
        }
    }
}

async fn follow(
    mut socket: Socket,
    channel: u32,
    mut got: u64,
    seen: Arc<Seen>,
) -> anyhow::Result<()> {
    let mut told = 0;
    loop {
        let Incoming::Binary(bytes) = socket.next().await? else {
            continue;
        };
        seen.add(bytes.len());
        got += Frame::decode(&bytes)?.payload.len() as u64;
        if got - told >= ACK_EVERY {
            told = got;
            let message = json!({"type": "ack", "channel": channel, "bytes": got});
            socket.send(&message).await?;
        }
    }
}
