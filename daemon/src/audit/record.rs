//! One line of the record, and the chain that ties each line to the one before.

use hmac::{Hmac, KeyInit as _, Mac as _};
use orchestra_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// What the first line of all follows.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Who did what to which object. Never a secret, a prompt or terminal bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub request_id: String,
    /// Id of the user, or of the agent when one acts; none before a login.
    pub principal: Option<String>,
    /// The agent that acts.
    pub agent: Option<String>,
    /// The user for whom the agent acts.
    pub on_behalf_of: Option<String>,
    pub ip: String,
    pub action: String,
    pub object: String,
}

/// What a line says about its action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is going to be done.
    Intent,
    /// What became of an intent.
    Outcome,
    /// It was done, or refused, and has no intent.
    Event,
}

/// A line without its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub seq: u64,
    pub ts: Timestamp,
    pub kind: Kind,
    /// Number of the intent that this is the outcome of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<u64>,
    #[serde(flatten)]
    pub entry: Entry,
    /// `ok:201`, `denied:expired`, `failed:409`, `unknown`.
    pub result: String,
    /// Refusals left out before this one, because there were too many.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub suppressed: u64,
    pub prev_hash: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The key of the chain.
pub struct ChainKey(Vec<u8>);

impl ChainKey {
    /// Any bytes make a key.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    fn hash(&self, text: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            unreachable!("any length is a key")
        };
        mac.update(text.as_bytes());
        crate::auth::secret::hex(&mac.finalize().into_bytes())
    }

    /// The line to write, with a line feed, and its hash.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn seal(&self, record: &Record) -> Result<(String, String), serde_json::Error> {
        let text = serde_json::to_string(record)?;
        let hash = self.hash(&text);
        let open = &text[..text.len() - 1];
        Ok((format!("{open},\"hash\":\"{hash}\"}}\n"), hash))
    }

    /// Reads a line back; none when it is not what was written.
    pub fn open(&self, line: &str) -> Option<(Record, String)> {
        let (head, tail) = line.trim_end_matches('\n').rsplit_once(",\"hash\":\"")?;
        let hash = tail.strip_suffix("\"}")?;
        let text = format!("{head}}}");
        let good = subtle::ConstantTimeEq::ct_eq(self.hash(&text).as_bytes(), hash.as_bytes());
        let record = serde_json::from_str(&text).ok()?;
        bool::from(good).then(|| (record, hash.to_owned()))
    }
}
