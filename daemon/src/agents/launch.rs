//! Getting a process into a pane: files of the agent's own, then the start.
//!
//! Credentials reach the agent through a 0600 file that `runner` reads and removes:
//! never through an argv, and never through tmux, whose environment any pane can print.

use super::adapter::{Adapter, Launch};
use super::mask::Mask;
use super::overlay;
use crate::config::{Config, ConfigError, paths};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Name of the file that `runner` reads.
pub const LAUNCH_FILE: &str = "launch.json";

/// What `runner` starts.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ticket {
    pub argv: Vec<String>,
    pub env: BTreeMap<String, String>,
}

/// Writes every file that the launch needs; the agent's folder is made anew, but a
/// spool of hooks that nobody has read yet stays.
///
/// # Errors
/// When a file cannot be written.
pub fn prepare(
    config: &Config,
    adapter: &dyn Adapter,
    agent: &str,
    token: &str,
    launch: &Launch,
    mask: Option<&Mask>,
) -> Result<PathBuf, ConfigError> {
    let dir = config.paths.agent_dir(agent);
    if let Some(parent) = dir.parent() {
        paths::private_folder(parent)?;
    }
    paths::private_folder(&dir)?;
    if let Some(overlay) = &launch.overlay {
        overlay::lay(&dir, overlay)?;
    }
    for (name, content) in &launch.files {
        write_private(&dir.join(name), content.as_bytes())?;
    }
    write_private(&dir.join("token"), token.as_bytes())?;
    let ticket = Ticket {
        argv: match mask {
            Some(mask) => mask.wrap(&dir, launch.argv.clone()),
            None => launch.argv.clone(),
        },
        env: environment(config, adapter, agent, &dir, launch),
    };
    let text = serde_json::to_vec(&ticket)
        .map_err(|error| ConfigError::Folder(format!("cannot write the launch file: {error}")))?;
    write_private(&dir.join(LAUNCH_FILE), &text)?;
    Ok(dir)
}

/// What an agent of this kind has of the daemon's own environment.
pub fn inherited(config: &Config, adapter: &dyn Adapter) -> BTreeMap<String, String> {
    let mut env = config.inherited();
    let own = config.settings.kinds.get(adapter.kind());
    let credentials = own.map(|kind| kind.env.as_slice()).unwrap_or_default();
    for name in credentials {
        if let Some(value) = config.environment.get(name) {
            env.insert(name.clone(), value.clone());
        }
    }
    env
}

/// The agent's whole environment: nothing that is not listed is inherited.
fn environment(
    config: &Config,
    adapter: &dyn Adapter,
    agent: &str,
    dir: &Path,
    launch: &Launch,
) -> BTreeMap<String, String> {
    let mut env = inherited(config, adapter);
    env.insert("TERM".into(), "xterm-256color".into());
    env.insert("COLORTERM".into(), "truecolor".into());
    env.extend(launch.env.iter().cloned());
    env.insert("ORCHESTRA_AGENT_ID".into(), agent.to_owned());
    env.insert("ORCHESTRA_AGENT_DIR".into(), dir.display().to_string());
    env.insert(
        "ORCHESTRA_SOCKET".into(),
        config.paths.socket().display().to_string(),
    );
    env
}

/// Writes a file that only its owner may read, whole or not at all.
pub(in crate::agents) fn write_private(path: &Path, content: &[u8]) -> Result<(), ConfigError> {
    let failed = |error: std::io::Error| {
        ConfigError::Folder(format!("cannot write {}: {error}", path.display()))
    };
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    let aside = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&aside)
        .map_err(failed)?;
    file.write_all(content).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&aside, path).map_err(failed)
}

/// A daemon that a script started with `&` inherits ignored interrupts, and so would
/// every agent: Ctrl-C would do nothing in their terminals.
fn interrupts_ignored() -> bool {
    /// Bits of SIGINT and SIGQUIT.
    const MASK: u64 = 0b110;
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return false;
    };
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored
        .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .is_some_and(|bits| bits & MASK != 0)
}

/// Becomes the agent: reads the launch file in `dir`, removes it, and replaces this
/// process. Returns only when that failed.
pub fn become_agent(dir: &Path) -> std::io::Error {
    use std::os::unix::process::CommandExt;
    let path = dir.join(LAUNCH_FILE);
    let ticket: Ticket = match std::fs::read(&path)
        .and_then(|bytes| serde_json::from_slice(&bytes).map_err(std::io::Error::other))
    {
        Ok(ticket) => ticket,
        Err(error) => return error,
    };
    if let Err(error) = std::fs::remove_file(&path) {
        return error;
    }
    let mut argv = ticket.argv;
    if interrupts_ignored() {
        argv.splice(
            0..0,
            ["env".to_owned(), "--default-signal=INT,QUIT".to_owned()],
        );
    }
    let Some((program, args)) = argv.split_first() else {
        return std::io::Error::other("the launch file names no program");
    };
    std::process::Command::new(program)
        .args(args)
        .env_clear()
        .envs(&ticket.env)
        .exec()
}
