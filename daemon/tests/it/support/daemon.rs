//! The real `orchestra up` in a throw-away HOME, ended with everything it started.

use super::api::Api;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;

/// The program under test.
pub(crate) const ORCHESTRA: &str = env!("CARGO_BIN_EXE_orchestra");

/// Where a test's daemon listens: on a free port.
const LOOPBACK: &str = "127.0.0.1:0";

/// A HOME, a project in it, and what the daemon is told.
pub(crate) struct Site {
    pub root: TempDir,
    pub home: PathBuf,
    pub project: PathBuf,
    pub data: PathBuf,
    pub env: BTreeMap<String, String>,
    pub config: String,
}

impl Site {
    /// A bare HOME: no agent CLI but what PATH has.
    pub(crate) fn new() -> Self {
        // Short, because sockets lie in it.
        let root = tempfile::Builder::new()
            .prefix("orc")
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir_in("/tmp")
            .unwrap();
        let home = root.path().join("home");
        let project = home.join("project");
        let data = root.path().join("data");
        std::fs::create_dir_all(&project).unwrap();
        let env = BTreeMap::from([
            ("HOME".to_owned(), home.display().to_string()),
            ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
            ("USER".to_owned(), "tester".to_owned()),
        ]);
        Self {
            root,
            home,
            project,
            data,
            env,
            config: String::new(),
        }
    }

    /// `orchestra` with this site's environment and nothing else.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(ORCHESTRA);
        command
            .args(args)
            .env_clear()
            .envs(&self.env)
            .env("ORCHESTRA_DATA_DIR", &self.data)
            .current_dir(&self.project);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().unwrap()
    }

    /// Plain git in the project folder.
    pub(crate) fn git(&self, args: &[&str]) -> Output {
        let mut command = Command::new("git");
        command.args(args).env_clear().envs(&self.env);
        command.current_dir(&self.project).output().unwrap()
    }

    /// Starts the daemon on a free port.
    pub(crate) fn start(&self) -> Daemon {
        self.start_with(&[])
    }

    /// The same at another address.
    pub(crate) fn start_at(&self, listen: &str) -> Daemon {
        Daemon::start(self.up(listen, &[]))
    }

    /// The same, typed in another folder.
    pub(crate) fn start_in(&self, folder: &Path) -> Daemon {
        let mut command = self.up(LOOPBACK, &[]);
        command.current_dir(folder);
        Daemon::start(command)
    }

    /// The same with a file system of its own at `place`, so many MiB large, that only
    /// this daemon and what it starts see (`Daemon::inside`).
    pub(crate) fn start_on_disk(&self, place: &Path, mib: u32) -> Daemon {
        std::fs::create_dir_all(place).unwrap();
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&self.data, private).unwrap();
        let plain = self.up(LOOPBACK, &[]);
        let mut command = Command::new("unshare");
        // Somebody else than root needs a user namespace for it.
        let root = nix::unistd::geteuid().is_root();
        command.arg(if root { "-m" } else { "-rm" });
        command.args([
            "sh",
            "-c",
            "mount -t tmpfs -o \"$0\" none \"$1\" && shift && exec \"$@\"",
        ]);
        command.arg(format!("size={mib}m")).arg(place);
        command.arg(plain.get_program()).args(plain.get_args());
        command.env_clear().current_dir(&self.project);
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap());
        }
        Daemon::start(command)
    }

    /// The same with more arguments.
    pub(crate) fn start_with(&self, more: &[&str]) -> Daemon {
        Daemon::start(self.up(LOOPBACK, more))
    }

    fn up(&self, listen: &str, more: &[&str]) -> Command {
        let config = self.root.path().join("config.toml");
        std::fs::write(&config, &self.config).unwrap();
        let config = config.display().to_string();
        let mut args = vec![
            "up",
            "--json",
            "--no-open",
            "--listen",
            listen,
            "--config",
            &config,
        ];
        args.extend(more);
        self.command(&args)
    }

    /// The tmux server of this site's first owner, for asking what really runs.
    pub(crate) fn tmux(&self, args: &[&str]) -> Output {
        tmux(&self.data.join("run/tmux.sock"), args)
    }

    /// The sockets of all owners' tmux servers.
    pub(crate) fn tmux_sockets(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.data.join("run"))
            .into_iter()
            .flatten();
        let files = files.filter_map(|file| Some(file.ok()?.path()));
        let ours = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("tmux") && name.ends_with(".sock")
        };
        files.filter(ours).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Agents outlive the daemon by design; a test's must not outlive the test.
        // Nor may a server, which waits for ever for a client that its daemon left stuck.
        for socket in self.tmux_sockets() {
            let panes = tmux(&socket, &["list-panes", "-a", "-F", "#{pane_pid} #{pid}"]);
            tmux(&socket, &["kill-server"]);
            for pid in String::from_utf8_lossy(&panes.stdout).split_whitespace() {
                let _ = Command::new("kill")
                    .args(["-KILL", pid])
                    .stderr(Stdio::null())
                    .status();
            }
        }
        if std::thread::panicking() {
            eprintln!("--- daemon log\n{}", read(&self.data.join("../daemon.log")));
        }
    }
}

/// Asks the tmux server at that socket.
pub(crate) fn tmux(socket: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("tmux");
    command.arg("-S").arg(socket).args(args);
    command.output().unwrap()
}

fn read(path: &Path) -> String {
    let mut text = String::new();
    if let Ok(mut file) = std::fs::File::open(path) {
        let _ = file.read_to_string(&mut text);
    }
    text
}

/// One running daemon.
pub(crate) struct Daemon {
    pub url: String,
    pub login_url: String,
    pub child: Child,
}

impl Daemon {
    fn start(mut command: Command) -> Self {
        let data = command
            .get_envs()
            .find(|(name, _)| *name == "ORCHESTRA_DATA_DIR")
            .and_then(|(_, value)| value)
            .map(PathBuf::from)
            .unwrap();
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(data.with_file_name("daemon.log"))
            .unwrap();
        let mut child = command
            .env("ORCHESTRA_LOG", "orchestra=debug,orchestra_tmux=debug,info")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let (to, from) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if to.send(line).is_err() {
                    return;
                }
            }
        });
        let line = from
            .recv_timeout(Duration::from_secs(60))
            .unwrap_or_else(|_| {
                panic!(
                    "the daemon did not start:\n{}",
                    read(&data.with_file_name("daemon.log"))
                )
            });
        let ready: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(ready["event"], "ready");
        Self {
            url: ready["url"].as_str().unwrap().to_owned(),
            login_url: ready["login_url"].as_str().unwrap_or_default().to_owned(),
            child,
        }
    }

    /// A caller with a fresh token of that role.
    pub(crate) fn api(&self, site: &Site, role: &str, sub: &str) -> Api {
        let output = site.run(&["token", "--role", role, "--sub", sub, "--ttl", "2h"]);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let token = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        Api::new(&self.url, &token)
    }

    /// A path as this daemon sees it.
    pub(crate) fn inside(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.child.id()));
        root.join(path.strip_prefix("/").unwrap())
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end and waits for it.
    pub(crate) fn stop(mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
