//! RFC 8292: who sends. One key for this daemon, made once; a push service takes messages
//! for a browser only from the key that the browser subscribed with.

use crate::auth::secret::{KeyFileError, key_file};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use orchestra_protocol::time::Timestamp;
use serde_json::json;
use std::path::{Path, PathBuf};

/// How long a signed word is good; push services take at most a day.
const LIFE_S: i64 = 12 * 3600;

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum VapidError {
    #[error(transparent)]
    File(#[from] KeyFileError),
    #[error(
        "{0} is no key for web push; put the right one back from a backup, or remove it, and every \
         browser has to switch notifications on anew"
    )]
    Damaged(PathBuf),
}

/// The daemon's key and whom a push service may turn to.
pub struct Vapid {
    pair: EcdsaKeyPair,
    contact: String,
}

impl Vapid {
    /// Reads the key, or makes it.
    ///
    /// # Errors
    /// When the file cannot be used or is no key.
    pub fn open(path: &Path, contact: String) -> Result<Self, VapidError> {
        let make = || {
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .map(|document| document.as_ref().to_vec())
                .unwrap_or_default()
        };
        let bytes = key_file(path, make)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes)
            .map_err(|_| VapidError::Damaged(path.to_owned()))?;
        Ok(Self { pair, contact })
    }

    /// The public half, as a browser wants it.
    pub fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref())
    }

    /// The `Authorization` for messages to a push service, named by its origin; none when
    /// the machine has no randomness to sign with.
    pub fn authorization(&self, origin: &str) -> Option<String> {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(&json!({"typ": "JWT", "alg": "ES256"}));
        let claims = part(&json!({
            "aud": origin,
            "exp": Timestamp::now().0 / 1000 + LIFE_S,
            "sub": self.contact,
        }));
        let signed = format!("{head}.{claims}");
        let signature = self
            .pair
            .sign(&SystemRandom::new(), signed.as_bytes())
            .ok()?;
        let signature = URL_SAFE_NO_PAD.encode(signature.as_ref());
        Some(format!(
            "vapid t={signed}.{signature}, k={}",
            self.public_key()
        ))
    }
}
