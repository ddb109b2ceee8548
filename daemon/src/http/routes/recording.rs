//! `/api/agents/{id}/recording`: all that an agent's terminal has shown, as one asciicast
//! that any asciinema player takes.

use crate::auth::permission::Permission;
use crate::http::AppState;
use crate::http::access::{self, Standing};
use crate::http::audit_layer::AuditObject;
use crate::http::extract::Caller;
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::terminal::recording::joined::Joined;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;
use std::io::{self, Write as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Read at once; the next is read when this is on its way.
const PIECE: usize = 128 * 1024;
/// For a download: quick, and still a tenth.
const LEVEL: i32 = 3;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(recording))
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Cast,
    Zst,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RecordingQuery {
    /// `cast` (default), or `zst`: the same, packed with zstd.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
    /// Names the file for a browser that keeps it.
    download: Option<bool>,
    /// Only the end: about so many bytes of it, and always something.
    latest_bytes: Option<u64>,
}

/// The answer where there is no recording.
pub(in crate::http) fn off() -> Failure {
    Failure::conflict(
        "recording_off",
        "Nothing of this agent was recorded. terminal.recording = true records agents from their start on.",
    )
}

/// What is recorded up to now, as one asciicast of version 2.
#[utoipa::path(get, path = "/api/agents/{id}/recording", params(RecordingQuery), responses((status = 200, content_type = "application/x-asciicast")))]
async fn recording(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Query(query): Query<RecordingQuery>,
) -> Result<Response, Failure> {
    let agent = access::agent(&state.agents, &caller, Permission::AgentsRead, &id).await?;
    let folder = state.agents.recordings().folder(&agent.id);
    let format = query.format.unwrap_or_default();
    let open = move || -> io::Result<Option<Source>> {
        let Some(joined) = Joined::open(&folder, query.latest_bytes)? else {
            return Ok(None);
        };
        let packer = match format {
            Format::Cast => None,
            Format::Zst => Some(zstd::stream::write::Encoder::new(Vec::new(), LEVEL)?),
        };
        Ok(Some(Source { joined, packer }))
    };
    let source = tokio::task::spawn_blocking(open).await;
    let source = source
        .map_err(|error| Failure::internal(&error))?
        .map_err(|error| Failure::internal(&error))?;
    let source = source.ok_or_else(off)?;
    let name = match format {
        Format::Cast => format!("{}.cast", agent.id),
        Format::Zst => format!("{}.cast.zst", agent.id),
    };
    let keep = query.download.unwrap_or(false);
    let object = format!(
        "id={} {}",
        agent.id,
        if keep { "download" } else { "replay" }
    );
    let standing = Standing::new(state.auth, caller, Permission::AgentsRead, agent);
    let stream = futures_util::stream::unfold(Some((source, standing)), piece);
    let mut response = Response::new(Body::from_stream(stream));
    let headers = response.headers_mut();
    let kind = match format {
        Format::Cast => "application/x-asciicast",
        Format::Zst => "application/zstd",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if keep {
        let text = format!("attachment; filename=\"{name}\"");
        let value = HeaderValue::from_str(&text).map_err(|error| Failure::internal(&error))?;
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response.extensions_mut().insert(AuditObject(object));
    Ok(response)
}

struct Source {
    joined: Joined,
    packer: Option<zstd::stream::write::Encoder<'static, Vec<u8>>>,
}

impl Source {
    /// The next bytes, and what gives those after them.
    fn read(mut self) -> io::Result<(Vec<u8>, Option<Self>)> {
        let mut bytes = Vec::with_capacity(PIECE);
        let more = self.joined.fill(&mut bytes, PIECE)?;
        let Some(mut packer) = self.packer.take() else {
            return Ok((bytes, more.then_some(self)));
        };
        packer.write_all(&bytes)?;
        if !more {
            return Ok((packer.finish()?, None));
        }
        let packed = std::mem::take(packer.get_mut());
        self.packer = Some(packer);
        Ok((packed, Some(self)))
    }
}

type Rest = Option<(Source, Standing)>;

/// One piece of the answer. An error breaks it off, so that nobody takes a part for the
/// whole.
async fn piece(rest: Rest) -> Option<(io::Result<Bytes>, Rest)> {
    let (source, mut standing) = rest?;
    if !standing.holds().await {
        return Some((Err(io::Error::other("the login has ended")), None));
    }
    match tokio::task::spawn_blocking(move || source.read()).await {
        Ok(Ok((bytes, source))) => {
            let rest = source.map(|source| (source, standing));
            Some((Ok(Bytes::from(bytes)), rest))
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "a recording could not be read to its end");
            Some((Err(error), None))
        }
        Err(error) => Some((Err(io::Error::other(error)), None)),
    }
}
