//! Attacks on a running daemon, named by the test catalogue of docs/SECURITY.md.

mod agents;
mod edge;
mod mask;
mod secrets;
mod socket;
mod start;
mod terminal;

use crate::support::daemon::Site;
use std::path::{Path, PathBuf};

/// The daemon's own socket.
fn socket(site: &Site) -> PathBuf {
    site.data.join("run/orchestra.sock")
}

/// An agent's capability token.
fn agent_token(site: &Site, agent: &str) -> String {
    let path = site.data.join("agents").join(agent).join("token");
    std::fs::read_to_string(path).unwrap()
}

/// A file's text once it ends with this mark.
async fn marked(path: &Path, mark: &str) -> String {
    crate::support::wait::until(mark, || async {
        let text = std::fs::read_to_string(path).ok()?;
        text.trim_end().ends_with(mark).then_some(text)
    })
    .await
}
