//! Web push: which browsers are told what, and what became of each telling.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PushKind {
    /// An agent asks for permission.
    Approval,
    /// An agent asks a question, or a plan waits for a yes.
    Question,
    /// An agent or a task failed, or a message was not delivered.
    Failure,
    /// A task is done, or an agent answered.
    Result,
    /// A person pressed the button.
    Test,
    /// What an agent asked is settled: the notification of it goes away.
    Withdrawn,
}

/// Which kinds a browser is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushKinds {
    pub approvals: bool,
    pub questions: bool,
    pub failures: bool,
    pub results: bool,
}

impl PushKinds {
    /// True when that kind is switched on.
    pub fn has(self, kind: PushKind) -> bool {
        match kind {
            PushKind::Approval => self.approvals,
            PushKind::Question => self.questions,
            PushKind::Failure => self.failures,
            PushKind::Result => self.results,
            PushKind::Test | PushKind::Withdrawn => true,
        }
    }
}

/// The browser's own keys, as `PushSubscription.toJSON()` gives them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushKeys {
    /// A P-256 point, 65 bytes, in URL-safe base64.
    pub p256dh: String,
    /// 16 bytes in URL-safe base64.
    pub auth: String,
}

/// `POST /api/push/subscriptions`: a new browser, or new switches for a known one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushSubscribeRequest {
    /// Where the push service takes messages: https, at its usual port.
    pub endpoint: String,
    pub keys: PushKeys,
    /// Shown in the list of browsers.
    pub label: String,
    pub kinds: PushKinds,
}

/// A browser that is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PushSubscription {
    pub id: String,
    pub label: String,
    /// Host of the push service.
    pub service: String,
    pub kinds: PushKinds,
    /// True when it hangs on the login that asks: it ends with that login's device.
    pub current: bool,
    pub created_at: Timestamp,
    /// When the push service last took a message for it.
    pub last_sent_at: Option<Timestamp>,
}

/// `GET /api/push/subscriptions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PushSubscriptions {
    pub items: Vec<PushSubscription>,
    /// The daemon's VAPID key, as a browser wants it: a P-256 point in URL-safe base64.
    pub public_key: String,
}

/// How a telling stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PushState {
    /// Not sent yet, or to be tried again.
    Queued,
    /// The push service took it. Whether the browser showed it, nobody tells.
    Sent,
    /// It was not needed any more.
    Dropped,
    Failed,
}

/// One telling of one browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PushDelivery {
    pub id: String,
    pub subscription_id: String,
    /// Label of the browser, kept when the browser is gone.
    pub label: String,
    pub kind: PushKind,
    pub title: String,
    pub state: PushState,
    /// Why it waits, was dropped or failed.
    pub reason: Option<String>,
    pub attempts: u32,
    pub created_at: Timestamp,
    /// When it is tried next; null when it is over.
    pub next_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// `POST /api/push/test`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct PushTestRequest {
    /// One browser; default: all of the caller's.
    pub subscription_id: Option<String>,
}

/// What a browser finds in a message, once it is decrypted. Words of ours, ids and
/// numbers; never what an agent or a person wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PushPayload {
    pub kind: PushKind,
    pub title: String,
    pub body: String,
    /// A path of the page.
    pub link: String,
    /// A later message of the same tag takes the place of this one.
    pub tag: String,
    pub at: Timestamp,
}
