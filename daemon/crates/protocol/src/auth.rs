//! Who is calling: login, devices, tickets.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// How a person logs in here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoginMode {
    /// A one-time link that `orchestra up` or `orchestra web` makes.
    Local,
    /// An OIDC provider.
    Oidc,
}

/// `GET /api/client-config`: open, says how to log in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ClientConfig {
    pub login: LoginMode,
    pub issuer: Option<String>,
    pub client_id: Option<String>,
    pub audience: Option<String>,
    /// The provider's client for `orchestra login`.
    pub cli_client_id: Option<String>,
    /// The port to which that client comes back on loopback; none: any free one.
    pub cli_port: Option<u16>,
    /// True when people log in with a name and a password here.
    pub accounts: bool,
    pub version: String,
}

/// `GET /api/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Me {
    pub principal: PrincipalInfo,
    pub roles: Vec<String>,
    pub permissions: Vec<String>,
    /// Session id of the caller's primary, running or not.
    pub primary_session_id: String,
    /// True when the daemon's folders are hidden from agents that start now.
    #[serde(default)]
    pub agents_masked: bool,
    pub expires_at: Option<Timestamp>,
}

/// The caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PrincipalInfo {
    /// Id of the user; owners of agents and tasks are given by it.
    pub id: String,
    pub name: String,
    pub issuer: String,
    pub subject: String,
    /// Set when an agent calls on behalf of the user.
    pub agent_id: Option<String>,
}

/// The public half of a device key, P-256, as a JWK.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct DeviceKey {
    pub kty: String,
    pub crv: String,
    pub x: String,
    pub y: String,
}

/// `POST /api/auth/exchange`: a one-time secret for a device and a token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRequest {
    pub secret: String,
    pub key: DeviceKey,
    /// Shown in the list of devices.
    pub label: String,
}

impl std::fmt::Debug for ExchangeRequest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ExchangeRequest")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// `POST /api/auth/challenge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChallengeRequest {
    pub device_id: String,
}

/// What the device signs: the ASCII bytes of `challenge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Challenge {
    pub challenge: String,
    pub expires_at: Timestamp,
}

/// `POST /api/auth/renew`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewRequest {
    pub device_id: String,
    pub challenge: String,
    /// ECDSA P-256 with SHA-256, IEEE P1363 form (64 bytes), base64url without padding.
    pub signature: String,
}

/// A fresh access token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct TokenAnswer {
    pub access_token: String,
    pub expires_at: Timestamp,
    /// The device that may renew it.
    pub device_id: Option<String>,
}

impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("TokenAnswer")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A browser that may renew its login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Device {
    pub id: String,
    pub label: String,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub expires_at: Timestamp,
    /// True for the device of this call's token.
    pub current: bool,
}

/// What a ticket lets a socket do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketRights {
    /// See, never change or type.
    Read,
    /// Whatever the caller may do.
    #[default]
    Full,
}

/// `POST /api/ws-tickets`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct TicketRequest {
    pub rights: Option<TicketRights>,
}

/// Opens one socket within 30 seconds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Ticket {
    pub ticket: String,
    pub expires_at: Timestamp,
}

/// `orchestra token`, over the Unix socket only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MintRequest {
    pub role: String,
    pub sub: Option<String>,
    #[ts(optional, type = "number")]
    pub ttl_s: Option<u64>,
}

/// `POST /api/local/login-link`, over the Unix socket only: a link that logs a browser in once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LoginLink {
    /// Carries the one-time secret in its fragment; never put it in an argument list.
    pub login_url: String,
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for LoginLink {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("LoginLink")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those that carry a password have no `Debug` at all, so that printing one does not
    /// compile.
    #[test]
    fn s06_printing_for_debugging_shows_no_secret() {
        let secret = || "canary".to_owned();
        let expires_at = Timestamp(0);
        let key = DeviceKey {
            kty: "EC".into(),
            crv: "P-256".into(),
            x: String::new(),
            y: String::new(),
        };
        for shown in [
            format!(
                "{:?}",
                TokenAnswer {
                    access_token: secret(),
                    expires_at,
                    device_id: None,
                }
            ),
            format!(
                "{:?}",
                LoginLink {
                    login_url: secret(),
                    expires_at,
                }
            ),
            format!(
                "{:?}",
                ExchangeRequest {
                    secret: secret(),
                    key,
                    label: "A browser".into(),
                }
            ),
        ] {
            assert!(!shown.contains("canary"), "{shown}");
        }
    }
}
