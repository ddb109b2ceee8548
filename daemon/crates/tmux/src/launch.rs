//! Running the tmux program: probing it, short commands, control clients.

use crate::{
    command::{self, Command},
    config::ServerConfig,
    error::Error,
    process::ProcessId,
    quiet::Quiet,
    spawner::{self, ControlChild, Guard},
    version::Version,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, getpid},
};
use parking_lot::Mutex;
use std::{
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
    process::{self, Output, Stdio},
    time::Duration,
};
use tmux_interface::{
    AttachSession, ClientFlags, KillServer, KillSession, NewSession, StartServer, Tmux,
    TmuxCommands,
};
use tokio::process::{ChildStdin, ChildStdout};

/// Seconds of output that tmux keeps for us before it pauses a pane.
const PAUSE_AFTER: usize = 2;

/// The session that keeps the server alive and that the main connection is
/// attached to.
pub(crate) const HUB: &str = "orc-hub";

/// The session of the live connection: windows that somebody reads are linked here, too.
pub(crate) const STAGE: &str = "orc-stage";

/// What a control client is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Commands and captures; it gets no output.
    Main,
    /// The output of what is on the stage.
    Live,
}

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
    /// The input of the main client, so that the guard of the live one can keep it open.
    main_input: Mutex<Option<OwnedFd>>,
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
            main_input: Mutex::new(None),
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
        self.ensure_session(HUB).await
    }

    /// Makes the stage if it is missing; never starts a server.
    pub(crate) async fn ensure_stage(&self) -> Result<(), Error> {
        self.ensure_session(STAGE).await
    }

    /// Takes everything off a stage that an earlier owner left. What has no session of its
    /// own any more ends with it.
    pub(crate) async fn clear_stage(&self) -> Result<(), Error> {
        let _quiet = self.quiet.to_attach().await;
        let kill = KillSession::new()
            .target_session(format!("={STAGE}"))
            .build();
        // Mostly there is none.
        self.run(false, TmuxCommands::new().cmd(kill))
            .await
            .map(drop)
    }

    async fn ensure_session(&self, name: &'static str) -> Result<(), Error> {
        let _quiet = self.quiet.to_attach().await;
        let mut session = NewSession::new()
            .detached()
            .session_name(name)
            .width(80)
            .height(24)
            .build();
        session
            .push_param("--")
            .push_param("sleep")
            .push_param("infinity");
        let made = self.run(false, TmuxCommands::new().cmd(session)).await?;
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

    /// Control clients of this server that are not our children, whether the server knows
    /// them yet or not.
    pub(crate) fn strange_clients(&self) -> Vec<i32> {
        let socket = self.config.socket.as_os_str();
        crate::process::control_clients(socket.as_bytes(), getpid().as_raw())
    }

    /// Starts a control client.
    pub(crate) async fn attach(
        &self,
        role: Role,
    ) -> io::Result<(ControlChild, ChildStdin, ChildStdout)> {
        let (flags, session) = match role {
            Role::Main => (
                ClientFlags {
                    no_output: Some(true),
                    ..ClientFlags::default()
                },
                HUB,
            ),
            Role::Live => (
                ClientFlags {
                    pause_after: Some(PAUSE_AFTER),
                    ..ClientFlags::default()
                },
                STAGE,
            ),
        };
        let attach = AttachSession::new()
            .flags(ClientFlags {
                ignore_size: Some(true),
                ..flags
            })
            .target_session(format!("={session}:"))
            .build();
        let guard = (role == Role::Live && self.death_signal).then(|| Guard {
            keeps_open: self.main_input.lock().take(),
        });
        let mut client = process::Command::new(program(&self.config));
        client
            .args(self.argv(false, true, TmuxCommands::new().cmd(attach)))
            .env_clear()
            .envs(self.config.env.iter().map(|(k, v)| (k, v)));
        let (child, stdin, stdout) = spawner::spawn(client, guard).await?;
        if role == Role::Main {
            *self.main_input.lock() = Some(stdin.as_fd().try_clone_to_owned()?);
        }
        Ok((child, stdin, stdout))
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
