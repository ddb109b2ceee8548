//! Requests to the API on behalf of one tool call: repeated with the same key while the
//! daemon is away, given up when the call is cancelled.

use super::{Caller, ToolError, Transport};
use axum::http::{Method, Request, Response, header};
use bytes::Bytes;
use orchestra_protocol::problem::Problem;
use rmcp::RoleServer;
use rmcp::model::ProgressNotificationParam;
use rmcp::service::RequestContext;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::time::Instant;

/// How long a call holds out while the daemon is away.
pub const HOLD: Duration = Duration::from_secs(120);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A daemon that starts or stops, or a proxy that misses it: says nothing of the request.
const AWAY: [u16; 3] = [502, 503, 504];

/// One tool call's way to the API.
pub struct Requests<'a, T> {
    pub transport: &'a T,
    pub caller: Caller,
    /// UUID that makes repeats of this call one call.
    pub key: String,
    pub context: &'a RequestContext<RoleServer>,
}

/// A UUID made of the connection and the number of the call on it.
pub fn key(nonce: &str, request: &str) -> String {
    let digest = Sha256::digest(format!("{nonce} {request}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

impl<T: Transport> Requests<'_, T> {
    /// `GET`, read as `R`.
    pub async fn get<R: DeserializeOwned>(&self, path: &str) -> Result<R, ToolError> {
        self.repeat(Method::GET, path, Bytes::new(), Instant::now() + HOLD)
            .await
    }

    /// `GET` that holds out until another moment.
    pub async fn get_until<R: DeserializeOwned>(
        &self,
        path: &str,
        until: Instant,
    ) -> Result<R, ToolError> {
        self.repeat(Method::GET, path, Bytes::new(), until).await
    }

    /// `POST` with the call's key, read as `R`.
    pub async fn post<R: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<R, ToolError> {
        let body =
            serde_json::to_vec(body).map_err(|error| ToolError::Arguments(error.to_string()))?;
        self.repeat(Method::POST, path, body.into(), Instant::now() + HOLD)
            .await
    }

    /// Waits, unless the call is cancelled.
    pub async fn pause(&self, pause: Duration) -> Result<(), ToolError> {
        tokio::select! {
            () = self.context.ct.cancelled() => Err(ToolError::Cancelled),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    /// Tells the client how it goes, if it asked to be told.
    pub async fn progress(&self, seconds: f64, text: String) {
        if let Some(token) = self.context.meta.get_progress_token() {
            let note = ProgressNotificationParam::new(token, seconds).with_message(text);
            // A client that is gone cancels the call; progress need not.
            let _ = self.context.peer.notify_progress(note).await;
        }
    }

    async fn repeat<R: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        until: Instant,
    ) -> Result<R, ToolError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let request = self.request(&method, path, &body)?;
            let sent = tokio::select! {
                () = self.context.ct.cancelled() => return Err(ToolError::Cancelled),
                sent = self.transport.send(request, &self.caller) => sent,
            };
            let missing = match sent {
                Ok(answer) if AWAY.contains(&answer.status().as_u16()) => {
                    format!("it answers {}", answer.status())
                }
                Ok(answer) => return read(&answer),
                Err(error) => error.to_string(),
            };
            if Instant::now() + pause > until {
                return Err(ToolError::NoAnswer(missing));
            }
            self.pause(pause).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        body: &Bytes,
    ) -> Result<Request<Bytes>, ToolError> {
        let mut builder = Request::builder().method(method).uri(path);
        if method == Method::POST {
            builder = builder
                .header(header::CONTENT_TYPE, "application/json")
                .header("idempotency-key", &self.key);
        }
        builder
            .body(body.clone())
            .map_err(|error| ToolError::Arguments(error.to_string()))
    }
}

fn read<R: DeserializeOwned>(answer: &Response<Bytes>) -> Result<R, ToolError> {
    let body = answer.body();
    if !answer.status().is_success() {
        return Err(match serde_json::from_slice::<Problem>(body) {
            Ok(problem) => ToolError::Problem(problem),
            Err(_) => ToolError::Odd(format!("{} without an explanation", answer.status())),
        });
    }
    let body: &[u8] = if body.is_empty() { b"null" } else { body };
    serde_json::from_slice(body).map_err(|error| ToolError::Odd(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn a_key_is_a_uuid_of_connection_and_call() {
        assert_eq!(key("a", "1"), key("a", "1"));
        assert_ne!(key("a", "1"), key("a", "2"));
        assert_ne!(key("a", "1"), key("b", "1"));
        assert!(uuid::Uuid::parse_str(&key("a", "1")).is_ok());
    }
}
