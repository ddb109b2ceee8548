//! Running the tmux program: probing it, short commands, control clients.

use crate::{
    command::{self, Command},
    config::ServerConfig,
    error::Error,
    process::ProcessId,
    quiet::Quiet,
    spawner::{self, ControlChild},
    version::Version,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    io,
    path::{Path, PathBuf},
    process::{self, Output, Stdio},
    time::Duration,
};
use tmux_interface::{
    AttachSession, ClientFlags, KillServer, NewSession, StartServer, Tmux, TmuxCommands,
};
use tokio::process::{ChildStdin, ChildStdout};

/// The session that keeps the server alive and that the main connection is
/// attached to.
pub(crate) const HUB: &str = "orc-hub";

/// What is known about the program and where its server listens.
#[derive(Debug)]
pub(crate) struct Launcher {
    pub(crate) config: ServerConfig,
    pub(crate) version: Version,
    /// The order in which clients come and go and commands run.
    pub(crate) quiet: Quiet,
    /// Children get a death signal; without `setpriv` they rely on being killed.
    death_signal: bool,
    /// The server starts with default signals even if ours are ignored.
    clean_signals: bool,
}

impl Launcher {
    /// Looks at the program and the socket's place. Starts nothing.
    pub(crate) async fn probe(config: ServerConfig) -> Result<Self, Error> {
        config.checked_socket()?;
        let mut ask = process::Command::new(program(&config));
        ask.arg("-V");
        let answer = match output(ask).await {
            Ok(answer) => answer,
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Error::NotInstalled);
            }
            Err(error) => return Err(error),
        };
        let version = Version::parse(&String::from_utf8_lossy(&answer.stdout))?;
        version.require_supported()?;
        if version.deserves_warning() {
            tracing::warn!(tmux.version = %version, "this tmux is older than 3.3a and not tested");
        }
        let death_signal = works("setpriv", &["--pdeathsig", "KILL", "true"]).await;
        if !death_signal {
            tracing::warn!(
                "setpriv was not found; after a crash, leftover tmux clients wait for the next start"
            );
        }
        let clean_signals = works("env", &["--default-signal=INT,QUIT,HUP,TERM", "true"]).await;
        let quiet = Quiet::new(version.attaching_is_fragile());
        Ok(Self {
            config,
            version,
            quiet,
            death_signal,
            clean_signals,
        })
    }

    /// Starts the server unless it runs, and makes sure of the hub.
    pub(crate) async fn start(&self) -> Result<(), Error> {
        let mut commands = TmuxCommands::new().cmd(StartServer::new().build());
        for option in self.options() {
            commands.push(option);
        }
        let mut patience = 20;
        loop {
            let started = self.run(true, commands.clone()).await?;
            match require_success(&started) {
                // The one before it is on its way out but still holds the socket.
                Err(Error::Start(why)) if patience > 0 && why.contains("server") => {
                    tracing::debug!(why, "tmux does not start yet");
                    patience -= 1;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                result => break result?,
            }
        }
        self.ensure_hub().await
    }

    /// Makes the hub if it is missing; never starts a server.
    pub(crate) async fn ensure_hub(&self) -> Result<(), Error> {
        let _quiet = self.quiet.to_attach().await;
        let mut hub = NewSession::new()
            .detached()
            .session_name(HUB)
            .width(80)
            .height(24)
            .build();
        hub.push_param("--")
            .push_param("sleep")
            .push_param("infinity");
        let made = self.run(false, TmuxCommands::new().cmd(hub)).await?;
        if made.status.success()
            || String::from_utf8_lossy(&made.stderr).starts_with("duplicate session")
        {
            return Ok(());
        }
        require_success(&made)
    }

    /// Global options. They come before the first pane, which takes them over.
    fn options(&self) -> Vec<Command> {
        let mut options = vec![
            // Without sessions the server waits for the hub, and for us.
            command::set_server("exit-empty", "off"),
            command::set_server("set-clipboard", "off"),
            command::set_global("update-environment", ""),
            command::set_global("remain-on-exit", "on"),
            command::set_global("history-limit", &self.config.history_limit.to_string()),
            command::set_global("status", "off"),
            command::set_global("automatic-rename", "off"),
            command::set_global("allow-rename", "off"),
        ];
        if self.version.has_remain_on_exit_format() {
            options.push(command::set_global("remain-on-exit-format", ""));
        }
        if let Some(terminal) = self.config.terminal() {
            options.push(command::set_global("default-terminal", &terminal));
        }
        options
    }

    /// Whether a server answers on the socket.
    pub(crate) async fn answers(&self) -> bool {
        let ask = TmuxCommands::new().cmd(command::list_clients("#{client_pid}"));
        self.run(false, ask)
            .await
            .is_ok_and(|answer| answer.status.success())
    }

    /// The control clients of this server and their pids.
    pub(crate) async fn control_clients(&self) -> Result<Vec<i32>, Error> {
        let ask = command::list_clients("#{client_control_mode} #{client_pid}");
        let answer = self.run(false, TmuxCommands::new().cmd(ask)).await?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        Ok(text
            .lines()
            .filter_map(|line| line.strip_prefix("1 ")?.parse().ok())
            .collect())
    }

    /// Tells the server to end.
    pub(crate) async fn kill_server(&self) -> Result<(), Error> {
        self.run(false, TmuxCommands::new().cmd(KillServer::new().build()))
            .await
            .map(drop)
    }

    /// A running server whose socket file vanished makes it anew when told so.
    /// True if one was told and answers now.
    pub(crate) async fn revive_socket(&self) -> bool {
        let Some(server) = self.recorded_server() else {
            return false;
        };
        tracing::warn!(
            server.pid = server.pid,
            "the tmux socket is gone; asking the server to make it again"
        );
        if kill(Pid::from_raw(server.pid), Signal::SIGUSR1).is_err() {
            return false;
        }
        for _ in 0..40 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if self.answers().await {
                return true;
            }
        }
        false
    }

    /// The server of the last successful connection, if it still runs.
    pub(crate) fn recorded_server(&self) -> Option<ProcessId> {
        let text = std::fs::read_to_string(self.config.pid_file()).ok()?;
        let (pid, start) = text.trim().split_once(' ')?;
        let server = ProcessId {
            pid: pid.parse().ok()?,
            start: start.parse().ok()?,
        };
        server.alive().then_some(server)
    }

    /// Remembers the server for [`Self::recorded_server`].
    pub(crate) fn record_server(&self, server: ProcessId) {
        let text = format!("{} {}\n", server.pid, server.start);
        if let Err(error) = std::fs::write(self.config.pid_file(), text) {
            tracing::warn!(%error, "the pid of the tmux server could not be kept");
        }
    }

    /// Attaches a control client to a session.
    pub(crate) async fn attach(
        &self,
        flags: ClientFlags,
        target: String,
    ) -> io::Result<(ControlChild, ChildStdin, ChildStdout)> {
        let attach = AttachSession::new()
            .flags(flags)
            .target_session(target)
            .build();
        let argv = self.argv(false, true, TmuxCommands::new().cmd(attach));
        let program = program(&self.config);
        let mut command = if self.death_signal {
            let mut command = process::Command::new("setpriv");
            command.args(["--pdeathsig", "KILL"]).arg(program);
            command
        } else {
            process::Command::new(program)
        };
        command
            .args(argv)
            .env_clear()
            .envs(self.config.env.iter().map(|(k, v)| (k, v)));
        spawner::spawn(command).await
    }

    async fn run(&self, start: bool, commands: TmuxCommands<'static>) -> Result<Output, Error> {
        let mut command = if self.clean_signals && start {
            let mut command = process::Command::new("env");
            command
                .arg("--default-signal=INT,QUIT,HUP,TERM")
                .arg(program(&self.config));
            command
        } else {
            process::Command::new(program(&self.config))
        };
        command.args(self.argv(start, false, commands));
        command
            .env_clear()
            .envs(self.config.env.iter().map(|(k, v)| (k, v)));
        output(command).await
    }

    fn argv(&self, start: bool, control: bool, commands: TmuxCommands<'static>) -> Vec<String> {
        let socket = self.config.socket.to_string_lossy().into_owned();
        let mut tmux = Tmux::new()
            .force_utf8()
            .socket_path(socket)
            .file("/dev/null")
            .commands(commands);
        if control {
            tmux = tmux.control_mode();
        }
        let built = tmux.build().to_vec();
        let words = built.iter().skip(1).map(|word| word.clone().into_owned());
        // The builder of this feature level does not know `-N`, "start no server".
        let guard = (!start).then(|| "-N".to_owned());
        guard.into_iter().chain(words).collect()
    }
}

/// The program by its full path: wrappers look names up in the server's `PATH`,
/// which need not be ours.
fn program(config: &ServerConfig) -> PathBuf {
    if config.tmux.components().count() > 1 {
        return config.tmux.clone();
    }
    let path = config
        .env
        .iter()
        .find(|(name, _)| name == "PATH")
        .map(|(_, value)| value.clone());
    let folders = path.unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    let mut places = std::env::split_paths(&folders).map(|folder| folder.join(&config.tmux));
    // A name that is nowhere stays one that cannot be found, whatever default path the
    // system would look in.
    places
        .find(|place| place.is_file())
        .unwrap_or_else(|| Path::new("/nonexistent").join(&config.tmux))
}

fn require_success(answer: &Output) -> Result<(), Error> {
    if answer.status.success() {
        return Ok(());
    }
    Err(Error::Start(
        String::from_utf8_lossy(&answer.stderr).trim().to_owned(),
    ))
}

async fn works(program: &str, args: &'static [&'static str]) -> bool {
    let mut command = process::Command::new(program);
    command.args(args);
    output(command)
        .await
        .is_ok_and(|answer| answer.status.success())
}

/// Runs a short command on a blocking thread. Nothing that has to outlive the
/// thread may be started this way; the server detaches itself.
async fn output(mut command: process::Command) -> Result<Output, Error> {
    command.stdin(Stdio::null());
    let run = tokio::task::spawn_blocking(move || command.output());
    let answer = tokio::time::timeout(Duration::from_secs(15), run)
        .await
        .map_err(|_| Error::Timeout)?;
    Ok(answer.map_err(|_| Error::Disconnected)??)
}
