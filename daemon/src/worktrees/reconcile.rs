//! At the daemon's start: what an earlier one left half done is finished or undone, and
//! where neither can be, the row says why.

use super::setup;
use super::{WorktreeError, Worktrees};
use crate::store::worktrees::{Intent, StoredWorktree};
use crate::store::{self, StoreError};
use orchestra_protocol::worktree::WorktreeState;
use orchestra_tmux::process::ProcessId;
use std::path::Path;

impl Worktrees {
    pub(in crate::worktrees) async fn reconcile(&self) -> Result<(), StoreError> {
        for row in store::worktrees::unfinished(&self.store).await? {
            let (id, name) = (row.view.id.clone(), row.view.name.clone());
            match self.settle(&row).await {
                Ok(what) => {
                    tracing::info!(
                        worktree.id = id,
                        "worktree {name} was left half done; {what}"
                    );
                }
                Err(error) => {
                    tracing::warn!(worktree.id = id, %error, "worktree {name} was left half done and stays so");
                    let state = row.view.state;
                    let why =
                        format!("an earlier daemon left it half done, and it stays so: {error}");
                    let intent = row.intent.as_ref();
                    store::worktrees::step(&self.store, &id, &[state], state, Some(&why), intent)
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// Finishes or undoes, and says which.
    async fn settle(&self, row: &StoredWorktree) -> Result<&'static str, WorktreeError> {
        let view = &row.view;
        match (view.state, &row.intent) {
            // Its agent's row would have made it ready: nobody has worked in it.
            (WorktreeState::Creating, intent) => {
                if let Some(Intent::Setup { pid, start }) = intent {
                    setup::end(ProcessId {
                        pid: *pid,
                        start: *start,
                    });
                }
                self.undo(view).await?;
                Ok("it was taken away")
            }
            (WorktreeState::Merging, Some(intent)) => {
                let repo = self.git.open(Path::new(&view.repo)).await?;
                let carried = self.carry_out(&repo, intent).await;
                let (what, reason) = match &carried {
                    Ok(()) => ("its merge was finished", None),
                    Err(error) => (
                        "its merge was not finished",
                        Some(format!(
                            "a merge was cut short and could not be finished: {error}"
                        )),
                    ),
                };
                let (from, to) = (WorktreeState::Merging, WorktreeState::Ready);
                self.step(&view.id, &[from], to, reason.as_deref(), None)
                    .await?;
                Ok(what)
            }
            (WorktreeState::Removing, Some(intent)) => {
                let repo = self.git.open(Path::new(&view.repo)).await?;
                self.clear(&repo, view, intent).await?;
                Ok("its removal was finished")
            }
            _ => {
                let to = WorktreeState::Ready;
                self.step(&view.id, &[view.state], to, None, None).await?;
                Ok("nothing was under way")
            }
        }
    }
}
