//! A program in a pseudo-terminal of ours: what a person at a real terminal would see.

use anyhow::Context;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{Winsize, openpty};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;

/// The program and our end of its terminal.
pub(crate) struct Pty {
    keyboard: OwnedFd,
    screen: Receiver,
    child: Child,
}

impl Pty {
    /// Starts a program as the leader of a terminal of that size.
    pub(crate) fn start(command: &Command, cols: u16, rows: u16) -> anyhow::Result<Self> {
        let size = Winsize {
            ws_row: rows,
            ws_col: cols,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pair = openpty(&size, None)?;
        fcntl(pair.master.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        // A terminal belongs to a session, and only `setsid` can open one without unsafe code.
        let child = Command::new("setsid")
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args())
            .env("TERM", "xterm-256color")
            .env_remove("TMUX")
            .stdin(Stdio::from(pair.slave.try_clone()?))
            .stdout(Stdio::from(pair.slave.try_clone()?))
            .stderr(Stdio::from(pair.slave))
            .spawn()
            .context("setsid does not start")?;
        Ok(Self {
            keyboard: pair.master.try_clone()?,
            // No pipe, but read in the same way; the check would refuse it.
            screen: Receiver::from_owned_fd_unchecked(pair.master)?,
            child,
        })
    }

    /// Types.
    pub(crate) fn write(&self, bytes: &[u8]) -> anyhow::Result<()> {
        nix::unistd::write(&self.keyboard, bytes)?;
        Ok(())
    }

    /// What the program printed since.
    pub(crate) async fn read(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut buffer = [0; 4096];
        let length = self.screen.read(&mut buffer).await?;
        anyhow::ensure!(length > 0, "the program in the terminal has ended");
        Ok(buffer[..length].to_vec())
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
