//! How every command talks to the daemon: over its Unix socket on this machine, or over
//! TCP with a token file. Tokens come from files or from the daemon, never from argv.

pub mod kept;
pub mod socket;
pub mod sse;
pub mod unix;

use super::failure::Failure;
use axum::http::{Method, Request, StatusCode, header};
use bytes::{Bytes, BytesMut};
use orchestra_protocol::auth::{MintRequest, TokenAnswer};
use orchestra_protocol::event::Page;
use orchestra_protocol::problem::Problem;
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one answer may take unless the call says otherwise.
const PATIENCE: Duration = Duration::from_secs(60);
/// Life of the token a command gets for itself; it asks again when it needs longer.
const TTL_S: u64 = 300;
/// A JWT has at most 8 KiB; anything larger is the wrong file.
const MAX_TOKEN: u64 = 16 * 1024;

/// Where the daemon is.
#[derive(Debug, Clone)]
pub enum Target {
    Socket(PathBuf),
    Url { base: String, http: reqwest::Client },
}

/// What proves who calls.
#[derive(Debug)]
pub enum Credential {
    /// Routes that are open, and those that the Unix socket itself guards.
    None,
    /// A file that holds a token and nothing else; read anew for each request.
    File(PathBuf),
    /// A login that `orchestra login` made, renewed as it ends.
    Kept(kept::Place),
    /// A short-lived token from the daemon, which knows its own user by the socket.
    Local(Mutex<Option<SecretString>>),
}

/// A connection to one daemon; requests may run side by side.
#[derive(Debug)]
pub struct Client {
    pub target: Target,
    credential: Credential,
}

/// One request to be sent.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub body: Bytes,
    /// Header lines beside those of every request.
    pub headers: Vec<(&'static str, String)>,
    pub patience: Duration,
}

/// The rest of an answer.
pub enum Body {
    Unix(Box<unix::Body>),
    Url(Box<reqwest::Response>),
}

impl Call {
    /// A request without a body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: Bytes::new(),
            headers: Vec::new(),
            patience: PATIENCE,
        }
    }

    /// With a JSON body.
    ///
    /// # Errors
    /// When the value has no JSON form.
    pub fn json(mut self, body: &impl Serialize) -> Result<Self, Failure> {
        let bytes = serde_json::to_vec(body)
            .map_err(|error| Failure::local("cannot write the request", &error))?;
        self.body = bytes.into();
        Ok(self)
    }

    /// With one more header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With another limit on the time until the head of the answer.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

impl Client {
    /// A client; nothing is sent yet.
    pub fn new(target: Target, credential: Credential) -> Self {
        Self { target, credential }
    }

    /// `GET`, read as `T`.
    ///
    /// # Errors
    /// When the daemon is not reachable or refuses.
    pub async fn get<T: DeserializeOwned>(&self, path: impl Into<String>) -> Result<T, Failure> {
        self.fetch(Call::new(Method::GET, path)).await
    }

    /// All pages of a list.
    ///
    /// # Errors
    /// When the daemon is not reachable or refuses.
    pub async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Failure> {
        let mut page: Page<T> = self.get(path).await?;
        let mut items = std::mem::take(&mut page.items);
        while let Some(cursor) = page.next_cursor {
            let join = if path.contains('?') { '&' } else { '?' };
            page = self.get(format!("{path}{join}cursor={cursor}")).await?;
            items.append(&mut page.items);
        }
        Ok(items)
    }

    /// `POST` with a JSON body, read as `T`.
    ///
    /// # Errors
    /// When the daemon is not reachable or refuses.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: impl Into<String>,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        self.fetch(Call::new(Method::POST, path).json(body)?).await
    }

    /// Sends a call and reads the answer as `T`; an empty answer reads as `null`.
    ///
    /// # Errors
    /// When the daemon is not reachable or refuses.
    pub async fn fetch<T: DeserializeOwned>(&self, call: Call) -> Result<T, Failure> {
        let path = call.path.clone();
        let mut body = self.open(call).await?;
        let bytes = self.read(&mut body).await?;
        let bytes: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        serde_json::from_slice(bytes).map_err(|error| {
            Failure::local(
                &format!(
                    "cannot understand the answer of {path}; is the daemon of another version?"
                ),
                &error,
            )
        })
    }

    /// Sends a call; the body of a good answer is still to be read.
    ///
    /// # Errors
    /// When the daemon is not reachable or refuses.
    pub async fn open(&self, call: Call) -> Result<Body, Failure> {
        let (status, body) = self.authorized(&call).await?;
        self.accept(status, body).await
    }

    /// Sends a call with the credential and reads the whole answer, good or not.
    ///
    /// # Errors
    /// When the daemon is not reachable, or gives no token.
    pub async fn exchange(&self, call: &Call) -> Result<(StatusCode, Bytes), Failure> {
        let (status, mut body) = self.authorized(call).await?;
        Ok((status, self.read(&mut body).await?))
    }

    async fn authorized(&self, call: &Call) -> Result<(StatusCode, Body), Failure> {
        let token = self.token().await?;
        let (status, body) = self.send(call, token.as_ref()).await?;
        let Credential::Local(kept) = &self.credential else {
            return Ok((status, body));
        };
        if status != StatusCode::UNAUTHORIZED {
            return Ok((status, body));
        }
        // A long command outlives its token.
        *kept.lock() = None;
        let token = self.token().await?;
        self.send(call, token.as_ref()).await
    }

    /// Sends one request as it is: status and the body to be read.
    ///
    /// # Errors
    /// When the daemon is not reachable.
    pub async fn send(
        &self,
        call: &Call,
        token: Option<&SecretString>,
    ) -> Result<(StatusCode, Body), Failure> {
        let sent = async {
            match &self.target {
                Target::Socket(socket) => {
                    let request = request(call, &call.path, token)?;
                    let (parts, body) = unix::send(socket, request)
                        .await
                        .map_err(|error| self.unreachable(&error))?;
                    Ok((parts.status, Body::Unix(Box::new(body))))
                }
                Target::Url { base, http } => {
                    let request = request(call, &format!("{base}{}", call.path), token)?;
                    let request = reqwest::Request::try_from(request)
                        .map_err(|error| Failure::Usage(format!("--url is not usable: {error}")))?;
                    let answer = http
                        .execute(request)
                        .await
                        .map_err(|error| self.unreachable(&error))?;
                    Ok((answer.status(), Body::Url(Box::new(answer))))
                }
            }
        };
        tokio::time::timeout(call.patience, sent)
            .await
            .unwrap_or_else(|_| Err(self.unreachable(&"no answer came in time")))
    }

    /// The token for the next request.
    ///
    /// # Errors
    /// When the file cannot be read or the daemon mints none.
    pub async fn token(&self) -> Result<Option<SecretString>, Failure> {
        match &self.credential {
            Credential::None => Ok(None),
            Credential::File(path) => read_token(path).map(Some),
            Credential::Kept(place) => Box::pin(place.token(self)).await.map(Some),
            Credential::Local(kept) => {
                let known = kept.lock().clone();
                if known.is_some() {
                    return Ok(known);
                }
                let token = self.mint("admin", None, TTL_S).await?.access_token;
                let token = SecretString::from(token);
                *kept.lock() = Some(token.clone());
                Ok(Some(token))
            }
        }
    }

    /// Asks the daemon for a token; it answers only over the Unix socket, and decides.
    ///
    /// # Errors
    /// When the daemon is not reachable or refuses.
    pub async fn mint(
        &self,
        role: &str,
        sub: Option<String>,
        ttl_s: u64,
    ) -> Result<TokenAnswer, Failure> {
        let role = role.to_owned();
        let ttl_s = Some(ttl_s);
        let call =
            Call::new(Method::POST, "/api/local/token").json(&MintRequest { role, sub, ttl_s })?;
        self.plain(&call).await
    }

    /// Sends a call without a credential, whatever this client has, and reads the answer.
    ///
    /// # Errors
    /// When the daemon is not reachable or refuses.
    pub async fn plain<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Failure> {
        let (status, body) = self.send(call, None).await?;
        let mut body = self.accept(status, body).await?;
        let bytes = self.read(&mut body).await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Failure::local(&format!("cannot read the answer of {}", call.path), &error)
        })
    }

    /// Reads all of a body.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn read(&self, body: &mut Body) -> Result<Bytes, Failure> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.chunk(body).await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }

    /// The next piece of a body; none at its end.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn chunk(&self, body: &mut Body) -> Result<Option<Bytes>, Failure> {
        match body {
            Body::Unix(body) => body.chunk().await.map_err(|error| self.unreachable(&error)),
            Body::Url(answer) => answer
                .chunk()
                .await
                .map_err(|error| self.unreachable(&error)),
        }
    }

    async fn accept(&self, status: StatusCode, mut body: Body) -> Result<Body, Failure> {
        if status.is_success() {
            return Ok(body);
        }
        let bytes = self.read(&mut body).await?;
        Err(Failure::Problem(problem(status, &bytes)))
    }

    fn unreachable(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::Unreachable(match &self.target {
            Target::Socket(socket) => format!(
                "the daemon is not reachable at {}: {error}. Start it with: orchestra up",
                socket.display()
            ),
            Target::Url { base, .. } => {
                format!(
                    "the daemon is not reachable at {base}: {error}. Check --url, and that it runs"
                )
            }
        })
    }
}

/// The problem in an answer, or one made of its status when a proxy answered instead.
pub fn problem(status: StatusCode, bytes: &[u8]) -> Problem {
    serde_json::from_slice(bytes).unwrap_or_else(|_| {
        let detail = format!(
            "The answer was {status} without an explanation; is this really an Orchestra daemon?"
        );
        Problem::new(status.as_u16(), "unexplained", "Unexplained answer", detail)
    })
}

/// Reads a token file, and refuses one that others may read.
///
/// # Errors
/// When it is missing, open to others, or no token.
pub fn read_token(path: &Path) -> Result<SecretString, Failure> {
    let shown = path.display();
    let usage = |text: String| Err(Failure::Usage(text));
    let meta = match std::fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) => return usage(format!("cannot read the token file {shown}: {error}")),
    };
    if meta.mode() & 0o077 != 0 {
        return usage(format!(
            "others may read the token file; run: chmod 600 '{shown}'"
        ));
    }
    if meta.len() > MAX_TOKEN {
        return usage(format!("{shown} is too large to be a token file"));
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(SecretString::from(text.trim())),
        Err(error) => usage(format!("cannot read the token file {shown}: {error}")),
    }
}

fn request(
    call: &Call,
    uri: &str,
    token: Option<&SecretString>,
) -> Result<Request<Bytes>, Failure> {
    let mut builder = Request::builder().method(&call.method).uri(uri);
    if !call.body.is_empty() {
        builder = builder.header(header::CONTENT_TYPE, "application/json");
    }
    for (name, value) in &call.headers {
        builder = builder.header(*name, value);
    }
    if let Some(token) = token {
        builder = builder.header(
            header::AUTHORIZATION,
            format!("Bearer {}", token.expose_secret()),
        );
    }
    builder
        .body(call.body.clone())
        .map_err(|error| Failure::local("cannot write the request", &error))
}
