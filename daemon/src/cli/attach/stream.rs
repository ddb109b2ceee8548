//! The live stream as a terminal: bytes of the agent to the screen, keys to the agent.

use super::keys::{Prefix, Word};
use super::person::{Person, Said};
use crate::cli::client::Client;
use crate::cli::client::socket::Socket;
use crate::cli::failure::Failure;
use crate::cli::{output, tty};
use crate::model::ids::AgentId;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use orchestra_protocol::frame::{Frame, FrameKind};
use orchestra_protocol::problem::Problem;
use orchestra_protocol::socket::{ClientMessage, Encoding, Mode, ServerMessage, close};
use std::time::Duration;
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

/// Said in the title when somebody else types.
const SET_TITLE: &str = "\x1b]2;";

/// Why a socket is left.
enum Left {
    /// The person detached.
    Detached,
    /// The agent is gone, or the daemon sends us away.
    Ended(String),
    /// The daemon does not let us.
    Refused(Problem),
    /// The process was asked to end.
    Signalled(&'static str),
    /// The connection broke; another may do.
    Broken,
}

/// The person's terminal, given back as it was whatever happens, a panic included.
struct Screen {
    _raw: tty::Raw,
}

impl Drop for Screen {
    fn drop(&mut self) {
        output::raw(MODES_OFF);
        output::raw(LAST_LINE);
    }
}

/// Runs until the person detaches or the agent ends.
pub(super) async fn run(client: &Client, id: &AgentId, prefix: Prefix) -> Result<(), Failure> {
    // Opened first, so that a refusal is printed on an untouched terminal.
    let mut socket = client.socket().await?;
    let mut person = Person::new(prefix)?;
    let screen = Screen {
        _raw: tty::Raw::enter()?,
    };
    let mut seen = Seen::default();
    let end = loop {
        let left = session(client, &mut socket, id, &mut person, &mut seen).await;
        let left = match left {
            Left::Broken => match reconnect(client, &mut person).await {
                Ok(fresh) => {
                    socket = fresh;
                    continue;
                }
                Err(left) => left,
            },
            left => Ok(left),
        };
        break left;
    };
    drop(screen);
    match end? {
        Left::Refused(problem) => Err(Failure::Problem(problem)),
        Left::Signalled(name) => Err(Failure::Failed(format!("ended by {name}"))),
        Left::Ended(why) => {
            output::line(&format!("[{id}: {}]", output::plain(&why)));
            Ok(())
        }
        Left::Detached | Left::Broken => {
            output::line(&format!("[{id}: detached]"));
            Ok(())
        }
    }
}

/// Tries until the daemon is there again. Keys other than those to us are lost meanwhile,
/// because nobody could say whether they arrived.
async fn reconnect(client: &Client, person: &mut Person) -> Result<Socket, Result<Left, Failure>> {
    let since = Instant::now();
    let attempt = async {
        loop {
            tokio::time::sleep(RETRY).await;
            match client.socket().await {
                Err(Failure::Unreachable(_)) if since.elapsed() < AWAY => {}
                other => return other,
            }
        }
    };
    tokio::pin!(attempt);
    loop {
        tokio::select! {
            opened = &mut attempt => return opened.map_err(Err),
            said = person.next() => match said {
                Said::Keys(_, Some(Word::Detach)) | Said::Gone => return Err(Ok(Left::Detached)),
                Said::Signal(name) => return Err(Ok(Left::Signalled(name))),
                Said::Keys(bytes, _) if !bytes.is_empty() => {
                    output::raw(b"\x07");
                }
                Said::Keys(..) | Said::Resized => {}
            },
        }
    }
}

/// What is known of the stream; it outlives a connection, so that the next one goes on.
#[derive(Default)]
struct Seen {
    channel: u32,
    bytes: u64,
    acked: u64,
    epoch: String,
    /// Number of the next byte, once the screen is whole.
    next: Option<u64>,
    mine: bool,
}

async fn session(
    client: &Client,
    socket: &mut Socket,
    id: &AgentId,
    person: &mut Person,
    seen: &mut Seen,
) -> Left {
    let session_id = id.session();
    let hello = [
        ClientMessage::SubscribeTerminal {
            session_id: session_id.clone(),
            mode: Some(Mode::Live),
            encoding: Some(Encoding::Binary),
            epoch: seen.next.map(|_| seen.epoch.clone()),
            from: seen.next,
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
        let message = tokio::select! {
            message = socket.next() => {
                let left = match message {
                    Some(Ok(message)) => hear(client, socket, seen, person.prefix, message).await,
                    Some(Err(_)) | None => Some(Left::Broken),
                };
                if let Some(left) = left {
                    return left;
                }
                continue;
            }
            said = person.next() => match said {
                Said::Keys(bytes, word) => {
                    if let Some(left) = keys(socket, person, &session_id, &bytes, word).await {
                        return left;
                    }
                    continue;
                }
                Said::Resized => resize(&session_id),
                Said::Signal(name) => return Left::Signalled(name),
                Said::Gone => return Left::Detached,
            },
        };
        if let Some(message) = message
            && say(socket, &message).await.is_err()
        {
            return Left::Broken;
        }
    }
}

/// Sends what was pressed, and does what was asked of us.
async fn keys(
    socket: &mut Socket,
    person: &mut Person,
    session_id: &str,
    bytes: &[u8],
    word: Option<Word>,
) -> Option<Left> {
    let data = person.letters.feed(bytes);
    let session_id = session_id.to_owned();
    if !data.is_empty() {
        let session_id = session_id.clone();
        let input = ClientMessage::TerminalInput { session_id, data };
        if say(socket, &input).await.is_err() {
            return Some(Left::Broken);
        }
    }
    match word {
        Some(Word::Detach) => {
            // A proper goodbye frees the seat at once.
            let _ = socket.close(None).await;
            Some(Left::Detached)
        }
        Some(Word::TakeSeat) => {
            let size = resize(&session_id);
            let take = ClientMessage::TakeSeat { session_id };
            for message in std::iter::once(take).chain(size) {
                if say(socket, &message).await.is_err() {
                    return Some(Left::Broken);
                }
            }
            None
        }
        None => None,
    }
}

/// Takes one message of the daemon; says why to leave, if so.
async fn hear(
    client: &Client,
    socket: &mut Socket,
    seen: &mut Seen,
    prefix: Prefix,
    message: Message,
) -> Option<Left> {
    match message {
        Message::Binary(bytes) => show(socket, seen, &bytes).await,
        Message::Text(text) => match serde_json::from_str(&text) {
            Ok(ServerMessage::Subscribed {
                channel,
                epoch,
                mine,
                ..
            }) => {
                (seen.channel, seen.bytes, seen.acked) = (channel, 0, 0);
                if seen.epoch != epoch {
                    seen.next = None;
                }
                (seen.epoch, seen.mine) = (epoch, mine);
                None
            }
            Ok(ServerMessage::Seat { holder, mine, .. }) => {
                if seen.mine && !mine {
                    let name = holder.map_or_else(|| "nobody".to_owned(), |holder| holder.name);
                    let name = output::plain(&name);
                    let title =
                        format!("{SET_TITLE}{name} types now; {prefix} t takes the seat\x07\x07");
                    output::raw(title.as_bytes());
                }
                seen.mine = mine;
                None
            }
            Ok(ServerMessage::AuthExpiring { .. }) => {
                // A refusal shows itself when the token ends and the socket is closed.
                let ticket = client.ticket().await.ok()?;
                say(socket, &ClientMessage::Renew { ticket }).await.err()
            }
            Ok(ServerMessage::Error {
                about,
                code,
                title,
                status,
                detail,
                ..
            }) => {
                let about = about.as_deref();
                // After the end of a terminal nothing more comes; a seat that is refused is
                // no seat to wait for.
                if !matches!(about, Some("subscribe_terminal" | "take_seat")) {
                    return None;
                }
                if status == 410 {
                    return Some(Left::Ended(detail));
                }
                let code = code.trim_start_matches("urn:orchestra:");
                Some(Left::Refused(Problem::new(status, code, &title, detail)))
            }
            // Of another daemon version, or nothing for a terminal.
            _ => None,
        },
        Message::Close(frame) => Some(
            match frame.map(|frame| (u16::from(frame.code), frame.reason)) {
                Some((close::GONE, _)) => Left::Ended("the agent has ended".into()),
                Some((code @ (close::UNAUTHENTICATED | close::FORBIDDEN), reason)) => {
                    let detail = format!("closed by the daemon: {reason} ({code})");
                    Left::Refused(Problem::new(403, "closed", "Closed", detail))
                }
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
    seen.next = match frame.kind {
        FrameKind::Output => Some(frame.seq + frame.payload.len() as u64),
        FrameKind::Snapshot => Some(frame.seq),
        // Until the whole screen is here, there is nothing to go on from.
        FrameKind::SnapshotPart | FrameKind::Gap => None,
        FrameKind::Heal => seen.next,
    };
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
