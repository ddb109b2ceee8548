//! What head and tail of a file say, so that a list needs neither its middle nor much of
//! the processor: of each end only those lines are taken apart that say something new.

use super::facts::Facts;
use super::format::{Format, Record};
use super::lines::{Lines, open, parse};
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use orchestra_protocol::transcript::{EntryRole, Part};
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// How much of each end is read.
const ENDS: usize = 16 * 1024;

impl Facts {
    /// From head and tail of a file, without its middle.
    pub fn peek(format: &dyn Format, path: &Path, size: u64) -> Self {
        let mut facts = Self::default();
        if let Err(error) = facts.peek_ends(format, path, size) {
            facts.failed = Some(error.to_string());
        }
        // Of a part, they say nothing.
        (facts.messages, facts.calls, facts.errors, facts.unreadable) = (0, 0, 0, 0);
        facts
    }

    fn peek_ends(&mut self, format: &dyn Format, path: &Path, size: u64) -> std::io::Result<()> {
        let (file, _) = open(path)?;
        // What the kernel would read ahead is not wanted. It may know no such advice.
        let _ = posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_RANDOM);
        let mut told = BTreeMap::new();
        let whole_to = head(format, file.try_clone()?, size, &mut told)?;
        let from = size.saturating_sub(ENDS as u64).max(whole_to);
        if from < size {
            let has_first = told.values().any(by_a_person);
            tail(
                format,
                &file,
                from..size,
                from == whole_to,
                has_first,
                &mut told,
            )?;
        }
        // In the order of the file, because what is newer counts.
        for (offset, record) in &told {
            self.fold(record, *offset);
        }
        Ok(())
    }
}

/// Records by where they lie.
type Told = BTreeMap<u64, Record>;

/// The first lines; gives the byte up to which none was left out.
fn head(format: &dyn Format, file: File, size: u64, told: &mut Told) -> std::io::Result<u64> {
    let mut lines = Lines::of(file, 0, ENDS)?;
    let (mut cwd, mut first) = (false, false);
    let mut whole_to = 0;
    while lines.offset() < size.min(ENDS as u64) {
        let known = cwd && first;
        let Some(line) = lines.line_of(|line| !known || format.may_name(line))? else {
            break;
        };
        if !known {
            whole_to = lines.offset();
        }
        if let Some(value) = line.value.filter(|value| !value.is_null()) {
            let record = format.read(&value);
            cwd |= record.cwd.is_some();
            first |= by_a_person(&record);
            told.insert(line.offset, record);
        }
    }
    Ok(whole_to)
}

/// The lines of a range; the first one only if it begins there.
fn tail(
    format: &dyn Format,
    file: &File,
    range: Range<u64>,
    begins: bool,
    has_first: bool,
    told: &mut Told,
) -> std::io::Result<()> {
    let room = usize::try_from(range.end - range.start).unwrap_or(ENDS);
    let mut bytes = vec![0; room.min(ENDS)];
    let mut got = 0;
    while got < bytes.len() {
        match file.read_at(&mut bytes[got..], range.start + got as u64) {
            Ok(0) => break,
            Ok(more) => got += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(got);
    let mut lines = Vec::new();
    let mut at = range.start;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        lines.push((at, line));
        at += line.len() as u64;
    }
    let mut missing = Missing {
        said: true,
        model: true,
        time: true,
        first: !has_first,
    };
    for (at, line) in lines.into_iter().skip(usize::from(!begins)).rev() {
        if !missing.any() && !format.may_name(line) {
            continue;
        }
        let value = parse(line, at).filter(|value| !value.is_null());
        if let Some(value) = value {
            let record = format.read(&value);
            missing.less(&record);
            told.insert(at, record);
        }
    }
    Ok(())
}

/// True for words of a person, of which the first name a session.
fn by_a_person(record: &Record) -> bool {
    record.role == Some(EntryRole::User) && says(record)
}

fn says(record: &Record) -> bool {
    let text = |part: &Part| matches!(part, Part::Text { .. });
    !record.aside && record.role != Some(EntryRole::System) && record.parts.iter().any(text)
}

/// What the tail has still to say.
struct Missing {
    said: bool,
    model: bool,
    time: bool,
    /// The head has no message of a person, so that the first one counts that comes.
    first: bool,
}

impl Missing {
    fn any(&self) -> bool {
        self.said || self.model || self.time || self.first
    }

    fn less(&mut self, record: &Record) {
        self.said &= !says(record);
        self.model &= record.model.is_none();
        self.time &= record.at.is_none();
    }
}
