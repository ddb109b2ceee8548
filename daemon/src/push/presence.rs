//! Who looks at a page now. A person who does sees there what a notification would say.

use crate::model::ids::UserId;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Cheap handle; clone it freely.
#[derive(Clone, Default)]
pub struct Presence(Arc<Mutex<HashMap<UserId, usize>>>);

/// One page that is looked at, until it is dropped.
pub struct Look {
    presence: Presence,
    user: UserId,
}

impl Presence {
    /// Counts one more page that this person looks at.
    pub fn look(&self, user: &UserId) -> Look {
        *self.0.lock().entry(user.clone()).or_default() += 1;
        Look {
            presence: self.clone(),
            user: user.clone(),
        }
    }

    /// True while this person looks at one page at least.
    pub fn looks(&self, user: &UserId) -> bool {
        self.0.lock().contains_key(user)
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        let mut looking = self.presence.0.lock();
        if let Some(count) = looking.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                looking.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_looks_until_the_last_page_is_left() {
        let presence = Presence::default();
        let (ann, bob) = (UserId("a".into()), UserId("b".into()));
        let first = presence.look(&ann);
        let second = presence.look(&ann);
        assert!(presence.looks(&ann) && !presence.looks(&bob));
        drop(first);
        assert!(presence.looks(&ann));
        drop(second);
        assert!(!presence.looks(&ann));
    }
}
