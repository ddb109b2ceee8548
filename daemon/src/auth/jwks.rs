//! The keys that tokens are checked with. A set is fetched whole, outside any lock, by
//! one flight at a time; each set gets a cache of its own (`jwks_client_rs`), so that a
//! key which the issuer dropped is gone with its set.

pub mod remote;

use crate::supervise::Tasks;
use jsonwebtoken::{Algorithm, DecodingKey};
use jwks_client_rs::source::JwksSource;
use jwks_client_rs::{JsonWebKey, JsonWebKeySet, JwksClient, JwksClientError};
use parking_lot::{Mutex, RwLock};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// After this a set is fetched anew, while the old one still serves.
const TTL: Duration = Duration::from_secs(600);
/// After this an old set serves no longer.
const MAX_STALE: Duration = Duration::from_secs(3600);
/// Between two fetches, whatever is asked for.
const COOLDOWN: Duration = Duration::from_secs(30);
/// Longest wait of one request for a fetch.
const PATIENCE: Duration = Duration::from_secs(6);

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("no key of the issuer has that id")]
    Unknown,
    #[error("the issuer's keys cannot be fetched")]
    Unavailable,
}

/// A key and the one algorithm that it is used with.
pub struct Key {
    pub algorithm: Algorithm,
    pub key: DecodingKey,
}

/// Cheap handle to an issuer's keys.
#[derive(Clone)]
pub struct Jwks(Arc<Inner>);

struct Inner {
    current: RwLock<Option<Arc<Generation>>>,
    remote: Option<remote::Remote>,
    flight: Mutex<Flight>,
    tasks: Tasks,
    /// How far the tests have moved the clock.
    #[cfg(test)]
    moved: Mutex<Duration>,
}

#[derive(Default)]
struct Flight {
    last: Option<Instant>,
    landed: Option<watch::Receiver<bool>>,
}

/// One fetched set.
struct Generation {
    client: JwksClient<Fetched>,
    kids: HashSet<String>,
    at: Instant,
}

/// Serves the set that it was made with.
struct Fetched(JsonWebKeySet);

#[async_trait::async_trait]
impl JwksSource for Fetched {
    async fn fetch_keys(&self) -> Result<JsonWebKeySet, JwksClientError> {
        Ok(self.0.clone())
    }
}

impl Jwks {
    /// Keys that are at hand, such as the local issuer's; `install` replaces them.
    pub fn fixed(set: &Value, tasks: &Tasks) -> Self {
        let jwks = Self::new(None, tasks);
        jwks.install(set);
        jwks
    }

    /// Keys of an OIDC issuer; the first fetch begins at once.
    pub fn remote(remote: remote::Remote, tasks: &Tasks) -> Self {
        let jwks = Self::new(Some(remote), tasks);
        let _ = jwks.refresh();
        jwks
    }

    fn new(remote: Option<remote::Remote>, tasks: &Tasks) -> Self {
        Self(Arc::new(Inner {
            current: RwLock::new(None),
            remote,
            flight: Mutex::new(Flight::default()),
            tasks: tasks.clone(),
            #[cfg(test)]
            moved: Mutex::default(),
        }))
    }

    /// Puts a new set in place of the old one.
    pub fn install(&self, set: &Value) {
        let (keys, kids) = usable(set);
        let client = JwksClient::builder()
            .time_to_live(Duration::from_secs(86_400))
            .build(Fetched(keys.into()));
        *self.0.current.write() = Some(Arc::new(Generation {
            client,
            kids,
            at: self.now(),
        }));
    }

    /// True when tokens can be checked.
    pub fn ready(&self) -> bool {
        self.usable().is_some()
    }

    /// The key with that id; asks the issuer when it is unknown, within the cooldown.
    ///
    /// # Errors
    /// `Unknown`, or `Unavailable` when there is no set that may still be used.
    pub async fn get(&self, kid: &str) -> Result<Key, KeyError> {
        if let Some(set) = self.usable() {
            if self.0.remote.is_some() && self.now() - set.at > TTL {
                let _ = self.refresh();
            }
            if let Some(key) = set.key(kid).await {
                return Ok(key);
            }
        }
        if let Some(mut landed) = self.refresh() {
            // An error means that the flight is over, which is what is waited for.
            let _ = tokio::time::timeout(PATIENCE, landed.wait_for(|done| *done)).await;
        }
        let set = self.usable().ok_or(KeyError::Unavailable)?;
        set.key(kid).await.ok_or(KeyError::Unknown)
    }

    fn usable(&self) -> Option<Arc<Generation>> {
        let set = self.0.current.read().clone()?;
        (self.0.remote.is_none() || self.now() - set.at < MAX_STALE).then_some(set)
    }

    /// Begins a fetch unless one runs or ran within the cooldown; none: nothing to wait for.
    fn refresh(&self) -> Option<watch::Receiver<bool>> {
        self.0.remote.as_ref()?;
        let mut flight = self.0.flight.lock();
        if let Some(landed) = flight.landed.as_ref().filter(|landed| !*landed.borrow()) {
            return Some(landed.clone());
        }
        if flight.last.is_some_and(|last| self.now() - last < COOLDOWN) {
            return None;
        }
        flight.last = Some(self.now());
        let (done, landed) = watch::channel(false);
        flight.landed = Some(landed.clone());
        drop(flight);
        let jwks = self.clone();
        self.0.tasks.spawn("jwks", move |cancel| async move {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = jwks.fetch() => {}
            }
            // Nobody may be waiting.
            let _ = done.send(true);
        });
        Some(landed)
    }

    #[cfg(not(test))]
    fn now(&self) -> Instant {
        Instant::now()
    }

    #[cfg(test)]
    fn now(&self) -> Instant {
        Instant::now() + *self.0.moved.lock()
    }

    /// Moves this set's clock.
    #[cfg(test)]
    pub(in crate::auth) fn pass(&self, time: Duration) {
        *self.0.moved.lock() += time;
    }

    async fn fetch(&self) {
        let Some(remote) = &self.0.remote else { return };
        match remote.fetch().await {
            Ok(set) => self.install(&set),
            Err(error) => tracing::warn!(%error, "the issuer's keys cannot be fetched"),
        }
    }
}

impl Generation {
    async fn key(&self, kid: &str) -> Option<Key> {
        if !self.kids.contains(kid) {
            return None;
        }
        decoding(&self.client.get(kid).await.ok()?)
    }
}

/// The keys that we can use; odd ones are left out one by one, and of two with
/// one id the first stands.
fn usable(set: &Value) -> (Vec<JsonWebKey>, HashSet<String>) {
    let empty = Vec::new();
    let all = set["keys"].as_array().unwrap_or(&empty);
    let mut kids = HashSet::new();
    let mut keys = Vec::new();
    for value in all.iter().take(64) {
        let kid = value["kid"]
            .as_str()
            .filter(|kid| (1..=256).contains(&kid.len()));
        let signs = value["use"].as_str().is_none_or(|word| word == "sig");
        let (Some(kid), true) = (kid, signs) else {
            continue;
        };
        let Ok(key) = serde_json::from_value::<JsonWebKey>(value.clone()) else {
            continue;
        };
        if decoding(&key).is_some() && kids.insert(kid.to_owned()) {
            keys.push(key);
        }
    }
    (keys, kids)
}

/// The algorithm follows from the key's type alone; a stated one must agree.
fn decoding(key: &JsonWebKey) -> Option<Key> {
    let (algorithm, name, decoding) = match key {
        JsonWebKey::Rsa(rsa) => (
            Algorithm::RS256,
            "RS256",
            // 342 characters of base64 are 2048 bits.
            (rsa.modulus().len() >= 342)
                .then(|| DecodingKey::from_rsa_components(rsa.modulus(), rsa.exponent())),
        ),
        JsonWebKey::Ec(ec) => (
            Algorithm::ES256,
            "ES256",
            (ec.curve() == "P-256").then(|| DecodingKey::from_ec_components(ec.x(), ec.y())),
        ),
        JsonWebKey::Okp(okp) => (
            Algorithm::EdDSA,
            "EdDSA",
            (okp.curve() == "Ed25519").then(|| DecodingKey::from_ed_components(okp.x())),
        ),
    };
    let agrees = key.alg().is_none_or(|stated| stated == name);
    let key = decoding?.ok().filter(|_| agrees)?;
    Some(Key { algorithm, key })
}
