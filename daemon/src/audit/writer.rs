//! The one thread that writes. It is no task: it outlives the tasks whose ends it
//! records, and ends when the last handle is gone.

use super::AuditError;
use super::record::{Entry, Kind, Record};
use super::segments::Segments;
use orchestra_protocol::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Lines written and synced at once.
const BATCH: usize = 256;
/// Longest object that a line names, in characters; callers choose it.
const MAX_OBJECT: usize = 300;
/// Longest time that a line without an intent stays unsynced.
const SYNC_AFTER: Duration = Duration::from_secs(1);

/// What the writer is asked to do.
pub(in crate::audit) enum Job {
    Write(Box<Line>),
    Flush(oneshot::Sender<()>),
    /// Number and hash of the last line, once it is on the disk.
    End(oneshot::Sender<(u64, String)>),
    #[cfg(test)]
    File(std::fs::File),
}

/// A line to write.
pub(in crate::audit) struct Line {
    kind: Kind,
    entry: Entry,
    result: String,
    intent: Option<u64>,
    pub(in crate::audit) suppressed: u64,
    sync: bool,
    reserved: bool,
    pub(in crate::audit) done: Option<oneshot::Sender<Result<u64, AuditError>>>,
}

impl Line {
    pub(in crate::audit) fn new(kind: Kind, mut entry: Entry, result: impl Into<String>) -> Self {
        if let Some((end, _)) = entry.object.char_indices().nth(MAX_OBJECT) {
            entry.object.truncate(end);
        }
        Self {
            kind,
            entry,
            result: result.into(),
            intent: None,
            suppressed: 0,
            sync: false,
            reserved: false,
            done: None,
        }
    }

    /// It has to be on the disk before the caller goes on.
    pub(in crate::audit) fn synced(mut self) -> Self {
        self.sync = true;
        self
    }

    /// It may use the reserved space; its intent is written along.
    pub(in crate::audit) fn reserved(mut self) -> Self {
        self.reserved = true;
        self
    }

    /// It is the outcome of that intent.
    pub(in crate::audit) fn of(mut self, intent: u64) -> Self {
        self.intent = Some(intent);
        self
    }
}

/// Starts the thread; first come the outcomes that a dead daemon did not write.
pub(in crate::audit) fn start(
    segments: Segments,
    open: Vec<Record>,
    inbox: mpsc::Receiver<Job>,
    healthy: Arc<AtomicBool>,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let mut writer = Writer {
        segments,
        healthy,
        unsynced: false,
    };
    let unknown = |record: Record| Line::new(Kind::Outcome, record.entry, "unknown").of(record.seq);
    let mut left: Vec<Line> = open.into_iter().map(unknown).collect();
    if !left.is_empty() {
        tracing::warn!(
            count = left.len(),
            "actions were cut short; their outcome is unknown"
        );
        writer.write(&mut left)?;
    }
    std::thread::Builder::new()
        .name("audit".into())
        .spawn(move || runtime.block_on(writer.run(inbox)))?;
    Ok(())
}

struct Writer {
    segments: Segments,
    healthy: Arc<AtomicBool>,
    unsynced: bool,
}

impl Writer {
    async fn run(mut self, mut inbox: mpsc::Receiver<Job>) {
        loop {
            let job = if self.unsynced {
                match tokio::time::timeout(SYNC_AFTER, inbox.recv()).await {
                    Ok(job) => job,
                    Err(_) => {
                        self.sync();
                        continue;
                    }
                }
            } else {
                inbox.recv().await
            };
            let Some(job) = job else {
                self.sync();
                return;
            };
            let mut lines = Vec::new();
            let (mut flushed, mut ends) = (Vec::new(), Vec::new());
            let mut next = Some(job);
            while let Some(job) = next {
                match job {
                    Job::Write(line) => lines.push(*line),
                    Job::Flush(done) => flushed.push(done),
                    Job::End(done) => ends.push(done),
                    #[cfg(test)]
                    Job::File(file) => self.segments.use_file(file),
                }
                next = (lines.len() < BATCH)
                    .then(|| inbox.try_recv().ok())
                    .flatten();
            }
            self.batch(lines);
            if !flushed.is_empty() || !ends.is_empty() {
                self.sync();
            }
            // Without the disk there is no end to state: the askers hear that it failed.
            for done in ends.into_iter().filter(|_| !self.unsynced) {
                let _ = done.send((self.segments.seq, self.segments.hash.clone()));
            }
            for done in flushed {
                let _ = done.send(());
            }
        }
    }

    fn batch(&mut self, mut lines: Vec<Line>) {
        if lines.is_empty() {
            return;
        }
        let mut result = self.write(&mut lines);
        if result.is_ok() && !self.healthy.load(Ordering::Relaxed) {
            self.segments.fill_reserve();
        }
        // Before anybody is answered, so that the refused see why.
        self.healthy.store(result.is_ok(), Ordering::Relaxed);
        if result.is_err() {
            // The others are refused; stopping is recorded from the space set aside.
            refuse(&mut lines);
            if !lines.is_empty() && self.segments.free_reserve() {
                result = self.write(&mut lines);
            }
        }
        let good = result.is_ok();
        if let Err(error) = result {
            tracing::error!(%error, "the audit record cannot be written");
        }
        for line in lines {
            if let Some(done) = line.done {
                let _ = done.send(if good {
                    Ok(line.intent.unwrap_or_default())
                } else {
                    Err(AuditError::Failed)
                });
            }
        }
    }

    /// Writes all or nothing. An intent's own number is left in `intent`.
    fn write(&mut self, lines: &mut [Line]) -> std::io::Result<()> {
        let (mut seq, mut hash) = (self.segments.seq, self.segments.hash.clone());
        let first = seq + 1;
        let mut text = String::new();
        let mut put = |kind, line: &Line, intent, result: &str| -> std::io::Result<u64> {
            seq += 1;
            let record = Record {
                seq,
                ts: Timestamp::now(),
                kind,
                intent,
                entry: line.entry.clone(),
                result: result.to_owned(),
                suppressed: line.suppressed,
                prev_hash: std::mem::take(&mut hash),
            };
            let (sealed, own) = self.segments.key.seal(&record)?;
            hash = own;
            text.push_str(&sealed);
            Ok(seq)
        };
        let mut numbers = Vec::with_capacity(lines.len());
        for line in lines.iter() {
            let intent = match (line.kind, line.intent) {
                (Kind::Outcome, None) => Some(put(Kind::Intent, line, None, "intent")?),
                (_, intent) => intent,
            };
            numbers.push(put(line.kind, line, intent, &line.result)?);
        }
        let sync = lines.iter().any(|line| line.sync || line.reserved);
        self.segments.append(first, text.as_bytes(), sync)?;
        self.unsynced = !sync;
        (self.segments.seq, self.segments.hash) = (seq, hash);
        for (line, number) in lines.iter_mut().zip(numbers) {
            if line.kind == Kind::Intent {
                line.intent = Some(number);
            }
        }
        Ok(())
    }

    fn sync(&mut self) {
        match self.segments.sync() {
            Ok(()) => self.unsynced = false,
            Err(error) => {
                tracing::error!(%error, "the audit record cannot be synced");
                self.healthy.store(false, Ordering::Relaxed);
            }
        }
    }
}

/// Answers all but the reserved lines with a failure and takes them out.
fn refuse(lines: &mut Vec<Line>) {
    let mut kept = Vec::new();
    for line in lines.drain(..) {
        match line.done {
            _ if line.reserved => kept.push(line),
            Some(done) => drop(done.send(Err(AuditError::Failed))),
            None => {}
        }
    }
    *lines = kept;
}
