//! From a request to what is started: kind, program, folder, rules.

use super::adapter::Adapter;
use super::{AgentError, Agents, folder};
use crate::config::PermissionMode;
use crate::model::limits;
use orchestra_protocol::agent::SpawnRequest;
use std::path::PathBuf;

/// What is to be started, checked.
pub(in crate::agents) struct Order {
    pub(in crate::agents) adapter: &'static dyn Adapter,
    pub(in crate::agents) program: PathBuf,
    pub(in crate::agents) cwd: PathBuf,
    pub(in crate::agents) specialist: Option<String>,
    pub(in crate::agents) instructions: String,
    pub(in crate::agents) permissions: PermissionMode,
    pub(in crate::agents) args: Vec<String>,
}

impl Agents {
    /// The adapter of a kind.
    ///
    /// # Errors
    /// `UnknownKind` when there is none.
    pub fn adapter(&self, kind: &str) -> Result<&'static dyn Adapter, AgentError> {
        let adapter = self.kinds.adapter(kind);
        adapter.ok_or_else(|| AgentError::UnknownKind(kind.to_owned()))
    }

    /// The kind and specialist that a request would start, if they can start in `cwd`.
    ///
    /// # Errors
    /// When there is no such kind or specialist, or its CLI is missing.
    pub async fn resolve(
        &self,
        kind: Option<&str>,
        specialist: Option<&str>,
        cwd: Option<&str>,
    ) -> Result<(String, Option<String>), AgentError> {
        let request = SpawnRequest {
            kind: kind.map(str::to_owned),
            specialist: specialist.map(str::to_owned),
            cwd: cwd.map(str::to_owned),
            ..SpawnRequest::default()
        };
        let order = self.order(&request).await?;
        Ok((order.adapter.kind().to_owned(), order.specialist))
    }

    /// Checks a request and finds what it names.
    pub(in crate::agents) async fn order(
        &self,
        request: &SpawnRequest,
    ) -> Result<Order, AgentError> {
        let named = match (&request.kind, &request.specialist) {
            (Some(kind), None) => (kind.clone(), None),
            (None, Some(name)) => {
                let found = self.config.specialist(name);
                let found = found.ok_or_else(|| AgentError::UnknownSpecialist(name.clone()))?;
                (found.kind.clone(), Some(found.clone()))
            }
            _ => return Err(limits::Invalid("give either kind or specialist".into()).into()),
        };
        let (kind, specialist) = named;
        let mut adapter = self.adapter(&kind)?;
        let mut found = self.kinds.find(adapter).await;
        let fallback = specialist.as_ref().and_then(|one| one.fallback.as_deref());
        if let (None, Some(fallback)) = (&found, fallback) {
            adapter = self.adapter(fallback)?;
            found = self.kinds.find(adapter).await;
        }
        let program = found.ok_or(AgentError::NotInstalled {
            kind: adapter.title(),
            remedy: adapter.remedy(),
        })?;
        let cwd = match &request.cwd {
            Some(cwd) => folder::check(&self.config, cwd)?,
            None => folder::check(
                &self.config,
                &self.config.primary_cwd().display().to_string(),
            )?,
        };
        let own = self.config.settings.kinds.get(adapter.kind());
        Ok(Order {
            adapter,
            program: program.program,
            cwd,
            instructions: specialist
                .as_ref()
                .map(|one| one.instructions.clone())
                .unwrap_or_default(),
            permissions: specialist
                .as_ref()
                .map(|one| one.permissions)
                .unwrap_or_default(),
            specialist: specialist.map(|one| one.name),
            args: own.map(|kind| kind.args.clone()).unwrap_or_default(),
        })
    }
}
