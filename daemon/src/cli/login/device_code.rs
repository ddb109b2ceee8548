//! A login at an OIDC provider in any browser, by a code that the person compares
//! (RFC 8628): the command line itself needs none.

use crate::auth::jwks::remote::Remote;
use crate::cli::client::Client;
use crate::cli::client::kept::{Kept, Renewal, form, granted};
use crate::cli::failure::Failure;
use crate::cli::output;
use orchestra_protocol::auth::ClientConfig;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Seconds between two questions when the provider does not say, and what is added when
/// it says that they come too fast.
const PAUSE_S: u64 = 5;
/// Longest that a code is waited for, whatever the provider says.
const LONGEST_S: u64 = 1800;

/// Waits until somebody has logged in with the code shown.
///
/// # Errors
/// When the provider has no such login, refuses, or the code runs out.
pub(super) async fn log_in(
    client: &Client,
    url: &str,
    config: &ClientConfig,
) -> Result<Kept, Failure> {
    let issuer = config.issuer.as_deref().unwrap_or_default();
    let client_id = config.cli_client_id.as_deref().unwrap_or_default();
    if client_id.is_empty() {
        let text = format!(
            "{url} names no client for the command line; its admin sets auth.cli_client_id"
        );
        return Err(Failure::Failed(text));
    }
    let failed = |error: crate::auth::jwks::remote::FetchError| Failure::Failed(error.to_string());
    let document = Remote::new(issuer)
        .map_err(failed)?
        .discover()
        .await
        .map_err(failed)?;
    let endpoint = |name: &str| {
        document[name].as_str().map(str::to_owned).ok_or_else(|| {
            Failure::Failed(format!(
                "the login provider {issuer} does not offer a login by code ({name}); use --token-file"
            ))
        })
    };
    let (begin, tokens) = (
        endpoint("device_authorization_endpoint")?,
        endpoint("token_endpoint")?,
    );
    let audience = config.audience.as_deref().unwrap_or_default();
    let pairs = [
        ("client_id", client_id),
        ("scope", "openid profile offline_access"),
        ("audience", audience),
    ];
    let (status, offer) = form(client, &begin, &pairs).await?;
    if !status.is_success() {
        return Err(no(&offer));
    }
    show(&offer)?;
    let answer = wait(client, &tokens, client_id, &offer).await?;
    let (access_token, expires_at) = granted(&answer)?;
    Ok(Kept {
        url: url.to_owned(),
        access_token,
        expires_at,
        renewal: match answer["refresh_token"].as_str() {
            Some(token) => Renewal::Refresh {
                endpoint: tokens,
                client_id: client_id.to_owned(),
                token: token.to_owned(),
            },
            None => Renewal::Nothing,
        },
    })
}

/// Where to go and which code to compare. On stderr: stdout may be a script's.
fn show(offer: &Value) -> Result<(), Failure> {
    let text = |name: &str| offer[name].as_str().map(output::plain);
    let whole = text("verification_uri_complete").or_else(|| text("verification_uri"));
    let (Some(page), Some(code)) = (whole, text("user_code")) else {
        return Err(no(offer));
    };
    output::note(&format!("Open this in any browser: {page}"));
    output::note(&format!("It has to show, or asks for, the code {code}"));
    Ok(())
}

async fn wait(
    client: &Client,
    tokens: &str,
    client_id: &str,
    offer: &Value,
) -> Result<Value, Failure> {
    let number = |name: &str| offer[name].as_u64();
    let mut pause = number("interval").unwrap_or(PAUSE_S).clamp(1, 60);
    let life = number("expires_in").unwrap_or(LONGEST_S).min(LONGEST_S);
    let end = Instant::now() + Duration::from_secs(life);
    let pairs = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        (
            "device_code",
            offer["device_code"].as_str().unwrap_or_default(),
        ),
        ("client_id", client_id),
    ];
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_secs(pause)).await;
        let (status, answer) = form(client, tokens, &pairs).await?;
        match answer["error"].as_str() {
            None if status.is_success() => return Ok(answer),
            Some("authorization_pending") => {}
            Some("slow_down") => pause += PAUSE_S,
            Some("expired_token") => break,
            _ => return Err(no(&answer)),
        }
    }
    Err(Failure::Failed("the code has run out; begin again".into()))
}

fn no(answer: &Value) -> Failure {
    let said = ["error_description", "error"]
        .iter()
        .find_map(|name| answer[*name].as_str())
        .unwrap_or("no reason was given");
    let said: String = output::plain(said).chars().take(300).collect();
    Failure::Failed(format!("the login provider refuses: {said}"))
}
