//! A login at an OIDC provider in any browser, by a code that the person compares
//! (RFC 8628): the command line itself needs none.

use super::provider::{Provider, SCOPE, no};
use crate::cli::client::Client;
use crate::cli::client::kept::{Kept, form};
use crate::cli::failure::Failure;
use crate::cli::output;
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
    provider: &Provider,
) -> Result<Kept, Failure> {
    let begin = provider.endpoint("device_authorization_endpoint")?;
    let pairs = [
        ("client_id", provider.client_id.as_str()),
        ("scope", SCOPE),
        ("audience", &provider.audience),
    ];
    let (status, offer) = form(client, begin, &pairs).await?;
    if !status.is_success() {
        return Err(no(&offer));
    }
    show(&offer)?;
    let answer = wait(client, provider, &offer).await?;
    provider.kept(url, &answer)
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

async fn wait(client: &Client, provider: &Provider, offer: &Value) -> Result<Value, Failure> {
    let tokens = provider.endpoint("token_endpoint")?;
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
        ("client_id", &provider.client_id),
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
