//! A private tmux server in a temporary folder, ended with the test.

use orchestra::config::{Config, Settings, paths::Paths};
use orchestra::model::ids::AgentId;
use orchestra::supervise::Tasks;
use orchestra::terminal::servers::ServerName;
use orchestra::terminal::{NewTerminal, TerminalEvent, Terminals};
use orchestra_protocol::agent::Size;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;
use tokio::sync::broadcast;

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A daemon's worth of terminals that can be dropped and started again.
pub(crate) struct Bench {
    pub(crate) terminals: Terminals,
    tasks: Tasks,
    config: Config,
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::keeping(10_000).await
    }

    /// With so many lines of history.
    pub(crate) async fn keeping(lines: u32) -> Self {
        let folder = tempfile::Builder::new().prefix("orc").tempdir().unwrap();
        let mut config = config(folder.path());
        config.settings.terminal.history_lines = lines;
        let tasks = Tasks::default();
        let terminals = Terminals::start(&config, &tasks).await.unwrap();
        Self {
            terminals,
            tasks,
            config,
            folder,
        }
    }

    /// What a restart of the daemon does: everything of ours goes, tmux stays.
    pub(crate) async fn restart(self) -> Self {
        let Self {
            terminals,
            tasks,
            config,
            folder,
        } = self;
        drop(terminals);
        assert!(tasks.shutdown(PATIENCE).await, "a task did not end");
        let tasks = Tasks::default();
        let terminals = Terminals::start(&config, &tasks).await.unwrap();
        Self {
            terminals,
            tasks,
            config,
            folder,
        }
    }

    pub(crate) fn cwd(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a shell line as an agent.
    pub(crate) async fn run(&self, agent: &AgentId, line: &str) -> i32 {
        let argv = ["/bin/sh", "-c", line].map(OsString::from).to_vec();
        self.terminals
            .create(self.wanted(agent, argv))
            .await
            .unwrap()
            .pid
    }

    pub(crate) fn wanted(&self, agent: &AgentId, argv: Vec<OsString>) -> NewTerminal {
        NewTerminal {
            agent: agent.clone(),
            server: ServerName::first(),
            title: "a test".into(),
            cwd: self.cwd().to_owned(),
            size: Size { cols: 80, rows: 24 },
            env: vec![("PS1".into(), "$ ".into())],
            argv,
        }
    }

    /// Waits until the screen shows `text`.
    pub(crate) async fn shows(&self, agent: &AgentId, text: &str) -> String {
        within(async {
            loop {
                let screen = self.terminals.screen_text(agent).await.unwrap().text;
                if screen.contains(text) {
                    return screen;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await
    }

    pub(crate) async fn end(self) {
        self.terminals.kill_servers().await.unwrap();
        drop(self.terminals);
        assert!(self.tasks.shutdown(PATIENCE).await, "a task did not end");
    }
}

pub(crate) fn agent(id: &str) -> AgentId {
    AgentId::parse(id).unwrap()
}

/// The first event that fits.
pub(crate) async fn event<T>(
    events: &mut broadcast::Receiver<TerminalEvent>,
    mut fits: impl FnMut(TerminalEvent) -> Option<T>,
) -> T {
    within(async {
        loop {
            if let Some(found) = fits(events.recv().await.unwrap()) {
                return found;
            }
        }
    })
    .await
}

pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work)
        .await
        .expect("it took too long")
}

fn config(folder: &Path) -> Config {
    let settings: Settings =
        toml::from_str(include_str!("../../src/config/defaults.toml")).unwrap();
    let paths = Paths {
        home: folder.to_owned(),
        config_dir: folder.join("config"),
        config_file: folder.join("config/config.toml"),
        data_dir: folder.join("data"),
        run_dir: folder.join("run"),
        launch_dir: folder.to_owned(),
    };
    Config {
        settings,
        paths,
        table: Default::default(),
        provenance: BTreeMap::new(),
        environment: BTreeMap::new(),
        flags: Default::default(),
    }
}
