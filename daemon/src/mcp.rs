//! The MCP server: what an agent may do with the fleet, as tools for its model. It is a
//! client of the REST API like any other, so that rights are checked in one place; over
//! stdio it lives longer than the daemon and holds a call while the daemon restarts.

pub mod args;
pub mod catalog;
pub mod calls;
pub mod http;
pub mod requests;
pub mod words;

use crate::auth::peer::Peer;
use axum::http::{HeaderValue, Request, Response, header, request::Parts};
use bytes::Bytes;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};

/// How the tools reach the API.
pub trait Transport: Clone + Send + Sync + 'static {
    /// Sends one request; an error means that no answer came, and that trying again is right.
    fn send(
        &self,
        request: Request<Bytes>,
        caller: &Caller,
    ) -> impl Future<Output = Result<Response<Bytes>, NoAnswer>> + Send;
}

/// Why no answer came, in words.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct NoAnswer(pub String);

/// Who made a tool call, where the call itself came over HTTP.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    pub authorization: Option<HeaderValue>,
    pub peer: Option<Peer>,
}

/// What a tool gives: facts for programs, a short text for the model.
#[derive(Debug)]
pub struct Answer {
    pub facts: Value,
    pub text: String,
    /// The work itself failed; the call did not.
    pub failed: bool,
}

/// Why a tool gave nothing. Always told to the model, never a protocol error.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    #[error("{0}")]
    Arguments(String),
    #[error("{}", .0.detail)]
    Problem(orchestra_protocol::problem::Problem),
    #[error("The Orchestra daemon does not answer ({0}). Nothing is lost; try again in a minute.")]
    NoAnswer(String),
    #[error("The daemon's answer was not understood: {0}")]
    Odd(String),
    #[error("The call was cancelled.")]
    Cancelled,
}

/// The server: one per connection.
#[derive(Debug, Clone)]
pub struct Tools<T> {
    transport: T,
    /// Makes the keys of this connection's calls different from those of any other.
    nonce: String,
}

impl<T: Transport> Tools<T> {
    /// A server over this transport.
    pub fn new(transport: T) -> Self {
        Self {
            transport,
            nonce: uuid::Uuid::new_v4().to_string(),
        }
    }
}

impl<T: Transport> ServerHandler for Tools<T> {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("orchestra", env!("CARGO_PKG_VERSION")))
            .with_instructions(catalog::INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(catalog::tools()))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let requests = requests::Requests {
            transport: &self.transport,
            caller: caller(&context),
            key: requests::key(&self.nonce, &context.id.to_string()),
            context: &context,
        };
        let arguments = Value::Object(call.arguments.unwrap_or_default());
        let outcome = calls::run(&requests, &call.name, arguments).await;
        Ok(result(outcome).into())
    }
}

fn caller(context: &RequestContext<RoleServer>) -> Caller {
    let Some(parts) = context.extensions.get::<Parts>() else {
        return Caller::default();
    };
    Caller {
        authorization: parts.headers.get(header::AUTHORIZATION).cloned(),
        peer: parts.extensions.get::<Peer>().copied(),
    }
}

fn result(outcome: Result<Answer, ToolError>) -> CallToolResult {
    match outcome {
        Ok(answer) => {
            let content = vec![ContentBlock::text(answer.text)];
            let mut result = if answer.failed {
                CallToolResult::error(content)
            } else {
                CallToolResult::success(content)
            };
            result.structured_content = Some(answer.facts);
            result
        }
        Err(error) => {
            let code = match &error {
                ToolError::Arguments(_) => "invalid_arguments",
                ToolError::Problem(problem) => problem.code(),
                ToolError::NoAnswer(_) => "unreachable",
                ToolError::Odd(_) => "odd_answer",
                ToolError::Cancelled => "cancelled",
            };
            let text = error.to_string();
            let facts = json!({ "error": { "code": code, "detail": text } });
            let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
            result.structured_content = Some(facts);
            result
        }
    }
}
