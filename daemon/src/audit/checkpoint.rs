//! Signed statements of where the record stood. Whoever has the key of the chain can
//! write the chain anew; a checkpoint that was kept elsewhere shows it all the same.

use super::AuditError;
use crate::auth::secret::{KeyFileError, key_file, write_private};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use orchestra_protocol::admin::AuditCheckpoint;
use orchestra_protocol::time::Timestamp;
use std::path::Path;

/// Name of the file with those made so far, one JSON object a line.
pub const KEPT: &str = "checkpoints";

/// Makes checkpoints.
pub struct Signer {
    pair: Ed25519KeyPair,
    /// The public half, base64url.
    pub public: String,
}

impl Signer {
    /// Reads its key, or makes it.
    ///
    /// # Errors
    /// When the key may be read by others, is damaged or cannot be written.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let damaged = || KeyFileError::Short {
            path: path.to_owned(),
        };
        let bytes = key_file(path, || {
            let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
            made.map(|key| key.as_ref().to_vec()).unwrap_or_default()
        })?;
        let pair = Ed25519KeyPair::from_pkcs8(&bytes).map_err(|_| damaged())?;
        let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        Ok(Self { pair, public })
    }

    /// Says where the record stands now.
    pub fn sign(&self, seq: u64, hash: String) -> AuditCheckpoint {
        let mut checkpoint = AuditCheckpoint {
            seq,
            hash,
            ts: Timestamp::now(),
            key: self.public.clone(),
            signature: String::new(),
        };
        let signature = self.pair.sign(&stated(&checkpoint));
        checkpoint.signature = URL_SAFE_NO_PAD.encode(signature.as_ref());
        checkpoint
    }
}

/// True when the key that it names has signed it.
pub fn signed(checkpoint: &AuditCheckpoint) -> bool {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    let key = UnparsedPublicKey::new(&ED25519, decode(&checkpoint.key));
    key.verify(&stated(checkpoint), &decode(&checkpoint.signature))
        .is_ok()
}

fn stated(checkpoint: &AuditCheckpoint) -> Vec<u8> {
    let AuditCheckpoint { seq, hash, ts, .. } = checkpoint;
    format!("orchestra audit checkpoint\n{seq}\n{hash}\n{ts}\n").into_bytes()
}

/// Those kept in the folder of the record, oldest first; none for a line that is no
/// checkpoint of this key.
///
/// # Errors
/// When the file cannot be read.
pub(in crate::audit) fn kept(
    folder: &Path,
    public: &str,
) -> std::io::Result<Option<Vec<AuditCheckpoint>>> {
    let text = match std::fs::read_to_string(folder.join(KEPT)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    let read = |line: &str| {
        let checkpoint: AuditCheckpoint = serde_json::from_str(line).ok()?;
        (checkpoint.key == public && signed(&checkpoint)).then_some(checkpoint)
    };
    Ok(text.lines().map(read).collect())
}

/// Keeps one more, and forgets those whose lines retention has removed.
///
/// # Errors
/// When the file cannot be written.
pub(in crate::audit) fn keep(
    folder: &Path,
    mut all: Vec<AuditCheckpoint>,
    new: &AuditCheckpoint,
    anchor: u64,
) -> std::io::Result<()> {
    all.retain(|one| one.seq > anchor && one.seq != new.seq);
    all.push(new.clone());
    let mut text = String::new();
    for one in &all {
        text += &serde_json::to_string(one)?;
        text.push('\n');
    }
    write_private(&folder.join(KEPT), text.as_bytes())
}
