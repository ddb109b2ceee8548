//! Agents that are stuck: busy, and nothing can be seen of their work, or always the same.

use super::Agents;
use super::mask::within;
use crate::model::ids::AgentId;
use crate::store::rows::StoredAgent;
use crate::transcripts::format;
use orchestra_protocol::agent::{ActivityState, AgentStatus};
use orchestra_protocol::transcript::Part;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// So many equal calls in a row are no work.
const SAME_CALLS: usize = 8;
/// As much of a session's end is looked at for them.
const TAIL: u64 = 256 * 1024;

/// What shows work: it changes while there is any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Traces {
    /// Bytes of the CLI's session file.
    recorded: u64,
    /// Clock ticks of its processes.
    computed: u64,
    drawn: Option<Instant>,
}

/// What was seen of an agent's work.
#[derive(Debug, Default)]
pub(in crate::agents) struct Stillness {
    looked: Option<Instant>,
    traces: Traces,
    since: Option<Instant>,
    /// The call that it repeats.
    same: Option<String>,
}

impl Agents {
    /// Why a busy agent counts as stuck, if it does.
    pub fn stuck(&self, id: &AgentId) -> Option<String> {
        let limit = self.stuck_after()?;
        self.with_live(id, |live| {
            let still = &live.stuck;
            if let Some(call) = &still.same {
                return Some(format!(
                    "it made the same call {SAME_CALLS} times in a row: {call}"
                ));
            }
            let quiet = still.since.is_some_and(|since| since.elapsed() >= limit);
            quiet.then(|| {
                let seconds = limit.as_secs();
                format!("no output, no record and no processor time for {seconds} s")
            })
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

    /// Looks for traces of an agent's work.
    pub(in crate::agents) async fn check_stillness(&self, agent: &StoredAgent) {
        let Some(limit) = self.stuck_after() else {
            return;
        };
        let busy = agent.view.status == AgentStatus::Running
            && agent.view.activity.state == ActivityState::Busy;
        if !busy {
            self.forget_stillness(&agent.id);
            return;
        }
        let often = (limit / 20).clamp(Duration::from_millis(500), Duration::from_secs(10));
        let due = self.with_live(&agent.id, |live| {
            let due = live.stuck.looked.is_none_or(|at| at.elapsed() >= often);
            if due {
                live.stuck.looked = Some(Instant::now());
            }
            due
        });
        if due != Some(true) {
            return;
        }
        let path = agent.transcript.clone().map(PathBuf::from);
        let kind = agent.view.kind.clone();
        let pid = agent.view.pid.map(within);
        let known = self.with_live(&agent.id, |live| live.stuck.traces.recorded);
        let look = tokio::task::spawn_blocking(move || {
            let size = path.as_deref().and_then(|path| path.metadata().ok());
            let recorded = size.map_or(0, |meta| meta.len());
            let fresh = known != Some(recorded);
            let same = path.filter(|_| fresh).map(|path| repeated(&kind, &path));
            let computed = pid.map_or(0, computed);
            (recorded, computed, same)
        });
        let Ok((recorded, computed, same)) = look.await else {
            return;
        };
        let traces = Traces {
            recorded,
            computed,
            drawn: self
                .terminals
                .state(&agent.id)
                .map(|state| state.changed_at),
        };
        self.with_live(&agent.id, |live| {
            let still = &mut live.stuck;
            if still.traces != traces || still.since.is_none() {
                still.traces = traces;
                still.since = Some(Instant::now());
            }
            if let Some(same) = same {
                still.same = same;
            }
        });
    }
}

/// The call with which a session ends so many times in a row.
fn repeated(kind: &str, path: &Path) -> Option<String> {
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
    same_call(records.flat_map(|value| format.read(&value).parts))
}

/// The newest call, when the last calls are all like it and no person spoke in between.
fn same_call(parts: impl Iterator<Item = Part>) -> Option<String> {
    let mut last: Option<(String, String)> = None;
    let mut times = 0;
    for part in parts {
        match part {
            Part::ToolCall { name, input, .. } => {
                let call = (name, input);
                times = if last.as_ref() == Some(&call) {
                    times + 1
                } else {
                    1
                };
                last = Some(call);
            }
            // Words between the calls are progress, or a person's.
            Part::Text { .. } => times = 0,
            _ => {}
        }
    }
    let (name, _) = last.filter(|_| times >= SAME_CALLS)?;
    Some(name)
}

/// Clock ticks of a process and all that it started.
fn computed(root: i32) -> u64 {
    let mut ticks = 0;
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
        ticks += times.sum::<u64>();
        let children = format!("/proc/{pid}/task/{pid}/children");
        let children = std::fs::read_to_string(children).unwrap_or_default();
        todo.extend(
            children
                .split_whitespace()
                .filter_map(|child| child.parse::<i32>().ok()),
        );
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(input: &str) -> Part {
        Part::ToolCall {
            call_id: "c".into(),
            name: "Bash".into(),
            input: input.into(),
        }
    }

    #[test]
    fn only_equal_calls_in_a_row_count() {
        let same: Vec<Part> = (0..8).map(|_| call("ls")).collect();
        assert_eq!(same_call(same.iter().cloned()).as_deref(), Some("Bash"));
        assert_eq!(same_call(same.iter().take(7).cloned()), None);
        let mut mixed = same.clone();
        mixed[3] = call("pwd");
        assert_eq!(same_call(mixed.into_iter()), None);
        let mut talked = same;
        talked.insert(
            4,
            Part::Text {
                text: "I try once more".into(),
            },
        );
        assert_eq!(same_call(talked.into_iter()), None);
    }

    #[test]
    fn a_process_that_computes_is_seen() {
        let me = i32::try_from(std::process::id()).unwrap();
        let before = computed(me);
        let mut sum = 0_u64;
        while computed(me) == before {
            sum = (0..1_000_000_u64).fold(sum, u64::wrapping_add);
        }
        assert!(computed(me) > before, "{sum}");
    }
}
