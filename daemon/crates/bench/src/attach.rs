//! The way of ttyd, to compare with: one WebSocket, one pseudo-terminal and one
//! `tmux attach` for each viewer, raw bytes both ways, no credit. Run by the bench as a
//! program of its own, so that its memory and processor can be counted.

use crate::pty::Pty;
use crate::tmux::Tmux;
use anyhow::Context;
use clap::Args;
use futures_util::{SinkExt, StreamExt};
use std::io::Write;
use std::path::PathBuf;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

/// What it shows.
#[derive(Debug, Clone, Args)]
pub(crate) struct Attach {
    /// Socket of the tmux server.
    pub socket: PathBuf,
    /// Name of the session.
    pub session: String,
}

/// Prints its port and serves until it is killed.
pub(crate) async fn serve(options: Attach) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?.port())?;
    let mut viewers = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        viewers.spawn(show(stream, options.clone()));
        // One that has gone is none of the others' business.
        while viewers.try_join_next().is_some() {}
    }
}

async fn show(stream: TcpStream, options: Attach) -> anyhow::Result<()> {
    let mut socket = accept_async(stream).await?;
    let target = format!("={}", options.session);
    let tmux = Tmux::at(&options.socket);
    let mut pty = Pty::start(&tmux.command(&["attach-session", "-t", &target]), 80, 24)?;
    loop {
        tokio::select! {
            printed = pty.read() => socket.send(Message::binary(printed?)).await?,
            message = socket.next() => match message.context("the viewer has gone")?? {
                Message::Binary(keys) => pty.write(&keys)?,
                Message::Close(_) => return Ok(()),
                _ => {}
            },
        }
    }
}
