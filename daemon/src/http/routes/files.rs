//! `/api/agents/{id}/files`: a file for an agent, streamed to the disk.

use crate::agents::AgentError;
use crate::agents::files::{FileError, Incoming};
use crate::auth::permission::Permission;
use crate::http::AppState;
use crate::http::access;
use crate::http::audit_layer::AuditObject;
use crate::http::extract::{Caller, Json, too_large_file, too_slow};
use crate::http::problem::Failure;
use crate::http::query::Query;
use axum::body::{Body, BodyDataStream};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::StreamExt as _;
use orchestra_protocol::file::DroppedFile;
use serde::Deserialize;
use std::error::Error as _;
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A sender that is silent for longer has gone.
const PATIENCE: Duration = Duration::from_secs(30);

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(put))
}

/// Query of an upload.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FileQuery {
    /// What the file is called; made safe, and numbered when it is taken.
    name: String,
}

/// Puts a file into the agent's folder, for those who may type there. The body is the
/// file itself, as `application/octet-stream`, at most 32 MiB.
#[utoipa::path(post, path = "/api/agents/{id}/files", params(FileQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = DroppedFile)))]
async fn put(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Query(query): Query<FileQuery>,
    body: Body,
) -> Result<Response, Failure> {
    let agent = access::agent(&state.agents, &caller, Permission::TerminalType, &id).await?;
    if agent.view.status.is_final() {
        return Err(AgentError::Ended(agent.id).into());
    }
    let mut incoming = Incoming::open(agent.view.cwd.into(), &query.name).await?;
    let mut stream = body.into_data_stream();
    while let Some(bytes) = next(&mut stream).await? {
        incoming.write(&bytes).await?;
    }
    let made = incoming.finish().await?;
    let about = AuditObject(format!("id={id} file={} bytes={}", made.path, made.bytes));
    Ok((StatusCode::CREATED, axum::Extension(about), Json(made)).into_response())
}

async fn next(stream: &mut BodyDataStream) -> Result<Option<Bytes>, Failure> {
    let next = tokio::time::timeout(PATIENCE, stream.next()).await;
    let Some(next) = next.map_err(|_| too_slow())? else {
        return Ok(None);
    };
    next.map(Some).map_err(|error| {
        let mut causes = std::iter::successors(error.source(), |&cause| cause.source());
        if causes.any(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>) {
            too_large_file()
        } else {
            Failure::invalid("The file ended early; send it again.")
        }
    })
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let detail = error.to_string();
        match error {
            FileError::Folder => Self::conflict("folder_unusable", detail),
            FileError::Names => Self::conflict("name_taken", detail),
            FileError::Full => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "disk_full",
                "The disk is full",
                "Nothing was kept of the file; make room where the agent works, then send it again.",
            ),
            FileError::Io(error) => Self::internal(&error),
        }
    }
}
