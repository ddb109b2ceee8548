//! An OIDC issuer on loopback: two documents, three keys, and tokens as a provider signs
//! them, good ones and such with a key that nobody has.

use anyhow::Context;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The API that its tokens are for.
pub(crate) const AUDIENCE: &str = "https://bench.example/api";

/// The algorithms that the daemon takes, with the name of the key for each.
pub(crate) const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

/// A running issuer; it ends with this.
pub(crate) struct Issuer {
    pub url: String,
    keys: [EncodingKey; 3],
    documents: Arc<Documents>,
    _serving: JoinSet<()>,
}

struct Documents {
    url: String,
    keys: Value,
    fetched: AtomicUsize,
}

impl Issuer {
    /// Makes the keys and serves their public halves on a free port.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (keys, public) = keys()?;
        let documents = Arc::new(Documents {
            url: url.clone(),
            keys: json!({ "keys": public }),
            fetched: AtomicUsize::new(0),
        });
        let mut serving = JoinSet::new();
        let served = Arc::clone(&documents);
        serving.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A daemon that hangs up early has what it wanted.
                let _ = served.answer(stream).await;
            }
        });
        Ok(Self {
            url,
            keys,
            documents,
            _serving: serving,
        })
    }

    /// How often its keys were fetched.
    pub(crate) fn fetched(&self) -> usize {
        self.documents.fetched.load(Ordering::Relaxed)
    }

    /// A token of that developer, no two the same.
    pub(crate) fn token(&self, algorithm: Algorithm, subject: &str) -> anyhow::Result<String> {
        self.sign(algorithm, &format!("{algorithm:?}"), subject)
    }

    /// A token by a key that is in no set.
    pub(crate) fn stranger(&self, number: usize) -> anyhow::Result<String> {
        self.sign(Algorithm::EdDSA, &format!("stranger-{number}"), "nobody")
    }

    fn sign(&self, algorithm: Algorithm, kid: &str, subject: &str) -> anyhow::Result<String> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let mut header = Header::new(algorithm);
        header.kid = Some(kid.to_owned());
        let claims = json!({
            "iss": self.url, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 3600,
            "jti": format!("bench-{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
            "permissions": ["agents:read", "agents:spawn"],
        });
        let at = ALGORITHMS.iter().position(|one| *one == algorithm);
        let key = at.and_then(|at| self.keys.get(at)).context("no such key")?;
        Ok(jsonwebtoken::encode(&header, &claims, key)?)
    }
}

impl Documents {
    /// One question, one answer: whoever asks is the daemon, and it asks for two things.
    async fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut line = String::new();
        BufReader::new(&mut stream).read_line(&mut line).await?;
        let body = if line.starts_with("GET /keys ") {
            self.fetched.fetch_add(1, Ordering::Relaxed);
            self.keys.clone()
        } else {
            json!({ "issuer": self.url, "jwks_uri": format!("{}/keys", self.url) })
        };
        let body = body.to_string();
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
        let answer = format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    }
}

/// The private halves in the order of `ALGORITHMS`, and the public ones as JWKs.
fn keys() -> anyhow::Result<([EncodingKey; 3], [Value; 3])> {
    let random = SystemRandom::new();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);

    let rsa = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let public = rsa.public_key();
    let rsa_jwk = json!({
        "kty": "RSA", "alg": "RS256", "kid": "RS256", "use": "sig",
        "n": text(public.modulus().big_endian_without_leading_zero()),
        "e": text(public.exponent().big_endian_without_leading_zero()),
    });
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = rsa.as_der()?;
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    );

    let ec_der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?;
    let ec = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, ec_der.as_ref())?;
    // A byte that says "uncompressed", then both coordinates.
    let (x, y) = ec.public_key().as_ref().split_at(33);
    let ec_jwk = json!({
        "kty": "EC", "alg": "ES256", "kid": "ES256", "use": "sig", "crv": "P-256",
        "x": text(&x[1..]), "y": text(y),
    });

    let ed_der = Ed25519KeyPair::generate_pkcs8(&random)?;
    let ed = Ed25519KeyPair::from_pkcs8(ed_der.as_ref())?;
    let ed_jwk = json!({
        "kty": "OKP", "alg": "EdDSA", "kid": "EdDSA", "use": "sig", "crv": "Ed25519",
        "x": text(ed.public_key().as_ref()),
    });
    let private = [
        EncodingKey::from_rsa_pem(pem.as_bytes())?,
        EncodingKey::from_ec_der(ec_der.as_ref()),
        EncodingKey::from_ed_der(ed_der.as_ref()),
    ];
    Ok((private, [rsa_jwk, ec_jwk, ed_jwk]))
}
