//! What `orchestra hook` sends when an agent CLI calls one of its hooks, and the answer.
//! Also the lines of the spool that holds events while the daemon is away.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /api/hooks/{kind}`: one hook call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HookCall {
    /// UUID of this call. A replay has the same one and changes nothing.
    pub key: String,
    /// Milliseconds since the epoch at which the CLI called.
    pub at: i64,
    /// Name of the event where the call names it beside the payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The CLI's own JSON, as it came. `{"unparsed": text}` when it was no JSON,
    /// `{"oversize_bytes": n}` when it was too large to carry.
    #[schema(value_type = Object)]
    pub event: serde_json::Value,
}

/// The answer to a hook call; `{}` when the CLI needs to hear nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct HookAnswer {
    /// Printed on the hook's stdout for the CLI.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub output: Option<serde_json::Value>,
    /// The answer is not known yet: ask `GET` on this path, again and again, until it
    /// gives an answer without `poll`. Lets a decision outlive the daemon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<String>,
}
