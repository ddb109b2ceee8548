//! Putting a worktree's work into its base branch: only when everything is committed, the
//! base's folder is clean and the two agree; never by force.
//!
//! The intent is stored, then the base's files move, then its branch: cut short anywhere,
//! the files show the work as staged, and the next daemon goes on or says what it found.

use super::commit::check_message;
use super::diff::executes;
use super::status::{Seen, uncommitted};
use super::{Hindrance, WorktreeError, Worktrees, seal, text};
use crate::git::diff::Entry;
use crate::git::locate::Checkout;
use crate::git::shadow::Repo;
use crate::store::worktrees::{Intent, StoredWorktree};
use orchestra_protocol::worktree::{
    MergeAnswer, MergeRequest, Worktree, WorktreeRefusal, WorktreeState,
};
use std::path::Path;

/// Entries of a list in a refusal.
pub(in crate::worktrees) const LISTED: usize = 500;

impl Worktrees {
    /// Merges into the base branch.
    ///
    /// # Errors
    /// `Hindered` with what stands in the way, `State`, or when git fails; nothing is
    /// changed then.
    pub async fn merge(
        &self,
        row: &StoredWorktree,
        request: &MergeRequest,
    ) -> Result<MergeAnswer, WorktreeError> {
        let view = &row.view;
        if let Some(message) = &request.message {
            check_message(message)?;
        }
        let _turn = self.turn(&view.id)?;
        // Two merges into one base would each find the other's files in the way.
        let _base = self.turn(&format!("{}\n{}", view.repo, view.base))?;
        let seen = self.look(view).await?;
        committed(view, &seen).await?;
        if seen.facts.ahead == 0 {
            return Ok(MergeAnswer {
                commit: seen.base.clone(),
                fast_forward: true,
                worktree: self.fresh(&view.id).await?,
            });
        }
        agreed(&seen, request.confirm.as_deref())?;
        let base = format!("refs/heads/{}", view.base);
        let checkout = base_checkout(&seen.repo, view, &base, &seen.base).await?;
        let message = request.message.clone();
        let message = message.unwrap_or_else(|| format!("Merge branch '{}'\n", view.branch));
        let merged = seen
            .repo
            .merge(&seen.base, &seen.snapshot.head, &message)
            .await?;
        let to = merged.map_err(|conflicts| {
            let total = u32::try_from(conflicts.len()).unwrap_or(u32::MAX);
            let detail = format!(
                "its work and {} do not agree in {total} files; merge {} into it in its terminal, settle \
                 them there, commit and try again",
                view.base, view.base
            );
            let refusal = WorktreeRefusal {
                conflicts,
                total,
                ..WorktreeRefusal::default()
            };
            WorktreeError::hindered(Hindrance::Conflicts, detail, refusal)
        })?;
        let intent = Intent::Merge {
            base,
            from: seen.base.clone(),
            to: to.clone(),
            checkout: checkout.map(|checkout| checkout.path.display().to_string()),
        };
        let why = Some("it is being merged");
        let (ready, merging) = (WorktreeState::Ready, WorktreeState::Merging);
        self.step(&view.id, &[ready], merging, why, Some(&intent))
            .await?;
        let done = self.carry_out(&seen.repo, &intent).await;
        self.step(&view.id, &[merging], ready, None, None).await?;
        done?;
        Ok(MergeAnswer {
            fast_forward: to == seen.snapshot.head,
            commit: to,
            worktree: self.fresh(&view.id).await?,
        })
    }

    /// Moves the base's files and then its branch; done twice it changes nothing more.
    pub(in crate::worktrees) async fn carry_out(
        &self,
        repo: &Repo,
        intent: &Intent,
    ) -> Result<(), WorktreeError> {
        let Intent::Merge {
            base,
            from,
            to,
            checkout,
        } = intent
        else {
            return Ok(());
        };
        if repo.commit_of(base).await?.as_ref() == Some(to) {
            return Ok(());
        }
        let checkout = match checkout {
            Some(path) => Some(self.checkout(repo, Path::new(path))?),
            None => None,
        };
        if let Some(checkout) = &checkout {
            repo.move_files(checkout, from, to).await.map_err(|error| {
                let detail = format!(
                    "the files of {} stand in the way: {error}; nothing was changed",
                    checkout.path.display()
                );
                WorktreeError::hindered(Hindrance::BaseNotClean, detail, WorktreeRefusal::default())
            })?;
        }
        let moved = repo
            .move_ref(base, to, Some(from), "merge by orchestra")
            .await;
        let Err(error) = moved else {
            return Ok(());
        };
        if let Some(checkout) = &checkout
            && let Err(again) = repo.move_files(checkout, to, from).await
        {
            tracing::warn!(%again, "the files of a base branch stay as they would be after the merge");
        }
        Err(WorktreeError::Busy(format!(
            "the base branch moved meanwhile ({error}); look again and try again"
        )))
    }

    fn checkout(&self, repo: &Repo, path: &Path) -> Result<Checkout, WorktreeError> {
        if path == repo.main {
            return Ok(Checkout::main(path));
        }
        let found = repo.checkout_at(path);
        found.ok_or_else(|| {
            WorktreeError::State(format!("git does not know {} any more", path.display()))
        })
    }
}

/// Refuses work that is not committed.
async fn committed(view: &Worktree, seen: &Seen) -> Result<(), WorktreeError> {
    if let Some(what) = seen.checkout.under_way() {
        return Err(WorktreeError::State(format!(
            "it is in the middle of {what}; finish that in its terminal first"
        )));
    }
    let open = uncommitted(seen);
    if open.is_empty() {
        return Ok(());
    }
    let total = u32::try_from(open.len()).unwrap_or(u32::MAX);
    let (files, are) = if total == 1 {
        ("file", "is")
    } else {
        ("files", "are")
    };
    let changed = &seen.snapshot.changed;
    let filtered = seen.repo.filtered(&seen.checkout, changed).await?;
    let how = if filtered.len() < changed.len() {
        "commit first"
    } else {
        "a commit from here leaves that out, so commit it in the worktree's terminal"
    };
    let detail = format!(
        "{total} {files} in {} {are} not committed; {how}",
        view.name
    );
    let refusal = WorktreeRefusal {
        uncommitted: open.into_iter().take(LISTED).collect(),
        total,
        ..WorktreeRefusal::default()
    };
    Err(WorktreeError::hindered(
        Hindrance::NotCommitted,
        detail,
        refusal,
    ))
}

/// Refuses files that tools run by themselves, until a person has seen the list.
fn agreed(seen: &Seen, confirm: Option<&str>) -> Result<(), WorktreeError> {
    let runs = seen
        .facts
        .entries
        .iter()
        .filter(|entry| executes(&entry.name()));
    let runs: Vec<&Entry> = runs.collect();
    if runs.is_empty() {
        return Ok(());
    }
    let content = |entry: &&Entry| format!("{} {}", entry.new_id, entry.name());
    let word = seal("merge", &runs.iter().map(content).collect::<Vec<_>>());
    if confirm == Some(word.as_str()) {
        return Ok(());
    }
    let detail = "the merge brings files that tools run or take orders from by themselves; look at them, then \
                  merge with confirm";
    let refusal = WorktreeRefusal {
        confirm: Some(word),
        total: u32::try_from(runs.len()).unwrap_or(u32::MAX),
        executes: runs.iter().take(LISTED).map(|entry| entry.name()).collect(),
        ..WorktreeRefusal::default()
    };
    Err(WorktreeError::hindered(
        Hindrance::Executes,
        detail,
        refusal,
    ))
}

/// The folder in which the base branch is checked out, if there is one and it is clean.
async fn base_checkout(
    repo: &Repo,
    view: &Worktree,
    base: &str,
    commit: &str,
) -> Result<Option<Checkout>, WorktreeError> {
    let Some(checkout) = repo.standing_on(base) else {
        return Ok(None);
    };
    let shown = checkout.path.display().to_string();
    let no = |detail: String, conflicts: Vec<String>| {
        let total = u32::try_from(conflicts.len()).unwrap_or(u32::MAX);
        let refusal = WorktreeRefusal {
            conflicts: conflicts.into_iter().take(LISTED).collect(),
            total,
            ..WorktreeRefusal::default()
        };
        Err(WorktreeError::hindered(
            Hindrance::BaseNotClean,
            detail,
            refusal,
        ))
    };
    if let Some(what) = checkout.under_way() {
        return no(
            format!(
                "{shown}, where {} is checked out, is in the middle of {what}",
                view.base
            ),
            vec![],
        );
    }
    if repo.is_sparse() && checkout.path == repo.main {
        return no(
            format!(
                "{shown} shows only a part of the files (sparse checkout); merge there by hand"
            ),
            vec![],
        );
    }
    let changed = repo.tracked_changes(&checkout, commit).await?;
    if changed.is_empty() {
        return Ok(Some(checkout));
    }
    let names = changed.iter().map(|path| text(path)).collect();
    no(
        format!(
            "{shown}, where {} is checked out, has changes that are not committed",
            view.base
        ),
        names,
    )
}
