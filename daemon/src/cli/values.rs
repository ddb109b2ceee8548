//! Values of options that need more than clap's own parsers.

use super::failure::Failure;
use crate::model::ids::AgentId;
use orchestra_protocol::agent::RestartPolicy;
use orchestra_protocol::problem::Problem;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// What an agent does after a crash.
pub fn restart(text: &str) -> Result<RestartPolicy, String> {
    match text {
        "never" => Ok(RestartPolicy::Never),
        "crash" => Ok(RestartPolicy::Crash),
        _ => Err(format!("{text:?} is neither never nor crash")),
    }
}

/// `90s`, `10m`, `2h`, `1d`, or plain seconds; longer than nothing.
///
/// # Errors
/// Says what a duration looks like.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no duration; write it like 90s, 10m or 2h");
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let seconds = number
        .checked_mul(unit)
        .filter(|seconds| (1..=31_536_000).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}

/// An agent's id, or its session's, as a person types it.
///
/// # Errors
/// What cannot be an agent's id names no agent.
pub fn agent(text: &str) -> Result<AgentId, Failure> {
    let id = text.strip_prefix("sess-").unwrap_or(text);
    AgentId::parse(id).map_err(|error| {
        let detail = format!("there is no agent {text:?}: {error}; orchestra status lists them");
        Failure::Problem(Problem::new(404, "not_found", "Not found", detail))
    })
}

/// The text itself, or all of stdin for `-`.
///
/// # Errors
/// When stdin is no text.
pub fn text(text: &str) -> Result<String, Failure> {
    if text != "-" {
        return Ok(text.to_owned());
    }
    let mut all = String::new();
    std::io::stdin()
        .read_to_string(&mut all)
        .map_err(|error| Failure::Usage(format!("cannot read the text from stdin: {error}")))?;
    Ok(all)
}

/// Any text as one segment of a path.
pub fn segment(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A folder as the daemon of this machine must be told it: whole.
pub fn folder(path: &Path) -> String {
    // A path that cannot be made whole goes as it is; the daemon says what is wrong with it.
    let whole = std::path::absolute(path);
    whole.as_deref().unwrap_or(path).display().to_string()
}

/// Milliseconds as the wire has them.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_or_are_seconds() {
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("45"), Ok(Duration::from_secs(45)));
        for bad in ["", "m", "0", "0s", "-1s", "1w", "1.5h", "99999999999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_agent_may_be_named_by_its_session() {
        assert_eq!(agent("sess-droid-001").unwrap().as_str(), "droid-001");
        assert_eq!(agent("primary").unwrap().as_str(), "primary");
        assert!(matches!(agent("../x"), Err(Failure::Problem(problem)) if problem.status == 404));
    }
}
