//! The folder of ours that stands for a repository's `.git`.
//!
//! Refs and reflogs are links into the repository, so that they are read and locked where
//! they are. Objects are lent as alternates; what is only looked at is written here, and
//! what becomes part of the repository is written there. Configuration, hooks and
//! attributes are ours alone; a few values that say how files are written are copied after
//! each was checked.

use super::run::{Answer, Call, Runner};
use super::{Git, GitError, locate};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Larger files are told apart, but not compared.
const BIG_FILE: &str = "16m";

/// Whose turn it is with our index of a checkout, and the commit that it holds exactly,
/// with the commit's tree.
#[derive(Debug)]
pub(in crate::git) struct Turn {
    gate: Arc<Semaphore>,
    exact: Mutex<Option<(String, String)>>,
}

/// All turns, by checkout.
pub(in crate::git) type Turns = Arc<Mutex<HashMap<PathBuf, Arc<Turn>>>>;

/// Held by the one that works with our index of a checkout.
pub(in crate::git) struct Held {
    turn: Arc<Turn>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Held {
    /// The tree of that commit, when our index holds just that.
    pub(in crate::git) fn exact(&self, commit: &str) -> Option<String> {
        let exact = self.turn.exact.lock();
        let (held, tree) = exact.as_ref()?;
        (held == commit).then(|| tree.clone())
    }

    pub(in crate::git) fn set(&self, exact: Option<(&str, &str)>) {
        let own = |(commit, tree): (&str, &str)| (commit.to_owned(), tree.to_owned());
        *self.turn.exact.lock() = exact.map(own);
    }
}

/// A repository, ready to be worked with.
#[derive(Clone)]
pub struct Repo {
    pub(in crate::git) runner: Runner,
    /// Its main folder.
    pub main: PathBuf,
    pub(in crate::git) common: PathBuf,
    pub(in crate::git) dir: PathBuf,
    /// Name and address for commits, where its owner has set them.
    pub(in crate::git) person: Option<(String, String)>,
    /// True when its main folder shows only a part of the files.
    pub(in crate::git) sparse: bool,
    turns: Turns,
}

impl Git {
    /// Makes or refreshes our folder for the repository in `main`.
    pub(in crate::git) async fn prepare(&self, main: &Path) -> Result<Repo, GitError> {
        let runner = self.runner()?.clone();
        locate::check(main)?;
        let common = main.join(".git");
        if common.as_os_str().as_bytes().contains(&b'\n') {
            let text = "a folder whose name has a line break cannot be worked with".to_owned();
            return Err(GitError::NoRepository(text));
        }
        let digest = Sha256::digest(common.as_os_str().as_bytes());
        let name: String = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let dir = self.folder().join(name);
        let own = values(&runner, own_file(&common)?).await?;
        let everywhere = self.everywhere(&runner).await;
        refuse_forms(&own)?;
        let shown = format!("cannot make {}", dir.display());
        lay_out(&dir, &common, &config(&own, &everywhere)).map_err(GitError::io(shown))?;
        let get = |key: &str| own.get(key).or_else(|| everywhere.get(key)).cloned();
        let fit = |text: &String| !text.is_empty() && !text.contains(['\n', '<', '>']);
        let person = get("user.name")
            .filter(fit)
            .zip(get("user.email").filter(fit));
        Ok(Repo {
            runner,
            main: main.to_owned(),
            sparse: own
                .get("core.sparsecheckout")
                .is_some_and(|on| on == "true"),
            common,
            dir,
            person,
            turns: self.turns(),
        })
    }

    /// What the daemon's user has set for all repositories.
    async fn everywhere(&self, runner: &Runner) -> BTreeMap<String, String> {
        let xdg = self
            .variable("XDG_CONFIG_HOME")
            .map_or_else(|| self.home().join(".config"), PathBuf::from);
        let mut found = BTreeMap::new();
        for file in [xdg.join("git/config"), self.home().join(".gitconfig")] {
            if file.is_file() {
                found.extend(values(runner, file).await.unwrap_or_default());
            }
        }
        let ignore = found
            .remove("core.excludesfile")
            .map(|path| match path.strip_prefix("~/") {
                Some(rest) => self.home().join(rest),
                None => PathBuf::from(path),
            });
        let ignore = ignore.unwrap_or_else(|| xdg.join("git/ignore"));
        if ignore.is_file() {
            found.insert("core.excludesfile".into(), ignore.display().to_string());
        }
        found
    }
}

/// The repository's own configuration, if it is a plain file.
fn own_file(common: &Path) -> Result<PathBuf, GitError> {
    let file = common.join("config");
    let plain = file.symlink_metadata().is_ok_and(|meta| meta.is_file());
    if plain {
        return Ok(file);
    }
    let text = format!("{} is not a plain file; use a plain clone", file.display());
    Err(GitError::NoRepository(text))
}

/// What one file sets, without what it includes. Reading runs nothing.
async fn values(runner: &Runner, file: PathBuf) -> Result<BTreeMap<String, String>, GitError> {
    let call = Call::new(&["config", "--no-includes", "-z", "--list", "--file"]).arg(&file);
    let answer = runner.run(call).await?;
    let text = String::from_utf8_lossy(&answer.out).into_owned();
    let entry = |entry: &str| {
        let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
        (key.to_owned(), value.to_owned())
    };
    Ok(text
        .split('\0')
        .filter(|entry| !entry.is_empty())
        .map(entry)
        .collect())
}

/// What could be read wrongly with a configuration of ours is not read at all.
fn refuse_forms(own: &BTreeMap<String, String>) -> Result<(), GitError> {
    let get = |key: &str| own.get(key).map(String::as_str);
    let no = |why: &str| Err(GitError::NoRepository(format!("the repository {why}")));
    if get("extensions.refstorage").is_some_and(|form| form != "files") {
        return no("keeps its refs in another form than files; that is not worked with yet");
    }
    if get("core.worktree").is_some() {
        return no("keeps its files elsewhere (core.worktree); use a plain clone");
    }
    if !matches!(
        get("extensions.objectformat"),
        None | Some("sha1" | "sha256")
    ) {
        return no("has an object format that is not known");
    }
    Ok(())
}

/// The text of our configuration.
fn config(own: &BTreeMap<String, String>, everywhere: &BTreeMap<String, String>) -> String {
    let get = |key: &str| {
        own.get(key)
            .or_else(|| everywhere.get(key))
            .map(String::as_str)
    };
    let sha256 = get("extensions.objectformat") == Some("sha256");
    let mut text = format!(
        "[core]\n\trepositoryformatversion = {}\n\tbare = false\n\thooksPath = /dev/null\n\tfsmonitor = false\n\
         \tuntrackedCache = false\n\tattributesFile = /dev/null\n\tlogAllRefUpdates = true\n\
         \tbigFileThreshold = {BIG_FILE}\n\tsplitIndex = false\n\tpager = cat\n\tquotePath = false\n",
        u8::from(sha256)
    );
    let allowed: [(&str, &[&str]); 5] = [
        ("filemode", &["true", "false"]),
        ("symlinks", &["true", "false"]),
        ("ignorecase", &["true", "false"]),
        ("autocrlf", &["true", "false", "input"]),
        ("eol", &["lf", "crlf", "native"]),
    ];
    for (name, values) in allowed {
        let value = get(&format!("core.{name}")).unwrap_or_default();
        if values.contains(&value) {
            text.push_str(&format!("\t{name} = {value}\n"));
        }
    }
    // Only what the person set, never what the repository says: it names a file to read.
    if let Some(file) = everywhere.get("core.excludesfile") {
        let quoted = file.replace('\\', "\\\\").replace('"', "\\\"");
        text.push_str(&format!("\texcludesFile = \"{quoted}\"\n"));
    }
    if sha256 {
        text.push_str("[extensions]\n\tobjectFormat = sha256\n");
    }
    // Folders that were renamed on one side are not guessed at, so that two changes can
    // only collide where they name the same path.
    text.push_str(
        "[merge]\n\tdirectoryRenames = false\n\trenameLimit = 2000\n[diff]\n\trenameLimit = 2000\n\
         [submodule]\n\trecurse = false\n[protocol]\n\tallow = never\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n",
    );
    text
}

/// Writes the folder; what is right already stays.
fn lay_out(dir: &Path, common: &Path, config: &str) -> std::io::Result<()> {
    for folder in ["objects/info", "info", "indexes"] {
        std::fs::create_dir_all(dir.join(folder))?;
    }
    for name in ["refs", "packed-refs", "logs", "shallow", "info/exclude"] {
        let (link, target) = (dir.join(name), common.join(name));
        if std::fs::read_link(&link).ok().as_ref() != Some(&target) {
            let _ = std::fs::remove_file(&link);
            std::os::unix::fs::symlink(&target, &link)?;
        }
    }
    let objects = common.join("objects");
    write(
        &dir.join("objects/info/alternates"),
        &[objects.as_os_str().as_bytes(), b"\n"].concat(),
    )?;
    write(&dir.join("config"), config.as_bytes())?;
    write(&dir.join("HEAD"), b"ref: refs/heads/orchestra-nothing\n")
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    if std::fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    let aside = path.with_extension("new");
    std::fs::write(&aside, content)?;
    std::fs::rename(&aside, path)
}

impl Repo {
    /// A run that leaves nothing in the repository.
    pub(in crate::git) async fn look(&self, call: Call) -> Result<Answer, GitError> {
        self.runner.run(call.env("GIT_DIR", &self.dir)).await
    }

    /// A run whose new objects belong to the repository.
    pub(in crate::git) async fn act(&self, call: Call) -> Result<Answer, GitError> {
        let objects = self.common.join("objects");
        let call = call.env("GIT_OBJECT_DIRECTORY", objects);
        self.look(call).await
    }

    /// The commit that a whole ref or an id stands for; none when there is none.
    ///
    /// # Errors
    /// When git fails.
    pub async fn commit_of(&self, name: &str) -> Result<Option<String>, GitError> {
        let call = Call::new(&["rev-parse", "--verify", "--quiet", "--end-of-options"])
            .arg(format!("{name}^{{commit}}"))
            .accept(&[0, 1, 128]);
        let answer = self.look(call).await?;
        let line = answer.line();
        Ok((answer.code == 0 && super::names::is_id(&line)).then_some(line))
    }

    /// The commits that whole refs or ids stand for, in one run.
    ///
    /// # Errors
    /// When git fails.
    pub async fn commits_of(&self, names: &[&str]) -> Result<Vec<Option<String>>, GitError> {
        let lines: String = names
            .iter()
            .map(|name| format!("{name}^{{commit}}\n"))
            .collect();
        let call =
            Call::new(&["cat-file", "--batch-check=%(objectname)"]).input(lines.into_bytes());
        let answer = self.look(call).await?;
        let text = String::from_utf8_lossy(&answer.out).into_owned();
        let mut ids: Vec<Option<String>> = text
            .lines()
            .map(|line| super::names::is_id(line).then(|| line.to_owned()))
            .collect();
        ids.resize(names.len(), None);
        Ok(ids)
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// When there is none, or git fails.
    pub async fn tree_of(&self, commit: &str) -> Result<String, GitError> {
        let call = Call::new(&["rev-parse", "--verify", "--end-of-options"])
            .arg(format!("{commit}^{{tree}}"));
        Ok(self.look(call).await?.line())
    }

    /// Moves a ref from where it is known to be; no old value: it must not be there.
    ///
    /// # Errors
    /// When it is elsewhere by now, or git fails.
    pub async fn move_ref(
        &self,
        name: &str,
        new: &str,
        old: Option<&str>,
        why: &str,
    ) -> Result<(), GitError> {
        let none = "0".repeat(new.len());
        let call = Call::new(&["update-ref", "--create-reflog", "-m"])
            .arg(why)
            .arg("--")
            .arg(name)
            .arg(new)
            .arg(old.unwrap_or(&none));
        self.act(call).await.map(drop)
    }

    /// Removes a ref that is where it is known to be.
    ///
    /// # Errors
    /// When it is elsewhere by now, or git fails.
    pub async fn drop_ref(&self, name: &str, old: &str) -> Result<(), GitError> {
        let call = Call::new(&["update-ref", "-d", "--"]).arg(name).arg(old);
        self.act(call).await.map(drop)
    }

    /// True when its main folder shows only a part of the files.
    pub fn is_sparse(&self) -> bool {
        self.sparse
    }

    /// Waits for one's turn with our index of a checkout.
    pub(in crate::git) async fn turn(&self, checkout: &Path) -> Held {
        let fresh = || {
            Arc::new(Turn {
                gate: Arc::new(Semaphore::new(1)),
                exact: Mutex::default(),
            })
        };
        let turn = self
            .turns
            .lock()
            .entry(checkout.to_owned())
            .or_insert_with(fresh)
            .clone();
        // It is never closed, so there is always a permit.
        let permit = turn.gate.clone().acquire_owned().await.ok();
        Held {
            turn,
            _permit: permit,
        }
    }

    /// Our index of a checkout.
    pub(in crate::git) fn own_index(&self, checkout: &Path) -> PathBuf {
        let digest = Sha256::digest(checkout.as_os_str().as_bytes());
        let name: String = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.dir.join("indexes").join(name)
    }
}
