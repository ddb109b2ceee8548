//! Start, end, and what a person may do in between.

use super::order::Order;
use super::start::Conversation;
use super::{AgentError, Agents};
use crate::auth::new_agent_token;
use crate::model::budget;
use crate::model::ids::AgentId;
use crate::model::limits::{self, MAX_NAME, MAX_TITLE};
use crate::model::requester::Requester;
use crate::store::agents::{Caps, End, NewAgent};
use crate::store::idempotency::Key;
use crate::store::rows::StoredAgent;
use crate::store::{self};
use crate::worktrees::make::Place;
use orchestra_protocol::agent::{
    Activity, ActivityState, Agent, AgentRole, AgentStatus, Size, SpawnRequest, Usage,
};
use orchestra_protocol::budget::Budget;
use orchestra_protocol::time::Timestamp;
use orchestra_protocol::worktree::WorktreeAsk;
use orchestra_tmux::process::Grace;
use secrecy::ExposeSecret;
use std::path::Path;

/// Where a new agent stands, and how long it may live.
#[derive(Debug, Default)]
pub(in crate::agents) struct Tree {
    depth: i64,
    root: Option<String>,
    timeout_ms: Option<i64>,
    /// What was asked for; the configuration says the rest.
    budget: Option<Budget>,
}

impl Agents {
    /// Starts an agent; its process is in its pane when this returns. A repeat under the
    /// same key is the first one's agent.
    ///
    /// # Errors
    /// When the request is not valid, the CLI is missing, a cap is reached, or the
    /// process could not be started. Nothing is left behind then but the record.
    pub async fn spawn(
        &self,
        requester: &Requester,
        request: &SpawnRequest,
        task: Option<i64>,
        once: Option<&Key<'_>>,
    ) -> Result<StoredAgent, AgentError> {
        let mut order = self.order(request).await?;
        let word = order.specialist.as_deref().unwrap_or(order.adapter.kind());
        let name = match &request.name {
            Some(name) => Some(limits::label("name", name, MAX_NAME)?),
            None => None,
        };
        let title = match &request.title {
            Some(title) => Some(limits::label("title", title, MAX_TITLE)?),
            None => None,
        };
        let size = limits::size(request.size.unwrap_or(self.default_size()))?;
        let id = store::agent_ids::next_id(&self.store, word).await?;
        let hint = [&request.name, &request.title, &request.prompt];
        let hint = hint
            .into_iter()
            .flatten()
            .next()
            .map_or(id.as_str(), String::as_str);
        let timeout = request.limits.as_ref().and_then(|limits| limits.timeout_ms);
        if timeout == Some(0) {
            return Err(limits::Invalid("limits.timeout_ms must be more than 0".into()).into());
        }
        if let Some(budget) = &request.budget {
            budget::check(budget)?;
        }
        let place = self.place(requester, request, &order, hint).await?;
        if let Some(place) = &place {
            order.cwd.clone_from(&place.cwd);
        }
        let name = name.unwrap_or_else(|| id.to_string());
        let view = Agent {
            title: title.unwrap_or_else(|| name.clone()),
            name,
            size,
            worktree_id: place.as_ref().map(|place| place.id.clone()),
            task_id: task,
            ..self.blank(&id, requester, &order, AgentRole::Specialist)
        };
        let depth = requester.agent.as_ref().map_or(0, |agent| agent.depth + 1);
        let root = requester.agent.as_ref().map(|agent| agent.root.clone());
        let tree = Tree {
            depth,
            root,
            timeout_ms: timeout.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)),
            budget: request.budget,
        };
        let begun = self
            .begin(&order, view, tree, once, Conversation::fresh())
            .await;
        let used = begun
            .as_ref()
            .ok()
            .and_then(|agent| agent.view.worktree_id.as_deref());
        if let Some(place) = &place
            && used != Some(place.id.as_str())
        {
            // It did not start, or a repeat of its call was first.
            self.worktrees.discard(place).await;
        }
        begun
    }

    /// The worktree that a request wants.
    async fn place(
        &self,
        requester: &Requester,
        request: &SpawnRequest,
        order: &Order,
        hint: &str,
    ) -> Result<Option<Place>, AgentError> {
        let base = request.base.as_deref();
        match request.worktree.as_ref().filter(|ask| ask.wanted()) {
            Some(ask) => {
                let made = self.worktrees.make(requester, &order.cwd, ask, base, hint);
                Ok(Some(Box::pin(made).await?))
            }
            None if base.is_some() => {
                let text = "base says where a worktree begins; ask for one with worktree";
                Err(limits::Invalid(text.into()).into())
            }
            None => Ok(None),
        }
    }

    /// Starts a person's primary under its own id, or starts it again.
    ///
    /// # Errors
    /// As `spawn`.
    pub async fn spawn_primary(
        &self,
        requester: &Requester,
        id: &AgentId,
    ) -> Result<StoredAgent, AgentError> {
        match self.get(id).await {
            Ok(agent) if !agent.view.status.is_final() => return Ok(agent),
            Ok(_) => {
                return match self.restart(id).await {
                    // Two messages at once: the other one's start counts.
                    Err(AgentError::Alive(_)) => Ok(self.get(id).await?),
                    restarted => restarted,
                };
            }
            Err(store::StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let primary = &self.config.settings.primary;
        let request = SpawnRequest {
            kind: Some(primary.kind.clone()),
            cwd: Some(self.config.primary_cwd().display().to_string()),
            ..SpawnRequest::default()
        };
        let mut order = self.order(&request).await?;
        order.instructions.clone_from(&primary.instructions);
        order.permissions = primary.permissions;
        let view = Agent {
            title: "Primary".into(),
            ..self.blank(id, requester, &order, AgentRole::Primary)
        };
        self.begin(&order, view, Tree::default(), None, Conversation::fresh())
            .await
    }

    /// Starts an ended agent again: same id, the same conversation where the CLI can.
    ///
    /// # Errors
    /// `Alive` when it has not ended; else as `spawn`.
    pub async fn restart(&self, id: &AgentId) -> Result<StoredAgent, AgentError> {
        // An end that is still being cleared away must not take the new process with it.
        let _turn = self.turn(id).await;
        let agent = self.get(id).await?;
        if !agent.view.status.is_final() {
            return Err(AgentError::Alive(id.clone()));
        }
        if let Some(worktree) = &agent.view.worktree_id {
            self.worktrees.check_free(worktree).await?;
        }
        let request = SpawnRequest {
            kind: agent
                .view
                .specialist
                .is_none()
                .then(|| agent.view.kind.clone()),
            specialist: agent.view.specialist.clone(),
            cwd: Some(agent.view.cwd.clone()),
            ..SpawnRequest::default()
        };
        let mut order = self.order(&request).await?;
        if agent.view.role == AgentRole::Primary {
            order
                .instructions
                .clone_from(&self.config.settings.primary.instructions);
            order.permissions = self.config.settings.primary.permissions;
        }
        let transcript = agent.transcript.as_deref().map(Path::new);
        let _one = self.resuming.acquire().await;
        let kept = agent.cli_session.as_ref();
        let conversation = match kept.filter(|one| order.adapter.resumes(one, transcript)) {
            // Another has taken it up meanwhile: two writers would spoil it.
            Some(session) if !self.taken(session).await? => Conversation::of(session.clone()),
            _ => Conversation::fresh(),
        };
        let (token, hash) = new_agent_token();
        let session = Some(conversation.session.as_str());
        let agent = store::agents::restart(&self.store, id, &hash, session).await?;
        self.events.wake();
        self.enter_pane(&order, agent, token.expose_secret(), &conversation)
            .await
    }

    /// Makes a new agent from an ended one's facts.
    ///
    /// # Errors
    /// `Alive` when it has not ended; else as `spawn`.
    pub async fn retry(
        &self,
        requester: &Requester,
        id: &AgentId,
    ) -> Result<StoredAgent, AgentError> {
        let old = self.get(id).await?;
        if !old.view.status.is_final() {
            return Err(AgentError::Alive(id.clone()));
        }
        if old.view.role == AgentRole::Primary {
            return self.restart(id).await;
        }
        let named = old.view.name != old.id.as_str();
        let request = SpawnRequest {
            kind: old.view.specialist.is_none().then_some(old.view.kind),
            specialist: old.view.specialist,
            name: named.then_some(old.view.name),
            title: named.then_some(old.view.title),
            cwd: Some(old.view.cwd),
            size: Some(old.view.size),
            budget: Some(old.budget),
            worktree: self.same_worktree(old.view.worktree_id.as_deref()).await,
            ..SpawnRequest::default()
        };
        self.spawn(requester, &request, None, None).await
    }

    /// Asks for the worktree that an ended agent had, if it is still there.
    async fn same_worktree(&self, id: Option<&str>) -> Option<WorktreeAsk> {
        let found = self.worktrees.get(id?).await.ok()?;
        Some(WorktreeAsk::Named(found.view.name))
    }

    /// Ends an agent and every process it started. Ending an ended one is no error.
    ///
    /// # Errors
    /// When tmux or the store fails.
    pub async fn kill(&self, id: &AgentId, reason: &str) -> Result<StoredAgent, AgentError> {
        self.finish(id, AgentStatus::Killed, reason).await
    }

    /// Ends an agent as killed or timed out.
    pub(in crate::agents) async fn finish(
        &self,
        id: &AgentId,
        status: AgentStatus,
        reason: &str,
    ) -> Result<StoredAgent, AgentError> {
        let _turn = self.turn(id).await;
        let agent = self.get(id).await?;
        if agent.view.status.is_final() {
            return Ok(agent);
        }
        // Written first: when the pane's death is seen, the reason stands already.
        let end = End {
            status,
            reason: reason.to_owned(),
            exit_code: None,
            signal: None,
        };
        store::agents::ended(&self.store, id, &end).await?;
        self.drop_live(id);
        self.announce(id);
        self.tidy(id).await;
        self.terminals.close(id, Grace::default()).await?;
        Ok(self.get(id).await?)
    }

    /// Writes the record, then starts the process.
    pub(in crate::agents) async fn begin(
        &self,
        order: &Order,
        view: Agent,
        tree: Tree,
        once: Option<&Key<'_>>,
        conversation: Conversation,
    ) -> Result<StoredAgent, AgentError> {
        let id = AgentId::parse(&view.id).map_err(|_| store::StoreError::NotFound("agent"))?;
        let _turn = self.turn(&id).await;
        match self.get(&id).await {
            // Two first messages at once: the other one's start counts.
            Ok(begun) => return Ok(begun),
            Err(store::StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let (token, token_hash) = new_agent_token();
        let limits = &self.config.settings.limits;
        let caps = Caps {
            live: i64::from(limits.live_agents),
            per_hour: i64::from(limits.new_agents_per_hour),
        };
        let new = NewAgent {
            view,
            depth: tree.depth,
            root: tree.root,
            timeout_ms: tree.timeout_ms,
            cli_session: Some(conversation.session.clone()),
            budget: budget::or_default(
                tree.budget.as_ref(),
                &self.config.settings.budgets.of_agents(),
            ),
            token_hash,
        };
        let (agent, new) = store::agents::insert(&self.store, &new, caps, once).await?;
        if !new {
            return Ok(agent);
        }
        self.events.wake();
        self.enter_pane(order, agent, token.expose_secret(), &conversation)
            .await
    }

    fn default_size(&self) -> Size {
        let terminal = &self.config.settings.terminal;
        Size {
            cols: terminal.cols,
            rows: terminal.rows,
        }
    }

    pub(in crate::agents) fn blank(
        &self,
        id: &AgentId,
        requester: &Requester,
        order: &Order,
        role: AgentRole,
    ) -> Agent {
        let now = Timestamp::now();
        Agent {
            id: id.to_string(),
            session_id: id.session(),
            kind: order.adapter.kind().to_owned(),
            specialist: order.specialist.clone(),
            name: id.to_string(),
            title: id.to_string(),
            role,
            owner: requester.user.to_string(),
            owner_name: requester.name.clone(),
            parent: requester.agent.as_ref().map(|agent| agent.id.to_string()),
            cwd: order.cwd.display().to_string(),
            worktree_id: None,
            status: AgentStatus::Starting,
            reason: None,
            pid: None,
            restarts: 0,
            size: self.default_size(),
            activity: Activity {
                state: ActivityState::Unknown,
                waiting_for: None,
                since: now,
                source: "process".into(),
                confidence: 0.0,
                until: None,
            },
            task_id: None,
            created_at: now,
            started_at: None,
            ended_at: None,
            exit_code: None,
            signal: None,
            usage: Usage::default(),
            budget: None,
        }
    }
}
