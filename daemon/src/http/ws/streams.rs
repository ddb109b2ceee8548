//! What flows to a viewer of a terminal, as messages and frames of the protocol.

use super::outbox::Piece;
use crate::terminal::frame::SampledViewer;
use crate::terminal::live::{LiveChunk, LiveViewer};
use crate::terminal::seat::{Seat, SeatState, ViewerId};
use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use orchestra_protocol::frame::{Frame, FrameKind};
use orchestra_protocol::socket::ServerMessage;
use tokio_stream::wrappers::WatchStream;

/// Whole frames, as they come.
pub(super) fn sampled(viewer: SampledViewer) -> BoxStream<'static, Piece> {
    let next = |mut viewer: SampledViewer| async move {
        let frame = viewer.next().await?;
        Some((Piece::Text(frame.json.clone()), viewer))
    };
    stream::unfold(viewer, next).boxed()
}

/// A live stream in frames, with what is said beside it.
pub(super) fn live(
    viewer: LiveViewer,
    channel: u32,
    session_id: String,
) -> BoxStream<'static, Piece> {
    let frame = move |kind, seq, payload: Bytes| {
        Frame {
            kind,
            channel,
            seq,
            payload,
        }
        .encode()
    };
    let next = move |viewer: Option<LiveViewer>| {
        let session_id = session_id.clone();
        async move {
            let mut viewer = viewer?;
            let piece = match viewer.next().await {
                LiveChunk::Output { seq, bytes } => {
                    Piece::Frames(vec![frame(FrameKind::Output, seq, bytes)])
                }
                LiveChunk::Gap { seq } => {
                    Piece::Frames(vec![frame(FrameKind::Gap, seq, Bytes::new())])
                }
                LiveChunk::Snapshot { seq, parts } => {
                    let last = parts.len().saturating_sub(1);
                    let kind = |at| {
                        if at == last {
                            FrameKind::Snapshot
                        } else {
                            FrameKind::SnapshotPart
                        }
                    };
                    let parts = parts.iter().cloned().enumerate();
                    Piece::Frames(parts.map(|(at, part)| frame(kind(at), seq, part)).collect())
                }
                LiveChunk::Hash { seq, hash } => {
                    let message = ServerMessage::ScreenHash {
                        session_id,
                        channel,
                        seq,
                        hash,
                    };
                    Piece::Text(serde_json::to_vec(&message).unwrap_or_default().into())
                }
                LiveChunk::Heal { seq, parts } => {
                    let heal = |part: &Bytes| frame(FrameKind::Heal, seq, part.clone());
                    Piece::Frames(parts.iter().map(heal).collect())
                }
                LiveChunk::Ended => return Some((Piece::Over(session_id), None)),
            };
            Some((piece, Some(viewer)))
        }
    };
    stream::unfold(Some(viewer), next).boxed()
}

/// Every change of the seat and the size after what the client was told.
pub(super) fn seats(
    seat: &Seat,
    told: SeatState,
    viewer: ViewerId,
    session_id: String,
) -> BoxStream<'static, Utf8Bytes> {
    let mut last = told;
    WatchStream::new(seat.watch())
        .filter_map(move |state| {
            let news = (state != last).then(|| shown(&state, viewer, &session_id));
            last = state;
            let text = news.and_then(|message| serde_json::to_string(&message).ok());
            std::future::ready(text.map(Utf8Bytes::from))
        })
        .boxed()
}

/// What a client is told of a seat.
pub(super) fn shown(state: &SeatState, viewer: ViewerId, session_id: &str) -> ServerMessage {
    ServerMessage::Seat {
        session_id: session_id.to_owned(),
        holder: state.shown(),
        mine: state.held_by(viewer),
        cols: state.size.cols,
        rows: state.size.rows,
    }
}
