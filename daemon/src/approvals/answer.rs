//! A person answers: once, whoever is first.

use super::{ApprovalError, Approvals};
use crate::model::approval::Word;
use crate::model::ids;
use crate::model::limits::Invalid;
use crate::model::rules::Rule;
use crate::store::approvals::{Ending, StoredApproval};
use crate::store::rows::StoredAgent;
use crate::store::{self};
use orchestra_protocol::approval::{
    ApprovalAnswer, ApprovalDecision, ApprovalForm, ApprovalRule, ApprovalScope, ApprovalState,
};
use orchestra_protocol::time::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;

/// Longest word to the agent, in bytes.
const MAX_MESSAGE: usize = 4096;
/// What the agent is told with a no that says nothing.
const NO: &str =
    "The person you work for does not allow this. Do without it, or ask what to do instead.";

impl Approvals {
    /// Ends a pending question as a person says.
    ///
    /// # Errors
    /// `Invalid` when the answer does not fit the question; `Ended` with how it ended when
    /// somebody or something was first.
    pub async fn answer(
        &self,
        stored: &StoredApproval,
        answer: &ApprovalAnswer,
        by: &str,
    ) -> Result<StoredApproval, ApprovalError> {
        if stored.view.state.is_final() {
            return Err(ApprovalError::Ended(Box::new(stored.view.clone())));
        }
        let agent = self.agents.get(&stored.agent).await?;
        let plan = plan(self, stored, &agent, answer, by)?;
        let ending = Ending {
            state: match plan.word {
                Word::Allow { .. } => ApprovalState::Allowed,
                Word::Deny { .. } => ApprovalState::Denied,
            },
            reason: None,
            scope: plan.scope,
            rule: plan.rule.as_ref().map(|made| made.rule.as_str()),
            message: answer
                .message
                .as_deref()
                .filter(|text| !text.trim().is_empty()),
            answered_by: Some(by),
            word: Some(&plan.word),
            makes: plan.rule.as_ref(),
        };
        match store::approvals::end(&self.store, &stored.view.id, &ending).await? {
            Some(ended) => {
                self.changed();
                Ok(ended)
            }
            None => {
                let now = self.get(&stored.view.id).await?;
                Err(ApprovalError::Ended(Box::new(now.view)))
            }
        }
    }
}

/// An answer, checked.
struct Plan {
    word: Word,
    scope: Option<ApprovalScope>,
    rule: Option<ApprovalRule>,
}

fn plan(
    approvals: &Approvals,
    stored: &StoredApproval,
    agent: &StoredAgent,
    answer: &ApprovalAnswer,
    by: &str,
) -> Result<Plan, Invalid> {
    let wrong = |text: &str| Err(Invalid(text.to_owned()));
    if answer
        .message
        .as_ref()
        .is_some_and(|text| text.len() > MAX_MESSAGE)
    {
        return wrong("message is longer than 4096 bytes");
    }
    if answer.decision == ApprovalDecision::Deny {
        if answer.scope.is_some() || answer.rule.is_some() || answer.answers.is_some() {
            return wrong("scope, rule and answers go with a yes only");
        }
        let said = answer.message.as_deref().map(str::trim);
        let message = said
            .filter(|text| !text.is_empty())
            .unwrap_or(NO)
            .to_owned();
        return Ok(Plan {
            word: Word::Deny { message },
            scope: None,
            rule: None,
        });
    }
    if answer.message.is_some() {
        return wrong(
            "message goes with a no only: a CLI that is allowed something hears no words",
        );
    }
    let scope = answer.scope.unwrap_or_default();
    if stored.ask.form == ApprovalForm::Question && scope != ApprovalScope::Once {
        return wrong("an answer to questions holds once; leave the scope out");
    }
    let answers = answers(stored, answer)?;
    if answer.rule.is_some() != (scope == ApprovalScope::Rule) {
        return wrong("rule goes with the scope \"rule\", and that scope needs it");
    }
    let rule = match &answer.rule {
        Some(text) => Some(made(approvals, stored, agent, text, by)?),
        None => None,
    };
    if scope == ApprovalScope::Session && stored.ask.session.is_none() {
        return wrong("this question has no yes for the session; allow it once, or make a rule");
    }
    Ok(Plan {
        word: Word::Allow { scope, answers },
        scope: Some(scope),
        rule,
    })
}

/// The words chosen, one for each question.
fn answers(
    stored: &StoredApproval,
    answer: &ApprovalAnswer,
) -> Result<Option<BTreeMap<String, String>>, Invalid> {
    let wrong = |text: &str| Err(Invalid(text.to_owned()));
    match (stored.ask.form, &answer.answers) {
        (ApprovalForm::Permission, None) => Ok(None),
        (ApprovalForm::Permission, Some(_)) => wrong("answers go with questions only"),
        (ApprovalForm::Question, None) => {
            wrong("the agent asks questions: give the chosen words in answers, by question")
        }
        (ApprovalForm::Question, Some(answers)) => {
            let questions = stored.ask.input["questions"].as_array();
            let asked: Vec<&str> = questions
                .into_iter()
                .flatten()
                .filter_map(|one| one["question"].as_str())
                .collect();
            let given = |question: &&str| {
                answers
                    .get(*question)
                    .is_some_and(|text| !text.trim().is_empty())
            };
            if !asked.iter().all(given) || answers.len() != asked.len() {
                return wrong("answers must have a word for each question, and for nothing else");
            }
            if answers.values().any(|text| text.len() > MAX_MESSAGE) {
                return wrong("an answer is longer than 4096 bytes");
            }
            Ok(Some(answers.clone()))
        }
    }
}

/// The rule that an answer makes: it has to cover the question it is made from.
fn made(
    approvals: &Approvals,
    stored: &StoredApproval,
    agent: &StoredAgent,
    text: &str,
    by: &str,
) -> Result<ApprovalRule, Invalid> {
    let rule = Rule::parse(text)?;
    let base = Path::new(&agent.view.cwd);
    let inside = Path::new(&stored.ask.cwd).canonicalize().ok();
    if !inside.is_some_and(|cwd| cwd.starts_with(base)) {
        return Err(Invalid(format!(
            "the question is about {}, outside of the agent's folder, where no rule would hold; allow it once",
            stored.ask.cwd
        )));
    }
    let home = &approvals.config.paths.home;
    if !rule.covers(&stored.ask.tool, &stored.ask.input, base, home) {
        return Err(Invalid(format!(
            "the rule {text:?} does not cover this question, so it would ask again; change the rule, or \
             allow it once"
        )));
    }
    Ok(ApprovalRule {
        id: ids::fresh(),
        owner: agent.view.owner.clone(),
        cwd: agent.view.cwd.clone(),
        rule: rule.text().to_owned(),
        made_by: by.to_owned(),
        approval_id: stored.view.id.clone(),
        created_at: Timestamp::now(),
    })
}
