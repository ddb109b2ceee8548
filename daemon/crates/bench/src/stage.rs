//! What a figure measures: a daemon of its own, or one that runs already.

use crate::api::{self, Api};
use crate::bench::Bench;
use crate::process::{self, Id, Meter};
use crate::site::{Daemon, Site};
use anyhow::Context;
use std::path::PathBuf;
use std::time::Duration;

/// Whose agents these are.
pub(crate) const USER: &str = "bench";

/// A daemon and its first caller. Without a site it is somebody else's.
pub(crate) struct Stage {
    pub api: Api,
    tokens: Tokens,
    // The daemon goes before the site, which then ends what the agents left.
    daemon: Option<Daemon>,
    site: Option<Site>,
}

enum Tokens {
    /// One token for everybody.
    Given,
    /// A token for each, over this socket.
    Minted(PathBuf),
}

impl Stage {
    /// The daemon that was named, else one in a bare HOME.
    pub(crate) async fn set(bench: &Bench) -> anyhow::Result<Self> {
        let (Some(url), Some(file)) = (&bench.options.url, &bench.options.token_file) else {
            return Self::own(bench, Site::new()?).await;
        };
        let token = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Self {
            api: Api::new(url, token.trim())?,
            tokens: Tokens::Given,
            daemon: None,
            site: None,
        })
    }

    /// A daemon in this site.
    pub(crate) async fn own(bench: &Bench, site: Site) -> anyhow::Result<Self> {
        let daemon = site.start(bench).await?;
        let token = api::mint(&site.socket(), "admin", USER).await?;
        Ok(Self {
            api: Api::new(&daemon.url, &token)?,
            tokens: Tokens::Minted(site.socket()),
            daemon: Some(daemon),
            site: Some(site),
        })
    }

    /// Another caller, where there can be another.
    pub(crate) async fn caller(&self, sub: &str) -> anyhow::Result<Api> {
        match &self.tokens {
            Tokens::Given => Ok(self.api.clone()),
            Tokens::Minted(socket) => {
                let token = api::mint(socket, "developer", sub).await?;
                Api::new(&self.api.base, &token)
            }
        }
    }

    /// True when its processes are ours to look at.
    pub(crate) fn is_own(&self) -> bool {
        self.site.is_some()
    }

    /// The site; figures that need one do not run against another's daemon.
    pub(crate) fn site(&self) -> anyhow::Result<&Site> {
        self.site.as_ref().context("this is another's daemon")
    }

    /// The daemon, while it runs.
    pub(crate) fn daemon(&self) -> anyhow::Result<&Daemon> {
        self.daemon.as_ref().context("the daemon is stopped")
    }

    /// Stops the daemon or lets it crash; agents go on.
    pub(crate) async fn end_daemon(&mut self, crash: bool) -> anyhow::Result<()> {
        let daemon = self.daemon.take().context("the daemon is stopped")?;
        if crash {
            daemon.crash().await
        } else {
            daemon.stop().await
        }
    }

    /// Starts it again; callers keep their tokens and learn its new address.
    pub(crate) async fn start_daemon(&mut self, bench: &Bench) -> anyhow::Result<()> {
        let daemon = self.site()?.start(bench).await?;
        self.api = Api::new(&daemon.url, &self.api.token)?;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// Processor of daemon and tmux over a while.
    pub(crate) async fn processor(&self, window: Duration) -> anyhow::Result<Processor> {
        let daemon = self.daemon()?.pid;
        let server = self.site()?.tmux().server()?;
        let helpers = process::tree(daemon).into_iter().map(|one| one.id);
        let helpers: Vec<Id> = helpers.filter(|id| *id != daemon).collect();
        let (own, tmux) = (Meter::start([daemon]), Meter::start([server]));
        let clients = Meter::start(helpers);
        tokio::time::sleep(window).await;
        Ok(Processor {
            daemon: own.percent(),
            tmux: tmux.percent() + clients.percent(),
        })
    }
}

/// Percent of one core.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Processor {
    pub daemon: f64,
    /// The server and the daemon's control clients.
    pub tmux: f64,
}

impl Processor {
    pub(crate) fn total(self) -> f64 {
        self.daemon + self.tmux
    }

    /// Who took what.
    pub(crate) fn shares(self) -> String {
        format!("daemon {:.2}, tmux {:.2}", self.daemon, self.tmux)
    }
}
