//! What a checkout holds right now, as a tree: without touching the checkout, its index
//! or the repository.
//!
//! An index of ours is used, because flags in the checkout's own (`assume-unchanged`,
//! `skip-worktree`) can hide changes.

use super::GitError;
use super::locate::Checkout;
use super::run::Call;
use super::shadow::{Held, Repo};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A larger file is left out.
const MOST_FILE: u64 = 16 << 20;
/// What all new and changed files may have together.
const MOST_ALL: u64 = 512 << 20;
/// Dates of commits that are only looked at: the same content gives the same id.
const NEVER: &str = "@0 +0000";

/// What a checkout holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit it stands on.
    pub head: String,
    /// Its content.
    pub tree: String,
    /// True when nothing differs from `head`.
    pub clean: bool,
    /// Changed paths that are in `tree`.
    pub changed: Vec<Vec<u8>>,
    pub left_out: Vec<(Vec<u8>, Left)>,
}

/// Why something is not in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// A repository inside the checkout.
    Repository,
    TooLarge,
    /// No file, folder or link.
    Special,
}

impl Left {
    /// In words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Repository => "it is a git repository of its own",
            Self::TooLarge => "it is larger than 16 MiB, or all changes together than 512 MiB",
            Self::Special => "it is neither a file nor a link",
        }
    }
}

/// What `ls-files` found.
#[derive(Debug, Default)]
struct Found {
    deleted: Vec<Vec<u8>>,
    other: Vec<Vec<u8>>,
}

impl Repo {
    /// Takes the snapshot of a checkout that stands on `head`.
    ///
    /// # Errors
    /// When the folder cannot be read or git fails.
    pub async fn snapshot(&self, checkout: &Checkout, head: &str) -> Result<Snapshot, GitError> {
        let held = self.turn(&checkout.path).await;
        let index = self.own_index(&checkout.path);
        let tree = self.settle(checkout, &index, head, &held).await?;
        let found = self.changed(checkout, &index, true).await?;
        let mut snapshot = Snapshot {
            head: head.to_owned(),
            tree,
            clean: true,
            changed: Vec::new(),
            left_out: Vec::new(),
        };
        let mut left = MOST_ALL;
        let mut added = Vec::new();
        for path in found.other {
            match fit(&checkout.path, &path, &mut left) {
                Ok(()) => added.push(path),
                Err(why) => snapshot.left_out.push((path, why)),
            }
        }
        if !(added.is_empty() && found.deleted.is_empty()) {
            held.set(None);
            self.put(checkout, &index, &found.deleted, &added, Store::Ours)
                .await?;
            snapshot.tree = self.write_tree(&index, Store::Ours).await?;
            snapshot.changed = found.deleted.into_iter().chain(added).collect();
        }
        snapshot.clean = snapshot.changed.is_empty() && snapshot.left_out.is_empty();
        Ok(snapshot)
    }

    /// A commit of a snapshot, to be looked at; the head itself when nothing differs.
    ///
    /// # Errors
    /// When git fails.
    pub async fn commit_snapshot(&self, snapshot: &Snapshot) -> Result<String, GitError> {
        if snapshot.changed.is_empty() {
            return Ok(snapshot.head.clone());
        }
        let nobody = ("Orchestra", "orchestra@localhost");
        let call = Call::new(&["commit-tree", "-m", "what is in the folder", "-p"])
            .arg(&snapshot.head)
            .arg(&snapshot.tree);
        Ok(self.look(signed(call, nobody, Some(NEVER))).await?.line())
    }

    /// Commits what a snapshot found; the branch is not moved, the checkout not touched.
    ///
    /// # Errors
    /// When git fails.
    pub async fn write_commit(
        &self,
        checkout: &Checkout,
        snapshot: &Snapshot,
        message: &str,
    ) -> Result<String, GitError> {
        let index = self.own_index(&checkout.path).with_extension("commit");
        let _ = std::fs::remove_file(&index);
        let call = Call::new(&["read-tree"]).arg(&snapshot.head);
        self.look(call.env("GIT_INDEX_FILE", &index)).await?;
        let there = |path: &&Vec<u8>| {
            checkout
                .path
                .join(OsStr::from_bytes(path))
                .symlink_metadata()
                .is_ok()
        };
        let (added, deleted): (Vec<_>, Vec<_>) = snapshot.changed.iter().partition(there);
        let own = |paths: Vec<&Vec<u8>>| paths.into_iter().cloned().collect::<Vec<_>>();
        self.put(checkout, &index, &own(deleted), &own(added), Store::Theirs)
            .await?;
        let tree = self.write_tree(&index, Store::Theirs).await?;
        let _ = std::fs::remove_file(&index);
        self.commit_tree(&tree, &[&snapshot.head], message).await
    }

    /// A commit of that tree, as the repository's owner.
    pub(in crate::git) async fn commit_tree(
        &self,
        tree: &str,
        parents: &[&str],
        message: &str,
    ) -> Result<String, GitError> {
        let mut call = Call::new(&["commit-tree", "-F", "-"]);
        for parent in parents {
            call = call.arg("-p").arg(parent);
        }
        let call = call.arg(tree).input(message.as_bytes().to_vec());
        let person = self
            .person
            .as_ref()
            .map(|(name, mail)| (name.as_str(), mail.as_str()));
        let person = person.unwrap_or(("Orchestra", "orchestra@localhost"));
        Ok(self.act(signed(call, person, None)).await?.line())
    }

    /// Tracked files of a checkout that differ from `head`, staged or not. Files that git
    /// does not know are not looked at.
    ///
    /// # Errors
    /// When git fails.
    pub async fn tracked_changes(
        &self,
        checkout: &Checkout,
        head: &str,
    ) -> Result<Vec<Vec<u8>>, GitError> {
        let held = self.turn(&checkout.path).await;
        let index = self.own_index(&checkout.path);
        self.settle(checkout, &index, head, &held).await?;
        let found = self.changed(checkout, &index, false).await?;
        let mut all = [found.deleted, found.other].concat();
        all.extend(
            self.staged(checkout, head)
                .await?
                .into_iter()
                .map(|entry| entry.path),
        );
        all.sort();
        all.dedup();
        Ok(all)
    }

    /// Makes our index hold exactly `head`, with what is known of the files; gives its tree.
    async fn settle(
        &self,
        checkout: &Checkout,
        index: &Path,
        head: &str,
        held: &Held,
    ) -> Result<String, GitError> {
        if let Some(tree) = held.exact(head) {
            return Ok(tree);
        }
        let with = |call: Call| call.env("GIT_INDEX_FILE", index).within(&checkout.path);
        // What a run that was cut short left behind: nobody else has our index.
        let _ = std::fs::remove_file(index.with_extension("lock"));
        self.look(with(Call::new(&["read-tree", "--reset"]).arg(head)))
            .await?;
        let refresh = Call::new(&["update-index", "-q", "--refresh"]).accept(&[0, 1]);
        self.look(with(refresh)).await?;
        let tree = self.tree_of(head).await?;
        held.set(Some((head, &tree)));
        Ok(tree)
    }

    async fn changed(
        &self,
        checkout: &Checkout,
        index: &Path,
        untracked: bool,
    ) -> Result<Found, GitError> {
        let mut call = Call::new(&["ls-files", "-z", "-t", "-m", "-d", "--exclude-standard"]);
        if untracked {
            call = call.arg("-o");
        }
        let call = call.env("GIT_INDEX_FILE", index).within(&checkout.path);
        let answer = self.look(call).await?;
        let mut found = Found::default();
        for entry in parts(&answer.out) {
            match (entry.first(), entry.get(2..)) {
                (Some(b'R'), Some(path)) => found.deleted.push(path.to_vec()),
                (Some(b'C' | b'?'), Some(path)) => found.other.push(path.to_vec()),
                _ => {}
            }
        }
        // A file that is gone is listed as changed, too.
        found.deleted.sort();
        found
            .other
            .retain(|path| found.deleted.binary_search(path).is_err());
        found.other.dedup();
        Ok(found)
    }

    async fn put(
        &self,
        checkout: &Checkout,
        index: &Path,
        deleted: &[Vec<u8>],
        added: &[Vec<u8>],
        store: Store,
    ) -> Result<(), GitError> {
        let steps = [
            (
                &["update-index", "--force-remove", "-z", "--stdin"][..],
                deleted,
            ),
            (
                &[
                    "update-index",
                    "--add",
                    "--remove",
                    "--replace",
                    "-z",
                    "--stdin",
                ],
                added,
            ),
        ];
        for (words, paths) in steps.into_iter().filter(|(_, paths)| !paths.is_empty()) {
            let call = Call::new(words)
                .env("GIT_INDEX_FILE", index)
                .within(&checkout.path);
            self.run_in(store, call.input(lines(paths))).await?;
        }
        Ok(())
    }

    async fn write_tree(&self, index: &Path, store: Store) -> Result<String, GitError> {
        let call = Call::new(&["write-tree"]).env("GIT_INDEX_FILE", index);
        Ok(self.run_in(store, call).await?.line())
    }

    async fn run_in(&self, store: Store, call: Call) -> Result<super::run::Answer, GitError> {
        match store {
            Store::Ours => self.look(call).await,
            Store::Theirs => self.act(call).await,
        }
    }
}

/// Where new objects go.
#[derive(Debug, Clone, Copy)]
enum Store {
    Ours,
    Theirs,
}

/// Whether a file can be taken; takes its size off what is left.
fn fit(folder: &Path, path: &[u8], left: &mut u64) -> Result<(), Left> {
    if path.ends_with(b"/") {
        return Err(Left::Repository);
    }
    let file: PathBuf = folder.join(OsStr::from_bytes(path));
    // One that went meanwhile is for git to notice.
    let Ok(meta) = file.symlink_metadata() else {
        return Ok(());
    };
    let kind = meta.file_type();
    if kind.is_dir() {
        return Err(Left::Repository);
    }
    if !kind.is_file() && !kind.is_symlink() {
        return Err(Left::Special);
    }
    if meta.len() > MOST_FILE || meta.len() > *left {
        return Err(Left::TooLarge);
    }
    *left -= meta.len();
    Ok(())
}

/// With author and committer.
fn signed(call: Call, (name, mail): (&str, &str), date: Option<&str>) -> Call {
    let call = call
        .env("GIT_AUTHOR_NAME", name)
        .env("GIT_AUTHOR_EMAIL", mail)
        .env("GIT_COMMITTER_NAME", name)
        .env("GIT_COMMITTER_EMAIL", mail);
    match date {
        Some(date) => call
            .env("GIT_AUTHOR_DATE", date)
            .env("GIT_COMMITTER_DATE", date),
        None => call,
    }
}

/// Paths as `-z --stdin` wants them.
pub(in crate::git) fn lines(paths: &[Vec<u8>]) -> Vec<u8> {
    let mut all = paths.join(&0);
    all.push(0);
    all
}

/// Parts of an output that end in NUL.
pub(in crate::git) fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes
        .split(|&byte| byte == 0)
        .filter(|part| !part.is_empty())
}
