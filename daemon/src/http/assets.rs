//! The web UI, embedded in the binary. Whatever is no file is a place within the page.

use super::problem::Failure;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest as _, Sha256};

/// Built by `npm run build`; a debug build reads it from the disk.
#[derive(RustEmbed)]
#[folder = "../web-ui/dist"]
#[allow_missing = true]
struct Assets;

/// The recording's player, in a frame of the page.
const PLAYER: &str = "player.html";

const UNBUILT: &str = "<!doctype html><meta charset=utf-8><title>Orchestra</title>\
<p>The web UI was not built into this program. Run <code>make up</code>, or use the command line: \
<code>orchestra status</code>.";

/// Answers everything outside `/api`, `/ws` and `/mcp`.
pub async fn serve(request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Failure::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This cannot be done here",
            "The page only answers GET; the API lies under /api.",
        )
        .into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if let Some(response) = find(path, request.headers()) {
        return response;
    }
    // A name with an extension is a file that is missing, not a place in the page.
    if path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'))
    {
        return Failure::not_found("file").into_response();
    }
    find("index.html", request.headers()).unwrap_or_else(|| {
        let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        (StatusCode::SERVICE_UNAVAILABLE, kind, UNBUILT).into_response()
    })
}

/// A file, in the best encoding that the browser takes.
fn find(path: &str, headers: &HeaderMap) -> Option<Response> {
    let plain = Assets::get(path)?;
    let policy = (path == PLAYER).then(|| player_policy(&plain.data));
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let packed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(coding, _)| {
            accepted
                .split(',')
                .any(|one| one.trim().starts_with(coding))
        })
        .find_map(|(coding, ending)| Some((coding, Assets::get(&format!("{path}.{ending}"))?)));
    let mut response = match packed {
        Some((coding, file)) => respond(path, file, Some(coding)),
        None => respond(path, plain, None),
    };
    if let Some(policy) = policy {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Some(response)
}

/// The player needs `WebAssembly`, which the page's policy does not let run. So it has a
/// document of its own, that gets no origin, no token and no network: the one script in
/// it, by its hash, and nothing else.
fn player_policy(document: &[u8]) -> HeaderValue {
    let text = String::from_utf8_lossy(document);
    let script = text
        .split_once("<script>")
        .and_then(|(_, rest)| rest.split_once("</script>"))
        .map_or("", |(script, _)| script);
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{hash}' 'wasm-unsafe-eval'; \
         style-src 'unsafe-inline'; font-src data:; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

fn respond(path: &str, file: EmbeddedFile, coding: Option<&'static str>) -> Response {
    let mut response = Response::new(Body::from(file.data.into_owned()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(path)));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // Names under assets/ carry a hash of their content; the rest must be asked for.
    let cache = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
