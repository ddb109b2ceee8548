//! The folders the daemon lives in: who may read them is checked before they are used.

use super::{ConfigError, Flags};
use std::collections::BTreeMap;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A Unix socket's path must fit 108 bytes; names of ours take up to twenty.
const MAX_RUN_DIR: usize = 80;

/// Where everything lies.
#[derive(Debug, Clone)]
pub struct Paths {
    pub home: PathBuf,
    pub config_dir: PathBuf,
    pub config_file: PathBuf,
    /// Database, keys, audit, recordings; 0700.
    pub data_dir: PathBuf,
    /// Sockets; 0700; `DATA/run`, or a short folder where that path is too long.
    pub run_dir: PathBuf,
    /// The folder in which the program was started.
    pub launch_dir: PathBuf,
}

impl Paths {
    /// Works out every folder without reading the settings, for a client that only looks
    /// for the daemon's socket.
    ///
    /// # Errors
    /// When HOME or the current folder is unknown.
    pub fn locate(flags: &Flags) -> Result<Self, ConfigError> {
        Self::find(flags, &super::environment())
    }

    /// Works out every folder and makes those of ours.
    pub(super) fn find(
        flags: &Flags,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, ConfigError> {
        let get = |name: &str| environment.get(name).filter(|value| !value.is_empty());
        let home = get("HOME")
            .map(PathBuf::from)
            .ok_or_else(|| ConfigError::Folder("HOME is not set; set it and try again".into()))?;
        let launch_dir = std::env::current_dir().map_err(|error| {
            ConfigError::Folder(format!("cannot tell the current folder: {error}"))
        })?;
        let config_dir = get("XDG_CONFIG_HOME")
            .map_or_else(|| home.join(".config"), PathBuf::from)
            .join("orchestra");
        let config_file = flags
            .config
            .clone()
            .or_else(|| get("ORCHESTRA_CONFIG").map(PathBuf::from))
            .unwrap_or_else(|| config_dir.join("config.toml"));
        let data_dir = flags
            .data_dir
            .clone()
            .or_else(|| get("ORCHESTRA_DATA_DIR").map(PathBuf::from))
            .unwrap_or_else(|| {
                get("XDG_DATA_HOME")
                    .map_or_else(|| home.join(".local/share"), PathBuf::from)
                    .join("orchestra")
            });
        let data_dir = launch_dir.join(data_dir);
        let run_dir = run_dir(&data_dir);
        Ok(Self {
            home,
            config_dir,
            config_file,
            data_dir,
            run_dir,
            launch_dir,
        })
    }

    /// Makes the data and run folders, 0700, ours.
    ///
    /// # Errors
    /// When one cannot be made or others may enter it.
    pub fn create(&self) -> Result<(), ConfigError> {
        private_folder(&self.data_dir)?;
        private_folder(&self.run_dir)?;
        private_folder(&self.door())
    }

    /// The daemon's Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.run_dir.join("orchestra.sock")
    }

    /// The folder that masked agents see in place of `run_dir`: the same socket by
    /// another name, and no other.
    pub fn door(&self) -> PathBuf {
        self.run_dir.join("door")
    }

    /// Files of one agent: its token, generated settings, hook spool.
    pub fn agent_dir(&self, agent: &str) -> PathBuf {
        self.data_dir.join("agents").join(agent)
    }

    /// `~` stands for the home folder.
    pub fn expand(&self, text: &str) -> PathBuf {
        match text.strip_prefix('~') {
            Some("") => self.home.clone(),
            Some(rest) if rest.starts_with('/') => self.home.join(&rest[1..]),
            _ => PathBuf::from(text),
        }
    }
}

/// Makes a folder that only its owner may enter, and refuses one that others may.
///
/// # Errors
/// When it cannot be made, is not ours, or its mode lets others in.
pub fn private_folder(path: &Path) -> Result<(), ConfigError> {
    let shown = path.display();
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| {
            ConfigError::Folder(format!(
                "cannot make {shown}: {error}; choose another with --data-dir"
            ))
        })?;
    let meta = std::fs::metadata(path)
        .map_err(|error| ConfigError::Folder(format!("cannot look at {shown}: {error}")))?;
    if meta.uid() != nix::unistd::geteuid().as_raw() {
        return Err(ConfigError::Folder(format!(
            "{shown} belongs to another user; choose another with --data-dir"
        )));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(ConfigError::Folder(format!(
            "{shown} may be entered by others; run: chmod 700 '{shown}'"
        )));
    }
    Ok(())
}

fn run_dir(data_dir: &Path) -> PathBuf {
    let near = data_dir.join("run");
    if near.as_os_str().len() <= MAX_RUN_DIR {
        return near;
    }
    // Too long for a socket: a short folder, named by the data folder so that a second
    // daemon finds the same one.
    use sha2::{Digest, Sha256};
    use std::os::unix::ffi::OsStrExt;
    let digest = Sha256::digest(data_dir.as_os_str().as_bytes());
    let name: String = digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let uid = nix::unistd::geteuid();
    PathBuf::from(format!("/tmp/orchestra-{uid}-{name}"))
}
