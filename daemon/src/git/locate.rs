//! Where repositories and their checkouts lie: found by looking at files, never by running
//! git, because what is there may be anybody's.

use super::GitError;
use super::names::{self, is_id};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// More than a pointer file ever has.
const POINTER: u64 = 4096;

/// A folder in which files of a repository are checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// Where the files are.
    pub path: PathBuf,
    /// Where git keeps `HEAD` and `index` of it.
    pub admin: PathBuf,
}

/// What a checkout stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// This ref, whole: `refs/heads/main`.
    Branch(String),
    /// This commit, on no branch.
    Detached(String),
}

impl Checkout {
    /// The main one of the repository in that folder.
    pub fn main(main: &Path) -> Self {
        Self {
            path: main.to_owned(),
            admin: main.join(".git"),
        }
    }

    /// What it stands on.
    ///
    /// # Errors
    /// When git's own file about it is not there or not in order.
    pub fn head(&self) -> Result<Head, GitError> {
        let file = self.admin.join("HEAD");
        let text =
            pointer(&file).map_err(GitError::io(format!("cannot read {}", file.display())))?;
        let text = text.trim();
        match text.strip_prefix("ref: refs/heads/") {
            // It goes into the lines that git reads, so it has to be one name.
            Some(name) => names::branch(name).map(Head::Branch),
            None if is_id(text) => Ok(Head::Detached(text.to_owned())),
            _ => Err(GitError::NoRepository(format!(
                "{} says nothing that is understood",
                file.display()
            ))),
        }
    }

    /// What it is in the middle of, in a word.
    pub fn under_way(&self) -> Option<&'static str> {
        let signs = [
            ("MERGE_HEAD", "a merge"),
            ("rebase-merge", "a rebase"),
            ("rebase-apply", "a rebase"),
            ("CHERRY_PICK_HEAD", "a cherry-pick"),
            ("REVERT_HEAD", "a revert"),
            ("BISECT_LOG", "a bisect"),
        ];
        let there = |(name, _): &&(&str, &str)| self.admin.join(name).symlink_metadata().is_ok();
        signs.iter().find(there).map(|(_, what)| *what)
    }

    /// Its index.
    pub fn index(&self) -> PathBuf {
        self.admin.join("index")
    }
}

/// Reads a small regular file; a link or anything else is no answer.
pub(in crate::git) fn pointer(path: &Path) -> std::io::Result<String> {
    plain_file(path, POINTER)
}

/// Reads the beginning of a regular file, without following a link or waiting for a pipe.
pub(in crate::git) fn plain_file(path: &Path, most: u64) -> std::io::Result<String> {
    let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK;
    let file = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    let mut text = String::new();
    file.take(most).read_to_string(&mut text)?;
    Ok(text)
}

/// Git's common folder of a working folder, if it is in a repository.
pub fn common_dir(cwd: &Path) -> Option<PathBuf> {
    find(cwd).map(|(common, _)| common)
}

/// Git's common folder, and the checkout that a working folder lies in.
fn find(cwd: &Path) -> Option<(PathBuf, Checkout)> {
    for folder in cwd.ancestors() {
        let dot = folder.join(".git");
        if dot.is_dir() {
            let common = dot.canonicalize().ok()?;
            let checkout = Checkout {
                path: folder.to_owned(),
                admin: common.clone(),
            };
            return Some((common, checkout));
        }
        if dot.is_file() {
            // A linked worktree: `gitdir: MAIN/.git/worktrees/NAME`.
            let text = pointer(&dot).ok()?;
            let path = Path::new(text.strip_prefix("gitdir:")?.trim());
            let admin = folder.join(path).canonicalize().ok()?;
            // Git's own word that this worktree is its: the file here may be anybody's, and
            // what comes of it is a folder where an agent may write.
            let back = pointer(&admin.join("gitdir")).ok()?;
            if Path::new(back.trim()).canonicalize().ok()? != dot.canonicalize().ok()? {
                return None;
            }
            let common = admin.parent()?.parent()?.to_owned();
            let path = folder.to_owned();
            return Some((common, Checkout { path, admin }));
        }
    }
    None
}

/// The main folder of the repository that `cwd` lies in, and the checkout it lies in.
///
/// # Errors
/// `NoRepository` with the reason, also for a form that is not worked with.
pub fn repository(cwd: &Path) -> Result<(PathBuf, Checkout), GitError> {
    let none = |why: &str| GitError::NoRepository(format!("{}: {why}", cwd.display()));
    let (common, checkout) = find(cwd).ok_or_else(|| {
        none("there is no git repository here; run git init, or choose a folder in one")
    })?;
    let main = common.parent().map(Path::to_path_buf);
    let main = main.filter(|_| common.file_name().is_some_and(|name| name == ".git"));
    let main = main.ok_or_else(|| {
        none("its repository is bare, a submodule, or lies elsewhere; use a plain clone")
    })?;
    if checkout.admin == common && checkout.path != main {
        return Err(none(
            "its .git is a link to another repository; use that one, or a plain clone",
        ));
    }
    check(&main)?;
    Ok((main, checkout))
}

/// Refuses a folder whose `.git` is not a plain folder of the same person.
pub(in crate::git) fn check(main: &Path) -> Result<(), GitError> {
    let common = main.join(".git");
    let shown = common.display();
    let meta = common
        .symlink_metadata()
        .map_err(|_| GitError::NoRepository(format!("{shown} is not there any more")))?;
    if !meta.is_dir() {
        let text = format!("{shown} is not a folder; use a plain clone");
        return Err(GitError::NoRepository(text));
    }
    if meta.uid() != nix::unistd::geteuid().as_raw() {
        let text = format!("{shown} belongs to another user; clone it as the user of this daemon");
        return Err(GitError::NoRepository(text));
    }
    for name in ["objects", "refs"] {
        if !common.join(name).is_dir() {
            let text = format!("{shown} has no {name}; it is no repository that can be used here");
            return Err(GitError::NoRepository(text));
        }
    }
    Ok(())
}

/// The folders in which git keeps its notes of a repository's worktrees; links are none.
pub(in crate::git) fn admins(main: &Path) -> Vec<PathBuf> {
    let folder = main.join(".git/worktrees");
    let real = |path: &Path| path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
    if !real(&folder) {
        return Vec::new();
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| real(path))
        .collect()
}

/// Every checkout of a repository that git knows and whose folder is there.
pub fn checkouts(main: &Path) -> Vec<Checkout> {
    let mut all = vec![Checkout::main(main)];
    for admin in admins(main) {
        let Ok(back) = pointer(&admin.join("gitdir")) else {
            continue;
        };
        if let Some(path) = Path::new(back.trim()).parent().filter(|path| path.is_dir()) {
            let path = path.to_owned();
            all.push(Checkout { path, admin });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{common_dir, pointer};

    #[test]
    fn a_worktree_counts_only_when_its_repository_says_so() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let (tree, git) = (root.join("tree"), root.join("main/.git"));
        let admin = git.join("worktrees/tree");
        for folder in [&tree, &admin] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(tree.join(".git"), format!("gitdir: {}\n", admin.display())).unwrap();
        assert_eq!(common_dir(&tree), None, "the file alone is no proof");
        let back = format!("{}\n", tree.join(".git").display());
        std::fs::write(admin.join("gitdir"), back).unwrap();
        assert_eq!(common_dir(&tree), Some(git));
    }

    #[test]
    fn a_link_is_no_pointer_and_a_pipe_does_not_hang() {
        let root = tempfile::tempdir().unwrap();
        let (secret, link) = (root.path().join("secret"), root.path().join("link"));
        std::fs::write(&secret, "x").unwrap();
        std::os::unix::fs::symlink(&secret, &link).unwrap();
        assert!(pointer(&link).is_err());
        let pipe = root.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(pointer(&pipe).is_err());
    }
}
