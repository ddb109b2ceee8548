//! What a budget allows, as pure functions over what was counted.

use super::limits::Invalid;
use orchestra_protocol::budget::{Budget, BudgetChange, BudgetReport, BudgetState, Measure, Spent};

/// Most that a limit can say; beyond it sums would lose their last digits.
const MOST: u64 = 1 << 53;

/// What is known of the dollars: all of them, or those of the models with a price.
pub fn least_usd(spent: &Spent) -> f64 {
    spent.usd.or(spent.least_usd).unwrap_or(0.0)
}

/// What is known of the tokens.
pub fn least_tokens(spent: &Spent) -> u64 {
    spent.tokens.or(spent.least_tokens).unwrap_or(0)
}

/// The known part of a sum that is not known as a whole; none when there is no such part.
pub fn part<T: PartialOrd + Default + Copy>(whole: Option<T>, known: T) -> Option<T> {
    (whole.is_none() && known > T::default()).then_some(known)
}

/// Measure by measure the larger: what was counted once is never uncounted, though an index
/// may be made anew and a price may fall.
#[must_use]
pub fn or_more(own: &Spent, known: &Spent) -> Spent {
    // Unknown stays so: a model without a price came to it.
    let usd = own.usd.map(|usd| usd.max(least_usd(known)));
    let tokens = own.tokens.map(|tokens| tokens.max(least_tokens(known)));
    Spent {
        usd,
        least_usd: part(usd, least_usd(own).max(least_usd(known))),
        tokens,
        least_tokens: part(tokens, least_tokens(own).max(least_tokens(known))),
        wall_s: own.wall_s.max(known.wall_s),
        turns: own.turns.max(known.turns),
    }
}

/// One's spending with the dollars and tokens of somebody who works for it; time and turns
/// stay its own.
#[must_use]
pub fn with_part(own: &Spent, other: &Spent) -> Spent {
    let usd = own.usd.zip(other.usd).map(|(own, other)| own + other);
    let tokens = own.tokens.zip(other.tokens);
    let tokens = tokens.map(|(own, other)| own + other);
    Spent {
        usd,
        least_usd: part(usd, least_usd(own) + least_usd(other)),
        tokens,
        least_tokens: part(tokens, least_tokens(own) + least_tokens(other)),
        ..*own
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
pub fn nearest(limit: &Budget, spent: &Spent) -> Option<(Measure, f64)> {
    let share = |spent: u64, limit: u64| spent as f64 / (limit.max(1)) as f64;
    let shares = [
        limit.usd.map(|usd| (Measure::Usd, least_usd(spent) / usd)),
        limit
            .tokens
            .map(|tokens| (Measure::Tokens, share(least_tokens(spent), tokens))),
        limit
            .wall_s
            .map(|wall| (Measure::WallS, share(spent.wall_s, wall))),
        limit
            .turns
            .map(|turns| (Measure::Turns, share(spent.turns, turns))),
    ];
    shares
        .into_iter()
        .flatten()
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

/// How it stands; `warn` is the share from which on one is warned.
pub fn judge(limit: &Budget, spent: &Spent, warn: f64) -> BudgetState {
    match nearest(limit, spent) {
        Some((_, share)) if share >= 1.0 => BudgetState::Spent,
        Some((_, share)) if share >= warn => BudgetState::Near,
        _ => BudgetState::Within,
    }
}

/// What agents and tasks show; none without a limit.
pub fn report(limit: Budget, spent: Spent, state: BudgetState) -> Option<BudgetReport> {
    let near = nearest(&limit, &spent)?;
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

/// That it is used up, and what is not known of it: `its budget of 5 US dollars is spent (at
/// least 5.25 of them; not all of its cost is known)`.
pub fn used_up(report: &BudgetReport) -> String {
    let (words, spent) = (words(report), &report.spent);
    match report.nearest {
        Some(Measure::Usd) if spent.usd.is_none() => format!(
            "{words} is spent (at least {:.4} of them; not all of its cost is known)",
            least_usd(spent)
        ),
        Some(Measure::Tokens) if spent.tokens.is_none() => format!(
            "{words} is spent (at least {} of them; not all of them are known)",
            least_tokens(spent)
        ),
        _ => format!("{words} is spent"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counted(usd: Option<f64>, tokens: Option<u64>, turns: u64) -> Spent {
        Spent {
            usd,
            tokens,
            turns,
            ..Spent::default()
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
        assert_eq!(report(none, much, BudgetState::Within), None);
    }

    #[test]
    fn a_cost_that_is_not_known_ends_nothing_but_what_is_known_of_it_does() {
        let limit = Budget {
            usd: Some(1.0),
            ..Budget::default()
        };
        let unknown = counted(None, Some(5), 5);
        assert_eq!(judge(&limit, &unknown, 0.8), BudgetState::Within);
        let some = Spent {
            least_usd: Some(1.5),
            ..unknown
        };
        assert_eq!(judge(&limit, &some, 0.8), BudgetState::Spent);
        assert_eq!(or_more(&some, &Spent::default()).usd, None, "never 0");
        assert_eq!(or_more(&unknown, &some).least_usd, Some(1.5), "nor less");
        let shown = report(limit, some, BudgetState::Spent).unwrap();
        assert!((shown.share - 1.5).abs() < 1e-9, "{shown:?}");
        assert_eq!(
            used_up(&shown),
            "its budget of 1 US dollars is spent (at least 1.5000 of them; not all of its cost is known)"
        );
    }

    #[test]
    fn what_a_part_spends_is_added_and_what_is_not_known_of_it_is_not_nothing() {
        let own = counted(Some(1.0), Some(100), 3);
        let both = with_part(&own, &counted(Some(0.5), Some(20), 9));
        assert_eq!(both, counted(Some(1.5), Some(120), 3), "turns are its own");
        let shell = with_part(&both, &counted(None, None, 1));
        assert_eq!((shell.usd, shell.tokens), (None, None));
        assert_eq!(
            (shell.least_usd, shell.least_tokens),
            (Some(1.5), Some(120))
        );
        let again = with_part(&shell, &own);
        assert_eq!(
            (again.least_usd, again.least_tokens),
            (Some(2.5), Some(220))
        );
        let limit = Budget {
            tokens: Some(200),
            ..Budget::default()
        };
        assert_eq!(judge(&limit, &again, 0.8), BudgetState::Spent);
        let shown = report(limit, again, BudgetState::Spent).unwrap();
        assert!(
            used_up(&shown).contains("at least 220 of them"),
            "{shown:?}"
        );
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
            let more = or_more(&counted(Some(1.0), Some(a), b), &known);
            prop_assert!(more.tokens >= known.tokens && more.turns >= known.turns);
            prop_assert!(more.tokens >= Some(a) && more.turns >= b);
        }
    }
}
