//! The daemon's tmux server, asked from outside, and bare servers to compare with.

use crate::process::{self, Id};
use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A tmux server by its socket.
#[derive(Clone)]
pub(crate) struct Tmux {
    pub socket: PathBuf,
}

/// One pane.
#[derive(Debug, Clone)]
pub(crate) struct Pane {
    pub session: String,
    pub id: String,
    pub pid: Id,
}

impl Tmux {
    pub(crate) fn at(socket: &Path) -> Self {
        Self {
            socket: socket.to_owned(),
        }
    }

    /// `tmux` for this server, without an outer one's variables.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.arg("-u").arg("-S").arg(&self.socket).args(args);
        command.env_remove("TMUX").env_remove("TMUX_PANE");
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command to its end; gives what it printed.
    pub(crate) fn run(&self, args: &[&str]) -> anyhow::Result<String> {
        let output = self.command(args).output().context("tmux does not start")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "tmux {args:?}: {said}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Process id of the server.
    pub(crate) fn server(&self) -> anyhow::Result<Id> {
        Ok(self
            .run(&["display-message", "-p", "#{pid}"])?
            .trim()
            .parse()?)
    }

    /// All panes of agents.
    pub(crate) fn panes(&self) -> anyhow::Result<Vec<Pane>> {
        let format = "#{session_name} #{pane_id} #{pane_pid}";
        let text = self.run(&["list-panes", "-a", "-F", format])?;
        let pane = |line: &str| {
            let mut words = line.split(' ').map(str::to_owned);
            Some(Pane {
                session: words.next()?,
                id: words.next()?,
                pid: words.next()?.parse().ok()?,
            })
        };
        let agents = text.lines().filter(|line| line.starts_with("sess-"));
        Ok(agents.filter_map(pane).collect())
    }

    /// Ends the server and everything that ran in it.
    pub(crate) fn end(&self) {
        let format = ["list-panes", "-a", "-F", "#{pane_pid}"];
        let panes = self.run(&format).unwrap_or_default();
        let roots = panes.lines().filter_map(|line| line.parse().ok());
        let mut all: Vec<_> = roots.flat_map(process::tree).collect();
        // A server waits for its clients when it ends, and does so for ever where one that
        // its daemon left was not done; so it is ended as well.
        all.extend(self.server().into_iter().flat_map(process::tree));
        // A server that is gone already is what was wanted.
        let _ = self.run(&["kill-server"]);
        process::end(&all);
    }
}

/// A server that ends with its guard.
pub(crate) struct OwnTmux(pub Tmux);

impl Drop for OwnTmux {
    fn drop(&mut self) {
        self.0.end();
    }
}
