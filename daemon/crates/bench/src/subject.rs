//! Who is measured: Orchestra, and others that show the same shell of the same tmux
//! server, each with an agent of its own, so that none pays for another's viewers.

use crate::agents::{self, Agent};
use crate::api::Api;
use crate::bench::Bench;
use crate::link::Link;
use crate::options::Foreign;
use crate::process::{self, Id, Memory, memory};
use crate::site::PROMPT;
use crate::stage::Stage;
use crate::wait::until;
use crate::wire::Net;
use crate::zellij::Zellij;
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
    Zellij(Zellij),
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
    home: TempDir,
}

impl Server {
    /// With what it started, also where that went its own ways.
    fn processes(&self) -> Vec<process::Process> {
        let root = Id::try_from(self.child.id());
        let mut all = root.map(process::tree).unwrap_or_default();
        for one in process::at_home(self.home.path()) {
            if all.iter().all(|known| known.id != one.id) {
                all.push(one);
            }
        }
        all
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        process::end(&self.processes());
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
            if let Some(program) = &bench.options.zellij {
                all.push(Self::zellij(stage, program).await?);
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
        let mut server = Server::start(&command, tempfile::tempdir()?, Stdio::piped())?;
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
        let port = free_port()?;
        let mut command = Command::new("node");
        command.arg(program);
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--base", "/wetty/"]);
        command.arg("--command").arg(format!(
            "tmux -u -S {} attach-session -t ={}",
            socket.display(),
            agent.session
        ));
        let server = Server::start(&command, tempfile::tempdir()?, Stdio::null())?;
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

    /// A shell of its own, since it keeps terminals by itself; the agent stays idle.
    async fn zellij(stage: &Stage, program: &Path) -> anyhow::Result<Self> {
        let home = Zellij::home()?;
        let port = free_port()?;
        let mut command = Command::new(program);
        command.args(["web", "--start", "--ip", "127.0.0.1"]);
        command.args(["--port", &port.to_string()]);
        let token = Zellij::token(program, home.path())?;
        let server = Server::start(&command, home, Stdio::null())?;
        let base = format!("http://127.0.0.1:{port}");
        let log_in = || async { Ok(Zellij::log_in(&base, &token).await.ok()) };
        let zellij = until("Zellij", Duration::from_millis(100), log_in).await?;
        let subject = Self {
            name: "Zellij",
            target: Target::Zellij(zellij),
            agent: agents::shell(&stage.api).await?,
            server: Some(server),
        };
        // The first viewer makes the session; it stays when that one leaves.
        subject.view(Net::Fast).await?.find(&[PROMPT]).await?;
        Ok(subject)
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
        let all = match &self.server {
            Some(server) => server.processes(),
            None if self.is_ours() => {
                let daemon = stage.daemon().ok().map(|daemon| daemon.pid);
                daemon.map(process::tree).unwrap_or_default()
            }
            None => Vec::new(),
        };
        all.into_iter().map(|one| one.id).collect()
    }

    /// Memory of its processes and of the tmux server behind it, where there is one.
    pub(crate) fn memory(&self, stage: &Stage) -> anyhow::Result<Memory> {
        let mut sum = match self.target {
            Target::Zellij(_) => Memory::default(),
            _ => memory(stage.site()?.tmux().server()?)?,
        };
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
    fn start(command: &Command, home: TempDir, stdout: Stdio) -> anyhow::Result<Self> {
        // Else an ignored Ctrl-C would be inherited by everything below.
        let mut clean = Command::new("env");
        clean
            .arg("--default-signal=INT,QUIT")
            .arg(command.get_program())
            .args(command.get_args())
            .env("HOME", home.path())
            .env_remove("TMUX")
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(Stdio::null());
        Ok(Self {
            child: clean.spawn().context("a server to compare with")?,
            home,
        })
    }
}

/// Free a moment ago; nobody else on this machine wants just that one.
fn free_port() -> anyhow::Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.port())
}
