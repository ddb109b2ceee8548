//! What a budget allows, as pure functions over what was counted.

use super::limits::Invalid;
use orchestra_protocol::budget::{Budget, BudgetChange, BudgetReport, BudgetState, Measure, Spent};

/// Most that a limit can say; beyond it sums would lose their last digits.
const MOST: u64 = 1 << 53;

/// What was counted of somebody's spending.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counted {
    pub spent: Spent,
    /// What is known of the dollars: all of them, or those of the models with a price.
    pub least_usd: f64,
}

impl Counted {
    /// Both, measure by measure the larger: what was counted once is never uncounted, though
    /// an index may be made anew and a price may fall.
    #[must_use]
    pub fn or_more(self, known: &Spent) -> Self {
        let more = |own: Option<u64>, other: Option<u64>| own.max(other);
        let usd = match (self.spent.usd, known.usd) {
            (Some(own), Some(other)) => Some(own.max(other)),
            // A model without a price came to it.
            (None, _) => None,
            (own, None) => own,
        };
        Self {
            spent: Spent {
                usd,
                tokens: more(self.spent.tokens, known.tokens),
                wall_s: self.spent.wall_s.max(known.wall_s),
                turns: self.spent.turns.max(known.turns),
            },
            least_usd: self.least_usd.max(known.usd.unwrap_or(0.0)),
        }
    }
}

/// True when nothing is limited.
pub fn unlimited(limit: &Budget) -> bool {
    *limit == Budget::default()
}

/// The limit that is nearest, and how much of it is spent; 1 is all.
#[expect(
    clippy::cast_precision_loss,
    reason = "a share, for people and a comparison"
)]
pub fn nearest(limit: &Budget, spent: &Spent, least_usd: f64) -> Option<(Measure, f64)> {
    let part = |spent: u64, limit: u64| spent as f64 / (limit.max(1)) as f64;
    let shares = [
        limit
            .usd
            .map(|usd| (Measure::Usd, spent.usd.unwrap_or(least_usd) / usd)),
        limit
            .tokens
            .map(|tokens| (Measure::Tokens, part(spent.tokens.unwrap_or(0), tokens))),
        limit
            .wall_s
            .map(|wall| (Measure::WallS, part(spent.wall_s, wall))),
        limit
            .turns
            .map(|turns| (Measure::Turns, part(spent.turns, turns))),
    ];
    shares
        .into_iter()
        .flatten()
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

/// How it stands; `warn` is the share from which on one is warned.
pub fn judge(limit: &Budget, counted: &Counted, warn: f64) -> BudgetState {
    match nearest(limit, &counted.spent, counted.least_usd) {
        Some((_, share)) if share >= 1.0 => BudgetState::Spent,
        Some((_, share)) if share >= warn => BudgetState::Near,
        _ => BudgetState::Within,
    }
}

/// What agents and tasks show; none without a limit.
pub fn report(limit: Budget, spent: Spent, state: BudgetState) -> Option<BudgetReport> {
    let near = nearest(&limit, &spent, 0.0)?;
    Some(BudgetReport {
        limit,
        spent,
        state,
        nearest: Some(near.0),
        share: near.1,
    })
}

/// The budget after a change.
pub fn changed(limit: Budget, change: &BudgetChange) -> Budget {
    Budget {
        usd: change.usd.0.unwrap_or(limit.usd),
        tokens: change.tokens.0.unwrap_or(limit.tokens),
        wall_s: change.wall_s.0.unwrap_or(limit.wall_s),
        turns: change.turns.0.unwrap_or(limit.turns),
    }
}

/// What was asked for, and for the rest the defaults.
pub fn or_default(asked: Option<&Budget>, defaults: &Budget) -> Budget {
    let asked = asked.copied().unwrap_or_default();
    Budget {
        usd: asked.usd.or(defaults.usd),
        tokens: asked.tokens.or(defaults.tokens),
        wall_s: asked.wall_s.or(defaults.wall_s),
        turns: asked.turns.or(defaults.turns),
    }
}

/// Refuses what is no limit.
///
/// # Errors
/// Names the measure and what it may be.
pub fn check(budget: &Budget) -> Result<(), Invalid> {
    if budget.usd.is_some_and(|usd| !(usd > 0.0 && usd <= 1e9)) {
        return Err(Invalid(
            "budget.usd must be more than 0; leave it out for no limit".into(),
        ));
    }
    let whole = [
        ("tokens", budget.tokens),
        ("wall_s", budget.wall_s),
        ("turns", budget.turns),
    ];
    for (name, value) in whole {
        if value.is_some_and(|value| value == 0 || value > MOST) {
            return Err(Invalid(format!(
                "budget.{name} must be a whole number of 1 or more; leave it out for no limit"
            )));
        }
    }
    Ok(())
}

/// The limit that is used up, in words: `its budget of 10 turns`.
pub fn words(report: &BudgetReport) -> String {
    let limit = &report.limit;
    let what = match report.nearest {
        Some(Measure::Usd) => limit.usd.map(|usd| format!("{usd} US dollars")),
        Some(Measure::Tokens) => limit.tokens.map(|tokens| format!("{tokens} tokens")),
        Some(Measure::WallS) => limit.wall_s.map(|wall| format!("{wall} s")),
        Some(Measure::Turns) => limit.turns.map(|turns| format!("{turns} turns")),
        None => None,
    };
    format!("its budget of {}", what.unwrap_or_else(|| "nothing".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counted(usd: Option<f64>, tokens: Option<u64>, turns: u64) -> Counted {
        Counted {
            spent: Spent {
                usd,
                tokens,
                wall_s: 0,
                turns,
            },
            least_usd: usd.unwrap_or(0.0),
        }
    }

    #[test]
    fn a_budget_warns_and_ends_at_its_nearest_limit() {
        let limit = Budget {
            tokens: Some(1000),
            turns: Some(10),
            ..Budget::default()
        };
        for (tokens, turns, state) in [
            (799, 7, BudgetState::Within),
            (800, 0, BudgetState::Near),
            (0, 8, BudgetState::Near),
            (999, 9, BudgetState::Near),
            (1000, 1, BudgetState::Spent),
            (1, 10, BudgetState::Spent),
        ] {
            let found = judge(&limit, &counted(None, Some(tokens), turns), 0.8);
            assert_eq!(found, state, "{tokens} tokens, {turns} turns");
        }
        let none = Budget::default();
        let much = counted(Some(1e6), Some(MOST), 1_000_000);
        assert_eq!(judge(&none, &much, 0.8), BudgetState::Within);
        assert_eq!(report(none, much.spent, BudgetState::Within), None);
    }

    #[test]
    fn a_cost_that_is_not_known_ends_nothing_but_what_is_known_of_it_does() {
        let limit = Budget {
            usd: Some(1.0),
            ..Budget::default()
        };
        let unknown = counted(None, Some(5), 5);
        assert_eq!(judge(&limit, &unknown, 0.8), BudgetState::Within);
        let part = Counted {
            least_usd: 1.5,
            ..unknown
        };
        assert_eq!(judge(&limit, &part, 0.8), BudgetState::Spent);
        assert_eq!(part.or_more(&Spent::default()).spent.usd, None, "never 0");
    }

    #[test]
    fn null_takes_a_limit_away_and_silence_keeps_it() {
        let limit = Budget {
            tokens: Some(5),
            turns: Some(6),
            ..Budget::default()
        };
        let change: BudgetChange = serde_json::from_str(r#"{"tokens":null,"usd":2.5}"#).unwrap();
        let after = changed(limit, &change);
        assert_eq!(
            (after.usd, after.tokens, after.turns),
            (Some(2.5), None, Some(6))
        );
        for bad in [r#"{"usd":0}"#, r#"{"usd":-1}"#, r#"{"turns":0}"#] {
            let budget: Budget = serde_json::from_str(bad).unwrap();
            assert!(check(&budget).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_was_counted_never_shrinks(a in 0..9u64, b in 0..9u64, known in 0..9u64) {
            let known = Spent { tokens: Some(known), turns: known, ..Spent::default() };
            let more = counted(Some(1.0), Some(a), b).or_more(&known).spent;
            prop_assert!(more.tokens >= known.tokens && more.turns >= known.turns);
            prop_assert!(more.tokens >= Some(a) && more.turns >= b);
        }
    }
}
