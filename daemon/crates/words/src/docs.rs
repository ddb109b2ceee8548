//! Which texts of a piece: as a set while asking, as steps in a row at rest.

use crate::code::{put, take};

/// A set of texts of one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Docs(Vec<u64>);

impl Docs {
    /// None of so many.
    #[must_use]
    pub fn none(count: u32) -> Self {
        Self(vec![0; count.div_ceil(64) as usize])
    }

    /// Adds one; beyond the count there is none.
    pub fn add(&mut self, doc: u32) {
        if let Some(word) = self.0.get_mut(doc as usize / 64) {
            *word |= 1 << (doc % 64);
        }
    }

    /// Keeps what is in both.
    pub fn keep(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own &= other;
        }
    }

    /// True when it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Those of `count` texts from `first` on, counted from there.
    pub fn within(&self, first: u32, count: u32) -> impl Iterator<Item = u32> {
        let has = move |doc: &u32| {
            let doc = first.saturating_add(*doc);
            let word = self.0.get(doc as usize / 64).copied().unwrap_or_default();
            word >> (doc % 64) & 1 == 1
        };
        (0..count).filter(has)
    }
}

/// Rising numbers as bytes.
#[must_use]
pub fn pack(rising: &[u64]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rising.len() * 2);
    let mut last = 0;
    for number in rising {
        put(&mut out, number.wrapping_sub(last));
        last = *number;
    }
    out
}

/// What was packed; it ends where the bytes are damaged.
pub fn unpack(mut bytes: &[u8]) -> impl Iterator<Item = u64> {
    let mut last = 0_u64;
    std::iter::from_fn(move || {
        last = last.wrapping_add(take(&mut bytes)?);
        Some(last)
    })
}

#[cfg(test)]
mod tests {
    use super::{Docs, pack, unpack};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_comes_out(numbers in prop::collection::btree_set(any::<u64>(), 0..200)) {
            let numbers: Vec<u64> = numbers.into_iter().collect();
            prop_assert_eq!(unpack(&pack(&numbers)).collect::<Vec<_>>(), numbers);
        }

        #[test]
        fn damaged_bytes_end_it(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(unpack(&bytes).count() <= bytes.len());
        }
    }

    #[test]
    fn a_set_gives_what_lies_within() {
        let mut docs = Docs::none(130);
        for doc in [0, 63, 64, 129, 4000] {
            docs.add(doc);
        }
        assert_eq!(docs.within(60, 70).collect::<Vec<_>>(), [3, 4, 69]);
        let mut other = Docs::none(130);
        other.add(64);
        docs.keep(&other);
        assert_eq!(docs.within(0, 4100).collect::<Vec<_>>(), [64]);
        docs.keep(&Docs::none(130));
        assert!(docs.is_empty());
    }
}
