//! From queued to submitted: the gate before a paste, the paste, Enter, and what is done
//! when the CLI does not say that it took the text.

use super::{Chat, ChatError, PATIENCE};
use crate::agents::adapter::{Adapter, Reading};
use crate::agents::budget::why_held;
use crate::config::failpoint;
use crate::store::rows::{StoredAgent, StoredMessage};
use crate::store::{self};
use orchestra_protocol::agent::{ActivityState, WaitingFor};
use orchestra_protocol::message::MessageStatus;
use orchestra_protocol::time::Timestamp;
use std::time::Duration;

/// A person who typed within this time is not interrupted.
const SEAT_QUIET: Duration = Duration::from_secs(10);
/// Between the two looks at a CLI that never spoke.
const FIRST_LOOK: Duration = Duration::from_millis(1_000);
/// A text of more bytes is waited for until it is drawn: a CLI that folds a long paste sends
/// the fold's name instead of the text when Enter comes before it has drawn it.
const LONG: usize = 1_000;
/// How long that may take; one that draws nothing gets its Enter then.
const DRAWING: Duration = Duration::from_secs(5);
/// How long the CLI may take to say that it took a prompt.
const ACCEPT: i64 = 3_000;
/// How long a screen may take to show what Enter did.
const DRAWN: i64 = 700;
/// How often Enter is pressed for one message.
const ENTERS: i64 = 4;
/// How long evidence of an earlier daemon's Enter may still be under way.
const RECOVER: i64 = 3_000;
/// Looks at an agent that goes on with its conversation, which have to show the same, and the
/// time between two: its composer may go once more when the conversation is drawn.
const STILL_LOOKS: u32 = 4;
const STILL_LOOK: Duration = Duration::from_millis(500);
/// An agent that shows no conversation so long after its start has none to show.
const TAKES_UP: i64 = 30_000;
/// How a person holds the seat whose keys nobody but tmux sees.
const ATTACHED: &str = "attach";
/// Why a message waits whose composer was not empty.
const CLEARING: &str = "clearing text that was left in the composer";
/// The same, after it was cleared once in vain.
const CLEARED: &str = "clearing text that is still in the composer";
/// C-c clears the composer; twice within 3 s it ends the CLI.
const AFTER_CLEAR: Duration = Duration::from_millis(3_500);

impl Chat {
    /// Pastes and submits, if nothing speaks against it; else says what does.
    pub(in crate::chat) async fn offer(
        &self,
        agent: &StoredAgent,
        adapter: &dyn Adapter,
        message: &StoredMessage,
    ) -> Result<Duration, ChatError> {
        if let Some(task) = message.task_id
            && !store::task_reads::wants(&self.store, task, &agent.id).await?
        {
            let reason = "its task was called off";
            self.step(message, MessageStatus::Failed, Some(reason))
                .await?;
            return Ok(Duration::ZERO);
        }
        if let Some(obstacle) = self.obstacle(agent, adapter).await? {
            self.explain(message, &obstacle).await?;
            return Ok(PATIENCE);
        }
        let reading = self.agents.look(&agent.id, adapter).await?;
        if let Some(obstacle) = on_screen(&reading) {
            self.explain(message, &obstacle).await?;
            return Ok(PATIENCE);
        }
        if let Some(obstacle) = self.until_drawn_anew(agent, adapter, &reading).await? {
            self.explain(message, &obstacle).await?;
            return Ok(PATIENCE);
        }
        // What two C-c did not remove is a hint of the CLI's, not text. One may be lost: a CLI
        // that was interrupted puts its prompt back into the composer a moment late.
        let cleared = message.view.reason.as_deref();
        if reading.leftover && cleared != Some(CLEARED) {
            let next = match cleared {
                Some(CLEARING) => CLEARED,
                _ => CLEARING,
            };
            self.explain(message, next).await?;
            self.press(agent, "C-c").await?;
            return Ok(AFTER_CLEAR);
        }
        if !adapter.is_shell() && !self.agents.heard(&agent.id) {
            // Before its first word a CLI may draw its composer and then a dialog over it,
            // which must not get our keys.
            tokio::time::sleep(FIRST_LOOK).await;
            let again = self.agents.look(&agent.id, adapter).await?;
            if let Some(obstacle) = on_screen(&again) {
                self.explain(message, &obstacle).await?;
                return Ok(PATIENCE);
            }
        }
        let text = Self::composed(adapter, message);
        // Written before the act: after a kill, the next courier knows that text may
        // stand in the composer.
        let message = self.step(message, MessageStatus::Pasted, None).await?;
        failpoint::reach("pasted");
        let terminals = self.agents.terminals();
        terminals
            .paste(&agent.id, &text, true)
            .await
            .map_err(crate::agents::AgentError::from)?;
        failpoint::reach("paste");
        tokio::time::sleep(adapter.pause_after_paste(text.len())).await;
        if text.len() > LONG {
            self.until_drawn(agent, adapter, &message).await?;
        }
        if let Some(task) = message.task_id
            && !store::task_reads::wants(&self.store, task, &agent.id).await?
        {
            self.press(agent, "C-c").await?;
            let reason = "its task was called off";
            self.step(&message, MessageStatus::Failed, Some(reason))
                .await?;
            return Ok(AFTER_CLEAR);
        }
        // A dialog that came up meanwhile would take the Enter for its answer.
        let reading = self.agents.look(&agent.id, adapter).await?;
        if let Some(dialog) = reading.dialog {
            let reason = format!("the agent {dialog}");
            self.step(&message, MessageStatus::Queued, Some(&reason))
                .await?;
            return Ok(PATIENCE);
        }
        self.press(agent, "Enter").await?;
        failpoint::reach("enter");
        self.step(&message, MessageStatus::Submitted, None).await?;
        failpoint::reach("submitted");
        Ok(match Self::seen_only(adapter, &message) {
            // Nobody rings when such a CLI took it.
            true => PATIENCE,
            false => Duration::from_millis(ACCEPT.unsigned_abs()),
        })
    }

    /// An earlier daemon ended between the paste and its record of Enter.
    pub(in crate::chat) async fn recover(
        &self,
        agent: &StoredAgent,
        adapter: &dyn Adapter,
        message: &StoredMessage,
    ) -> Result<Duration, ChatError> {
        // Counted from this daemon's start: a hook that was under way when the earlier one
        // ended is in the spool, and has to be read first.
        let begun = message.view.updated_at.max(self.begun);
        if Timestamp::now().since(begun) < RECOVER {
            return Ok(PATIENCE);
        }
        let reading = self.agents.look(&agent.id, adapter).await?;
        if Self::stands(adapter, &reading, message) {
            // All of it or a part: only a fresh paste is surely whole.
            self.press(agent, "C-c").await?;
            tokio::time::sleep(AFTER_CLEAR).await;
        } else if reading.state == Some(ActivityState::Busy) {
            self.explain(
                message,
                "waiting for the agent's word on whether it took it",
            )
            .await?;
            return Ok(PATIENCE);
        }
        self.step(
            message,
            MessageStatus::Queued,
            Some("sending it again after a restart"),
        )
        .await?;
        Ok(Duration::ZERO)
    }

    /// The CLI did not say that it took the text: an Enter may have been lost.
    pub(in crate::chat) async fn insist(
        &self,
        agent: &StoredAgent,
        adapter: &dyn Adapter,
        message: &StoredMessage,
    ) -> Result<Duration, ChatError> {
        let waited = Timestamp::now().since(message.view.updated_at);
        let seen_only = Self::seen_only(adapter, message);
        let least = if seen_only { DRAWN } else { ACCEPT };
        if waited < least {
            return Ok(Duration::from_millis((least - waited).unsigned_abs()));
        }
        let reading = self.agents.look(&agent.id, adapter).await?;
        if let Some(dialog) = &reading.dialog {
            self.explain(message, &format!("the agent {dialog}"))
                .await?;
            return Ok(PATIENCE);
        }
        let empties = seen_only && !adapter.by_screen();
        if empties && reading.blank && !Self::stands(adapter, &reading, message) {
            self.emptied_by_screen(agent, message).await?;
            return Ok(Duration::ZERO);
        }
        // What was sent may stay on the screen; one that works on it has taken it.
        let works = reading.state == Some(ActivityState::Busy);
        if adapter.by_screen() && (works || !Self::stands(adapter, &reading, message)) {
            self.taken_by_screen(agent, adapter, message).await?;
            return Ok(Duration::ZERO);
        }
        if waited < ACCEPT {
            return Ok(PATIENCE);
        }
        if message.tries >= ENTERS {
            let reason = "the CLI never said that it took the text; look at its terminal";
            self.step(message, MessageStatus::Failed, Some(reason))
                .await?;
            return Ok(Duration::ZERO);
        }
        if Self::stands(adapter, &reading, message) {
            self.press(agent, "Enter").await?;
            // Counts the Enter and starts the wait anew.
            self.step(message, MessageStatus::Submitted, None).await?;
            return Ok(Duration::from_millis(ACCEPT.unsigned_abs()));
        }
        if waited > ACCEPT * 4 && reading.state != Some(ActivityState::Busy) {
            let reason = "the text left the composer, but the CLI has no record of it";
            self.step(message, MessageStatus::Failed, Some(reason))
                .await?;
            return Ok(Duration::ZERO);
        }
        Ok(PATIENCE)
    }

    /// True when only the screen can tell that the CLI took it.
    fn seen_only(adapter: &dyn Adapter, message: &StoredMessage) -> bool {
        let text = message.view.text.trim();
        let clears = message.as_command && adapter.clear_command() == Some(text);
        adapter.by_screen() || clears && adapter.clears_by_screen()
    }

    /// What speaks against a paste while an agent may still draw the conversation that it goes
    /// on with; none once all of it stayed as it is for some looks.
    async fn until_drawn_anew(
        &self,
        agent: &StoredAgent,
        adapter: &dyn Adapter,
        first: &Reading,
    ) -> Result<Option<String>, ChatError> {
        if !adapter.draws_conversation() || !takes_up(agent) {
            return Ok(None);
        }
        let mut blank = first.blank;
        for _ in 0..STILL_LOOKS {
            if blank {
                break;
            }
            tokio::time::sleep(STILL_LOOK).await;
            let again = self.agents.look(&agent.id, adapter).await?;
            if let Some(obstacle) = on_screen(&again) {
                return Ok(Some(obstacle));
            }
            blank = again.blank;
        }
        Ok(blank.then(|| "the agent takes up its conversation".to_owned()))
    }

    /// Waits until a pasted text, or its fold, stands in the composer.
    async fn until_drawn(
        &self,
        agent: &StoredAgent,
        adapter: &dyn Adapter,
        message: &StoredMessage,
    ) -> Result<(), ChatError> {
        let begun = tokio::time::Instant::now();
        while begun.elapsed() < DRAWING {
            let reading = self.agents.look(&agent.id, adapter).await?;
            if reading.dialog.is_some() || Self::stands(adapter, &reading, message) {
                break;
            }
            tokio::time::sleep(PATIENCE).await;
        }
        Ok(())
    }

    async fn press(&self, agent: &StoredAgent, key: &str) -> Result<(), ChatError> {
        self.agents
            .terminals()
            .keys(&agent.id, &[key.to_owned()])
            .await
            .map_err(crate::agents::AgentError::from)?;
        Ok(())
    }

    /// True when the text, or its beginning, stands in the composer.
    pub(in crate::chat) fn stands(
        adapter: &dyn Adapter,
        reading: &Reading,
        message: &StoredMessage,
    ) -> bool {
        reading.leftover || adapter.holds(&reading.composer, &Self::composed(adapter, message))
    }

    /// What speaks against a paste, apart from the screen.
    async fn obstacle(
        &self,
        agent: &StoredAgent,
        adapter: &dyn Adapter,
    ) -> Result<Option<String>, ChatError> {
        let activity = &agent.view.activity;
        if let Some(until) = agent.quota_until {
            return Ok(Some(format!("the agent waits for its quota until {until}")));
        }
        if let Some(why) = why_held(agent) {
            return Ok(Some(why));
        }
        if agent.stopping.is_some() {
            return Ok(Some("the agent's turn is being stopped".to_owned()));
        }
        let told = match (activity.state, activity.waiting_for) {
            (ActivityState::Busy, _) => Some("the agent is busy; it comes next"),
            (_, Some(WaitingFor::Permission)) => Some("the agent waits for a permission"),
            (_, Some(WaitingFor::Question)) => {
                Some("the agent waits for an answer in its terminal")
            }
            (_, Some(WaitingFor::Quota)) => Some("the agent waits for its quota"),
            // It was raised a moment ago, which is about to be shown.
            (_, Some(WaitingFor::Budget)) => Some("the agent's budget was raised; it comes next"),
            (ActivityState::Waiting, None) => Some("the agent waits for something"),
            (ActivityState::Idle | ActivityState::Unknown, None) => None,
        };
        if let Some(told) = told {
            return Ok(Some(told.to_owned()));
        }
        if adapter.announces_itself() && !self.agents.bound(&agent.id) {
            return Ok(Some("the agent starts".to_owned()));
        }
        let seat = self.agents.terminals().seat(&agent.id).ok();
        let attached = seat
            .and_then(|seat| seat.state().shown())
            .filter(|holder| holder.via == ATTACHED);
        if let Some(holder) = attached {
            return Ok(Some(format!("{} is attached to its terminal", holder.name)));
        }
        let typed = self.agents.terminals().last_key(&agent.id);
        if typed.is_some_and(|at| at.elapsed() < SEAT_QUIET) {
            return Ok(Some("somebody types in its terminal".to_owned()));
        }
        Ok(None)
    }
}

/// True for a while after an agent was started again to go on with its conversation, which
/// some CLIs draw only after they have drawn a composer that loses what it gets.
fn takes_up(agent: &StoredAgent) -> bool {
    let young = |at: Timestamp| Timestamp::now().since(at) < TAKES_UP;
    agent.view.restarts > 0
        && agent.last_transcript.is_some()
        && agent.view.started_at.is_some_and(young)
}

/// What speaks against a paste on the screen.
fn on_screen(reading: &Reading) -> Option<String> {
    match (&reading.dialog, reading.ready, reading.state) {
        (Some(dialog), _, _) => Some(format!("the agent {dialog}")),
        (None, false, _) => Some("the agent is not ready for text yet".to_owned()),
        (None, true, Some(ActivityState::Busy)) => {
            Some("the agent is busy; it comes next".to_owned())
        }
        _ => None,
    }
}
