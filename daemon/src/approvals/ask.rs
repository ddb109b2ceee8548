//! A hook asks: a rule answers at once, or the question is stored and the hook told where
//! to wait for a person.

use super::{ApprovalError, Approvals, shown};
use crate::audit::record::Entry;
use crate::config::OnTimeout;
use crate::model::approval::{Ask, Over, Word};
use crate::model::ids::AgentId;
use crate::model::rules::{self, Rule};
use crate::store::approvals::{Ending, StoredApproval};
use crate::store::rows::StoredAgent;
use crate::store::{self};
use orchestra_protocol::approval::{ApprovalForm, ApprovalScope, ApprovalState};
use orchestra_protocol::hook::{HookAnswer, HookCall};
use orchestra_protocol::time::Timestamp;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one question of a waiting hook stays open.
const POLL: Duration = Duration::from_secs(25);

impl Approvals {
    /// Takes a hook call that asks a person. The same call again is the same question.
    ///
    /// # Errors
    /// When the agent has ended or the store fails; then the CLI asks in its terminal.
    pub async fn ask(
        &self,
        agent: &StoredAgent,
        call: &HookCall,
        ask: &Ask,
    ) -> Result<HookAnswer, ApprovalError> {
        if let Some(known) = store::approvals::by_key(&self.store, &agent.id, &call.key).await? {
            return self.say(&known).await;
        }
        // The hook may have waited for a daemon that was away: who sat before the
        // terminal meanwhile has answered it.
        if self.agents.waits_no_more(&agent.id, Timestamp(call.at)) {
            return Ok(HookAnswer::default());
        }
        let cwd = PathBuf::from(&ask.cwd);
        let home = &self.config.paths.home;
        let suggested = rules::suggest(&ask.tool, &ask.input, &cwd, home);
        let settings = &self.config.settings.approvals;
        let mut view = shown::approval(agent, ask, suggested, settings.timeout_s);
        if let Some(rule) = self.covering(agent, ask, &cwd).await?
            && self.record(agent, &view.id, &rule).await
        {
            let word = Word::Allow {
                scope: ApprovalScope::Rule,
                answers: None,
            };
            view.state = ApprovalState::Allowed;
            view.scope = Some(ApprovalScope::Rule);
            view.rule = Some(rule);
            view.ended_at = Some(view.created_at);
            let (stored, _) =
                store::approvals::insert(&self.store, &view, ask, &call.key, Some(&word)).await?;
            self.changed();
            return self.say(&stored).await;
        }
        self.agents.hook(&agent.id, call).await?;
        let (stored, _) =
            store::approvals::insert(&self.store, &view, ask, &call.key, None).await?;
        tracing::info!(agent.id = %agent.id, approval.id = stored.view.id, "agent {} asks", agent.id);
        self.changed();
        Ok(HookAnswer {
            output: None,
            poll: Some(poll(&stored.view.id)),
        })
    }

    /// Waits for the word on a question; answers that it is not known yet when that takes
    /// too long.
    ///
    /// # Errors
    /// `NotFound` when that agent asked no such thing; when the store fails.
    pub async fn wait(&self, agent: &AgentId, id: &str) -> Result<HookAnswer, ApprovalError> {
        if self.get(id).await?.agent != *agent {
            return Err(store::StoreError::NotFound("approval").into());
        }
        let _waiter = self.enter(id);
        let mut changes = self.changes.subscribe();
        let wait = async {
            loop {
                let stored = self.get(id).await?;
                if stored.view.state.is_final() {
                    return self.say(&stored).await;
                }
                if changes.changed().await.is_err() {
                    return Ok(HookAnswer::default());
                }
            }
        };
        let later = HookAnswer {
            output: None,
            poll: Some(poll(id)),
        };
        tokio::select! {
            answer = wait => answer,
            () = tokio::time::sleep(POLL) => Ok(later),
            () = self.ending.cancelled() => Ok(later),
        }
    }

    /// Notes what a hook call says about questions that were open.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn heard(&self, agent: &AgentId, over: &Over) -> Result<(), ApprovalError> {
        let open = store::approvals::pending(&self.store).await?;
        let mut of_agent = open.into_iter().filter(|one| one.agent == *agent);
        match over {
            Over::All => {
                for one in of_agent {
                    self.withdraw(&one.view.id, "its conversation ended")
                        .await?;
                }
            }
            Over::Turn => {
                for one in of_agent.filter(|one| one.ask.thread.is_none()) {
                    self.withdraw(&one.view.id, "its turn ended").await?;
                }
            }
            Over::Used {
                thread,
                tool,
                input,
            } => {
                let asked = |one: &StoredApproval| {
                    one.ask.thread == *thread && one.ask.tool == *tool && one.ask.input == *input
                };
                if let Some(one) = of_agent.find(asked) {
                    self.withdraw(&one.view.id, "it was allowed in the terminal")
                        .await?;
                }
            }
        }
        Ok(())
    }

    pub(in crate::approvals) async fn withdraw(
        &self,
        id: &str,
        reason: &str,
    ) -> Result<(), ApprovalError> {
        let ending = Ending::of(ApprovalState::Withdrawn, reason);
        if store::approvals::end(&self.store, id, &ending)
            .await?
            .is_some()
        {
            tracing::info!(approval.id = id, reason, "an approval was withdrawn");
            self.changed();
        }
        Ok(())
    }

    /// Ends a question whose time is over.
    pub(in crate::approvals) async fn expire(&self, id: &str) -> Result<(), ApprovalError> {
        let word = Word::Deny {
            message: "Nobody answered this question in time. Do without it, or say what you need."
                .to_owned(),
        };
        let (reason, word) = match self.config.settings.approvals.on_timeout {
            OnTimeout::Terminal => ("nobody answered in time; answer in its terminal", None),
            OnTimeout::Deny => ("nobody answered in time, so it was denied", Some(&word)),
        };
        let ending = Ending {
            word,
            ..Ending::of(ApprovalState::Expired, reason)
        };
        if store::approvals::end(&self.store, id, &ending)
            .await?
            .is_some()
        {
            self.changed();
        }
        Ok(())
    }

    /// What the hook of an ended question prints.
    async fn say(&self, stored: &StoredApproval) -> Result<HookAnswer, ApprovalError> {
        if !stored.view.state.is_final() {
            return Ok(HookAnswer {
                output: None,
                poll: Some(poll(&stored.view.id)),
            });
        }
        let Some(word) = &stored.word else {
            return Ok(HookAnswer::default());
        };
        let adapter = self.agents.adapter(&stored.view.agent_kind)?;
        let output = adapter.answer(&stored.ask, word);
        store::approvals::delivered(&self.store, &stored.view.id).await?;
        self.changed();
        self.goes_on(&stored.agent).await?;
        Ok(HookAnswer {
            output: Some(output),
            poll: None,
        })
    }

    async fn goes_on(&self, agent: &AgentId) -> Result<(), ApprovalError> {
        let open = store::approvals::pending(&self.store).await?;
        if !open.iter().any(|one| one.agent == *agent) {
            self.agents.goes_on(agent).await;
        }
        Ok(())
    }

    /// The rule that answers a question, if one certainly does.
    async fn covering(
        &self,
        agent: &StoredAgent,
        ask: &Ask,
        cwd: &Path,
    ) -> Result<Option<String>, ApprovalError> {
        if ask.form == ApprovalForm::Question {
            return Ok(None);
        }
        let home = &self.config.paths.home;
        let covers = |rule: &Rule, base: &Path| rule.covers(&ask.tool, &ask.input, base, home);
        if let Some(rule) = self.rules.iter().find(|rule| covers(rule, cwd)) {
            return Ok(Some(rule.text().to_owned()));
        }
        let Ok(folder) = cwd.canonicalize() else {
            return Ok(None);
        };
        let made = store::approval_rules::list(&self.store, Some(&agent.view.owner)).await?;
        let found = made.into_iter().find(|made| {
            let base = Path::new(&made.cwd);
            folder.starts_with(base)
                && Rule::parse(&made.rule).is_ok_and(|rule| covers(&rule, base))
        });
        Ok(found.map(|made| made.rule))
    }

    /// A rule's yes is recorded before it counts. Without a record there is none, and a
    /// person is asked instead.
    async fn record(&self, agent: &StoredAgent, id: &str, rule: &str) -> bool {
        let entry = Entry {
            action: "approval by rule".to_owned(),
            principal: Some(agent.id.to_string()),
            agent: Some(agent.id.to_string()),
            on_behalf_of: Some(agent.view.owner.clone()),
            object: format!("approval={id} rule={rule}"),
            ..Entry::default()
        };
        let recorded = self.audit.event(entry, "ok").await;
        if let Err(error) = &recorded {
            tracing::error!(%error, "a rule cannot answer because it cannot be recorded");
        }
        recorded.is_ok()
    }
}

fn poll(id: &str) -> String {
    format!("/api/approvals/{id}/word")
}
