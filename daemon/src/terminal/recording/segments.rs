//! The files of one recording. Each segment plays by itself; its name is the offset of
//! its first byte in the whole, so that a reader finds any offset and the oldest can go
//! without moving the rest. The one that is written to is `START.cast`; a closed one is
//! `START-END.cast.zst`. Whoever asks for the end has it from the names.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// zstd's own default: terminal text shrinks to a tenth, at some hundred MB a second.
const LEVEL: i32 = 3;
/// While a segment is packed.
const PART: &str = "part";

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Offset of its first byte.
    pub start: u64,
    /// Offset behind its last byte; known of closed ones.
    pub end: Option<u64>,
    pub path: PathBuf,
}

impl Segment {
    fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        if let Some(range) = name.strip_suffix(".cast.zst") {
            let (start, end) = range.split_once('-')?;
            let (start, end) = (start.parse().ok()?, Some(end.parse().ok()?));
            return Some(Self { start, end, path });
        }
        let start = name.strip_suffix(".cast")?.parse().ok()?;
        Some(Self {
            start,
            end: None,
            path,
        })
    }

    /// Its bytes as they were written, from `skip` on.
    ///
    /// # Errors
    /// When the file is gone or cannot be read.
    pub fn read_from(&self, skip: u64) -> io::Result<Box<dyn Read + Send + Sync>> {
        let mut file = File::open(&self.path)?;
        if self.end.is_none() {
            file.seek(SeekFrom::Start(skip))?;
            return Ok(Box::new(file));
        }
        let mut bytes = zstd::stream::read::Decoder::new(file)?;
        io::copy(&mut bytes.by_ref().take(skip), &mut io::sink())?;
        Ok(Box::new(bytes))
    }
}

/// All of them, oldest first.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(folder: &Path) -> io::Result<Vec<Segment>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        all.extend(Segment::of(entry?.path()));
    }
    // Both files of one segment are there when packing was cut off at its last step;
    // the packed one was whole by then.
    all.sort_by_key(|segment: &Segment| (segment.start, segment.end.is_none()));
    all.dedup_by_key(|segment| segment.start);
    Ok(all)
}

/// Offset behind the last byte that is there.
///
/// # Errors
/// When the folder cannot be read.
pub fn end(folder: &Path) -> io::Result<u64> {
    let Some(last) = list(folder)?.pop() else {
        return Ok(0);
    };
    match last.end {
        Some(end) => Ok(end),
        None => Ok(last.start + std::fs::metadata(&last.path)?.len()),
    }
}

/// The place of the segment that begins at `start`.
pub fn path(folder: &Path, start: u64) -> PathBuf {
    folder.join(format!("{start:020}.cast"))
}

/// Clears up after a writer that ended in any way, and says where the next one begins: a
/// torn last line is cut off, what is closed is packed.
///
/// # Errors
/// When the folder or a file cannot be read or cut.
pub fn tidy(folder: &Path) -> io::Result<u64> {
    let known = list(folder)?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let left = path.extension().is_some_and(|end| end == PART)
            || Segment::of(path.clone()).is_some_and(|one| !known.contains(&one));
        if left {
            std::fs::remove_file(path)?;
        }
    }
    let mut end = 0;
    for segment in known {
        end = match segment.end {
            Some(end) => end,
            None => {
                let length = mend(&segment.path)?;
                close(&segment, length);
                segment.start + length
            }
        };
    }
    Ok(end)
}

/// Cuts off what follows the last whole line, and says what remains.
fn mend(path: &Path) -> io::Result<u64> {
    let bytes = std::fs::read(path)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n');
    let length = whole.map_or(0, |at| at + 1) as u64;
    if length < bytes.len() as u64 {
        File::options().write(true).open(path)?.set_len(length)?;
    }
    Ok(length)
}

/// Packs a segment that gets no more; an empty one goes. What cannot be packed, because
/// the disk is full, is left as it is: it reads the same, and the next writer tries again.
pub fn close(segment: &Segment, length: u64) {
    let done = if length == 0 {
        std::fs::remove_file(&segment.path)
    } else {
        pack(segment, length)
    };
    if let Err(error) = done {
        tracing::warn!(%error, file = %segment.path.display(), "a part of a recording was not packed");
    }
}

fn pack(segment: &Segment, length: u64) -> io::Result<()> {
    let from = File::open(&segment.path)?;
    let part = segment.path.with_extension(PART);
    let written = private(File::options().create(true).truncate(true), &part)
        .and_then(|file| squeeze(&from, length, file));
    if let Err(error) = written {
        // The room it took is needed.
        let _ = std::fs::remove_file(&part);
        return Err(error);
    }
    let (start, end) = (segment.start, segment.start + length);
    let name = format!("{start:020}-{end:020}.cast.zst");
    std::fs::rename(&part, segment.path.with_file_name(name))?;
    std::fs::remove_file(&segment.path)
}

fn squeeze(from: &File, length: u64, to: File) -> io::Result<()> {
    let mut packed = zstd::stream::write::Encoder::new(to, LEVEL)?;
    packed.include_checksum(true)?;
    io::copy(&mut from.take(length), &mut packed)?;
    let mut to = packed.finish()?;
    to.flush()?;
    // Before the plain one goes, the packed one is on the disk; its age is that of its
    // last event.
    to.set_modified(from.metadata()?.modified()?)?;
    to.sync_all()
}

/// Opens a file that only we may read.
///
/// # Errors
/// When it cannot be opened.
pub fn private(options: &mut std::fs::OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    options.write(true).mode(0o600).open(path)
}

/// Drops the oldest until no more than `most` bytes are on the disk; never the newest.
///
/// # Errors
/// When a file cannot be removed.
pub fn shrink(folder: &Path, most: u64) -> io::Result<()> {
    let all = list(folder)?;
    let sizes: Vec<u64> = all
        .iter()
        .map(|one| std::fs::metadata(&one.path).map_or(0, |file| file.len()))
        .collect();
    let mut total: u64 = sizes.iter().sum();
    for (segment, size) in all.iter().zip(sizes).take(all.len().saturating_sub(1)) {
        if total <= most {
            break;
        }
        std::fs::remove_file(&segment.path)?;
        total -= size;
    }
    Ok(())
}

/// Drops what got its last event before that time; the newest only when `ended`, because
/// it may be open.
///
/// # Errors
/// When a file cannot be removed.
pub fn prune(folder: &Path, before: SystemTime, ended: bool) -> io::Result<()> {
    let all = list(folder)?;
    let keep = usize::from(!ended);
    for segment in &all[..all.len().saturating_sub(keep)] {
        if std::fs::metadata(&segment.path)?.modified()? >= before {
            break;
        }
        std::fs::remove_file(&segment.path)?;
    }
    if ended && list(folder)?.is_empty() {
        // With whatever was left beside them.
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}
