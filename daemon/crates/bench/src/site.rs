//! The real `orchestra up` in a throw-away HOME, ended with everything it started.

use crate::bench::Bench;
use crate::process::Id;
use crate::stats::ms;
use crate::tmux::Tmux;
use crate::wait::within;
use anyhow::Context;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Instant;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

/// Only what would refuse as many agents and sockets as are measured; all else is as shipped.
const CONFIG: &str = "[limits]\nlive_agents = 400\nnew_agents_per_hour = 5000\nsockets_per_user = 2000\nrequests_per_minute = 100000\n";

/// What a shell shows when it waits, so that a viewer can find it.
pub(crate) const PROMPT: &str = "ready$";

/// A HOME, a project in it, and what the daemon is told.
pub(crate) struct Site {
    pub root: TempDir,
    pub home: PathBuf,
    pub project: PathBuf,
    pub data: PathBuf,
    pub env: BTreeMap<String, String>,
}

impl Site {
    /// A bare HOME: no agent CLI but what the system has.
    pub(crate) fn new() -> anyhow::Result<Self> {
        // Short, because sockets lie in it.
        let root = tempfile::Builder::new()
            .prefix("orb")
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir_in("/tmp")?;
        let home = root.path().join("home");
        let project = home.join("project");
        let data = root.path().join("data");
        std::fs::create_dir_all(&project)?;
        std::fs::write(root.path().join("config.toml"), CONFIG)?;
        std::fs::write(home.join(".bashrc"), format!("PS1='{PROMPT} '\n"))?;
        let env = [
            ("HOME", home.display().to_string()),
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("SHELL", "/bin/bash".to_owned()),
            ("USER", "bench".to_owned()),
        ];
        Ok(Self {
            root,
            home,
            project,
            data,
            env: env.map(|(name, value)| (name.to_owned(), value)).into(),
        })
    }

    /// Starts the daemon on a free port and waits until it serves.
    pub(crate) async fn start(&self, bench: &Bench) -> anyhow::Result<Daemon> {
        let log = bench.log();
        let kept = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log)?;
        // A shell that runs us in the background makes us ignore Ctrl-C, and every
        // terminal below would inherit that.
        let mut command = Command::new("env");
        command
            .arg("--default-signal=INT,QUIT")
            .arg(&bench.orchestra)
            .args(["up", "--json", "--no-open", "--listen", "127.0.0.1:0"])
            .arg("--config")
            .arg(self.root.path().join("config.toml"))
            .env_clear()
            .envs(&self.env)
            .env("ORCHESTRA_DATA_DIR", &self.data)
            .current_dir(&self.project)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(kept)
            .kill_on_drop(true);
        let begun = Instant::now();
        let mut child = command.spawn().context("the daemon does not start")?;
        let mut stdout = BufReader::new(child.stdout.take().context("no stdout")?);
        let mut line = String::new();
        within("the daemon", stdout.read_line(&mut line)).await??;
        let start_ms = ms(begun.elapsed());
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        let ready: Value =
            serde_json::from_str(&line).with_context(|| format!("not ready: {}", said()))?;
        Ok(Daemon {
            url: ready["url"].as_str().context("no url")?.to_owned(),
            pid: Id::try_from(child.id().context("the daemon ended")?)?,
            start_ms,
            child,
            _stdout: stdout,
        })
    }

    /// The tmux server of the one who owns all agents here.
    pub(crate) fn tmux(&self) -> Tmux {
        Tmux::at(&self.data.join("run/tmux.sock"))
    }

    /// The daemon's Unix socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.data.join("run/orchestra.sock")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Agents outlive the daemon by design; these must not.
        self.tmux().end();
    }
}

/// One running daemon.
pub(crate) struct Daemon {
    pub url: String,
    pub pid: Id,
    /// From its start until it said that it serves.
    pub start_ms: f64,
    child: Child,
    // Kept open: what it says later must not meet a closed pipe.
    _stdout: BufReader<ChildStdout>,
}

impl Daemon {
    /// Asks it to end and waits for it; agents go on.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        kill(Pid::from_raw(self.pid), Signal::SIGTERM)?;
        within("the daemon's end", self.child.wait()).await??;
        Ok(())
    }

    /// Ends it as a crash would; agents go on.
    pub(crate) async fn crash(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }
}
