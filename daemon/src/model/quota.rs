//! Whether a CLI's error says that its quota is used up, and until when. Pure.

use orchestra_protocol::time::Timestamp;
use regex::Regex;
use std::sync::LazyLock;

/// Words that only a used up quota has.
const WORDS: &[&str] = &[
    "usage limit",
    "session limit",
    "weekly limit",
    "rate limit",
    "rate_limit",
    "ratelimit",
    "quota",
    "resource_exhausted",
    "too many requests",
    "error 429",
    "(429)",
    "429 ",
];
/// Never tried again sooner or later than this, in milliseconds.
const LEAST: i64 = 1_000;
const MOST: i64 = 7 * 86_400_000;

static PIPED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\|(\d{10})\b").ok());
static SPAN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)[a-z]*\b").ok());
static AFTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:retry|try again|resets?|available|wait)[a-z ]*?(?:after|in|for)?:?\s+((?:\d+(?:\.\d+)?\s*(?:ms|s|m|h|d)[a-z]*[ ,]*(?:and )?)+)").ok()
});
static CLOCK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"resets?(?: at)?\s+(\d{1,2})(?::(\d{2}))?\s*(am|pm)?").ok());

/// Until when the quota is used up, if the text says that it is; `unsaid` is how many
/// milliseconds to wait when it does not say until when.
pub fn wall(text: &str, now: Timestamp, unsaid: i64) -> Option<Timestamp> {
    let text = text.to_lowercase();
    if !WORDS.iter().any(|word| text.contains(word)) {
        return None;
    }
    let wait = piped(&text, now)
        .or_else(|| after(&text))
        .or_else(|| clock(&text, now))
        .unwrap_or(unsaid);
    Some(Timestamp(now.0 + wait.clamp(LEAST, MOST)))
}

/// `…|1736899200`: seconds since the epoch.
fn piped(text: &str, now: Timestamp) -> Option<i64> {
    let seconds: i64 = PIPED
        .as_ref()?
        .captures(text)?
        .get(1)?
        .as_str()
        .parse()
        .ok()?;
    Some(seconds * 1000 - now.0).filter(|wait| *wait > 0)
}

/// `try again in 1h 20m`, `retry after 30 seconds`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds of a week fit"
)]
fn after(text: &str) -> Option<i64> {
    let spans = AFTER.as_ref()?.captures(text)?.get(1)?.as_str();
    let each = SPAN.as_ref()?.captures_iter(spans).filter_map(|span| {
        let number: f64 = span.get(1)?.as_str().parse().ok()?;
        let unit = match span.get(2)?.as_str() {
            "ms" => 1.0,
            "s" => 1e3,
            "m" => 60e3,
            "h" => 3_600e3,
            _ => 86_400e3,
        };
        Some((number * unit) as i64)
    });
    Some(each.sum()).filter(|wait| *wait > 0)
}

/// `resets 3pm`, `resets at 15:30`: the next such time here.
fn clock(text: &str, now: Timestamp) -> Option<i64> {
    let found = CLOCK.as_ref()?.captures(text)?;
    let hour: i8 = found.get(1)?.as_str().parse().ok()?;
    let minute: i8 = match found.get(2) {
        Some(minute) => minute.as_str().parse().ok()?,
        None => 0,
    };
    let hour = match found.get(3).map(|half| half.as_str()) {
        Some("pm") if hour < 12 => hour + 12,
        Some("am") if hour == 12 => 0,
        _ => hour,
    };
    let here = jiff::Timestamp::from_millisecond(now.0)
        .ok()?
        .to_zoned(jiff::tz::TimeZone::system());
    let then = here
        .with()
        .hour(hour)
        .minute(minute)
        .second(0)
        .build()
        .ok()?;
    let then = if then <= here {
        then.checked_add(jiff::Span::new().days(1)).ok()?
    } else {
        then
    };
    Some(then.timestamp().as_millisecond() - now.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_736_899_000_000);

    fn wait(text: &str) -> Option<i64> {
        wall(text, NOW, 300_000).map(|until| until.0 - NOW.0)
    }

    #[test]
    fn the_time_is_taken_from_what_the_clis_say() {
        assert_eq!(
            wait("Claude AI usage limit reached|1736899200"),
            Some(200_000)
        );
        assert_eq!(
            wait("Rate limit reached. Please try again in 1.5s."),
            Some(1_500)
        );
        assert_eq!(
            wait("You've hit your usage limit. Try again in 1 hour 20 minutes."),
            Some(4_800_000)
        );
        assert_eq!(
            wait("RESOURCE_EXHAUSTED: quota; retry in 30s"),
            Some(30_000)
        );
        assert_eq!(wait("429 Too Many Requests"), Some(300_000));
        let next = wait("You've hit your session limit · resets 3pm").unwrap();
        assert!((1..=86_400_000).contains(&next), "{next}");
    }

    #[test]
    fn other_errors_are_no_wall() {
        for text in [
            "scripted error 400",
            "overloaded",
            "the turn was interrupted",
            "",
        ] {
            assert_eq!(wait(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_beyond_reason_is_cut() {
        assert_eq!(wait("quota: try again in 900 days"), Some(MOST));
    }
}
