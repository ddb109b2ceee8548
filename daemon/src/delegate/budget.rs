//! What a task may spend: counted from its agents' records over the times of its attempts.
//! A task whose budget is spent ends with the class `limit`; after a raise its agent goes on
//! in the same conversation.

use super::choose::Choice;
use super::{Delegate, DelegateError};
use crate::agents::budget::{HELD, why_held};
use crate::model::budget;
use crate::model::ids::{AgentId, TaskId};
use crate::store::rows::{StoredAgent, StoredTask};
use crate::store::{self};
use orchestra_protocol::agent::{ActivityState, AgentStatus};
use orchestra_protocol::budget::{BudgetChange, BudgetState};
use orchestra_protocol::task::TaskClass;
use orchestra_protocol::time::Timestamp;

/// How the error of a task begins that a limit ended.
pub(in crate::delegate) const LIMIT: &str = "limit: ";
/// The word that a turn is over is under way for this long after its agent is idle.
const UNDER_WAY: i64 = 3_000;

impl Delegate {
    /// Changes what a task may spend. One that ended because it had spent it goes on when
    /// that is enough.
    ///
    /// # Errors
    /// When the budget is none, or the store fails.
    pub async fn set_budget(
        &self,
        id: TaskId,
        change: &BudgetChange,
    ) -> Result<StoredTask, DelegateError> {
        let task = self.get(id).await?;
        let limit = budget::changed(task.budget, change);
        budget::check(&limit)?;
        let state = budget::judge(&limit, &task.spent, self.config.settings.budgets.warn());
        let changed = store::budgets::set_of_task(&self.store, id, &limit, state).await?;
        self.events.wake();
        let stopped =
            task.class == Some(TaskClass::Limit) && task.budget_state == BudgetState::Spent;
        if task.view.status.is_final() && stopped && state != BudgetState::Spent {
            return self.retry(id).await;
        }
        Ok(changed)
    }

    /// Refuses to do a task again whose budget is spent: it would end at once.
    pub(in crate::delegate) fn check_left(&self, task: &StoredTask) -> Result<(), DelegateError> {
        let spent = task.budget_state == BudgetState::Spent;
        let Some(report) = task.view.budget.filter(|_| spent) else {
            return Ok(());
        };
        Err(DelegateError::Spent(format!(
            "{}; raise it first, and it goes on by itself: orchestra budget {}",
            budget::used_up(&report),
            task.view.id
        )))
    }

    /// Why the task has to end, if its budget is spent, or its agent's, or that of a task of
    /// which it is a part.
    pub(in crate::delegate) async fn over_budget(
        &self,
        task: &StoredTask,
        agent: &AgentId,
    ) -> Result<Option<String>, DelegateError> {
        let working = self.agents.get(agent).await?;
        let activity = &working.view.activity;
        let ends = activity.state != ActivityState::Busy
            && Timestamp::now().since(activity.since) < UNDER_WAY;
        if let Some(why) = why_held(&working) {
            return Ok((!ends).then(|| format!("{LIMIT}{why}")));
        }
        let own = self.recount(task).await?;
        let own = own.filter(|(_, state)| *state == BudgetState::Spent);
        let why = match own {
            Some((spent, state)) => budget::report(task.budget, spent, state)
                .map(|report| format!("{LIMIT}{}", budget::used_up(&report))),
            None => self.over_above(task).await?,
        };
        Ok(why.filter(|_| !ends))
    }

    /// Ends the turn of the agent that works on it.
    pub(in crate::delegate) async fn halt(&self, task: &StoredTask) {
        let halted = async {
            if let Some(agent) = self.working_on(task).await? {
                self.agents.stop_turn(&agent).await?;
            }
            Ok::<_, DelegateError>(())
        };
        if let Err(error) = halted.await {
            tracing::warn!(task.id = task.view.id, %error, "an agent's turn could not be stopped");
        }
    }

    /// The agent that a spent budget stopped at this task, if it is still there.
    pub(in crate::delegate) fn same_again(
        &self,
        task: &StoredTask,
        living: &[StoredAgent],
    ) -> Option<Choice> {
        let before = stopped(task, task.attempt)?;
        let agent = living.iter().find(|agent| agent.view.id == before)?;
        if agent.view.status != AgentStatus::Running || agent.view.task_id.is_some() {
            return None;
        }
        if let Some(why) = why_held(agent) {
            return Some(Choice::NotYet(why));
        }
        let stops = agent.stopping.is_some() || agent.view.activity.state == ActivityState::Busy;
        Some(match stops {
            true => Choice::NotYet(format!("{before} is still being stopped")),
            false => Choice::Agent(agent.id.clone()),
        })
    }

    /// True when an attempt goes on with the conversation of the one before it.
    pub(in crate::delegate) fn goes_on(&self, task: &StoredTask, agent: &AgentId) -> bool {
        let before = task.attempt.checked_sub(1);
        before.and_then(|number| stopped(task, number)).as_deref() == Some(agent.as_str())
    }
}

/// Whom a spent budget stopped at the attempt of that number.
fn stopped(task: &StoredTask, number: u32) -> Option<String> {
    if task.class != Some(TaskClass::Limit) {
        return None;
    }
    let attempt = task.view.attempts.iter().find(|one| one.number == number)?;
    let reason = attempt.reason.as_deref()?.strip_prefix(LIMIT)?;
    reason.starts_with(HELD).then(|| attempt.agent_id.clone())?
}
