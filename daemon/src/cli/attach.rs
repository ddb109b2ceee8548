//! `orchestra attach`: puts a person into an agent's terminal. On this machine that is
//! the real tmux session; elsewhere, or with `--stream`, the live stream of the socket.

pub mod keys;
pub mod stream;

use super::client::{Call, Client};
use super::connection::Connection;
use super::failure::Failure;
use super::{output, tty, values};
use crate::model::ids::AgentId;
use axum::http::Method;
use clap::Args;
use orchestra_protocol::agent::{AttachAnswer, AttachRequest};
use std::io::IsTerminal;

/// Takes the seat at an agent's terminal; what you type goes to it.
///
/// On the daemon's machine this is the real tmux session: detach with Ctrl-b d. With
/// --url or --stream it is the live stream: detach with Ctrl-\ d, or ~. after Enter.
#[derive(Debug, Args)]
pub struct AttachArgs {
    /// Such as primary or droid-001.
    pub id: String,
    /// Uses the live stream on this machine too, as for an agent of another user.
    #[arg(long)]
    pub stream: bool,
    #[command(flatten)]
    pub connection: Connection,
}

/// Attaches until the person detaches or the agent ends.
///
/// # Errors
/// When the daemon is not reachable or refuses, or there is no terminal.
pub async fn run(args: &AttachArgs) -> Result<(), Failure> {
    let id = values::agent(&args.id)?;
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        let text = format!("attach needs a terminal; to read its output use: orchestra logs {id}");
        return Err(Failure::Usage(text));
    }
    let client = args.connection.client()?;
    if args.stream || args.connection.url.is_some() {
        return stream::run(&client, &id).await;
    }
    tmux(&client, &id).await
}

/// Gives the terminal to tmux, and the seat back afterwards.
async fn tmux(client: &Client, id: &AgentId) -> Result<(), Failure> {
    let path = format!("/api/agents/{id}/attach");
    let request = AttachRequest { size: tty::size() };
    let place: AttachAnswer = client.post(path.clone(), &request).await?;
    let ended = tokio::process::Command::new("tmux")
        .args([
            "-u",
            "-S",
            &place.tmux_socket,
            "attach-session",
            "-f",
            "ignore-size",
            "-t",
        ])
        .arg(format!("={}", place.session))
        // Another tmux around this one is no reason to refuse: the servers are different.
        .env_remove("TMUX")
        .status()
        .await;
    // The daemon notices a client that went without a word; this only makes it quicker.
    if let Err(failure) = client
        .fetch::<serde_json::Value>(Call::new(Method::DELETE, path))
        .await
    {
        output::note(&format!("the seat is given back later: {failure}"));
    }
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Failed(format!("tmux ended with {status}"))),
        Err(error) => Err(Failure::local("cannot run tmux", &error)),
    }
}
