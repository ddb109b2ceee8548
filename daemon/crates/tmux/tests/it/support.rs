//! A server of its own for each test, ended by its socket whatever happens.

use orchestra_tmux::{
    config::ServerConfig,
    error::Error,
    live::{Live, LiveEvent},
    pane::PaneInfo,
    server::TmuxServer,
    session::{NewSession, SessionRef, Size},
};
use std::{
    future::Future,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// A private tmux and a folder for the test's files.
pub(crate) struct Private {
    pub(crate) tmux: TmuxServer,
    folder: TempDir,
}

/// The events of a live reading, in order.
pub(crate) struct LiveStream(mpsc::Receiver<LiveEvent>);

impl LiveStream {
    /// The next one; `None` after [`LiveEvent::Exit`].
    pub(crate) async fn next(&mut self) -> Option<LiveEvent> {
        self.0.recv().await
    }
}

impl Private {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tmux = TmuxServer::open(config(folder.path())).await.unwrap();
        Self { tmux, folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn config(&self) -> ServerConfig {
        config(self.folder.path())
    }

    /// A session of 80 × 24 that runs a script.
    pub(crate) async fn sh(&self, name: &str, script: &str) -> SessionRef {
        let size = Size { cols: 80, rows: 24 };
        let session = NewSession {
            size,
            ..self.session(name, &["sh", "-c", script])
        };
        self.tmux.new_session(session).await.unwrap()
    }

    pub(crate) fn session(&self, name: &str, argv: &[&str]) -> NewSession {
        NewSession::new(name.parse().unwrap(), self.folder.path(), argv)
    }

    pub(crate) async fn pane(&self, session: &SessionRef) -> Option<PaneInfo> {
        let panes = self.tmux.list_panes().await.unwrap();
        panes
            .into_iter()
            .find(|pane| pane.pane_id == session.pane_id)
    }

    /// Opens a live reading.
    pub(crate) async fn live(&self, session: &SessionRef) -> (Live, LiveStream) {
        self.try_live(session).await.unwrap()
    }

    pub(crate) async fn try_live(&self, session: &SessionRef) -> Result<(Live, LiveStream), Error> {
        let (sink, events) = mpsc::channel(1 << 20);
        let live = self
            .tmux
            .open_live(session.session_id, session.pane_id, move |event| {
                let _ = sink.try_send(event);
            });
        Ok((live.await?, LiveStream(events)))
    }

    /// The text of the screen.
    pub(crate) async fn text(&self, session: &SessionRef) -> String {
        self.tmux
            .capture(session.pane_id, Default::default())
            .await
            .unwrap()
            .text()
    }

    /// Waits until the screen shows `what`.
    pub(crate) async fn shows(&self, session: &SessionRef, what: &str) {
        until(what, async || self.text(session).await.contains(what)).await;
    }

    /// The tmux program on this socket, beside the crate.
    pub(crate) fn cli(&self, args: &[&str]) -> String {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(self.tmux.socket())
            .args(args)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        let server = self.cli(&["display-message", "-p", "#{pid}"]);
        self.cli(&["kill-server"]);
        // It waits for ever for a client that a test left stuck.
        let mut end = Command::new("kill");
        end.args(["-KILL", server.trim()]).stderr(Stdio::null());
        let _ = end.status();
    }
}

pub(crate) fn config(folder: &Path) -> ServerConfig {
    ServerConfig::new(folder.join("run/tmux.sock"))
}

/// Polls until `ready`, and fails the test after a while.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut ready: impl FnMut() -> F) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !ready().await {
        assert!(Instant::now() < deadline, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
