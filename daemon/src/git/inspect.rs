//! Looks at a checkout that a snapshot does not need: what is staged, filtered, ignored or
//! a repository of its own.

use super::locate::Checkout;
use super::run::Call;
use super::shadow::Repo;
use super::snapshot::{lines, parts};
use super::{GitError, diff};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

impl Repo {
    /// What the checkout's own index has and `head` has not.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn staged(
        &self,
        checkout: &Checkout,
        head: &str,
    ) -> Result<Vec<diff::Entry>, GitError> {
        if !checkout.index().exists() {
            return Ok(Vec::new());
        }
        let call = Call::new(&[
            "diff-index",
            "--cached",
            "--raw",
            "--no-renames",
            "-z",
            "--no-abbrev",
        ])
        .arg("--ignore-submodules=all")
        .arg(head)
        .arg("--")
        .env("GIT_INDEX_FILE", checkout.index())
        .within(&checkout.path);
        diff::parse(&self.look(call).await?.out)
    }

    /// Of these paths, those whose content a filter would change (`filter=` in
    /// `.gitattributes`); filters are programs and are never run here.
    ///
    /// # Errors
    /// When git fails.
    pub async fn filtered(
        &self,
        checkout: &Checkout,
        paths: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, GitError> {
        let call = Call::new(&["check-attr", "-z", "--stdin", "filter"])
            .within(&checkout.path)
            .env("GIT_INDEX_FILE", self.own_index(&checkout.path))
            .input(lines(paths));
        let answer = self.look(call).await?;
        let fields: Vec<&[u8]> = answer.out.split(|&byte| byte == 0).collect();
        let on = |value: &[u8]| !matches!(value, b"unspecified" | b"unset");
        let entries = fields.chunks_exact(3).filter(|entry| on(entry[2]));
        Ok(entries.map(|entry| entry[0].to_vec()).collect())
    }

    /// Submodules that are checked out: what is in them is never looked at.
    ///
    /// # Errors
    /// When git fails.
    pub async fn submodules(&self, checkout: &Checkout) -> Result<Vec<Vec<u8>>, GitError> {
        let call = Call::new(&["ls-files", "-s", "-z"])
            .within(&checkout.path)
            .env("GIT_INDEX_FILE", self.own_index(&checkout.path));
        let answer = self.look(call).await?;
        let links = parts(&answer.out).filter(|entry| entry.starts_with(b"160000 "));
        let path = |entry: &[u8]| {
            let tab = entry.iter().position(|byte| *byte == b'\t')?;
            Some(entry[tab + 1..].to_vec())
        };
        let filled = |path: &Vec<u8>| {
            let folder = checkout.path.join(OsStr::from_bytes(path));
            folder.join(".git").symlink_metadata().is_ok()
        };
        Ok(links.filter_map(path).filter(filled).collect())
    }

    /// Ignored files and folders of a checkout.
    ///
    /// # Errors
    /// When git fails.
    pub async fn ignored(&self, checkout: &Checkout) -> Result<Vec<Vec<u8>>, GitError> {
        let call = Call::new(&[
            "ls-files",
            "-z",
            "-o",
            "-i",
            "--directory",
            "--exclude-standard",
        ])
        .within(&checkout.path)
        .env("GIT_INDEX_FILE", self.own_index(&checkout.path));
        let answer = self.look(call).await?;
        Ok(parts(&answer.out).map(<[u8]>::to_vec).collect())
    }
}
