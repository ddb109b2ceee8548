//! Where the figures were taken: without it they cannot be compared.

use crate::bench::Bench;
use serde::Serialize;
use std::process::Command;

/// The machine and the programs on it.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub processors: usize,
    pub processor: String,
    pub memory_mb: u64,
    pub kernel: String,
    /// One minute's, before the run; above half the processors, milliseconds mean little.
    pub load_average: String,
    pub tmux: String,
    pub orchestra: String,
    /// `release`, `up` or `debug`: the folder that the program was built into.
    pub profile: String,
}

impl Machine {
    /// Looks around; what cannot be found out is empty.
    pub(crate) fn look(bench: &Bench) -> Self {
        let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let line = |text: &str, key: &str| {
            let found = text.lines().find(|line| line.starts_with(key));
            let value = found.and_then(|line| line.split_once(':'));
            value
                .map(|(_, value)| value.trim().to_owned())
                .unwrap_or_default()
        };
        let kilobytes = line(&file("/proc/meminfo"), "MemTotal");
        let kilobytes: u64 = kilobytes
            .trim_end_matches(" kB")
            .parse()
            .unwrap_or_default();
        let profile = bench
            .orchestra
            .parent()
            .and_then(|folder| folder.file_name());
        Self {
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            processor: line(&file("/proc/cpuinfo"), "model name"),
            memory_mb: kilobytes / 1024,
            kernel: file("/proc/sys/kernel/osrelease").trim().to_owned(),
            load_average: word(&file("/proc/loadavg")),
            tmux: said(Command::new("tmux").arg("-V")),
            orchestra: said(Command::new(&bench.orchestra).arg("--version")),
            profile: profile
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
        }
    }

    /// The lines above the tables.
    pub(crate) fn describe(&self) -> String {
        format!(
            "{} processors ({}), {} MB, Linux {}, load {}\n{}, {} (build: {})",
            self.processors,
            self.processor,
            self.memory_mb,
            self.kernel,
            self.load_average,
            self.tmux,
            self.orchestra,
            self.profile,
        )
    }
}

fn word(text: &str) -> String {
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn said(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout);
    String::from_utf8_lossy(&output.unwrap_or_default())
        .trim()
        .to_owned()
}
