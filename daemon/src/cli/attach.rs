//! `orchestra attach`: puts a person into an agent's terminal. On this machine that is
//! the real tmux session; elsewhere, or with `--stream`, the live stream of the socket.

pub mod keys;
mod person;
pub mod stream;

use super::client::{Body, Call, Client};
use super::connection::Connection;
use super::failure::Failure;
use super::{tty, values};
use crate::model::ids::AgentId;
use axum::http::Method;
use clap::Args;
use keys::Prefix;
use orchestra_protocol::agent::{AttachAnswer, AttachRequest};
use std::io::IsTerminal;

/// Takes the seat at an agent's terminal; what you type goes to it.
///
/// On the daemon's machine this is the real tmux session: detach with Ctrl-b d. With
/// --url or --stream it is the live stream: detach with Ctrl-\ d, or ~. after Enter; take
/// the seat back with Ctrl-\ t.
#[derive(Debug, Args)]
pub struct AttachArgs {
    /// Such as primary or droid-001.
    pub id: String,
    /// Uses the live stream on this machine too, as for an agent of another user.
    #[arg(long)]
    pub stream: bool,
    /// The key before d and t in the live stream, such as ctrl-].
    #[arg(
        long,
        env = "ORCHESTRA_DETACH_KEY",
        value_name = "KEY",
        default_value_t
    )]
    pub detach_key: Prefix,
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
        return stream::run(&client, &id, args.detach_key).await;
    }
    tmux(&client, &id).await
}

/// Gives the terminal to tmux. The daemon's answer stays open meanwhile: it is the seat.
async fn tmux(client: &Client, id: &AgentId) -> Result<(), Failure> {
    let request = AttachRequest { size: tty::size() };
    let path = format!("/api/agents/{id}/attach");
    let call = Call::new(Method::POST, path).json(&request)?;
    let mut held = client.open(call).await?;
    let place = first_line(client, &mut held).await?;
    let mut tmux = tokio::process::Command::new("tmux");
    tmux.args([
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
    .env_remove("TMUX");
    let seat = async {
        while let Ok(Some(_)) = client.chunk(&mut held).await {}
        // The daemon restarts: the terminal goes on, only the seat is free.
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = tmux.status() => ended,
        () = seat => return Ok(()),
    };
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Failed(format!("tmux ended with {status}"))),
        Err(error) => Err(Failure::local("cannot run tmux", &error)),
    }
}

async fn first_line(client: &Client, held: &mut Body) -> Result<AttachAnswer, Failure> {
    let mut line = Vec::new();
    while let Some(bytes) = client.chunk(held).await? {
        line.extend_from_slice(&bytes);
        if line.contains(&b'\n') {
            break;
        }
    }
    let whole = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    serde_json::from_slice(whole)
        .map_err(|error| Failure::Failed(format!("the daemon's answer makes no sense: {error}")))
}
