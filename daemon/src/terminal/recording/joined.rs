//! One asciicast of the segments of a recording: one header, times that never go back,
//! a marker where something is missing.

use super::cast::{self, Code, Event, Header};
use super::reader::{Reader, Step};
use super::segments;
use orchestra_protocol::agent::Size;
use std::io;
use std::path::Path;

/// A recording as a player wants it, piece by piece.
pub struct Joined {
    reader: Reader,
    until: u64,
    /// Of the first segment; times count from there.
    base: Option<i64>,
    /// From the present segment's time to the whole's.
    shift: i64,
    last: u64,
    size: Size,
    gap: bool,
}

impl Joined {
    /// What is recorded now; with `latest`, whole segments at the end of at most so many
    /// bytes, and always one. None when nothing is.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn open(folder: &Path, latest: Option<u64>) -> io::Result<Option<Self>> {
        if !folder.is_dir() {
            return Ok(None);
        }
        let until = segments::end(folder)?;
        let all = segments::list(folder)?;
        let oldest = latest.map_or(0, |latest| until.saturating_sub(latest));
        let first = all.iter().find(|segment| segment.start >= oldest);
        let Some(first) = first.or(all.last()) else {
            return Ok(None);
        };
        Ok(Some(Self {
            reader: Reader::begin(folder, first.start),
            until,
            base: None,
            shift: 0,
            last: 0,
            size: Size { cols: 0, rows: 0 },
            gap: false,
        }))
    }

    /// Adds lines until there are `most` bytes or no more; false at the end.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn fill(&mut self, out: &mut Vec<u8>, most: usize) -> io::Result<bool> {
        while out.len() < most {
            if self.reader.offset() >= self.until {
                return Ok(false);
            }
            match self.reader.next()? {
                None => return Ok(false),
                Some(Step::Gap) => self.gap = true,
                Some(Step::Begin { header, joined }) => self.turn(&header, joined, out),
                Some(Step::Line(line)) => self.pass(&line, out),
            }
        }
        Ok(true)
    }

    fn turn(&mut self, header: &Header, joined: bool, out: &mut Vec<u8>) {
        let Some(base) = self.base else {
            let first = Header {
                continues: false,
                ..header.clone()
            };
            first.put(out);
            (self.base, self.size) = (Some(header.timestamp), header.size());
            return;
        };
        self.shift = (header.timestamp - base).saturating_mul(1000);
        let begins = u64::try_from(self.shift).unwrap_or_default();
        self.last = self.last.max(begins);
        if std::mem::take(&mut self.gap) || !joined {
            cast::put(self.last, Code::Marker, "gap: a part is not kept", out);
        }
        if self.size != header.size() {
            self.size = header.size();
            let size = format!("{}x{}", self.size.cols, self.size.rows);
            cast::put(self.last, Code::Resize, &size, out);
        }
    }

    fn pass(&mut self, line: &[u8], out: &mut Vec<u8>) {
        // What a crash tore is no event.
        let Some(event) = Event::parse(line) else {
            return;
        };
        if event.code == Code::Resize
            && let Some(size) = size_of(event.data.get())
        {
            self.size = size;
        }
        let at = i64::try_from(event.ms)
            .unwrap_or(i64::MAX)
            .saturating_add(self.shift);
        self.last = self.last.max(u64::try_from(at).unwrap_or_default());
        Event {
            ms: self.last,
            ..event
        }
        .put(out);
    }
}

fn size_of(data: &str) -> Option<Size> {
    let (cols, rows) = data.trim_matches('"').split_once('x')?;
    Some(Size {
        cols: cols.parse().ok()?,
        rows: rows.parse().ok()?,
    })
}
