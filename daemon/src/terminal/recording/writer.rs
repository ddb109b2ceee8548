//! Writes the segments of one recording. Whole lines come in, a batch at a time; a batch
//! that does not fit is taken back, so that what is on the disk always plays. Blocking:
//! call it where that is allowed.

use super::segments::{self, Segment};
use nix::sys::statvfs::statvfs;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Least and most bytes of a segment, before packing: small enough that a jump into one is
/// cheap and that dropping the oldest forgets little.
const SEGMENT: std::ops::RangeInclusive<u64> = 64 * 1024..=4 * 1024 * 1024;
/// Segments of that size that the whole has room for.
const PARTS: u64 = 16;
/// Room that recordings leave on the disk for what matters more: most, and which part of a
/// small disk.
const RESERVE: u64 = 64 * 1024 * 1024;
const RESERVED_PART: u64 = 20;

/// One recording's end.
#[derive(Debug)]
pub(super) struct Writer {
    folder: PathBuf,
    /// Most bytes on the disk.
    most: u64,
    open: Option<Open>,
    next: u64,
}

#[derive(Debug)]
struct Open {
    file: File,
    segment: Segment,
    length: u64,
}

impl Writer {
    /// Goes on behind what the folder holds; it is made if it is missing.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub(super) fn open(folder: &Path, most: u64) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let next = segments::tidy(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            most,
            open: None,
            next,
        })
    }

    /// True when nothing was ever written.
    pub(super) fn is_new(&self) -> bool {
        self.next == 0
    }

    /// True when it is time for another segment.
    pub(super) fn is_full(&self) -> bool {
        let most = (self.most / PARTS).clamp(*SEGMENT.start(), *SEGMENT.end());
        self.open.as_ref().is_some_and(|open| open.length >= most)
    }

    /// Closes the segment and begins another with these lines; forgets the oldest that are
    /// too much.
    ///
    /// # Errors
    /// When the lines cannot be written: then no segment is open.
    pub(super) fn begin(&mut self, lines: &[u8]) -> io::Result<()> {
        self.close();
        segments::shrink(&self.folder, self.most)?;
        let path = segments::path(&self.folder, self.next);
        let file = segments::private(File::options().create_new(true), &path)?;
        self.open = Some(Open {
            file,
            segment: Segment {
                start: self.next,
                end: None,
                path,
            },
            length: 0,
        });
        let written = self.append(lines);
        if written.is_err() {
            self.close();
        }
        written
    }

    /// Adds whole lines.
    ///
    /// # Errors
    /// When they cannot be written: none of them is.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        leave_room(&self.folder, 1)?;
        let open = self.open.as_mut();
        let Some(open) = open else {
            return Err(io::ErrorKind::NotFound.into());
        };
        if let Err(error) = open.file.write_all(lines) {
            // The part that was written would be a torn line.
            open.file.set_len(open.length)?;
            return Err(error);
        }
        open.length += lines.len() as u64;
        self.next += lines.len() as u64;
        Ok(())
    }

    /// Closes and packs the segment that is open.
    pub(super) fn close(&mut self) {
        if let Some(open) = self.open.take() {
            segments::close(&open.segment, open.length);
        }
    }

    /// True when there is room again, and not just for a moment.
    pub(super) fn has_room(&self) -> bool {
        leave_room(&self.folder, 2).is_ok()
    }
}

/// Refuses when less than `times` the reserve is left.
fn leave_room(folder: &Path, times: u64) -> io::Result<()> {
    let disk = statvfs(folder)?;
    let block = disk.fragment_size();
    let reserve = RESERVE.min(disk.blocks().saturating_mul(block) / RESERVED_PART);
    if disk.blocks_available().saturating_mul(block) < reserve * times {
        return Err(io::ErrorKind::StorageFull.into());
    }
    Ok(())
}
