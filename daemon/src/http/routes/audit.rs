//! The record, for those who may read it.

use crate::audit::Audit;
use crate::audit::query::Filter;
use crate::audit::query::Verdict;
use crate::audit::record::Record;
use crate::auth::authorize::{Object, authorize};
use crate::auth::permission::Permission;
use crate::http::extract::{Caller, Json};
use crate::http::problem::Failure;
use axum::body::Body;
use axum::extract::{FromRef, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use orchestra_protocol::admin::{AuditCheckpoint, AuditVerdict};
use orchestra_protocol::event::Page;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Audit: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(verify))
        .routes(routes!(export))
        .routes(routes!(checkpoints, checkpoint))
}

/// Lists what was done and refused, newest first.
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(Filter),
    responses((status = 200, body = Page<serde_json::Value>)))]
async fn list(
    State(audit): State<Audit>,
    Caller(principal): Caller,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<Record>>, Failure> {
    authorize(&principal, Permission::AuditRead, &Object::global())?;
    let items = audit.query(filter).await?;
    let next_cursor = items
        .last()
        .filter(|last| last.seq > 1)
        .map(|last| last.seq.to_string());
    Ok(Json(Page { items, next_cursor }))
}

/// Follows the chain from its beginning.
#[utoipa::path(get, path = "/api/audit/verify", tag = "audit", responses((status = 200, body = AuditVerdict)))]
async fn verify(
    State(audit): State<Audit>,
    Caller(principal): Caller,
) -> Result<Json<AuditVerdict>, Failure> {
    authorize(&principal, Permission::AuditRead, &Object::global())?;
    Ok(Json(match audit.verify().await? {
        Verdict::Whole(lines) => AuditVerdict {
            lines,
            last: 0,
            broken_in: None,
        },
        Verdict::Broken { after, file } => AuditVerdict {
            lines: 0,
            last: after,
            broken_in: Some(file),
        },
    }))
}

/// Says, signed, where the record stands now: to be kept on another machine.
#[utoipa::path(post, path = "/api/audit/checkpoints", tag = "audit", responses((status = 201, body = AuditCheckpoint)))]
async fn checkpoint(
    State(audit): State<Audit>,
    Caller(principal): Caller,
) -> Result<(StatusCode, Json<AuditCheckpoint>), Failure> {
    authorize(&principal, Permission::AuditRead, &Object::global())?;
    Ok((StatusCode::CREATED, Json(audit.checkpoint().await?)))
}

/// The checkpoints kept beside the record, oldest first.
#[utoipa::path(get, path = "/api/audit/checkpoints", tag = "audit", responses((status = 200, body = Page<AuditCheckpoint>)))]
async fn checkpoints(
    State(audit): State<Audit>,
    Caller(principal): Caller,
) -> Result<Json<Page<AuditCheckpoint>>, Failure> {
    authorize(&principal, Permission::AuditRead, &Object::global())?;
    Ok(Json(Page {
        items: audit.checkpoints().await?,
        next_cursor: None,
    }))
}

/// Every line as it is kept, with its hash, oldest first.
#[utoipa::path(get, path = "/api/audit/export", tag = "audit",
    responses((status = 200, content_type = "application/x-ndjson", body = String)))]
async fn export(
    State(audit): State<Audit>,
    Caller(principal): Caller,
) -> Result<Response, Failure> {
    authorize(&principal, Permission::AuditRead, &Object::global())?;
    let files = audit.files().await?;
    // One segment at a time: it has at most 8 MiB. One that retention took meanwhile is left out.
    let parts = futures_util::stream::unfold(files.into_iter(), |mut files| async move {
        for file in files.by_ref() {
            match tokio::fs::read(&file).await {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                read => return Some((read, files)),
            }
        }
        None
    });
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((kind, Body::from_stream(parts)).into_response())
}
