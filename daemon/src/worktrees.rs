//! Worktrees: made before an agent starts, looked at while it works, and merged, kept or
//! removed after. Work that nobody else has is never removed without a word that lists it.

pub mod commit;
pub mod diff;
pub mod make;
pub mod merge;
pub mod ports;
pub mod reconcile;
pub mod remove;
pub mod setup;
pub mod status;
#[cfg(test)]
mod tests;

use crate::config::Config;
use crate::events::Events;
use crate::git::locate::{Checkout, Head};
use crate::git::shadow::Repo;
use crate::git::{Git, GitError};
use crate::model::limits::Invalid;
use crate::store::worktrees::{Filter, Intent, StoredWorktree};
use crate::store::{self, Store, StoreError};
use orchestra_protocol::worktree::{Worktree, WorktreeRefusal, WorktreeState};
use parking_lot::Mutex;
use status::Known;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long objects stay that only a look needed. A look that goes on writes anew, or
/// freshens, all that it needs.
const KEPT: Duration = Duration::from_secs(3600);

/// What stands in the way; a person may settle it, or say yes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    LosesWork,
    Executes,
    Conflicts,
    NotCommitted,
    BaseNotClean,
}

/// Why something was not done with a worktree.
#[derive(Debug, thiserror::Error)]
pub enum WorktreeError {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("{detail}")]
    Hindered {
        what: Hindrance,
        detail: String,
        refusal: Box<WorktreeRefusal>,
    },
    #[error("the name {0} is taken; choose another")]
    NameTaken(String),
    #[error("{0}")]
    Busy(String),
    /// It is not in a state in which that can be done.
    #[error("{0}")]
    State(String),
    #[error("no ports are free; remove a worktree, or widen worktrees.port_from and port_to")]
    NoPort,
    #[error("{0}")]
    Setup(String),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WorktreeError {
    pub(in crate::worktrees) fn hindered(
        what: Hindrance,
        detail: impl Into<String>,
        refusal: WorktreeRefusal,
    ) -> Self {
        Self::Hindered {
            what,
            detail: detail.into(),
            refusal: Box::new(refusal),
        }
    }
}

/// Cheap handle to all worktrees; clone it freely.
#[derive(Clone)]
pub struct Worktrees {
    pub(in crate::worktrees) config: Arc<Config>,
    pub(in crate::worktrees) store: Store,
    pub(in crate::worktrees) events: Events,
    pub(in crate::worktrees) git: Git,
    /// What was worked out of commits, which never change.
    pub(in crate::worktrees) known: Arc<Mutex<Known>>,
    /// One change of a worktree at a time.
    turns: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

impl Worktrees {
    /// Finds git, and finishes or undoes what an earlier daemon left half done.
    ///
    /// # Errors
    /// When the store cannot be read or the cache folder cannot be made.
    pub async fn start(
        config: Arc<Config>,
        store: Store,
        events: Events,
    ) -> Result<Self, WorktreeError> {
        let git = Git::find(
            config.paths.data_dir.join("git"),
            config.paths.home.clone(),
            config.environment.clone(),
        )
        .await?;
        let worktrees = Self {
            config,
            store,
            events,
            git,
            known: Arc::default(),
            turns: Arc::default(),
        };
        worktrees.reconcile().await?;
        Ok(worktrees)
    }

    /// One worktree, without what git says of it.
    ///
    /// # Errors
    /// `NotFound` when there is none of that id.
    pub async fn get(&self, id: &str) -> Result<StoredWorktree, StoreError> {
        let mut found = store::worktrees::get(&self.store, id).await?;
        mark_missing(&mut found.view);
        Ok(found)
    }

    /// Worktrees, newest first, without what git says of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list(
        &self,
        filter: Filter<'_>,
        limit: i64,
    ) -> Result<Vec<StoredWorktree>, StoreError> {
        let mut found = store::worktrees::list(&self.store, filter, limit).await?;
        found.iter_mut().for_each(|one| mark_missing(&mut one.view));
        Ok(found)
    }

    /// Variables for whoever works in it.
    ///
    /// # Errors
    /// `NotFound` when there is none of that id.
    pub async fn environment(&self, id: &str) -> Result<Vec<(String, String)>, StoreError> {
        Ok(variables(&self.get(id).await?.view))
    }

    /// Refuses a worktree that another living agent has.
    ///
    /// # Errors
    /// `Busy` with the agent's id.
    pub async fn check_free(&self, id: &str) -> Result<(), WorktreeError> {
        match store::worktrees::living_in(&self.store, id).await? {
            Some(agent) => Err(WorktreeError::Busy(format!(
                "{agent} works in this worktree; end it first (orchestra kill {agent}), or use another"
            ))),
            None => Ok(()),
        }
    }

    /// Forgets what was only looked at some time ago.
    pub async fn forget_looks(&self) {
        // What is remembered names objects that go.
        *self.known.lock() = Known::default();
        let git = self.git.clone();
        let work = move || git.sweep(KEPT);
        if let Ok(Err(error)) = tokio::task::spawn_blocking(work).await {
            tracing::warn!(%error, "old objects of looks at worktrees could not be removed");
        }
    }

    /// Takes the one turn that a worktree has.
    pub(in crate::worktrees) fn turn(
        &self,
        id: &str,
    ) -> Result<OwnedSemaphorePermit, WorktreeError> {
        let turn = {
            let mut turns = self.turns.lock();
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            let fresh = || Arc::new(Semaphore::new(1));
            turns.entry(id.to_owned()).or_insert_with(fresh).clone()
        };
        turn.try_acquire_owned().map_err(|_| {
            WorktreeError::Busy("something else is done with this worktree now; try again".into())
        })
    }

    /// The repository and the checkout of a worktree that is ready.
    pub(in crate::worktrees) async fn ready(
        &self,
        view: &Worktree,
    ) -> Result<(Repo, Checkout), WorktreeError> {
        match view.state {
            WorktreeState::Ready => {}
            WorktreeState::Missing => {
                return Err(WorktreeError::State(
                    "its folder is gone; what was committed is on its branch, and removing the worktree tidies up"
                        .into(),
                ));
            }
            _ => {
                let why = view
                    .reason
                    .as_deref()
                    .unwrap_or("something is under way with it");
                return Err(WorktreeError::State(format!("it is not ready: {why}")));
            }
        }
        let repo = self.git.open(Path::new(&view.repo)).await?;
        let checkout = repo.checkout_at(Path::new(&view.path));
        let checkout = checkout.ok_or_else(|| {
            WorktreeError::State(
                "git does not know this worktree any more; its files are still there".into(),
            )
        })?;
        Ok((repo, checkout))
    }

    pub(in crate::worktrees) async fn step(
        &self,
        id: &str,
        from: &[WorktreeState],
        to: WorktreeState,
        reason: Option<&str>,
        intent: Option<&Intent>,
    ) -> Result<(), WorktreeError> {
        store::worktrees::step(&self.store, id, from, to, reason, intent).await?;
        self.events.wake();
        Ok(())
    }
}

/// The commit that a checkout stands on, and its branch.
pub(in crate::worktrees) async fn head_of(
    repo: &Repo,
    checkout: &Checkout,
) -> Result<(String, Option<String>), GitError> {
    match checkout.head()? {
        Head::Detached(commit) => Ok((commit, None)),
        Head::Branch(name) => {
            let commit = repo
                .commit_of(&name)
                .await?
                .ok_or_else(|| GitError::Refused {
                    what: "rev-parse".into(),
                    why: format!("the branch {} has no commit", short(&name)),
                })?;
            Ok((commit, Some(name)))
        }
    }
}

/// A branch's name as people say it.
pub(in crate::worktrees) fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}

/// Says so when somebody took the folder away, or put a link in its place: what that leads
/// to is nobody's business here.
fn mark_missing(view: &mut Worktree) {
    if view.state != WorktreeState::Ready {
        return;
    }
    let real = |path: &Path| path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
    let path = Path::new(&view.path);
    if !path.parent().is_some_and(real) || !real(path) {
        view.state = WorktreeState::Missing;
        view.reason = Some(match path.symlink_metadata() {
            Ok(_) => "its folder was replaced by something else".into(),
            Err(_) => "its folder is not there any more".into(),
        });
    }
}

/// What whoever works in it finds in its environment.
pub(in crate::worktrees) fn variables(view: &Worktree) -> Vec<(String, String)> {
    [
        ("ORCHESTRA_WORKTREE", view.name.clone()),
        ("ORCHESTRA_PORT", view.port.to_string()),
        ("ORCHESTRA_PORTS", view.ports.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// A word that stands for exactly these texts.
pub(in crate::worktrees) fn seal(kind: &str, texts: &[String]) -> String {
    use sha2::{Digest, Sha256};
    let mut digest = Sha256::new();
    for text in std::iter::once(kind).chain(texts.iter().map(String::as_str)) {
        digest.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(text.as_bytes());
    }
    let bytes = digest.finalize();
    bytes
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub(in crate::worktrees) fn text(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}
