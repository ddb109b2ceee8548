//! Identifiers as types, so that one cannot be given for another.

use serde::{Deserialize, Serialize};

/// Prefix of every tmux session of ours.
const SESSION: &str = "sess-";

/// `primary`, or a lower-case word, a dash and at least three digits: `droid-001`.
/// Made by the daemon only, so it may stand in a tmux command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgentId(String);

/// What is wrong with a text that should be an agent's id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an agent id is \"primary\" or like \"droid-001\"")]
pub struct BadAgentId;

impl AgentId {
    /// Checks the form; says nothing about whether such an agent exists.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &str) -> Result<Self, BadAgentId> {
        if text == "primary" {
            return Ok(Self(text.to_owned()));
        }
        let (word, number) = text.split_once('-').ok_or(BadAgentId)?;
        let mut letters = word.chars();
        let good = letters
            .next()
            .is_some_and(|first| first.is_ascii_lowercase())
            && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
            && (3..=12).contains(&number.len())
            && number.bytes().all(|digit| digit.is_ascii_digit())
            && text.len() <= 64;
        good.then(|| Self(text.to_owned())).ok_or(BadAgentId)
    }

    /// The `number`th agent of a word.
    ///
    /// # Errors
    /// When the word is not `[a-z][a-z0-9]*`.
    pub fn numbered(word: &str, number: i64) -> Result<Self, BadAgentId> {
        Self::parse(&format!("{word}-{number:03}"))
    }

    /// The first user's primary.
    pub fn primary() -> Self {
        Self("primary".to_owned())
    }

    /// From a session id, `sess-droid-001`.
    ///
    /// # Errors
    /// When the text is none.
    pub fn of_session(text: &str) -> Result<Self, BadAgentId> {
        Self::parse(text.strip_prefix(SESSION).ok_or(BadAgentId)?)
    }

    /// Name and id of its tmux session.
    pub fn session(&self) -> String {
        format!("{SESSION}{}", self.0)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for AgentId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for AgentId {
    type Error = BadAgentId;

    fn try_from(text: String) -> Result<Self, BadAgentId> {
        Self::parse(&text)
    }
}

impl From<AgentId> for String {
    fn from(id: AgentId) -> Self {
        id.0
    }
}

/// Number of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(pub i64);

impl std::fmt::Display for TaskId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.0)
    }
}

/// Id of a user: a UUIDv7.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UserId(pub String);

impl std::fmt::Display for UserId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// A fresh UUIDv7 as text.
pub fn fresh() -> String {
    uuid::Uuid::now_v7().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_ours_are_ids() {
        for good in ["primary", "primary-002", "droid-001", "a1-1234"] {
            assert_eq!(AgentId::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "droid",
            "droid-1",
            "Droid-001",
            "-001",
            "droid-001;",
            "1a-001",
            "droid-00a",
            "primary-",
        ] {
            assert_eq!(AgentId::parse(bad), Err(BadAgentId), "{bad}");
        }
        assert_eq!(
            AgentId::of_session("sess-primary").unwrap(),
            AgentId::primary()
        );
        assert!(AgentId::of_session("primary").is_err());
    }
}
