//! Extractors whose refusals are problems: the caller, and a JSON body.

use super::problem::Failure;
use crate::agents::files::MAX_FILE;
use crate::auth::principal::Principal;
use crate::model::limits::MAX_BODY;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error as _;
use std::time::Duration;

/// Longest time that a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who calls. Taking it on a route whose layer is missing is a 500, never an open door.
pub struct Caller(pub Principal);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let principal = parts.extensions.get::<Principal>().cloned();
        principal
            .map(Self)
            .ok_or_else(|| Failure::internal(&"a route is not behind the credential check"))
    }
}

/// A JSON body, in or out. In: at most 1 MiB, UTF-8, no unknown field.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        if !is_json(request.headers()) {
            return Err(not_json());
        }
        let read = axum::body::to_bytes(request.into_body(), MAX_BODY);
        let read = tokio::time::timeout(PATIENCE, read).await;
        let body = read.map_err(|_| too_slow())?.map_err(|error| {
            let mut causes = std::iter::successors(error.source(), |&cause| cause.source());
            if causes.any(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>) {
                too_large()
            } else {
                Failure::invalid("The body ended early; send it again.")
            }
        })?;
        if matches!(
            body.first_chunk(),
            Some([0xef, 0xbb] | [0xfe, 0xff] | [0xff, 0xfe])
        ) {
            return Err(not_json());
        }
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            let text: String = error.to_string().chars().take(300).collect();
            Failure::invalid(format!("The body is not what this call takes: {text}"))
        })
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// True for `application/json`, in UTF-8 and not compressed.
pub(in crate::http) fn is_json(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(kind), None) = (kinds.next(), kinds.next()) else {
        return false;
    };
    let kind = kind.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut parts = kind.split(';').map(str::trim);
    parts.next() == Some("application/json")
        && parts.all(|part| matches!(part, "" | "charset=utf-8" | "charset=\"utf-8\""))
        && !headers.contains_key(header::CONTENT_ENCODING)
}

pub(in crate::http) fn not_json() -> Failure {
    Failure::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "not_json",
        "Only JSON is taken",
        "Send the body as application/json in UTF-8, not compressed.",
    )
}

pub(in crate::http) fn too_large() -> Failure {
    Failure::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        "The body is too large",
        format!(
            "At most {MAX_BODY} bytes are taken; put long material in a file and name the file."
        ),
    )
}

/// As `too_large`, for a body that is a file.
pub(in crate::http) fn too_large_file() -> Failure {
    Failure::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        "The file is too large",
        format!(
            "At most {} MiB are taken; put it where the agent works by other means, and name it.",
            MAX_FILE / (1024 * 1024)
        ),
    )
}

/// True for the bytes of a file.
pub(in crate::http) fn is_file(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let (kind, more) = (kinds.next(), kinds.next());
    kind.is_some_and(|kind| kind == "application/octet-stream")
        && more.is_none()
        && !headers.contains_key(header::CONTENT_ENCODING)
}

pub(in crate::http) fn not_a_file() -> Failure {
    Failure::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "not_a_file",
        "Only the file itself is taken",
        "Send its bytes as application/octet-stream, not compressed.",
    )
}

pub(in crate::http) fn too_slow() -> Failure {
    Failure::new(
        StatusCode::REQUEST_TIMEOUT,
        "too_slow",
        "The body took too long",
        "Send it again over a better connection.",
    )
}
