//! The tmux servers: one for each owner of agents, so that what one person's agents do to
//! theirs ends nobody else's. Which owner has which is told by name from above.

use super::{TerminalError, Terminals, sampler};
use crate::config::Config;
use orchestra_tmux::config::ServerConfig;
use orchestra_tmux::error::Error as TmuxError;
use orchestra_tmux::server::TmuxServer;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{Notify, OnceCell};

/// What the sockets of further owners begin with.
const PREFIX: &str = "tmux-";
/// What every socket ends with.
const SUFFIX: &str = ".sock";
/// What the file with its server's pid ends with.
const PID: &str = ".pid";

/// Names the server of one owner; its socket is called so.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerName(String);

impl ServerName {
    /// The first owner's, and the one that every agent was in before there were more.
    pub fn first() -> Self {
        Self("tmux".into())
    }

    /// One of a further owner. Short, because sockets have short paths.
    pub fn further(owner: &str) -> Self {
        let digest = crate::auth::secret::digest(owner);
        Self(format!("{PREFIX}{}", digest.get(..10).unwrap_or_default()))
    }

    /// The name as it was kept.
    pub fn kept(text: &str) -> Option<Self> {
        let further = text.strip_prefix(PREFIX).is_some_and(|rest| {
            rest.len() == 10 && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        (further || text == Self::first().0).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn socket(&self) -> String {
        format!("{}{SUFFIX}", self.0)
    }
}

/// One owner's server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) tmux: TmuxServer,
    /// Somebody waits for a first frame of a terminal in it.
    pub(super) wanted: Notify,
}

/// The servers that are open, and how one more is.
pub(super) struct Servers {
    open: Mutex<HashMap<ServerName, Arc<OnceCell<Arc<Server>>>>>,
    folder: PathBuf,
    history_limit: u32,
    env: Vec<(OsString, OsString)>,
}

impl Servers {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            open: Mutex::default(),
            folder: config.paths.run_dir.clone(),
            history_limit: config.settings.terminal.history_lines,
            env: environment(config),
        }
    }

    fn config(&self, name: &ServerName) -> ServerConfig {
        let mut server = ServerConfig::new(self.folder.join(name.socket()));
        server.history_limit = self.history_limit;
        server.env.clone_from(&self.env);
        server
    }

    fn cell(&self, name: &ServerName) -> Arc<OnceCell<Arc<Server>>> {
        self.open.lock().entry(name.clone()).or_default().clone()
    }

    /// All that are open.
    pub(super) fn all(&self) -> Vec<Arc<Server>> {
        let open = self.open.lock();
        open.values()
            .filter_map(|cell| cell.get().cloned())
            .collect()
    }

    /// Names of servers that have left a socket here, other than the first.
    fn left(&self) -> std::io::Result<HashSet<ServerName>> {
        let mut names = HashSet::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let file = entry?.file_name();
            // Its pid is kept beside it, and is left where the socket was taken away.
            let file = file.to_str().unwrap_or_default();
            let file = file.strip_suffix(PID).unwrap_or(file);
            names.extend(file.strip_suffix(SUFFIX).and_then(ServerName::kept));
        }
        names.remove(&ServerName::first());
        Ok(names)
    }
}

impl Terminals {
    /// Opens the first server, and every other that still runs from before.
    pub(super) async fn open_servers(&self) -> Result<(), TerminalError> {
        self.server(&ServerName::first()).await?;
        let left = self
            .0
            .servers
            .left()
            .map_err(|error| TerminalError::Tmux(error.into()))?;
        for name in left {
            let found = TmuxServer::adopt(self.0.servers.config(&name)).await;
            // Not to know it is no reason to think that its agents are gone.
            if let Some(tmux) = found.map_err(unusable)? {
                let cell = self.0.servers.cell(&name);
                cell.get_or_try_init(|| self.watched(tmux)).await?;
            }
        }
        Ok(())
    }

    /// The server of that name, started when it is not there yet.
    pub(super) async fn server(&self, name: &ServerName) -> Result<Arc<Server>, TerminalError> {
        let cell = self.0.servers.cell(name);
        let open = || async {
            let tmux = TmuxServer::open(self.0.servers.config(name)).await;
            self.watched(tmux.map_err(unusable)?).await
        };
        cell.get_or_try_init(open).await.cloned()
    }

    /// A server, once what is in it was seen, with the task that goes on looking.
    async fn watched(&self, tmux: TmuxServer) -> Result<Arc<Server>, TerminalError> {
        let server = Arc::new(Server {
            tmux,
            wanted: Notify::new(),
        });
        self.look(&server).await?;
        sampler::spawn(self, server.clone(), &self.0.tasks);
        Ok(server)
    }
}

fn unusable(error: TmuxError) -> TerminalError {
    match error {
        TmuxError::NotInstalled | TmuxError::TooOld { .. } | TmuxError::UnknownVersion(_) => {
            TerminalError::Unavailable(error)
        }
        error => TerminalError::Tmux(error),
    }
}

/// Little: every variable of the server is in every pane.
fn environment(config: &Config) -> Vec<(OsString, OsString)> {
    let given = |name: &str| config.environment.get(name).cloned();
    let path = given("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".to_owned());
    let mut all: Vec<(OsString, OsString)> = vec![
        ("PATH".into(), path.into()),
        ("HOME".into(), config.paths.home.clone().into()),
        ("LANG".into(), "C.UTF-8".into()),
    ];
    for name in ["USER", "LOGNAME", "SHELL", "TZ"] {
        all.extend(given(name).map(|value| (name.into(), value.into())));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ours_and_nobody_elses() {
        let (one, other) = (ServerName::further("usr_1"), ServerName::further("usr_2"));
        assert_ne!(one, other);
        for name in [&one, &other, &ServerName::first()] {
            assert_eq!(ServerName::kept(name.as_str()).as_ref(), Some(name));
        }
        for odd in [
            "",
            "tmux-",
            "orchestra",
            "tmux-../../x1",
            "tmux-0123456789a",
        ] {
            assert_eq!(ServerName::kept(odd), None, "{odd}");
        }
    }
}
