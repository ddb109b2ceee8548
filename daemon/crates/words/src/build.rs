//! Makes pieces: from texts, and from smaller pieces.

use crate::block::{Block, Writer, walk};
use crate::code::put;
use crate::docs::unpack;
use crate::tokens;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A piece in the making.
pub struct Piece {
    words: HashMap<Box<str>, List, Seed>,
    count: u32,
}

/// Texts of a word, as they are written.
#[derive(Default)]
struct List {
    bytes: Vec<u8>,
    /// The last one, and one more; 0 for none yet.
    end: u32,
}

impl List {
    fn add(&mut self, doc: u32) {
        // Numbers rise, so the first step is the number itself.
        let last = self.end.saturating_sub(1);
        if self.end <= doc {
            put(&mut self.bytes, u64::from(doc - last));
            self.end = doc + 1;
        }
    }
}

impl Default for Piece {
    fn default() -> Self {
        Self {
            words: HashMap::with_hasher(Seed(RandomState::new().hash_one(0))),
            count: 0,
        }
    }
}

impl Piece {
    /// Adds a text; its number is the count before.
    pub fn add(&mut self, text: &str) {
        let doc = self.count;
        tokens::each(text, |word| self.note(word, doc));
        self.count += 1;
    }

    /// Adds the blocks of another piece of `count` texts behind its own; of those it keeps
    /// what lies in one of the ranges (first, count), which have to rise.
    pub fn absorb<'a>(
        &mut self,
        blocks: impl Iterator<Item = &'a [u8]>,
        count: u32,
        kept: &[(u32, u32)],
    ) {
        for block in blocks {
            walk(block, |word, docs| {
                let Ok(word) = std::str::from_utf8(word) else {
                    return false;
                };
                let mut ranges = kept.iter().peekable();
                for doc in unpack(docs).map_while(|doc| u32::try_from(doc).ok()) {
                    while ranges
                        .next_if(|range| range.0.saturating_add(range.1) <= doc)
                        .is_some()
                    {}
                    if ranges.peek().is_some_and(|range| range.0 <= doc) && doc < count {
                        self.note(word, self.count + doc);
                    }
                }
                true
            });
        }
        self.count += count;
    }

    fn note(&mut self, word: &str, doc: u32) {
        if let Some(list) = self.words.get_mut(word) {
            list.add(doc);
        } else {
            let mut list = List::default();
            list.add(doc);
            self.words.insert(word.into(), list);
        }
    }

    /// Texts so far.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Its blocks, in order of the words.
    #[must_use]
    pub fn blocks(self) -> Vec<Block> {
        let mut words: Vec<_> = self.words.into_iter().collect();
        words.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let mut writer = Writer::default();
        for (word, list) in &words {
            writer.push(word, &list.bytes);
        }
        writer.end()
    }
}

/// Of the golden ratio: its bits have no pattern.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes short words fast; the seed keeps others from choosing words that collide.
#[derive(Clone, Copy)]
struct Seed(u64);

struct Mix(u64);

impl BuildHasher for Seed {
    type Hasher = Mix;

    fn build_hasher(&self) -> Mix {
        Mix(self.0)
    }
}

impl Mix {
    fn mix(&mut self, value: u64) {
        let product = u128::from(self.0 ^ value) * u128::from(ODD);
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            self.mix(u64::from_le_bytes(*chunk));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Piece;
    use crate::block::{Block, find};
    use crate::docs::Docs;
    use proptest::prelude::*;

    fn found(blocks: &[Block], count: u32, word: &str, beginning: bool) -> Vec<u32> {
        let mut docs = Docs::none(count);
        // As a database asks: from the last block that begins at or before the word.
        let begin = blocks.partition_point(|block| block.first.as_str() <= word);
        for block in &blocks[begin.saturating_sub(1)..] {
            if block.first.as_str() > word && !block.first.starts_with(word) {
                break;
            }
            find(&block.bytes, word, beginning, &mut docs);
        }
        docs.within(0, count).collect()
    }

    fn piece(texts: &[String]) -> Piece {
        let mut piece = Piece::default();
        for text in texts {
            piece.add(text);
        }
        piece
    }

    fn plainly(texts: &[String], word: &str, beginning: bool) -> Vec<u32> {
        let is = |own: &str| own == word || (beginning && own.starts_with(word));
        let has = |text: &&String| text.split(' ').any(is);
        let all = texts.iter().enumerate();
        all.filter(|(_, text)| has(text))
            .map(|(number, _)| u32::try_from(number).unwrap())
            .collect()
    }

    proptest! {
        #[test]
        fn a_piece_finds_what_a_reader_finds(
            texts in prop::collection::vec("[ab]{1,3}( [ab]{1,3}){0,4}", 1..40),
            word in "[ab]{1,3}",
            beginning in any::<bool>(),
        ) {
            let piece = piece(&texts);
            let count = piece.count();
            prop_assert_eq!(found(&piece.blocks(), count, &word, beginning),
                plainly(&texts, &word, beginning));
        }

        #[test]
        fn merged_pieces_hold_what_they_held_and_is_kept(
            texts in prop::collection::vec("[ab]{1,3}( [ab]{1,3}){0,4}", 2..40),
            cut in 1_usize..39,
            gone in 0_u32..39,
            word in "[ab]{1,3}",
        ) {
            let (one, other) = texts.split_at(cut.min(texts.len() - 1));
            let all = u32::try_from(texts.len()).unwrap();
            let gone = gone.min(all - 1);
            let mut merged = Piece::default();
            let mut base = 0;
            for part in [one, other] {
                let part = piece(part);
                let count = part.count();
                let blocks = part.blocks();
                let kept: Vec<(u32, u32)> = (0..count).filter(|doc| base + doc != gone).map(|doc| (doc, 1)).collect();
                merged.absorb(blocks.iter().map(|block| block.bytes.as_slice()), count, &kept);
                base += count;
            }
            let mut expected = plainly(&texts, &word, true);
            expected.retain(|doc| *doc != gone);
            prop_assert_eq!(found(&merged.blocks(), all, &word, true), expected);
        }

        #[test]
        fn damaged_blocks_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut docs = Docs::none(8);
            find(&bytes, "a", true, &mut docs);
            Piece::default().absorb([bytes.as_slice()].into_iter(), 8, &[(0, 8)]);
        }
    }

    #[test]
    fn many_words_make_many_blocks_and_each_is_found() {
        let texts: Vec<String> = (0..5000)
            .map(|number| format!("word{number} all"))
            .collect();
        let piece = piece(&texts);
        let blocks = piece.blocks();
        assert!(blocks.len() > 2);
        assert_eq!(found(&blocks, 5000, "word4999", false), [4999]);
        assert_eq!(found(&blocks, 5000, "word499", true).len(), 11);
        assert_eq!(found(&blocks, 5000, "word", true).len(), 5000);
        assert_eq!(found(&blocks, 5000, "all", false).len(), 5000);
        assert_eq!(found(&blocks, 5000, "aaa", true), [0; 0]);
        assert_eq!(found(&blocks, 5000, "zzz", true), [0; 0]);
    }
}
