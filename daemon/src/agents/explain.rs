//! Why an agent is thought idle, busy or waiting: every source, what it says, how old that
//! is, and which one won.

use super::{AgentError, Agents};
use crate::model::evidence::Source;
use crate::model::ids::AgentId;
use crate::store::StoreError;
use crate::store::rows::StoredAgent;
use orchestra_protocol::agent::{ActivityState, AgentStatus, Explanation, Signal};
use orchestra_protocol::time::Timestamp;

/// Every source, the best first.
const SOURCES: &[Source] = &[
    Source::Hook,
    Source::Marker,
    Source::StatusFile,
    Source::Transcript,
    Source::Title,
    Source::Screen,
    Source::Process,
];

impl Agents {
    /// Every signal of an agent's activity and which one won.
    ///
    /// # Errors
    /// `NotFound` when there is none of that id.
    pub async fn explain(&self, id: &AgentId) -> Result<Explanation, StoreError> {
        let agent = self.get(id).await?;
        let now = Timestamp::now();
        let signals = self.with_live(id, |live| live.signals.explain(now));
        let mut signals = signals.unwrap_or_default();
        if agent.view.status == AgentStatus::Running {
            let has = |signals: &[Signal], source: Source| {
                signals.iter().any(|one| one.source == source.word())
            };
            if !has(&signals, Source::Screen) {
                signals.extend(self.seen_on_screen(&agent, now).await);
            }
            if !has(&signals, Source::Process) {
                signals.extend(process(&agent, now));
            }
        }
        let rank = |signal: &Signal| {
            let place = SOURCES.iter().position(|one| one.word() == signal.source);
            place.unwrap_or(SOURCES.len())
        };
        signals.sort_by_key(rank);
        let silent = SOURCES.iter().map(|source| source.word());
        let silent = silent.filter(|word| !signals.iter().any(|one| one.source == *word));
        Ok(Explanation {
            agent_id: id.to_string(),
            activity: agent.view.activity,
            silent: silent.map(str::to_owned).collect(),
            signals,
        })
    }

    /// What the screen shows now, though better sources speak.
    async fn seen_on_screen(&self, agent: &StoredAgent, now: Timestamp) -> Option<Signal> {
        let adapter = self.adapter(&agent.view.kind).ok()?;
        let reading = match self.look(&agent.id, adapter).await {
            Ok(reading) => reading,
            Err(AgentError::Terminal(_)) => return None,
            Err(error) => {
                tracing::warn!(agent.id = %agent.id, %error, "a screen could not be read");
                return None;
            }
        };
        let told = reading.told();
        let composer = match (reading.ready, reading.leftover) {
            (true, true) => "; text stands in its composer",
            (true, false) => "; its composer is empty",
            (false, _) => "; no composer is there",
        };
        let detail = reading.dialog.unwrap_or_else(|| "the screen".into());
        Some(Signal {
            state: told.map_or(ActivityState::Unknown, |told| told.state),
            waiting_for: told.and_then(|told| told.waiting_for),
            detail: format!("{detail}{composer}"),
            ..aside(Source::Screen, now)
        })
    }
}

/// What the kernel says of the agent's process.
fn process(agent: &StoredAgent, now: Timestamp) -> Option<Signal> {
    let pid = super::mask::within(agent.view.pid?);
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; what follows it is fields.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let does = match *fields.first()? {
        "R" => "runs",
        "Z" | "X" => "is dead",
        "T" | "t" => "is stopped",
        _ => "sleeps",
    };
    let ticks: u64 = [11, 12]
        .iter()
        .filter_map(|at| fields.get(*at)?.parse::<u64>().ok())
        .sum();
    Some(Signal {
        detail: format!(
            "process {pid} {does}; {}.{:02} s of processor time so far",
            ticks / 100,
            ticks % 100
        ),
        ..aside(Source::Process, now)
    })
}

/// A signal that is shown and not counted.
fn aside(source: Source, now: Timestamp) -> Signal {
    Signal {
        source: source.word().to_owned(),
        state: ActivityState::Unknown,
        waiting_for: None,
        at: now,
        since: now,
        age_ms: 0,
        confidence: source.confidence(),
        won: false,
        counted: false,
        detail: String::new(),
    }
}
