//! REST over the daemon's Unix socket, as its own programs and agents call it.

use axum::http::{Request, header};
use bytes::Bytes;
use futures_util::future::{Either, select};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::path::Path;
use std::pin::pin;
use tokio::net::UnixStream;

/// What came back; the id is the one in the record.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub id: String,
    pub text: String,
}

/// One call with one token; an empty token sends none.
pub(crate) async fn call(
    socket: &Path,
    method: &str,
    path: &str,
    token: &str,
    body: Option<&Value>,
) -> Answer {
    call_as(socket, method, path, token, "application/json", body).await
}

/// The same with a body that says to be of another kind.
pub(crate) async fn call_as(
    socket: &Path,
    method: &str,
    path: &str,
    token: &str,
    kind: &str,
    body: Option<&Value>,
) -> Answer {
    let stream = UnixStream::connect(socket).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost")
        .header(header::ACCEPT, "application/json, text/event-stream");
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    let text = body.map(Value::to_string).unwrap_or_default();
    let request = request.body(Full::new(Bytes::from(text))).unwrap();
    let exchange = async move {
        let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
        (parts, body.collect().await.unwrap().to_bytes())
    };
    let (parts, bytes) = match select(pin!(exchange), pin!(connection)).await {
        Either::Left((answer, _)) => answer,
        Either::Right((_, exchange)) => exchange.await,
    };
    Answer {
        status: parts.status.as_u16(),
        id: parts
            .headers
            .get("x-request-id")
            .map(|id| id.to_str().unwrap().to_owned())
            .unwrap_or_default(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}
