//! What was true in a run: from the CLI's hooks, the model's clock, and what we did.

use super::plan::Scene;
use super::recording::{Label, Seen, Truth, What};
use orchestra_protocol::agent::ActivityState;

/// One scene as it was played.
#[derive(Debug, Clone)]
pub(super) struct Played {
    pub scene: Scene,
    pub begin: i64,
    pub end: i64,
    /// When a person answered, refused or interrupted.
    pub act: Option<i64>,
}

/// A request at the model, not of the CLI's own: when it came, and when its answer was out
/// or the CLI hung up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub at: i64,
    pub closed: i64,
}

/// Everything that is known of the time between two moments.
struct Within<'a> {
    events: Vec<(i64, ActivityState)>,
    requests: Vec<Request>,
    played: &'a Played,
}

impl Within<'_> {
    fn first(&self, state: ActivityState, from: i64) -> Option<i64> {
        let mut events = self.events.iter();
        let found = events.find(|(at, said)| *said == state && *at >= from);
        found.map(|(at, _)| *at)
    }

    /// When the turn began: what was seen of it first.
    fn busy(&self, from: i64) -> Option<i64> {
        let asked = self.requests.iter().map(|one| one.at);
        let asked = asked.filter(|at| *at >= from).min();
        let told = self.first(ActivityState::Busy, from);
        match (asked, told) {
            (Some(asked), Some(told)) => Some(asked.min(told)),
            (asked, told) => asked.or(told),
        }
    }

    /// When the turn ended by the CLI's word, and by the model's clock.
    fn ended(&self, from: i64) -> (Option<i64>, Option<i64>) {
        let said = self.first(ActivityState::Idle, from);
        let closed = self.requests.iter().map(|one| one.closed);
        (said, closed.filter(|at| *at >= from).max())
    }
}

/// The truth of a run, and how far the two clocks were apart at most.
pub(super) fn of(played: &[Played], seen: &[Seen], requests: &[Request]) -> (Vec<Truth>, i64) {
    let mut truth = Vec::new();
    let mut apart = 0;
    for one in played {
        let inside = |at: i64| at >= one.begin && at < one.end;
        let events = seen.iter().filter_map(|seen| match &seen.what {
            What::Event { state, .. } if inside(seen.at) => Some((seen.at, *state)),
            _ => None,
        });
        let within = Within {
            events: events.collect(),
            requests: requests
                .iter()
                .copied()
                .filter(|one| inside(one.at))
                .collect(),
            played: one,
        };
        for (at, label) in changes(&within, &mut apart) {
            truth.push(Truth {
                at,
                label,
                scene: one.scene.name(),
            });
        }
    }
    if let Some(last) = played.last() {
        truth.push(Truth {
            at: last.end,
            label: None,
            scene: "end".to_owned(),
        });
    }
    (truth, apart)
}

/// The states of one scene, in order.
fn changes(within: &Within<'_>, apart: &mut i64) -> Vec<(i64, Option<Label>)> {
    let played = within.played;
    let mut changes = vec![(played.begin, Some(Label::Idle))];
    let mut add = |at: i64, label: Label| changes.push((at, Some(label)));
    let Some(busy) = within.busy(played.begin) else {
        // Only a rest has no turn; of anything else nobody can say what it was.
        let known = (played.scene == Scene::Rest).then_some(Label::Idle);
        return vec![(played.begin, known)];
    };
    add(busy, Label::Busy);
    let asked = within.first(ActivityState::Waiting, busy);
    let waits = match played.scene {
        Scene::Question => Label::Question,
        _ => Label::Permission,
    };
    if let Some(asked) = asked {
        add(asked, waits);
        if let Some(act) = played.act
            && played.scene != Scene::Refused
        {
            add(act, Label::Busy);
        }
    }
    let from = played.act.or(asked).unwrap_or(busy);
    let (said, closed) = within.ended(from);
    if played.scene == Scene::Quota {
        let failed = said.or(within.requests.first().map(|one| one.closed));
        let failed = failed.unwrap_or(busy);
        add(failed, Label::Quota);
        if let Some(again) = within.busy(failed + 1_000) {
            add(again, Label::Busy);
            let (said, closed) = within.ended(again);
            add(said.or(closed).unwrap_or(played.end), Label::Idle);
        }
        return changes;
    }
    if let (Some(said), Some(closed)) = (said, closed) {
        *apart = (*apart).max((said - closed).abs());
    }
    // Without a word of the CLI: when it hung up, or was refused.
    let end = said.or(closed).or(played.act);
    add(end.unwrap_or(played.end), Label::Idle);
    changes
}
