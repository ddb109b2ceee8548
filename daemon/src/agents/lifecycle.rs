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
    Activity, ActivityState, Agent, AgentRole, AgentStatus, RestartPolicy, Size, SpawnRequest,
    Usage,
};
use orchestra_protocol::budget::Budget;
use orchestra_protocol::time::Timestamp;
use orchestra_tmux::process::Grace;
use secrecy::ExposeSecret;

/// Where a new agent stands, and how long it may live.
#[derive(Debug, Default)]
pub(in crate::agents) struct Tree {
    depth: i64,
    root: Option<String>,
    timeout_ms: Option<i64>,
    /// What it does after a crash, when it was asked for.
    restart: Option<RestartPolicy>,
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
            restart: request.restart,
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
            self.stay_ended(&agent, reason).await?;
            return Ok(self.get(id).await?);
        }
        // Written first: when the pane's death is seen, the reason stands already.
        let end = End {
            status,
            reason: reason.to_owned(),
            exit_code: None,
            signal: None,
            again: None,
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
            restart: tree
                .restart
                .unwrap_or(self.config.settings.recovery.restart),
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
            restart_at: None,
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
