//! Making, finding and ending terminals.

use super::entry::{Entry, Pane, tmux_size, wire_size};
use super::servers::Server;
use super::{FoundPane, MARKER, NewTerminal, PaneFacts, TerminalError, TerminalEvent, Terminals};
use crate::model::ids::AgentId;
use orchestra_tmux::client::Link;
use orchestra_tmux::error::Error as TmuxError;
use orchestra_tmux::pane::PaneInfo;
use orchestra_tmux::process::{Grace, KillReport, ProcessId, kill_tree};
use orchestra_tmux::session::{NewSession, SessionRef};
use std::sync::Arc;

impl Terminals {
    /// Starts a program in a terminal of its own. A terminal that the same agent left
    /// behind dead is cleared away first.
    ///
    /// # Errors
    /// When the agent's program still runs, the folder is missing or tmux fails.
    pub async fn create(&self, new: NewTerminal) -> Result<PaneFacts, TerminalError> {
        let agent = new.agent.clone();
        let fail = |error| TerminalError::of(&agent, error);
        let server = self.server(&new.server).await?;
        if !matches!(*server.tmux.link().borrow(), Link::Connected { .. }) {
            server.tmux.ensure().await.map_err(fail)?;
        }
        if let Some(old) = self.entry(&agent).ok().and_then(|entry| entry.pane()) {
            if old.end().is_none() && !old.mourned {
                return Err(TerminalError::Runs(agent));
            }
            self.close(&agent, Grace::default()).await?;
        }
        let name = agent.session().parse().map_err(fail)?;
        let mut session = NewSession::new(name, &new.cwd, new.argv);
        session.size = tmux_size(new.size);
        session.env = new.env;
        session
            .env
            .retain(|(name, _)| name != MARKER && name != "ORCHESTRA_AGENT_ID");
        session
            .env
            .push(("ORCHESTRA_AGENT_ID".into(), agent.to_string()));
        session.env.push((MARKER.into(), self.mark(&agent)));
        session.options = vec![
            ("@orc_id".into(), agent.to_string()),
            ("@orc_title".into(), new.title.clone()),
        ];
        let size = session.size.clamped();
        let made = server.tmux.new_session(session).await.map_err(fail)?;
        let entry = self
            .0
            .entries
            .lock()
            .entry(agent.clone())
            .or_insert_with(|| Arc::new(Entry::new(agent.clone(), wire_size(size))))
            .clone();
        entry.set_pane(Some(Pane::new(
            server.clone(),
            made.process,
            first_sight(&new.title, &agent, made, size),
        )));
        server.wanted.notify_one();
        Ok(PaneFacts {
            pid: made.pane_pid,
            size: wire_size(size),
        })
    }

    /// All terminals of ours, those found at the start among them. What carries no id of
    /// ours is not ours and is left alone.
    pub fn found(&self) -> Vec<FoundPane> {
        let entries: Vec<Arc<Entry>> = self.0.entries.lock().values().cloned().collect();
        let found = |entry: Arc<Entry>| {
            let pane = entry.pane()?;
            let end = pane.end();
            Some(FoundPane {
                agent: entry.agent.clone(),
                pid: pane.info.pid,
                title: pane.title,
                size: wire_size(pane.info.size),
                dead: end.is_some(),
                exit_code: end.and_then(|end| end.status),
                signal: end.and_then(|end| end.signal),
            })
        };
        entries.into_iter().filter_map(found).collect()
    }

    /// Ends everything the agent has started, then its terminal. Works without a
    /// terminal, too: what carries the agent's mark is ended. `Died` is not told.
    ///
    /// # Errors
    /// When tmux does not let go of the session; the processes were ended first.
    pub async fn close(&self, agent: &AgentId, grace: Grace) -> Result<KillReport, TerminalError> {
        let entry = self.0.entries.lock().get(agent).cloned();
        let marker = self.marker(agent);
        let Some((entry, pane)) = entry.and_then(|entry| Some((entry.clone(), entry.pane()?)))
        else {
            return Ok(kill_tree(None, Some(&marker), grace).await);
        };
        entry.with_pane(|pane| pane.mourned = true);
        // The live client goes first: tmux may fail when a session ends under one.
        entry.close_live().await;
        let ended = pane
            .server
            .tmux
            .end_session(pane.session, pane.process, Some(&marker), grace)
            .await;
        let report = ended.map_err(|error| TerminalError::of(agent, error))?;
        entry.set_pane(None);
        self.forget(agent);
        Ok(report)
    }

    /// Looks at all panes of a server and takes note of what changed; adopts those that
    /// carry an id.
    pub(super) async fn look(&self, server: &Arc<Server>) -> Result<(), TerminalError> {
        let listed = server.tmux.list_panes().await;
        let listed = listed.map_err(TerminalError::Tmux)?;
        let known: Vec<Arc<Entry>> = self.0.entries.lock().values().cloned().collect();
        for info in &listed {
            let Some(agent) = info
                .orc_id
                .as_deref()
                .and_then(|id| AgentId::parse(id).ok())
            else {
                continue;
            };
            let entry = known.iter().find(|entry| entry.agent == agent);
            match entry.filter(|entry| entry.shows(server, info.pane_id)) {
                Some(entry) => self.compare(entry, info),
                None => self.adopt(server, &agent, info),
            }
        }
        for entry in known {
            let pane = entry
                .pane()
                .filter(|pane| Arc::ptr_eq(&pane.server, server));
            let Some(pane) = pane else { continue };
            let there = |info: &PaneInfo| info.pane_id == pane.id;
            // One made since the list was asked for is not missing.
            let missing = !listed.iter().any(there) && entry.shows(server, pane.id);
            let asked = async { server.tmux.pane_exists(pane.id).await };
            if missing && asked.await.is_ok_and(|there| !there) {
                self.vanished(&entry, &pane).await;
            }
        }
        Ok(())
    }

    /// A pane with an id of ours that is not known yet: from before our start.
    fn adopt(&self, server: &Arc<Server>, agent: &AgentId, info: &PaneInfo) {
        let mut entries = self.0.entries.lock();
        let fresh = || Arc::new(Entry::new(agent.clone(), wire_size(info.size)));
        let entry = entries.entry(agent.clone()).or_insert_with(fresh).clone();
        drop(entries);
        if entry.has_pane() {
            // A second pane of the same agent, made by the agent itself, or one that
            // `create` has just made and the list has not shown yet.
            return;
        }
        tracing::info!(agent.id = %agent, pane.pid = info.pid, "adopting the terminal of {agent}");
        let process = ProcessId::of(info.pid);
        entry.set_pane(Some(Pane::new(server.clone(), process, info.clone())));
    }

    /// The whole session went away without `close`.
    async fn vanished(&self, entry: &Arc<Entry>, pane: &Pane) {
        let told = entry.with_pane(|pane| std::mem::replace(&mut pane.mourned, true));
        entry.close_live().await;
        entry.set_pane(None);
        self.forget(&entry.agent);
        if told == Some(false) {
            tracing::warn!(agent.id = %entry.agent, "the tmux session {} is gone", pane.session);
            self.emit(TerminalEvent::Died {
                agent: entry.agent.clone(),
                exit_code: None,
                signal: None,
            });
        }
    }

    /// An owner's tmux server died.
    pub(super) async fn server_lost(&self, server: &Arc<Server>) {
        let entries: Vec<Arc<Entry>> = self.0.entries.lock().values().cloned().collect();
        let mut agents = Vec::new();
        for entry in entries {
            let pane = entry.pane();
            if !pane.is_some_and(|pane| Arc::ptr_eq(&pane.server, server)) {
                continue;
            }
            entry.close_live().await;
            entry.set_pane(None);
            agents.push(entry.agent.clone());
            self.forget(&entry.agent);
        }
        tracing::error!(
            agents = agents.len(),
            "an owner's tmux server is gone, and every terminal in it"
        );
        self.emit(TerminalEvent::ServerLost { agents });
    }

    /// Drops what is known of an agent that has no terminal and no viewer.
    pub(super) fn forget(&self, agent: &AgentId) {
        let mut entries = self.0.entries.lock();
        if entries.get(agent).is_some_and(|entry| !entry.in_use()) {
            entries.remove(agent);
        }
    }
}

/// What the first look will tell, so that nobody has to wait for it.
fn first_sight(
    title: &str,
    agent: &AgentId,
    made: SessionRef,
    size: orchestra_tmux::session::Size,
) -> PaneInfo {
    PaneInfo {
        session_id: made.session_id,
        session_name: agent.session(),
        pane_id: made.pane_id,
        pid: made.pane_pid,
        dead: None,
        closed: false,
        size,
        cursor: (0, 0),
        alternate: false,
        history_size: 0,
        window_activity: 0,
        in_mode: false,
        current_command: String::new(),
        title: String::new(),
        orc_id: Some(agent.to_string()),
        orc_title: Some(title.to_owned()),
    }
}

impl From<TmuxError> for TerminalError {
    fn from(error: TmuxError) -> Self {
        Self::Tmux(error)
    }
}
