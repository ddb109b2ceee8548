//! Reads a recording line by line from any offset, through closed segments and the open
//! one, while it is written. Blocking: call it where that is allowed.

use super::cast::Header;
use super::segments::{self, Segment};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// What came next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// A segment begins. `joined` when everything before it was read.
    Begin { header: Header, joined: bool },
    /// The line of an event, maybe a torn one.
    Line(Vec<u8>),
    /// What was asked for is not kept any more; it goes on at `Reader::offset`.
    Gap,
}

/// A place in a recording.
pub struct Reader {
    folder: PathBuf,
    at: u64,
    open: Option<Open>,
    /// Everything before `at` is known to whoever reads.
    joined: bool,
    /// The first event of this segment repeats what was read before.
    pass_over: bool,
}

struct Open {
    start: u64,
    end: Option<u64>,
    input: BufReader<Box<dyn Read + Send + Sync>>,
    /// A line whose end is not written yet.
    line: Vec<u8>,
    /// The next line is the header.
    head: bool,
    /// Where the next segment begins, once it was seen: what is read now is the rest.
    next: Option<u64>,
}

impl Reader {
    /// Goes on at an offset that this or another reader came to.
    pub fn resume(folder: &Path, offset: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            at: offset,
            open: None,
            joined: offset > 0,
            pass_over: false,
        }
    }

    /// Begins at the segment that begins at `start`.
    pub fn begin(folder: &Path, start: u64) -> Self {
        Self {
            joined: false,
            ..Self::resume(folder, start)
        }
    }

    /// Offset behind what was read.
    pub fn offset(&self) -> u64 {
        match &self.open {
            // Who goes on behind the header would not know that the screen is a repeat.
            Some(open) if self.pass_over => open.start,
            _ => self.at,
        }
    }

    /// The next line; none at the end of what is written.
    ///
    /// # Errors
    /// When the folder or a file cannot be read.
    pub fn next(&mut self) -> io::Result<Option<Step>> {
        loop {
            if self.open.is_none() {
                match self.find()? {
                    Found::Open => {}
                    Found::Gap => return Ok(Some(Step::Gap)),
                    Found::Nothing => return Ok(None),
                }
            }
            let Some(open) = &mut self.open else {
                return Ok(None);
            };
            let read = open.input.read_until(b'\n', &mut open.line);
            if read.is_ok() && open.line.ends_with(b"\n") {
                let line = std::mem::take(&mut open.line);
                self.at += line.len() as u64;
                if let Some(step) = self.understand(line) {
                    return Ok(Some(step));
                }
                continue;
            }
            if !self.turn(read.is_err())? {
                return Ok(None);
            }
        }
    }

    /// At the end of a segment: true when there is more to read.
    fn turn(&mut self, broken: bool) -> io::Result<bool> {
        let Some(open) = &mut self.open else {
            return Ok(true);
        };
        let end = open.end.or(open.next);
        if end.is_none() && !broken {
            let start = open.start;
            let all = segments::list(&self.folder)?;
            open.next = all.iter().map(|one| one.start).find(|next| *next > start);
            // What was written between the last read and this look is read first.
            return Ok(open.next.is_some());
        }
        // One that ends early is damaged: what it lacks is a gap.
        if let Some(end) = end
            && self.at < end
        {
            (self.at, self.joined) = (end, false);
        }
        self.open = None;
        Ok(true)
    }

    fn understand(&mut self, line: Vec<u8>) -> Option<Step> {
        let open = self.open.as_mut()?;
        if std::mem::replace(&mut open.head, false) {
            let header: Header = serde_json::from_slice(&line).ok()?;
            let joined = std::mem::replace(&mut self.joined, true);
            self.pass_over = header.continues && joined;
            return Some(Step::Begin { header, joined });
        }
        if std::mem::replace(&mut self.pass_over, false) {
            return None;
        }
        Some(Step::Line(line))
    }

    /// Opens the segment that holds the next byte.
    fn find(&mut self) -> io::Result<Found> {
        let all = match segments::list(&self.folder) {
            Ok(all) => all,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let holds = |segment: &&Segment| {
            segment.start <= self.at && segment.end.is_none_or(|end| end > self.at)
        };
        let Some(segment) = all.iter().rev().find(holds) else {
            // Older ones are gone, or one in between is.
            let Some(later) = all.iter().find(|segment| segment.start > self.at) else {
                return Ok(Found::Nothing);
            };
            (self.at, self.joined) = (later.start, false);
            return Ok(Found::Gap);
        };
        self.enter(segment)
    }

    fn enter(&mut self, segment: &Segment) -> io::Result<Found> {
        let skip = self.at - segment.start;
        // One byte earlier, to see whether a line begins here.
        let input = match segment.read_from(skip.saturating_sub(1)) {
            Ok(input) => input,
            // It was packed or dropped since the list was made: look again.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.find(),
            Err(error) => {
                let Some(end) = segment.end else {
                    return Err(error);
                };
                (self.at, self.joined) = (end, false);
                return Ok(Found::Gap);
            }
        };
        let mut open = Open {
            start: segment.start,
            end: segment.end,
            input: BufReader::new(input),
            line: Vec::new(),
            head: skip == 0,
            next: None,
        };
        if skip > 0 {
            let mut before = Vec::new();
            // At a line's beginning this is the line end before it.
            let read = open.input.read_until(b'\n', &mut before)?;
            self.at += (read as u64).saturating_sub(1);
        }
        self.open = Some(open);
        Ok(Found::Open)
    }
}

enum Found {
    Open,
    Gap,
    Nothing,
}
