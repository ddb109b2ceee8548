//! HTTP/1 over the daemon's Unix socket, one connection per request. The connection is
//! driven by whoever reads the answer, so nothing is spawned.

use axum::http::{Request, Response, response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;
use tokio::net::UnixStream;

/// A local daemon that lives accepts at once; longer means it is stuck.
const CONNECT: Duration = Duration::from_secs(2);

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub enum UnixError {
    #[error(transparent)]
    Connect(std::io::Error),
    #[error("it does not accept the connection")]
    Stuck,
    #[error("the connection broke: {0}")]
    Broken(#[from] hyper::Error),
}

/// Moves the bytes; ends with the connection, or hands its socket over.
type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// The rest of an answer whose head has come.
pub struct Body {
    connection: Driver,
    /// The connection's future has ended and must not be polled again.
    ended: bool,
    incoming: Incoming,
}

/// Sends one request; the head of the answer and its body to be read.
///
/// # Errors
/// When the socket is missing or refuses, or the connection breaks.
pub async fn send(
    socket: &Path,
    mut request: Request<Bytes>,
) -> Result<(response::Parts, Body), UnixError> {
    let stream = tokio::time::timeout(CONNECT, UnixStream::connect(socket))
        .await
        .map_err(|_| UnixError::Stuck)?
        .map_err(UnixError::Connect)?;
    let (mut sender, connection) = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await?;
    let mut connection: Driver = Box::pin(connection.with_upgrades());
    // The daemon checks this name like any other Host.
    let host = axum::http::HeaderValue::from_static("localhost");
    request.headers_mut().insert(axum::http::header::HOST, host);
    let mut answer = std::pin::pin!(sender.send_request(request.map(Full::new)));
    let mut ended = false;
    let answer = loop {
        tokio::select! {
            biased;
            answer = &mut answer => break answer?,
            end = &mut connection, if !ended => {
                ended = true;
                end?;
            }
        }
    };
    let (parts, incoming) = answer.into_parts();
    let body = Body {
        connection,
        ended,
        incoming,
    };
    Ok((parts, body))
}

impl Body {
    /// The next piece; none at the end.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, UnixError> {
        loop {
            tokio::select! {
                biased;
                frame = self.incoming.frame() => match frame.transpose()? {
                    Some(frame) => {
                        if let Ok(data) = frame.into_data() {
                            return Ok(Some(data));
                        }
                    }
                    None => return Ok(None),
                },
                end = &mut self.connection, if !self.ended => {
                    self.ended = true;
                    end?;
                }
            }
        }
    }
    /// The raw connection behind an answer that switched protocols; `head` is that answer's.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn upgrade(mut self, head: response::Parts) -> Result<Upgraded, UnixError> {
        let upgrade = hyper::upgrade::on(Response::from_parts(head, ()));
        // The connection hands its socket over once it has been driven to its end.
        if !self.ended {
            (&mut self.connection).await?;
        }
        Ok(upgrade.await?)
    }
}
