//! Taking a fenced run of replies apart.
//!
//! The lines of a section come from panes as well as from tmux, so a block is
//! never ended by the first line that looks like its end, but by what is known
//! beforehand: the number of its rows, or that it is the last one.

use super::decode::{DecodeError, Event, Guard, Triple, is_notification, notification};
use crate::error::Error;
use bytes::Bytes;
use std::collections::VecDeque;

/// What is known about the rows of a block before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// No pane can put text in here: the first matching end is the end.
    Trusted,
    /// So many rows, and perhaps the empty one that `show-buffer` adds.
    Exactly(usize),
    /// The last block: its end is the last one in the section.
    Remaining,
}

/// The lines from the first reply of a request to the fence behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    lines: VecDeque<Bytes>,
    between: Vec<Event>,
}

impl Section {
    pub(crate) fn new(lines: Vec<Bytes>) -> Self {
        Self {
            lines: lines.into(),
            between: Vec::new(),
        }
    }

    /// The rows of the next block, or tmux' refusal.
    pub fn block(&mut self, rows: Rows) -> Result<Vec<Bytes>, Error> {
        let begin = self.begin()?;
        let (count, ok) = self.find_end(begin, rows)?;
        let mut lines: Vec<Bytes> = self.lines.drain(..count).collect();
        self.lines.pop_front();
        match rows {
            Rows::Exactly(n) if ok => lines.truncate(n),
            Rows::Trusted => lines.retain(|line| !is_notification(line)),
            _ => {}
        }
        if ok {
            return Ok(lines);
        }
        let text = lines
            .first()
            .map(|line| String::from_utf8_lossy(line).into_owned());
        Err(Error::refused(&text.unwrap_or_default()))
    }

    /// What else happened on the connection, after the blocks that were read.
    pub fn into_events(mut self) -> Vec<Event> {
        self.between
            .extend(self.lines.iter().filter_map(notification));
        self.between
    }

    fn begin(&mut self) -> Result<Triple, DecodeError> {
        while let Some(line) = self.lines.pop_front() {
            match Guard::parse(&line) {
                Some(Guard::Begin(begin)) => return Ok(begin),
                _ => self.between.extend(notification(&line)),
            }
        }
        Err(DecodeError::Shape("a block is missing"))
    }

    /// How many rows stand before the end, and whether it is a good one.
    fn find_end(&self, begin: Triple, rows: Rows) -> Result<(usize, bool), DecodeError> {
        let closes = |at: usize| {
            self.lines
                .get(at)
                .and_then(|line| Guard::parse(line)?.closes(begin))
        };
        let all = 0..self.lines.len();
        match rows {
            Rows::Trusted => all.clone().find_map(|at| Some((at, closes(at)?))),
            Rows::Remaining => all.clone().rev().find_map(|at| Some((at, closes(at)?))),
            Rows::Exactly(n) => {
                let spare = self.lines.get(n).is_some_and(Bytes::is_empty);
                let end = if spare { n + 1 } else { n };
                // A refusal has fewer rows, all of them tmux' own.
                match closes(end) {
                    Some(true) => Some((end, true)),
                    _ => all
                        .clone()
                        .find_map(|at| closes(at).filter(|ok| !ok).map(|ok| (at, ok))),
                }
            }
        }
        .ok_or(DecodeError::Shape("a block has no end where it must be"))
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Protocol(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{Rows, Section};
    use crate::{codec::decode::Event, error::Error, ids::PaneId};
    use bytes::Bytes;
    use proptest::prelude::*;

    fn section(lines: &[&str]) -> Section {
        Section::new(
            lines
                .iter()
                .map(|l| Bytes::copy_from_slice(l.as_bytes()))
                .collect(),
        )
    }

    #[test]
    fn rows_beat_a_faked_end() {
        let mut section = section(&[
            "%begin 1 7 1",
            "2",
            "%end 1 7 1",
            "%begin 1 8 1",
            "%end 1 8 1",
            "%begin 1 9 1",
            "",
            "%end 1 8 1",
            "%sessions-changed",
            "%begin 1 9 1",
            "rest",
            "%error 1 9 1",
            "%end 1 9 1",
            "%output %3 tail\\012",
        ]);
        assert_eq!(section.block(Rows::Trusted).unwrap(), ["2"]);
        assert_eq!(
            section.block(Rows::Exactly(2)).unwrap(),
            ["%end 1 8 1", "%begin 1 9 1"]
        );
        assert_eq!(
            section.block(Rows::Remaining).unwrap(),
            ["rest", "%error 1 9 1"]
        );
        assert_eq!(
            section.into_events(),
            [Event::Output(PaneId(3), Bytes::from_static(b"tail\n"))]
        );
    }

    #[test]
    fn a_refusal_is_seen_whatever_was_expected() {
        for rows in [
            Rows::Trusted,
            Rows::Exactly(0),
            Rows::Exactly(1),
            Rows::Exactly(24),
            Rows::Remaining,
        ] {
            let mut section = section(&["%begin 1 7 1", "can't find pane: %9", "%error 1 7 1"]);
            assert!(
                matches!(section.block(rows), Err(Error::NotFound)),
                "{rows:?}"
            );
        }
    }

    #[test]
    fn missing_rows_are_an_error() {
        let mut short = section(&["%begin 1 7 1", "x", "%end 1 7 1"]);
        assert!(matches!(
            short.block(Rows::Exactly(5)),
            Err(Error::Protocol(_))
        ));
        assert!(matches!(
            section(&[]).block(Rows::Trusted),
            Err(Error::Protocol(_))
        ));
    }

    fn row() -> impl Strategy<Value = String> {
        prop_oneof![
            "%(end|error|begin) 1 [678] 1",
            "[ -~]{0,8}",
            Just(String::new())
        ]
    }

    proptest! {
        #[test]
        fn any_rows_come_back(rows in proptest::collection::vec(row(), 0..20), spare in any::<bool>()) {
            let mut lines = vec!["%begin 1 7 1"];
            lines.extend(rows.iter().map(String::as_str));
            if spare {
                lines.push("");
            }
            lines.push("%end 1 7 1");
            prop_assert_eq!(section(&lines).block(Rows::Exactly(rows.len())).unwrap(), rows.clone());
            if !spare {
                prop_assert_eq!(section(&lines).block(Rows::Remaining).unwrap(), rows);
            }
        }
    }
}
