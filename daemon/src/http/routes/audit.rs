//! The record, for those who may read it.

use crate::audit::Audit;
use crate::audit::query::Filter;
use crate::audit::record::Record;
use crate::auth::authorize::{Object, authorize};
use crate::auth::permission::Permission;
use crate::http::extract::{Caller, Json};
use crate::http::problem::Failure;
use axum::extract::{FromRef, Query, State};
use orchestra_protocol::event::Page;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Audit: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(list))
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
