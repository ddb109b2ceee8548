//! Random texts, their hashes, and files that only the daemon may read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("{path} may be read by others; run: chmod 600 '{path}', and think of the key as known")]
    Open { path: PathBuf },
    #[error("{path} is empty or too short to be a key; put the right one back from a backup")]
    Short { path: PathBuf },
    #[error("cannot use {path}: {error}")]
    Io {
        path: PathBuf,
        error: std::io::Error,
    },
}

/// Fewer bytes are no key of ours: the file was emptied or put there by somebody.
const SHORTEST: usize = 16;

/// 256 random bits as URL-safe text.
pub fn random_text() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// SHA-256 as hexadecimal text: what is kept of a secret.
pub fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Hexadecimal text.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a key that only its owner may read; makes it when it is missing, unless `make`
/// gives nothing.
///
/// # Errors
/// When others may read it, or the file system refuses.
pub fn key_file(path: &Path, make: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, KeyFileError> {
    let io = |error| KeyFileError::Io {
        path: path.to_owned(),
        error,
    };
    match std::fs::metadata(path) {
        Ok(meta) if meta.mode() & 0o077 != 0 => Err(KeyFileError::Open {
            path: path.to_owned(),
        }),
        Ok(_) => match std::fs::read(path).map_err(io)? {
            bytes if bytes.len() < SHORTEST => Err(KeyFileError::Short {
                path: path.to_owned(),
            }),
            bytes => Ok(bytes),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let bytes = make();
            if bytes.len() < SHORTEST {
                return Err(io(error));
            }
            write_private(path, &bytes).map_err(io)?;
            Ok(bytes)
        }
        Err(error) => Err(io(error)),
    }
}

/// Writes a 0600 file whole or not at all, and onto the disk.
///
/// # Errors
/// When the file system refuses.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension("new");
    // Left over from a crash; nobody else writes here.
    let _ = std::fs::remove_file(&draft);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    match path.parent() {
        Some(folder) => std::fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_is_made_once_and_refused_when_others_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let first = key_file(&path, || rand::random::<[u8; 32]>().to_vec()).unwrap();
        assert_eq!(key_file(&path, Vec::new).unwrap(), first);
        let missing = folder.path().join("missing");
        assert!(key_file(&missing, Vec::new).is_err());
        assert!(!missing.exists(), "no empty key is made");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            key_file(&path, Vec::new),
            Err(KeyFileError::Open { .. })
        ));
    }
}
