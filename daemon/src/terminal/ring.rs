//! The last bytes of a live stream, each with its number. Pure: no clock, no I/O.

use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;

/// Bytes of one opening of a source; numbers begin at 0 and never repeat.
#[derive(Debug)]
pub struct Ring {
    chunks: VecDeque<Bytes>,
    start: u64,
    end: u64,
    capacity: usize,
}

impl Ring {
    /// An empty ring that keeps at most `capacity` bytes.
    pub fn new(capacity: usize) -> Self {
        Self {
            chunks: VecDeque::new(),
            start: 0,
            end: 0,
            capacity,
        }
    }

    /// Number of the oldest byte kept.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Number that the next byte gets.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Adds what the program printed; the oldest bytes go.
    pub fn push(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.end += bytes.len() as u64;
        self.chunks.push_back(bytes);
        while self.kept() > self.capacity {
            let over = self.kept() - self.capacity;
            let Some(front) = self.chunks.front_mut() else {
                break;
            };
            if front.len() <= over {
                self.start += front.len() as u64;
                self.chunks.pop_front();
            } else {
                let _ = front.split_to(over);
                self.start += over as u64;
            }
        }
    }

    /// Bytes are missing from here on: nothing before can be joined to what comes. The
    /// hole takes one number, so that a reader at the old end sees it.
    pub fn cut(&mut self) {
        self.chunks.clear();
        self.end += 1;
        self.start = self.end;
    }

    /// Up to `most` bytes from number `from` on; empty at the end, `None` when those
    /// bytes are gone or were never there.
    pub fn read(&self, from: u64, most: usize) -> Option<Bytes> {
        if !(self.start..=self.end).contains(&from) {
            return None;
        }
        let mut skip = usize::try_from(from - self.start).ok()?;
        let mut out = BytesMut::new();
        for (at, chunk) in self.chunks.iter().enumerate() {
            if skip >= chunk.len() {
                skip -= chunk.len();
                continue;
            }
            let room = most - out.len();
            let part = chunk.slice(skip..chunk.len().min(skip.saturating_add(room)));
            skip = 0;
            let last = at + 1 == self.chunks.len() || part.len() == room;
            // One chunk alone, the usual case when a person types, is shared.
            if last && out.is_empty() {
                return Some(part);
            }
            out.extend_from_slice(&part);
            if last {
                break;
            }
        }
        Some(out.freeze())
    }

    fn kept(&self) -> usize {
        usize::try_from(self.end - self.start).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;
    use bytes::Bytes;
    use proptest::prelude::*;

    #[test]
    fn old_bytes_go_and_are_not_given() {
        let mut ring = Ring::new(4);
        ring.push(Bytes::from_static(b"abc"));
        ring.push(Bytes::from_static(b"defgh"));
        assert_eq!((ring.start(), ring.end()), (4, 8));
        assert_eq!(ring.read(3, 10), None);
        assert_eq!(ring.read(9, 10), None);
        assert_eq!(ring.read(8, 10).unwrap(), "");
        assert_eq!(ring.read(5, 2).unwrap(), "fg");
        ring.cut();
        assert_eq!(ring.read(8, 1), None, "nobody reads over a hole");
        assert_eq!(ring.read(9, 1).unwrap(), "");
    }

    proptest! {
        /// Whatever the chunks and the steps, a reader within the ring gets every byte once.
        #[test]
        fn a_reader_loses_and_repeats_nothing(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..20),
            step in 1_usize..60,
        ) {
            let mut ring = Ring::new(10_000);
            for chunk in &chunks {
                ring.push(Bytes::from(chunk.clone()));
            }
            let (mut at, mut seen) = (0, Vec::new());
            loop {
                let part = ring.read(at, step).unwrap();
                if part.is_empty() {
                    break;
                }
                prop_assert!(part.len() <= step);
                at += part.len() as u64;
                seen.extend_from_slice(&part);
            }
            prop_assert_eq!(seen, chunks.concat());
        }

        #[test]
        fn the_bound_holds(sizes in proptest::collection::vec(0_usize..50, 0..40)) {
            let mut ring = Ring::new(64);
            let mut total = 0;
            for size in sizes {
                ring.push(Bytes::from(vec![7; size]));
                total += size as u64;
                prop_assert_eq!(ring.end(), total);
                prop_assert!(ring.end() - ring.start() <= 64);
                prop_assert!(ring.end() - ring.start() == total.min(64));
            }
        }
    }
}
