//! A login that `orchestra login` keeps for one daemon: a 0600 file with a token and with
//! what renews it.

use super::{Call, Client, Target};
use crate::auth::secret::write_private;
use crate::cli::failure::Failure;
use crate::config::paths::{Paths, private_folder};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::http::{Method, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nix::fcntl::{Flock, FlockArg};
use orchestra_protocol::auth::{Challenge, ChallengeRequest, RenewRequest, TokenAnswer};
use orchestra_protocol::problem::Problem;
use orchestra_protocol::time::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A token is renewed this long before its end, in milliseconds.
const EARLY: i64 = 30_000;
/// How often a lock that another command holds is tried.
const RETRY: Duration = Duration::from_millis(50);
/// Life of an OIDC token whose answer does not say it, in seconds.
const UNSTATED_S: i64 = 300;

/// What is kept. It has no `Debug`: all of it is secret.
#[derive(Serialize, Deserialize)]
pub struct Kept {
    /// The daemon that it is for, as `--url` names it.
    pub url: String,
    pub access_token: String,
    pub expires_at: Timestamp,
    pub renewal: Renewal,
}

/// What a new token is got with.
#[derive(Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Renewal {
    /// The key of a device of a local account, PKCS #8 in base64.
    Device {
        id: String,
        key: String,
    },
    /// A refresh token of an OIDC provider.
    Refresh {
        endpoint: String,
        client_id: String,
        token: String,
    },
    Nothing,
}

/// Where a login is kept; cheap to clone.
#[derive(Debug, Clone)]
pub struct Place(PathBuf);

impl Place {
    /// Where the login at the daemon of that address is, or would be.
    pub fn of(paths: &Paths, url: &str) -> Self {
        let name: String = url
            .to_ascii_lowercase()
            .chars()
            .map(|letter| match letter {
                'a'..='z' | '0'..='9' | '.' | '-' => letter,
                _ => '_',
            })
            .take(120)
            .collect();
        Self(paths.config_dir.join("logins").join(name + ".json"))
    }

    /// The file itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads it.
    ///
    /// # Errors
    /// When there is none, others may read it, or it is damaged.
    pub fn read(&self, url: &str) -> Result<Kept, Failure> {
        let shown = self.0.display();
        let again = format!("orchestra login --url {url}");
        let text = match std::fs::read_to_string(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let text =
                    format!("you are not logged in at {url}; run: {again}, or give --token-file");
                return Err(refused("unauthenticated", text));
            }
            Err(error) => return Err(Failure::Usage(format!("cannot read {shown}: {error}"))),
        };
        let mode = std::fs::metadata(&self.0).map(|meta| meta.mode());
        if mode.is_ok_and(|mode| mode & 0o077 != 0) {
            let text = format!(
                "others may read {shown}; take it as known to them: orchestra logout, then {again}"
            );
            return Err(Failure::Usage(text));
        }
        let kept: Option<Kept> = serde_json::from_str(&text).ok();
        kept.filter(|kept| kept.url == url)
            .ok_or_else(|| Failure::Usage(format!("{shown} is damaged; run: {again}")))
    }

    /// Writes it, 0600 in a folder of 0700.
    ///
    /// # Errors
    /// When the file system refuses, or others may enter the folder.
    pub fn write(&self, kept: &Kept) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| {
            Failure::local(
                &format!("cannot keep the login in {}", self.0.display()),
                error,
            )
        };
        if let Some(folder) = self.0.parent() {
            private_folder(folder).map_err(|error| failed(&error))?;
        }
        let text = serde_json::to_vec_pretty(kept).map_err(|error| failed(&error))?;
        write_private(&self.0, &text).map_err(|error| failed(&error))
    }

    /// A token that is good for a while yet; asks for a new one when it has to.
    ///
    /// # Errors
    /// When there is no login, or it has ended.
    pub async fn token(&self, client: &Client) -> Result<SecretString, Failure> {
        let url = base(client)?;
        let fresh = |kept: &Kept| kept.expires_at.0 - EARLY > Timestamp::now().0;
        let kept = self.read(url)?;
        if fresh(&kept) {
            return Ok(kept.access_token.into());
        }
        // A refresh token works once: two commands must not both use it.
        let _lock = self.lock().await?;
        let mut kept = self.read(url)?;
        if !fresh(&kept) {
            renew(client, &mut kept).await?;
            self.write(&kept)?;
        }
        Ok(kept.access_token.into())
    }

    async fn lock(&self) -> Result<Flock<File>, Failure> {
        let path = self.0.with_extension("lock");
        let failed = |error: &dyn std::fmt::Display| Failure::local("cannot lock the login", error);
        let mut file = File::create(&path).map_err(|error| failed(&error))?;
        loop {
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(held) => return Ok(held),
                Err((back, nix::errno::Errno::EWOULDBLOCK)) => file = back,
                Err((_, error)) => return Err(failed(&error)),
            }
            tokio::time::sleep(RETRY).await;
        }
    }
}

async fn renew(client: &Client, kept: &mut Kept) -> Result<(), Failure> {
    let ended = |failure: Failure| match failure {
        Failure::Problem(problem) if problem.status == 401 => refused(
            "unauthenticated",
            format!(
                "your login at {0} has ended; run: orchestra login --url {0}",
                kept.url
            ),
        ),
        other => other,
    };
    match &mut kept.renewal {
        Renewal::Device { id, key } => {
            let answer = by_device(client, id, key).await.map_err(ended)?;
            (kept.access_token, kept.expires_at) = (answer.access_token, answer.expires_at);
        }
        Renewal::Refresh {
            endpoint,
            client_id,
            token,
        } => {
            let pairs = [
                ("grant_type", "refresh_token"),
                ("client_id", client_id),
                ("refresh_token", token),
            ];
            let (status, answer) = form(client, endpoint, &pairs).await?;
            if !status.is_success() {
                let over = Problem::new(401, "unauthenticated", "Logged out", "over");
                return Err(ended(Failure::Problem(over)));
            }
            if let Some(next) = answer["refresh_token"].as_str() {
                next.clone_into(token);
            }
            (kept.access_token, kept.expires_at) = granted(&answer)?;
        }
        Renewal::Nothing => {
            let over = Problem::new(401, "unauthenticated", "Logged out", "over");
            return Err(ended(Failure::Problem(over)));
        }
    }
    Ok(())
}

async fn by_device(client: &Client, id: &str, key: &str) -> Result<TokenAnswer, Failure> {
    let damaged = || Failure::Usage("the kept key is damaged; log in again".into());
    let bytes = URL_SAFE_NO_PAD.decode(key).map_err(|_| damaged())?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes)
        .map_err(|_| damaged())?;
    let device_id = id.to_owned();
    let asked = ChallengeRequest {
        device_id: device_id.clone(),
    };
    let call = Call::new(Method::POST, "/api/auth/challenge").json(&asked)?;
    let Challenge { challenge, .. } = client.plain(&call).await?;
    let signature = pair
        .sign(&SystemRandom::new(), challenge.as_bytes())
        .map_err(|_| damaged())?;
    let signed = RenewRequest {
        device_id,
        challenge,
        signature: URL_SAFE_NO_PAD.encode(signature.as_ref()),
    };
    let call = Call::new(Method::POST, "/api/auth/renew").json(&signed)?;
    client.plain(&call).await
}

/// The token and its end in the answer of an OIDC provider's token endpoint.
///
/// # Errors
/// When it holds no token.
pub fn granted(answer: &Value) -> Result<(String, Timestamp), Failure> {
    let token = answer["access_token"].as_str().ok_or_else(|| {
        Failure::Failed("the login provider's answer holds no access token".into())
    })?;
    let life = answer["expires_in"].as_i64().unwrap_or(UNSTATED_S);
    let end = Timestamp::now().0 + life.clamp(0, 86_400) * 1000;
    Ok((token.to_owned(), Timestamp(end)))
}

/// Posts a form to an OIDC provider; status and JSON of its answer.
///
/// # Errors
/// When the address is no https one, or nobody answers.
pub async fn form(
    client: &Client,
    endpoint: &str,
    pairs: &[(&str, &str)],
) -> Result<(StatusCode, Value), Failure> {
    let Target::Url { http, .. } = &client.target else {
        return Err(Failure::Usage("this needs --url".into()));
    };
    let url = crate::auth::jwks::remote::address(endpoint)
        .map_err(|error| Failure::Failed(error.to_string()))?;
    let mut body = url.clone();
    body.query_pairs_mut().clear().extend_pairs(pairs);
    let body = body.query().unwrap_or_default().to_owned();
    let unreachable = |error| Failure::Unreachable(format!("{url} does not answer: {error}"));
    let kind = "application/x-www-form-urlencoded";
    let request = http.post(url.clone()).header(header::CONTENT_TYPE, kind);
    let answer = request.body(body).send().await.map_err(unreachable)?;
    let status = answer.status();
    let bytes = answer.bytes().await.map_err(unreachable)?;
    Ok((status, serde_json::from_slice(&bytes).unwrap_or_default()))
}

/// The address that a client talks to.
///
/// # Errors
/// When it talks over the Unix socket.
pub fn base(client: &Client) -> Result<&str, Failure> {
    match &client.target {
        Target::Url { base, .. } => Ok(base),
        Target::Socket(_) => Err(Failure::Usage("this needs --url".into())),
    }
}

fn refused(code: &str, text: String) -> Failure {
    Failure::Problem(Problem::new(401, code, "Not logged in", text))
}
