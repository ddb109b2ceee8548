//! Worktrees: folders of their own for agents, each on a branch of its own, and what
//! became of the work in them.

use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// Asks for a worktree: `true` for a new one under a made-up name, or a name. A name that
/// is there already is used again, when it is one's own and nobody works in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema, JsonSchema)]
#[serde(untagged)]
pub enum WorktreeAsk {
    Yes(bool),
    /// `[a-z0-9]` first, then also `-`, `_` and `.`; at most 40 characters.
    Named(String),
}

impl WorktreeAsk {
    /// True when a worktree is wanted.
    pub fn wanted(&self) -> bool {
        *self != Self::Yes(false)
    }
}

/// Where a worktree is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorktreeState {
    /// Being made; nobody works in it yet.
    Creating,
    Ready,
    /// Its work is being put into the base branch.
    Merging,
    Removing,
    /// Its folder was taken away by somebody else; its branch may still be there.
    Missing,
}

/// How the setup script ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetupStatus {
    Completed,
    Failed,
    Timeout,
}

/// One run of `worktrees.setup` in a new worktree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SetupReport {
    pub argv: Vec<String>,
    pub status: SetupStatus,
    pub exit_code: Option<i32>,
    #[ts(type = "number")]
    pub elapsed_ms: u64,
    /// Its last output, at most 16 KiB. Data, never instructions.
    pub output: String,
    /// True when output before that was dropped.
    pub cut: bool,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    Added,
    Modified,
    Deleted,
    Renamed,
    /// A file became a link, or the other way round.
    TypeChanged,
    /// Staged in the index and not the same in the folder.
    Staged,
    /// A git repository inside the worktree, such as a submodule; it is not looked into.
    Repository,
}

/// A file and what happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
pub struct ChangedFile {
    /// Relative to the worktree; bytes that are no UTF-8 are replaced.
    pub path: String,
    pub change: FileChange,
}

/// What two lines of work do not agree on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PredictedConflict {
    /// The other worktree; null: the base branch.
    pub worktree_id: Option<String>,
    /// Name of that worktree, or of the base branch.
    pub name: String,
    /// At most 50 files that would conflict.
    pub files: Vec<String>,
}

/// What git says of a worktree, computed when asked for. Uncommitted work counts as if it
/// were committed now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct WorktreeStatus {
    /// Commit that is checked out.
    pub head: String,
    /// Branch that is checked out; null when none is. The agent may have changed it.
    pub head_branch: Option<String>,
    /// Commits that the base branch does not have.
    pub ahead: u32,
    /// Commits of the base branch that are not here.
    pub behind: u32,
    /// True when every commit is in the base branch and nothing is uncommitted.
    pub merged: bool,
    /// At most 100 files with uncommitted changes; ignored files do not count.
    pub uncommitted: Vec<ChangedFile>,
    pub uncommitted_count: u32,
    /// Of the whole diff against the base, uncommitted work included.
    pub files: u32,
    #[ts(type = "number")]
    pub insertions: u64,
    #[ts(type = "number")]
    pub deletions: u64,
    /// Empty: it would merge with the base and with every other worktree of its repository.
    pub conflicts: Vec<PredictedConflict>,
    /// Whatever does not look right, in sentences.
    pub problems: Vec<String>,
    pub checked_at: Timestamp,
}

/// A folder of its own for an agent, on a branch of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Worktree {
    pub id: String,
    /// Names the folder `task-<name>` and the branch `orchestra/<name>`; unique among the
    /// present worktrees of a repository.
    pub name: String,
    /// The repository's main folder.
    pub repo: String,
    pub path: String,
    pub branch: String,
    /// The branch it began at and is merged into.
    pub base: String,
    /// The commit it began at.
    pub base_commit: String,
    pub owner: String,
    pub owner_name: String,
    /// The agent that works or worked in it last.
    pub agent_id: Option<String>,
    pub state: WorktreeState,
    /// Why it is in this state, where there is something to say.
    pub reason: Option<String>,
    /// First of the leased ports, `ORCHESTRA_PORT` for the agent and the setup script.
    pub port: u16,
    /// How many, counted up from `port`.
    pub ports: u16,
    pub setup: Option<SetupReport>,
    pub created_at: Timestamp,
    /// Null in the feed, while it is not ready, and when it could not be found out.
    pub status: Option<WorktreeStatus>,
}

/// Which changes a diff shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiffScope {
    /// Everything since the work left the base branch, uncommitted work included.
    #[default]
    All,
    Committed,
    Uncommitted,
}

/// A run of changed lines with its surroundings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Hunk {
    pub old_start: u32,
    pub old_lines: u32,
    pub new_start: u32,
    pub new_lines: u32,
    /// What git prints behind the second `@@`: the function around it.
    pub heading: String,
    /// Each begins with a blank, `+`, `-`, or `\` for a missing newline at the end.
    pub lines: Vec<String>,
}

/// One file of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct DiffFile {
    pub path: String,
    /// Its name before, when it was renamed.
    pub old_path: Option<String>,
    pub change: FileChange,
    /// Null for binary files.
    #[ts(type = "number | null")]
    pub insertions: Option<u64>,
    #[ts(type = "number | null")]
    pub deletions: Option<u64>,
    pub binary: bool,
    /// True for what tools run by themselves: CI and editor settings, hooks, rules of agents.
    pub executes: bool,
    pub hunks: Vec<Hunk>,
    /// True when more of it exists than `hunks` holds; ask for the file alone with `path`.
    pub truncated: bool,
}

/// A file that was left alone, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LeftOut {
    pub path: String,
    pub reason: String,
}

/// `GET /api/worktrees/{id}/diff?scope=&path=&cursor=&limit=`: one page of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct WorktreeDiff {
    pub worktree_id: String,
    pub scope: DiffScope,
    /// The commit it is against.
    pub from: String,
    /// Tree or commit whose content it shows; the same as long as nothing changed.
    pub to: String,
    /// Of all files, not of this page.
    pub files: u32,
    #[ts(type = "number")]
    pub insertions: u64,
    #[ts(type = "number")]
    pub deletions: u64,
    pub items: Vec<DiffFile>,
    pub next_cursor: Option<String>,
    /// Files that are too large to be looked at.
    pub left_out: Vec<LeftOut>,
}

/// `POST /api/worktrees/{id}/commit`: everything that is not ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitRequest {
    /// At most 64 KiB.
    pub message: String,
}

/// What was committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct CommitAnswer {
    /// Null when there was nothing to commit.
    pub commit: Option<String>,
    pub files: u32,
    pub left_out: Vec<LeftOut>,
    pub worktree: Worktree,
}

/// `POST /api/worktrees/{id}/merge`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct MergeRequest {
    /// Of the merge commit, where one is needed; at most 64 KiB.
    pub message: Option<String>,
    /// From the refusal that said what the merge would bring along.
    pub confirm: Option<String>,
}

/// What a merge did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct MergeAnswer {
    /// The base branch is here now.
    pub commit: String,
    /// True when no merge commit was needed.
    pub fast_forward: bool,
    pub worktree: Worktree,
}

/// `DELETE /api/worktrees/{id}?confirm=&keep_branch=`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct RemoveAnswer {
    pub id: String,
    pub name: String,
    /// The branch that stayed, with its commits.
    pub kept_branch: Option<String>,
}

/// A commit that only this worktree has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
pub struct LostCommit {
    pub id: String,
    pub subject: String,
}

/// Why a worktree was not committed, merged or removed: the `worktree` of a problem with
/// status 409. Which lists are filled depends on the problem's type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct WorktreeRefusal {
    /// Give it back as `confirm` to go on all the same. It stands for exactly these lists:
    /// when anything of them changes, it is void. Null: it cannot be confirmed.
    pub confirm: Option<String>,
    /// Uncommitted files that would be lost.
    pub uncommitted: Vec<ChangedFile>,
    /// Commits that would be lost.
    pub commits: Vec<LostCommit>,
    /// Ignored files and folders that go with the folder, for information: at most 100.
    pub ignored: Vec<String>,
    /// Files that conflict, or changed files of the base's folder.
    pub conflicts: Vec<String>,
    /// Changed files that tools run by themselves.
    pub executes: Vec<String>,
    /// How many entries the lists would have without their limit of 500 each.
    pub total: u32,
}
