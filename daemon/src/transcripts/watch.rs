//! File watching: which paths changed, gathered for a moment. It may miss what it likes:
//! then it says so, or the rescan finds out.

use super::scan::Root;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;

/// Events that may wait; more are a reason to look everywhere.
const WAITING: usize = 4096;
/// How long one change waits for others: a CLI writes many lines a second.
const GATHER: Duration = Duration::from_millis(150);
/// How often a folder that is not there yet is looked for.
const MISSING: Duration = Duration::from_secs(1);

/// What happened.
pub enum Changes {
    Paths(BTreeSet<PathBuf>),
    /// Something that nobody can name.
    Lost,
}

enum News {
    Paths(Vec<PathBuf>),
    Lost,
}

/// Watches the folders of sessions.
pub struct Watch {
    watcher: Option<RecommendedWatcher>,
    watched: HashSet<PathBuf>,
    missing: Vec<PathBuf>,
    news: mpsc::Receiver<News>,
    pending: BTreeSet<PathBuf>,
    lost: bool,
    /// Kept so that the channel stays open without a watcher.
    _sender: mpsc::Sender<News>,
}

impl Watch {
    /// Watches those folders that are there. Without any watch the rescan does it alone.
    pub fn new(roots: &[Root]) -> Self {
        let (sender, news) = mpsc::channel(WAITING);
        let tell = sender.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let one = match event {
                Ok(event) if event.need_rescan() => News::Lost,
                Ok(event) if event.kind.is_access() => return,
                Ok(event) => News::Paths(event.paths),
                Err(_) => News::Lost,
            };
            // Full: the reader looks everywhere at the next rescan.
            let _ = tell.try_send(one);
        });
        let watcher = match watcher {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                tracing::warn!(%error, "files cannot be watched; new sessions are found by looking");
                None
            }
        };
        let mut watch = Self {
            watcher,
            watched: HashSet::new(),
            missing: Vec::new(),
            news,
            pending: BTreeSet::new(),
            lost: false,
            _sender: sender,
        };
        watch.renew(roots);
        watch
    }

    /// Watches folders that came, and forgets those that went.
    pub fn renew(&mut self, roots: &[Root]) {
        self.watched.retain(|path| path.is_dir());
        self.missing.clear();
        for root in roots {
            if !self.watched.contains(&root.path) && !self.add(&root.path) {
                self.missing.push(root.path.clone());
            }
        }
    }

    fn add(&mut self, path: &Path) -> bool {
        let Some(watcher) = self.watcher.as_mut().filter(|_| path.is_dir()) else {
            return false;
        };
        match watcher.watch(path, RecursiveMode::Recursive) {
            Ok(()) => {
                self.watched.insert(path.to_owned());
                true
            }
            Err(error) => {
                tracing::debug!(%error, "a folder of sessions cannot be watched");
                false
            }
        }
    }

    /// The next changes; cancelling the wait loses none.
    pub async fn next(&mut self) -> Changes {
        if self.pending.is_empty() && !self.lost {
            let first = tokio::select! {
                first = self.news.recv() => first,
                () = appeared(&self.missing) => Some(News::Lost),
            };
            self.keep(first);
        }
        tokio::time::sleep(GATHER).await;
        self.drain();
        self.take()
    }

    /// Changes that are there already.
    pub fn now(&mut self) -> Option<Changes> {
        self.drain();
        (self.lost || !self.pending.is_empty()).then(|| self.take())
    }

    fn drain(&mut self) {
        while let Ok(news) = self.news.try_recv() {
            self.keep(Some(news));
        }
    }

    fn keep(&mut self, news: Option<News>) {
        match news {
            Some(News::Paths(some)) => self.pending.extend(some),
            Some(News::Lost) | None => self.lost = true,
        }
        self.lost |= self.pending.len() > WAITING;
    }

    fn take(&mut self) -> Changes {
        let paths = std::mem::take(&mut self.pending);
        // A watch ends with its folder; one made anew needs a new watch.
        let ended: Vec<PathBuf> = paths
            .iter()
            .filter(|path| self.watched.contains(*path))
            .cloned()
            .collect();
        for path in ended {
            self.watched.remove(&path);
            self.lost = true;
        }
        if std::mem::take(&mut self.lost) {
            Changes::Lost
        } else {
            Changes::Paths(paths)
        }
    }
}

/// Resolves when a folder that was missing is there.
async fn appeared(missing: &[PathBuf]) {
    if missing.is_empty() {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(MISSING).await;
        if missing.iter().any(|path| path.is_dir()) {
            return;
        }
    }
}
