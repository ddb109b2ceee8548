//! The one task that keeps the index like the files: lists what is new at once, sums tokens
//! behind that, then reads everything, a few files at a time, and looks everywhere again now
//! and then, because a watch may miss something.

use super::facts::Facts;
use super::format::Format;
use super::parallel::{self, blocking, done};
use super::reading::{self, Job, put_facts};
use super::scan::{Found, Root, id_of};
use super::watch::{Changes, Watch};
use crate::store::StoreError;
use crate::store::index::{FileRow, Index, Stretch};
use orchestra_protocol::transcript::Progress;
use orchestra_words::build::Piece;
use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Files listed in one transaction.
const BATCH: usize = 500;
/// Changed files with less than this unread are read before they are shown again.
const SOON: u64 = 256 * 1024;
/// Threads that read heads and tails: a disk serves many at once.
const LISTERS: usize = 48;

/// How often something was added of each session, sub-agents counted with theirs.
#[derive(Debug, Clone, Default)]
pub struct Grown(Arc<Mutex<HashMap<String, u64>>>);

impl Grown {
    fn note(&self, root: &str) {
        *self.0.lock().entry(root.to_owned()).or_default() += 1;
    }

    /// A number that differs once something was added to one of them.
    pub fn of(&self, sessions: &[String]) -> u64 {
        let all = self.0.lock();
        let each = sessions.iter().filter_map(|session| all.get(session));
        each.sum()
    }
}

/// The worker's state.
pub struct Worker {
    pub roots: Arc<Vec<Root>>,
    pub index: Index,
    pub progress: Arc<Mutex<Progress>>,
    pub heartbeat: Duration,
    grown: Grown,
    known: HashMap<PathBuf, FileRow>,
    /// Files with unread bytes, the newest last.
    waiting: BTreeSet<(i64, PathBuf)>,
    /// Of these, files of which not even the tokens were read.
    unsummed: BTreeSet<(i64, PathBuf)>,
}

impl Worker {
    /// Knows nothing yet.
    pub fn new(
        roots: Arc<Vec<Root>>,
        index: Index,
        progress: Arc<Mutex<Progress>>,
        heartbeat: Duration,
        grown: Grown,
    ) -> Self {
        Self {
            roots,
            index,
            progress,
            heartbeat,
            grown,
            known: HashMap::new(),
            waiting: BTreeSet::new(),
            unsummed: BTreeSet::new(),
        }
    }

    /// Runs until the shutdown.
    pub async fn run(mut self, cancel: CancellationToken) {
        // Watched before the first look, so that nothing falls in between.
        let mut watch = Watch::new(&self.roots);
        if let Err(error) = self.begin().await {
            tracing::error!(%error, "the index of transcripts cannot be read; sessions are not listed");
            return;
        }
        self.tell(|progress| progress.listed = true);
        let mut beats = tokio::time::interval(self.heartbeat);
        beats.reset();
        loop {
            let worked = if self.waiting.is_empty() {
                self.tell(|progress| progress.read = true);
                tokio::select! {
                    () = cancel.cancelled() => return,
                    changes = watch.next() => self.changed(changes, &mut watch).await,
                    _ = beats.tick() => self.everything(&mut watch).await,
                }
            } else {
                tokio::select! {
                    biased;
                    () = cancel.cancelled() => return,
                    _ = beats.tick() => self.everything(&mut watch).await,
                    () = std::future::ready(()) => match watch.now() {
                        Some(changes) => self.changed(changes, &mut watch).await,
                        None => self.read_some().await,
                    },
                }
            };
            if let Err(error) = worked {
                tracing::warn!(%error, "the index of transcripts could not be written; the next look tries again");
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
            }
        }
    }

    async fn begin(&mut self) -> Result<(), StoreError> {
        for row in self.index.files().await? {
            self.note(row);
        }
        self.look_everywhere().await
    }

    async fn everything(&mut self, watch: &mut Watch) -> Result<(), StoreError> {
        watch.renew(&self.roots);
        self.look_everywhere().await
    }

    async fn look_everywhere(&mut self) -> Result<(), StoreError> {
        let roots = self.roots.clone();
        let (found, problems) = blocking(move || {
            let mut problems = Vec::new();
            let found: Vec<(&'static dyn Format, Found)> = roots
                .iter()
                .flat_map(|root| {
                    let found = root.walk(&mut problems);
                    found.into_iter().map(|one| (root.format, one))
                })
                .collect();
            (found, problems)
        })
        .await;
        let there: HashSet<&Path> = found.iter().map(|(_, one)| one.path.as_path()).collect();
        // What cannot be listed now is not gone.
        if problems.is_empty() {
            let gone = self
                .known
                .keys()
                .filter(|path| !there.contains(path.as_path()));
            let gone: Vec<PathBuf> = gone.cloned().collect();
            for path in gone {
                self.gone(&path).await?;
            }
        }
        self.tell(|progress| progress.problems = problems);
        self.list(found).await
    }

    async fn changed(&mut self, changes: Changes, watch: &mut Watch) -> Result<(), StoreError> {
        let paths = match changes {
            Changes::Lost => return self.everything(watch).await,
            Changes::Paths(paths) => paths,
        };
        let mut found = Vec::new();
        for path in paths {
            match self
                .roots
                .iter()
                .find_map(|root| Some((root.format, root.look(&path)?)))
            {
                Some(one) => found.push(one),
                None if self.known.contains_key(&path) => self.gone(&path).await?,
                // A folder: what was put into it before it was watched.
                None if path.is_dir() => {
                    for root in self
                        .roots
                        .iter()
                        .filter(|root| path.starts_with(&root.path))
                    {
                        let below = root.walk(&mut Vec::new()).into_iter();
                        let below = below.filter(|one| one.path.starts_with(&path));
                        found.extend(below.map(|one| (root.format, one)));
                    }
                }
                None => {}
            }
        }
        self.list(found).await
    }

    async fn gone(&mut self, path: &Path) -> Result<(), StoreError> {
        self.index.forget(path, true).await?;
        self.let_go(path);
        self.count();
        Ok(())
    }

    fn let_go(&mut self, path: &Path) {
        if let Some(row) = self.known.remove(path) {
            let place = (row.modified, row.path);
            self.waiting.remove(&place);
            self.unsummed.remove(&place);
        }
    }

    /// Brings the rows of files up to date that are new or changed.
    async fn list(&mut self, found: Vec<(&'static dyn Format, Found)>) -> Result<(), StoreError> {
        let same = |one: &Found| {
            self.known.get(&one.path).is_some_and(|row| {
                (row.inode, row.size, row.modified) == (one.inode, one.size, one.modified)
            })
        };
        let mut fresh: Vec<_> = found.into_iter().filter(|(_, one)| !same(one)).collect();
        // What was written to last is what people look for first.
        fresh.sort_by_key(|(_, one)| std::cmp::Reverse(one.modified));
        for (_, one) in &fresh {
            let replaced = self.known.get(&one.path).is_some_and(|row| {
                row.inode != one.inode || one.size < row.read_to.max(row.summed_to)
            });
            if replaced {
                self.index.forget(&one.path, false).await?;
                self.let_go(&one.path);
            }
        }
        let with = |(format, one): (_, Found)| (format, self.known.get(&one.path).cloned(), one);
        let mut fresh: VecDeque<_> = fresh.into_iter().map(with).collect();
        let mut next = move || {
            let batch: Vec<_> = fresh.drain(..fresh.len().min(BATCH)).collect();
            let row = |(format, known, one)| listed(format, one, known);
            tokio::task::spawn_blocking(move || parallel::map(batch, LISTERS, row))
        };
        let mut reading = next();
        loop {
            let rows = done(reading.await);
            if rows.is_empty() {
                return Ok(());
            }
            // The next ones are read while these are written.
            reading = next();
            self.index.put(&rows).await?;
            for row in rows {
                self.note(row);
            }
            self.count();
        }
    }

    fn note(&mut self, row: FileRow) {
        self.let_go(&row.path);
        let place = (row.modified, row.path.clone());
        if row.read_to < row.size {
            // A file that grew a little is read as a whole, which is next.
            let grew = row.read_to > 0 && row.size - row.read_to <= SOON;
            if row.summed_to < row.size && !grew {
                self.unsummed.insert(place.clone());
            }
            self.waiting.insert(place);
        }
        self.known.insert(row.path.clone(), row);
    }

    /// Reads a part of what waits, the newest first; nothing but tokens while there are
    /// files of which these are not known.
    async fn read_some(&mut self) -> Result<(), StoreError> {
        self.tell(|progress| progress.read = false);
        if !self.unsummed.is_empty() {
            return self.sum_some().await;
        }
        let jobs = self.jobs(&self.waiting);
        let (stretches, piece) = blocking(move || reading::words(jobs)).await;
        let indexed = piece.count() > 0;
        self.keep(stretches, piece, false).await?;
        if indexed {
            self.index.merge().await?;
        }
        Ok(())
    }

    /// Reads tokens only: while those of some files are written, the next are read.
    async fn sum_some(&mut self) -> Result<(), StoreError> {
        let begun = Instant::now();
        let mut jobs = self.jobs(&self.unsummed);
        let mut next = move || {
            let part: Vec<Job> = jobs.drain(..jobs.len().min(reading::AT_ONCE)).collect();
            tokio::task::spawn_blocking(move || reading::sums(part))
        };
        let mut reading = next();
        loop {
            let stretches = done(reading.await);
            if stretches.is_empty() || begun.elapsed() > reading::LONG {
                return self.keep(stretches, Piece::default(), true).await;
            }
            reading = next();
            self.keep(stretches, Piece::default(), true).await?;
        }
    }

    /// The newest of those that wait.
    fn jobs(&self, queue: &BTreeSet<(i64, PathBuf)>) -> Vec<Job> {
        let newest = queue.iter().rev().filter_map(|(_, path)| {
            let row = self.known.get(path).cloned()?;
            let format = self.format_of(path)?;
            Some(Job { row, format })
        });
        newest.take(reading::MANY).collect()
    }

    async fn keep(
        &mut self,
        stretches: Vec<Stretch>,
        piece: Piece,
        sums: bool,
    ) -> Result<(), StoreError> {
        self.index.add(&stretches, piece).await?;
        for stretch in stretches {
            if !stretch.usage.is_empty() {
                self.grown.note(&stretch.row.root);
            }
            self.went_on(stretch.row, sums);
        }
        self.count();
        Ok(())
    }

    /// What was read waits on only if there is more of it; a file that does not go on is
    /// looked at again when it changes.
    fn went_on(&mut self, row: FileRow, sums: bool) {
        let before = self.known.get(&row.path);
        let still = |to: fn(&FileRow) -> u64| {
            to(&row) < row.size && before.is_some_and(|before| to(before) < to(&row))
        };
        let place = (row.modified, row.path.clone());
        if !still(|row| row.summed_to) {
            self.unsummed.remove(&place);
        }
        if !sums && !still(|row| row.read_to) {
            self.waiting.remove(&place);
        }
        self.known.insert(place.1, row);
    }

    fn format_of(&self, path: &Path) -> Option<&'static dyn Format> {
        let root = self
            .roots
            .iter()
            .find(|root| path.starts_with(&root.path))?;
        Some(root.format)
    }

    fn count(&self) {
        let sum = |part: fn(&FileRow) -> u64| self.known.values().map(part).sum();
        let (sessions, bytes) = (self.known.len() as u64, sum(|row| row.size));
        let (read_bytes, summed_bytes) = (sum(|row| row.read_to), sum(|row| row.summed_to));
        self.tell(|progress| {
            (progress.sessions, progress.bytes) = (sessions, bytes);
            (progress.read_bytes, progress.summed_bytes) = (read_bytes, summed_bytes);
            progress.read = self.waiting.is_empty();
            progress.summed = self.unsummed.is_empty();
        });
    }

    fn tell(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress.lock());
    }
}

/// The row of a file that is new or has changed.
fn listed(format: &'static dyn Format, one: Found, known: Option<FileRow>) -> FileRow {
    let mut row = known.unwrap_or_default();
    row.id = id_of(&one.path);
    format.kind().clone_into(&mut row.kind);
    row.root = one
        .place
        .parent
        .as_ref()
        .unwrap_or(&one.place.session)
        .clone();
    row.session = one.place.session;
    row.parent = one.place.parent;
    row.call_id = row.parent.as_ref().and_then(|_| format.call_of(&one.path));
    (row.inode, row.size, row.modified) = (one.inode, one.size, one.modified);
    let mut facts: Facts = serde_json::from_str(&row.facts).unwrap_or_default();
    // A file that grew a little says the rest when it is read, which is next.
    if row.read_to == 0 || row.size - row.read_to > SOON {
        let seen = Facts::peek(format, &one.path, row.size);
        facts = facts.with_ends_of(seen);
    }
    if facts.cwd.is_none() {
        facts.cwd = format.cwd_of(&one.path);
    }
    put_facts(&mut row, &facts);
    row.path = one.path;
    row
}
