//! A push service of the tests (RFC 8030) and a browser behind it: takes messages, checks
//! who sent them, decrypts them, and answers as it is told.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey as Verifier};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::task::JoinSet;

/// One message as it came over the wire.
#[derive(Clone)]
pub(crate) struct Arrived {
    pub to: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[derive(Default)]
struct Inner {
    arrived: Mutex<Vec<Arrived>>,
    /// What the next messages are answered with; 201 when it is empty.
    answers: Mutex<VecDeque<u16>>,
}

/// The service; it ends with its guard.
pub(crate) struct PushService {
    pub origin: String,
    inner: Arc<Inner>,
    _serving: JoinSet<()>,
}

impl PushService {
    pub(crate) async fn start() -> Self {
        let inner = Arc::<Inner>::default();
        let router = Router::new()
            .route("/push/{name}", post(take))
            .with_state(Arc::clone(&inner));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            origin,
            inner,
            _serving: serving,
        }
    }

    pub(crate) fn answer(&self, statuses: &[u16]) {
        self.inner.answers.lock().extend(statuses);
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.inner.arrived.lock().clone()
    }
}

async fn take(
    State(inner): State<Arc<Inner>>,
    Path(to): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    inner.arrived.lock().push(Arrived { to, headers, body });
    let status = inner.answers.lock().pop_front().unwrap_or(201);
    StatusCode::from_u16(status).unwrap()
}

/// A browser with its keys.
pub(crate) struct Browser {
    pub name: String,
    private: PrivateKey,
    auth: [u8; 16],
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl Browser {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            private: PrivateKey::generate(&ECDH_P256).unwrap(),
            auth: rand::random(),
        }
    }

    fn point(&self) -> Vec<u8> {
        self.private.compute_public_key().unwrap().as_ref().to_vec()
    }

    /// The body of `POST /api/push/subscriptions`.
    pub(crate) fn subscription(&self, service: &PushService, kinds: &[&str]) -> Value {
        let on = |kind: &str| kinds.contains(&kind);
        json!({
            "endpoint": format!("{}/push/{}", service.origin, self.name),
            "keys": {
                "p256dh": URL_SAFE_NO_PAD.encode(self.point()),
                "auth": URL_SAFE_NO_PAD.encode(self.auth),
            },
            "label": self.name,
            "kinds": {
                "approvals": on("approvals"), "questions": on("questions"),
                "failures": on("failures"), "results": on("results"),
            },
        })
    }

    /// RFC 8291 from the browser's end, by the RFC's words and not by the daemon's code.
    pub(crate) fn decrypt(&self, body: &[u8]) -> Value {
        let (salt, rest) = body.split_at(16);
        assert_eq!(rest[..4], 4096_u32.to_be_bytes());
        assert_eq!(rest[4], 65);
        let (sender, record) = rest[5..].split_at(65);
        let secret = agree(
            &self.private,
            UnparsedPublicKey::new(&ECDH_P256, sender),
            (),
            |secret| Ok(secret.to_vec()),
        );
        let point = self.point();
        let info: [&[u8]; 3] = [b"WebPush: info\0", &point, sender];
        let ikm = hkdf(&self.auth, &secret.unwrap(), &info, 32);
        let key = hkdf(salt, &ikm, &[b"Content-Encoding: aes128gcm\0"], 16);
        let nonce = hkdf(salt, &ikm, &[b"Content-Encoding: nonce\0"], 12);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let nonce = Nonce::try_assume_unique_for_key(&nonce).unwrap();
        let mut record = record.to_vec();
        let plain = key
            .open_in_place(nonce, Aad::empty(), &mut record)
            .expect("a message for this browser");
        let end = plain.iter().rposition(|byte| *byte != 0).unwrap();
        assert_eq!(plain[end], 2, "the last record");
        serde_json::from_slice(&plain[..end]).unwrap()
    }
}

fn hkdf(salt: &[u8], secret: &[u8], info: &[&[u8]], length: usize) -> Vec<u8> {
    let mut out = vec![0; length];
    let prk = Salt::new(HKDF_SHA256, salt).extract(secret);
    prk.expand(info, Length(length))
        .unwrap()
        .fill(&mut out)
        .unwrap();
    out
}

impl Arrived {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    /// Checks the signature of the sender against the key that browsers subscribed with,
    /// and gives what it claims.
    pub(crate) fn sender(&self, public_key: &str) -> Value {
        let text = self.header("authorization").strip_prefix("vapid ").unwrap();
        let (token, key) = text.split_once(", ").unwrap();
        assert_eq!(key.strip_prefix("k=").unwrap(), public_key);
        let token = token.strip_prefix("t=").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        Verifier::new(&ECDSA_P256_SHA256_FIXED, decode(public_key))
            .verify(signed.as_bytes(), &decode(signature))
            .expect("signed by the daemon's key");
        serde_json::from_slice(&decode(signed.split('.').nth(1).unwrap())).unwrap()
    }
}
