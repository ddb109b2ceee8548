//! The local issuer: signs tokens with keys that never leave the daemon. What it signs
//! is checked on the same path as the tokens of any other issuer.

use super::permission::Role;
use super::secret::{KeyFileError, hex, key_file, write_private};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use orchestra_protocol::time::Timestamp;
use parking_lot::RwLock;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Audience of the local issuer's tokens.
pub const AUDIENCE: &str = "orchestra";
/// Longest life of a token; an old key is kept that long after its successor came.
pub const MAX_LIFE: Duration = Duration::from_secs(24 * 3600);

/// Why the local issuer cannot work.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    #[error(transparent)]
    Key(#[from] KeyFileError),
    #[error("a key in {0} is damaged; move it away, and every login has to be made anew")]
    Damaged(PathBuf),
    #[error("a token cannot be signed: {0}")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

/// The issuer's name and keys, the newest key last.
pub struct LocalIssuer {
    /// `orchestra-local:` and the id of this installation.
    pub name: String,
    folder: PathBuf,
    keys: RwLock<Vec<SigningKey>>,
}

struct SigningKey {
    kid: String,
    public: String,
    private: EncodingKey,
    created_at: i64,
    path: PathBuf,
}

/// A token just made.
pub struct Minted {
    pub token: String,
    pub token_id: String,
    pub expires_at: Timestamp,
}

impl LocalIssuer {
    /// Reads the keys in `data_dir/keys`; makes the first one when there is none.
    ///
    /// # Errors
    /// When a key may be read by others, is damaged or cannot be written.
    pub fn open(data_dir: &Path) -> Result<Self, IssuerError> {
        let folder = data_dir.join("keys");
        let io = |error| KeyFileError::Io {
            path: folder.clone(),
            error,
        };
        use std::os::unix::fs::DirBuilderExt as _;
        let mut builder = std::fs::DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(io)?;
        let instance = key_file(&folder.join("instance"), || {
            uuid::Uuid::now_v7().to_string().into_bytes()
        })?;
        let mut keys = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            if path.extension().is_some_and(|end| end == "pk8") {
                keys.push(SigningKey::read(path)?);
            }
        }
        keys.sort_by_key(|key| key.created_at);
        let issuer = Self {
            name: format!(
                "orchestra-local:{}",
                String::from_utf8_lossy(&instance).trim()
            ),
            folder,
            keys: RwLock::new(keys),
        };
        issuer.forget_old();
        if issuer.keys.read().is_empty() {
            issuer.rotate()?;
        }
        Ok(issuer)
    }

    /// Signs with a new key from now on; tokens of the old one stay good until they end.
    ///
    /// # Errors
    /// When the key cannot be made or written.
    pub fn rotate(&self) -> Result<(), IssuerError> {
        let created_at = Timestamp::now().0;
        let path = self.folder.join(format!("issuer-{created_at:015}.pk8"));
        let damaged = |_| IssuerError::Damaged(path.clone());
        let random = aws_lc_rs::rand::SystemRandom::new();
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random).map_err(damaged)?;
        write_private(&path, pkcs8.as_ref()).map_err(|error| KeyFileError::Io {
            path: path.clone(),
            error,
        })?;
        self.keys.write().push(SigningKey::read(path)?);
        self.forget_old();
        Ok(())
    }

    /// The public keys, as a JWK set.
    pub fn jwks(&self) -> Value {
        let keys = self.keys.read();
        let public = keys.iter().map(|key| {
            json!({
                "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
                "kid": key.kid, "x": key.public,
            })
        });
        json!({ "keys": public.collect::<Vec<_>>() })
    }

    /// Makes a token with the permissions of `role`, which lives at most a day.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn mint(
        &self,
        role: Role,
        subject: &str,
        name: &str,
        device: Option<&str>,
        life: Duration,
    ) -> Result<Minted, IssuerError> {
        let now = Timestamp::now().0 / 1000;
        let life = i64::try_from(life.min(MAX_LIFE).as_secs()).unwrap_or(0);
        let token_id = crate::model::ids::fresh();
        let mut claims = json!({
            "iss": self.name, "aud": AUDIENCE, "sub": subject, "name": name,
            "iat": now, "nbf": now, "exp": now + life, "jti": token_id,
            "roles": [role.name()], "permissions": role.permissions().names(),
        });
        if let Some(device) = device {
            claims["device"] = json!(device);
        }
        let token = self.sign(&claims)?;
        Ok(Minted {
            token,
            token_id,
            expires_at: Timestamp((now + life) * 1000),
        })
    }

    /// Signs any claims with the newest key.
    pub(in crate::auth) fn sign(&self, claims: &Value) -> Result<String, IssuerError> {
        let keys = self.keys.read();
        let Some(key) = keys.last() else {
            return Err(IssuerError::Damaged(self.folder.clone()));
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key.kid.clone());
        Ok(jsonwebtoken::encode(&header, claims, &key.private)?)
    }

    /// Removes keys whose last token has ended.
    fn forget_old(&self) {
        let now = Timestamp::now().0;
        let kept = i64::try_from(MAX_LIFE.as_millis()).unwrap_or(i64::MAX);
        let mut keys = self.keys.write();
        while keys.get(1).is_some_and(|next| now - next.created_at > kept) {
            let old = keys.remove(0);
            if let Err(error) = std::fs::remove_file(&old.path) {
                tracing::warn!(%error, path = %old.path.display(), "an old key stays on the disk");
            }
        }
    }
}

impl SigningKey {
    fn read(path: PathBuf) -> Result<Self, IssuerError> {
        let bytes = key_file(&path, Vec::new)?;
        let pair =
            Ed25519KeyPair::from_pkcs8(&bytes).map_err(|_| IssuerError::Damaged(path.clone()))?;
        let public = pair.public_key().as_ref();
        let name = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        let created_at = name
            .and_then(|name| name.strip_prefix("issuer-")?.parse().ok())
            .ok_or_else(|| IssuerError::Damaged(path.clone()))?;
        Ok(Self {
            kid: hex(&Sha256::digest(public)[..8]),
            public: URL_SAFE_NO_PAD.encode(public),
            private: EncodingKey::from_ed_der(&bytes),
            created_at,
            path,
        })
    }
}
