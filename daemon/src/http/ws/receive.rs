//! From the text of a message to the handler of its type; from a failure to an `error`.

use super::session::{Close, Session};
use crate::http::problem::Failure;
use crate::terminal::heal::Mismatch;
use crate::terminal::history::Above;
use axum::http::StatusCode;
use orchestra_protocol::socket::{ClientMessage, ServerMessage, close};
use serde::Deserialize;

/// The part of a message that says what the rest is.
#[derive(Deserialize)]
struct Tag {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    session_id: Option<String>,
}

/// Takes one message. A refusal is told and the socket stays.
///
/// # Errors
/// When the socket has to end.
pub(super) async fn text(session: &Session, text: &str) -> Result<(), Close> {
    let tag: Tag = match serde_json::from_str(text) {
        Ok(tag) => tag,
        Err(error) if error.is_data() => {
            let Failure(problem) = bad("a message is an object with a type".to_owned());
            return session.refuse(problem, None, None).await;
        }
        Err(_) => return Err(Close::BAD),
    };
    let session_id = tag.session_id.as_deref();
    if !ClientMessage::TYPES.contains(&tag.kind.as_str()) {
        let kind: String = tag.kind.chars().take(64).collect();
        let Failure(problem) = Failure::new(
            StatusCode::BAD_REQUEST,
            "unknown_type",
            "There is no such message",
            format!("There is no message of type {kind:?}; PROTOCOL.md lists them."),
        );
        return session.refuse(problem, Some(&kind), session_id).await;
    }
    let done = match serde_json::from_str(text) {
        Ok(message) => dispatch(session, message).await,
        Err(error) => {
            let why: String = error.to_string().chars().take(300).collect();
            Err(Fault::Failure(bad(format!("{}: {why}", tag.kind))))
        }
    };
    match done {
        Ok(()) => Ok(()),
        Err(Fault::Failure(Failure(problem))) => {
            session.refuse(problem, Some(&tag.kind), session_id).await
        }
        Err(Fault::Close(end)) => Err(end),
    }
}

/// Why a message was not done.
enum Fault {
    Failure(Failure),
    Close(Close),
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

async fn dispatch(session: &Session, message: ClientMessage) -> Result<(), Fault> {
    match message {
        ClientMessage::UserMessage {
            content,
            session_id,
            client_id,
            as_command,
        } => {
            session
                .user_message(content, session_id, client_id, as_command)
                .await?;
        }
        ClientMessage::SubscribeTerminal {
            session_id,
            mode,
            encoding,
            epoch,
            from,
        } => {
            let resume = epoch.zip(from);
            session
                .subscribe(&session_id, mode.unwrap_or_default(), encoding, resume)
                .await?;
        }
        ClientMessage::UnsubscribeTerminal { session_id } => {
            let agent = session.agent_id(Some(&session_id)).await?;
            session.unsubscribe(&agent).await;
        }
        ClientMessage::TerminalInput { session_id, data } => {
            session.input(&session_id, data).await?;
        }
        ClientMessage::TerminalPaste {
            session_id,
            data,
            id,
            more,
        } => {
            let more = more.unwrap_or_default();
            session.paste(&session_id, data, id, more).await?;
        }
        // Names no terminal that the connection has not pasted into itself.
        ClientMessage::CancelPaste { id, .. } => session.cancel_paste(id).await,
        ClientMessage::TerminalResize {
            session_id,
            cols,
            rows,
        } => {
            session.resize(&session_id, cols, rows).await?;
        }
        ClientMessage::TakeSeat { session_id } => session.take_seat(&session_id).await?,
        ClientMessage::ReleaseSeat { session_id } => session.release_seat(&session_id).await?,
        ClientMessage::TerminalHistory {
            session_id,
            before,
            epoch,
            lines,
        } => {
            let above = Above { before, epoch };
            session.history(&session_id, &above, lines).await?;
        }
        ClientMessage::Ack { channel, bytes } => session.acknowledge(channel, bytes)?,
        ClientMessage::ScreenMismatch {
            channel,
            seq,
            rows,
            modes,
        } => session.mismatch(channel, Mismatch { seq, rows, modes })?,
        ClientMessage::Action {
            action,
            task_ids,
            decision,
        } => {
            session.action(action, task_ids, decision).await?;
        }
        ClientMessage::Resume { after } => session.push(super::outbox::Out::Resume(after)).await,
        ClientMessage::Renew { ticket } => renew(session, &ticket).await?,
        ClientMessage::Presence { looking } => session.presence(looking),
        ClientMessage::Ping { nonce } => session.say(&ServerMessage::Pong { nonce }).await,
    }
    Ok(())
}

/// Keeps the socket past the end of its token: a new ticket of the same caller.
async fn renew(session: &Session, ticket: &str) -> Result<(), Fault> {
    let redeemed = session
        .state
        .auth
        .redeem(ticket, session.origin.as_deref())
        .await;
    let fresh = redeemed.map_err(|_| {
        session
            .state
            .audit
            .denied(session.line("socket.renew", ""), "ticket");
        Failure::unauthenticated()
    })?;
    let before = session.principal();
    if fresh.user.id != before.user.id || fresh.agent.is_some() {
        session
            .state
            .audit
            .denied(session.line("socket.renew", ""), "other_user");
        return Err(Fault::Close(Close::new(
            close::FORBIDDEN,
            "the ticket is of another caller",
        )));
    }
    let expires_at = fresh.expires_at;
    // A socket that was opened to read stays one.
    let reading = before.permissions == before.permissions.reading();
    session.set_principal(if reading { fresh.reading() } else { fresh });
    session
        .state
        .audit
        .note(session.line("socket.renew", ""), "ok");
    if let Some(end) = expires_at {
        session
            .say(&ServerMessage::Renewed { expires_at: end.0 })
            .await;
    }
    Ok(())
}

fn bad(why: String) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "bad_message",
        "The message is not valid",
        why,
    )
}
