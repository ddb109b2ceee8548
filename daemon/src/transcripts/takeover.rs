//! Whether a found session may go on as an agent: by what it is, and by who has it now.

use super::Transcripts;
use super::facts::Facts;
use super::live::Writer;
use crate::store::StoreError;
use crate::store::agent_sessions::AgentSession;
use crate::store::index::FileRow;
use crate::store::index::query::Scope;
use std::path::Path;

impl Transcripts {
    /// The process outside that writes to a session, looked for now.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn writer(&self, session: &str) -> Result<Option<Writer>, StoreError> {
        let row = match self.index.find(&Scope::default(), session).await {
            Ok(row) => row,
            Err(StoreError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let watchman = self.watchman.clone();
        let writers = tokio::task::spawn_blocking(move || watchman.look()).await;
        Ok(writers
            .unwrap_or_default()
            .of(&row.kind, session, &row.path))
    }

    /// Why a session can never go on as an agent, in words; a copy of it neither.
    pub fn unfit(&self, row: &FileRow, facts: &Facts) -> Option<String> {
        if row.parent.is_some() {
            return Some("it is a sub-agent's; resume the session it worked for".into());
        }
        let kinds = self.resumable.get();
        if kinds.is_some_and(|kinds| !kinds.contains(&row.kind.as_str())) {
            return Some(format!(
                "Orchestra cannot go on with sessions of {}; use its own command in {}",
                row.kind,
                facts.cwd.as_deref().unwrap_or("its folder")
            ));
        }
        if facts.first.is_none() {
            return Some("it holds no message".into());
        }
        let Some(cwd) = facts.cwd.as_deref().map(Path::new) else {
            return Some("it does not say in which folder it ran".into());
        };
        if !cwd.is_dir() {
            return Some(format!(
                "its folder {} is not there any more",
                cwd.display()
            ));
        }
        let root = self
            .roots
            .iter()
            .find(|root| row.path.starts_with(&root.path))?;
        let relative = row.path.strip_prefix(&root.path).ok()?;
        let fits = root.format.fits_folder(relative, cwd);
        (!fits).then(|| {
            format!(
                "its file does not lie where its CLI looks for {}",
                cwd.display()
            )
        })
    }
}

/// Why nobody else may write to a session now, in words.
pub(in crate::transcripts) fn taken(
    agent: Option<&AgentSession>,
    writer: Option<&Writer>,
) -> Option<String> {
    match (agent, writer) {
        (Some(agent), _) => Some(format!("agent {} has it already", agent.agent)),
        (None, Some(writer)) => Some(format!(
            "process {} writes to it; end that first, or fork it",
            writer.pid
        )),
        (None, None) => None,
    }
}
