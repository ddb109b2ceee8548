//! Linked checkouts: made in steps that can each be undone, and taken away without ever
//! following a link. The form is git's own (gitrepository-layout), so that every git can
//! work in them.

use super::GitError;
use super::locate::{self, Checkout};
use super::run::Call;
use super::shadow::Repo;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Longest list of exclusions that is read.
const EXCLUDE: u64 = 1 << 20;

impl Repo {
    /// Where a worktree of that folder and name lies.
    ///
    /// # Errors
    /// When the folder beneath the repository is something else than a folder.
    pub fn place(&self, folder: &str, name: &str) -> Result<PathBuf, GitError> {
        let parent = self.main.join(folder);
        match parent.symlink_metadata() {
            Ok(meta) if !meta.is_dir() => Err(GitError::NoRepository(format!(
                "{} is not a folder; move it away",
                parent.display()
            ))),
            _ => Ok(parent.join(name)),
        }
    }

    /// Keeps a folder out of `git status`, by the repository's own list of exclusions.
    ///
    /// # Errors
    /// When the list cannot be written, or is a link.
    pub fn exclude(&self, folder: &str) -> Result<(), GitError> {
        let info = self.common.join("info");
        let file = info.join("exclude");
        let shown = format!("cannot write {}", file.display());
        let add = || {
            if !info.exists() {
                std::fs::create_dir(&info)?;
            }
            if !info.symlink_metadata()?.is_dir() {
                return Err(std::io::Error::other("its folder is a link"));
            }
            let line = format!("/{folder}/");
            let text = match locate::plain_file(&file, EXCLUDE) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
                read => read?,
            };
            if text.lines().any(|one| one == line) {
                return Ok(());
            }
            let mut open = std::fs::OpenOptions::new()
                .append(true)
                .create(true)
                .custom_flags(nix::fcntl::OFlag::O_NOFOLLOW.bits())
                .open(&file)?;
            let gap = if text.is_empty() || text.ends_with('\n') {
                ""
            } else {
                "\n"
            };
            open.write_all(format!("{gap}{line}\n").as_bytes())
        };
        add().map_err(GitError::io(shown))
    }

    /// Makes a checkout of `commit` on the branch `name`, whose ref is there already. The
    /// folder must not be there.
    ///
    /// # Errors
    /// When a step fails; `take_away` undoes those before it.
    pub async fn check_out(
        &self,
        path: &Path,
        name: &str,
        commit: &str,
    ) -> Result<Checkout, GitError> {
        let shown = format!("cannot make {}", path.display());
        let lay_out = || {
            if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
                std::fs::create_dir(parent)?;
            }
            std::fs::create_dir(path)?;
            let admin = self.free_admin(path)?;
            let dot = path.join(".git");
            std::fs::write(admin.join("gitdir"), format!("{}\n", dot.display()))?;
            std::fs::write(admin.join("commondir"), "../..\n")?;
            std::fs::write(admin.join("HEAD"), format!("ref: {name}\n"))?;
            std::fs::write(&dot, format!("gitdir: {}\n", admin.display()))?;
            Ok(Checkout {
                path: path.to_owned(),
                admin,
            })
        };
        let checkout = lay_out().map_err(GitError::io(shown))?;
        let call = Call::new(&["read-tree", "-m", "-u"])
            .arg(commit)
            .env("GIT_INDEX_FILE", checkout.index())
            .within(path);
        self.act(call).await?;
        // Our index begins as a copy of the checkout's, which knows the files already.
        let own = self.own_index(path);
        let _held = self.turn(path).await;
        std::fs::copy(checkout.index(), own).map_err(GitError::io("cannot copy an index"))?;
        Ok(checkout)
    }

    /// A new folder beneath git's `worktrees`.
    fn free_admin(&self, path: &Path) -> std::io::Result<PathBuf> {
        let all = self.common.join("worktrees");
        if all.symlink_metadata().is_err() {
            std::fs::create_dir(&all)?;
        }
        if !all.symlink_metadata()?.is_dir() {
            return Err(std::io::Error::other("git's worktrees folder is a link"));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        for number in 0..100 {
            let admin = match number {
                0 => all.join(&*name),
                _ => all.join(format!("{name}-{number}")),
            };
            match std::fs::create_dir(&admin) {
                Ok(()) => return Ok(admin),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(std::io::Error::other(
            "git knows too many worktrees of that name",
        ))
    }

    /// The checkout in that folder, by git's word and not by the folder's own `.git`.
    pub fn checkout_at(&self, path: &Path) -> Option<Checkout> {
        let dot = path.join(".git");
        let mut admins = locate::admins(&self.main).into_iter();
        let admin = admins.find(|admin| {
            locate::pointer(&admin.join("gitdir")).is_ok_and(|back| Path::new(back.trim()) == dot)
        })?;
        Some(Checkout {
            path: path.to_owned(),
            admin,
        })
    }

    /// What is wrong with a worktree's folder, in a sentence.
    pub fn complaint(&self, checkout: &Checkout) -> Option<String> {
        let wanted = format!("gitdir: {}", checkout.admin.display());
        let right =
            locate::pointer(&checkout.path.join(".git")).is_ok_and(|text| text.trim() == wanted);
        let text = "its .git file was changed, so that git in there works elsewhere; here it is not followed";
        (!right).then(|| text.to_owned())
    }

    /// Removes a worktree's folder and git's notes of it, as far as they are there. Links
    /// are removed, never followed.
    ///
    /// # Errors
    /// When something cannot be removed, is locked by a person, or is not where it belongs.
    pub async fn take_away(&self, path: &Path) -> Result<(), GitError> {
        let shown = format!("cannot remove {}", path.display());
        let other =
            |text: &str| GitError::io(shown.clone())(std::io::Error::other(text.to_owned()));
        let beneath = path
            .strip_prefix(&self.main)
            .is_ok_and(|rest| rest.components().count() == 2);
        let parent = path
            .parent()
            .and_then(|parent| parent.symlink_metadata().ok());
        if !beneath || parent.is_some_and(|meta| !meta.is_dir()) {
            return Err(other("it is not where worktrees are"));
        }
        let checkout = self.checkout_at(path);
        if let Some(checkout) = &checkout
            && checkout.admin.join("locked").exists()
        {
            return Err(other("it is locked; run: git worktree unlock"));
        }
        match path.symlink_metadata() {
            Ok(meta) if meta.is_dir() => tokio::fs::remove_dir_all(path)
                .await
                .map_err(GitError::io(shown.clone()))?,
            Ok(_) => std::fs::remove_file(path).map_err(GitError::io(shown.clone()))?,
            Err(_) => {}
        }
        if let Some(checkout) = checkout {
            std::fs::remove_dir_all(&checkout.admin).map_err(GitError::io(shown))?;
        }
        let own = self.own_index(path);
        self.turn(path).await.set(None);
        let _ = std::fs::remove_file(own);
        Ok(())
    }
}
