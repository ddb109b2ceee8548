//! `/mcp` over HTTP, for callers on other machines: the same tools, whose requests go
//! into the daemon's own router with the caller's credential, so nothing is trusted twice.

use super::{Caller, NoAnswer, Tools, Transport};
use crate::auth::peer::Peer;
use axum::Router;
use axum::http::{HeaderValue, Request, Response, header};
use bytes::Bytes;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use std::sync::Arc;
use tower::ServiceExt;

/// An answer of the API that a tool can work with.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// The service to mount at `/mcp`, behind the layer that checks credentials. `router` is
/// the API as the outside sees it. Browsers are refused by their Origin; `allowed_hosts`
/// are names as the Host header has them.
pub fn http_service(
    router: Router,
    allowed_hosts: Vec<String>,
) -> StreamableHttpService<Tools<InProcess>, NeverSessionManager> {
    let host = allowed_hosts
        .first()
        .and_then(|host| HeaderValue::from_str(host).ok());
    let transport = InProcess {
        router,
        host: host.unwrap_or(HeaderValue::from_static("localhost")),
    };
    // No sessions: a call needs only its credential, so a restart of the daemon costs nothing.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_allowed_hosts(allowed_hosts)
        .enforce_origin_validation();
    StreamableHttpService::new(
        move || Ok(Tools::new(transport.clone())),
        Arc::new(NeverSessionManager::default()),
        config,
    )
}

/// Sends requests into a router of this process.
#[derive(Debug, Clone)]
pub struct InProcess {
    router: Router,
    host: HeaderValue,
}

impl Transport for InProcess {
    async fn send(
        &self,
        mut request: Request<Bytes>,
        caller: &Caller,
    ) -> Result<Response<Bytes>, NoAnswer> {
        let headers = request.headers_mut();
        headers.insert(header::HOST, self.host.clone());
        if let Some(authorization) = &caller.authorization {
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        if let Some(peer) = caller.peer {
            // From the network an agent's token opens `/mcp`, and through it the tools' calls.
            let peer = match peer {
                Peer::Tcp(address) => Peer::Inside(address),
                known => known,
            };
            request.extensions_mut().insert(peer);
        }
        let answer = self
            .router
            .clone()
            .oneshot(request.map(axum::body::Body::from))
            .await;
        let (parts, body) = answer.unwrap_or_else(|never| match never {}).into_parts();
        let body = axum::body::to_bytes(body, MAX_ANSWER)
            .await
            .map_err(|error| NoAnswer(error.to_string()))?;
        Ok(Response::from_parts(parts, body))
    }
}
