//! Prices, to say roughly what a session cost. Dollars for a million tokens: read anew,
//! written, put into a cache, read from it.
//!
//! The table was read on 2026-11-26: from `model_prices_and_context_window.json` of LiteLLM
//! (github.com/BerriAI/litellm, commit 00035b69), compared with what ccusage 20.0.23 reckons
//! for each name. Where the two differ, no price is known. It leaves out what a record does
//! not tell reliably: the dearer hour-long cache, requests of more than 200 000 tokens,
//! batches, priority.

use orchestra_protocol::transcript::TokenUsage;
use std::collections::BTreeMap;

const OPUS: [f64; 4] = [5.0, 25.0, 6.25, 0.5];
const OPUS_BEFORE: [f64; 4] = [15.0, 75.0, 18.75, 1.5];
const SONNET: [f64; 4] = [3.0, 15.0, 3.75, 0.3];
const GPT_5: [f64; 4] = [1.25, 10.0, 1.25, 0.125];
const GPT_5_2: [f64; 4] = [1.75, 14.0, 1.75, 0.175];
const GPT_MINI: [f64; 4] = [0.25, 2.0, 0.25, 0.025];
const GPT_PRO: [f64; 4] = [30.0, 180.0, 30.0, 3.0];
const GEMINI_3_PRO: [f64; 4] = [2.0, 12.0, 2.0, 0.2];

/// The longest name that a model's begins with counts.
const PRICES: &[(&str, [f64; 4])] = &[
    ("claude-opus-4", OPUS_BEFORE),
    ("claude-opus-4-5", OPUS),
    ("claude-opus-4-6", OPUS),
    ("claude-opus-4-7", OPUS),
    ("claude-opus-4-8", OPUS),
    ("claude-fable-5", [10.0, 50.0, 12.5, 1.0]),
    ("claude-sonnet-4", SONNET),
    ("claude-sonnet-5", [2.0, 10.0, 2.5, 0.2]),
    ("claude-haiku-4-5", [1.0, 5.0, 1.25, 0.1]),
    ("claude-3-7-sonnet", SONNET),
    ("claude-3-5-sonnet", SONNET),
    ("claude-3-5-haiku", [0.8, 4.0, 1.0, 0.08]),
    ("claude-3-opus", OPUS_BEFORE),
    ("claude-3-haiku", [0.25, 1.25, 0.3, 0.03]),
    ("gpt-5", GPT_5),
    ("gpt-5-mini", GPT_MINI),
    ("gpt-5-nano", [0.05, 0.4, 0.05, 0.005]),
    ("gpt-5-pro", [15.0, 120.0, 15.0, 15.0]),
    ("gpt-5.1", GPT_5),
    ("gpt-5.1-codex-mini", GPT_MINI),
    ("gpt-5.2", GPT_5_2),
    ("gpt-5.2-pro", [21.0, 168.0, 21.0, 21.0]),
    ("gpt-5.3-codex", GPT_5_2),
    ("gpt-5.4", [2.5, 15.0, 2.5, 0.25]),
    ("gpt-5.4-mini", [0.75, 4.5, 0.75, 0.075]),
    ("gpt-5.4-nano", [0.2, 1.25, 0.2, 0.02]),
    ("gpt-5.4-pro", GPT_PRO),
    ("gpt-5.5", [5.0, 30.0, 5.0, 0.5]),
    ("gpt-5.5-pro", GPT_PRO),
    ("gemini-2.5-pro", [1.25, 10.0, 1.25, 0.125]),
    ("gemini-2.5-flash", [0.3, 2.5, 0.3, 0.03]),
    ("gemini-2.5-flash-lite", [0.1, 0.4, 0.1, 0.01]),
    ("gemini-3-pro", GEMINI_3_PRO),
    ("gemini-3.1-pro", GEMINI_3_PRO),
    ("gemini-3-flash", [0.5, 3.0, 0.5, 0.05]),
    ("gemini-3.1-flash-lite", [0.25, 1.5, 0.25, 0.025]),
    ("gemini-3.5-flash", [1.5, 9.0, 1.5, 0.15]),
];
/// Names that begin like an older model's and are another's, whose price is not known.
const UNKNOWN: &[&str] = &[
    "claude-opus-4-9",
    "claude-sonnet-4-7",
    "claude-sonnet-4-8",
    "gpt-5.3-codex-spark",
    "gemini-2.5-flash-image",
    "gemini-3-pro-image",
];

/// What tokens cost: the program's table, and the owner's words before it.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    own: BTreeMap<String, [f64; 4]>,
}

impl Prices {
    /// With the prices of the configuration.
    pub fn new(own: &BTreeMap<String, [f64; 4]>) -> Self {
        Self { own: own.clone() }
    }

    /// What those tokens cost with that model; none when its price is not known.
    #[expect(clippy::cast_precision_loss, reason = "an estimate in dollars")]
    pub fn cost(&self, model: &str, usage: &TokenUsage) -> Option<f64> {
        let price = self.price(model)?;
        let tokens = [
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_write_tokens,
            usage.cache_read_tokens,
        ];
        let parts = tokens.iter().zip(price);
        Some(
            parts
                .map(|(tokens, price)| *tokens as f64 * price / 1e6)
                .sum(),
        )
    }

    fn price(&self, model: &str) -> Option<[f64; 4]> {
        let own = self.own.iter().filter(|(name, _)| begins(model, name));
        if let Some((_, price)) = own.max_by_key(|(name, _)| name.len()) {
            return Some(*price);
        }
        if UNKNOWN.iter().any(|name| begins(model, name)) {
            return None;
        }
        let known = PRICES.iter().filter(|(name, _)| begins(model, name));
        let (_, price) = known.max_by_key(|(name, _)| name.len())?;
        Some(*price)
    }
}

/// True when a name begins with those words: `gpt-5.4` is no `gpt-5`.
fn begins(model: &str, name: &str) -> bool {
    let rest = model.strip_prefix(name);
    rest.is_some_and(|rest| {
        rest.is_empty()
            || !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::Prices;
    use orchestra_protocol::transcript::TokenUsage;
    use std::collections::BTreeMap;

    const MILLION: TokenUsage = TokenUsage {
        input_tokens: 1_000_000,
        output_tokens: 0,
        cache_write_tokens: 0,
        cache_read_tokens: 1_000_000,
    };

    #[test]
    fn the_closest_name_has_the_price_and_unknown_ones_have_none() {
        let prices = Prices::default();
        for (model, cost) in [
            ("claude-opus-4-5-20251101", Some(5.5)),
            ("claude-opus-4-8", Some(5.5)),
            ("claude-opus-4-1-20250805", Some(16.5)),
            ("claude-sonnet-4-6", Some(3.3)),
            ("claude-opus-4-9", None),
            ("gpt-5-codex", Some(1.375)),
            ("gpt-5.4", Some(2.75)),
            ("gpt-5.6-luna", None),
            ("gpt-5.3-codex-spark", None),
            ("gemini-2.5-flash-lite-preview", Some(0.11)),
            ("scripted-1", None),
        ] {
            let found = prices.cost(model, &MILLION);
            let near = match (found, cost) {
                (Some(found), Some(cost)) => (found - cost).abs() < 1e-9,
                (found, cost) => found == cost,
            };
            assert!(near, "{model}: {found:?}");
        }
    }

    #[test]
    fn the_owners_word_goes_before() {
        let own = BTreeMap::from([
            ("claude-opus-4".to_owned(), [1.0, 0.0, 0.0, 0.0]),
            ("scripted".to_owned(), [2.0, 0.0, 0.0, 0.0]),
        ]);
        let prices = Prices::new(&own);
        assert_eq!(prices.cost("claude-opus-4-8", &MILLION), Some(1.0));
        assert_eq!(prices.cost("scripted-1", &MILLION), Some(2.0));
        assert_eq!(prices.cost("claude-haiku-4-5", &MILLION), Some(1.1));
    }
}
