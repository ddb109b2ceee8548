//! What every figure is given: the options, the sizes, the program.

use crate::options::Options;
use anyhow::Context;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// Complaints of a daemon that a failed figure shows.
const SHOWN: usize = 5;

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub shells: usize,
    pub claudes: usize,
    pub messages: usize,
    pub keys: usize,
    pub users: usize,
    pub rate: u32,
    pub load: Duration,
    /// A small and a large fleet.
    pub agents: [usize; 2],
    /// Agents of the sampled figure.
    pub fleet: usize,
    /// Fleets and audiences that show how cost grows.
    pub growing_agents: &'static [usize],
    pub growing_viewers: &'static [usize],
    /// Connections that are opened one after the other.
    pub connects: usize,
    /// Bytes of the long log, and how often it is shown.
    pub log_bytes: usize,
    pub logs: usize,
    /// How often a flood is stopped, and how long it ran before.
    pub floods: usize,
    pub flood: Duration,
    /// How long a viewer does not read.
    pub stall: Duration,
    /// Idle viewers, and viewers that all wait for one key.
    pub idle_viewers: usize,
    pub key_viewers: usize,
    /// How long processor time is counted.
    pub window: Duration,
    /// Until allocations and caches have calmed.
    pub settle: Duration,
    pub restarts: usize,
    /// Tokens that are checked one after the other.
    pub tokens: usize,
    /// Tokens with unknown keys, and in what time they come.
    pub strangers: usize,
    pub jwt_flood: Duration,
    /// Files of a repository, and worktrees of it.
    pub tracked: usize,
    pub worktrees: usize,
    /// Session files and their bytes, all together.
    pub sessions: usize,
    pub session_bytes: u64,
}

const FULL: Sizes = Sizes {
    shells: 40,
    claudes: 7,
    messages: 20,
    keys: 1000,
    users: 100,
    rate: 100,
    load: Duration::from_secs(20),
    agents: [10, 50],
    fleet: 100,
    growing_agents: &[10, 50, 100, 300],
    growing_viewers: &[1, 50, 500, 1000],
    connects: 50,
    log_bytes: 50_000_000,
    logs: 3,
    floods: 5,
    flood: Duration::from_secs(4),
    stall: Duration::from_secs(20),
    idle_viewers: 500,
    key_viewers: 50,
    window: Duration::from_secs(8),
    settle: Duration::from_secs(3),
    restarts: 7,
    tokens: 3000,
    strangers: 10_000,
    jwt_flood: Duration::from_secs(10),
    tracked: 4000,
    worktrees: 20,
    sessions: 10_000,
    session_bytes: 5_000_000_000,
};

const QUICK: Sizes = Sizes {
    shells: 3,
    claudes: 1,
    messages: 2,
    keys: 30,
    users: 5,
    rate: 20,
    load: Duration::from_secs(2),
    agents: [1, 3],
    fleet: 3,
    growing_agents: &[1, 3],
    growing_viewers: &[1, 3],
    connects: 3,
    log_bytes: 2_000_000,
    logs: 1,
    floods: 1,
    flood: Duration::from_secs(1),
    stall: Duration::from_secs(3),
    idle_viewers: 5,
    key_viewers: 3,
    window: Duration::from_secs(2),
    settle: Duration::from_millis(500),
    restarts: 1,
    tokens: 30,
    strangers: 200,
    jwt_flood: Duration::from_secs(1),
    tracked: 200,
    worktrees: 3,
    sessions: 200,
    session_bytes: 20_000_000,
};

/// One run of the program.
pub(crate) struct Bench {
    pub options: Options,
    pub sizes: Sizes,
    pub orchestra: PathBuf,
    logs: TempDir,
}

impl Bench {
    /// Fails when there is no daemon to measure.
    pub(crate) fn new(options: Options) -> anyhow::Result<Self> {
        let beside = std::env::current_exe()?.with_file_name("orchestra");
        let orchestra = options.orchestra.clone().unwrap_or(beside);
        let orchestra = orchestra.canonicalize().with_context(|| {
            format!(
                "there is no {}: cargo build --release -p orchestra, or say --orchestra FILE",
                orchestra.display()
            )
        })?;
        let mut sizes = if options.quick { QUICK } else { FULL };
        if let Some(megabytes) = options.session_mb {
            sizes.sessions = usize::try_from(megabytes * 2)?;
            sizes.session_bytes = megabytes * 1_000_000;
        }
        Ok(Self {
            options,
            sizes,
            orchestra,
            logs: tempfile::tempdir()?,
        })
    }

    /// Where daemons log; it outlives their HOME, so that a failure can be explained.
    pub(crate) fn log(&self) -> PathBuf {
        self.logs.path().join("daemon.log")
    }

    /// Forgets what was logged.
    pub(crate) fn clear_log(&self) {
        // None yet is as good as an empty one.
        let _ = std::fs::remove_file(self.log());
    }

    /// The last complaints of the daemons since then.
    pub(crate) fn complaints(&self) -> String {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        let serious = |line: &&str| line.contains("ERROR") || line.contains("WARN");
        let mut lines: Vec<&str> = text.lines().filter(serious).collect();
        let last = lines.split_off(lines.len().saturating_sub(SHOWN));
        last.iter().map(|line| format!("\n    {line}")).collect()
    }
}
