//! Which sessions a process writes to right now: by the CLI's own status files, with the
//! process's start time, and else by who has the file open.

use super::format::Open;
use super::scan::Root;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an answer is good.
const FRESH: Duration = Duration::from_millis(300);
/// Longest status file that is read.
const MAX_STATUS: u64 = 64 * 1024;

/// A process that has a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    pub pid: i32,
    pub status: Option<String>,
}

/// What was seen at one time.
#[derive(Debug, Default)]
pub struct Writers {
    by_session: HashMap<(&'static str, String), Writer>,
    by_path: HashMap<PathBuf, i32>,
}

impl Writers {
    /// The process that writes to a session.
    pub fn of(&self, kind: &str, session: &str, path: &Path) -> Option<Writer> {
        let kind = super::format::find(kind)?.kind();
        let told = self.by_session.get(&(kind, session.to_owned()));
        let open = || {
            self.by_path.get(path).map(|pid| Writer {
                pid: *pid,
                status: None,
            })
        };
        told.cloned().or_else(open)
    }

    /// Ids of every session that has one, as its CLI or its file tells.
    pub fn sessions(&self, roots: &[Root]) -> Vec<String> {
        let told = self.by_session.keys().map(|key| key.1.clone());
        let open = self.by_path.keys().filter_map(|path| {
            let place = |root: &Root| Some(root.look(path)?.place.session);
            roots.iter().find_map(place)
        });
        told.chain(open).collect()
    }
}

/// When it was looked, and what was seen.
type Look = (Instant, Arc<Writers>);

/// Looks, and remembers for a moment.
#[derive(Clone)]
pub struct Watchman {
    roots: Arc<Vec<Root>>,
    last: Arc<Mutex<Option<Look>>>,
}

impl Watchman {
    /// Over those folders.
    pub fn new(roots: Arc<Vec<Root>>) -> Self {
        Self {
            roots,
            last: Arc::default(),
        }
    }

    /// Who writes now.
    pub fn look(&self) -> Arc<Writers> {
        let mut last = self.last.lock();
        if let Some((at, writers)) = last.as_ref()
            && at.elapsed() < FRESH
        {
            return writers.clone();
        }
        let writers = Arc::new(self.gather());
        *last = Some((Instant::now(), writers.clone()));
        writers
    }

    fn gather(&self) -> Writers {
        let mut writers = Writers::default();
        for root in self.roots.iter() {
            let Some(folder) = root.format.status_folder(&root.path) else {
                continue;
            };
            for open in statuses(root, &folder) {
                let writer = Writer {
                    pid: open.pid,
                    status: open.status,
                };
                let key = (root.format.kind(), open.session);
                writers.by_session.insert(key, writer);
            }
        }
        let silent: Vec<PathBuf> = self
            .roots
            .iter()
            .filter(|root| root.format.status_folder(&root.path).is_none())
            .filter_map(|root| root.path.canonicalize().ok())
            .collect();
        if !silent.is_empty() {
            open_files(&silent, &mut writers.by_path);
        }
        writers
    }
}

fn statuses(root: &Root, folder: &Path) -> Vec<Open> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let read = |entry: std::fs::DirEntry| {
        let (file, meta) = super::lines::open(&entry.path()).ok()?;
        if meta.len() > MAX_STATUS {
            return None;
        }
        let content = serde_json::from_reader(std::io::BufReader::new(file)).ok()?;
        let open = root.format.read_status(&content)?;
        runs(&open).then_some(open)
    };
    entries.filter_map(read).collect()
}

/// True while that very process lives; a pid is used again, a pid with its start is not.
fn runs(open: &Open) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{}/stat", open.pid)) else {
        return false;
    };
    // The name in parentheses may hold anything; what follows it is numbers.
    let Some((_, rest)) = stat.rsplit_once(')') else {
        return false;
    };
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let dead = matches!(fields.first(), Some(&"Z" | &"X"));
    let began: Option<u64> = fields.get(19).and_then(|field| field.parse().ok());
    !dead && (open.began.is_none() || open.began == began)
}

/// Files beneath the folders that a process of ours has open.
fn open_files(folders: &[PathBuf], found: &mut HashMap<PathBuf, i32>) {
    let me = nix::unistd::geteuid().as_raw();
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = process.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let own = process.metadata().is_ok_and(|meta| meta.uid() == me);
        if !own || pid == std::process::id().cast_signed() {
            continue;
        }
        let descriptors = std::fs::read_dir(process.path().join("fd"));
        for descriptor in descriptors.into_iter().flatten().flatten() {
            if let Ok(target) = std::fs::read_link(descriptor.path())
                && folders.iter().any(|folder| target.starts_with(folder))
            {
                found.insert(target, pid);
            }
        }
    }
}
