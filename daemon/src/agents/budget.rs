//! Budgets: what an agent has spent is counted from its CLI's own record, and an agent whose
//! budget is spent is interrupted and held until somebody raises it.
//!
//! That it is spent is stored first, and whatever follows is done again at each look until
//! it has come about: the daemon may be killed anywhere in between.

use super::{AgentError, Agents};
use crate::model::budget;
use crate::model::ids::AgentId;
use crate::store::budgets::Count;
use crate::store::rows::{StoredAgent, Worked};
use crate::store::{self, StoreError};
use crate::transcripts::Transcripts;
use crate::transcripts::spending::Sum;
use orchestra_protocol::agent::{ActivityState, AgentStatus, Usage};
use orchestra_protocol::budget::{BudgetChange, BudgetState, Spent};
use orchestra_protocol::time::Timestamp;
use std::time::{Duration, Instant};

/// How often what was counted of a working agent is written, and told, at most.
const WRITE: Duration = Duration::from_secs(2);
/// The same while only its time goes by.
const WRITE_TIME: Duration = Duration::from_secs(10);

/// What was counted of a living agent.
#[derive(Debug, Default)]
pub(in crate::agents) struct Counting {
    /// How much there was of its sessions, and what was spent in them.
    read: Option<(u64, Sum)>,
    worked: Option<Worked>,
    written: Option<Instant>,
}

impl Agents {
    /// Changes what an agent may spend. One that was held goes on when that is enough.
    ///
    /// # Errors
    /// When the budget is none, or the store fails.
    pub async fn set_budget(
        &self,
        id: &AgentId,
        change: &BudgetChange,
    ) -> Result<StoredAgent, AgentError> {
        let agent = self.get(id).await?;
        let limit = budget::changed(agent.budget, change);
        budget::check(&limit)?;
        let state = budget::judge(&limit, &agent.spent, self.config.settings.budgets.warn());
        let agent = store::budgets::set(&self.store, id, &limit, state).await?;
        self.put_hold(id, agent.held).await;
        // Rings the courier, which sends what waited.
        self.announce(id);
        Ok(agent)
    }

    /// What was spent in an agent's conversations in a time, in milliseconds UTC.
    ///
    /// # Errors
    /// When the index or the store cannot be read.
    pub async fn spent_in(
        &self,
        agent: &StoredAgent,
        from: i64,
        to: Option<i64>,
    ) -> Result<Spent, StoreError> {
        let (sessions, _) = store::conversations::of(&self.store, &agent.id).await?;
        let sum = self.transcripts.spent(&sessions, from, to).await?;
        let turns = self.turns(agent, from).await?;
        Ok(spent(&agent.view.kind, &sum, turns, 0))
    }

    /// Counts what an agent has spent in its conversations since a time, in milliseconds UTC,
    /// and does what follows from it.
    pub(in crate::agents) async fn check_budget(
        &self,
        agent: &StoredAgent,
        sessions: &[String],
        since: i64,
    ) {
        if agent.view.status != AgentStatus::Running {
            return;
        }
        let state = match self.count_agent(agent, sessions, since).await {
            Ok(state) => state,
            Err(error) => {
                tracing::error!(agent.id = %agent.id, %error, "the spending of an agent could not be counted");
                agent.budget_state
            }
        };
        let held = (state == BudgetState::Spent).then(|| agent.held.unwrap_or_else(Timestamp::now));
        self.put_hold(&agent.id, held).await;
        if held.is_some() || agent.stopping.is_some() {
            self.end_turn(agent).await;
        }
    }

    /// Shows that an agent is held, or that it is not.
    async fn put_hold(&self, id: &AgentId, held: Option<Timestamp>) {
        let known = self.with_live(id, |live| {
            let same = live.signals.is_held() == held.is_some();
            (!same).then(|| live.signals.set_held(held))
        });
        if known.flatten().is_some() {
            self.settle_activity(id, Timestamp::now()).await;
        }
    }

    async fn count_agent(
        &self,
        agent: &StoredAgent,
        sessions: &[String],
        since: i64,
    ) -> Result<BudgetState, StoreError> {
        let id = &agent.id;
        let grown = self.transcripts.grown(sessions);
        let known = self.with_live(id, |live| live.count.read.clone());
        let sum = match known.flatten().filter(|(size, _)| *size == grown) {
            Some((_, sum)) => sum,
            None => {
                let sum = self.transcripts.spent(sessions, since, None).await?;
                let read = (grown, sum.clone());
                self.with_live(id, |live| live.count.read = Some(read));
                sum
            }
        };
        let busy = agent.view.activity.state == ActivityState::Busy;
        let now = Timestamp::now();
        let worked = self.with_live(id, |live| {
            let before = live.count.worked.unwrap_or(agent.worked);
            let worked = work_on(before, busy, now, agent.view.activity.since);
            live.count.worked = Some(worked);
            worked
        });
        let Some(worked) = worked else {
            return Ok(agent.budget_state);
        };
        let turns = match agent.budget.turns {
            Some(_) => self.turns(agent, since).await?,
            None => 0,
        };
        let seconds = (worked.ms / 1000).max(0).cast_unsigned();
        let counted = spent(&agent.view.kind, &sum, turns, seconds);
        let counted = budget::or_more(&counted, &agent.spent);
        let warn = self.config.settings.budgets.warn();
        let count = Count {
            spent: counted,
            usage: usage(&agent.view.kind, &sum),
            state: budget::judge(&agent.budget, &counted, warn),
            worked,
        };
        self.write_count(agent, &count, busy).await
    }

    /// Writes what was counted, if it says something new and it is time.
    async fn write_count(
        &self,
        agent: &StoredAgent,
        count: &Count,
        busy: bool,
    ) -> Result<BudgetState, StoreError> {
        let id = &agent.id;
        let turned = count.state != agent.budget_state;
        let told = Spent {
            wall_s: agent.spent.wall_s,
            ..count.spent
        };
        let limited = !budget::unlimited(&agent.budget);
        let news = told != agent.spent || count.usage != agent.view.usage;
        // That an agent without a limit has spent nothing yet is none.
        let more = news && (limited || count.spent.turns > 0);
        let other = count.worked != agent.worked;
        let ended = !busy && agent.worked.to.is_some();
        let age = self
            .with_live(id, |live| live.count.written.map(|at| at.elapsed()))
            .flatten()
            .unwrap_or(Duration::MAX);
        // What nobody limits is looked at less often.
        let pause = if limited { WRITE } else { WRITE_TIME };
        let due =
            turned || ended || (more && (age >= pause || !busy)) || (other && age >= WRITE_TIME);
        if !due {
            return Ok(count.state);
        }
        let stops = turned && count.state == BudgetState::Spent;
        let aloud = turned || more || limited;
        if !store::budgets::count(&self.store, id, &agent.budget, count, stops, aloud).await? {
            // Somebody changed the budget; the next look judges by the new one.
            return Ok(agent.budget_state);
        }
        self.with_live(id, |live| live.count.written = Some(Instant::now()));
        if turned {
            tracing::info!(agent.id = %id, state = ?count.state, "the budget of {id} has changed its state");
        }
        if aloud {
            self.announce(id);
        }
        Ok(count.state)
    }

    /// Turns of a CLI that keeps no record of its model's answers.
    async fn turns(&self, agent: &StoredAgent, since: i64) -> Result<u64, StoreError> {
        if Transcripts::counts(&agent.view.kind) {
            return Ok(0);
        }
        store::conversations::turns_over(&self.store, &agent.id, since).await
    }
}

/// How the reason of what waits for a raise begins.
pub const HELD: &str = "its budget of ";

/// Why an agent takes nothing now, for people.
pub fn why_held(agent: &StoredAgent) -> Option<String> {
    agent.held?;
    let report = agent.view.budget?;
    Some(format!(
        "{}; it goes on when that is raised: orchestra budget {}",
        budget::used_up(&report),
        agent.id
    ))
}

fn spent(kind: &str, sum: &Sum, turns: u64, wall_s: u64) -> Spent {
    let counts = Transcripts::counts(kind);
    let usd = sum.usd().filter(|_| counts);
    Spent {
        usd,
        least_usd: budget::part(usd, sum.least_usd),
        tokens: counts.then(|| sum.tokens()),
        least_tokens: None,
        wall_s,
        turns: sum.turns.max(turns),
    }
}

fn usage(kind: &str, sum: &Sum) -> Usage {
    let counts = Transcripts::counts(kind);
    let all = &sum.usage;
    let input = all.input_tokens + all.cache_write_tokens + all.cache_read_tokens;
    Usage {
        input_tokens: counts.then_some(input),
        output_tokens: counts.then_some(all.output_tokens),
        cost_usd: sum.usd().filter(|_| counts),
    }
}

/// Counts time: while it works up to now, and at its end up to then, even where the daemon
/// was away meanwhile.
fn work_on(before: Worked, busy: bool, now: Timestamp, since: Timestamp) -> Worked {
    let upto = |end: Timestamp| before.ms + before.to.map_or(0, |to| end.since(to).max(0));
    match (busy, before.to) {
        (true, _) => Worked {
            ms: upto(now),
            to: Some(now),
        },
        (false, Some(_)) => Worked {
            ms: upto(since.min(now)),
            to: None,
        },
        (false, None) => before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_work_is_counted_and_a_daemon_that_was_away_misses_none() {
        let at = Timestamp;
        let begun = work_on(Worked::default(), true, at(1_000), at(1_000));
        assert_eq!(begun.ms, 0);
        let on = work_on(begun, true, at(4_000), at(1_000));
        assert_eq!(on.ms, 3_000);
        // It was idle since 6 s when a new daemon looked at 60 s.
        let over = work_on(on, false, at(60_000), at(6_000));
        assert_eq!((over.ms, over.to), (5_000, None));
        let still = work_on(over, false, at(90_000), at(6_000));
        assert_eq!(still, over);
        let again = work_on(still, true, at(100_000), at(100_000));
        assert_eq!(again.ms, 5_000);
    }
}
