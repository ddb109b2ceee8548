//! Every signal as people are shown it.

use super::{BEFORE, BUDGET, Signals};
use crate::model::evidence::Source;
use orchestra_protocol::agent::{ActivityState, Signal, WaitingFor};
use orchestra_protocol::time::Timestamp;

impl Signals {
    /// Every signal, the winner marked.
    pub fn explain(&self, now: Timestamp) -> Vec<Signal> {
        let wall = self.standing_wall();
        let winner = self.winner().map(|(source, _)| source);
        let held = self.standing_hold().filter(|_| wall.is_none());
        let winner = winner.filter(|_| wall.is_none() && held.is_none());
        let held = held.map(|since| Signal {
            source: BUDGET.to_owned(),
            state: ActivityState::Waiting,
            waiting_for: Some(WaitingFor::Budget),
            at: since,
            since,
            age_ms: now.since(since),
            counted: true,
            confidence: 1.0,
            won: true,
            detail: "its budget is spent".into(),
        });
        let quota = wall.map(|wall| Signal {
            source: Source::Hook.word().to_owned(),
            state: ActivityState::Waiting,
            waiting_for: Some(WaitingFor::Quota),
            at: wall.since,
            since: wall.since,
            age_ms: now.since(wall.since),
            counted: true,
            confidence: Source::Hook.confidence(),
            won: true,
            detail: format!("its quota is used up until {}", wall.until),
        });
        let before = self.standing_before(now).map(|activity| Signal {
            source: activity.source.clone(),
            state: activity.state,
            waiting_for: activity.waiting_for,
            at: activity.since,
            since: activity.since,
            age_ms: now.since(activity.since),
            counted: true,
            confidence: activity.confidence,
            won: wall.is_none() && held.is_none(),
            detail: BEFORE.into(),
        });
        let records = self.records.values().map(|(source, record)| Signal {
            source: source.word().to_owned(),
            state: record.told.state,
            waiting_for: record.told.waiting_for,
            at: record.seen,
            since: record.since,
            age_ms: now.since(record.seen),
            counted: true,
            confidence: source.confidence(),
            won: winner == Some(*source),
            detail: record.detail.clone(),
        });
        let first = quota.into_iter().chain(held).chain(before);
        first.chain(records).collect()
    }
}
