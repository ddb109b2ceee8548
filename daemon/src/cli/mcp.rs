//! `orchestra mcp`: the MCP server over stdio, started by an agent CLI. It ends when its
//! stdin ends and for no other reason: a CLI does not start it a second time.

use super::client::{Call, Client};
use super::connection::Connection;
use super::failure::Failure;
use crate::mcp::{Caller, NoAnswer, Tools, Transport};
use axum::http::{Request, Response};
use bytes::Bytes;
use rmcp::ServiceExt;
use std::sync::Arc;
use std::time::Duration;

/// Longer than any question that the tools leave open.
const PATIENCE: Duration = Duration::from_secs(40);

/// Serves the MCP tools over stdin and stdout, for an agent CLI.
///
/// Inside an agent it acts as that agent; elsewhere as you.
#[derive(Debug, clap::Args)]
#[command(after_help = "Add it to an MCP client as the command: orchestra mcp")]
pub struct McpArgs {
    #[command(flatten)]
    pub connection: Connection,
}

/// Sends the tools' requests as the command's client.
#[derive(Debug, Clone)]
struct Remote(Arc<Client>);

impl Transport for Remote {
    async fn send(
        &self,
        request: Request<Bytes>,
        _caller: &Caller,
    ) -> Result<Response<Bytes>, NoAnswer> {
        let (parts, body) = request.into_parts();
        let header = |name: &'static str| {
            let value = parts.headers.get(name)?.to_str().ok()?;
            Some((name, value.to_owned()))
        };
        let call = Call {
            method: parts.method.clone(),
            path: parts.uri.to_string(),
            body,
            headers: header("idempotency-key").into_iter().collect(),
            patience: PATIENCE,
        };
        let no_answer = |failure: Failure| NoAnswer(failure.to_string());
        let (status, bytes) = self.0.exchange(&call).await.map_err(no_answer)?;
        let mut answer = Response::new(bytes);
        *answer.status_mut() = status;
        Ok(answer)
    }
}

/// Serves until stdin ends.
///
/// # Errors
/// When the command line names no daemon, or the client speaks no MCP.
pub async fn run(connection: &Connection) -> Result<(), Failure> {
    let client = connection.client()?;
    let service = Tools::new(Remote(Arc::new(client)))
        .serve(rmcp::transport::stdio())
        .await
        .map_err(|error| Failure::local("the MCP client did not begin as expected", &error))?;
    service
        .waiting()
        .await
        .map_err(|error| Failure::local("the MCP server broke", &error))?;
    Ok(())
}
