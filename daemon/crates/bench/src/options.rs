//! What a person may ask for.

use crate::attach::Attach;
use crate::hold::Hold;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::str::FromStr;

/// Measures Orchestra: time, bytes, processor and memory, with a baseline beside them.
///
/// Without `--url` it starts a daemon of its own in a throw-away HOME and ends it, with
/// every agent, afterwards.
#[derive(Debug, Clone, Parser)]
#[command(name = "orchestra-bench")]
pub(crate) struct Options {
    /// Small sizes: shows that everything works, the figures mean little.
    #[arg(long)]
    pub quick: bool,
    /// Only this figure; may be given more than once.
    #[arg(long, value_name = "NAME", value_enum)]
    pub only: Vec<Name>,
    /// The program to measure. Default: `orchestra` beside this one.
    #[arg(long, value_name = "FILE")]
    pub orchestra: Option<PathBuf>,
    /// Measures a daemon that runs already; figures that look at its processes are skipped.
    #[arg(long, value_name = "URL", requires = "token_file")]
    pub url: Option<String>,
    /// Access token for `--url`.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Also measures WeTTY: its main.js, as `make bench-peers` installs it.
    #[arg(long, value_name = "FILE")]
    pub wetty: Option<PathBuf>,
    /// Also measures the web client of this Zellij, with a session and a shell of its own.
    #[arg(long, value_name = "FILE")]
    pub zellij: Option<PathBuf>,
    /// Also measures a terminal that runs elsewhere and sends raw bytes in WebSocket
    /// messages. Its shell has to show the prompt `ready$`.
    #[arg(long, value_name = "URL")]
    pub raw: Vec<Foreign>,
    /// Megabytes of the sessions on disk, in 2 sessions for each.
    #[arg(long, value_name = "MB")]
    pub session_mb: Option<u64>,
    /// Begins no figure after so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub limit: u64,
    #[command(subcommand)]
    pub job: Option<Job>,
    /// Writes all figures there, too; the last one counts.
    #[arg(long, value_name = "FILE", overrides_with = "json")]
    pub json: Option<PathBuf>,
}

/// What it does beside measuring.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Job {
    /// Serves `tmux attach` over WebSockets, one for each viewer: what is compared with.
    #[command(hide = true)]
    Attach(Attach),
    /// Sets a scene for a profiler and holds it: `testkit/bench/profile.sh`.
    Hold(Hold),
}

/// A server elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Foreign {
    pub base: String,
    pub path: String,
}

impl FromStr for Foreign {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let host = text.strip_prefix("ws://");
        let host = host.ok_or("only ws://HOST:PORT/PATH can be measured")?;
        let (host, path) = host.split_once('/').unwrap_or((host, ""));
        Ok(Self {
            base: format!("http://{host}"),
            path: format!("/{path}"),
        })
    }
}

/// The figures, in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// A spawn request until its process, and until Claude Code is ready.
    Spawn,
    /// A message until its reply, less the model's time.
    Chat,
    /// A key until its echo, beside `tmux attach`.
    Keys,
    /// Connect, reattach, and a short drop.
    Connect,
    /// A long log until its last screen.
    Log,
    /// Viewers that cannot follow a flood.
    Flood,
    /// Viewers that only look, and many that wait for a key.
    Viewers,
    /// Many users who send many messages.
    Load,
    /// Memory of daemon, tmux and Claude Code.
    Memory,
    /// Processor for sampled terminals, beside a forked capture per frame.
    Sampling,
    /// How cost grows with agents, viewers and bytes.
    Growth,
    Recording,
    /// Start with agents to find again.
    Adopt,
    /// Checking tokens, and a flood of unknown keys.
    Jwt,
    /// Worktrees of agents, beside plain git.
    Worktrees,
    /// Sources of live bytes, against a private tmux.
    Sources,
    /// Sessions that the CLIs left on disk, beside ccusage.
    Sessions,
}
