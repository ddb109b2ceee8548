//! The WebSocket as the page uses it: a ticket, then messages.

use super::api::Api;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// One open socket.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Everything that came as JSON.
    pub seen: Vec<Value>,
}

/// What came next.
#[derive(Debug)]
pub(crate) enum Incoming {
    Json(Value),
    Binary(Bytes),
    Closed(Option<u16>),
}

impl Socket {
    /// Opens a socket as this caller.
    pub(crate) async fn open(api: &Api) -> Self {
        let ticket = api.must("/api/ws-tickets", json!({})).await;
        let mut socket = Self::with_ticket(api, ticket["ticket"].as_str().unwrap())
            .await
            .unwrap();
        let hello = socket.next_json().await;
        assert_eq!(hello["type"], "hello");
        socket
    }

    /// Tries to open a socket with a ticket; the status when refused.
    pub(crate) async fn with_ticket(api: &Api, ticket: &str) -> Result<Self, u16> {
        let url = format!("{}/ws", api.base.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        let protocol = format!("orchestra.v1, orchestra.ticket.{ticket}");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol.parse().unwrap());
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Self {
                stream,
                seen: Vec::new(),
            }),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
                Err(response.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    /// The next message of any kind.
    pub(crate) async fn next(&mut self) -> Incoming {
        loop {
            let message = tokio::time::timeout(super::wait::LIMIT, self.stream.next())
                .await
                .expect("a message in time");
            match message {
                Some(Ok(Message::Text(text))) => {
                    let value: Value = serde_json::from_str(&text).unwrap();
                    self.seen.push(value.clone());
                    return Incoming::Json(value);
                }
                Some(Ok(Message::Binary(bytes))) => return Incoming::Binary(bytes),
                Some(Ok(Message::Close(frame))) => {
                    return Incoming::Closed(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Incoming::Closed(None),
            }
        }
    }

    /// The next JSON message.
    pub(crate) async fn next_json(&mut self) -> Value {
        loop {
            match self.next().await {
                Incoming::Json(value) => return value,
                Incoming::Binary(_) => {}
                Incoming::Closed(code) => {
                    panic!("closed with {code:?}; seen {:?}", self.seen.last())
                }
            }
        }
    }

    /// Reads on until a message fits.
    pub(crate) async fn until(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let limit = tokio::time::Instant::now() + super::wait::LIMIT;
        loop {
            let next = tokio::time::timeout_at(limit, self.next_json()).await;
            let value = next.unwrap_or_else(|_| {
                let last = self.seen.iter().rev().take(4).map(Value::to_string);
                let last: Vec<String> = last.collect();
                panic!(
                    "waited in vain for {what}; the last messages:\n{}",
                    last.join("\n")
                )
            });
            if fits(&value) {
                return value;
            }
        }
    }

    /// The code that the daemon closes with.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Incoming::Closed(code) = self.next().await {
                return code;
            }
        }
    }

    /// True when nothing that fits comes within `time`.
    pub(crate) async fn quiet(&mut self, time: Duration, fits: impl Fn(&Value) -> bool) -> bool {
        let limit = tokio::time::Instant::now() + time;
        loop {
            match tokio::time::timeout_at(limit, self.next_json()).await {
                Ok(value) if fits(&value) => return false,
                Ok(_) => {}
                Err(_) => return true,
            }
        }
    }
}
