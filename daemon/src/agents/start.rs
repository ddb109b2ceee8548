//! From an agent's record to its process in a pane.

use super::adapter::LaunchContext;
use super::order::Order;
use super::{AgentError, Agents, Live, launch};
use crate::model::ids;
use crate::model::rules::Rule;
use crate::store::agents::End;
use crate::store::rows::StoredAgent;
use crate::store::{self};
use crate::terminal::NewTerminal;
use crate::terminal::servers::ServerName;
use orchestra_protocol::agent::{AgentRole, AgentStatus};

/// Which conversation of its CLI an agent begins or goes on with.
#[derive(Debug, Clone)]
pub(in crate::agents) struct Conversation {
    pub(in crate::agents) session: String,
    pub(in crate::agents) resume: bool,
    /// A conversation to begin as a copy of.
    pub(in crate::agents) fork_of: Option<String>,
}

impl Conversation {
    /// A new one.
    pub(in crate::agents) fn fresh() -> Self {
        Self {
            session: ids::fresh(),
            resume: false,
            fork_of: None,
        }
    }

    /// One that is there.
    pub(in crate::agents) fn of(session: String) -> Self {
        Self {
            session,
            resume: true,
            fork_of: None,
        }
    }
}

impl Agents {
    /// Starts the process of an agent whose record says `starting`, and says how that went.
    pub(in crate::agents) async fn enter_pane(
        &self,
        order: &Order,
        agent: StoredAgent,
        token: &str,
        conversation: &Conversation,
    ) -> Result<StoredAgent, AgentError> {
        let id = agent.id.clone();
        self.add_live(&id, Live::default());
        match self.start_process(order, &agent, token, conversation).await {
            Ok(pid) => {
                let agent = store::agents::started(&self.store, &id, pid).await?;
                self.record(&id);
                self.announce(&id);
                tracing::info!(agent.id = %id, agent.kind = agent.view.kind, "started agent {id}");
                Ok(agent)
            }
            Err(error) => {
                let end = End {
                    status: AgentStatus::Failed,
                    reason: error.to_string(),
                    exit_code: None,
                    signal: None,
                    again: None,
                };
                store::agents::ended(&self.store, &id, &end).await?;
                self.drop_live(&id);
                self.announce(&id);
                self.tidy(&id).await;
                Err(error)
            }
        }
    }

    async fn start_process(
        &self,
        order: &Order,
        agent: &StoredAgent,
        token: &str,
        conversation: &Conversation,
    ) -> Result<i32, AgentError> {
        let dir = self.config.paths.agent_dir(agent.id.as_str());
        let git = crate::git::locate::common_dir(&order.cwd);
        // Checked when the daemon started.
        let bypass = &self.config.settings.approvals.bypass_permissions;
        let rules = bypass.iter().filter_map(|text| Rule::parse(text).ok());
        let bypass: Vec<String> = rules.map(|rule| rule.in_cli_form()).collect();
        let endpoint = order
            .adapter
            .endpoint(&launch::inherited(&self.config, order.adapter));
        let context = LaunchContext {
            agent: agent.id.as_str(),
            dir: &dir,
            home: &self.config.paths.home,
            orchestra: &self.orchestra,
            program: &order.program,
            cwd: &order.cwd,
            title: &agent.view.title,
            cli_session: &conversation.session,
            resume: conversation.resume,
            fork_of: conversation.fork_of.as_deref(),
            primary: agent.view.role == AgentRole::Primary,
            specialist: order.specialist.as_deref().unwrap_or(order.adapter.kind()),
            instructions: &order.instructions,
            specialists: &self.config.settings.specialists,
            permissions: order.permissions,
            args: &order.args,
            bypass: &bypass,
            git_dir: git.as_deref(),
            endpoint: endpoint.as_deref(),
        };
        let mut plan = order.adapter.launch(&context);
        if let Some(worktree) = &agent.view.worktree_id {
            plan.env.extend(self.worktrees.environment(worktree).await?);
        }
        let mask = self.mask.as_deref();
        let dir = launch::prepare(
            &self.config,
            order.adapter,
            agent.id.as_str(),
            token,
            &plan,
            mask,
        )
        .map_err(|error| AgentError::Start(error.to_string()))?;
        let argv = vec![
            self.orchestra.as_os_str().to_owned(),
            "run-agent".into(),
            dir.into_os_string(),
        ];
        let facts = self
            .terminals
            .create(NewTerminal {
                agent: agent.id.clone(),
                server: self.server_of(&agent.view.owner).await?,
                title: agent.view.title.clone(),
                cwd: order.cwd.clone(),
                size: agent.view.size,
                env: Vec::new(),
                argv,
            })
            .await?;
        Ok(facts.pid)
    }

    /// The tmux server that an owner's agents are in.
    async fn server_of(&self, owner: &str) -> Result<ServerName, AgentError> {
        let (first, further) = (ServerName::first(), ServerName::further(owner));
        let kept =
            store::tmux_servers::of(&self.store, owner, first.as_str(), further.as_str()).await?;
        Ok(ServerName::kept(&kept).unwrap_or(further))
    }
}
