//! Making a worktree: the row first, then each step on the disk; a step that fails undoes
//! those before it.

use super::setup::Running;
use super::{WorktreeError, Worktrees, ports, short};
use crate::git::locate::{self, Head};
use crate::git::names;
use crate::git::shadow::Repo;
use crate::model::ids;
use crate::model::limits::Invalid;
use crate::model::requester::Requester;
use crate::store::worktrees::{AddError, Filter, Intent, StoredWorktree};
use crate::store::{self};
use orchestra_protocol::time::Timestamp;
use orchestra_protocol::worktree::{SetupStatus, Worktree, WorktreeAsk, WorktreeState};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many names are tried for one that was not chosen by a person.
const NAMES: u32 = 200;

/// A worktree for an agent that is about to start.
#[derive(Debug, Clone)]
pub struct Place {
    pub id: String,
    /// Where the agent works.
    pub cwd: PathBuf,
    /// True when it was made for this agent, so that it goes when the agent cannot start.
    pub fresh: bool,
}

/// What is to be made, checked.
struct Plan {
    repo: Repo,
    base: String,
    base_commit: String,
    subfolder: String,
}

impl Worktrees {
    /// Makes a worktree of the repository that `cwd` lies in, or takes one that is there.
    ///
    /// # Errors
    /// When a name is none, it is taken, or a step fails; nothing is left then.
    pub async fn make(
        &self,
        requester: &Requester,
        cwd: &Path,
        ask: &WorktreeAsk,
        base: Option<&str>,
        hint: &str,
    ) -> Result<Place, WorktreeError> {
        if let WorktreeAsk::Named(name) = ask {
            names::worktree(name)?;
        }
        let plan = self.plan(cwd, base).await?;
        let taken = match ask {
            WorktreeAsk::Named(name) => self.there(requester, &plan, name).await?,
            WorktreeAsk::Yes(_) => None,
        };
        if let Some(found) = taken {
            return self.take(&found, base).await;
        }
        let row = match ask {
            WorktreeAsk::Named(name) => self.add(requester, &plan, name).await?,
            WorktreeAsk::Yes(_) => self.add_unnamed(requester, &plan, hint).await?,
        };
        let view = row.view;
        match self.build(&plan, &view).await {
            Ok(()) => Ok(Place {
                cwd: inside(&view, &plan.subfolder),
                id: view.id,
                fresh: true,
            }),
            Err(error) => {
                if let Err(left) = self.undo(&view).await {
                    tracing::warn!(worktree.id = view.id, error = %left, "a half-made worktree is left to the next start");
                }
                Err(error)
            }
        }
    }

    /// Takes back a worktree that was made for an agent which did not start.
    pub async fn discard(&self, place: &Place) {
        if !place.fresh {
            return;
        }
        let undone = async {
            let row = self.get(&place.id).await?;
            if row.view.state == WorktreeState::Creating {
                return self.undo(&row.view).await;
            }
            // Its agent's record stands. Should a process have lived all the same, what it
            // did is work.
            self.remove(&row, None, false).await.map(drop)
        };
        if let Err(error) = undone.await {
            tracing::warn!(worktree.id = place.id, %error, "a worktree without an agent was left");
        }
    }

    async fn plan(&self, cwd: &Path, base: Option<&str>) -> Result<Plan, WorktreeError> {
        let (main, checkout) = locate::repository(cwd)?;
        let roots = self.config.roots();
        if !roots.iter().any(|root| main.starts_with(root)) {
            return Err(Invalid(format!(
                "the repository {} is outside the project roots; add it to projects.roots",
                main.display()
            ))
            .into());
        }
        let repo = self.git.open(&main).await?;
        let base = match (base, checkout.head()?) {
            (Some(base), _) => names::branch(base)?,
            (None, Head::Branch(name)) => name,
            (None, Head::Detached(_)) => {
                let text = "no branch is checked out here; say which one to begin at with base";
                return Err(Invalid(text.into()).into());
            }
        };
        let base_commit = repo.commit_of(&base).await?.ok_or_else(|| {
            Invalid(format!(
                "the branch {:?} has no commit; commit something to it, or name another with base",
                short(&base)
            ))
        })?;
        let subfolder = cwd.strip_prefix(&checkout.path).unwrap_or(Path::new(""));
        Ok(Plan {
            repo,
            base,
            base_commit,
            subfolder: subfolder.display().to_string(),
        })
    }

    /// The worktree of that name, if there is one.
    async fn there(
        &self,
        requester: &Requester,
        plan: &Plan,
        name: &str,
    ) -> Result<Option<StoredWorktree>, WorktreeError> {
        let repo = plan.repo.main.display().to_string();
        let filter = Filter {
            repo: Some(&repo),
            name: Some(name),
            ..Filter::default()
        };
        let found = self.list(filter, 1).await?.pop();
        match found {
            Some(found) if found.view.owner == requester.user.0 => Ok(Some(found)),
            Some(_) => Err(WorktreeError::NameTaken(name.to_owned())),
            None => Ok(None),
        }
    }

    /// Takes one that is there; the agent's row makes it final.
    async fn take(
        &self,
        found: &StoredWorktree,
        base: Option<&str>,
    ) -> Result<Place, WorktreeError> {
        let view = &found.view;
        if let Some(base) = base.filter(|base| *base != view.base) {
            return Err(Invalid(format!(
                "worktree {} began at {} and not at {base}; leave base out, or choose another name",
                view.name, view.base
            ))
            .into());
        }
        self.ready(view).await?;
        self.check_free(&view.id).await?;
        Ok(Place {
            id: view.id.clone(),
            cwd: inside(view, &found.subfolder),
            fresh: false,
        })
    }

    async fn add_unnamed(
        &self,
        requester: &Requester,
        plan: &Plan,
        hint: &str,
    ) -> Result<StoredWorktree, WorktreeError> {
        let stem = names::from_title(hint);
        for number in 1..NAMES {
            let name = match number {
                1 => stem.clone(),
                _ => format!("{stem}-{number}"),
            };
            match self.add(requester, plan, &name).await {
                Err(WorktreeError::NameTaken(_)) => {}
                added => return added,
            }
        }
        Err(WorktreeError::NameTaken(stem))
    }

    /// Adds the row, with ports.
    async fn add(
        &self,
        requester: &Requester,
        plan: &Plan,
        name: &str,
    ) -> Result<StoredWorktree, WorktreeError> {
        let settings = &self.config.settings.worktrees;
        let path = plan.repo.place(&settings.folder, &format!("task-{name}"))?;
        let branch = format!("orchestra/{name}");
        let there = plan.repo.commit_of(&format!("refs/heads/{branch}")).await?;
        if there.is_some() || path.symlink_metadata().is_ok() {
            return Err(WorktreeError::NameTaken(name.to_owned()));
        }
        let mut leased = store::worktrees::leased(&self.store).await?;
        loop {
            let port = ports::free(settings, &leased).ok_or(WorktreeError::NoPort)?;
            let new = StoredWorktree {
                view: Worktree {
                    id: ids::fresh(),
                    name: name.to_owned(),
                    repo: plan.repo.main.display().to_string(),
                    path: path.display().to_string(),
                    branch: branch.clone(),
                    base: short(&plan.base).to_owned(),
                    base_commit: plan.base_commit.clone(),
                    owner: requester.user.to_string(),
                    owner_name: requester.name.clone(),
                    agent_id: None,
                    state: WorktreeState::Creating,
                    reason: None,
                    port,
                    ports: settings.ports_each,
                    setup: None,
                    created_at: Timestamp::now(),
                    status: None,
                },
                subfolder: plan.subfolder.clone(),
                intent: None,
            };
            match store::worktrees::insert(&self.store, &new).await {
                Ok(()) => {
                    self.events.wake();
                    return Ok(new);
                }
                Err(AddError::Port) => leased.push((port, settings.ports_each)),
                Err(AddError::Name) => return Err(WorktreeError::NameTaken(name.to_owned())),
                Err(AddError::Store(error)) => return Err(error.into()),
            }
        }
    }

    async fn build(&self, plan: &Plan, view: &Worktree) -> Result<(), WorktreeError> {
        let folder = &self.config.settings.worktrees.folder;
        let branch = format!("refs/heads/{}", view.branch);
        let why = format!("orchestra: begun at {}", view.base);
        plan.repo.exclude(folder)?;
        plan.repo
            .move_ref(&branch, &view.base_commit, None, &why)
            .await?;
        plan.repo
            .check_out(Path::new(&view.path), &branch, &view.base_commit)
            .await?;
        self.set_up(view).await
    }

    async fn set_up(&self, view: &Worktree) -> Result<(), WorktreeError> {
        let settings = &self.config.settings.worktrees;
        if settings.setup.is_empty() {
            return Ok(());
        }
        let failed = |why: String| {
            let program = settings.setup.first().map_or("", String::as_str);
            WorktreeError::Setup(format!("worktrees.setup ({program}) {why}"))
        };
        let cannot = |error: std::io::Error| failed(format!("cannot be run: {error}"));
        let running = Running::start(&self.config, view, Path::new(&view.path)).map_err(cannot)?;
        if let Some(process) = running.process() {
            let intent = Intent::Setup {
                pid: process.pid,
                start: process.start,
            };
            let state = WorktreeState::Creating;
            self.step(
                &view.id,
                &[state],
                state,
                Some("its setup script runs"),
                Some(&intent),
            )
            .await?;
        }
        let patience = Duration::from_secs(settings.setup_timeout_s);
        let report = running.finish(patience).await.map_err(cannot)?;
        store::worktrees::set_setup(&self.store, &view.id, &report).await?;
        let said: Vec<&str> = report.output.lines().rev().take(20).collect();
        let said: Vec<&str> = said.into_iter().rev().collect();
        let said = said.join("\n");
        match (report.status, report.exit_code) {
            (SetupStatus::Completed, _) => Ok(()),
            (SetupStatus::Timeout, _) => Err(failed(format!(
                "was ended after {} s (worktrees.setup_timeout_s); it said:\n{said}",
                settings.setup_timeout_s
            ))),
            (SetupStatus::Failed, code) => {
                let code = code.map_or("a signal".to_owned(), |code| format!("exit code {code}"));
                Err(failed(format!("failed with {code}; it said:\n{said}")))
            }
        }
    }

    /// Takes away everything of a worktree in which nobody has worked yet.
    pub(in crate::worktrees) async fn undo(&self, view: &Worktree) -> Result<(), WorktreeError> {
        let repo = self.git.open(Path::new(&view.repo)).await?;
        let path = Path::new(&view.path);
        if repo.checkout_at(path).is_some() {
            repo.take_away(path).await?;
        } else {
            // Not more than the empty folder is ours without git's note of it.
            let _ = std::fs::remove_dir(path);
        }
        let branch = format!("refs/heads/{}", view.branch);
        // One that stands elsewhere was moved by somebody, and stays.
        if repo.commit_of(&branch).await?.as_deref() == Some(view.base_commit.as_str()) {
            repo.drop_ref(&branch, &view.base_commit).await?;
        }
        store::worktrees::delete(&self.store, &view.id).await?;
        self.events.wake();
        Ok(())
    }
}

/// The agent's folder in a worktree: where it would have been in the repository.
fn inside(view: &Worktree, subfolder: &str) -> PathBuf {
    let root = PathBuf::from(&view.path);
    let beneath = root.join(subfolder);
    let real = beneath.canonicalize().unwrap_or_else(|_| root.clone());
    if real.is_dir() && real.starts_with(&root) {
        real
    } else {
        root
    }
}
