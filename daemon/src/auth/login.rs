//! Local login: a one-time secret makes a device, a device renews by signing.

use super::secret::{digest, random_text};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use orchestra_protocol::auth::{Challenge, DeviceKey};
use orchestra_protocol::time::Timestamp;
use parking_lot::Mutex;
use sha2::Sha256;
use std::collections::HashMap;

/// Life of a login link, in milliseconds.
const SECRET_LIFE: i64 = 300_000;
/// Links that may be open at once; the oldest gives way.
const MAX_SECRETS: usize = 32;
/// Life of a challenge, in milliseconds.
const CHALLENGE_LIFE: i64 = 60_000;

/// Open login links and answered challenges.
///
/// A challenge carries its own proof, so that asking for one, which needs no login,
/// takes no memory; only answered ones are remembered, until they end.
pub struct Logins {
    secrets: Mutex<HashMap<String, Waiting>>,
    key: [u8; 32],
    answered: Mutex<HashMap<String, i64>>,
}

struct Waiting {
    subject: String,
    expires_at: i64,
}

impl Default for Logins {
    fn default() -> Self {
        Self {
            secrets: Mutex::default(),
            key: rand::random(),
            answered: Mutex::default(),
        }
    }
}

impl Logins {
    /// A secret that logs `subject` in once.
    pub fn secret(&self, subject: &str) -> (String, Timestamp) {
        let now = Timestamp::now().0;
        let text = random_text();
        let mut secrets = self.secrets.lock();
        secrets.retain(|_, waiting| now < waiting.expires_at);
        while secrets.len() >= MAX_SECRETS {
            let oldest = secrets.iter().min_by_key(|(_, waiting)| waiting.expires_at);
            let Some(oldest) = oldest.map(|(hash, _)| hash.clone()) else {
                break;
            };
            secrets.remove(&oldest);
        }
        let expires_at = now + SECRET_LIFE;
        let waiting = Waiting {
            subject: subject.to_owned(),
            expires_at,
        };
        secrets.insert(digest(&text), waiting);
        (text, Timestamp(expires_at))
    }

    /// Uses a secret up and says whom it logs in.
    pub fn take(&self, secret: &str) -> Option<String> {
        let waiting = self.secrets.lock().remove(&digest(secret))?;
        (Timestamp::now().0 < waiting.expires_at).then_some(waiting.subject)
    }

    /// Something fresh for a device to sign; the same for devices that do not exist.
    pub fn challenge(&self, device: &str) -> Challenge {
        let expires_at = Timestamp::now().0 + CHALLENGE_LIFE;
        let head = format!("{expires_at}.{}", random_text());
        Challenge {
            challenge: format!("{head}.{}", self.proof(device, &head)),
            expires_at: Timestamp(expires_at),
        }
    }

    /// True when the challenge was made here for that device, is fresh and was not
    /// answered yet.
    pub fn fresh(&self, device: &str, challenge: &str) -> bool {
        let Some((head, proof)) = challenge.rsplit_once('.') else {
            return false;
        };
        let ours =
            subtle::ConstantTimeEq::ct_eq(proof.as_bytes(), self.proof(device, head).as_bytes());
        let expires_at = head
            .split('.')
            .next()
            .and_then(|text| text.parse::<i64>().ok());
        bool::from(ours)
            && expires_at.is_some_and(|end| Timestamp::now().0 < end)
            && !self.answered.lock().contains_key(&digest(challenge))
    }

    /// Notes that a challenge was answered; false when another call was faster.
    pub fn answer(&self, challenge: &str) -> bool {
        let now = Timestamp::now().0;
        let mut answered = self.answered.lock();
        answered.retain(|_, end| now < *end);
        answered
            .insert(digest(challenge), now + CHALLENGE_LIFE)
            .is_none()
    }

    fn proof(&self, device: &str, head: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            unreachable!("any length is a key")
        };
        mac.update(device.as_bytes());
        mac.update(&[0]);
        mac.update(head.as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

/// The point of a device's key, when it is one on P-256.
pub fn point(key: &DeviceKey) -> Option<Vec<u8>> {
    let side = |text: &str| {
        URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .filter(|bytes| bytes.len() == 32)
    };
    if key.kty != "EC" || key.crv != "P-256" {
        return None;
    }
    let mut point = vec![4];
    point.extend(side(&key.x)?);
    point.extend(side(&key.y)?);
    aws_lc_rs::signature::ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).ok()?;
    Some(point)
}

/// True when `signature` (base64url, 64 bytes) is the key's over `message`.
pub fn signed(key: &DeviceKey, message: &str, signature: &str) -> bool {
    let (Some(point), Ok(signature)) = (point(key), URL_SAFE_NO_PAD.decode(signature)) else {
        return false;
    };
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(message.as_bytes(), &signature)
        .is_ok()
}
