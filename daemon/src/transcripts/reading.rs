//! Reads parts of files for the index: tokens in a few threads, because people wait for
//! sums; words in one, because that takes long and must leave the machine to the agents.

use super::facts::Facts;
use super::format::Format;
use super::parallel;
use crate::store::index::{FileRow, Stretch};
use orchestra_words::build::Piece;
use std::time::{Duration, Instant};

/// Most files of one part.
pub const MANY: usize = 1024;
/// Files whose tokens are read together, while those of others are written.
pub const AT_ONCE: usize = 128;
/// A part of words ends behind so many bytes, so that memory stays flat.
const BYTES: u64 = 16 * 1024 * 1024;
/// Each part ends after so long, so that what changes meanwhile is listed soon.
pub const LONG: Duration = Duration::from_millis(400);

/// Threads that sum tokens, for each processor: files that nobody read for long come from the
/// disk, and while one thread waits for it another takes lines apart.
const SUMMERS: usize = 3;

/// A file of which something is to be read.
pub struct Job {
    pub row: FileRow,
    pub format: &'static dyn Format,
}

/// Tokens only. What is not reached in time is left out.
pub fn sums(jobs: Vec<Job>) -> Vec<Stretch> {
    let begun = Instant::now();
    let read = |job: Job| {
        (begun.elapsed() < LONG).then(|| job.read(|facts, row, format| facts.sums(format, row)))
    };
    let read = parallel::map(jobs, SUMMERS * parallel::processors(), read);
    read.into_iter().flatten().collect()
}

/// Everything: one stretch of each file, and the words of all. What is not reached in
/// time is left out.
pub fn words(jobs: Vec<Job>) -> (Vec<Stretch>, Piece) {
    let begun = Instant::now();
    let mut piece = Piece::default();
    let mut stretches = Vec::new();
    let mut bytes = 0;
    for job in jobs {
        if bytes >= BYTES || begun.elapsed() > LONG {
            break;
        }
        let from = job.row.read_to;
        let stretch = job.read(|facts, row, format| facts.stretch(format, row, &mut piece));
        bytes += stretch.row.read_to - from;
        stretches.push(stretch);
    }
    (stretches, piece)
}

impl Job {
    fn read(
        self,
        work: impl FnOnce(&mut Facts, &mut FileRow, &dyn Format) -> std::io::Result<Stretch>,
    ) -> Stretch {
        let mut row = self.row;
        let mut facts: Facts = serde_json::from_str(&row.facts).unwrap_or_default();
        let read = work(&mut facts, &mut row, self.format);
        facts.failed = read.as_ref().err().map(ToString::to_string);
        put_facts(&mut row, &facts);
        Stretch {
            row,
            ..read.unwrap_or_default()
        }
    }
}

/// Writes what is known of a session into its row.
pub fn put_facts(row: &mut FileRow, facts: &Facts) {
    row.cwd.clone_from(&facts.cwd);
    row.title = facts.shown_title();
    row.facts = serde_json::to_string(facts).unwrap_or_default();
}
