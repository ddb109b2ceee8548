//! The sections of the configuration, as they are read; what each key means stands in
//! `defaults.toml`.

use orchestra_protocol::agent::RestartPolicy;
use orchestra_protocol::budget::Budget;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

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
    /// How often titles, status files and screens are read.
    pub look_ms: u32,
    pub requests_per_minute: u32,
    pub login_attempts_per_minute: u32,
    pub sockets_per_user: u32,
}

/// What crashed agents do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    pub restart: RestartPolicy,
    /// How often in a row.
    pub restarts: u32,
    /// Pause before the first start; each further one waits twice as long.
    pub backoff_s: u32,
}

/// What agents and tasks may spend that say nothing else; 0: no limit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    pub agent_usd: f64,
    pub agent_tokens: u64,
    pub agent_wall_s: u64,
    pub agent_turns: u64,
    pub task_usd: f64,
    pub task_tokens: u64,
    pub task_wall_s: u64,
    pub task_turns: u64,
    pub warn_percent: u8,
}

impl Budgets {
    /// Of a new agent.
    pub fn of_agents(&self) -> Budget {
        budget(
            self.agent_usd,
            self.agent_tokens,
            self.agent_wall_s,
            self.agent_turns,
        )
    }

    /// Of a new task.
    pub fn of_tasks(&self) -> Budget {
        budget(
            self.task_usd,
            self.task_tokens,
            self.task_wall_s,
            self.task_turns,
        )
    }

    /// The share from which on one is warned.
    pub fn warn(&self) -> f64 {
        f64::from(self.warn_percent) / 100.0
    }
}

fn budget(usd: f64, tokens: u64, wall_s: u64, turns: u64) -> Budget {
    let some = |value: u64| (value > 0).then_some(value);
    Budget {
        usd: (usd > 0.0).then_some(usd),
        tokens: some(tokens),
        wall_s: some(wall_s),
        turns: some(turns),
    }
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
