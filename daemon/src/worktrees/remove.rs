//! Removing a worktree: at once when nothing would be lost, else after a word that stands
//! for exactly the list of what would be.

use super::merge::LISTED;
use super::{Hindrance, WorktreeError, Worktrees, head_of, seal, text};
use crate::git::GitError;
use crate::git::shadow::Repo;
use crate::store::worktrees::{Intent, StoredWorktree};
use crate::store::{self};
use orchestra_protocol::worktree::{
    ChangedFile, FileChange, LostCommit, RemoveAnswer, Worktree, WorktreeRefusal, WorktreeState,
};
use std::path::Path;

/// Ignored files that are told of.
const IGNORED: usize = 100;

/// What would go for good.
#[derive(Debug, Default)]
struct Losses {
    uncommitted: Vec<ChangedFile>,
    commits: Vec<LostCommit>,
    ignored: Vec<String>,
    /// What the uncommitted files hold.
    content: String,
}

impl Worktrees {
    /// Removes folder, branch and lease; with `keep_branch` the branch stays.
    ///
    /// # Errors
    /// `Hindered` with what would be lost, unless `confirm` stands for exactly that;
    /// `Busy` while an agent lives in it.
    pub async fn remove(
        &self,
        row: &StoredWorktree,
        confirm: Option<&str>,
        keep_branch: bool,
    ) -> Result<RemoveAnswer, WorktreeError> {
        let view = &row.view;
        let _turn = self.turn(&view.id)?;
        self.check_free(&view.id).await?;
        if !matches!(view.state, WorktreeState::Ready | WorktreeState::Missing) {
            let why = view
                .reason
                .as_deref()
                .unwrap_or("something is under way with it");
            return Err(WorktreeError::State(format!(
                "it cannot be removed now: {why}"
            )));
        }
        let main = Path::new(&view.repo);
        if view.state == WorktreeState::Missing && main.join(".git").symlink_metadata().is_err() {
            // The repository went or was moved: only the row is left.
            store::worktrees::delete(&self.store, &view.id).await?;
            self.events.wake();
            return Ok(answer(view, true));
        }
        let repo = self.git.open(main).await?;
        let branch = format!("refs/heads/{}", view.branch);
        let tip = repo.commit_of(&branch).await?;
        let losses = self
            .losses(&repo, view, tip.as_deref(), keep_branch)
            .await?;
        check(view, losses, confirm)?;
        let intent = Intent::Remove {
            branch_at: tip.filter(|_| !keep_branch),
        };
        let (ready, removing) = (WorktreeState::Ready, WorktreeState::Removing);
        self.step(
            &view.id,
            &[ready],
            removing,
            Some("it is being removed"),
            Some(&intent),
        )
        .await?;
        if let Err(error) = self.clear(&repo, view, &intent).await {
            let why = format!("it could not be removed: {error}");
            self.step(&view.id, &[removing], ready, Some(&why), None)
                .await?;
            return Err(error);
        }
        Ok(answer(view, keep_branch))
    }

    /// Takes away what a removal takes away; done twice it changes nothing more.
    pub(in crate::worktrees) async fn clear(
        &self,
        repo: &Repo,
        view: &Worktree,
        intent: &Intent,
    ) -> Result<(), WorktreeError> {
        let Intent::Remove { branch_at } = intent else {
            return Ok(());
        };
        repo.take_away(Path::new(&view.path)).await?;
        let branch = format!("refs/heads/{}", view.branch);
        if let Some(at) = branch_at
            && repo.commit_of(&branch).await?.as_ref() == Some(at)
            && repo.standing_on(&branch).is_none()
        {
            repo.drop_ref(&branch, at).await?;
        }
        store::worktrees::delete(&self.store, &view.id).await?;
        self.events.wake();
        Ok(())
    }

    async fn losses(
        &self,
        repo: &Repo,
        view: &Worktree,
        tip: Option<&str>,
        keep_branch: bool,
    ) -> Result<Losses, WorktreeError> {
        let mut losses = Losses::default();
        let mut tips: Vec<String> = tip
            .filter(|_| !keep_branch)
            .map(str::to_owned)
            .into_iter()
            .collect();
        let checkout = repo.checkout_at(Path::new(&view.path));
        if let (WorktreeState::Ready, Some(checkout)) = (view.state, &checkout) {
            let seen = self.look_without_base(repo, view).await?;
            losses.uncommitted = seen.files;
            losses.content = seen.content;
            losses.ignored = seen.ignored;
            if let Ok((head, None)) = head_of(repo, checkout).await {
                tips.push(head);
            }
        } else if view.state == WorktreeState::Ready {
            return Err(WorktreeError::State(format!(
                "git does not know this worktree any more, so that nobody can say what is in it; look into {} and \
                 remove it by hand",
                view.path
            )));
        } else if let Some(Ok((head, None))) = match &checkout {
            Some(checkout) => Some(head_of(repo, checkout).await),
            None => None,
        } {
            tips.push(head);
        }
        let base = repo.commit_of(&format!("refs/heads/{}", view.base)).await?;
        // Without its base branch, everything since it began counts.
        let base = base.unwrap_or_else(|| view.base_commit.clone());
        // The list has a limit; what it stands for has none.
        losses.content.push_str(&tips.join(" "));
        if !tips.is_empty() {
            let beyond = repo.commits_beyond(&base, &tips).await?;
            let lost = |(id, subject)| LostCommit { id, subject };
            losses.commits = beyond.into_iter().map(lost).collect();
        }
        Ok(losses)
    }

    /// Files that no commit has. The base branch may be gone.
    async fn look_without_base(&self, repo: &Repo, view: &Worktree) -> Result<Open, WorktreeError> {
        let checkout =
            repo.checkout_at(Path::new(&view.path))
                .ok_or_else(|| GitError::Refused {
                    what: "worktree".into(),
                    why: "it is not known any more".into(),
                })?;
        let (head, _) = head_of(repo, &checkout).await?;
        let snapshot = repo.snapshot(&checkout, &head).await?;
        let mut files: Vec<ChangedFile> = Vec::new();
        let mut held = Vec::new();
        if !snapshot.changed.is_empty() {
            let entries = repo
                .differences(&snapshot.head, &snapshot.tree, false)
                .await?;
            files.extend(entries.iter().map(|entry| ChangedFile {
                path: entry.name(),
                change: entry.change,
            }));
            held = entries;
        }
        files.extend(snapshot.left_out.iter().map(|(path, why)| ChangedFile {
            path: text(path),
            change: match why {
                crate::git::snapshot::Left::Repository => FileChange::Repository,
                _ => FileChange::Modified,
            },
        }));
        let listed: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
        let inner = repo.submodules(&checkout).await?;
        let inner = inner
            .iter()
            .map(|path| text(path))
            .filter(|path| !listed.contains(path));
        files.extend(inner.map(|path| ChangedFile {
            path,
            change: FileChange::Repository,
        }));
        let mut content = snapshot.tree.clone();
        for entry in repo.staged(&checkout, &head).await? {
            let same = |one: &&crate::git::diff::Entry| one.path == entry.path;
            let in_folder = held.iter().find(same).map(|one| one.new_id.as_str());
            let nothing = entry.new_id.bytes().all(|byte| byte == b'0');
            if in_folder != Some(entry.new_id.as_str()) && !nothing {
                content.push_str(&entry.new_id);
                files.push(ChangedFile {
                    path: entry.name(),
                    change: FileChange::Staged,
                });
            }
        }
        let ignored = repo.ignored(&checkout).await?;
        Ok(Open {
            files,
            content,
            ignored: ignored
                .iter()
                .take(IGNORED)
                .map(|path| text(path))
                .collect(),
        })
    }
}

fn answer(view: &Worktree, kept: bool) -> RemoveAnswer {
    RemoveAnswer {
        id: view.id.clone(),
        name: view.name.clone(),
        kept_branch: kept.then(|| view.branch.clone()),
    }
}

/// What no commit has.
struct Open {
    files: Vec<ChangedFile>,
    content: String,
    ignored: Vec<String>,
}

/// Refuses losses that nobody said yes to.
fn check(view: &Worktree, losses: Losses, confirm: Option<&str>) -> Result<(), WorktreeError> {
    if losses.uncommitted.is_empty() && losses.commits.is_empty() {
        return Ok(());
    }
    let files = losses
        .uncommitted
        .iter()
        .map(|file| format!("{:?} {}", file.change, file.path));
    let commits = losses.commits.iter().map(|commit| commit.id.clone());
    let whole: Vec<String> = files
        .chain(commits)
        .chain([view.id.clone(), losses.content])
        .collect();
    let word = seal("remove", &whole);
    if confirm == Some(word.as_str()) {
        return Ok(());
    }
    let (files, commits) = (losses.uncommitted.len(), losses.commits.len());
    let void = match confirm {
        Some(_) => "; what you confirmed is not what would be lost now",
        None => "",
    };
    let detail = format!(
        "{files} uncommitted files and {commits} commits that {} does not have would be lost{void}; commit and \
         merge them, keep the branch (keep_branch), or remove all the same with confirm",
        view.base
    );
    let refusal = WorktreeRefusal {
        confirm: Some(word),
        total: u32::try_from(files + commits).unwrap_or(u32::MAX),
        uncommitted: losses.uncommitted.into_iter().take(LISTED).collect(),
        commits: losses.commits.into_iter().take(LISTED).collect(),
        ignored: losses.ignored,
        ..WorktreeRefusal::default()
    };
    Err(WorktreeError::hindered(
        Hindrance::LosesWork,
        detail,
        refusal,
    ))
}
