//! What the CLIs said, turned into steps of receipts and into answers: each fact with
//! its effect in one transaction.

use super::{Chat, ChatError};
use crate::agents::adapter::Adapter;
use crate::config::failpoint;
use crate::model::evidence::{Fact, Source};
use crate::store::evidence::{Effect, Open};
use crate::store::messages::{NewMessage, Step};
use crate::store::rows::{StoredAgent, StoredMessage};
use crate::store::{self};
use orchestra_protocol::message::{Author, MessageStatus};
use orchestra_protocol::time::Timestamp;

/// Sender of what a person typed into the terminal.
pub(in crate::chat) const TYPED: &str = "terminal";

impl Chat {
    /// Gives every open fact of the agent its effect, in order.
    pub(in crate::chat) async fn settle_evidence(
        &self,
        agent: &StoredAgent,
        adapter: &dyn Adapter,
    ) -> Result<(), ChatError> {
        for open in store::evidence::open(&self.store, &agent.id).await? {
            let messages = store::messages::open(&self.store, &agent.id).await?;
            match &open.evidence.fact {
                Fact::PromptAccepted { text } => {
                    self.accepted(agent, adapter, &open, &messages, text)
                        .await?;
                }
                Fact::TurnEnded { text } => {
                    self.ended(agent, &open, &messages, text.as_deref()).await?;
                }
                Fact::TurnFailed { reason } => {
                    self.failed(agent, &open, &messages, reason).await?;
                }
                Fact::SessionBound { cleared: true, .. } => {
                    self.cleared(adapter, &open, &messages).await?;
                }
                Fact::SessionBound { .. } | Fact::SessionEnded { .. } | Fact::Activity { .. } => {
                    store::evidence::settle(&self.store, open.id).await?;
                }
            }
            self.events.wake();
        }
        Ok(())
    }

    /// The CLI took a prompt: one of ours, or one that a person typed.
    async fn accepted(
        &self,
        agent: &StoredAgent,
        adapter: &dyn Adapter,
        open: &Open,
        messages: &[StoredMessage],
        seen: &str,
    ) -> Result<(), ChatError> {
        let ours = messages.iter().find(|message| {
            may_be_taken(message)
                && (adapter.same(&Self::composed(adapter, message), seen)
                    || adapter.same(&message.view.text, seen))
        });
        let evidence = open.evidence.source.word();
        if let Some(message) = ours {
            let effect = Effect {
                message: &message.view.id,
                from: message.view.status,
                step: Step {
                    to: MessageStatus::Accepted,
                    reason: None,
                    evidence: Some(evidence),
                },
            };
            failpoint::reach("heard");
            store::evidence::settle_with(&self.store, open.id, &[effect], None).await?;
            failpoint::reach("accepted");
            return Ok(());
        }
        // Each line typed at a shell would be noise in its conversation.
        if open.evidence.source == Source::Marker {
            store::evidence::settle(&self.store, open.id).await?;
            return Ok(());
        }
        let typed = NewMessage {
            author: Author::User,
            sender: TYPED.into(),
            text: seen.to_owned(),
            status: MessageStatus::Accepted,
            evidence: Some(evidence.to_owned()),
            ..blank(agent)
        };
        store::evidence::settle_with(&self.store, open.id, &[], Some(&typed)).await?;
        Ok(())
    }

    /// The turn ended: what it took is answered by its final message.
    async fn ended(
        &self,
        agent: &StoredAgent,
        open: &Open,
        messages: &[StoredMessage],
        text: Option<&str>,
    ) -> Result<(), ChatError> {
        let taken: Vec<&StoredMessage> = accepted(messages).collect();
        let marker = open.evidence.source == Source::Marker;
        if taken.is_empty() && marker {
            store::evidence::settle(&self.store, open.id).await?;
            return Ok(());
        }
        let effects: Vec<Effect<'_>> = taken
            .iter()
            .map(|message| effect(message, MessageStatus::Answered, None))
            .collect();
        let text = match (open.evidence.source, text) {
            (Source::Marker, Some(code)) => Some(
                self.shell_output(&agent.id, taken.last().copied(), code)
                    .await,
            ),
            (Source::Screen, None) => self.output(&agent.id, taken.last().copied()).await,
            (_, text) => text.map(str::to_owned),
        };
        let asked = answered_one(&taken);
        let answer = text
            .filter(|text| !text.trim().is_empty())
            .map(|text| NewMessage {
                author: Author::Assistant,
                sender: agent.id.to_string(),
                text,
                status: MessageStatus::Answered,
                evidence: Some(open.evidence.source.word().to_owned()),
                reply_to: asked.map(|message| message.view.id.clone()),
                task_id: asked.and_then(|message| message.task_id),
                ..blank(agent)
            });
        failpoint::reach("ended");
        store::evidence::settle_with(&self.store, open.id, &effects, answer.as_ref()).await?;
        failpoint::reach("answered");
        Ok(())
    }

    /// The turn ended without an answer.
    async fn failed(
        &self,
        agent: &StoredAgent,
        open: &Open,
        messages: &[StoredMessage],
        reason: &str,
    ) -> Result<(), ChatError> {
        if let Some(until) = self.agents.quota_wall(reason) {
            return self.held_back(agent, open, messages, until).await;
        }
        let effects: Vec<Effect<'_>> = accepted(messages)
            .map(|message| effect(message, MessageStatus::Failed, Some(reason)))
            .collect();
        store::evidence::settle_with(&self.store, open.id, &effects, None).await?;
        Ok(())
    }

    /// The quota was used up: what the turn took is sent again when it is there.
    async fn held_back(
        &self,
        agent: &StoredAgent,
        open: &Open,
        messages: &[StoredMessage],
        until: Timestamp,
    ) -> Result<(), ChatError> {
        let again = format!("the quota is used up until {until}; it is sent again then");
        let typed = "the quota was used up";
        let effects: Vec<Effect<'_>> = accepted(messages)
            .map(|message| match message.view.sender == TYPED {
                // What a person typed is theirs to type again.
                true => effect(message, MessageStatus::Failed, Some(typed)),
                false => effect(message, MessageStatus::Queued, Some(&again)),
            })
            .collect();
        // First, so that nothing is sent in between; after a kill it is done again.
        self.agents.wait_for_quota(&agent.id, until).await?;
        store::evidence::settle_with(&self.store, open.id, &effects, None).await?;
        Ok(())
    }

    /// The conversation was emptied: a command of ours did it, or else every open turn
    /// is gone.
    async fn cleared(
        &self,
        adapter: &dyn Adapter,
        open: &Open,
        messages: &[StoredMessage],
    ) -> Result<(), ChatError> {
        let clear = adapter.clear_command().unwrap_or_default();
        let command = messages.iter().find(|message| {
            message.as_command
                && message.view.text.trim() == clear
                && matches!(
                    message.view.status,
                    MessageStatus::Pasted | MessageStatus::Submitted
                )
        });
        let mut effects: Vec<Effect<'_>> = accepted(messages)
            .map(|message| {
                effect(
                    message,
                    MessageStatus::Failed,
                    Some("the conversation was cleared"),
                )
            })
            .collect();
        if let Some(message) = command {
            let accept = Effect {
                message: &message.view.id,
                from: message.view.status,
                step: Step {
                    to: MessageStatus::Accepted,
                    reason: None,
                    evidence: Some(open.evidence.source.word()),
                },
            };
            let answer = Effect {
                message: &message.view.id,
                from: MessageStatus::Accepted,
                step: Step {
                    to: MessageStatus::Answered,
                    reason: Some("the conversation was cleared"),
                    evidence: None,
                },
            };
            effects.extend([accept, answer]);
        }
        store::evidence::settle_with(&self.store, open.id, &effects, None).await?;
        Ok(())
    }
}

/// True when a CLI's word that it took a prompt may be about this message: it was pasted
/// at some time. One that still waits for its turn cannot have been taken.
fn may_be_taken(message: &StoredMessage) -> bool {
    match message.view.status {
        MessageStatus::Pasted | MessageStatus::Submitted => true,
        // Set back after a restart; the word on it came late.
        MessageStatus::Queued => message.view.updated_at > message.view.created_at,
        _ => false,
    }
}

/// Which of the prompts of one turn its final message is for: a task's before others,
/// one that was sent before one that a person typed into the terminal meanwhile.
fn answered_one<'a>(taken: &[&'a StoredMessage]) -> Option<&'a StoredMessage> {
    let sent = |message: &&&StoredMessage| message.view.sender != TYPED;
    let task = taken.iter().find(|message| message.task_id.is_some());
    task.or_else(|| taken.iter().rfind(sent))
        .or(taken.last())
        .copied()
}

fn accepted(messages: &[StoredMessage]) -> impl Iterator<Item = &StoredMessage> {
    messages
        .iter()
        .filter(|message| message.view.status == MessageStatus::Accepted)
}

fn effect<'a>(
    message: &'a StoredMessage,
    to: MessageStatus,
    reason: Option<&'a str>,
) -> Effect<'a> {
    Effect {
        message: &message.view.id,
        from: message.view.status,
        step: Step {
            to,
            reason,
            evidence: None,
        },
    }
}

fn blank(agent: &StoredAgent) -> NewMessage {
    NewMessage {
        agent_id: agent.id.clone(),
        client_id: None,
        author: Author::System,
        sender: String::new(),
        owner: agent.view.owner.clone(),
        text: String::new(),
        as_command: false,
        status: MessageStatus::Answered,
        evidence: None,
        reply_to: None,
        actions: Vec::new(),
        task_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchestra_protocol::message::Message;
    use orchestra_protocol::time::Timestamp;

    fn message(id: &str, sender: &str, task_id: Option<i64>) -> StoredMessage {
        StoredMessage {
            view: Message {
                id: id.into(),
                agent_id: "droid-001".into(),
                author: Author::User,
                sender: sender.into(),
                text: "go on".into(),
                status: MessageStatus::Accepted,
                reason: None,
                evidence: None,
                reply_to: None,
                actions: Vec::new(),
                created_at: Timestamp(1),
                updated_at: Timestamp(1),
            },
            owner: "ann".into(),
            as_command: false,
            task_id,
            tries: 0,
            nudges: 0,
        }
    }

    #[test]
    fn the_answer_goes_to_the_task_whatever_was_typed_meanwhile() {
        let (task, typed) = (message("a", "primary", Some(1)), message("b", TYPED, None));
        let one = answered_one(&[&task, &typed]).map(|one| one.view.id.as_str());
        assert_eq!(one, Some("a"));
        let sent = message("c", "Ann", None);
        let one = answered_one(&[&sent, &typed]).map(|one| one.view.id.as_str());
        assert_eq!(one, Some("c"));
        assert_eq!(answered_one(&[&typed]).unwrap().view.id, "b");
    }

    #[test]
    fn a_message_that_was_never_pasted_was_not_taken() {
        let mut waits = message("a", "Ann", None);
        waits.view.status = MessageStatus::Queued;
        assert!(!may_be_taken(&waits), "somebody typed the same words");
        waits.view.updated_at = Timestamp(2);
        assert!(may_be_taken(&waits), "it was set back after a paste");
    }
}
