//! Ending everything that a pane has started, and nothing else.
//!
//! Closing a terminal sends one hang-up, which `setsid`, `nohup` and `trap`
//! survive. So the tree is found in `/proc`: what descends from the pane's
//! process, what is in its session, and what carries a marker variable that
//! only this pane was given. Found once, a process stays a target even after
//! its parent is gone. A process is its pid *and* its start time, so a reused
//! pid is never hit.

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, getpid},
};
use std::{
    collections::{HashMap, HashSet},
    fs,
    time::{Duration, Instant},
};

/// One process, told apart from a later one with the same pid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessId {
    /// The number.
    pub pid: i32,
    /// When it started, in clock ticks since boot.
    pub start: u64,
}

impl ProcessId {
    /// The process that has this pid now.
    pub fn of(pid: i32) -> Option<Self> {
        Entry::read(pid).map(|entry| entry.id)
    }

    /// Whether it still runs; a zombie does not.
    pub fn alive(self) -> bool {
        Entry::read(self.pid).is_some_and(|entry| entry.id == self && entry.runs)
    }

    pub(crate) fn signal(self, signal: Signal) {
        if Self::of(self.pid) == Some(self) {
            // It may end at any moment, which is what we want.
            let _ = kill(Pid::from_raw(self.pid), signal);
        }
    }
}

/// Control clients of the server on this socket that do not descend from `owner`: by
/// their command lines, because the server does not list one that is still coming in.
pub(crate) fn control_clients(socket: &[u8], owner: i32) -> Vec<i32> {
    let is_client = |pid: i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = line.split(|&b| b == 0).collect();
        // A guard has the same words, behind those of its own.
        words.first().is_some_and(|name| name.ends_with(b"tmux"))
            && words.contains(&socket)
            && words.contains(&b"-C".as_slice())
    };
    let descends = |pid: i32| {
        let mut line = std::iter::successors(Some(pid), |&pid| parent(pid)).take(4);
        line.any(|ancestor| ancestor == owner)
    };
    pids()
        .into_iter()
        .filter(|&pid| is_client(pid) && !descends(pid))
        .collect()
}

/// An environment variable that marks the processes of one pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker(Vec<u8>);

impl Marker {
    /// Marks what was started with `name=value`.
    pub fn new(name: &str, value: &str) -> Self {
        Self(format!("{name}={value}").into_bytes())
    }

    fn is_on(&self, pid: i32) -> bool {
        let Ok(environ) = fs::read(format!("/proc/{pid}/environ")) else {
            return false;
        };
        environ.split(|&b| b == 0).any(|entry| entry == self.0)
    }
}

/// How long each signal may take to work before the next, stronger one.
#[derive(Debug, Clone, Copy)]
pub struct Grace {
    /// After the hang-up.
    pub hup: Duration,
    /// After the request to terminate.
    pub term: Duration,
    /// After the kill; beyond it, survivors are reported.
    pub kill: Duration,
}

impl Default for Grace {
    fn default() -> Self {
        Self {
            hup: Duration::from_millis(500),
            term: Duration::from_millis(1500),
            kill: Duration::from_secs(3),
        }
    }
}

/// What ending a tree came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KillReport {
    /// How many processes were targets at any time.
    pub found: usize,
    /// Those that even the kill did not end (stuck in the kernel, or not ours).
    pub survivors: Vec<ProcessId>,
}

/// Ends the tree below `root` and all that carries `marker`: hang-up, terminate,
/// kill. Returns as soon as nothing is left.
///
/// A root that is already gone leaves only the marker to go by.
pub async fn kill_tree(
    root: Option<ProcessId>,
    marker: Option<&Marker>,
    grace: Grace,
) -> KillReport {
    let mut hunt = Hunt::new(root, marker.cloned());
    for (signal, patience) in [
        (Signal::SIGHUP, grace.hup),
        (Signal::SIGTERM, grace.term),
        (Signal::SIGKILL, grace.kill),
    ] {
        let deadline = Instant::now() + patience;
        let mut hit = HashSet::new();
        loop {
            let scanned = tokio::task::spawn_blocking(move || {
                let targets = hunt.targets();
                (hunt, targets)
            });
            let Ok((back, targets)) = scanned.await else {
                // Only a runtime that shuts down loses the scan.
                return KillReport::default();
            };
            hunt = back;
            if targets.is_empty() {
                return hunt.report();
            }
            for target in targets {
                if hit.insert(target) {
                    target.signal(signal);
                    // A stopped process acts on a signal only when it goes on.
                    target.signal(Signal::SIGCONT);
                }
            }
            if Instant::now() >= deadline {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
    hunt.report()
}

/// The parent of a process.
pub(crate) fn parent(pid: i32) -> Option<i32> {
    Entry::read(pid).map(|entry| entry.parent)
}

/// Whether a process has ended and its parent has not asked how.
pub(crate) fn is_zombie(pid: i32) -> bool {
    Entry::read(pid).is_some_and(|entry| !entry.runs)
}

/// All running processes that carry the marker.
pub fn marked(marker: &Marker) -> Vec<ProcessId> {
    Hunt::new(None, Some(marker.clone())).targets()
}

/// The search, with the memory of what was found before.
struct Hunt {
    root: Option<ProcessId>,
    marker: Option<Marker>,
    known: HashSet<ProcessId>,
    spared: HashSet<i32>,
}

impl Hunt {
    fn new(root: Option<ProcessId>, marker: Option<Marker>) -> Self {
        let root = root.filter(|root| root.alive());
        let known = root.into_iter().collect();
        Self {
            root,
            marker,
            known,
            spared: ourselves(),
        }
    }

    /// The targets that run now.
    fn targets(&mut self) -> Vec<ProcessId> {
        let table = Entry::all();
        let mut targets: HashSet<i32> = HashSet::new();
        for entry in table.values() {
            let in_session = self
                .root
                .is_some_and(|root| self.holds(&table, root) && entry.session == root.pid);
            if self.known.contains(&entry.id)
                || in_session
                || self.marker.as_ref().is_some_and(|m| m.is_on(entry.id.pid))
            {
                targets.insert(entry.id.pid);
            }
        }
        loop {
            let children: Vec<i32> = table
                .values()
                .filter(|entry| targets.contains(&entry.parent) && !targets.contains(&entry.id.pid))
                .map(|entry| entry.id.pid)
                .collect();
            if children.is_empty() {
                break;
            }
            targets.extend(children);
        }
        let found = targets
            .iter()
            .filter(|pid| !self.spared.contains(pid))
            .filter_map(|pid| table.get(pid));
        let found: Vec<&Entry> = found.collect();
        self.known.extend(found.iter().map(|entry| entry.id));
        found
            .iter()
            .filter(|entry| entry.runs)
            .map(|entry| entry.id)
            .collect()
    }

    /// Whether the root's pid still means the root; then so does its session.
    fn holds(&self, table: &HashMap<i32, Entry>, root: ProcessId) -> bool {
        table.get(&root.pid).is_some_and(|entry| entry.id == root)
    }

    fn report(mut self) -> KillReport {
        let survivors = self.targets();
        KillReport {
            found: self.known.len(),
            survivors,
        }
    }
}

/// This process and those above it, which are never a target even if we were
/// started from a pane.
fn ourselves() -> HashSet<i32> {
    let mut chain = HashSet::from([0, 1]);
    let mut pid = getpid().as_raw();
    while chain.insert(pid) {
        match Entry::read(pid) {
            Some(entry) => pid = entry.parent,
            None => break,
        }
    }
    chain
}

#[derive(Debug)]
struct Entry {
    id: ProcessId,
    parent: i32,
    session: i32,
    runs: bool,
}

impl Entry {
    fn read(pid: i32) -> Option<Self> {
        Self::parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The name in the middle may contain anything, so fields count from its end.
    fn parse(pid: i32, stat: &[u8]) -> Option<Self> {
        let name_end = stat.iter().rposition(|&b| b == b')')?;
        let rest = std::str::from_utf8(&stat[name_end + 1..]).ok()?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        Some(Self {
            id: ProcessId {
                pid,
                start: fields.get(19)?.parse().ok()?,
            },
            parent: fields.get(1)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            runs: !matches!(fields.first(), Some(&("Z" | "X" | "x"))),
        })
    }

    fn all() -> HashMap<i32, Self> {
        pids()
            .into_iter()
            .filter_map(|pid| Some((pid, Self::read(pid)?)))
            .collect()
    }
}

/// Every process there is.
fn pids() -> Vec<i32> {
    let Ok(folder) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    folder
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Entry, Marker, ProcessId, marked};

    #[test]
    fn a_name_with_brackets_shifts_nothing() {
        let stat = b"7 (a) Z 1 (b)) S 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 99 21";
        let entry = Entry::parse(7, stat).unwrap();
        assert_eq!(
            (entry.parent, entry.session, entry.id.start, entry.runs),
            (3, 5, 99, true)
        );
    }

    #[test]
    fn we_know_ourselves_and_are_spared() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let me = ProcessId::of(pid).unwrap();
        assert!(me.alive());
        assert!(
            !ProcessId {
                start: me.start + 1,
                ..me
            }
            .alive()
        );
        assert!(super::ourselves().contains(&pid));
        assert!(marked(&Marker::new("ORC_NO_SUCH_VARIABLE", "x")).is_empty());
    }
}
