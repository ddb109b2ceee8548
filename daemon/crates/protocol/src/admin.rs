//! What admins see and do, and what owners share.

use crate::auth::DeviceKey;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// `POST /api/auth/login`: a local account's name and password for a device and a token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    pub name: String,
    pub password: String,
    pub key: DeviceKey,
    /// Shown in the list of devices.
    pub label: String,
}

/// `POST /api/admin/users`: a new local account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountRequest {
    pub name: String,
    pub role: String,
    pub password: String,
}

/// `PATCH /api/admin/users/{id}`: what is named changes.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct AccountChange {
    pub role: Option<String>,
    /// Ends every device of the account.
    pub password: Option<String>,
}

/// One user, as an admin sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct UserView {
    pub id: String,
    pub name: String,
    pub issuer: String,
    pub subject: String,
    /// Of a local user; an OIDC provider says it in each token.
    pub role: Option<String>,
    /// True when it logs in with a password.
    pub account: bool,
    pub locked_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// When one of its devices last renewed its login.
    pub last_used_at: Option<Timestamp>,
    /// Devices that may renew.
    #[ts(type = "number")]
    pub devices: i64,
    /// Agents that start or run.
    #[ts(type = "number")]
    pub agents: i64,
    /// Open sockets.
    #[ts(type = "number")]
    pub sockets: u64,
}

/// `POST /api/admin/locks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LockRequest {
    /// Id of the user.
    pub user: String,
    pub locked: bool,
}

/// `POST /api/admin/kill`: all agents of one user, or all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct KillAllRequest {
    /// Id of the user; left out, everybody's agents end.
    pub user: Option<String>,
    /// The user's name, or `everything`: typed by a person who means it.
    pub confirm: Option<String>,
}

/// What `POST /api/admin/kill` did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct KillAllAnswer {
    pub killed: Vec<String>,
    /// Those that would not end; the log says why.
    pub failed: Vec<String>,
}

/// `GET /api/audit/verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct AuditVerdict {
    /// Lines that are what was written.
    #[ts(type = "number")]
    pub lines: u64,
    /// Number of the last good one, when one is not.
    #[ts(type = "number")]
    pub last: u64,
    /// File with the first line that is not what was written.
    pub broken_in: Option<String>,
}

/// `POST /api/audit/checkpoints`: where the record stood, signed; to be kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditCheckpoint {
    /// Number of the last line.
    #[ts(type = "number")]
    pub seq: u64,
    /// Its hash.
    pub hash: String,
    pub ts: Timestamp,
    /// Public key of this installation, Ed25519, base64url.
    pub key: String,
    pub signature: String,
}

/// One open socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SocketView {
    #[ts(type = "number")]
    pub id: u64,
    pub user_id: String,
    pub name: String,
    pub ip: String,
    pub opened_at: Timestamp,
}

/// What an owner lets somebody do with an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShareRights {
    Read,
    /// Also type and send messages; what it asks its owner stays with the owner.
    Type,
}

/// `PUT /api/agents/{id}/shares/{user}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareRequest {
    pub rights: ShareRights,
}

/// One person that an agent is shared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ShareView {
    pub user_id: String,
    pub name: String,
    pub rights: ShareRights,
    pub created_at: Timestamp,
}
