//! What a task's sub-tasks spend counts against its budget, and a spent budget ends all that
//! was delegated beneath it: each of those tasks looks at those above it by itself, so that a
//! kill of the daemon anywhere leaves none out.

use super::budget::LIMIT;
use super::{Delegate, DelegateError};
use crate::model::budget;
use crate::model::ids::{AgentId, TaskId};
use crate::store::rows::StoredTask;
use crate::store::{self, StoreError};
use orchestra_protocol::budget::{BudgetState, Spent};
use orchestra_protocol::task::{Attempt, TaskClass};
use orchestra_protocol::time::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How the error of a task begins that ended because one above it had spent its budget.
const ABOVE: &str = "limit: the budget of task ";
/// What was counted of a part is good for so long: many drivers ask for the same.
const FRESH: Duration = Duration::from_millis(500);
/// The same of an attempt that ended long ago; sessions may still be read that tell of it.
const OLD_FRESH: Duration = Duration::from_secs(30);
/// A CLI has written all of an attempt so long after its end, in milliseconds.
const WRITTEN: i64 = 60_000;
/// Most attempts that are kept in mind.
const KEPT: usize = 10_000;

/// What was counted of attempts.
#[derive(Debug, Default)]
pub(in crate::delegate) struct Parts(Mutex<HashMap<PartKey, Part>>);

/// The task, and the number of the attempt at it.
type PartKey = (i64, u32);

#[derive(Debug)]
struct Part {
    at: Instant,
    /// For how long it is good.
    good: Duration,
    spent: Spent,
}

impl Parts {
    fn get(&self, key: PartKey) -> Option<Spent> {
        let parts = self.0.lock();
        let part = parts.get(&key)?;
        (part.at.elapsed() < part.good).then_some(part.spent)
    }

    fn put(&self, key: PartKey, good: Duration, spent: Spent) {
        let mut parts = self.0.lock();
        if parts.len() >= KEPT {
            parts.clear();
        }
        let at = Instant::now();
        parts.insert(key, Part { at, good, spent });
    }
}

impl Delegate {
    /// What was spent for a task: by the agents of its attempts, and, in dollars and tokens,
    /// for everything that was delegated beneath it.
    pub(in crate::delegate) async fn count(
        &self,
        task: &StoredTask,
    ) -> Result<Spent, DelegateError> {
        let mut whole = Spent {
            usd: Some(0.0),
            tokens: Some(0),
            ..Spent::default()
        };
        let now = Timestamp::now();
        for attempt in &task.view.attempts {
            let Some(spent) = self.spent_in(attempt).await? else {
                continue;
            };
            let took = attempt.ended_at.unwrap_or(now).since(attempt.started_at) / 1000;
            whole = budget::with_part(&whole, &spent);
            whole.wall_s += took.max(0).cast_unsigned();
            whole.turns += spent.turns;
        }
        let id = TaskId(task.view.id);
        for (part, attempt) in store::task_reads::attempts_beneath(&self.store, id).await? {
            let key = (part, attempt.number);
            let known = self.parts.get(key);
            let spent = match known {
                Some(spent) => Some(spent),
                None => self.spent_in(&attempt).await?,
            };
            let Some(spent) = spent else {
                continue;
            };
            if known.is_none() {
                let ended = attempt.ended_at;
                let old = ended.is_some_and(|ended| now.since(ended) > WRITTEN);
                let good = if old { OLD_FRESH } else { FRESH };
                self.parts.put(key, good, spent);
            }
            whole = budget::with_part(&whole, &spent);
        }
        Ok(whole)
    }

    /// What the agent of an attempt spent in its time; none without an agent.
    async fn spent_in(&self, attempt: &Attempt) -> Result<Option<Spent>, DelegateError> {
        let Some(Ok(id)) = attempt.agent_id.as_deref().map(AgentId::parse) else {
            return Ok(None);
        };
        let agent = match self.agents.get(&id).await {
            Ok(agent) => agent,
            // It ended long ago and was forgotten.
            Err(StoreError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let (from, to) = (attempt.started_at.0, attempt.ended_at.map(|to| to.0));
        Ok(Some(self.agents.spent_in(&agent, from, to).await?))
    }

    /// Counts a task that has a budget and stores what is new; none while it has no budget, or
    /// when that was changed meanwhile.
    pub(in crate::delegate) async fn recount(
        &self,
        task: &StoredTask,
    ) -> Result<Option<(Spent, BudgetState)>, DelegateError> {
        if budget::unlimited(&task.budget) {
            return Ok(None);
        }
        let counted = budget::or_more(&self.count(task).await?, &task.spent);
        let state = budget::judge(&task.budget, &counted, self.config.settings.budgets.warn());
        let told = Spent {
            wall_s: task.spent.wall_s,
            ..counted
        };
        if told != task.spent || state != task.budget_state {
            let (id, limit) = (TaskId(task.view.id), &task.budget);
            let stops = state == BudgetState::Spent && state != task.budget_state;
            if !store::budgets::count_of_task(&self.store, id, limit, &counted, state, stops)
                .await?
            {
                // Judged by the new one at the next look.
                return Ok(None);
            }
            self.events.wake();
        }
        Ok(Some((counted, state)))
    }

    /// Why a task has to end, if the budget of one above it is spent.
    pub(in crate::delegate) async fn over_above(
        &self,
        task: &StoredTask,
    ) -> Result<Option<String>, DelegateError> {
        let mut above = task.view.parent_task_id;
        while let Some(id) = above {
            let parent = match self.get(TaskId(id)).await {
                Ok(parent) => parent,
                Err(StoreError::NotFound(_)) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            if let Some((_, BudgetState::Spent)) = self.recount(&parent).await? {
                return Ok(Some(format!(
                    "{ABOVE}{id}, of which it is a part, is spent"
                )));
            }
            above = parent.view.parent_task_id;
        }
        Ok(None)
    }

    /// Refuses more work beneath a task whose budget, or that of one above it, is spent.
    ///
    /// # Errors
    /// `Spent`, with what to do.
    pub(in crate::delegate) async fn check_above(
        &self,
        mut above: Option<i64>,
    ) -> Result<(), DelegateError> {
        while let Some(id) = above {
            let parent = match self.get(TaskId(id)).await {
                Ok(parent) => parent,
                Err(StoreError::NotFound(_)) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            self.check_left(&parent)?;
            above = parent.view.parent_task_id;
        }
        Ok(())
    }

    /// True when a task ended together with the one that it is part of: who asked for it was
    /// stopped too, and hears of it when that goes on. None while that has yet to end.
    pub(in crate::delegate) async fn ended_with_its_parent(
        &self,
        task: &StoredTask,
    ) -> Result<Option<bool>, DelegateError> {
        let error = task.view.error.as_deref().unwrap_or_default();
        let Some(parent) = task
            .view
            .parent_task_id
            .filter(|_| error.starts_with(ABOVE))
        else {
            return Ok(Some(false));
        };
        let parent = match self.get(TaskId(parent)).await {
            Ok(parent) => parent,
            Err(StoreError::NotFound(_)) => return Ok(Some(false)),
            Err(error) => return Err(error.into()),
        };
        if !parent.view.status.is_final() {
            return Ok(None);
        }
        Ok(Some(parent.class == Some(TaskClass::Limit)))
    }

    /// What an agent that goes on with a task is told of the parts that ended with it.
    pub(in crate::delegate) async fn ended_parts(
        &self,
        task: &StoredTask,
    ) -> Result<Option<String>, StoreError> {
        let id = TaskId(task.view.id);
        let parts = store::task_reads::parts_with_error(&self.store, id, ABOVE).await?;
        let parts: Vec<String> = parts.iter().map(i64::to_string).collect();
        Ok((!parts.is_empty()).then(|| {
            format!(
                "What you had delegated was stopped with it: task {}. Delegate again what you still need.",
                parts.join(", ")
            )
        }))
    }
}

const _: () = {
    // Who stops a task for a limit is recognised by how its error begins.
    let (limit, above) = (LIMIT.as_bytes(), ABOVE.as_bytes());
    let mut at = 0;
    while at < limit.len() {
        assert!(limit[at] == above[at]);
        at += 1;
    }
};
