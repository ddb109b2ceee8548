//! Checks of the programs that Orchestra runs.

use super::Check;
use crate::agents::kinds::Kinds;
use crate::agents::mask::Mask;
use crate::config::Config;
use crate::git::is_new_enough;
use orchestra_protocol::agent::AgentKind;
use orchestra_tmux::version::Version;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;

/// Some CLIs take seconds to say their version.
const PATIENCE: Duration = Duration::from_secs(10);

/// tmux is there and not too old.
pub(super) async fn tmux() -> Check {
    let install =
        "install tmux 3.3a or newer: apt-get install tmux, dnf install tmux, or brew install tmux";
    let Some(answer) = answer("tmux", "-V").await else {
        return Check::blocking("tmux", "not installed", install);
    };
    match Version::parse(&answer) {
        Ok(version) if version.require_supported().is_err() => {
            Check::blocking("tmux", format!("{answer} is too old"), install)
        }
        Ok(version) if version.deserves_warning() => Check::warning(
            "tmux",
            format!("{answer} works, but is older than what is tested"),
            install,
        ),
        Ok(_) => Check::ok("tmux", answer),
        Err(error) => Check::warning("tmux", error.to_string(), install),
    }
}

/// git is there and not too old; without it there are no worktrees.
pub(super) async fn git() -> Check {
    let install = "install git 2.39 or newer";
    match answer("git", "--version").await {
        Some(answer) if is_new_enough(&answer) => Check::ok("git", answer),
        Some(answer) => {
            let text = format!("{answer} is too old; there will be no worktrees");
            Check::warning("git", text, install)
        }
        None => Check::warning("git", "not installed; there will be no worktrees", install),
    }
}

/// Whether the daemon's folders can be hidden from agents.
pub(super) async fn mask(config: &Config) -> Check {
    let mut config = config.clone();
    let wanted = std::mem::replace(&mut config.settings.isolation.mask, true);
    match (Mask::find(&config).await, wanted) {
        (Ok(_), true) => Check::ok("mask", "the daemon's folders are hidden from agents"),
        (Ok(_), false) => Check::ok(
            "mask",
            "off; isolation.mask = true would hide the daemon's folders from agents",
        ),
        (Err(reason), true) => Check::warning(
            "mask",
            format!("agents can read the daemon's folders: {reason}"),
            "install bubblewrap, and allow user namespaces without privileges",
        ),
        (Err(reason), false) => Check::ok("mask", format!("off, and not possible: {reason}")),
    }
}

/// Each agent CLI: where, which version, or what to do.
pub(super) async fn agents(config: Config) -> Vec<Check> {
    let kinds = Kinds::new(Arc::new(config)).list().await;
    let each = |kind: &AgentKind| {
        let name = format!("agent kind {}", kind.kind);
        let Some(path) = &kind.path else {
            let remedy = kind.remedy.clone().unwrap_or_default();
            return Check::warning(&name, format!("{} is not installed", kind.title), remedy);
        };
        let version = kind.version.as_deref().unwrap_or("of an unknown version");
        let doubt = match kind.proven {
            true => "",
            false => {
                "; built from its documentation or your configuration, tested on a stand-in only"
            }
        };
        Check::ok(&name, format!("{} {version} at {path}{doubt}", kind.title))
    };
    kinds.iter().map(each).collect()
}

/// The first line a program answers; none when it does not run.
async fn answer(program: impl AsRef<std::ffi::OsStr>, flag: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.arg(flag).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output())
        .await
        .ok()?
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next().unwrap_or_default().trim();
    (output.status.success() && !line.is_empty()).then(|| line.to_owned())
}
