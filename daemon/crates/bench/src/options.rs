//! What a person may ask for.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;

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
    /// Writes all figures there, too; the last one counts.
    #[arg(long, value_name = "FILE", overrides_with = "json")]
    pub json: Option<PathBuf>,
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
    /// Many users who send many messages.
    Load,
    /// Memory of daemon, tmux and Claude Code.
    Memory,
    /// Processor for sampled terminals, beside a forked capture per frame.
    Sampling,
    /// How cost grows with agents, viewers and bytes.
    Growth,
    /// Start with agents to find again.
    Adopt,
}
