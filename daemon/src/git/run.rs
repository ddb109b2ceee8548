//! One run of git: cleared environment, no terminal, nothing inherited, a time limit and
//! a limit on what it prints.

use super::GitError;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;

/// Git processes at a time.
const AT_ONCE: usize = 4;
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What one may print.
const MOST: usize = 32 << 20;
/// What is kept of its complaints.
const COMPLAINT: usize = 4096;

/// The same for every run. What could make git run a program, ask a person or reach a
/// network is off here, beside the configuration in `shadow`.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("LC_ALL", "C"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_ASKPASS", "/bin/false"),
    ("GIT_SSH_COMMAND", "/bin/false"),
    ("GIT_EDITOR", "/bin/false"),
    ("GIT_PAGER", "cat"),
    ("GIT_ALLOW_PROTOCOL", ""),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("GIT_ADVICE", "0"),
];

/// Runs git; clone it freely.
#[derive(Clone)]
pub struct Runner {
    program: Arc<PathBuf>,
    path: Arc<str>,
    /// Stands for HOME.
    nowhere: Arc<PathBuf>,
    room: Arc<Semaphore>,
}

/// One run: its words, and what differs from the usual surroundings.
#[derive(Debug, Default)]
pub struct Call {
    args: Vec<OsString>,
    env: Vec<(&'static str, OsString)>,
    /// The checkout it works in.
    folder: Option<PathBuf>,
    input: Option<Vec<u8>>,
    most: Option<usize>,
    cut: bool,
    accepted: &'static [i32],
}

impl Call {
    /// With these words; what people wrote comes by `arg`, behind a word that ends options
    /// or as part of a whole ref name.
    pub fn new(args: &[&str]) -> Self {
        Self {
            args: args.iter().map(OsString::from).collect(),
            accepted: &[0],
            ..Self::default()
        }
    }

    /// One word more.
    #[must_use]
    pub fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.args.push(word.as_ref().to_owned());
        self
    }

    /// A variable more.
    #[must_use]
    pub fn env(mut self, name: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name, value.as_ref().to_owned()));
        self
    }

    /// Works in this checkout.
    #[must_use]
    pub fn within(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self.env("GIT_WORK_TREE", folder)
    }

    /// What it reads.
    #[must_use]
    pub fn input(mut self, bytes: Vec<u8>) -> Self {
        self.input = Some(bytes);
        self
    }

    /// Takes at most this much output and leaves the rest.
    #[must_use]
    pub fn most(mut self, bytes: usize) -> Self {
        (self.most, self.cut) = (Some(bytes), true);
        self
    }

    /// Exit codes that are answers.
    #[must_use]
    pub fn accept(mut self, codes: &'static [i32]) -> Self {
        self.accepted = codes;
        self
    }

    fn name(&self) -> String {
        let first = self.args.first().map(|word| word.to_string_lossy());
        first.unwrap_or_default().into_owned()
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Answer {
    pub code: i32,
    pub out: Vec<u8>,
    /// True when there was more output than was taken.
    pub cut: bool,
}

impl Answer {
    /// Its output as one trimmed line.
    pub fn line(&self) -> String {
        String::from_utf8_lossy(&self.out).trim().to_owned()
    }
}

impl Runner {
    /// The git on the PATH of that environment.
    pub fn find(environment: &BTreeMap<String, String>, nowhere: &Path) -> Option<Self> {
        let path = environment.get("PATH")?;
        let runnable = |path: &PathBuf| {
            path.metadata()
                .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        };
        let program = std::env::split_paths(path)
            .map(|folder| folder.join("git"))
            .find(|candidate| candidate.is_absolute() && runnable(candidate))?;
        Some(Self {
            program: Arc::new(program),
            path: path.as_str().into(),
            nowhere: Arc::new(nowhere.to_owned()),
            room: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// A run without a repository.
    ///
    /// # Errors
    /// As `run`.
    pub async fn plain(&self, args: &[&str]) -> Result<String, GitError> {
        Ok(self.run(Call::new(args)).await?.line())
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// `Refused` for an exit code that is not accepted, `Timeout`, or when it cannot run.
    pub async fn run(&self, call: Call) -> Result<Answer, GitError> {
        let name = call.name();
        let failed = |what: &str| GitError::io(format!("git {name}: {what}"));
        // It is never closed, so there is always a permit.
        let _room = self.room.acquire().await;
        let mut command = Command::new(&*self.program);
        command
            .arg("--no-pager")
            .args(&call.args)
            .env_clear()
            .env("PATH", &*self.path)
            .env("HOME", &*self.nowhere)
            .envs(ENVIRONMENT.iter().copied())
            .envs(call.env.iter().map(|(name, value)| (*name, value)))
            .current_dir(call.folder.as_deref().unwrap_or(&self.nowhere))
            .stdin(match call.input {
                Some(_) => Stdio::piped(),
                None => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(failed("cannot be run"))?;
        let group = child.id();
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let most = call.most.unwrap_or(MOST);
        let work = async {
            let feed = async {
                if let (Some(mut stdin), Some(input)) = (stdin, &call.input) {
                    // One that ends early says why by its exit code.
                    let _ = stdin.write_all(input).await;
                }
            };
            let ((), out, complaint) = tokio::join!(feed, read(stdout, most), complaint(stderr));
            (out, complaint)
        };
        let waited = tokio::time::timeout(PATIENCE, work).await;
        let Ok((out, complaint)) = waited else {
            end(group);
            return Err(GitError::Timeout(name));
        };
        let (out, cut) = out.map_err(failed("its output cannot be read"))?;
        if cut {
            end(group);
            if !call.cut {
                let why = "it printed more than can be taken".to_owned();
                return Err(GitError::Refused { what: name, why });
            }
            return Ok(Answer { code: 0, out, cut });
        }
        let status = tokio::time::timeout(PATIENCE, child.wait()).await;
        let Ok(status) = status else {
            end(group);
            return Err(GitError::Timeout(name));
        };
        let status = status.map_err(failed("cannot be waited for"))?;
        match status.code() {
            Some(code) if call.accepted.contains(&code) => Ok(Answer { code, out, cut }),
            _ => Err(GitError::Refused {
                what: name,
                why: last_line(&complaint, status),
            }),
        }
    }
}

/// Reads to the end, or as far as is wanted; true when there was more.
async fn read(
    from: Option<impl AsyncRead + Unpin>,
    most: usize,
) -> std::io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let Some(from) = from else {
        return Ok((bytes, false));
    };
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    from.take(limit).read_to_end(&mut bytes).await?;
    let cut = bytes.len() > most;
    bytes.truncate(most);
    Ok((bytes, cut))
}

/// The end of what it complains of. All of it is read: one whose complaints nobody takes
/// ends by a signal.
async fn complaint(from: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut from) = from else { return kept };
    let mut buffer = [0; 1024];
    while let Ok(read) = from.read(&mut buffer).await {
        if read == 0 {
            break;
        }
        kept.extend_from_slice(&buffer[..read]);
        let over = kept.len().saturating_sub(COMPLAINT);
        kept.drain(..over);
    }
    kept
}

/// What git said last, which is why it gave up.
fn last_line(complaint: &[u8], status: std::process::ExitStatus) -> String {
    let text = String::from_utf8_lossy(complaint);
    let mut lines = text.lines().rev().map(str::trim);
    let line = lines.find(|line| !line.is_empty());
    let plain = |line: &str| -> String {
        let line = line.trim_start_matches("fatal: ");
        let line = line.trim_start_matches("error: ");
        let letters = line.chars().filter(|letter| !letter.is_control());
        letters.take(300).collect()
    };
    line.map_or_else(|| status.to_string(), plain)
}

/// Ends a process and what it started.
fn end(group: Option<u32>) {
    use nix::sys::signal::{Signal, killpg};
    let Some(group) = group.and_then(|id| i32::try_from(id).ok()) else {
        return;
    };
    // Gone already is what is wanted.
    let _ = killpg(nix::unistd::Pid::from_raw(group), Signal::SIGKILL);
}
