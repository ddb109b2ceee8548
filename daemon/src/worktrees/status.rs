//! What git says of worktrees: how far they are, what is not committed, what would collide.

use super::{WorktreeError, Worktrees, short, text};
use crate::git::GitError;
use crate::git::diff::{self, Entry};
use crate::git::locate::{Checkout, Head};
use crate::git::merge::Merged;
use crate::git::shadow::Repo;
use crate::git::snapshot::{Left, Snapshot};
use crate::store::worktrees::{Filter, StoredWorktree};
use futures_util::future::join_all;
use orchestra_protocol::time::Timestamp;
use orchestra_protocol::worktree::{
    ChangedFile, FileChange, PredictedConflict, Worktree, WorktreeState, WorktreeStatus,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Uncommitted files that a status lists.
const LISTED: usize = 100;
/// Worktrees of one repository that are compared with each other.
const COMPARED: i64 = 64;
/// Answers about commits that are remembered; they are small, and right for ever.
const REMEMBERED: usize = 4096;

/// What was worked out of commits, which never change.
#[derive(Debug, Default)]
pub struct Known {
    facts: HashMap<(String, String, String), Arc<Facts>>,
    merges: HashMap<(String, String), Arc<Vec<String>>>,
}

/// What follows from a base, a head and a content.
#[derive(Debug, Default)]
pub(in crate::worktrees) struct Facts {
    pub(in crate::worktrees) ahead: u32,
    pub(in crate::worktrees) behind: u32,
    /// Where the work left the base.
    pub(in crate::worktrees) fork: String,
    /// A commit of what is in the folder.
    pub(in crate::worktrees) work: String,
    /// What differs between `fork` and `work`, renames as two files.
    pub(in crate::worktrees) entries: Vec<Entry>,
    /// What differs between the head and the folder.
    pub(in crate::worktrees) uncommitted: Vec<Entry>,
}

/// A worktree that was looked at.
pub(in crate::worktrees) struct Seen {
    pub(in crate::worktrees) repo: Repo,
    pub(in crate::worktrees) checkout: Checkout,
    pub(in crate::worktrees) branch: Option<String>,
    /// The commit of the base branch.
    pub(in crate::worktrees) base: String,
    pub(in crate::worktrees) snapshot: Snapshot,
    pub(in crate::worktrees) facts: Arc<Facts>,
}

impl Worktrees {
    /// The same worktrees with what git says of each; what cannot be found out is left out
    /// and said.
    pub async fn with_status(&self, rows: Vec<StoredWorktree>) -> Vec<Worktree> {
        let mut peers: HashMap<(String, String), Vec<StoredWorktree>> = HashMap::new();
        for row in &rows {
            let key = (row.view.repo.clone(), row.view.owner.clone());
            if peers.contains_key(&key) {
                continue;
            }
            // Those that others own are nobody's business here.
            let filter = Filter {
                user: Some(&key.1),
                repo: Some(&key.0),
                ..Filter::default()
            };
            let list = self.list(filter, COMPARED).await.unwrap_or_default();
            let own = |one: &StoredWorktree| one.view.owner == key.1;
            let list = list.into_iter().filter(own).collect();
            peers.insert(key, list);
        }
        let all = rows.iter().chain(peers.values().flatten());
        let all: HashMap<&str, &Worktree> =
            all.map(|row| (row.view.id.as_str(), &row.view)).collect();
        let looks = all.values().map(|view| async {
            let seen = match view.state {
                WorktreeState::Ready => Some(self.look(view).await),
                _ => None,
            };
            (view.id.clone(), seen)
        });
        let seen: HashMap<String, _> = join_all(looks).await.into_iter().collect();
        let statuses = rows.iter().map(|row| async {
            let peers = peers.get(&(row.view.repo.clone(), row.view.owner.clone()));
            match seen.get(&row.view.id) {
                Some(Some(Ok(own))) => Ok(Some(self.status(&row.view, own, peers, &seen).await)),
                Some(Some(Err(error))) => Err(error.to_string()),
                _ => Ok(None),
            }
        });
        let statuses = join_all(statuses).await;
        let mut views = Vec::with_capacity(rows.len());
        for (row, status) in rows.into_iter().zip(statuses) {
            let mut view = row.view;
            match status {
                Ok(status) => view.status = status,
                Err(why) => view.reason = Some(why),
            }
            views.push(view);
        }
        views
    }

    /// One with what git says of it.
    pub async fn one_with_status(&self, row: StoredWorktree) -> Worktree {
        let before = row.view.clone();
        self.with_status(vec![row]).await.pop().unwrap_or(before)
    }

    /// Looks at the folder and the commits of a worktree that is ready.
    pub(in crate::worktrees) async fn look(&self, view: &Worktree) -> Result<Seen, WorktreeError> {
        let (repo, checkout) = self.ready(view).await?;
        let (name, branch) = match checkout.head()? {
            Head::Detached(commit) => (commit, None),
            Head::Branch(name) => (name.clone(), Some(name)),
        };
        let base = format!("refs/heads/{}", view.base);
        let mut commits = repo.commits_of(&[&name, &base]).await?.into_iter();
        let (head, base) = (commits.next().flatten(), commits.next().flatten());
        let head =
            head.ok_or_else(|| WorktreeError::State(format!("{} has no commit", short(&name))))?;
        let base = base.ok_or_else(|| {
            WorktreeError::State(format!(
                "its base branch {} is not there any more",
                view.base
            ))
        })?;
        let snapshot = repo.snapshot(&checkout, &head).await?;
        let key = (base.clone(), head, snapshot.tree.clone());
        let known = self.known.lock().facts.get(&key).cloned();
        let facts = match known {
            Some(facts) => facts,
            None => {
                let facts = Arc::new(facts(&repo, &base, &snapshot).await?);
                let mut known = self.known.lock();
                if known.facts.len() >= REMEMBERED {
                    known.facts.clear();
                }
                known.facts.insert(key, facts.clone());
                facts
            }
        };
        Ok(Seen {
            repo,
            checkout,
            branch,
            base,
            snapshot,
            facts,
        })
    }

    async fn status(
        &self,
        view: &Worktree,
        own: &Seen,
        peers: Option<&Vec<StoredWorktree>>,
        seen: &HashMap<String, Option<Result<Seen, WorktreeError>>>,
    ) -> WorktreeStatus {
        let facts = &own.facts;
        let mut problems = odd(view, own);
        let mut conflicts = Vec::new();
        let mut note =
            |id: Option<&str>, name: &str, found: Result<Arc<Vec<String>>, GitError>| match found {
                Ok(files) if files.is_empty() => {}
                Ok(files) => conflicts.push(PredictedConflict {
                    worktree_id: id.map(str::to_owned),
                    name: name.to_owned(),
                    files: files.to_vec(),
                }),
                Err(error) => problems.push(format!("it cannot be compared with {name}: {error}")),
            };
        let found = self.collide(&own.repo, &own.base, &facts.work).await;
        note(None, &view.base, found);
        let paths: BTreeSet<&[u8]> = facts.entries.iter().map(|entry| &*entry.path).collect();
        for peer in peers.into_iter().flatten() {
            let Some(Some(Ok(other))) = seen.get(&peer.view.id) else {
                continue;
            };
            if peer.view.id == view.id || !meet(&paths, &other.facts.entries) {
                continue;
            }
            let (one, two) = (&facts.work, &other.facts.work);
            let pair = if one < two { (one, two) } else { (two, one) };
            let found = self.collide(&own.repo, pair.0, pair.1).await;
            note(Some(&peer.view.id), &peer.view.name, found);
        }
        let (files, insertions, deletions) = diff::sums(&facts.entries);
        let uncommitted = uncommitted(own);
        WorktreeStatus {
            head: own.snapshot.head.clone(),
            head_branch: own.branch.as_deref().map(|name| short(name).to_owned()),
            ahead: facts.ahead,
            behind: facts.behind,
            merged: facts.ahead == 0 && uncommitted.is_empty(),
            uncommitted_count: u32::try_from(uncommitted.len()).unwrap_or(u32::MAX),
            uncommitted: uncommitted.into_iter().take(LISTED).collect(),
            files,
            insertions,
            deletions,
            conflicts,
            problems,
            checked_at: Timestamp::now(),
        }
    }

    /// Files on which two commits do not agree.
    async fn collide(
        &self,
        repo: &Repo,
        one: &str,
        two: &str,
    ) -> Result<Arc<Vec<String>>, GitError> {
        let key = (one.to_owned(), two.to_owned());
        if let Some(known) = self.known.lock().merges.get(&key).cloned() {
            return Ok(known);
        }
        let files = match repo.predict(one, two).await? {
            Merged::Tree(_) => Vec::new(),
            Merged::Conflicts(files) => files,
        };
        let files = Arc::new(files);
        let mut known = self.known.lock();
        if known.merges.len() >= REMEMBERED {
            known.merges.clear();
        }
        known.merges.insert(key, files.clone());
        Ok(files)
    }

    /// Changed files and one line of their diff, for the result of a task.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub async fn changes(&self, id: &str) -> Result<(Vec<String>, String), WorktreeError> {
        let row = self.get(id).await?;
        let seen = self.look(&row.view).await?;
        let entries = &seen.facts.entries;
        let names = entries.iter().take(1000).map(Entry::name).collect();
        Ok((names, diff::stat(entries)))
    }
}

/// What does not look right, in sentences.
fn odd(view: &Worktree, own: &Seen) -> Vec<String> {
    let mut problems = Vec::new();
    problems.extend(own.repo.complaint(&own.checkout));
    let under_way = own.checkout.under_way();
    problems.extend(under_way.map(|what| format!("it is in the middle of {what}")));
    let wanted = format!("refs/heads/{}", view.branch);
    match &own.branch {
        None => problems.push("no branch is checked out in it".into()),
        Some(branch) if *branch != wanted => {
            let branch = short(branch);
            problems.push(format!("{branch} is checked out in it, not its own branch"));
        }
        Some(_) => {}
    }
    let left_out = own.snapshot.left_out.iter().take(5);
    let line = |(path, why): &(Vec<u8>, Left)| {
        format!("{} is not looked at: {}", text(path), why.reason())
    };
    problems.extend(left_out.map(line));
    problems
}

/// What is in the folder and not in a commit.
pub(in crate::worktrees) fn uncommitted(seen: &Seen) -> Vec<ChangedFile> {
    let changed = seen.facts.uncommitted.iter().map(|entry| ChangedFile {
        path: entry.name(),
        change: entry.change,
    });
    let left_out = seen
        .snapshot
        .left_out
        .iter()
        .map(|(path, why)| ChangedFile {
            path: text(path),
            change: match why {
                Left::Repository => FileChange::Repository,
                _ => FileChange::Modified,
            },
        });
    changed.chain(left_out).collect()
}

async fn facts(repo: &Repo, base: &str, snapshot: &Snapshot) -> Result<Facts, GitError> {
    let (behind, ahead) = repo.apart(base, &snapshot.head).await?;
    let fork = repo.merge_base(base, &snapshot.head).await?;
    let fork = fork.ok_or_else(|| GitError::Refused {
        what: "merge-base".into(),
        why: "it has nothing in common with its base branch any more".into(),
    })?;
    let work = repo.commit_snapshot(snapshot).await?;
    let uncommitted = match snapshot.changed.is_empty() {
        true => Vec::new(),
        false => repo.differences(&snapshot.head, &work, false).await?,
    };
    Ok(Facts {
        ahead,
        behind,
        entries: repo.differences(&fork, &work, false).await?,
        fork,
        work,
        uncommitted,
    })
}

/// True when two sets of changes touch the same path, or one a folder that is the other's
/// file: without that they cannot collide, because renamed folders are not guessed at.
fn meet(paths: &BTreeSet<&[u8]>, entries: &[Entry]) -> bool {
    let above = |path: &[u8]| -> bool {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        ends.into_iter()
            .any(|(end, _)| paths.contains(&path[..end]))
    };
    let beneath = |path: &[u8]| -> bool {
        let folder = [path, b"/"].concat();
        let mut next = paths.range(&*folder..);
        next.next().is_some_and(|other| other.starts_with(&folder))
    };
    let meets =
        |entry: &Entry| paths.contains(&*entry.path) || above(&entry.path) || beneath(&entry.path);
    entries.iter().any(meets)
}
