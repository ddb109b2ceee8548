//! The WebSocket as a program opens it: token in the head, then messages.

use crate::api::Api;
use crate::wait::within;
use crate::wire::{Count, Net, Wire};
use anyhow::{Context, bail};
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use orchestra_protocol::frame::{Frame, FrameKind};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

type Stream = WebSocketStream<Wire>;

/// One open socket.
pub(crate) struct Socket {
    stream: Stream,
    pub count: Arc<Count>,
}

/// What came.
pub(crate) enum Incoming {
    Text(String),
    Binary(Bytes),
}

impl Socket {
    /// Opens a socket as this caller and takes its greeting.
    pub(crate) async fn open(api: &Api) -> anyhow::Result<Self> {
        let mut socket = Self::of(api, Net::Fast).await?;
        socket
            .until("hello", |value| value["type"] == "hello")
            .await?;
        Ok(socket)
    }

    /// Opens a socket with that token and waits for nothing more.
    pub(crate) async fn of(api: &Api, net: Net) -> anyhow::Result<Self> {
        let token = format!("Bearer {}", api.token);
        Self::connect(&api.base, "/ws", Some(("authorization", &token)), net).await
    }

    /// Connects to that path of a server, with a header of its own if one is needed.
    pub(crate) async fn connect(
        base: &str,
        path: &str,
        header: Option<(&'static str, &str)>,
        net: Net,
    ) -> anyhow::Result<Self> {
        let host = base.strip_prefix("http://");
        let host = host.context("only http:// addresses can be measured")?;
        let mut addresses = tokio::net::lookup_host(host).await?;
        let address = addresses
            .next()
            .with_context(|| format!("no host {host}"))?;
        let (wire, count) = Wire::connect(address, net).await?;
        let mut request = format!("ws://{host}{path}").into_client_request()?;
        if let Some((name, value)) = header {
            request.headers_mut().insert(name, value.parse()?);
        }
        let (stream, _) = client_async(request, wire).await?;
        Ok(Self { stream, count })
    }

    /// Sends bytes as a message.
    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.stream.send(Message::binary(bytes.to_vec())).await?)
    }

    /// Sends text as a message.
    pub(crate) async fn send_text(&mut self, text: String) -> anyhow::Result<()> {
        Ok(self.stream.send(Message::text(text)).await?)
    }

    pub(crate) async fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        Ok(self.stream.send(Message::text(message.to_string())).await?)
    }

    /// The next message; ends when the daemon closes.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Incoming> {
        next(&mut self.stream).await
    }

    /// Reads on until a JSON message fits. A refusal that nobody waits for ends it.
    pub(crate) async fn until(
        &mut self,
        what: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        let search = async {
            loop {
                let Incoming::Text(text) = self.next().await? else {
                    continue;
                };
                let value: Value = serde_json::from_str(&text)?;
                if fits(&value) {
                    return Ok(value);
                }
                if value["type"] == "error" {
                    bail!("waited for {what}, got {text}");
                }
            }
        };
        within(what, search).await?
    }

    /// The next binary frame.
    pub(crate) async fn frame(&mut self) -> anyhow::Result<Frame> {
        loop {
            if let Incoming::Binary(bytes) = self.next().await? {
                return Ok(Frame::decode(&bytes)?);
            }
        }
    }

    /// Watches a terminal live; gives its channel and the bytes of the first snapshot.
    pub(crate) async fn watch_live(&mut self, session: &str) -> anyhow::Result<(u32, u64)> {
        let message = json!({"type": "subscribe_terminal", "session_id": session,
            "mode": "live", "encoding": "binary"});
        self.send(&message).await?;
        let subscribed = self
            .until("subscribed", |value| value["type"] == "subscribed")
            .await?;
        let channel = subscribed["channel"].as_u64().context("no channel")?;
        let mut got = 0;
        let first = async {
            loop {
                let frame = self.frame().await?;
                got += frame.payload.len() as u64;
                if frame.kind == FrameKind::Snapshot {
                    return anyhow::Ok(());
                }
            }
        };
        within("a snapshot", first).await??;
        Ok((u32::try_from(channel)?, got))
    }

    /// Both directions by themselves.
    pub(crate) fn split(self) -> (SplitSink<Stream, Message>, SplitStream<Stream>) {
        self.stream.split()
    }
}

/// The next message of a whole or a half socket.
pub(crate) async fn next<S>(stream: &mut S) -> anyhow::Result<Incoming>
where
    S: StreamExt<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin,
{
    loop {
        match stream.next().await.context("the daemon is gone")?? {
            Message::Text(text) => return Ok(Incoming::Text(text.as_str().to_owned())),
            Message::Binary(bytes) => return Ok(Incoming::Binary(bytes)),
            Message::Close(frame) => bail!("the daemon closed the socket: {frame:?}"),
            _ => {}
        }
    }
}
