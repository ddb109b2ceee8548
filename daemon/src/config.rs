//! Configuration: embedded defaults, then the file, then `ORCHESTRA_…` variables, then
//! flags; parsed once, before any socket opens. The only reader of the environment.

mod check;
pub mod edit;
pub mod fault;
pub mod keys;
pub mod layers;
pub mod paths;
mod places;

use fault::{Fault, Origin};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
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
    /// Where each value came from, by dotted key.
    pub provenance: BTreeMap<String, Origin>,
    /// The environment as it was at start, for the allow-lists of `kinds.*.env`.
    pub environment: BTreeMap<String, String>,
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

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub hosts: Vec<String>,
    pub behind_tls_proxy: bool,
    /// PEM files; both or none.
    pub tls_cert: String,
    pub tls_key: String,
}

impl Server {
    /// True when the daemon itself speaks TLS.
    pub fn own_tls(&self) -> bool {
        !self.tls_cert.is_empty()
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Projects {
    pub roots: Vec<String>,
}

/// Who proves who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginSource {
    Local,
    Oidc,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    pub login: LoginSource,
    pub issuer: String,
    pub audience: String,
    pub client_id: String,
    /// The client of `orchestra login`; empty: it cannot log in.
    pub cli_client_id: String,
    /// Where `orchestra login` waits for the browser on loopback; 0: any free port.
    pub cli_port: u16,
    /// Clients whose tokens are taken; empty: those of any client.
    pub clients: Vec<String>,
    pub allow_query_jwt: bool,
    pub token_ttl_s: u64,
    pub device_ttl_days: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    pub allow: Vec<String>,
    /// Proxies whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<String>,
    /// In a container: all addresses in there, while the port is published on the
    /// host's loopback only.
    pub published_on_loopback: bool,
}

/// What keeps agents apart from the daemon.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Isolation {
    pub mask: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terminal {
    pub frames_per_second: f64,
    pub history_lines: u32,
    pub cols: u16,
    pub rows: u16,
    pub recording: bool,
    pub recording_max_mib: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Primary {
    pub kind: String,
    pub cwd: String,
    pub instructions: String,
    #[serde(default)]
    pub permissions: PermissionMode,
}

/// Questions of agents to people.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approvals {
    /// Rules whose uses need no person.
    pub bypass_permissions: Vec<String>,
    pub timeout_s: u64,
    pub on_timeout: OnTimeout,
}

/// What becomes of a question that nobody answered in time. Never a yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// The CLI's own dialog is left to answer it.
    Terminal,
    Deny,
}

/// Notifications through the browsers' push services.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// Whom a push service may turn to: `mailto:` or https.
    pub contact: String,
    /// Also takes endpoints over http, at any port and at private addresses.
    pub private_endpoints: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub depth: u32,
    pub live_agents: u32,
    pub new_agents_per_hour: u32,
    pub task_timeout_s: u64,
    /// How long a busy agent may do nothing that can be seen; 0: as long as it likes.
    pub stuck_s: u32,
    /// How long a used up quota is waited for when nobody says until when.
    pub quota_wait_s: u32,
    pub requests_per_minute: u32,
    pub login_attempts_per_minute: u32,
    pub sockets_per_user: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    pub events_days: u32,
    pub audit_days: u32,
    pub ended_days: u32,
    pub recordings_days: u32,
}

/// The CLIs' own session files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcripts {
    pub heartbeat_s: u64,
}

/// Folders of their own for agents.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worktrees {
    /// Name of the folder beneath a repository that holds them.
    pub folder: String,
    /// Agents that `orchestra spawn` starts side by side.
    pub parallel: u32,
    /// A program and its arguments, run in each new one; empty: none.
    pub setup: Vec<String>,
    pub setup_timeout_s: u64,
    pub port_from: u16,
    pub port_to: u16,
    /// How many ports each is leased.
    pub ports_each: u16,
}

/// What a CLI may inherit and is started with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kind {
    /// Names of variables that an agent of this kind inherits.
    pub env: Vec<String>,
    /// Arguments put before ours.
    pub args: Vec<String>,
    /// Path of the program, when it is not on PATH.
    pub command: Option<PathBuf>,
    /// Folder of its session files, when it is not the CLI's own.
    pub sessions: Option<PathBuf>,
    /// Of a kind that is declared here alone: its name for people.
    pub title: String,
    /// A row of its screen looks like this when it takes a prompt.
    pub ready: String,
    /// A row looks like this while it works; empty: whenever the last row is not `ready`.
    pub busy: String,
    /// A row looks like this while it asks something.
    pub dialog: String,
    pub prompt: PromptMethod,
    /// It tells events by itself, so its screen only shows.
    pub events: bool,
    /// Keys that end its turn, with blanks between them.
    pub interrupt: String,
}

impl Kind {
    /// True when it says how to read a screen: it declares a kind of its own.
    pub fn declares(&self) -> bool {
        !self.ready.is_empty()
    }
}

/// How a declared kind is told something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptMethod {
    /// As a paste, lines and all, for programs that know bracketed paste.
    #[default]
    Paste,
    /// As one line, for programs that take each line for a prompt.
    Line,
}

/// A named worker.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Specialist {
    pub name: String,
    pub kind: String,
    pub labels: Vec<String>,
    pub instructions: String,
    /// Kind used when `kind` is not installed.
    pub fallback: Option<String>,
    pub permissions: PermissionMode,
}

/// What an agent may do without asking a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermissionMode {
    /// Edits files in its folder; asks before it runs anything.
    #[default]
    Ask,
    /// Also runs commands.
    Full,
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
            provenance: layers.provenance,
            environment,
        })
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
