//! What agents do not see. Agents run as the daemon's user and could read its keys; with
//! bubblewrap its folders are hidden from them, and every process outside is shut to
//! them, because a process in a user namespace may not look into one above it.

use crate::config::Config;
use crate::config::paths::private_folder;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// Longest time that the trial may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How agents are started, when something is hidden from them.
#[derive(Debug, Clone)]
pub struct Mask {
    program: PathBuf,
    data: PathBuf,
    run: PathBuf,
    door: PathBuf,
    config: PathBuf,
}

impl Mask {
    /// Tries it out; none when the settings do not ask for it.
    ///
    /// # Errors
    /// Why it does not work here, for a person.
    pub async fn find(config: &Config) -> Result<Option<Self>, String> {
        if !config.settings.isolation.mask {
            return Ok(None);
        }
        let path = config.environment.get("PATH").map_or("", String::as_str);
        let program = std::env::split_paths(path)
            .map(|folder| folder.join("bwrap"))
            .find(|file| file.is_file())
            .ok_or("bubblewrap (bwrap) is not installed")?;
        let paths = &config.paths;
        let mask = Self {
            program,
            data: paths.data_dir.clone(),
            run: paths.run_dir.clone(),
            door: paths.door(),
            config: paths.config_dir.clone(),
        };
        // One that comes later would be seen.
        std::fs::create_dir_all(&mask.config).map_err(|error| error.to_string())?;
        mask.tried().await?;
        Ok(Some(mask))
    }

    /// The command line that starts `argv` masked, with its own folder in sight.
    pub fn wrap(&self, agent_dir: &Path, argv: Vec<String>) -> Vec<String> {
        let text = |path: &Path| path.display().to_string();
        let (data, run, own) = (text(&self.data), text(&self.run), text(agent_dir));
        let (door, config) = (text(&self.door), text(&self.config));
        let mut line: Vec<String> = ["env", "--ignore-signal=INT,QUIT"]
            .map(str::to_owned)
            .into();
        line.push(text(&self.program));
        // Without capabilities even root cannot take the mask away. It keeps one, which
        // opens nothing in here: without it the kernel lets root make no namespace below
        // this one, and the sandbox that a CLI puts around its commands would not start.
        let kept: &[&str] = if nix::unistd::geteuid().is_root() {
            &["--cap-add", "CAP_SETFCAP"]
        } else {
            &[]
        };
        // The folder with the socket is bound whole, because the next daemon makes another
        // socket in it.
        for words in [
            &["--unshare-user", "--cap-drop", "ALL"][..],
            kept,
            &["--dev-bind", "/", "/"],
            &["--tmpfs", &data, "--tmpfs", &config],
            &["--bind", &door, &run, "--bind", &own, &own],
            &["--remount-ro", &data, "--remount-ro", &config],
            &["--", "env", "--default-signal=INT,QUIT"],
        ] {
            line.extend(words.iter().map(|word| (*word).to_owned()));
        }
        line.extend(argv);
        line
    }

    /// Looks from inside for what must not be seen there.
    async fn tried(&self) -> Result<(), String> {
        let keys = self.data.join("keys").display().to_string();
        let outside = format!("/proc/{}/environ", std::process::id());
        let script = "test ! -e \"$1\" && ! cat \"$2\" >/dev/null 2>&1";
        let trial = ["sh", "-c", script, "sh", &keys, &outside].map(str::to_owned);
        let own = self.data.join("agents");
        private_folder(&own).map_err(|error| error.to_string())?;
        let line = self.wrap(&own, trial.into());
        let mut command = Command::new(&line[0]);
        command
            .args(&line[1..])
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output()).await;
        match output {
            Err(_) => Err("bubblewrap does not come to an end here".into()),
            Ok(Err(error)) => Err(format!("bubblewrap cannot be run: {error}")),
            Ok(Ok(output)) if output.status.success() => Ok(()),
            Ok(Ok(output)) => {
                let said = String::from_utf8_lossy(&output.stderr);
                let line = said.lines().last().unwrap_or("what it has to hide is seen");
                Err(format!("bubblewrap does not work here: {line}"))
            }
        }
    }
}

/// The agent's own process: the mask's stays around it, and waits.
pub fn within(pid: i32) -> i32 {
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    if name.trim_end() != "bwrap" {
        return pid;
    }
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let first = children
        .ok()
        .and_then(|list| list.split_whitespace().next()?.parse().ok());
    first.unwrap_or(pid)
}
