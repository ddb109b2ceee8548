//! Records of a file from an offset on: whole lines, however damaged, and never more
//! memory than one line may have.

use super::facts::MAX_LINE;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// One line of a file.
#[derive(Debug)]
pub struct Line {
    pub offset: u64,
    /// None: it is no record.
    pub value: Option<Value>,
}

/// Reads a file line by line.
pub struct Lines {
    from: BufReader<File>,
    offset: u64,
    /// The line that is looked at, kept so that its room is used again.
    bytes: Vec<u8>,
}

/// Opens a regular file, and never another kind: a pipe would hold the reader up, a link
/// would lead out.
///
/// # Errors
/// When it is no such file or cannot be opened.
pub fn open(path: &Path) -> std::io::Result<(File, std::fs::Metadata)> {
    let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK;
    let file = File::options()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)?;
    let meta = file.metadata()?;
    if meta.is_file() {
        Ok((file, meta))
    } else {
        Err(std::io::Error::other("it is no regular file"))
    }
}

/// Number and size that tell whether a file is still the one that was read.
pub fn identity(meta: &std::fs::Metadata) -> (u64, u64, i64) {
    let modified = meta.mtime() * 1000 + meta.mtime_nsec() / 1_000_000;
    (meta.ino(), meta.len(), modified)
}

impl Lines {
    /// From a byte where a line begins.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path, offset: u64) -> std::io::Result<Self> {
        Self::of(open(path)?.0, offset, 64 * 1024)
    }

    /// From a byte of an open file on, so many bytes at a time.
    ///
    /// # Errors
    /// When there is no such byte in any file.
    pub fn of(mut file: File, offset: u64, at_a_time: usize) -> std::io::Result<Self> {
        if offset > 0 {
            file.seek(SeekFrom::Start(offset))?;
        }
        Ok(Self {
            from: BufReader::with_capacity(at_a_time, file),
            offset,
            bytes: Vec::new(),
        })
    }

    /// From the first line that begins at or behind a byte.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn within(path: &Path, offset: u64) -> std::io::Result<Self> {
        let mut lines = Self::open(path, offset.saturating_sub(1))?;
        if offset > 0 {
            lines.skip_line()?;
        }
        Ok(lines)
    }

    /// Where the next line begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next line; none at the end, and for a last line that is still being written.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn line(&mut self) -> std::io::Result<Option<Line>> {
        self.line_of(|_| true)
    }

    /// The next line, taken apart only when its bytes are wanted: else it is `Null`, as a
    /// blank one. One line at a time, so that whoever needs only the head of a file reads
    /// no more than that.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn line_of(&mut self, wanted: impl Fn(&[u8]) -> bool) -> std::io::Result<Option<Line>> {
        let offset = self.offset;
        self.bytes.clear();
        let got = (&mut self.from)
            .take(MAX_LINE)
            .read_until(b'\n', &mut self.bytes)?;
        if got == 0 {
            return Ok(None);
        }
        self.offset += got as u64;
        let whole = self.bytes.last() == Some(&b'\n');
        if !whole && got as u64 == MAX_LINE {
            self.bytes = Vec::new();
            self.skip_line()?;
            return Ok(Some(Line {
                offset,
                value: None,
            }));
        }
        let value = match !whole || wanted(&self.bytes) {
            true => parse(&self.bytes, offset),
            false => Some(Value::Null),
        };
        if !whole && value.is_none() {
            // Half a record: its writer may still be at it.
            self.offset = offset;
            return Ok(None);
        }
        Ok(Some(Line { offset, value }))
    }

    fn skip_line(&mut self) -> std::io::Result<()> {
        loop {
            let buffer = self.from.fill_buf()?;
            if buffer.is_empty() {
                return Ok(());
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(buffer.len(), |end| end + 1);
            self.from.consume(used);
            self.offset += used as u64;
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

/// A record, `Null` for a blank line, none for anything else.
pub fn parse(bytes: &[u8], offset: u64) -> Option<Value> {
    let bytes = if offset == 0 {
        bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
    } else {
        bytes
    };
    let bytes = bytes.trim_ascii();
    if bytes.is_empty() {
        return Some(Value::Null);
    }
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        // Bytes that are no UTF-8 inside a string are shown as such.
        Err(_) => serde_json::from_str(&String::from_utf8_lossy(bytes)).ok()?,
    };
    value.is_object().then_some(value)
}
