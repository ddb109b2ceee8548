//! List prices, to say roughly what a session cost. Dollars for a million tokens: read
//! anew, written, put into a cache, read from it.

use orchestra_protocol::transcript::TokenUsage;

/// The longest name that a model's begins with counts.
const PRICES: &[(&str, [f64; 4])] = &[
    ("claude-opus-4-5", [5.0, 25.0, 6.25, 0.5]),
    ("claude-opus-4", [15.0, 75.0, 18.75, 1.5]),
    ("claude-sonnet-4", [3.0, 15.0, 3.75, 0.3]),
    ("claude-haiku-4-5", [1.0, 5.0, 1.25, 0.1]),
    ("claude-3-7-sonnet", [3.0, 15.0, 3.75, 0.3]),
    ("claude-3-5-sonnet", [3.0, 15.0, 3.75, 0.3]),
    ("claude-3-5-haiku", [0.8, 4.0, 1.0, 0.08]),
    ("claude-3-opus", [15.0, 75.0, 18.75, 1.5]),
    ("gpt-5-mini", [0.25, 2.0, 0.25, 0.025]),
    ("gpt-5", [1.25, 10.0, 1.25, 0.125]),
    ("gemini-2.5-pro", [1.25, 10.0, 1.25, 0.31]),
    ("gemini-2.5-flash", [0.3, 2.5, 0.3, 0.075]),
];
/// Families that came after the table; their prices are not known.
const UNKNOWN: &[&str] = &[
    "claude-opus-4-6",
    "claude-opus-4-7",
    "claude-opus-4-8",
    "claude-sonnet-4-6",
];

/// What those tokens cost with that model; none when its price is not known.
#[expect(clippy::cast_precision_loss, reason = "an estimate in dollars")]
pub fn cost(model: &str, usage: &TokenUsage) -> Option<f64> {
    if UNKNOWN.iter().any(|name| model.starts_with(name)) {
        return None;
    }
    let known = PRICES.iter().filter(|(name, _)| model.starts_with(name));
    let (_, price) = known.max_by_key(|(name, _)| name.len())?;
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

#[cfg(test)]
mod tests {
    use super::cost;
    use orchestra_protocol::transcript::TokenUsage;

    #[test]
    fn the_closest_name_has_the_price_and_unknown_ones_have_none() {
        let usage = TokenUsage {
            input_tokens: 1_000_000,
            ..TokenUsage::default()
        };
        assert_eq!(cost("claude-opus-4-5-20251101", &usage), Some(5.0));
        assert_eq!(cost("claude-opus-4-1-20250805", &usage), Some(15.0));
        assert_eq!(cost("claude-opus-4-8", &usage), None);
        assert_eq!(cost("scripted-1", &usage), None);
    }
}
