//! What the kernel says about processes: time on the processor, memory, descent.

use anyhow::Context;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike;
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest that a killed process is waited for; one that is never reaped stays in the list.
const LAST_BREATH: Duration = Duration::from_secs(1);

/// A process id as the kernel writes it.
pub(crate) type Id = i32;

/// Processor time of all threads, also of those that have ended.
///
/// # Errors
/// When there is no such process.
pub(crate) fn cpu(pid: Id) -> nix::Result<Duration> {
    let time = clock_gettime(clock_getcpuclockid(Pid::from_raw(pid))?)?;
    Ok(Duration::from(time))
}

/// Processor time of this process' children that have ended and been waited for.
pub(crate) fn children_cpu() -> nix::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = (usage.user_time() + usage.system_time()).num_microseconds();
    Ok(Duration::from_micros(micros.unsigned_abs()))
}

/// Memory of one process in KB.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    /// All pages in memory.
    pub rss: u64,
    /// The same, with shared pages divided among those who share them.
    pub pss: u64,
}

/// Reads a process' memory.
pub(crate) fn memory(pid: Id) -> anyhow::Result<Memory> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        number.with_context(|| format!("{path} has no {key}"))
    };
    Ok(Memory {
        rss: value("Rss:")?,
        pss: value("Pss:")?,
    })
}

/// The most that a process has had in memory, and how much of what it has now are pages of
/// files, its own program above all, which the kernel drops when others need the room; in KB.
pub(crate) fn peak(pid: Id) -> anyhow::Result<(u64, u64)> {
    let path = format!("/proc/{pid}/status");
    let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        number.with_context(|| format!("{path} has no {key}"))
    };
    Ok((value("VmHWM:")?, value("RssFile:")?))
}

/// Bytes that a process has asked the kernel to read, files and sockets alike.
pub(crate) fn bytes_read(pid: Id) -> anyhow::Result<u64> {
    let path = format!("/proc/{pid}/io");
    let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
    let line = text.lines().find_map(|line| line.strip_prefix("rchar: "));
    let number = line.and_then(|line| line.trim().parse().ok());
    number.with_context(|| format!("{path} has no rchar"))
}

/// Memory of a process and all that descend from it.
pub(crate) fn tree_memory(pid: Id) -> Memory {
    let mut sum = Memory::default();
    // One that has ended in between has no memory.
    for part in tree(pid).iter().filter_map(|one| memory(one.id).ok()) {
        sum.rss += part.rss;
        sum.pss += part.pss;
    }
    sum
}

/// A process that cannot be mistaken for a later one of the same id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    pub id: Id,
    started: u64,
}

impl Process {
    fn lives(&self) -> bool {
        stat(self.id).is_some_and(|stat| stat.started == self.started)
    }
}

/// Ends processes and waits until they are gone: until then they may write files.
pub(crate) fn end(all: &[Process]) {
    for one in all.iter().filter(|one| one.lives()) {
        // Gone in between is what was wanted.
        let _ = kill(Pid::from_raw(one.id), Signal::SIGKILL);
    }
    let begun = Instant::now();
    while begun.elapsed() < LAST_BREATH && all.iter().any(Process::lives) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A process and all that descend from it.
pub(crate) fn tree(root: Id) -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<Id>().ok());
    let mut children: HashMap<Id, Vec<Process>> = HashMap::new();
    let mut found = Vec::new();
    for id in ids {
        let Some(Stat { parent, started }) = stat(id) else {
            continue;
        };
        let process = Process { id, started };
        children.entry(parent).or_default().push(process);
        if id == root {
            found.push(process);
        }
    }
    let mut at = 0;
    while at < found.len() {
        found.extend(children.remove(&found[at].id).unwrap_or_default());
        at += 1;
    }
    found
}

/// Processes of ours that were started with this HOME.
pub(crate) fn at_home(home: &Path) -> Vec<Process> {
    let wanted = format!("HOME={}", home.display());
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<Id>().ok());
    let lives_there = |id: &Id| {
        let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|one| one == wanted.as_bytes())
    };
    let process = |id: Id| {
        let started = stat(id)?.started;
        Some(Process { id, started })
    };
    ids.filter(lives_there).filter_map(process).collect()
}

struct Stat {
    parent: Id,
    started: u64,
}

fn stat(pid: Id) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may hold anything, brackets too.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

/// Counts processor time of some processes over a while.
pub(crate) struct Meter {
    begun: Instant,
    before: Vec<(Id, Duration)>,
}

impl Meter {
    /// Begins to count.
    pub(crate) fn start(processes: impl IntoIterator<Item = Id>) -> Self {
        let read = |pid| Some((pid, cpu(pid).ok()?));
        Self {
            before: processes.into_iter().filter_map(read).collect(),
            begun: Instant::now(),
        }
    }

    /// Percent of one core that they took, all together.
    pub(crate) fn percent(&self) -> f64 {
        100.0 * self.seconds() / self.begun.elapsed().as_secs_f64()
    }

    /// Seconds of processor that they took, all together.
    pub(crate) fn seconds(&self) -> f64 {
        let spent = |(pid, before): &(Id, Duration)| {
            let now = cpu(*pid).unwrap_or(*before);
            now.saturating_sub(*before).as_secs_f64()
        };
        self.before.iter().map(spent).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_process_is_seen() {
        let id = Pid::this().as_raw();
        let memory = memory(id).unwrap();
        assert!(memory.rss >= memory.pss && memory.pss > 0);
        assert!(cpu(id).unwrap() > Duration::ZERO);
        let parent = Pid::parent().as_raw();
        assert!(tree(parent).iter().any(|process| process.id == id));
    }
}
