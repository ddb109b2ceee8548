//! Words in order with their texts, as bytes of a size that is read at once. A word is
//! written as what it shares with the one before, and the rest.

use crate::code::{put, split, take};
use crate::docs::{Docs, unpack};

/// A block ends behind so many bytes.
const SIZE: usize = 8 * 1024;

/// Neighbouring words of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its first word.
    pub first: String,
    pub bytes: Vec<u8>,
}

/// Writes words, which have to come in order, into blocks.
#[derive(Default)]
pub(crate) struct Writer {
    done: Vec<Block>,
    open: Option<Block>,
    last: Vec<u8>,
}

impl Writer {
    pub(crate) fn push(&mut self, word: &str, docs: &[u8]) {
        let open = self.open.get_or_insert_with(|| Block {
            first: word.to_owned(),
            bytes: Vec::with_capacity(SIZE),
        });
        let pairs = self.last.iter().zip(word.as_bytes());
        let shared = pairs.take_while(|(one, other)| one == other).count();
        put(&mut open.bytes, shared as u64);
        put(&mut open.bytes, (word.len() - shared) as u64);
        open.bytes.extend_from_slice(&word.as_bytes()[shared..]);
        put(&mut open.bytes, docs.len() as u64);
        open.bytes.extend_from_slice(docs);
        self.last.clear();
        if open.bytes.len() >= SIZE {
            self.done.extend(self.open.take());
        } else {
            self.last.extend_from_slice(word.as_bytes());
        }
    }

    pub(crate) fn end(mut self) -> Vec<Block> {
        self.done.extend(self.open);
        self.done
    }
}

/// Calls `see` with each word of a block and the bytes of its texts, until it says no.
/// Damaged bytes end it.
pub(crate) fn walk(mut bytes: &[u8], mut see: impl FnMut(&[u8], &[u8]) -> bool) {
    let mut word = Vec::new();
    let mut next = || {
        let shared = usize::try_from(take(&mut bytes)?).ok()?;
        if shared > word.len() {
            return None;
        }
        word.truncate(shared);
        let rest = take(&mut bytes)?;
        word.extend_from_slice(split(&mut bytes, rest)?);
        let docs = take(&mut bytes)?;
        let docs = split(&mut bytes, docs)?;
        see(&word, docs).then_some(())
    };
    while next().is_some() {}
}

/// Adds to `docs` the texts of a block that hold `word`, or one that begins so.
pub fn find(bytes: &[u8], word: &str, beginning: bool, docs: &mut Docs) {
    let wanted = word.as_bytes();
    walk(bytes, |own, found| {
        if own == wanted || (beginning && own.starts_with(wanted)) {
            for doc in unpack(found) {
                docs.add(u32::try_from(doc).unwrap_or(u32::MAX));
            }
        }
        own <= wanted || own.starts_with(wanted)
    });
}
