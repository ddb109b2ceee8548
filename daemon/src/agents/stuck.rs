//! Agents that are stuck: busy, and nothing can be seen of their work, or always the same.

use super::Agents;
use super::mask::within;
use crate::model::ids::AgentId;
use crate::store::rows::StoredAgent;
use crate::transcripts::format::{self, Format};
use orchestra_protocol::agent::{ActivityState, AgentStatus};
use orchestra_protocol::time::Timestamp;
use orchestra_protocol::transcript::{EntryRole, Part};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// So many equal calls in a row are no work.
const SAME_CALLS: usize = 8;
/// As much of a session's end is looked at for them.
const TAIL: u64 = 256 * 1024;
/// Less than this part of a processor is what a CLI needs to draw that it waits.
const DRAWING: f64 = 0.25;
/// Clock ticks of a second.
const TICKS: f64 = 100.0;

/// What shows work: it changes while there is any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Traces {
    /// Bytes of the CLI's session file.
    recorded: u64,
    /// What stands on its screen, but for clocks and what moves while it waits.
    shown: u64,
}

/// What was seen of an agent's work.
#[derive(Debug, Default)]
pub(in crate::agents) struct Stillness {
    looked: Option<Instant>,
    traces: Traces,
    /// Clock ticks of its processes at the last look.
    computed: u64,
    /// When its terminal had printed something last, at the last look.
    drawn: Option<Instant>,
    since: Option<Timestamp>,
    same: Option<Repeated>,
}

/// A call that an agent makes again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Repeated {
    tool: String,
    /// When the first of the last ones was made, in milliseconds UTC.
    from: i64,
}

impl Agents {
    /// Why an agent that took its prompt at that time counts as stuck, if it does.
    pub fn stuck(&self, id: &AgentId, taken: Timestamp) -> Option<String> {
        let limit = self.stuck_after()?;
        self.with_live(id, |live| {
            let still = &live.stuck;
            let same = still.same.as_ref().filter(|same| same.from >= taken.0);
            if let Some(same) = same {
                let tool = &same.tool;
                return Some(format!(
                    "it made the same call {SAME_CALLS} times in a row: {tool}"
                ));
            }
            let since = still.since?.max(taken);
            let seconds = limit.as_secs();
            let quiet = Timestamp::now().since(since) >= i64::try_from(limit.as_millis()).ok()?;
            quiet.then(|| format!("no output, no record and no processor time for {seconds} s"))
        })
        .flatten()
    }

    /// Begins to count anew, after a nudge.
    pub fn forget_stillness(&self, id: &AgentId) {
        self.with_live(id, |live| live.stuck = Stillness::default());
    }

    fn stuck_after(&self) -> Option<Duration> {
        let seconds = self.config.settings.limits.stuck_s;
        (seconds > 0).then(|| Duration::from_secs(seconds.into()))
    }

    /// Looks for traces of an agent's work. One that waits for somebody is not looked at.
    pub(in crate::agents) async fn check_stillness(&self, agent: &StoredAgent) {
        let Some(limit) = self.stuck_after() else {
            return;
        };
        let busy = agent.view.status == AgentStatus::Running
            && agent.view.activity.state == ActivityState::Busy;
        if !busy || agent.view.task_id.is_none() {
            self.forget_stillness(&agent.id);
            return;
        }
        let often = (limit / 20).clamp(Duration::from_millis(500), Duration::from_secs(10));
        let before = self.with_live(&agent.id, |live| {
            let still = &mut live.stuck;
            let age = still.looked.map(|at| at.elapsed());
            let due = age.is_none_or(|age| age >= often);
            due.then(|| {
                still.looked = Some(Instant::now());
                (age, still.computed, still.traces, still.drawn)
            })
        });
        let Some(Some((age, computed, traces, drawn))) = before else {
            return;
        };
        let path = agent.transcript.clone().map(PathBuf::from);
        let kind = agent.view.kind.clone();
        let pid = agent.view.pid.map(within);
        let look = tokio::task::spawn_blocking(move || {
            let meta = path.as_deref().and_then(|path| path.metadata().ok());
            let recorded = meta.map_or(0, |meta| meta.len());
            let fresh = traces.recorded != recorded;
            let same = path.filter(|_| fresh).map(|path| repeated(&kind, &path));
            (recorded, pid.map_or(0, ticks), same)
        });
        let Ok((recorded, now, same)) = look.await else {
            return;
        };
        let state = self.terminals.state(&agent.id);
        let drawn_now = state.map(|state| state.changed_at);
        let shown = match drawn_now == drawn {
            true => traces.shown,
            false => self.still_shown(&agent.id).await.unwrap_or(traces.shown),
        };
        let traces = Traces { recorded, shown };
        let works = age.is_some_and(|age| computes(now.saturating_sub(computed), age));
        self.with_live(&agent.id, |live| {
            let still = &mut live.stuck;
            if still.traces != traces || works || still.since.is_none() {
                still.since = Some(Timestamp::now());
            }
            still.traces = traces;
            still.computed = now;
            still.drawn = drawn_now;
            if let Some(same) = same {
                still.same = same;
            }
        });
    }

    /// What an agent's screen shows, without what moves while it waits.
    async fn still_shown(&self, id: &AgentId) -> Option<u64> {
        let screen = self.terminals.screen_text(id).await.ok()?;
        let mut hasher = DefaultHasher::new();
        for row in screen.text.lines() {
            standing(row).hash(&mut hasher);
        }
        Some(hasher.finish())
    }
}

/// True when so many ticks in that time are more than drawing takes.
#[expect(clippy::cast_precision_loss, reason = "a share")]
fn computes(ticks: u64, time: Duration) -> bool {
    ticks as f64 / TICKS > DRAWING * time.as_secs_f64()
}

/// The letters and numbers of a row, without clocks such as `1m 5s` or `12s`.
fn standing(row: &str) -> String {
    let words = row.split(|letter: char| !letter.is_alphanumeric() && letter != '.');
    let clock = |word: &&str| {
        let digits = word.trim_end_matches(['h', 'm', 's']);
        digits.len() < word.len()
            && !digits.is_empty()
            && digits.chars().all(|one| one.is_ascii_digit() || one == '.')
    };
    let kept = words.filter(|word| !word.trim_matches('.').is_empty() && !clock(word));
    kept.collect::<Vec<_>>().join(" ")
}

/// The call with which a session ends so many times in a row.
fn repeated(kind: &str, path: &Path) -> Option<Repeated> {
    let format = format::find(kind)?;
    let mut file = std::fs::File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let records = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let mut run = Run::default();
    for value in records {
        run.take(format, &value);
    }
    run.over()
}

/// Equal calls in a row.
#[derive(Debug, Default)]
struct Run {
    /// The call's id, tool and arguments.
    last: Option<(String, String, String)>,
    /// When each was made.
    times: Vec<i64>,
}

impl Run {
    fn take(&mut self, format: &dyn Format, value: &serde_json::Value) {
        let record = format.read(value);
        // A person's words are a new beginning; the model's own, between equal calls, are not.
        let person = record.role == Some(EntryRole::User) && !record.aside;
        for part in record.parts {
            match part {
                Part::ToolCall { name, .. } if waits(&name) => self.times.clear(),
                Part::ToolCall {
                    call_id,
                    name,
                    input,
                } => self.call(call_id, name, input, record.at.unwrap_or_default()),
                Part::Text { .. } if person => self.times.clear(),
                _ => {}
            }
        }
    }

    fn call(&mut self, id: String, tool: String, input: String, at: i64) {
        let before = self.last.take();
        let told = |known: &(String, String, String)| !id.is_empty() && known.0 == id;
        if before.as_ref().is_some_and(told) {
            // The same call in a second record.
            self.last = before;
            return;
        }
        let same = before.is_some_and(|(_, name, text)| name == tool && text == input);
        if !same {
            self.times.clear();
        }
        self.times.push(at);
        self.last = Some((id, tool, input));
    }

    fn over(self) -> Option<Repeated> {
        let first = self.times.len().checked_sub(SAME_CALLS)?;
        let (_, tool, _) = self.last?;
        Some(Repeated {
            tool,
            from: self.times[first],
        })
    }
}

/// True for tools that ask how something stands: the same call is right, again and again.
fn waits(tool: &str) -> bool {
    let name = tool.to_ascii_lowercase();
    ["wait", "output", "status", "list_agents"]
        .iter()
        .any(|word| name.contains(word))
}

/// Clock ticks of a process and all that it started.
fn ticks(root: i32) -> u64 {
    let mut sum = 0;
    let mut todo = vec![root];
    while let Some(pid) = todo.pop() {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
            continue;
        };
        // The name in parentheses may hold anything; what follows it is fields.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let times = [11, 12]
            .iter()
            .filter_map(|at| fields.get(*at)?.parse::<u64>().ok());
        sum += times.sum::<u64>();
        let children = format!("/proc/{pid}/task/{pid}/children");
        let children = std::fs::read_to_string(children).unwrap_or_default();
        todo.extend(
            children
                .split_whitespace()
                .filter_map(|child| child.parse::<i32>().ok()),
        );
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn call(number: i64, input: &str) -> Value {
        let at = jiff::Timestamp::from_millisecond(number * 1000).unwrap();
        json!({"type": "assistant", "timestamp": at.to_string(), "message": {"id": number.to_string(), "content": [
            {"type": "tool_use", "id": format!("c{number}"), "name": "Bash", "input": {"command": input}},
        ]}})
    }

    fn said(who: &str, text: &str) -> Value {
        json!({"type": who, "message": {"content": [{"type": "text", "text": text}]}})
    }

    fn run(records: &[Value]) -> Option<Repeated> {
        let mut run = Run::default();
        let format = format::all()[0];
        records.iter().for_each(|record| run.take(format, record));
        run.over()
    }

    #[test]
    fn only_equal_calls_in_a_row_count() {
        let same: Vec<Value> = (1..=9).map(|number| call(number, "ls")).collect();
        let found = run(&same).unwrap();
        assert_eq!((found.tool.as_str(), found.from), ("Bash", 2000));
        assert_eq!(run(&same[..7]), None);
        let mut mixed = same[..8].to_vec();
        mixed[3] = call(4, "pwd");
        assert_eq!(run(&mixed), None);
        let mut twice = same[..7].to_vec();
        twice.push(same[6].clone());
        assert_eq!(run(&twice), None, "one call in two records");
        let mut told = same[..8].to_vec();
        told.insert(4, said("user", "go on"));
        assert_eq!(run(&told), None, "a person spoke");
        told[4] = said("assistant", "I try once more");
        assert!(run(&told).is_some(), "the model spoke");
        assert!(waits("mcp__orchestra__wait_task") && waits("TaskOutput") && !waits("Bash"));
    }

    #[test]
    fn clocks_and_what_turns_are_no_sign_of_work() {
        let a = standing("\u{2722} Pondering\u{2026} (12s \u{b7} esc to interrupt)");
        let b = standing("\u{273b} Pondering\u{2026} (1m 13s \u{b7} esc to interrupt)");
        assert_eq!(a, b);
        let more =
            standing("\u{273b} Pondering\u{2026} (12s \u{b7} 340 tokens \u{b7} esc to interrupt)");
        assert_ne!(a, more, "the model's answer grows");
    }

    #[test]
    fn a_process_that_computes_is_seen() {
        let me = i32::try_from(std::process::id()).unwrap();
        let before = ticks(me);
        let mut sum = 0_u64;
        while ticks(me) == before {
            sum = (0..1_000_000_u64).fold(sum, u64::wrapping_add);
        }
        assert!(ticks(me) > before, "{sum}");
        assert!(computes(30, Duration::from_secs(1)) && !computes(20, Duration::from_secs(1)));
    }
}
