//! The options that say which daemon a command talks to, and as whom.

use super::client::kept::Place;
use super::client::{Client, Credential, Target};
use super::failure::Failure;
use super::values;
use crate::config::Flags;
use crate::config::paths::Paths;
use clap::Args;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};

/// Which daemon, as whom, and how to print.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection")]
pub struct Connection {
    /// Address of a daemon, such as https://orchestra.example, as whoever `orchestra login`
    /// made you there; default: the one on this machine, over its Unix socket.
    #[arg(long, env = "ORCHESTRA_URL", value_name = "URL", global = true)]
    pub url: Option<String>,
    /// File (mode 0600) that holds an access token, such as `orchestra token` prints.
    #[arg(long, env = "ORCHESTRA_TOKEN_FILE", value_name = "FILE", global = true)]
    pub token_file: Option<PathBuf>,
    /// Data folder of the daemon on this machine.
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// Prints JSON, one value on a line.
    #[arg(long, global = true)]
    pub json: bool,
    /// The daemon's socket, as agents are told it.
    #[arg(long, env = "ORCHESTRA_SOCKET", hide = true, global = true)]
    pub socket: Option<PathBuf>,
    /// Folder with an agent's token.
    #[arg(long, env = "ORCHESTRA_AGENT_DIR", hide = true, global = true)]
    pub agent_dir: Option<PathBuf>,
}

impl Connection {
    /// A client for the daemon that the options name; nothing is sent yet.
    ///
    /// # Errors
    /// When the options name no usable daemon.
    pub fn client(&self) -> Result<Client, Failure> {
        let target = self.target()?;
        let agent = given(self.agent_dir.as_deref());
        let credential = match (&self.token_file, &target, agent) {
            (Some(file), _, _) => Credential::File(file.clone()),
            (None, Target::Url { base, .. }, _) => {
                Credential::Kept(Place::of(&self.paths()?, base))
            }
            // Inside an agent a command acts as that agent.
            (None, Target::Socket(_), Some(folder)) => Credential::File(folder.join("token")),
            (None, Target::Socket(_), None) => Credential::Local(Mutex::new(None)),
        };
        Ok(Client::new(target, credential))
    }

    /// The same for a command that is of use only while a daemon runs: starts the one of
    /// this machine when none does, unless another is named or an agent asks.
    ///
    /// # Errors
    /// When the options name no usable daemon, or none can be started.
    pub async fn living_client(&self) -> Result<Client, Failure> {
        self.wake().await?;
        self.client()
    }

    /// Starts the daemon of this machine when it is meant and does not run.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn wake(&self) -> Result<(), Failure> {
        let inherited = given(self.socket.as_deref()).is_some() && self.data_dir.is_none();
        let inside = given(self.agent_dir.as_deref()).is_some();
        let elsewhere = self.url.as_deref().is_some_and(|url| !url.is_empty());
        if elsewhere || inside || inherited {
            return Ok(());
        }
        super::ondemand::start(&self.paths()?).await
    }

    /// The folder that work is for, as the daemon must be told it: the one that was named;
    /// without a name where the person stands, on the daemon's own machine. What an agent
    /// asks for is the daemon's to place, unless it is about the repository it stands in.
    pub fn folder(&self, named: Option<&Path>, repository: bool) -> Option<String> {
        if self.url.as_deref().is_some_and(|url| !url.is_empty()) {
            // A folder of another machine cannot be made whole here.
            return named.map(|path| path.display().to_string());
        }
        let here = repository || given(self.agent_dir.as_deref()).is_none();
        let path = named.or_else(|| here.then(|| Path::new(".")));
        path.map(values::folder)
    }

    /// A client for what only the Unix socket answers.
    ///
    /// # Errors
    /// When the options name a daemon elsewhere.
    pub fn local_client(&self, what: &str) -> Result<Client, Failure> {
        if self.url.is_some() {
            return Err(Failure::Usage(format!(
                "{what} works only on the daemon's own machine; leave out --url"
            )));
        }
        Ok(Client::new(
            Target::Socket(self.socket_path()?),
            Credential::None,
        ))
    }

    /// The daemon's folders on this machine.
    ///
    /// # Errors
    /// When they cannot be worked out.
    pub fn paths(&self) -> Result<Paths, Failure> {
        let flags = Flags {
            data_dir: self.data_dir.clone(),
            ..Flags::default()
        };
        Paths::locate(&flags).map_err(|error| Failure::Usage(error.to_string()))
    }

    /// Where the daemon is.
    ///
    /// # Errors
    /// When `--url` is no usable address.
    pub fn target(&self) -> Result<Target, Failure> {
        let Some(url) = self.url.as_deref().filter(|url| !url.is_empty()) else {
            return Ok(Target::Socket(self.socket_path()?));
        };
        let parsed = reqwest::Url::parse(url)
            .map_err(|error| Failure::Usage(format!("--url {url:?} is no address: {error}")))?;
        if !matches!(parsed.scheme(), "http" | "https") || !parsed.username().is_empty() {
            let text = format!(
                "--url {url:?} must begin with http:// or https:// and hold no credentials"
            );
            return Err(Failure::Usage(text));
        }
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(std::time::Duration::from_secs(10))
            .http1_only()
            .build()
            .map_err(|error| Failure::local("cannot set up HTTP", &error))?;
        let base = url.trim_end_matches('/').to_owned();
        Ok(Target::Url { base, http })
    }

    fn socket_path(&self) -> Result<PathBuf, Failure> {
        match given(self.socket.as_deref()) {
            // A folder named on the command line is meant; the socket is only inherited.
            Some(socket) if self.data_dir.is_none() => Ok(socket.to_owned()),
            _ => Ok(self.paths()?.socket()),
        }
    }
}

/// An option that is set and not empty; an empty variable counts as unset.
fn given(path: Option<&Path>) -> Option<&Path> {
    path.filter(|path| !path.as_os_str().is_empty())
}
