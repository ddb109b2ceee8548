//! Numbers for lines that tmux only counts from the oldest it still keeps. Pure.
//!
//! When a history is full, tmux drops the oldest tenth of its limit at once and says
//! nothing. So we keep the looks of the lines at each tenth: the one that is found on top
//! later tells how often that happened. Where looks cannot tell, the numbers begin anew
//! under another epoch, and nobody is given a line under a number that is not its own.

use bytes::Bytes;
use std::hash::{BuildHasher, RandomState};

/// Lines that make up one mark.
pub(super) const MARK: u32 = 8;

/// The look of a few lines.
type Look = Vec<u64>;

/// What was read of a history at one instant.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) size: u32,
    pub(super) limit: u32,
    pub(super) cols: u16,
    /// The oldest lines, at most `MARK` of them.
    pub(super) top: &'a [Bytes],
    /// Lines at tenths: index of the first, and `MARK` lines.
    pub(super) marks: Vec<(u32, &'a [Bytes])>,
}

/// The numbers of one pane's lines.
#[derive(Debug)]
pub(super) struct Numbers {
    /// Names these numbers; those of another epoch mean other lines.
    pub(super) epoch: String,
    /// Number of the oldest line kept.
    pub(super) first: u64,
    size: u32,
    limit: u32,
    cols: u16,
    /// The looks at each tenth; the first is that of the top.
    marks: Vec<Option<Look>>,
    hasher: RandomState,
}

impl Numbers {
    pub(super) fn new() -> Self {
        Self {
            epoch: fresh(),
            first: 0,
            size: 0,
            limit: 0,
            cols: 0,
            marks: vec![None],
            hasher: RandomState::new(),
        }
    }

    /// Lines that tmux drops at once.
    pub(super) fn tenth(limit: u32) -> u32 {
        (limit / 10).max(1)
    }

    /// Indices of tenths whose look is not known yet and could be read now.
    pub(super) fn unknown(&self, size: u32, limit: u32) -> Vec<u32> {
        let tenth = Self::tenth(limit);
        if tenth < MARK {
            return Vec::new();
        }
        (1..)
            .map(|at: u32| at * tenth)
            .take_while(|index| index.saturating_add(MARK) <= size)
            .filter(|index| {
                let at = usize::try_from(index / tenth).unwrap_or_default();
                self.marks.get(at).is_none_or(Option::is_none)
            })
            .collect()
    }

    /// Brings the numbers up to what was seen; false when they begin anew.
    pub(super) fn settle(&mut self, seen: &Seen<'_>) -> bool {
        let top = self.look(seen.top);
        let dropped = self.dropped(seen, &top);
        let kept = dropped.is_some();
        match dropped {
            Some(tenths) => {
                self.first += u64::from(Self::tenth(seen.limit)) * tenths as u64;
                self.marks.drain(..tenths.min(self.marks.len()));
            }
            None => {
                self.epoch = fresh();
                self.first = 0;
                self.marks.clear();
            }
        }
        if self.marks.is_empty() {
            self.marks.push(None);
        }
        self.marks[0] = Some(top);
        (self.size, self.limit, self.cols) = (seen.size, seen.limit, seen.cols);
        for (index, lines) in &seen.marks {
            // What was read is where it is now; only the list has moved.
            let at = usize::try_from(index / Self::tenth(seen.limit)).unwrap_or_default();
            if self.marks.len() <= at {
                self.marks.resize(at + 1, None);
            }
            self.marks[at] = Some(self.look(lines));
        }
        kept
    }

    /// How many tenths were dropped since the last time, if that can be told.
    fn dropped(&self, seen: &Seen<'_>, top: &Look) -> Option<usize> {
        if self.limit == 0 {
            return Some(0);
        }
        if (self.limit, self.cols) != (seen.limit, seen.cols) {
            return None;
        }
        let full = seen.size >= seen.limit.saturating_sub(Self::tenth(seen.limit));
        let before = self.marks[0].as_ref()?;
        let same = seen.size >= self.size && top.starts_with(before);
        if !full {
            // Nothing can have been dropped; less than before means it was cleared.
            return same.then_some(0);
        }
        let found: Vec<usize> = (0..self.marks.len())
            .filter(|&at| {
                let possible = at > 0 || seen.size >= self.size;
                possible
                    && self.marks[at].as_ref().is_some_and(|mark| {
                        !mark.is_empty()
                            && if at == 0 {
                                top.starts_with(mark)
                            } else {
                                mark == top
                            }
                    })
            })
            .collect();
        match found[..] {
            // Lines of which one is like the other tell nothing, unless none was added.
            [0] if seen.size == self.size => Some(0),
            [one] if !plain(top) => Some(one),
            [0, ..] if seen.size == self.size => Some(0),
            _ => None,
        }
    }

    fn look(&self, lines: &[Bytes]) -> Look {
        let lines = lines.iter().take(MARK as usize);
        lines.map(|line| self.hasher.hash_one(line)).collect()
    }
}

/// All lines look alike.
fn plain(look: &Look) -> bool {
    look.windows(2).all(|pair| pair[0] == pair[1])
}

fn fresh() -> String {
    format!("{:016x}", rand::random::<u64>())
}

#[cfg(test)]
mod tests {
    use super::{MARK, Numbers, Seen};
    use bytes::Bytes;

    /// A history as tmux keeps it.
    struct History {
        lines: Vec<String>,
        dropped: u64,
        limit: u32,
    }

    impl History {
        fn add(&mut self, line: String) {
            if self.lines.len() >= self.limit as usize {
                let tenth = Numbers::tenth(self.limit);
                self.lines.drain(..tenth as usize);
                self.dropped += u64::from(tenth);
            }
            self.lines.push(line);
        }

        fn settle(&self, numbers: &mut Numbers, cols: u16) -> bool {
            let size = u32::try_from(self.lines.len()).unwrap();
            let rows = |from: u32| -> Vec<Bytes> {
                let from = from as usize;
                let to = self.lines.len().min(from + MARK as usize);
                self.lines[from..to]
                    .iter()
                    .cloned()
                    .map(Bytes::from)
                    .collect()
            };
            let top = rows(0);
            let marks: Vec<(u32, Vec<Bytes>)> = numbers
                .unknown(size, self.limit)
                .into_iter()
                .map(|index| (index, rows(index)))
                .collect();
            numbers.settle(&Seen {
                size,
                limit: self.limit,
                cols,
                top: &top,
                marks: marks.iter().map(|(at, rows)| (*at, &rows[..])).collect(),
            })
        }
    }

    fn history() -> History {
        History {
            lines: Vec::new(),
            dropped: 0,
            limit: 1000,
        }
    }

    #[test]
    fn a_line_keeps_its_number_however_much_was_dropped() {
        let (mut history, mut numbers) = (history(), Numbers::new());
        let mut line = 0;
        for step in [0, 5, 300, 690, 10, 130, 890, 400, 1, 850, 100, 100] {
            for _ in 0..step {
                history.add(format!("line {line}"));
                line += 1;
            }
            assert!(history.settle(&mut numbers, 80), "after {step}");
            assert_eq!(numbers.first, history.dropped, "after {step}");
        }
    }

    #[test]
    fn numbers_begin_anew_where_nobody_can_tell() {
        let (mut history, mut numbers) = (history(), Numbers::new());
        for line in 0..950 {
            history.add(format!("line {line}"));
        }
        assert!(history.settle(&mut numbers, 80));
        let epoch = numbers.epoch.clone();
        assert!(!history.settle(&mut numbers, 81), "lines were folded anew");
        assert_ne!(numbers.epoch, epoch);
        for line in 0..5000 {
            history.add(format!("more {line}"));
        }
        assert!(!history.settle(&mut numbers, 81), "nothing known is left");
        history.lines.clear();
        assert!(!history.settle(&mut numbers, 81), "it was cleared");
        for _ in 0..1000 {
            history.add("y".to_owned());
        }
        history.settle(&mut numbers, 81);
        assert!(history.settle(&mut numbers, 81), "nothing has moved");
        for _ in 0..130 {
            history.add("y".to_owned());
        }
        assert!(
            !history.settle(&mut numbers, 81),
            "one line is like the other"
        );
    }
}
