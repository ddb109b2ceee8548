//! The diff of a worktree, in pages of files.

use super::status::Seen;
use super::{WorktreeError, Worktrees, text};
use crate::git::diff::{self, Entry};
use crate::git::hunks::Lines;
use crate::model::limits::Invalid;
use orchestra_protocol::worktree::{
    DiffFile, DiffScope, FileChange, LeftOut, Worktree, WorktreeDiff,
};
use std::collections::HashMap;

/// Lines of one file in a page, and of a file that was asked for alone.
const LINES: usize = 1000;
const LINES_ALONE: usize = 20_000;
/// Most files of a page.
const MOST: usize = 100;
const USUAL: usize = 20;

/// Which part of a diff.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub scope: DiffScope,
    /// This file alone.
    pub path: Option<String>,
    /// The path after which the page begins.
    pub cursor: Option<String>,
    pub limit: Option<usize>,
}

impl Worktrees {
    /// One page of a worktree's diff.
    ///
    /// # Errors
    /// When the request is not valid, or git fails.
    pub async fn diff(
        &self,
        view: &Worktree,
        asked: &Asked,
    ) -> Result<WorktreeDiff, WorktreeError> {
        let limit = asked.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            let text = format!("limit is {limit}; it must lie between 1 and {MOST}");
            return Err(Invalid(text).into());
        }
        let seen = self.look(view).await?;
        let (from, to) = ends(&seen, asked.scope);
        let all = seen.repo.differences(&from, &to, true).await?;
        let (files, insertions, deletions) = diff::sums(&all);
        let behind = |entry: &&Entry| match &asked.cursor {
            Some(cursor) => entry.name() > *cursor,
            None => true,
        };
        let mut sorted: Vec<&Entry> = all.iter().collect();
        sorted.sort_by_key(|entry| entry.name());
        let chosen: Vec<Entry> = match &asked.path {
            Some(path) => {
                let named = sorted.iter().find(|entry| entry.name() == *path);
                let none = || Invalid(format!("{path:?} is not in this diff"));
                vec![(*named.ok_or_else(none)?).clone()]
            }
            None => sorted
                .into_iter()
                .filter(behind)
                .take(limit + 1)
                .cloned()
                .collect(),
        };
        let more = chosen.len() > limit;
        let page = &chosen[..chosen.len().min(limit)];
        let most = if asked.path.is_some() {
            LINES_ALONE
        } else {
            LINES
        };
        let lines = seen.repo.hunks(&from, &to, page, most).await?;
        let items: Vec<DiffFile> = page.iter().map(|entry| file(entry, &lines)).collect();
        let left_out = seen.snapshot.left_out.iter().map(|(path, why)| LeftOut {
            path: text(path),
            reason: why.reason().to_owned(),
        });
        Ok(WorktreeDiff {
            worktree_id: view.id.clone(),
            scope: asked.scope,
            next_cursor: more
                .then(|| items.last().map(|file| file.path.clone()))
                .flatten(),
            from,
            to,
            files,
            insertions,
            deletions,
            items,
            left_out: match asked.scope {
                DiffScope::Committed => Vec::new(),
                _ => left_out.collect(),
            },
        })
    }
}

/// What is compared with what.
fn ends(seen: &Seen, scope: DiffScope) -> (String, String) {
    let (head, work) = (seen.snapshot.head.clone(), seen.facts.work.clone());
    match scope {
        DiffScope::All => (seen.facts.fork.clone(), work),
        DiffScope::Committed => (seen.facts.fork.clone(), head),
        DiffScope::Uncommitted => (head, work),
    }
}

fn file(entry: &Entry, lines: &HashMap<(String, String), Lines>) -> DiffFile {
    let ids = |old: &str, new: &str| lines.get(&(old.to_owned(), new.to_owned())).cloned();
    let none = "0".repeat(entry.new_id.len());
    let found = match entry.change {
        // A link and a file have nothing in common: one goes, the other comes.
        FileChange::TypeChanged => {
            let mut both = ids(&entry.old_id, &none).unwrap_or_default();
            let new = ids(&none, &entry.new_id).unwrap_or_default();
            both.hunks.extend(new.hunks);
            both.truncated |= new.truncated;
            both
        }
        _ => ids(&entry.old_id, &entry.new_id).unwrap_or_default(),
    };
    DiffFile {
        path: entry.name(),
        old_path: entry.old_path.as_deref().map(text),
        change: entry.change,
        insertions: entry.lines.map(|lines| lines.0),
        deletions: entry.lines.map(|lines| lines.1),
        binary: entry.lines.is_none(),
        executes: executes(&entry.name()),
        hunks: found.hunks,
        truncated: found.truncated,
    }
}

/// True for files that tools run, or take orders from, by themselves.
pub(in crate::worktrees) fn executes(path: &str) -> bool {
    const FOLDERS: &[&str] = &[
        ".claude",
        ".codex",
        ".cursor",
        ".gemini",
        ".github",
        ".gitlab",
        ".circleci",
        ".husky",
        ".githooks",
        ".vscode",
        ".idea",
        ".devcontainer",
        ".buildkite",
        ".ci",
    ];
    const FILES: &[&str] = &[
        ".mcp.json",
        ".gitattributes",
        ".gitmodules",
        ".gitlab-ci.yml",
        ".pre-commit-config.yaml",
        ".envrc",
        ".travis.yml",
        "azure-pipelines.yml",
        "Jenkinsfile",
        "lefthook.yml",
        "CLAUDE.md",
        "AGENTS.md",
        "GEMINI.md",
    ];
    let mut parts = path.split('/').rev();
    let name = parts.next().unwrap_or_default();
    FILES.contains(&name) || parts.any(|folder| FOLDERS.contains(&folder))
}

#[cfg(test)]
mod tests {
    use super::executes;

    #[test]
    fn what_tools_run_by_themselves_is_known() {
        for path in [
            ".github/workflows/ci.yml",
            "a/.claude/settings.json",
            "b/.mcp.json",
            ".gitattributes",
        ] {
            assert!(executes(path), "{path}");
        }
        for path in ["src/main.rs", "github/x", "a.mcp.json", "docs/claude.md"] {
            assert!(!executes(path), "{path}");
        }
    }
}
