//! The life of a task as a pure function: which command is legal in which state, and
//! what it changes. No I/O; the store applies the changes in one transaction.

use orchestra_protocol::task::{AttemptStatus, TaskStatus};

/// What `step` has to know of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    pub status: TaskStatus,
    /// Number of the newest attempt; 0 before the first.
    pub attempt: u32,
}

/// What is to happen to a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A person agreed to it.
    Approve,
    /// A person refused it.
    Reject,
    /// An agent was chosen; a new attempt begins.
    Assign,
    /// The agent took the prompt.
    Start { attempt: u32 },
    /// The attempt came to an end.
    Finish { attempt: u32, outcome: Outcome },
    /// The attempt was lost through no fault of the work; another may follow.
    Lose { attempt: u32, may_retry: bool },
    /// Somebody called it off.
    Cancel,
    /// Somebody wants it done again.
    Retry,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Completed,
    Failed,
    Timeout,
    /// A limit ended it: the same again would end the same way.
    Limit,
}

/// What a legal command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub status: TaskStatus,
    /// Begins an attempt of this number.
    pub begin: Option<u32>,
    /// Ends the newest attempt so.
    pub end: Option<AttemptStatus>,
    /// Sets the newest attempt to running.
    pub run: bool,
}

/// Why a command does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    /// It comes from an attempt that is not the newest: late, and harmless.
    #[error("it comes from attempt {late}, but {newest} is the newest")]
    Fenced { late: u32, newest: u32 },
    #[error("the task is {0:?}")]
    State(TaskStatus),
}

/// The transition table.
///
/// # Errors
/// When the command is stale or not legal in this state; the task stays as it is.
pub fn step(state: State, command: &Command) -> Result<Change, Reject> {
    use TaskStatus::{Assigned, Cancelled, Queued, Running, Waiting};
    let fence = |attempt: u32| {
        if attempt == state.attempt {
            Ok(())
        } else {
            Err(Reject::Fenced {
                late: attempt,
                newest: state.attempt,
            })
        }
    };
    let plain = |status| Change {
        status,
        begin: None,
        end: None,
        run: false,
    };
    let live = matches!(state.status, Assigned | Running);
    match (command, state.status) {
        (Command::Approve, Waiting) => Ok(plain(Queued)),
        (Command::Reject, Waiting) => Ok(plain(Cancelled)),
        (Command::Assign, Queued) => Ok(Change {
            begin: Some(state.attempt + 1),
            ..plain(Assigned)
        }),
        (Command::Start { attempt }, Assigned) => {
            fence(*attempt)?;
            Ok(Change {
                run: true,
                ..plain(Running)
            })
        }
        (Command::Finish { attempt, outcome }, _) if live => {
            fence(*attempt)?;
            Ok(finish(*outcome))
        }
        (Command::Lose { attempt, may_retry }, _) if live => {
            fence(*attempt)?;
            let status = if *may_retry {
                Queued
            } else {
                TaskStatus::Failed
            };
            Ok(Change {
                end: Some(AttemptStatus::Killed),
                ..plain(status)
            })
        }
        (Command::Cancel, status) if !status.is_final() => Ok(Change {
            end: live.then_some(AttemptStatus::Killed),
            ..plain(Cancelled)
        }),
        (Command::Retry, status) if status.is_final() => Ok(plain(Queued)),
        (_, status) => Err(Reject::State(status)),
    }
}

fn finish(outcome: Outcome) -> Change {
    let (status, end) = match outcome {
        Outcome::Completed => (TaskStatus::Completed, AttemptStatus::Completed),
        Outcome::Failed | Outcome::Limit => (TaskStatus::Failed, AttemptStatus::Failed),
        Outcome::Timeout => (TaskStatus::Timeout, AttemptStatus::Timeout),
    };
    Change {
        status,
        begin: None,
        end: Some(end),
        run: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn command() -> impl Strategy<Value = Command> {
        let outcome = prop_oneof![
            Just(Outcome::Completed),
            Just(Outcome::Failed),
            Just(Outcome::Timeout),
            Just(Outcome::Limit)
        ];
        prop_oneof![
            Just(Command::Approve),
            Just(Command::Reject),
            Just(Command::Assign),
            (0..4u32).prop_map(|attempt| Command::Start { attempt }),
            (0..4u32, outcome).prop_map(|(attempt, outcome)| Command::Finish { attempt, outcome }),
            (0..4u32, any::<bool>())
                .prop_map(|(attempt, may_retry)| Command::Lose { attempt, may_retry }),
            Just(Command::Cancel),
            Just(Command::Retry),
        ]
    }

    proptest! {
        #[test]
        fn at_most_one_attempt_is_live_and_an_end_is_left_only_by_retry(
            commands in prop::collection::vec(command(), 1..60),
            waiting in any::<bool>(),
        ) {
            let first = if waiting { TaskStatus::Waiting } else { TaskStatus::Queued };
            let mut state = State { status: first, attempt: 0 };
            let mut live = 0i32;
            for command in commands {
                let before = state;
                let Ok(change) = step(state, &command) else { continue };
                if before.status.is_final() {
                    prop_assert_eq!(command, Command::Retry);
                }
                if let Some(number) = change.begin {
                    prop_assert_eq!(number, before.attempt + 1);
                    state.attempt = number;
                    live += 1;
                }
                if change.end.is_some() {
                    live -= 1;
                }
                state.status = change.status;
                prop_assert!((0..=1).contains(&live));
                let busy = matches!(state.status, TaskStatus::Assigned | TaskStatus::Running);
                prop_assert_eq!(live == 1, busy);
            }
        }
    }

    #[test]
    fn a_late_result_changes_nothing() {
        let state = State {
            status: TaskStatus::Running,
            attempt: 2,
        };
        let late = Command::Finish {
            attempt: 1,
            outcome: Outcome::Completed,
        };
        assert_eq!(
            step(state, &late),
            Err(Reject::Fenced { late: 1, newest: 2 })
        );
    }
}
