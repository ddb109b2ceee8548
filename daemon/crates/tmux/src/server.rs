//! A private tmux server: started, adopted, watched, restarted when asked.
//!
//! The server outlives us. [`TmuxServer::open`] therefore adopts one that
//! already listens, after ending control clients that an earlier owner left
//! behind; only [`TmuxServer::kill_server`] ends it.

use crate::{
    capture::Way,
    client::{Client, Link},
    config::ServerConfig,
    error::Error,
    launch::Launcher,
    live::Stage,
    process::ProcessId,
    version::Version,
};
use nix::{
    sys::{
        resource::{Resource, getrlimit, setrlimit},
        signal::{Signal, kill},
    },
    unistd::Pid,
};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::sync::watch;

/// A handle to one server; clone it freely. With the last one the connections
/// end, the server does not.
#[derive(Debug, Clone)]
pub struct TmuxServer {
    pub(crate) client: Client,
    pub(crate) launcher: Arc<Launcher>,
    pub(crate) stage: Stage,
    adopted: bool,
}

impl TmuxServer {
    /// Adopts the server on the configured socket, or starts one.
    pub async fn open(config: ServerConfig) -> Result<Self, Error> {
        let launcher = Arc::new(Launcher::probe(config).await?);
        let adopted = lives(&launcher).await;
        Self::connect(launcher, adopted).await
    }

    /// Adopts the server on the configured socket; none when there is none.
    pub async fn adopt(config: ServerConfig) -> Result<Option<Self>, Error> {
        let launcher = Arc::new(Launcher::probe(config).await?);
        if !lives(&launcher).await {
            return Ok(None);
        }
        Self::connect(launcher, true).await.map(Some)
    }

    async fn connect(launcher: Arc<Launcher>, adopted: bool) -> Result<Self, Error> {
        raise_open_files();
        if adopted {
            sweep(&launcher).await;
        }
        launcher.start().await?;
        launcher.clear_stage().await?;
        let client = Client::start(launcher.clone());
        client.connected(Duration::from_secs(15)).await?;
        let way = Way::live(&launcher.version);
        let stage = Stage::start(launcher.clone(), way);
        // Now rather than at the first reading: what comes and goes while agents run
        // puts an old tmux at risk.
        stage.connect().await?;
        Ok(Self {
            client,
            launcher,
            stage,
            adopted,
        })
    }

    /// Whether the server was there before us, so that panes may be, too.
    pub fn adopted(&self) -> bool {
        self.adopted
    }

    /// Which tmux this is.
    pub fn version(&self) -> &Version {
        &self.launcher.version
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.launcher.config.socket
    }

    /// The state of the connection; watch it to learn that panes are lost.
    pub fn link(&self) -> watch::Receiver<Link> {
        self.client.link()
    }

    /// Starts the server again after it was gone, or just waits for the
    /// connection. The panes of the old server are not restored.
    pub async fn ensure(&self) -> Result<ProcessId, Error> {
        if let Link::Connected { server } = *self.client.link().borrow() {
            return Ok(server);
        }
        self.launcher.start().await?;
        self.client.retry();
        let mut link = self.client.link();
        let back = link.wait_for(|link| matches!(link, Link::Connected { .. }));
        match tokio::time::timeout(Duration::from_secs(15), back).await {
            Ok(Ok(state)) => match *state {
                Link::Connected { server } => Ok(server),
                _ => Err(Error::ServerGone),
            },
            Ok(Err(_)) => Err(Error::Disconnected),
            Err(_) => Err(Error::Timeout),
        }
    }

    /// Ends the server and every pane. For administration and tests.
    ///
    /// A client with unread output keeps the server from ending, so all control
    /// clients go first.
    pub async fn kill_server(&self) -> Result<(), Error> {
        let server = self.launcher.recorded_server();
        self.launcher.kill_server().await?;
        for round in 0..200 {
            if !server.is_some_and(ProcessId::alive) {
                return Ok(());
            }
            if round % 20 == 10 {
                for pid in self.launcher.control_clients().await.unwrap_or_default() {
                    end(pid);
                }
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        Err(Error::Timeout)
    }
}

/// Whether a server runs there, be it one that lost its socket.
async fn lives(launcher: &Launcher) -> bool {
    launcher.answers().await || launcher.revive_socket().await
}

/// Ends control clients whose owner is gone: one with output pending stays, and
/// a pane that it watches may be frozen until it ends.
///
/// One that is still coming in is left alone until the server knows it: before 3.7 the
/// server dies of a client that leaves in the middle of that. It leaves by itself, or
/// it comes in and is ended in a later round.
async fn sweep(launcher: &Launcher) {
    for _ in 0..60 {
        let known = launcher.control_clients().await.unwrap_or_default();
        let strange = launcher.strange_clients();
        if strange.is_empty() {
            return;
        }
        for pid in strange.into_iter().filter(|pid| known.contains(pid)) {
            tracing::info!(client.pid = pid, "ending a leftover tmux control client");
            end(pid);
        }
        // The server has to have seen them off before a new one comes in.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tracing::warn!("a leftover tmux control client does not end");
}

fn end(pid: i32) {
    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
}

/// The server inherits our limit and needs a descriptor for every pane and
/// three for every client.
fn raise_open_files() {
    const WANTED: u64 = 65_536;
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        let wanted = hard.min(WANTED);
        if soft < wanted {
            setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)
        } else {
            Ok(())
        }
    });
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
}
