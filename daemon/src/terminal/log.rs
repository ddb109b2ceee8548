//! The recorded output of one agent: raw bytes in numbered segments. A segment's name is
//! the offset of its first byte, so a reader finds any offset, and dropping the oldest
//! segment forgets the oldest bytes without moving the rest.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Size at which a new segment begins.
const SEGMENT: u64 = 16 * 1024 * 1024;
/// Segments kept: 64 MiB an agent.
const KEPT: usize = 4;
/// Most bytes of one read.
const CHUNK: usize = 32 * 1024;

/// Writes at the end of an agent's log.
#[derive(Debug)]
pub struct LogWriter {
    folder: PathBuf,
    file: File,
    /// Offset of the segment's first byte.
    start: u64,
    length: u64,
}

impl LogWriter {
    /// Opens the log in `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// When the folder or a segment cannot be written.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let start = segments(folder)?.last().copied().unwrap_or(0);
        let file = open_segment(folder, start)?;
        let length = file.metadata()?.len();
        Ok(Self {
            folder: folder.to_owned(),
            file,
            start,
            length,
        })
    }

    /// Adds bytes; begins a new segment and forgets the oldest when it is time.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.length >= SEGMENT {
            self.start += self.length;
            self.length = 0;
            self.file = open_segment(&self.folder, self.start)?;
            let all = segments(&self.folder)?;
            for old in all.iter().take(all.len().saturating_sub(KEPT)) {
                std::fs::remove_file(segment_path(&self.folder, *old))?;
            }
        }
        self.file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }
}

/// A piece of a log.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// Offset of the first byte; higher than asked for when older ones are forgotten.
    pub offset: u64,
    pub bytes: Vec<u8>,
}

/// Reads from `offset` on, up to the end of a segment; empty at the end of the log.
///
/// # Errors
/// `NotFound` when nothing was ever recorded; else when a segment cannot be read.
pub fn read(folder: &Path, offset: u64) -> io::Result<Piece> {
    let all = segments(folder)?;
    let Some(oldest) = all.first().copied() else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let offset = offset.max(oldest);
    let start = all
        .iter()
        .rev()
        .find(|start| **start <= offset)
        .copied()
        .unwrap_or(oldest);
    let mut file = File::open(segment_path(folder, start))?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start((offset - start).min(length)))?;
    let mut bytes = vec![0; CHUNK];
    let count = file.read(&mut bytes)?;
    bytes.truncate(count);
    Ok(Piece { offset, bytes })
}

/// How many of these bytes end with a whole character, so that no event splits one.
pub fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        // An unfinished character at the end waits for its rest; other bytes never mend.
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => bytes.len(),
    }
}

fn segments(folder: &Path) -> io::Result<Vec<u64>> {
    let mut starts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".log"));
        starts.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    starts.sort_unstable();
    Ok(starts)
}

fn segment_path(folder: &Path, start: u64) -> PathBuf {
    folder.join(format!("{start:020}.log"))
}

fn open_segment(folder: &Path, start: u64) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(segment_path(folder, start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_offset_is_found_across_segments_and_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let block = vec![b'x'; usize::try_from(SEGMENT).unwrap()];
        LogWriter::open(folder.path())
            .unwrap()
            .append(&block)
            .unwrap();
        let mut writer = LogWriter::open(folder.path()).unwrap();
        writer.append(b"second").unwrap();
        let piece = read(folder.path(), SEGMENT + 3).unwrap();
        assert_eq!(
            (piece.offset, piece.bytes.as_slice()),
            (SEGMENT + 3, b"ond".as_slice())
        );
        assert!(read(folder.path(), SEGMENT + 6).unwrap().bytes.is_empty());
        for _ in 0..KEPT {
            writer.append(&block).unwrap();
            writer.append(b"").unwrap();
        }
        let oldest = read(folder.path(), 0).unwrap();
        assert!(oldest.offset > 0, "the oldest segment is forgotten");
    }

    #[test]
    fn characters_stay_whole() {
        assert_eq!(whole_characters("aä".as_bytes()), 3);
        assert_eq!(whole_characters(&"aä".as_bytes()[..2]), 1);
        assert_eq!(whole_characters(b"a\xffb"), 3);
    }
}
