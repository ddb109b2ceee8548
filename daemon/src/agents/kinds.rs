//! Which CLIs are installed, asked of the CLIs themselves and remembered for a while.

use super::adapter::{self, Adapter, custom};
use crate::config::Config;
use orchestra_protocol::agent::AgentKind;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an answer is good; a CLI may be installed while the daemon runs.
const FRESH: Duration = Duration::from_secs(60);
/// How long a missing CLI is believed missing: people install it and press reload.
const MISSING: Duration = Duration::from_secs(3);
/// A CLI that does not tell its version in this time is not asked further.
const PATIENCE: Duration = Duration::from_secs(10);

/// A CLI found on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    pub program: PathBuf,
    pub version: Option<String>,
}

/// When a CLI was looked for, and what was found.
type Look = (Instant, Option<Installed>);

/// Cheap handle to what is known of the CLIs; clone it freely.
#[derive(Clone)]
pub struct Kinds {
    config: Arc<Config>,
    /// Those that the configuration declares.
    declared: Arc<Vec<&'static dyn Adapter>>,
    known: Arc<Mutex<HashMap<&'static str, Look>>>,
}

impl Kinds {
    /// Knows nothing yet.
    pub fn new(config: Arc<Config>) -> Self {
        Self {
            declared: Arc::new(custom::all(&config)),
            config,
            known: Arc::default(),
        }
    }

    /// Every kind, built in or declared.
    fn all(&self) -> impl Iterator<Item = &'static dyn Adapter> {
        let (known, declared) = (adapter::all(), self.declared.iter());
        known.iter().chain(declared).copied()
    }

    /// The adapter of a kind.
    pub fn adapter(&self, kind: &str) -> Option<&'static dyn Adapter> {
        self.all().find(|adapter| adapter.kind() == kind)
    }

    /// The CLI's program and version, if it is installed.
    pub async fn find(&self, adapter: &dyn Adapter) -> Option<Installed> {
        if let Some((asked, answer)) = self.known.lock().get(adapter.kind()).cloned() {
            let good_for = if answer.is_some() { FRESH } else { MISSING };
            if asked.elapsed() < good_for {
                return answer;
            }
        }
        let answer = match self.program(adapter) {
            Some(program) => {
                let version = version(&program, &self.config).await;
                Some(Installed { program, version })
            }
            None => None,
        };
        self.known
            .lock()
            .insert(adapter.kind(), (Instant::now(), answer.clone()));
        answer
    }

    /// Every kind with what is missing for it.
    pub async fn list(&self) -> Vec<AgentKind> {
        let mut list = Vec::new();
        for adapter in self.all() {
            let found = self.find(adapter).await;
            let specialists = &self.config.settings.specialists;
            list.push(AgentKind {
                kind: adapter.kind().to_owned(),
                title: adapter.title().to_owned(),
                installed: found.is_some(),
                path: found.as_ref().map(|one| one.program.display().to_string()),
                version: found.as_ref().and_then(|one| one.version.clone()),
                ready: found.is_some(),
                remedy: found.is_none().then(|| adapter.remedy().to_owned()),
                proven: adapter.proven(),
                tested: adapter.tested().iter().map(|&one| one.to_owned()).collect(),
                specialists: specialists
                    .iter()
                    .filter(|one| one.kind == adapter.kind())
                    .map(|one| one.name.clone())
                    .collect(),
            });
        }
        list
    }

    fn program(&self, adapter: &dyn Adapter) -> Option<PathBuf> {
        let own = self.config.settings.kinds.get(adapter.kind());
        if let Some(command) = own.and_then(|kind| kind.command.as_ref()) {
            return runnable(command).then(|| command.clone());
        }
        let path = self.config.environment.get("PATH")?;
        std::env::split_paths(path)
            .map(|folder| folder.join(adapter.program()))
            .find(|candidate| candidate.is_absolute() && runnable(candidate))
    }
}

fn runnable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The first thing like a version that `--version` prints.
async fn version(program: &Path, config: &Config) -> Option<String> {
    let mut command = tokio::process::Command::new(program);
    command
        .arg("--version")
        .env_clear()
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    for name in ["HOME", "PATH"] {
        if let Some(value) = config.environment.get(name) {
            command.env(name, value);
        }
    }
    let output = tokio::time::timeout(PATIENCE, command.output())
        .await
        .ok()?
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.split(|letter: char| letter.is_whitespace() || letter == '(' || letter == ',')
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()) && word.contains('.'))
        .map(|word| word.chars().take(32).collect())
}
