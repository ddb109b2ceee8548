//! One viewer at a terminal, whoever serves it: bytes for the emulator come out, keys go
//! in, and what was parsed is acknowledged where that is the custom.

use crate::socket::{Incoming, Socket};
use crate::subject::Target;
use crate::wait::within;
use crate::wire::{Count, Net};
use anyhow::{Context, bail};
use bytes::Bytes;
use orchestra_protocol::frame::{Frame, FrameKind};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// The page tells this often what its emulator has parsed.
const ACK_EVERY: u64 = 64 * 1024;

/// The viewer.
pub(crate) struct Link {
    socket: Socket,
    speech: Speech,
    /// Came while something else was waited for.
    early: VecDeque<Bytes>,
    got: u64,
    told: u64,
    /// A second socket that only has to be there.
    _beside: Option<Socket>,
}

/// How this server is spoken to.
enum Speech {
    Orchestra(Place),
    Raw,
    Wetty,
    Zellij,
}

/// Where an Orchestra viewer is in its stream.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub session: String,
    channel: u32,
    pub epoch: String,
    /// Number of the next byte.
    pub next: u64,
    /// Frames that were no plain output.
    pub others: u64,
}

impl Link {
    /// Opens a terminal and does not wait for its first byte.
    pub(crate) async fn open(target: &Target, session: &str, net: Net) -> anyhow::Result<Self> {
        match target {
            Target::Orchestra(api) => {
                let order = json!({"type": "subscribe_terminal", "session_id": session,
                    "mode": "live", "encoding": "binary"});
                let socket = Socket::of(api, net).await?;
                Self::subscribe(socket, session, &order).await
            }
            Target::Raw { base, path } => {
                let socket = Socket::connect(base, path, None, net).await?;
                Ok(Self::over(socket, Speech::Raw))
            }
            Target::Wetty { base } => {
                let path = "/wetty/socket.io/?EIO=4&transport=websocket";
                let mut socket = Socket::connect(base, path, None, net).await?;
                // The open packet of Engine.IO, then one of Socket.IO for the namespace.
                socket.next().await?;
                socket.send_text("40".to_owned()).await?;
                let size = r#"42["resize",{"cols":80,"rows":24}]"#;
                let mut link = Self::over(socket, Speech::Wetty);
                within("WeTTY's greeting", link.greeted()).await??;
                link.socket.send_text(size.to_owned()).await?;
                Ok(link)
            }
            Target::Zellij(zellij) => {
                let (socket, control) = zellij.open(net).await?;
                let mut link = Self::over(socket, Speech::Zellij);
                link._beside = Some(control);
                Ok(link)
            }
        }
    }

    /// Goes on where an earlier viewer was cut off.
    pub(crate) async fn resume(target: &Target, place: &Place) -> anyhow::Result<Self> {
        let Target::Orchestra(api) = target else {
            bail!("only Orchestra resumes");
        };
        let order = json!({"type": "subscribe_terminal", "session_id": place.session,
            "mode": "live", "encoding": "binary", "epoch": place.epoch, "from": place.next});
        let socket = Socket::of(api, Net::Fast).await?;
        Self::subscribe(socket, &place.session, &order).await
    }

    async fn subscribe(mut socket: Socket, session: &str, order: &Value) -> anyhow::Result<Self> {
        socket.send(order).await?;
        let told = socket
            .until("subscribed", |value| value["type"] == "subscribed")
            .await?;
        let channel = told["channel"].as_u64().context("no channel")?;
        let place = Place {
            session: session.to_owned(),
            channel: u32::try_from(channel)?,
            epoch: told["epoch"].as_str().context("no epoch")?.to_owned(),
            next: told["seq"].as_u64().context("no seq")?,
            others: 0,
        };
        Ok(Self::over(socket, Speech::Orchestra(place)))
    }

    fn over(socket: Socket, speech: Speech) -> Self {
        Self {
            socket,
            speech,
            early: VecDeque::new(),
            got: 0,
            told: 0,
            _beside: None,
        }
    }

    async fn greeted(&mut self) -> anyhow::Result<()> {
        while !matches!(self.socket.next().await?, Incoming::Text(text) if text.starts_with("40")) {
        }
        Ok(())
    }

    /// Becomes the one who types, where only one may.
    pub(crate) async fn take_seat(&mut self) -> anyhow::Result<()> {
        let Speech::Orchestra(place) = &self.speech else {
            return Ok(());
        };
        let order = json!({"type": "take_seat", "session_id": place.session});
        self.socket.send(&order).await?;
        let seated = async {
            loop {
                let incoming = self.socket.next().await?;
                if let Incoming::Text(text) = &incoming {
                    let value: Value = serde_json::from_str(text)?;
                    if value["type"] == "seat" && value["mine"] == true {
                        return Ok(());
                    }
                }
                let bytes = self.payload(incoming).await?;
                self.early.extend(bytes);
            }
        };
        within("the seat", seated).await?
    }

    /// Types.
    pub(crate) async fn key(&mut self, data: &str) -> anyhow::Result<()> {
        match &self.speech {
            Speech::Orchestra(place) => {
                let order = json!({"type": "terminal_input", "session_id": place.session,
                    "data": data});
                self.socket.send(&order).await
            }
            Speech::Raw => self.socket.send_bytes(data.as_bytes()).await,
            // Key by key, as its page does: it takes some texts twice that come as one.
            Speech::Zellij => {
                for key in data.chars() {
                    self.socket.send_text(key.to_string()).await?;
                }
                Ok(())
            }
            Speech::Wetty => {
                let event = json!(["input", data]);
                self.socket.send_text(format!("42{event}")).await
            }
        }
    }

    /// The next bytes for the emulator. Nothing is lost when it is not waited for.
    pub(crate) async fn chunk(&mut self) -> anyhow::Result<Bytes> {
        loop {
            if let Some(bytes) = self.early.pop_front() {
                return Ok(bytes);
            }
            let incoming = self.socket.next().await?;
            if let Some(bytes) = self.payload(incoming).await? {
                return Ok(bytes);
            }
        }
    }

    async fn payload(&mut self, incoming: Incoming) -> anyhow::Result<Option<Bytes>> {
        let bytes = match (&mut self.speech, incoming) {
            (Speech::Orchestra(place), Incoming::Binary(bytes)) => {
                let frame = Frame::decode(&bytes)?;
                place.next = frame.seq;
                if frame.kind == FrameKind::Output {
                    place.next += frame.payload.len() as u64;
                } else {
                    place.others += 1;
                }
                frame.payload
            }
            (Speech::Orchestra(_), Incoming::Text(text)) => {
                if text.starts_with(r#"{"type":"error""#) {
                    bail!("refused: {text}");
                }
                return Ok(None);
            }
            (Speech::Raw | Speech::Zellij, Incoming::Binary(bytes)) => bytes,
            (Speech::Raw | Speech::Zellij, Incoming::Text(text)) => text.into(),
            (Speech::Wetty, Incoming::Text(text)) => {
                // Engine.IO asks whether we live.
                if text == "2" {
                    self.socket.send_text("3".to_owned()).await?;
                }
                match said(&text) {
                    Some(data) => data.into(),
                    None => return Ok(None),
                }
            }
            (Speech::Wetty, Incoming::Binary(_)) => return Ok(None),
        };
        self.got += bytes.len() as u64;
        Ok((!bytes.is_empty()).then_some(bytes))
    }

    /// Tells what the emulator has parsed of what came, as often as the page does.
    pub(crate) async fn parsed(&mut self, left: u64) -> anyhow::Result<()> {
        let parsed = self.got.saturating_sub(left);
        if parsed - self.told < ACK_EVERY {
            return Ok(());
        }
        let more = parsed - self.told;
        self.told = parsed;
        match &self.speech {
            Speech::Orchestra(place) => {
                let order = json!({"type": "ack", "channel": place.channel, "bytes": parsed});
                self.socket.send(&order).await
            }
            Speech::Raw | Speech::Zellij => Ok(()),
            Speech::Wetty => {
                self.socket
                    .send_text(format!("42{}", json!(["commit", more])))
                    .await
            }
        }
    }

    /// Reads and parses at once until these have come, one after the other.
    pub(crate) async fn find(&mut self, needles: &[&str]) -> anyhow::Result<()> {
        let mut finder = Finder::new(needles);
        let what = needles.join(", ");
        let search = async {
            loop {
                let bytes = self.chunk().await?;
                self.parsed(0).await?;
                if finder.feed(&bytes) {
                    return Ok(());
                }
            }
        };
        within(&what, search).await?
    }

    /// Reads for so long.
    pub(crate) async fn read_for(&mut self, time: Duration) -> anyhow::Result<()> {
        let reading = async {
            loop {
                self.chunk().await?;
                self.parsed(0).await?;
            }
        };
        tokio::time::timeout(time, reading).await.unwrap_or(Ok(()))
    }

    /// Reads until nothing has come for so long; gives what came.
    pub(crate) async fn calm(&mut self, quiet: Duration) -> anyhow::Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Ok(bytes) = tokio::time::timeout(quiet, self.chunk()).await {
            all.extend_from_slice(&bytes?);
            self.parsed(0).await?;
        }
        Ok(all)
    }

    /// Bytes of the connection, heads included.
    pub(crate) fn count(&self) -> Arc<Count> {
        self.socket.count.clone()
    }

    /// Where it is in the stream, where streams are numbered.
    pub(crate) fn place(&self) -> Option<&Place> {
        match &self.speech {
            Speech::Orchestra(place) => Some(place),
            Speech::Raw | Speech::Wetty | Speech::Zellij => None,
        }
    }
}

/// The data of a Socket.IO event that carries output.
fn said(text: &str) -> Option<String> {
    let (name, data): (String, String) = serde_json::from_str(text.strip_prefix("42")?).ok()?;
    (name == "data").then_some(data)
}

/// Looks for texts in a stream, one after the other, wherever it was cut.
pub(crate) struct Finder {
    needles: VecDeque<Vec<u8>>,
    tail: Vec<u8>,
}

impl Finder {
    pub(crate) fn new(needles: &[&str]) -> Self {
        let bytes = |needle: &&str| needle.as_bytes().to_vec();
        Self {
            needles: needles.iter().map(bytes).collect(),
            tail: Vec::new(),
        }
    }

    /// True once all were found.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> bool {
        self.tail.extend_from_slice(bytes);
        while let Some(needle) = self.needles.front() {
            let mut windows = self.tail.windows(needle.len());
            let Some(at) = windows.position(|part| part == needle) else {
                let keep = needle.len().saturating_sub(1);
                self.tail.drain(..self.tail.len().saturating_sub(keep));
                return false;
            };
            self.tail.drain(..at + needle.len());
            self.needles.pop_front();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_across_a_cut_and_only_after_the_one_before_it() {
        let mut finder = Finder::new(&["end", "ready$"]);
        assert!(!finder.feed(b"ready$ e"));
        assert!(!finder.feed(b"nd rea"));
        assert!(finder.feed(b"dy$"));
    }

    #[test]
    fn only_output_of_wetty_is_output() {
        assert_eq!(
            said(r#"42["data","a\u001b["]"#).as_deref(),
            Some("a\u{1b}[")
        );
        assert_eq!(said(r#"42["login"]"#), None);
        assert_eq!(said("2"), None);
    }
}
