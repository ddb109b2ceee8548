//! The record of every change and denial. What cannot be recorded is refused, except
//! stopping, which acts first. One thread writes; it gathers what waits and syncs once.

pub mod checkpoint;
pub mod query;
pub mod record;
mod segments;
#[cfg(test)]
mod tests;
mod writer;

use crate::auth::secret::{KeyFileError, key_file};
use checkpoint::Signer;
use orchestra_protocol::admin::AuditCheckpoint;
use orchestra_protocol::time::Timestamp;
use parking_lot::Mutex;
use query::{Filter, Verdict};
use record::{ChainKey, Entry, Kind, Record};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{mpsc, oneshot};
use writer::{Job, Line};

/// Lines that may wait for the writer; then callers wait, and notes are left out.
const WAITING: usize = 4096;
/// Denials recorded each second; more are only counted.
const DENIALS_PER_SECOND: u32 = 50;

/// Why something was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error("the audit record cannot be written: {0}")]
    Io(#[from] std::io::Error),
    #[error("the audit record cannot be written")]
    Failed,
    #[error(transparent)]
    Key(#[from] KeyFileError),
    #[error("a line of the audit record cannot be made: {0}")]
    Json(#[from] serde_json::Error),
}

/// Cheap handle; clone it freely.
#[derive(Clone)]
pub struct Audit(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    key: PathBuf,
    signer: Arc<Signer>,
    /// One checkpoint is made at a time.
    checkpoints: tokio::sync::Semaphore,
    jobs: mpsc::Sender<Job>,
    healthy: Arc<AtomicBool>,
    denials: Mutex<Denials>,
}

#[derive(Default)]
struct Denials {
    second: i64,
    written: u32,
    suppressed: u64,
    /// Since the start.
    all: u64,
}

impl Audit {
    /// Opens the record in `data_dir/audit` and gives intents of a daemon that died the
    /// outcome `unknown`.
    ///
    /// # Errors
    /// When the folder, the key or the record cannot be used.
    pub fn open(data_dir: &Path) -> Result<Self, AuditError> {
        use std::os::unix::fs::DirBuilderExt as _;
        let folder = data_dir.join("audit");
        let keys = data_dir.join("keys");
        for each in [&folder, &keys] {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(each)?;
        }
        let signer = Arc::new(Signer::open(&keys.join("checkpoint"))?);
        let key = keys.join("audit");
        let bytes = key_file(&key, || rand::random::<[u8; 32]>().to_vec())?;
        let (segments, open) = segments::Segments::open(&folder, ChainKey::new(bytes))?;
        let healthy = Arc::new(AtomicBool::new(true));
        let (jobs, inbox) = mpsc::channel(WAITING);
        writer::start(segments, open, inbox, Arc::clone(&healthy))?;
        Ok(Self(Arc::new(Inner {
            folder,
            key,
            signer,
            checkpoints: tokio::sync::Semaphore::new(1),
            jobs,
            healthy,
            denials: Mutex::default(),
        })))
    }

    /// Records that something is going to be done; it is on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be recorded: then it must not be done.
    pub async fn intent(&self, entry: Entry) -> Result<Pending, AuditError> {
        let line = Line::new(Kind::Intent, entry.clone(), "intent");
        let seq = self.write(line.synced()).await?;
        Ok(Pending {
            audit: self.clone(),
            seq,
            entry: Some(entry),
        })
    }

    /// Records what happened and had no intent; written, not yet synced, when it returns.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub async fn event(&self, entry: Entry, result: &str) -> Result<(), AuditError> {
        self.write(Line::new(Kind::Event, entry, result)).await?;
        Ok(())
    }

    /// The same without waiting, for what comes in thousands.
    pub fn note(&self, entry: Entry, result: &str) {
        self.post(Line::new(Kind::Event, entry, result));
    }

    /// Records a stop that was already done, as a pair, from reserved space if need be.
    pub async fn stopped(&self, entry: Entry, result: &str) {
        let line = Line::new(Kind::Outcome, entry, result).reserved();
        if let Err(error) = self.write(line).await {
            tracing::error!(%error, "a stop was done but not recorded");
        }
    }

    /// Records a refusal; a flood of them is counted.
    pub fn denied(&self, entry: Entry, code: &str) {
        let mut line = Line::new(Kind::Event, entry, format!("denied:{code}"));
        {
            let mut denials = self.0.denials.lock();
            denials.all += 1;
            let second = Timestamp::now().0 / 1000;
            if denials.second != second {
                (denials.second, denials.written) = (second, 0);
            }
            if denials.written >= DENIALS_PER_SECOND {
                denials.suppressed += 1;
                return;
            }
            denials.written += 1;
            line.suppressed = std::mem::take(&mut denials.suppressed);
        }
        self.post(line);
    }

    /// Counts a refusal that the record has as the result of a change.
    pub fn count_denial(&self) {
        self.0.denials.lock().all += 1;
    }

    /// How many calls were refused since the start.
    pub fn denials(&self) -> u64 {
        self.0.denials.lock().all
    }

    /// False while the record cannot be written and changes are refused.
    pub fn healthy(&self) -> bool {
        self.0.healthy.load(Ordering::Relaxed)
    }

    /// Lines that the filter takes, newest first, with everything recorded before.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn query(&self, filter: Filter) -> Result<Vec<Record>, AuditError> {
        self.flush().await;
        let folder = self.0.folder.clone();
        self.blocking(move |_| query::read(&folder, &filter)).await
    }

    /// Follows the chain from its beginning.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn verify(&self) -> Result<Verdict, AuditError> {
        self.flush().await;
        let folder = self.0.folder.clone();
        let signer = Arc::clone(&self.0.signer);
        self.blocking(
            move |key| match checkpoint::kept(&folder, &signer.public)? {
                Some(kept) => query::verify(&folder, key, &kept),
                None => Ok(Verdict::Broken {
                    after: 0,
                    file: folder.join(checkpoint::KEPT).display().to_string(),
                }),
            },
        )
        .await
    }

    /// Says, signed, where the record stands, and keeps that beside it.
    ///
    /// # Errors
    /// When the record cannot be written or the checkpoint not kept.
    pub async fn checkpoint(&self) -> Result<AuditCheckpoint, AuditError> {
        let _turn = self.0.checkpoints.acquire().await;
        let (end, wait) = oneshot::channel();
        let sent = self.0.jobs.send(Job::End(end)).await;
        sent.map_err(|_| AuditError::Failed)?;
        let (seq, hash) = wait.await.map_err(|_| AuditError::Failed)?;
        let (folder, signer) = (self.0.folder.clone(), Arc::clone(&self.0.signer));
        self.blocking(move |_| {
            // Damaged ones stay as they are: `verify` has to find them.
            let Some(kept) = checkpoint::kept(&folder, &signer.public)? else {
                return Err(std::io::Error::other("a kept checkpoint was changed"));
            };
            if let Some(last) = kept
                .last()
                .filter(|last| last.seq == seq && last.hash == hash)
            {
                return Ok(last.clone());
            }
            let new = signer.sign(seq, hash);
            let anchor = segments::anchor(&folder).map_or(0, |(seq, _)| seq);
            checkpoint::keep(&folder, kept, &new, anchor)?;
            Ok(new)
        })
        .await
    }

    /// The checkpoints kept beside the record, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn checkpoints(&self) -> Result<Vec<AuditCheckpoint>, AuditError> {
        let (folder, signer) = (self.0.folder.clone(), Arc::clone(&self.0.signer));
        let read = move |_: &ChainKey| checkpoint::kept(&folder, &signer.public);
        Ok(self.blocking(read).await?.unwrap_or_default())
    }

    /// The files of the record, in order, with everything recorded before.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn files(&self) -> Result<Vec<PathBuf>, AuditError> {
        self.flush().await;
        let folder = self.0.folder.clone();
        let list = move |_: &ChainKey| {
            let files = segments::list(&folder)?;
            Ok(files.into_iter().map(|(_, path)| path).collect())
        };
        self.blocking(list).await
    }

    /// Forgets whole files that end before `before`; says how many.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub async fn prune(&self, before: Timestamp) -> Result<usize, AuditError> {
        let folder = self.0.folder.clone();
        self.blocking(move |key| segments::prune(&folder, key, before))
            .await
    }

    /// Waits until everything is on the disk. Call it last.
    pub async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        if self.0.jobs.send(Job::Flush(done)).await.is_ok() {
            let _ = wait.await;
        }
    }

    /// Writes there from now on; `/dev/full` is a full disk.
    #[cfg(test)]
    pub(crate) async fn use_file(&self, file: std::fs::File) {
        assert!(self.0.jobs.send(Job::File(file)).await.is_ok());
    }

    async fn blocking<T, F>(&self, work: F) -> Result<T, AuditError>
    where
        T: Send + 'static,
        F: FnOnce(&ChainKey) -> std::io::Result<T> + Send + 'static,
    {
        let key = self.0.key.clone();
        let run = move || {
            let key = ChainKey::new(key_file(&key, Vec::new)?);
            Ok(work(&key)?)
        };
        tokio::task::spawn_blocking(run)
            .await
            .unwrap_or(Err(AuditError::Failed))
    }

    async fn write(&self, mut line: Line) -> Result<u64, AuditError> {
        let (done, wait) = oneshot::channel();
        line.done = Some(done);
        let sent = self.0.jobs.send(Job::Write(Box::new(line))).await;
        sent.map_err(|_| AuditError::Failed)?;
        wait.await.unwrap_or(Err(AuditError::Failed))
    }

    fn post(&self, line: Line) {
        if self.0.jobs.try_send(Job::Write(Box::new(line))).is_err() {
            self.0.denials.lock().suppressed += 1;
        }
    }
}

/// An intent that waits for its outcome; dropped without one, that is `unknown`.
#[must_use]
pub struct Pending {
    audit: Audit,
    seq: u64,
    entry: Option<Entry>,
}

impl Pending {
    /// Says what the action turned out to be about, such as the id of what it made.
    pub fn about(&mut self, object: String) {
        if let Some(entry) = &mut self.entry {
            entry.object = object;
        }
    }

    /// Records the outcome.
    pub async fn outcome(mut self, result: &str) {
        let Some(entry) = self.entry.take() else {
            return;
        };
        let line = Line::new(Kind::Outcome, entry, result).of(self.seq);
        if let Err(error) = self.audit.write(line).await {
            tracing::error!(%error, intent = self.seq, "an outcome was not recorded");
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.audit
                .post(Line::new(Kind::Outcome, entry, "unknown").of(self.seq));
        }
    }
}
