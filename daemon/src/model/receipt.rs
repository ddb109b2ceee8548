//! Which steps a message's receipt may take.

use orchestra_protocol::message::MessageStatus;

/// True when a receipt may go from `from` to `to`. Steps are taken in order; evidence
/// may come before our own note of the step that it proves, so `accepted` may follow
/// any open state; failure is possible until the end.
pub fn allowed(from: MessageStatus, to: MessageStatus) -> bool {
    use MessageStatus::{Accepted, Answered, Failed, Pasted, Queued, Submitted};
    match from {
        Queued => matches!(to, Pasted | Accepted | Failed),
        // Back to queued: the daemon died between intent and act, and the composer is empty.
        Pasted => matches!(to, Submitted | Queued | Accepted | Failed),
        // Again submitted: Enter was pressed once more.
        Submitted => matches!(to, Submitted | Queued | Accepted | Failed),
        // Back to queued: the quota was used up, and it is sent again when that is over.
        Accepted => matches!(to, Answered | Failed | Queued),
        Answered | Failed => false,
    }
}

/// True while something may still happen to it.
pub fn open(status: MessageStatus) -> bool {
    !matches!(status, MessageStatus::Answered | MessageStatus::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use MessageStatus::{Accepted, Answered, Failed, Pasted, Queued, Submitted};

    #[test]
    fn an_end_is_an_end_and_nothing_is_answered_unaccepted() {
        for to in [Queued, Pasted, Submitted, Accepted, Answered, Failed] {
            assert!(!allowed(Answered, to) && !allowed(Failed, to));
        }
        for from in [Queued, Pasted, Submitted] {
            assert!(!allowed(from, Answered));
        }
        assert!(allowed(Accepted, Answered));
    }
}
