//! An installation in a temporary folder, and tokens that are not quite right.

use crate::auth::Auth;
use crate::auth::issuer::{AUDIENCE, LocalIssuer};
use crate::auth::jwks::Jwks;
use crate::auth::jwt::{TokenError, Verified, Verifier};
use crate::config::{Config, Flags};
use crate::store::Store;
use crate::supervise::Tasks;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use orchestra_protocol::time::Timestamp;
use serde_json::{Value, json};
use std::net::TcpListener;

/// A verifier with the keys of a local issuer.
pub(super) struct Forge {
    pub(super) issuer: LocalIssuer,
    pub(super) verifier: Verifier,
    folder: tempfile::TempDir,
}

impl Forge {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let issuer = LocalIssuer::open(folder.path()).unwrap();
        let verifier = Verifier {
            issuer: issuer.name.clone(),
            audience: AUDIENCE.into(),
            clients: Vec::new(),
            keys: Jwks::fixed(&issuer.jwks(), &Tasks::default()),
        };
        Self {
            issuer,
            verifier,
            folder,
        }
    }

    /// Claims of a good token, with changes; null takes a claim out.
    pub(super) fn claims(&self, changes: &Value) -> Value {
        let now = Timestamp::now().0 / 1000;
        let mut claims = json!({
            "iss": self.issuer.name, "aud": AUDIENCE, "sub": "ann", "iat": now, "nbf": now,
            "exp": now + 60, "jti": "t1", "permissions": ["agents:read"],
        });
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        claims
    }

    /// What the verifier says of well-signed claims.
    pub(super) async fn claimed(&self, changes: Value) -> Result<Verified, TokenError> {
        let token = self.issuer.sign(&self.claims(&changes)).unwrap();
        self.verifier.verify(&token).await
    }

    /// The same with the header changed after the signature.
    pub(super) async fn headed(&self, changes: Value) -> Result<Verified, TokenError> {
        let token = self.issuer.sign(&self.claims(&json!({}))).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let mut header: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(header.as_object_mut().unwrap().remove(name)),
                value => header[name] = value.clone(),
            }
        }
        let forged = format!("{}.{}.{}", part(&header), parts[1], parts[2]);
        self.verifier.verify(&forged).await
    }

    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(super) fn kid(&self) -> String {
        self.issuer.jwks()["keys"][0]["kid"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

pub(super) fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A listener that nobody must connect to.
pub(super) fn trap() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    (listener, url)
}

/// A whole `Auth` over a temporary data folder.
pub(super) async fn installation() -> (Auth, Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config_file = folder.path().join("config.toml");
    std::fs::write(&config_file, "").unwrap();
    let flags = Flags {
        data_dir: Some(folder.path().join("data")),
        config: Some(config_file),
        ..Flags::default()
    };
    let config = Config::load(&flags).unwrap();
    config.paths.create().unwrap();
    let store = Store::open(&config.paths.data_dir).await.unwrap();
    let auth = Auth::open(&config, store.clone(), &Tasks::default()).unwrap();
    (auth, store, folder)
}
