//! Git, by its command line, and the only place that runs it.
//!
//! An agent may write everything in a repository, its `.git` folder too, so nothing in
//! there decides what is run: git is given a folder of ours in place of `.git` (`shadow`),
//! with a configuration of ours, and only the objects, refs and files of the repository
//! are lent to it. Hooks, filters, drivers and monitors that a repository configures are
//! not switched off one by one; they are never read.

pub mod checkout;
pub mod diff;
pub mod hunks;
pub mod inspect;
pub mod locate;
pub mod merge;
pub mod names;
pub mod run;
pub mod shadow;
pub mod snapshot;

use parking_lot::Mutex;
use run::Runner;
use shadow::Repo;
use shadow::Turns;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// The oldest git that has all that is used here.
const OLDEST: (u32, u32) = (2, 39);
/// How long what was read of a repository's configuration is good.
const FRESH: Duration = Duration::from_secs(2);

/// Why git did not do it. Without details that only a log may have.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("{0}")]
    Missing(String),
    /// A name that a person gave is none.
    #[error("{0}")]
    Name(String),
    /// No repository, or one of a form that is not worked with.
    #[error("{0}")]
    NoRepository(String),
    #[error("git {what} failed: {why}")]
    Refused { what: String, why: String },
    #[error("git {0} did not come to an end in time")]
    Timeout(String),
    #[error("{what}: {error}")]
    Io { what: String, error: std::io::Error },
}

impl GitError {
    pub(in crate::git) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}

/// Cheap handle to git; clone it freely.
#[derive(Clone)]
pub struct Git {
    runner: Result<Runner, Arc<str>>,
    /// Our folders in place of `.git`, one per repository; a cache.
    folder: Arc<PathBuf>,
    home: Arc<PathBuf>,
    environment: Arc<BTreeMap<String, String>>,
    known: Arc<Mutex<HashMap<PathBuf, (Instant, Repo)>>>,
    /// One folder is laid out at a time.
    laying_out: Arc<Semaphore>,
    turns: Turns,
}

impl Git {
    /// Looks for git on the PATH of `environment`; `folder` is emptied and used as a cache.
    ///
    /// # Errors
    /// When the folder cannot be made. That git is missing is said by each call instead.
    pub async fn find(
        folder: PathBuf,
        home: PathBuf,
        environment: BTreeMap<String, String>,
    ) -> Result<Self, GitError> {
        let shown = format!("cannot use {}", folder.display());
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(GitError::io(shown)(error));
            }
            _ => {}
        }
        std::fs::create_dir_all(&folder).map_err(GitError::io(shown))?;
        let runner = match Runner::find(&environment, &folder) {
            Some(runner) => version(&runner).await.map(|()| runner),
            None => Err("git is not installed; install git 2.39 or newer".into()),
        };
        if let Err(reason) = &runner {
            tracing::warn!("there will be no worktrees: {reason}");
        }
        Ok(Self {
            runner: runner.map_err(Arc::from),
            folder: Arc::new(folder),
            home: Arc::new(home),
            environment: Arc::new(environment),
            known: Arc::default(),
            laying_out: Arc::new(Semaphore::new(1)),
            turns: Turns::default(),
        })
    }

    pub(in crate::git) fn runner(&self) -> Result<&Runner, GitError> {
        let missing = |reason: &Arc<str>| GitError::Missing(reason.to_string());
        self.runner.as_ref().map_err(missing)
    }

    /// The repository whose main folder this is.
    ///
    /// # Errors
    /// When it is none, or one of a form that is not worked with.
    pub async fn open(&self, main: &Path) -> Result<Repo, GitError> {
        if let Some(repo) = self.fresh(main) {
            return Ok(repo);
        }
        let _one = self.laying_out.acquire().await;
        if let Some(repo) = self.fresh(main) {
            return Ok(repo);
        }
        let repo = self.prepare(main).await?;
        let entry = (Instant::now(), repo.clone());
        self.known.lock().insert(main.to_owned(), entry);
        Ok(repo)
    }

    fn fresh(&self, main: &Path) -> Option<Repo> {
        let known = self.known.lock();
        let (at, repo) = known.get(main)?;
        (at.elapsed() < FRESH).then(|| repo.clone())
    }

    pub(in crate::git) fn turns(&self) -> Turns {
        self.turns.clone()
    }

    /// Removes objects of ours that nothing has written for that long. They are a cache: the
    /// repositories' own are not in here.
    ///
    /// # Errors
    /// When the cache cannot be read.
    pub fn sweep(&self, age: Duration) -> std::io::Result<()> {
        for repo in std::fs::read_dir(&*self.folder)?.flatten() {
            let Ok(fans) = std::fs::read_dir(repo.path().join("objects")) else {
                continue;
            };
            let files = fans
                .flatten()
                .filter_map(|fan| std::fs::read_dir(fan.path()).ok());
            for file in files.flatten().flatten() {
                let name = file.file_name();
                let object = name.len() >= 38;
                let old = file.metadata().and_then(|meta| meta.modified());
                let old = old.is_ok_and(|at| at.elapsed().is_ok_and(|past| past > age));
                if object && old {
                    // Gone meanwhile is what is wanted.
                    let _ = std::fs::remove_file(file.path());
                }
            }
        }
        Ok(())
    }

    pub(in crate::git) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(in crate::git) fn home(&self) -> &Path {
        &self.home
    }

    pub(in crate::git) fn variable(&self, name: &str) -> Option<&str> {
        let value = self.environment.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }
}

/// Refuses a git that lacks what is used here.
async fn version(runner: &Runner) -> Result<(), String> {
    let answer = runner.plain(&["version"]).await;
    let said = answer.map_err(|error| error.to_string())?;
    if is_new_enough(&said) {
        return Ok(());
    }
    let (major, minor) = OLDEST;
    Err(format!(
        "{said} is too old; install git {major}.{minor} or newer"
    ))
}

/// Whether the git that says `git version 2.39.5` has what is used here.
pub fn is_new_enough(said: &str) -> bool {
    let numbers = said.trim().trim_start_matches("git version ");
    let mut parts = numbers.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= OLDEST
}

#[cfg(test)]
mod tests {
    use super::{Git, GitError};
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt;

    #[tokio::test]
    async fn g07_an_old_git_is_refused_and_a_missing_one_is_said() {
        let root = tempfile::tempdir().unwrap();
        let program = root.path().join("git");
        let find = async || {
            let path = BTreeMap::from([("PATH".to_owned(), root.path().display().to_string())]);
            let home = root.path().to_owned();
            Git::find(root.path().join("cache"), home, path)
                .await
                .unwrap()
        };
        let why = async |git: Git| match git.open(root.path()).await {
            Err(GitError::Missing(why)) => why,
            other => panic!("{:?}", other.err()),
        };
        assert!(why(find().await).await.contains("not installed"));
        std::fs::write(&program, "#!/bin/sh\necho git version 2.30.1\n").unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&program, mode).unwrap();
        assert!(why(find().await).await.contains("too old"));
        std::fs::write(&program, "#!/bin/sh\necho git version 3.1\n").unwrap();
        let refused = find().await.open(root.path()).await;
        assert!(matches!(refused, Err(GitError::NoRepository(_))));
    }
}
