//! Finds text in what scrolled off and on the screen, newest first. The pattern is matched
//! in linear time, on whole lines: what the terminal wrapped is put together again.

use super::history::{Lines, Numbered};
use super::{TerminalError, Terminals};
use crate::model::ids::AgentId;
use bytes::Bytes;
use orchestra_protocol::terminal::{Found, FoundPage};
use regex::{Regex, RegexBuilder};
use std::time::{Duration, Instant};

/// Longest pattern, and the most memory its automaton may take.
const MAX_PATTERN: usize = 1024;
const MAX_AUTOMATON: usize = 1 << 20;
/// Lines read at once; tmux serves others between two such readings.
const CHUNK: u32 = 2000;
/// How long one call searches; it then says where to go on.
const BUDGET: Duration = Duration::from_secs(2);
/// Readings in a row that a flood may shift away.
const TRIES: u32 = 8;
/// Characters of a line that are given around what was found.
const AROUND: usize = 200;

/// Compiles a pattern within limits: never slow to match, never large.
///
/// # Errors
/// Says what is wrong with it.
pub fn pattern(text: &str, literal: bool, ignore_case: bool) -> Result<Regex, String> {
    if text.is_empty() || text.len() > MAX_PATTERN {
        return Err(format!("a pattern has 1 to {MAX_PATTERN} bytes"));
    }
    let escaped = literal.then(|| regex::escape(text));
    RegexBuilder::new(escaped.as_deref().unwrap_or(text))
        .multi_line(true)
        .case_insensitive(ignore_case)
        .size_limit(MAX_AUTOMATON)
        .dfa_size_limit(MAX_AUTOMATON)
        .build()
        .map_err(|_| "it is no regular expression, or too large".to_owned())
}

/// Where to search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Lines before this number; none means from the bottom of the screen up.
    pub before: Option<u64>,
    /// Whose number that is.
    pub epoch: Option<String>,
    /// So many finds at most.
    pub limit: usize,
}

impl Terminals {
    /// Lines that match, newest first, one find a line.
    ///
    /// # Errors
    /// When the agent has no terminal or tmux fails.
    pub async fn search(
        &self,
        agent: &AgentId,
        wanted: &Regex,
        scope: &Scope,
    ) -> Result<FoundPage, TerminalError> {
        let begun = Instant::now();
        let mut found = FoundPage::default();
        let (mut before, mut epoch) = (scope.before, scope.epoch.clone());
        let mut fruitless = 0;
        while fruitless < TRIES && begun.elapsed() < BUDGET {
            let chunk = Lines {
                before,
                screen: true,
                count: CHUNK,
                escapes: false,
                joined: true,
            };
            let Some(read) = self.lines(agent, chunk, epoch.as_deref()).await? else {
                // The numbers began anew: so does the search.
                (found, before, epoch) = (FoundPage::default(), None, None);
                found.resync = true;
                fruitless += 1;
                continue;
            };
            epoch = Some(read.epoch.clone());
            found.epoch.clone_from(&read.epoch);
            let floor = before.unwrap_or_else(|| read.end());
            let lines = whole(&read, floor);
            let Some(top) = lines.first().map(|line| line.row) else {
                // At the top there is nothing more; otherwise it was shifted away.
                if floor <= read.first {
                    found.before = None;
                    return Ok(found);
                }
                fruitless += 1;
                continue;
            };
            fruitless = 0;
            for line in lines.iter().rev() {
                found.before = (line.row > read.first).then_some(line.row);
                found.items.extend(line.find(wanted));
                if found.items.len() >= scope.limit {
                    return Ok(found);
                }
            }
            if top <= read.first {
                return Ok(found);
            }
            before = Some(top);
        }
        Ok(found)
    }
}

/// A line as the program wrote it, and the number of its first row.
struct Line {
    row: u64,
    rows: Vec<String>,
}

/// The whole lines of a reading that begin above `floor`. The first may have begun above
/// what was read and is left for the next reading, unless it is the only one.
fn whole(read: &Numbered, floor: u64) -> Vec<Line> {
    let [rows, joined] = &read.spans[..] else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    let mut rest = rows.rows.iter();
    let mut row = read.start;
    for line in &joined.rows {
        let mut parts: Vec<&Bytes> = Vec::new();
        let mut length = 0;
        // Joined, rows are put together as they are.
        while parts.is_empty() || length < line.len() {
            let Some(part) = rest.next() else { break };
            length += part.len();
            parts.push(part);
        }
        let count = parts.len() as u64;
        if row < floor && count > 0 {
            let text = |part: &&Bytes| String::from_utf8_lossy(part).into_owned();
            let rows = parts.iter().map(text).collect();
            lines.push(Line { row, rows });
        }
        row += count;
    }
    if lines.len() > 1 && read.start > read.first {
        lines.remove(0);
    }
    lines
}

impl Line {
    fn find(&self, wanted: &Regex) -> Option<Found> {
        let text = self.rows.concat();
        let text = text.trim_end();
        let hit = wanted.find(text)?;
        let (mut row, mut passed) = (self.row, 0);
        for part in &self.rows {
            passed += part.len();
            if hit.start() < passed {
                break;
            }
            row += 1;
        }
        let letters = |part: &str| part.chars().count();
        let head: String = {
            let all = letters(&text[..hit.start()]);
            text[..hit.start()]
                .chars()
                .skip(all.saturating_sub(AROUND))
                .collect()
        };
        let body: String = hit.as_str().chars().take(2 * AROUND).collect();
        let tail: String = text[hit.end()..].chars().take(AROUND).collect();
        let start = letters(&head);
        Some(Found {
            row: row.min(self.row + self.rows.len() as u64 - 1),
            start: u32::try_from(start).unwrap_or_default(),
            end: u32::try_from(start + letters(&body)).unwrap_or_default(),
            text: format!("{head}{body}{tail}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, pattern};

    #[test]
    fn a_find_says_where_it_is() {
        let line = Line {
            row: 7,
            rows: vec!["é".repeat(300), "needle and more  ".to_owned()],
        };
        let found = line.find(&pattern("needle", true, false).unwrap()).unwrap();
        assert_eq!((found.row, found.start, found.end), (8, 200, 206));
        assert!(found.text.ends_with("needle and more"));
        assert!(
            line.find(&pattern("n.edle", true, false).unwrap())
                .is_none()
        );
        assert!(
            line.find(&pattern("N.EDLE", false, true).unwrap())
                .is_some()
        );
    }

    #[test]
    fn patterns_have_limits() {
        for bad in ["", "(", &"x".repeat(1025), "((a{100}){100}){100}"] {
            assert!(pattern(bad, false, false).is_err(), "{bad:.20}");
        }
        // Slow for engines that go back; here it is one pass.
        let evil = pattern("^(a+)+$", false, false).unwrap();
        assert!(!evil.is_match(&format!("{}!", "a".repeat(100_000))));
    }
}
