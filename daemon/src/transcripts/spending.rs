//! What agents, tasks and days cost, from the records that their CLIs keep.

use super::{Reader, Transcripts, add, format, tokens};
use crate::store::StoreError;
use crate::store::conversations::{self, Stint};
use crate::store::index::spending::ModelSum;
use orchestra_protocol::budget::{UsageBy, UsageReport, UsageRow};
use orchestra_protocol::transcript::TokenUsage;
use std::collections::BTreeMap;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A sum over models.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sum {
    pub usage: TokenUsage,
    pub turns: u64,
    /// US dollars of the models whose price is known.
    pub least_usd: f64,
    /// True when one of them has no price.
    pub unpriced: bool,
}

impl Sum {
    /// US dollars; none when a price is not known.
    pub fn usd(&self) -> Option<f64> {
        (!self.unpriced).then_some(self.least_usd)
    }

    /// Tokens of all kinds.
    pub fn tokens(&self) -> u64 {
        let usage = &self.usage;
        usage.input_tokens
            + usage.output_tokens
            + usage.cache_write_tokens
            + usage.cache_read_tokens
    }

    fn take(&mut self, other: &Self) {
        add(&mut self.usage, &other.usage);
        self.turns += other.turns;
        self.least_usd += other.least_usd;
        self.unpriced |= other.unpriced;
    }

    fn row(&self, key: String, title: Option<String>) -> UsageRow {
        UsageRow {
            key,
            title,
            usage: self.usage,
            turns: self.turns,
            cost_usd: self.usd(),
            least_usd: self
                .unpriced
                .then_some(self.least_usd)
                .filter(|usd| *usd > 0.0),
        }
    }
}

impl Transcripts {
    /// True for a CLI that keeps a record of its tokens.
    pub fn counts(kind: &str) -> bool {
        format::find(kind).is_some()
    }

    /// A number that differs once there is more of one of these sessions.
    pub fn grown(&self, sessions: &[String]) -> u64 {
        self.grown.of(sessions)
    }

    /// What was spent in these sessions in a time, in milliseconds UTC; none: until now.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn spent(
        &self,
        sessions: &[String],
        from: i64,
        to: Option<i64>,
    ) -> Result<Sum, StoreError> {
        let sums = self.index.spent(sessions, from, to).await?;
        Ok(self.together(&sums))
    }

    /// Sums by day, agent or task, the newest first; those in which nothing was spent are
    /// left out. By day of all sessions that the reader may see, else of their own agents.
    ///
    /// # Errors
    /// When the index or the store cannot be read.
    pub async fn usage_by(
        &self,
        reader: Reader<'_>,
        by: UsageBy,
        from: i64,
        to: i64,
    ) -> Result<UsageReport, StoreError> {
        let owner = (!reader.all).then_some(reader.user);
        let items = match by {
            UsageBy::Day => self.days(reader, from, to).await?,
            UsageBy::Agent => {
                let stints = conversations::of_agents(&self.store, owner).await?;
                self.stints(&stints, from, to).await?
            }
            UsageBy::Task => {
                let stints = conversations::of_attempts(&self.store, owner).await?;
                self.stints(&stints, from, to).await?
            }
        };
        Ok(UsageReport {
            by,
            items,
            progress: self.progress(),
        })
    }

    async fn days(
        &self,
        reader: Reader<'_>,
        from: i64,
        to: i64,
    ) -> Result<Vec<UsageRow>, StoreError> {
        let scope = self.beside().await?.scope(reader);
        let mut days: BTreeMap<i64, Vec<ModelSum>> = BTreeMap::new();
        for sum in self.index.by_day(&scope, from, to).await? {
            days.entry(sum.day).or_default().push(sum);
        }
        let rows = days.into_iter().rev().map(|(day, sums)| {
            let key = jiff::Timestamp::from_millisecond(day * DAY).unwrap_or_default();
            self.together(&sums)
                .row(key.strftime("%Y-%m-%d").to_string(), None)
        });
        Ok(rows.collect())
    }

    /// Stretches of the same key become one row; they come in order.
    async fn stints(
        &self,
        stints: &[Stint],
        from: i64,
        to: i64,
    ) -> Result<Vec<UsageRow>, StoreError> {
        let mut rows: Vec<(&Stint, Sum)> = Vec::new();
        for stint in stints {
            let (from, to) = (from.max(stint.from), to.min(stint.to.unwrap_or(to)));
            if from >= to {
                continue;
            }
            let sum = self.spent(&stint.sessions, from, Some(to)).await?;
            match rows.last_mut() {
                Some((last, whole)) if last.key == stint.key => whole.take(&sum),
                _ => rows.push((stint, sum)),
            }
        }
        let spent = rows.into_iter().filter(|(_, sum)| sum.turns > 0);
        let row =
            |(stint, sum): (&Stint, Sum)| sum.row(stint.key.clone(), Some(stint.title.clone()));
        Ok(spent.map(row).collect())
    }

    fn together(&self, sums: &[ModelSum]) -> Sum {
        let mut whole = Sum::default();
        for sum in sums {
            let usage = tokens(&sum.usage);
            let cost = self.prices.cost(&sum.usage.model, &usage);
            whole.take(&Sum {
                usage,
                turns: sum.turns,
                least_usd: cost.unwrap_or(0.0),
                unpriced: cost.is_none(),
            });
        }
        whole
    }
}
