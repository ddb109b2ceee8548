//! Who is measured: Orchestra, and others that show the same shell of the same tmux
//! server, each with an agent of its own, so that none pays for another's viewers.

use crate::agents::{self, Agent};
use crate::api::Api;
use crate::bench::Bench;
use crate::link::Link;
use crate::options::Foreign;
use crate::process::{self, Id, Memory, memory};
use crate::stage::Stage;
use crate::wait::until;
use crate::wire::Net;
use anyhow::Context;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How a server is spoken to.
#[derive(Clone)]
pub(crate) enum Target {
    Orchestra(Api),
    /// Raw bytes as binary messages.
    Raw {
        base: String,
        path: String,
    },
    /// Socket.IO, as WeTTY speaks it.
    Wetty {
        base: String,
    },
}

/// One of those that are compared.
pub(crate) struct Subject {
    pub name: &'static str,
    pub target: Target,
    pub agent: Agent,
    server: Option<Server>,
}

/// A program that ends with its guard, and all that it started.
struct Server {
    child: Child,
    // Where it may write.
    _home: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(id) = Id::try_from(self.child.id()) {
            process::end(&process::tree(id));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Subject {
    /// Orchestra, then the way of ttyd, then those that were asked for.
    pub(crate) async fn all(bench: &Bench, stage: &Stage) -> anyhow::Result<Vec<Self>> {
        let mut all = vec![Self::orchestra(stage).await?];
        if stage.is_own() {
            all.push(Self::attach(stage).await?);
            if let Some(program) = &bench.options.wetty {
                all.push(Self::wetty(stage, program).await?);
            }
        }
        for Foreign { base, path } in &bench.options.raw {
            all.push(Self {
                name: "another server",
                target: Target::Raw {
                    base: base.clone(),
                    path: path.clone(),
                },
                agent: agents::shell(&stage.api).await?,
                server: None,
            });
        }
        Ok(all)
    }

    /// Orchestra itself.
    pub(crate) async fn orchestra(stage: &Stage) -> anyhow::Result<Self> {
        Ok(Self {
            name: "Orchestra",
            target: Target::Orchestra(stage.api.clone()),
            agent: agents::shells(&stage.api, 1).await?.remove(0),
            server: None,
        })
    }

    /// One `tmux attach` for each viewer.
    pub(crate) async fn attach(stage: &Stage) -> anyhow::Result<Self> {
        let agent = agents::shells(&stage.api, 1).await?.remove(0);
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("attach")
            .arg(&stage.site()?.tmux().socket)
            .arg(&agent.session);
        command.stdout(Stdio::piped());
        let mut server = Server::start(&command)?;
        let port = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            let stdout = server.child.stdout.take().context("no stdout")?;
            std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line)?;
            let port: u16 = line.trim().parse().context("no port")?;
            anyhow::Ok((port, server))
        });
        let (port, server) = port.await??;
        Ok(Self {
            name: "tmux attach",
            target: Target::Raw {
                base: format!("http://127.0.0.1:{port}"),
                path: "/".to_owned(),
            },
            agent,
            server: Some(server),
        })
    }

    async fn wetty(stage: &Stage, program: &Path) -> anyhow::Result<Self> {
        let agent = agents::shells(&stage.api, 1).await?.remove(0);
        let socket = stage.site()?.tmux().socket;
        // Free a moment ago; nobody else on this machine wants just that one.
        let port = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port();
        let mut command = Command::new("node");
        command.arg(program);
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--base", "/wetty/"]);
        command.arg("--command").arg(format!(
            "tmux -u -S {} attach-session -t ={}",
            socket.display(),
            agent.session
        ));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let server = Server::start(&command)?;
        let address = format!("127.0.0.1:{port}");
        let ask = || async { Ok(tokio::net::TcpStream::connect(&address).await.ok()) };
        until("WeTTY", Duration::from_millis(50), ask).await?;
        Ok(Self {
            name: "WeTTY",
            target: Target::Wetty {
                base: format!("http://{address}"),
            },
            agent,
            server: Some(server),
        })
    }

    /// A viewer at its own agent.
    pub(crate) async fn view(&self, net: Net) -> anyhow::Result<Link> {
        Link::open(&self.target, &self.agent.session, net).await
    }

    /// True for Orchestra, the one that budgets are for.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self.target, Target::Orchestra(_))
    }

    /// Its processes with all that they started; none for a server elsewhere.
    pub(crate) fn processes(&self, stage: &Stage) -> Vec<Id> {
        let root = match &self.server {
            Some(server) => Id::try_from(server.child.id()).ok(),
            None if self.is_ours() => stage.daemon().ok().map(|daemon| daemon.pid),
            None => None,
        };
        let tree = root.map(process::tree).unwrap_or_default();
        tree.into_iter().map(|one| one.id).collect()
    }

    /// Memory of its processes and of the tmux server behind it.
    pub(crate) fn memory(&self, stage: &Stage) -> anyhow::Result<Memory> {
        let mut sum = memory(stage.site()?.tmux().server()?)?;
        // One that has ended in between has no memory.
        let parts = self.processes(stage).into_iter().map(memory);
        for part in parts.filter_map(Result::ok) {
            sum.rss += part.rss;
            sum.pss += part.pss;
        }
        Ok(sum)
    }
}

impl Server {
    fn start(command: &Command) -> anyhow::Result<Self> {
        let home = tempfile::tempdir()?;
        // Else an ignored Ctrl-C would be inherited by everything below.
        let mut clean = Command::new("env");
        clean
            .arg("--default-signal=INT,QUIT")
            .arg(command.get_program())
            .args(command.get_args())
            .env("HOME", home.path())
            .env_remove("TMUX")
            .stdin(Stdio::null());
        clean.stdout(Stdio::piped()).stderr(Stdio::null());
        Ok(Self {
            child: clean.spawn().context("a server to compare with")?,
            _home: home,
        })
    }
}
