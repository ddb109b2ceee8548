//! Configuration: embedded defaults, then the file, then `ORCHESTRA_…` variables, then
//! flags; parsed once, before any socket opens. The only reader of the environment.

mod check;
pub mod edit;
pub mod failpoint;
pub mod fault;
pub mod keys;
pub mod layers;
pub mod listing;
pub mod paths;
mod places;
mod sections;

use fault::{Fault, Origin};
pub use sections::{
    Approvals, Auth, Budgets, Isolation, Kind, Limits, LoginSource, Network, OnTimeout,
    PermissionMode, Primary, Projects, PromptMethod, Push, Recovery, Retention, Server, Specialist,
    Terminal, Transcripts, Worktrees,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Variables that every agent inherits, when they are set.
const INHERITED: &[&str] = &[
    "HOME",
    "PATH",
    "SHELL",
    "USER",
    "LOGNAME",
    "TZ",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
];

/// Why the daemon cannot start with this configuration; says what to change.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {path}: {error}")]
    Read {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{}", fault::together(.0))]
    Faults(Vec<Fault>),
    #[error("{0}")]
    Folder(String),
}

/// Every setting, checked.
#[derive(Debug, Clone)]
pub struct Config {
    pub settings: Settings,
    pub paths: paths::Paths,
    /// The same settings as TOML.
    pub table: toml::Table,
    /// Where each value came from, by dotted key.
    pub provenance: BTreeMap<String, Origin>,
    /// The environment as it was at start, for the allow-lists of `kinds.*.env`.
    pub environment: BTreeMap<String, String>,
    pub flags: Flags,
}

/// The settings as the file writes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub server: Server,
    pub projects: Projects,
    pub auth: Auth,
    pub network: Network,
    pub isolation: Isolation,
    pub terminal: Terminal,
    pub primary: Primary,
    pub approvals: Approvals,
    pub push: Push,
    pub limits: Limits,
    pub recovery: Recovery,
    pub budgets: Budgets,
    pub retention: Retention,
    pub transcripts: Transcripts,
    pub worktrees: Worktrees,
    /// By the beginning of a model's name: dollars for a million tokens read anew,
    /// written, put into a cache, read from it.
    #[serde(default)]
    pub prices: BTreeMap<String, [f64; 4]>,
    #[serde(default)]
    pub kinds: BTreeMap<String, Kind>,
    #[serde(default)]
    pub specialists: Vec<Specialist>,
}

impl Settings {
    /// True when others than this machine, or the container's host, reach the listener.
    pub fn serves_a_network(&self) -> bool {
        !self.server.listen.ip().is_loopback() && !self.network.published_on_loopback
    }

    /// The settings that a file with this text makes, over the defaults alone.
    ///
    /// # Errors
    /// Names the line or the key that cannot stand.
    pub fn of_text(text: &str) -> Result<Self, ConfigError> {
        let file = std::path::Path::new("config.toml");
        let read = layers::read(&Flags::default(), &BTreeMap::new(), file, Some(text));
        Ok(read.map_err(ConfigError::Faults)?.settings)
    }
}

/// What `orchestra up` was told on its command line.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub listen: Option<String>,
    pub data_dir: Option<PathBuf>,
    pub config: Option<PathBuf>,
}

impl Config {
    /// Reads everything and checks it.
    ///
    /// # Errors
    /// When a file cannot be read, a value is wrong or a folder cannot be made.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        let environment = environment();
        let paths = paths::Paths::find(flags, &environment)?;
        let text = read_optional(&paths.config_file)?;
        let read = layers::read(flags, &environment, &paths.config_file, text.as_deref());
        let layers = read.map_err(ConfigError::Faults)?;
        Ok(Self {
            settings: layers.settings,
            paths,
            table: layers.table,
            provenance: layers.provenance,
            environment,
            flags: flags.clone(),
        })
    }

    /// What the sources say now: what a daemon that starts in this one's place would take.
    ///
    /// # Errors
    /// Every value that cannot stand.
    pub fn at_next_start(&self) -> Result<layers::Layers, Vec<Fault>> {
        layers::of_now(&self.flags, &self.environment, &self.paths.config_file)
    }

    /// Where a CLI keeps its sessions, when the settings name another folder than its own.
    pub fn sessions_of(&self, kind: &str) -> Option<PathBuf> {
        let folder = self.settings.kinds.get(kind)?.sessions.as_ref()?;
        Some(self.paths.expand(&folder.to_string_lossy()))
    }

    /// The specialist of that name.
    pub fn specialist(&self, name: &str) -> Option<&Specialist> {
        self.settings
            .specialists
            .iter()
            .find(|one| one.name == name)
    }

    /// Folders beneath which agents may work, resolved.
    pub fn roots(&self) -> Vec<PathBuf> {
        let expand = |text: &String| self.paths.expand(text);
        let roots = self.settings.projects.roots.iter().map(expand);
        roots.filter_map(|path| path.canonicalize().ok()).collect()
    }

    /// Folders where no agent may work, resolved.
    pub fn forbidden(&self) -> Vec<PathBuf> {
        [
            &self.paths.data_dir,
            &self.paths.run_dir,
            &self.paths.config_dir,
        ]
        .into_iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect()
    }

    /// What every program that works on people's files inherits; nothing else of the
    /// daemon's environment reaches one.
    pub fn inherited(&self) -> BTreeMap<String, String> {
        let names = INHERITED.iter().copied();
        let pair = |name: &str| Some((name.to_owned(), self.environment.get(name)?.clone()));
        let mut env: BTreeMap<String, String> = names.filter_map(pair).collect();
        let utf8 = |lang: &&String| lang.to_lowercase().contains("utf");
        let lang = self.environment.get("LANG").filter(utf8);
        let lang = lang.map_or("C.UTF-8", String::as_str);
        env.insert("LANG".into(), lang.to_owned());
        env
    }

    /// Where a primary works.
    pub fn primary_cwd(&self) -> PathBuf {
        match self.settings.primary.cwd.as_str() {
            "" => self.paths.launch_dir.clone(),
            text => self.paths.expand(text),
        }
    }

    /// Settings that are allowed and that their owner should be reminded of at each start.
    pub fn warnings(&self) -> Vec<&'static str> {
        let reminders = [
            (
                self.settings.auth.allow_query_jwt,
                "auth.allow_query_jwt is on: tokens in addresses end up in the logs of proxies and browsers",
            ),
            (
                self.settings.network.published_on_loopback,
                "network.published_on_loopback is on: make sure that the port is published on loopback only",
            ),
            (
                self.settings.push.private_endpoints,
                "push.private_endpoints is on: whoever is logged in can make the daemon call addresses of your network",
            ),
        ];
        let on = reminders.into_iter().filter(|(on, _)| *on);
        on.map(|(_, text)| text).collect()
    }
}

/// The process's environment; names or values that are no UTF-8 are left out.
pub fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Reads a file that may be missing.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read_optional(path: &Path) -> Result<Option<String>, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ConfigError::Read {
            path: path.to_owned(),
            error,
        }),
    }
}
