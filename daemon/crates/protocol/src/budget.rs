//! What an agent or a task may spend, and what it has spent.

use crate::transcript::{Progress, TokenUsage};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// Most that may be spent; what is left out has no limit.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, TS, ToSchema, JsonSchema,
)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct Budget {
    /// US dollars, by the prices that are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
    /// Tokens of all kinds together: read anew, written, put into a cache, read from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub tokens: Option<u64>,
    /// Seconds: of an agent those in which it works, of a task those since it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub wall_s: Option<u64>,
    /// Answers of the model; where a CLI keeps no record of them, its turns that are over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub turns: Option<u64>,
}

/// `PATCH /api/agents/{id}/budget` and `/api/tasks/{id}/budget`: a value sets a limit, null
/// takes it away, what is left out stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct BudgetChange {
    #[serde(skip_serializing_if = "Change::keeps")]
    #[ts(as = "Option<Option<f64>>", optional)]
    #[schema(value_type = Option<f64>)]
    pub usd: Change<f64>,
    #[serde(skip_serializing_if = "Change::keeps")]
    #[ts(as = "Option<Option<f64>>", optional)]
    #[schema(value_type = Option<u64>)]
    pub tokens: Change<u64>,
    #[serde(skip_serializing_if = "Change::keeps")]
    #[ts(as = "Option<Option<f64>>", optional)]
    #[schema(value_type = Option<u64>)]
    pub wall_s: Change<u64>,
    #[serde(skip_serializing_if = "Change::keeps")]
    #[ts(as = "Option<Option<f64>>", optional)]
    #[schema(value_type = Option<u64>)]
    pub turns: Change<u64>,
}

/// What becomes of one limit: the outer none keeps it, the inner takes it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change<T>(pub Option<Option<T>>);

impl<T> Default for Change<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Change<T> {
    /// True when the limit stays as it is.
    pub fn keeps(&self) -> bool {
        self.0.is_none()
    }
}

// Null is a word here, and not the same as nothing.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::<T>::deserialize(deserializer)?;
        Ok(Self(Some(value)))
    }
}

/// One of the four things that are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    Usd,
    Tokens,
    WallS,
    Turns,
}

/// What was spent so far; null where nobody knows, which is not nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
pub struct Spent {
    /// US dollars; null when the CLI keeps no record, or the price of one of its models is
    /// not known.
    pub usd: Option<f64>,
    /// While `usd` is null, the part of it that is known: at least so much was spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub least_usd: Option<f64>,
    /// Null when the CLI keeps no record, or that of a sub-task does not.
    #[ts(type = "number | null")]
    pub tokens: Option<u64>,
    /// While `tokens` is null, the part of them that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub least_tokens: Option<u64>,
    #[ts(type = "number")]
    pub wall_s: u64,
    #[ts(type = "number")]
    pub turns: u64,
}

/// How a budget stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BudgetState {
    #[default]
    Within,
    /// Past the share at which one is warned.
    Near,
    /// Used up: an agent is held until it is raised, a task has ended.
    Spent,
}

/// A budget as agents and tasks show it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct BudgetReport {
    pub limit: Budget,
    pub spent: Spent,
    pub state: BudgetState,
    /// The limit that is nearest; none when nothing is limited.
    pub nearest: Option<Measure>,
    /// How much of that one is spent; 1 is all of it.
    pub share: f64,
}

/// What sums of usage are made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsageBy {
    Day,
    Agent,
    Task,
}

/// One sum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct UsageRow {
    /// The day in UTC (`2026-11-26`), the agent's id, or the task's number.
    pub key: String,
    pub title: Option<String>,
    pub usage: TokenUsage,
    /// Answers of models.
    #[ts(type = "number")]
    pub turns: u64,
    /// US dollars; null when the price of one of its models is not known.
    pub cost_usd: Option<f64>,
    /// While `cost_usd` is null, the part of it that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub least_usd: Option<f64>,
}

/// `GET /api/usage`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct UsageReport {
    pub by: UsageBy,
    pub items: Vec<UsageRow>,
    /// How far the sessions on disk are read; sums of unread ones are missing.
    pub progress: Progress,
}
