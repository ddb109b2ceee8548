//! A session that was found on disk goes on as an agent, or a copy of it does. Never two
//! writers on one session.

use super::lifecycle::Tree;
use super::start::Conversation;
use super::{AgentError, Agents};
use crate::model::ids;
use crate::model::limits::{self, MAX_NAME, MAX_TITLE};
use crate::model::requester::Requester;
use crate::store::rows::StoredAgent;
use crate::store::{self, StoreError};
use crate::transcripts::Reader;
use crate::transcripts::facts::Facts;
use orchestra_protocol::agent::{Agent, AgentRole, SpawnRequest};
use orchestra_protocol::transcript::ResumeRequest;

impl Agents {
    /// Starts an agent that goes on with a found session, in the folder where it ran.
    ///
    /// # Errors
    /// `NotFound` when there is no such session for the reader, `NotResumable` with the
    /// reason, else as `spawn`.
    pub async fn resume(
        &self,
        requester: &Requester,
        reader: Reader<'_>,
        name: &str,
        request: &ResumeRequest,
    ) -> Result<StoredAgent, AgentError> {
        // Held until the agent's record stands, which the next one to ask will see.
        let _one = self.resuming.acquire().await;
        let fork = request.fork == Some(true);
        let (row, found) = self.transcripts.get(reader, name).await?;
        let facts: Facts = serde_json::from_str(&row.facts).unwrap_or_default();
        let hindrance = match fork {
            true => self.transcripts.unfit(&row, &facts),
            false => found.not_resumable.clone(),
        };
        if let Some(why) = hindrance {
            return Err(AgentError::NotResumable(why));
        }
        let adapter = self.adapter(&row.kind);
        let Some(adapter) = adapter.ok().filter(|adapter| adapter.takes_found()) else {
            let why = format!("sessions of {} cannot go on here", row.kind);
            return Err(AgentError::NotResumable(why));
        };
        // Rows made while the answer above was written would not be in it.
        if !fork && self.taken(&row.session).await? {
            return Err(AgentError::NotResumable("it was just taken up".into()));
        }
        let order = self
            .order(&SpawnRequest {
                kind: Some(adapter.kind().to_owned()),
                cwd: facts.cwd,
                ..SpawnRequest::default()
            })
            .await?;
        let label = |what: &str, text: &Option<String>, most: usize| {
            let given = text.as_ref().map(|text| limits::label(what, text, most));
            given.transpose()
        };
        let own_name = label("name", &request.name, MAX_NAME)?;
        let title = label("title", &request.title, MAX_TITLE)?;
        let id = store::agent_ids::next_id(&self.store, order.adapter.kind()).await?;
        let view = Agent {
            name: own_name.unwrap_or_else(|| id.to_string()),
            title: title.unwrap_or_else(|| safe_title(&found.title)),
            ..self.blank(&id, requester, &order, AgentRole::Specialist)
        };
        let conversation = if fork {
            Conversation {
                session: ids::fresh(),
                resume: false,
                fork_of: Some(row.session),
            }
        } else {
            Conversation::of(row.session)
        };
        self.begin(&order, view, Tree::default(), None, conversation)
            .await
    }

    /// True when a living agent or a process outside has that session.
    pub(in crate::agents) async fn taken(&self, session: &str) -> Result<bool, StoreError> {
        let all = store::agent_sessions::all(&self.store).await?;
        let ours = all.iter().any(|one| one.live && one.session == session);
        Ok(ours || self.transcripts.writer(session).await?.is_some())
    }
}

/// What a session calls itself, as a title may be.
fn safe_title(title: &str) -> String {
    let plain: String = title
        .chars()
        .filter(|letter| !letter.is_control())
        .take(100)
        .collect();
    match plain.trim().trim_start_matches('-').trim() {
        "" => "Resumed session".to_owned(),
        text => text.to_owned(),
    }
}
