//! The WebSocket over either way to the daemon: opened with a ticket, like any browser's.

use super::{Call, Client, Target, unix};
use crate::cli::failure::Failure;
use axum::http::{Method, Request, StatusCode};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use orchestra_protocol::auth::{Ticket, TicketRequest};
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// Larger than any frame that the daemon sends.
const MAX_MESSAGE: usize = 8 * 1024 * 1024;

/// Bytes both ways, over TCP, TLS or a Unix socket.
pub trait Wire: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Wire for T {}

/// An open socket.
pub type Socket = WebSocketStream<Pin<Box<dyn Wire>>>;

impl Client {
    /// A fresh ticket, good for one socket or one renewal.
    ///
    /// # Errors
    /// When the daemon is not reachable or refuses.
    pub async fn ticket(&self) -> Result<String, Failure> {
        let ticket: Ticket = self
            .post("/api/ws-tickets", &TicketRequest::default())
            .await?;
        Ok(ticket.ticket)
    }

    /// Opens a socket.
    ///
    /// # Errors
    /// When the daemon is not reachable or refuses.
    pub async fn socket(&self) -> Result<Socket, Failure> {
        let ticket = self.ticket().await?;
        let key = generate_key();
        let call = Call::new(Method::GET, "/ws")
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", key.clone())
            .header(
                "sec-websocket-protocol",
                format!("orchestra.v1, orchestra.ticket.{ticket}"),
            );
        let (accept, wire) = match &self.target {
            Target::Socket(socket) => {
                let request = super::request(&call, &call.path, None)?;
                unix_upgrade(socket, request)
                    .await
                    .map_err(|error| self.explain(error))?
            }
            Target::Url { .. } => self.url_upgrade(&call).await?,
        };
        if accept.as_deref() != Some(derive_accept_key(key.as_bytes()).as_str()) {
            return Err(Failure::Failed("the other end speaks no WebSocket".into()));
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        Ok(WebSocketStream::from_raw_socket(wire, Role::Client, Some(config)).await)
    }

    async fn url_upgrade(
        &self,
        call: &Call,
    ) -> Result<(Option<String>, Pin<Box<dyn Wire>>), Failure> {
        let (status, body) = self.send(call, None).await?;
        let super::Body::Url(answer) = body else {
            return Err(Failure::Failed("the answer came another way".into()));
        };
        if status != StatusCode::SWITCHING_PROTOCOLS {
            let bytes = answer.bytes().await.unwrap_or_default();
            return Err(Failure::Problem(super::problem(status, &bytes)));
        }
        let accept = text(answer.headers());
        let wire = answer
            .upgrade()
            .await
            .map_err(|error| self.unreachable(&error))?;
        Ok((accept, Box::pin(wire)))
    }

    fn explain(&self, error: Upgrade) -> Failure {
        match error {
            Upgrade::Unix(error) => self.unreachable(&error),
            Upgrade::Refused(status, bytes) => Failure::Problem(super::problem(status, &bytes)),
        }
    }
}

/// Why no socket came of a request over the Unix socket.
enum Upgrade {
    Unix(unix::UnixError),
    Refused(StatusCode, Bytes),
}

async fn unix_upgrade(
    socket: &std::path::Path,
    request: Request<Bytes>,
) -> Result<(Option<String>, Pin<Box<dyn Wire>>), Upgrade> {
    let (parts, mut body) = unix::send(socket, request).await.map_err(Upgrade::Unix)?;
    if parts.status != StatusCode::SWITCHING_PROTOCOLS {
        let mut bytes = Vec::new();
        while let Ok(Some(chunk)) = body.chunk().await {
            bytes.extend_from_slice(&chunk);
        }
        return Err(Upgrade::Refused(parts.status, bytes.into()));
    }
    let accept = text(&parts.headers);
    let wire = body.upgrade(parts).await.map_err(Upgrade::Unix)?;
    Ok((accept, Box::pin(TokioIo::new(wire))))
}

fn text(headers: &axum::http::HeaderMap) -> Option<String> {
    let value = headers.get("sec-websocket-accept")?;
    value.to_str().ok().map(str::to_owned)
}
