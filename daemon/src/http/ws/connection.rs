//! One socket's life: loops that read, write and type, and a watch over them, in one task.
//! They share nothing that waits, so that a client that does not read can still type,
//! acknowledge and be shown the door.

use super::keeper;
use super::outbox::Outbox;
use super::receive;
use super::session::{Close, Opening, Session};
use super::typist;
use crate::http::AppState;
use crate::http::access;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use orchestra_protocol::socket::{ServerMessage, close};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_util::sync::CancellationToken;

/// Messages that wait for a client that reads slower than it asks.
const QUEUE: usize = 64;
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

pub(super) async fn run(
    state: AppState,
    opening: Opening,
    socket: WebSocket,
    cancel: CancellationToken,
) {
    let (out, inbox) = mpsc::channel(QUEUE);
    let (jobs, work) = mpsc::channel(typist::QUEUE);
    let session = Session::new(state, opening, out, jobs);
    // Subscribed before the newest number is read, so that nothing falls between.
    let feed = session.state.events.subscribe();
    let Some(hello) = hello(&session).await else {
        return;
    };
    let ServerMessage::Hello { event, .. } = hello else {
        return;
    };
    session
        .state
        .audit
        .note(session.line("socket.open", ""), "ok");
    let (mut sink, mut stream) = socket.split();
    session.say(&hello).await;
    let mut outbox = Outbox::new(&session, inbox, feed, event);
    let end = tokio::select! {
        end = listen(&session, &mut stream) => end,
        () = outbox.run(&mut sink) => None,
        end = typist::run(&session, work) => Some(end),
        end = keeper::keep(&session) => Some(end),
        () = cancel.cancelled() => Some(Close::new(close::RESTART, "the daemon restarts")),
    };
    drop(outbox);
    // What it held is free before the goodbye, which may take its time.
    session.leave_seats();
    let code = end.as_ref().map_or(1000, |end| end.code);
    session
        .state
        .audit
        .note(session.line("socket.close", ""), &format!("ok:{code}"));
    drop(session);
    if let Some(Close { code, reason }) = end {
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        let _ = tokio::time::timeout(GOODBYE, sink.send(Message::Close(Some(frame)))).await;
        if code != close::TOO_BIG {
            // The client's own close, so that ours is read before the connection ends.
            let echo = async { while let Some(Ok(_)) = stream.next().await {} };
            let _ = tokio::time::timeout(GOODBYE, echo).await;
        }
    }
}

async fn hello(session: &Session) -> Option<ServerMessage> {
    let requester = access::requester(&session.principal());
    let newest = session.state.events.range().await;
    let primary = session.state.chat.primary_of(&requester).await;
    let (Ok((_, event)), Ok(primary)) = (newest, primary) else {
        tracing::error!("a socket was not opened because the store cannot be read");
        return None;
    };
    Some(ServerMessage::Hello {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        rights: session.rights(),
        event,
        primary_session_id: primary.session(),
    })
}

/// Takes what the client says until it leaves or has to.
async fn listen(
    session: &Session,
    stream: &mut futures_util::stream::SplitStream<WebSocket>,
) -> Option<Close> {
    while let Some(message) = stream.next().await {
        session.hear();
        match message {
            Ok(Message::Text(text)) => {
                // Boxed, so that an idle socket does not carry the room of every handler.
                if let Err(end) = Box::pin(receive::text(session, &text)).await {
                    return Some(end);
                }
            }
            Ok(Message::Binary(_)) => return Some(Close::BAD),
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(Message::Close(_)) => return None,
            Err(error) => return broken(error),
        }
    }
    None
}

/// What to say to a client that broke the rules of the protocol, if it still listens.
fn broken(error: axum::Error) -> Option<Close> {
    let error = error.into_inner();
    match error.downcast_ref::<SocketError>() {
        Some(SocketError::Capacity(_)) => {
            Some(Close::new(close::TOO_BIG, "a message has at most 512 KiB"))
        }
        Some(SocketError::Utf8(_)) => Some(Close::new(1007, "text is UTF-8")),
        Some(SocketError::Protocol(_)) => Some(Close::new(1002, "this is no WebSocket")),
        _ => None,
    }
}
