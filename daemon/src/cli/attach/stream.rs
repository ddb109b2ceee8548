//! The live stream as a terminal: bytes of the agent to the screen, keys to the agent.

use super::keys::{Keys, Letters};
use crate::cli::client::Client;
use crate::cli::client::socket::Socket;
use crate::cli::failure::Failure;
use crate::cli::{output, tty};
use crate::model::ids::AgentId;
use crate::model::limits::MAX_INPUT;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use orchestra_protocol::frame::{Frame, FrameKind};
use orchestra_protocol::socket::{ClientMessage, Encoding, Mode, ServerMessage, close};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// How long a restart of the daemon may take.
const AWAY: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(500);
/// Acknowledge after this much, well within what the daemon lets be on its way.
const ACK_EVERY: u64 = 32 * 1024;
/// What a snapshot begins with: made for an emulator of its own.
const HARD_RESET: &[u8] = b"\x1bc";
/// The same for a person's terminal, whose title and scrollback are not ours to clear.
const SOFT_RESET: &[u8] = b"\x1b[!p\x1b[r\x1b[0m\x1b[2J\x1b[H";
/// Undoes the modes a program may have set: mouse, paste, cursor keys, cursor, colours,
/// the other screen.
const MODES_OFF: &[u8] = b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[?25h\x1b[0m\x1b[?1049l";
/// A line of its own for what comes after.
const LAST_LINE: &[u8] = b"\x1b[999H\r\n";

/// Why a socket is left.
enum Left {
    /// The person detached.
    Detached,
    /// The agent is gone, or the daemon sends us away.
    Ended(String),
    /// The connection broke; another may do.
    Broken,
}

/// Runs until the person detaches or the agent ends.
pub(super) async fn run(client: &Client, id: &AgentId) -> Result<(), Failure> {
    // Opened first, so that a refusal is printed on an untouched terminal.
    let mut socket = client.socket().await?;
    let raw = tty::Raw::enter()?;
    let mut person = Person::new()?;
    let mut broken: Option<Instant> = None;
    let end = loop {
        match session(client, &mut socket, id, &mut person).await {
            Left::Detached => break Ok("detached".to_owned()),
            Left::Ended(why) => break Ok(why),
            Left::Broken => {}
        }
        let since = *broken.get_or_insert_with(Instant::now);
        match reconnect(client, since).await {
            Ok(fresh) => {
                socket = fresh;
                broken = None;
            }
            Err(failure) => break Err(failure),
        }
    };
    output::raw(MODES_OFF);
    output::raw(LAST_LINE);
    drop(raw);
    output::line(&format!("[{id}: {}]", output::plain(&end?)));
    Ok(())
}

async fn reconnect(client: &Client, since: Instant) -> Result<Socket, Failure> {
    loop {
        tokio::time::sleep(RETRY).await;
        match client.socket().await {
            Err(Failure::Unreachable(_)) if since.elapsed() < AWAY => {}
            other => return other,
        }
    }
}

/// The person's end: keys and the size of the window.
struct Person {
    stdin: tokio::io::Stdin,
    buffer: Vec<u8>,
    resized: Signal,
    keys: Keys,
    letters: Letters,
}

impl Person {
    fn new() -> Result<Self, Failure> {
        let resized = signal(SignalKind::window_change())
            .map_err(|error| Failure::local("cannot watch the window's size", &error))?;
        Ok(Self {
            stdin: tokio::io::stdin(),
            buffer: vec![0; MAX_INPUT / 2],
            resized,
            keys: Keys::default(),
            letters: Letters::default(),
        })
    }
}

/// What one connection knows of itself.
#[derive(Default)]
struct Seen {
    channel: u32,
    bytes: u64,
    acked: u64,
}

async fn session(client: &Client, socket: &mut Socket, id: &AgentId, person: &mut Person) -> Left {
    let session_id = id.session();
    let mut seen = Seen::default();
    let hello = [
        ClientMessage::SubscribeTerminal {
            session_id: session_id.clone(),
            mode: Some(Mode::Live),
            encoding: Some(Encoding::Binary),
            epoch: None,
            from: None,
        },
        ClientMessage::TakeSeat {
            session_id: session_id.clone(),
        },
    ];
    for message in hello.into_iter().chain(resize(&session_id)) {
        if say(socket, &message).await.is_err() {
            return Left::Broken;
        }
    }
    loop {
        tokio::select! {
            message = socket.next() => {
                let left = match message {
                    Some(Ok(message)) => hear(client, socket, &mut seen, message).await,
                    Some(Err(_)) | None => Some(Left::Broken),
                };
                if let Some(left) = left {
                    return left;
                }
            }
            read = person.stdin.read(&mut person.buffer) => {
                let Ok(count @ 1..) = read else { return Left::Detached };
                let (bytes, detach) = person.keys.feed(&person.buffer[..count]);
                let data = person.letters.feed(&bytes);
                let input = ClientMessage::TerminalInput { session_id: session_id.clone(), data };
                if !bytes.is_empty() && say(socket, &input).await.is_err() {
                    return Left::Broken;
                }
                if detach {
                    // A proper goodbye frees the seat at once.
                    let _ = socket.close(None).await;
                    return Left::Detached;
                }
            }
            _ = person.resized.recv() => {
                if let Some(message) = resize(&session_id)
                    && say(socket, &message).await.is_err()
                {
                    return Left::Broken;
                }
            }
        }
    }
}

/// Takes one message of the daemon; says why to leave, if so.
async fn hear(
    client: &Client,
    socket: &mut Socket,
    seen: &mut Seen,
    message: Message,
) -> Option<Left> {
    match message {
        Message::Binary(bytes) => show(socket, seen, &bytes).await,
        Message::Text(text) => match serde_json::from_str(&text) {
            Ok(ServerMessage::Subscribed { channel, .. }) => {
                *seen = Seen {
                    channel,
                    ..Seen::default()
                };
                None
            }
            Ok(ServerMessage::AuthExpiring { .. }) => {
                // A refusal shows itself when the token ends and the socket is closed.
                let ticket = client.ticket().await.ok()?;
                say(socket, &ClientMessage::Renew { ticket }).await.err()
            }
            Ok(ServerMessage::Error { about, detail, .. })
                if about.as_deref() == Some("subscribe_terminal") =>
            {
                Some(Left::Ended(detail))
            }
            // Of another daemon version, or nothing for a terminal.
            _ => None,
        },
        Message::Close(frame) => Some(
            match frame.map(|frame| (u16::from(frame.code), frame.reason)) {
                Some((close::GONE, _)) => Left::Ended("the agent has ended".into()),
                Some((code, reason)) if code >= 4000 => {
                    Left::Ended(format!("closed by the daemon: {reason} ({code})"))
                }
                _ => Left::Broken,
            },
        ),
        _ => None,
    }
}

async fn show(socket: &mut Socket, seen: &mut Seen, bytes: &Bytes) -> Option<Left> {
    let frame = Frame::decode(bytes)
        .ok()
        .filter(|frame| frame.channel == seen.channel)?;
    let payload = match frame.payload.strip_prefix(HARD_RESET) {
        Some(rest) if frame.kind != FrameKind::Output => {
            output::raw(MODES_OFF);
            output::raw(SOFT_RESET);
            rest
        }
        _ => &frame.payload,
    };
    if !output::raw(payload) {
        return Some(Left::Detached);
    }
    seen.bytes += frame.payload.len() as u64;
    if seen.bytes - seen.acked < ACK_EVERY {
        return None;
    }
    seen.acked = seen.bytes;
    let (channel, bytes) = (seen.channel, seen.bytes);
    say(socket, &ClientMessage::Ack { channel, bytes })
        .await
        .err()
}

fn resize(session_id: &str) -> Option<ClientMessage> {
    tty::size().map(|size| ClientMessage::TerminalResize {
        session_id: session_id.to_owned(),
        cols: size.cols,
        rows: size.rows,
    })
}

async fn say(socket: &mut Socket, message: &ClientMessage) -> Result<(), Left> {
    let text = serde_json::to_string(message).unwrap_or_default();
    let sent = socket.send(Message::Text(text.into())).await;
    sent.map_err(|_| Left::Broken)
}
