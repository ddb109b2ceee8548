//! One edge error: what each failure of a lower layer is in HTTP. Details of internal
//! failures are logged, never sent.

use crate::model::limits::Invalid;
use crate::store::StoreError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use orchestra_protocol::problem::Problem;

/// A refusal or failure on its way to the caller.
#[derive(Debug)]
pub struct Failure(pub Problem);

impl Failure {
    /// A failure with a stable code.
    pub fn new(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self(Problem::new(status.as_u16(), code, title, detail))
    }

    /// 400: the request itself is wrong.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "The request is not valid",
            detail,
        )
    }

    /// 401, without a reason: it would help only an attacker.
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Log in first",
            "Send a valid access token. For a new login link run: orchestra web",
        )
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "You may not do this",
            detail,
        )
    }

    /// 404; the same for what does not exist and what the caller may not know of.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "Not found",
            format!("There is no such {what}, or it is not yours."),
        )
    }

    /// 409.
    pub fn conflict(code: &str, detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            code,
            "It does not fit the present state",
            detail,
        )
    }

    /// 500; the cause goes to the log.
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something broke here",
            "The daemon's log has the cause. Nothing was half-done; try again.",
        )
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(what) => Self::not_found(what),
            StoreError::Conflict(what) => Self::conflict(
                "changed",
                format!("The {what} changed meanwhile; read it again."),
            ),
            StoreError::Open(_) | StoreError::Corrupt { .. } | StoreError::Sql(_) => {
                Self::internal(&error)
            }
        }
    }
}

impl From<Invalid> for Failure {
    fn from(error: Invalid) -> Self {
        Self::invalid(error.0)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.0)).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
    }
}
