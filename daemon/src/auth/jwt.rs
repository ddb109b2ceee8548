//! Checks an access token: form and header before any key is looked at, then the
//! signature with the one algorithm of the key, then the claims.

use super::issuer::MAX_LIFE;
use super::jwks::{Jwks, KeyError};
use super::permission::Permissions;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use orchestra_protocol::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Longest token, in bytes.
const MAX_TOKEN: usize = 8 * 1024;
/// How far clocks may differ, in seconds.
const LEEWAY: u64 = 10;
/// Longest subject, in bytes.
const MAX_SUBJECT: usize = 255;

/// Why a token is refused. The caller hears only "401"; the code is for the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("too_long")]
    TooLong,
    #[error("malformed")]
    Malformed,
    #[error("algorithm")]
    Algorithm,
    #[error("kind")]
    Kind,
    #[error("critical")]
    Critical,
    #[error("unknown_key")]
    UnknownKey,
    #[error("keys_unavailable")]
    KeysUnavailable,
    #[error("signature")]
    Signature,
    #[error("expired")]
    Expired,
    #[error("not_yet")]
    NotYet,
    #[error("lifetime")]
    Lifetime,
    #[error("issuer")]
    Issuer,
    #[error("audience")]
    Audience,
    #[error("client")]
    Client,
    #[error("subject")]
    Subject,
    #[error("claims")]
    Claims,
}

/// What a good token says.
#[derive(Debug, Clone)]
pub struct Verified {
    pub subject: String,
    pub name: Option<String>,
    pub permissions: Permissions,
    pub token_id: Option<String>,
    pub device_id: Option<String>,
    pub expires_at: Timestamp,
}

/// One issuer and what it must say.
pub struct Verifier {
    pub issuer: String,
    pub audience: String,
    /// Clients whose tokens are taken; empty: those of any client of the audience.
    pub clients: Vec<String>,
    pub keys: Jwks,
}

/// The claims, typed strictly: a date that is text, or an issuer that is a list, is
/// refused here even where a library would look past it.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: f64,
    iat: Option<f64>,
    #[serde(rename = "nbf")]
    _not_before: Option<f64>,
    name: Option<String>,
    jti: Option<String>,
    azp: Option<String>,
    client_id: Option<String>,
    device: Option<String>,
    permissions: Option<Vec<String>>,
    scope: Option<String>,
    /// These two are in ID tokens, which are not for us.
    at_hash: Option<Value>,
    c_hash: Option<Value>,
}

impl Verifier {
    /// Checks a token.
    ///
    /// # Errors
    /// Says which check failed.
    pub async fn verify(&self, token: &str) -> Result<Verified, TokenError> {
        let (algorithm, kid) = header(token)?;
        let key = self.keys.get(&kid).await.map_err(|error| match error {
            KeyError::Unknown => TokenError::UnknownKey,
            KeyError::Unavailable => TokenError::KeysUnavailable,
        })?;
        if key.algorithm != algorithm {
            return Err(TokenError::Algorithm);
        }
        let mut validation = Validation::new(key.algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let decoded = jsonwebtoken::decode::<Claims>(token, &key.key, &validation)
            .map_err(|error| reason(error.kind()))?;
        self.claims(token, decoded.claims)
    }

    fn claims(&self, token: &str, claims: Claims) -> Result<Verified, TokenError> {
        let now = Timestamp::now().0 as f64 / 1000.0;
        let leeway = LEEWAY as f64;
        if claims.iss != self.issuer {
            return Err(TokenError::Issuer);
        }
        if claims.sub.is_empty()
            || claims.sub.len() > MAX_SUBJECT
            || claims.sub.chars().any(char::is_control)
        {
            return Err(TokenError::Subject);
        }
        if claims.iat.is_some_and(|issued| issued > now + leeway) {
            return Err(TokenError::NotYet);
        }
        let client = claims.azp.as_ref().or(claims.client_id.as_ref());
        if !self.clients.is_empty() && !client.is_some_and(|client| self.clients.contains(client)) {
            return Err(TokenError::Client);
        }
        let life = claims.exp - claims.iat.unwrap_or(now);
        if !(0.0..=MAX_LIFE.as_secs_f64() + leeway).contains(&life) {
            return Err(TokenError::Lifetime);
        }
        if claims.at_hash.is_some() || claims.c_hash.is_some() {
            return Err(TokenError::Kind);
        }
        let permissions = match (&claims.permissions, &claims.scope) {
            (Some(names), _) => Permissions::of_names(names.iter().map(String::as_str)),
            (None, Some(scope)) => Permissions::of_names(scope.split(' ')),
            (None, None) => Permissions::NONE,
        };
        #[expect(clippy::cast_possible_truncation, reason = "at most a day from now")]
        let expires_at = Timestamp((claims.exp * 1000.0) as i64);
        Ok(Verified {
            subject: claims.sub,
            name: claims.name,
            permissions,
            token_id: Some(claims.jti.unwrap_or_else(|| super::secret::digest(token))),
            device_id: claims.device,
            expires_at,
        })
    }
}

/// Three parts of base64url; a header with an algorithm and a kind of ours and a key id.
/// `jku`, `x5u`, `jwk` and `x5c` are ignored: keys come from the issuer alone.
///
/// # Errors
/// Says what is wrong with the form or the header; nothing was looked up yet.
pub fn header(token: &str) -> Result<(Algorithm, String), TokenError> {
    if token.len() > MAX_TOKEN {
        return Err(TokenError::TooLong);
    }
    let parts: Vec<&str> = token.split('.').collect();
    let good = |part: &&str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    // An empty third part is a missing signature, not a form of its own.
    if parts.len() != 3 || !parts[..2].iter().all(good) || !(parts[2].is_empty() || good(&parts[2]))
    {
        return Err(TokenError::Malformed);
    }
    let bytes = URL_SAFE_NO_PAD
        .decode(parts[0])
        .map_err(|_| TokenError::Malformed)?;
    let header: Map<String, Value> =
        serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    let algorithm = match text("alg") {
        Some("RS256") => Algorithm::RS256,
        Some("ES256") => Algorithm::ES256,
        Some("EdDSA") => Algorithm::EdDSA,
        _ => return Err(TokenError::Algorithm),
    };
    if ["crit", "b64", "enc", "zip"]
        .iter()
        .any(|name| header.contains_key(*name))
    {
        return Err(TokenError::Critical);
    }
    let kind = text("typ").unwrap_or_default();
    if !kind.eq_ignore_ascii_case("jwt") && !kind.eq_ignore_ascii_case("at+jwt") {
        return Err(TokenError::Kind);
    }
    let kid = text("kid").filter(|kid| (1..=256).contains(&kid.len()));
    Ok((algorithm, kid.ok_or(TokenError::UnknownKey)?.to_owned()))
}

fn reason(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::NotYet,
        ErrorKind::InvalidIssuer => TokenError::Issuer,
        ErrorKind::InvalidAudience => TokenError::Audience,
        _ => TokenError::Claims,
    }
}
