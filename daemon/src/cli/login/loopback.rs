//! A login at an OIDC provider in a browser on this machine: code and PKCE, and a way back
//! to a port on loopback that serves this one answer (RFC 8252).

use super::provider::{Provider, SCOPE, no};
use crate::auth::secret::random_text;
use crate::cli::client::Client;
use crate::cli::client::kept::{Kept, form};
use crate::cli::failure::Failure;
use crate::cli::{browser, output};
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

/// Longest that the browser is waited for.
const LONGEST: Duration = Duration::from_secs(600);
/// Longest that the answer to the browser may take once it is known.
const FAREWELL: Duration = Duration::from_secs(2);
/// Where the provider sends the browser.
const PATH: &str = "/callback";

/// What comes back is only for one login: this one.
struct Expected {
    host: String,
    state: String,
    /// The provider's name, when it says it with each answer.
    issuer: Option<String>,
    answers: mpsc::Sender<Result<String, Value>>,
}

/// Waits until the browser comes back from the provider.
///
/// # Errors
/// When the port is taken, the provider refuses, or nobody comes.
pub(super) async fn log_in(
    client: &Client,
    url: &str,
    provider: &Provider,
    port: Option<u16>,
    folder: &Path,
) -> Result<Kept, Failure> {
    let begin = provider.endpoint("authorization_endpoint")?;
    let begin = crate::auth::jwks::remote::address(begin)
        .map_err(|error| Failure::Failed(error.to_string()))?;
    let listener = listen(port.unwrap_or_default()).await?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::local("cannot tell the port", &error))?;
    let (state, verifier) = (random_text(), random_text());
    let back = format!("http://{address}{PATH}");
    let page = page(begin, provider, &back, &state, &verifier);
    if !browser::open(folder, page.as_str())? {
        output::note(&format!("Open this in a browser on this machine: {page}"));
    }
    output::note("Waiting for you to log in there. Without a browser here: orchestra login --code");
    let (answers, mut heard) = mpsc::channel(1);
    let expected = Expected {
        host: address.to_string(),
        state,
        issuer: provider.signs_answers().then(|| provider.issuer.clone()),
        answers,
    };
    let answer = serve(listener, expected, &mut heard).await?;
    let code = answer.map_err(|refusal| no(&refusal))?;
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", &provider.client_id),
        ("code", &code),
        ("code_verifier", &verifier),
        ("redirect_uri", &back),
    ];
    let (status, answer) = form(client, provider.endpoint("token_endpoint")?, &pairs).await?;
    if !status.is_success() {
        return Err(no(&answer));
    }
    provider.kept(url, &answer)
}

async fn listen(port: u16) -> Result<TcpListener, Failure> {
    let taken = |error: std::io::Error| {
        let text = format!(
            "cannot wait for the browser on 127.0.0.1, port {port}: {error}; end what uses it, or log in with --code"
        );
        Failure::Failed(text)
    };
    TcpListener::bind(("127.0.0.1", port)).await.map_err(taken)
}

/// The provider's page for this login. Nothing in it opens anything without the verifier.
fn page(begin: Url, provider: &Provider, back: &str, state: &str, verifier: &str) -> Url {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let mut page = begin;
    page.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", &provider.client_id),
        ("redirect_uri", back),
        ("scope", SCOPE),
        ("audience", &provider.audience),
        ("state", state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    page
}

/// Serves the way back until it was taken once.
async fn serve(
    listener: TcpListener,
    expected: Expected,
    heard: &mut mpsc::Receiver<Result<String, Value>>,
) -> Result<Result<String, Value>, Failure> {
    let router = Router::new()
        .route(PATH, get(callback))
        .with_state(Arc::new(expected));
    let (done, over) = oneshot::channel::<()>();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async {
        // Dropped or sent: it is over.
        let _ = over.await;
    });
    let mut serving = std::pin::pin!(serving.into_future());
    let answer = tokio::select! {
        answer = heard.recv() => answer,
        ended = &mut serving => {
            ended.map_err(|error| Failure::local("cannot wait for the browser", &error))?;
            None
        }
        () = tokio::time::sleep(LONGEST) => None,
    };
    // The browser gets its page; a connection that it holds open for later is not waited for.
    drop(done);
    let _ = tokio::time::timeout(FAREWELL, serving).await;
    answer.ok_or_else(|| Failure::Failed("nobody logged in; begin again".into()))
}

async fn callback(
    State(expected): State<Arc<Expected>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let host = headers.get(header::HOST).map(HeaderValue::as_bytes);
    if host != Some(expected.host.as_bytes()) {
        return told(
            StatusCode::MISDIRECTED_REQUEST,
            "This address is for a login only.",
        );
    }
    let strange = "This is not the login that the command line waits for. It still waits.";
    let Some(answer) = expected.read(query.as_deref().unwrap_or_default()) else {
        return told(StatusCode::BAD_REQUEST, strange);
    };
    match expected.answers.try_send(answer) {
        Ok(()) => told(
            StatusCode::OK,
            "Go back to the terminal: it says whether you are logged in. You can close this page.",
        ),
        Err(_) => told(StatusCode::GONE, "This login has come back before."),
    }
}

impl Expected {
    /// The code, or the provider's refusal; none when it is no answer to this login.
    fn read(&self, query: &str) -> Option<Result<String, Value>> {
        let mut url = Url::parse("http://127.0.0.1/").ok()?;
        url.set_query(Some(query));
        let mut values = BTreeMap::new();
        for (name, value) in url.query_pairs() {
            // Of two values, one would be somebody else's.
            if values
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return None;
            }
        }
        let state = values.get("state")?;
        if !bool::from(state.as_bytes().ct_eq(self.state.as_bytes())) {
            return None;
        }
        if self.issuer.is_some() && self.issuer.as_ref() != values.get("iss") {
            return None;
        }
        if let Some(error) = values.get("error") {
            let said = values.get("error_description").unwrap_or(error);
            return Some(Err(json!({ "error": said })));
        }
        values.remove("code").map(Ok)
    }
}

/// A page without anything but text; its address holds the code and goes nowhere from it.
fn told(status: StatusCode, text: &str) -> Response {
    let kinds = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let body =
        format!("<!doctype html><meta charset=\"utf-8\"><title>Orchestra</title><p>{text}\n");
    (status, kinds, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_this_login_counts() {
        let (answers, _heard) = mpsc::channel(1);
        let mut expected = Expected {
            host: "127.0.0.1:1".into(),
            state: "mine".into(),
            issuer: None,
            answers,
        };
        assert_eq!(
            expected.read("code=c%2B1&state=mine"),
            Some(Ok("c+1".into()))
        );
        for other in [
            "",
            "code=c",
            "code=c&state=",
            "code=c&state=minE",
            "state=mine",
        ] {
            assert_eq!(expected.read(other), None, "{other}");
        }
        assert_eq!(expected.read("code=c&code=d&state=mine"), None);
        assert_eq!(expected.read("code=c&state=theirs&state=mine"), None);
        let refused = expected.read("error=access_denied&error_description=no&state=mine");
        assert_eq!(refused, Some(Err(json!({"error": "no"}))));
        assert_eq!(expected.read("error=access_denied"), None);
        expected.issuer = Some("https://issuer.example".into());
        assert_eq!(expected.read("code=c&state=mine"), None);
        let named = "code=c&state=mine&iss=https%3A%2F%2Fissuer.example";
        assert_eq!(expected.read(named), Some(Ok("c".into())));
        assert_eq!(expected.read(&format!("{named}.evil")), None);
    }
}
