//! Words that no pane can guess.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// A fresh 128-bit word of hex digits. The standard library keys its hasher
/// from the operating system's randomness, and a keyed hash of a counter
/// cannot be predicted from earlier values.
pub(crate) fn nonce() -> String {
    static KEYS: OnceLock<(RandomState, RandomState)> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let (high, low) = KEYS.get_or_init(|| (RandomState::new(), RandomState::new()));
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{:016x}{:016x}", high.hash_one(n), low.hash_one(!n))
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_alike() {
        let all: std::collections::HashSet<_> = (0..1000).map(|_| super::nonce()).collect();
        assert_eq!(all.len(), 1000);
        assert!(all.iter().all(|n| n.len() == 32));
    }
}
