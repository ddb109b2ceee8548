//! Tickets that open a socket.

use crate::auth::Auth;
use crate::http::extract::{Caller, Json};
use crate::http::problem::Failure;
use axum::extract::{FromRef, State};
use axum::http::{HeaderMap, StatusCode, header};
use orchestra_protocol::auth::{Ticket, TicketRequest};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Auth: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(issue))
}

/// Issues a ticket for one socket: 30 seconds, one use, for the page that asked.
#[utoipa::path(post, path = "/api/ws-tickets", tag = "auth", request_body = TicketRequest,
    responses((status = 201, body = Ticket)))]
async fn issue(
    State(auth): State<Auth>,
    Caller(principal): Caller,
    headers: HeaderMap,
    Json(request): Json<TicketRequest>,
) -> Result<(StatusCode, Json<Ticket>), Failure> {
    let origin = headers
        .get(header::ORIGIN)
        .and_then(|origin| origin.to_str().ok());
    let rights = request.rights.unwrap_or_default();
    let ticket = auth
        .tickets()
        .issue(&principal, rights, origin)
        .map_err(crate::auth::AuthError::from)?;
    Ok((StatusCode::CREATED, Json(ticket)))
}
