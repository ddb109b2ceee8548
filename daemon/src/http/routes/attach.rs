//! `/api/agents/{id}/attach`: a person on this machine wants the real tmux session. The
//! answer's first line says where it is; the answer then stays open, and with it the
//! seat, until the caller goes away.

use crate::auth::peer::Peer;
use crate::auth::permission::Permission;
use crate::auth::principal::Principal;
use crate::http::AppState;
use crate::http::access::{self, Standing};
use crate::http::extract::{Caller, Json};
use crate::http::problem::Failure;
use crate::terminal::seat::{Seat, ViewerId};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use orchestra_protocol::agent::{AttachAnswer, AttachRequest};
use std::convert::Infallible;
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A line now and then, so that a caller that went without a word is noticed.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(attach))
}

/// Seats the caller; over the Unix socket only, and only at one's own agents.
#[utoipa::path(post, path = "/api/agents/{id}/attach", request_body = AttachRequest,
    responses((status = 200, body = AttachAnswer, content_type = "application/x-ndjson")))]
async fn attach(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Extension(peer): Extension<Peer>,
    Path(id): Path<String>,
    Json(request): Json<AttachRequest>,
) -> Result<Response, Failure> {
    if !matches!(peer, Peer::Unix(_)) {
        return Err(Failure::forbidden(
            "Only a person on the daemon's own machine can attach; use: orchestra attach --stream",
        ));
    }
    let agent = access::agent(&state.agents, &caller, Permission::TerminalType, &id).await?;
    if let Some(size) = request.size {
        let size = crate::model::limits::size(size)?;
        state.terminals.resize(&agent.id, size).await?;
    }
    let viewer = ViewerId::fresh();
    let seat = state.terminals.seat(&agent.id)?;
    seat.take(viewer, &caller.user.name, "attach");
    let answer = AttachAnswer {
        tmux_socket: state.terminals.socket(&agent.id)?.display().to_string(),
        session: agent.view.session_id.clone(),
    };
    // A person may sit there longer than the token lives that opened the door; a lock or a
    // logout still ends it.
    let caller = Principal {
        expires_at: None,
        ..caller
    };
    let mut first = serde_json::to_vec(&answer).map_err(|error| Failure::internal(&error))?;
    first.push(b'\n');
    let held = Held {
        seat,
        viewer,
        first: Some(first.into()),
        cancel: state.tasks.token(),
        standing: Standing::new(state.auth, caller, Permission::TerminalType, agent),
    };
    let stream = futures_util::stream::unfold(held, |mut held| async move {
        let line = held.next().await?;
        Some((Ok::<Bytes, Infallible>(line), held))
    });
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((kind, Body::from_stream(stream)).into_response())
}

/// A seat that is given back when the answer ends, however it ends.
struct Held {
    seat: Seat,
    viewer: ViewerId,
    first: Option<Bytes>,
    cancel: tokio_util::sync::CancellationToken,
    standing: Standing,
}

impl Held {
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        tokio::select! {
            () = self.cancel.cancelled() => return None,
            () = tokio::time::sleep(HEARTBEAT) => {}
        }
        let holds = self.standing.holds().await;
        holds.then(|| Bytes::from_static(b"\n"))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.seat.release(self.viewer);
    }
}
