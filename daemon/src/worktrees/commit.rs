//! Committing what is in a worktree's folder. Hooks and filters are not run: what a filter
//! would change is left to a commit in the terminal.

use super::{WorktreeError, Worktrees, head_of, short, text};
use crate::model::limits::Invalid;
use crate::store::worktrees::StoredWorktree;
use orchestra_protocol::worktree::{CommitAnswer, LeftOut};

/// Longest message of a commit, in bytes.
const MOST_MESSAGE: usize = 64 << 10;

impl Worktrees {
    /// Commits everything that is not ignored, on the branch that is checked out.
    ///
    /// # Errors
    /// When the message is none, no branch is checked out, the checkout is in the middle of
    /// something, or git fails; nothing is changed then.
    pub async fn commit(
        &self,
        row: &StoredWorktree,
        message: &str,
    ) -> Result<CommitAnswer, WorktreeError> {
        check_message(message)?;
        let _turn = self.turn(&row.view.id)?;
        let mut seen = self.look(&row.view).await?;
        let Some(branch) = seen.branch.clone() else {
            return Err(WorktreeError::State(
                "no branch is checked out in it; check one out in its terminal first".into(),
            ));
        };
        if let Some(what) = seen.checkout.under_way() {
            return Err(WorktreeError::State(format!(
                "it is in the middle of {what}; finish that in its terminal first"
            )));
        }
        let mut left_out: Vec<LeftOut> = Vec::new();
        let note = |path: &[u8], reason: &str| LeftOut {
            path: text(path),
            reason: reason.to_owned(),
        };
        left_out.extend(
            seen.snapshot
                .left_out
                .iter()
                .map(|(path, why)| note(path, why.reason())),
        );
        let filtered = seen
            .repo
            .filtered(&seen.checkout, &seen.snapshot.changed)
            .await?;
        let why = "a filter of the repository changes it on the way into git, and filters are not run here; \
                   commit it in the terminal";
        left_out.extend(filtered.iter().map(|path| note(path, why)));
        seen.snapshot
            .changed
            .retain(|path| !filtered.contains(path));
        if seen.snapshot.changed.is_empty() {
            return Ok(CommitAnswer {
                commit: None,
                files: 0,
                left_out,
                worktree: self.fresh(&row.view.id).await?,
            });
        }
        let snapshot = &seen.snapshot;
        let commit = seen
            .repo
            .write_commit(&seen.checkout, snapshot, message)
            .await?;
        let files = seen
            .repo
            .differences(&snapshot.head, &commit, false)
            .await?
            .len();
        // The index first: should this end here, the work shows as staged, and nothing is lost.
        seen.repo.set_index(&seen.checkout, &commit).await?;
        let first = message.lines().next().unwrap_or_default();
        let why = format!("commit: {first}");
        let moved = seen
            .repo
            .move_ref(&branch, &commit, Some(&snapshot.head), &why)
            .await;
        if let Err(error) = moved {
            // The agent committed in the same moment: its index has to fit its own commit.
            let (head, _) = head_of(&seen.repo, &seen.checkout).await?;
            seen.repo.set_index(&seen.checkout, &head).await?;
            return Err(WorktreeError::Busy(format!(
                "somebody committed in it at the same time ({error}); look again and try again"
            )));
        }
        tracing::info!(worktree.id = row.view.id, "committed on {}", short(&branch));
        Ok(CommitAnswer {
            commit: Some(commit),
            files: u32::try_from(files).unwrap_or(u32::MAX),
            left_out,
            worktree: self.fresh(&row.view.id).await?,
        })
    }

    /// A worktree as it is now, with what git says of it.
    pub(in crate::worktrees) async fn fresh(
        &self,
        id: &str,
    ) -> Result<orchestra_protocol::worktree::Worktree, WorktreeError> {
        Ok(self.one_with_status(self.get(id).await?).await)
    }
}

/// Refuses what cannot be the message of a commit.
pub(in crate::worktrees) fn check_message(message: &str) -> Result<(), Invalid> {
    if message.trim().is_empty() {
        return Err(Invalid("message must not be empty".into()));
    }
    if message.len() > MOST_MESSAGE {
        return Err(Invalid(format!(
            "message has more than {MOST_MESSAGE} bytes"
        )));
    }
    if message.contains('\0') {
        return Err(Invalid("message must not contain NUL".into()));
    }
    Ok(())
}
