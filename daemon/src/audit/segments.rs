//! The files of the record: appended to, synced, turned over, never rewritten.

use super::AuditError;
use super::record::{ChainKey, GENESIS, Kind, Record};
use orchestra_protocol::time::Timestamp;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A segment is turned over when it is this long, or a day old.
const MAX_SEGMENT: u64 = 8 * 1024 * 1024;
const DAY: i64 = 86_400_000;
/// Kept free on the disk, so that stopping can be recorded when it is full.
const RESERVE: usize = 256 * 1024;

/// The open end of the record.
pub(in crate::audit) struct Segments {
    folder: PathBuf,
    pub(in crate::audit) key: ChainKey,
    file: File,
    length: u64,
    begun_at: i64,
    /// Number and hash of the last line.
    pub(in crate::audit) seq: u64,
    pub(in crate::audit) hash: String,
}

/// Files in order, each with the number of its first line.
pub(in crate::audit) fn list(folder: &Path) -> std::io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|end| end != "jsonl") {
            continue;
        }
        let first = path
            .file_stem()
            .and_then(|stem| stem.to_str()?.parse().ok());
        found.extend(first.map(|first| (first, path)));
    }
    found.sort();
    Ok(found)
}

impl Segments {
    /// Finds the end of the record and cuts off a line that a crash left half-written.
    /// Also returns the intents that have no outcome.
    pub(in crate::audit) fn open(
        folder: &Path,
        key: ChainKey,
    ) -> Result<(Self, Vec<Record>), AuditError> {
        let files = list(folder)?;
        let mut end = anchor(folder).unwrap_or((0, GENESIS.to_owned()));
        let mut open = BTreeMap::new();
        // An intent is not older than the last two files: it lives as long as a request.
        for (_, path) in files.iter().rev().take(2).rev() {
            let text = std::fs::read_to_string(path)?;
            let whole = text.rfind('\n').map_or(0, |at| at + 1);
            if whole < text.len() {
                OpenOptions::new()
                    .write(true)
                    .open(path)?
                    .set_len(whole as u64)?;
            }
            for line in text[..whole].lines() {
                let Some((record, hash)) = key.open(line) else {
                    tracing::error!(path = %path.display(), "the audit record was tampered with");
                    continue;
                };
                end = (record.seq, hash);
                match (record.kind, record.intent) {
                    (Kind::Intent, _) => drop(open.insert(record.seq, record)),
                    (Kind::Outcome, Some(intent)) => drop(open.remove(&intent)),
                    _ => {}
                }
            }
        }
        let (file, length) = begin(folder, end.0 + 1)?;
        let segments = Self {
            folder: folder.to_owned(),
            key,
            file,
            length,
            begun_at: Timestamp::now().0,
            seq: end.0,
            hash: end.1,
        };
        segments.fill_reserve();
        Ok((segments, open.into_values().collect()))
    }

    /// Appends whole lines, of which `first` is the number of the first one; with `sync`
    /// they are on the disk when it returns. On failure nothing is left of them.
    pub(in crate::audit) fn append(
        &mut self,
        first: u64,
        lines: &[u8],
        sync: bool,
    ) -> std::io::Result<()> {
        let old = Timestamp::now().since(Timestamp(self.begun_at)) > DAY;
        if self.length > 0 && (old || self.length + lines.len() as u64 > MAX_SEGMENT) {
            self.file.sync_data()?;
            (self.file, self.length) = begin(&self.folder, first)?;
            self.begun_at = Timestamp::now().0;
        }
        let mut result = self.file.write_all(lines);
        if result.is_ok() && sync {
            result = self.file.sync_data();
        }
        match result {
            Ok(()) => self.length += lines.len() as u64,
            // What was half-written must not stand before the next line.
            Err(_) => self.file.set_len(self.length)?,
        }
        result
    }

    /// Puts what was appended onto the disk.
    pub(in crate::audit) fn sync(&self) -> std::io::Result<()> {
        self.file.sync_data()
    }

    #[cfg(test)]
    pub(in crate::audit) fn use_file(&mut self, file: File) {
        self.length = 0;
        self.file = file;
    }

    fn reserve(&self) -> PathBuf {
        self.folder.join("reserve")
    }

    /// Sets space aside; without it the record still works while the disk has room.
    pub(in crate::audit) fn fill_reserve(&self) {
        let path = self.reserve();
        if std::fs::metadata(&path).is_ok_and(|meta| meta.len() == RESERVE as u64) {
            return;
        }
        if let Err(error) = crate::auth::secret::write_private(&path, &vec![0x20; RESERVE]) {
            tracing::warn!(%error, "no space can be set aside for the audit record");
        }
    }

    /// Gives the space set aside to the record.
    pub(in crate::audit) fn free_reserve(&self) -> bool {
        std::fs::remove_file(self.reserve()).is_ok()
    }
}

fn begin(folder: &Path, first: u64) -> std::io::Result<(File, u64)> {
    let path = folder.join(format!("{first:012}.jsonl"));
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    let length = file.metadata()?.len();
    File::open(folder)?.sync_all()?;
    Ok((file, length))
}

/// Number and hash of the last line that retention removed.
pub(in crate::audit) fn anchor(folder: &Path) -> Option<(u64, String)> {
    let text = std::fs::read_to_string(folder.join("anchor")).ok()?;
    let (seq, hash) = text.trim().split_once(' ')?;
    Some((seq.parse().ok()?, hash.to_owned()))
}

/// Removes whole files whose last line is older than `before`, never the newest; what
/// they ended with is kept as the anchor of the rest.
pub(in crate::audit) fn prune(
    folder: &Path,
    key: &ChainKey,
    before: Timestamp,
) -> std::io::Result<usize> {
    let files = list(folder)?;
    let mut removed = 0;
    for (_, path) in files.iter().take(files.len().saturating_sub(1)) {
        let text = std::fs::read_to_string(path)?;
        let last = text.lines().last().and_then(|line| key.open(line));
        match last {
            Some((record, hash)) if record.ts < before => {
                let anchor = format!("{} {hash}\n", record.seq);
                let kept = folder.join("anchor");
                crate::auth::secret::write_private(&kept, anchor.as_bytes())?;
                std::fs::remove_file(path)?;
                removed += 1;
            }
            _ => break,
        }
    }
    Ok(removed)
}
