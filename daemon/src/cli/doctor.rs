//! `orchestra doctor`: looks at everything that `orchestra up` needs, and says how to mend
//! what is missing. Changes nothing.

pub mod checks;
pub mod programs;

use super::connection::Connection;
use super::failure::Failure;
use super::output;
use crate::config::{Config, Flags};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// Checks what Orchestra needs on this machine and says how to mend what is missing.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Configuration to check; default: ~/.config/orchestra/config.toml.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub connection: Connection,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Ok,
    /// Something is missing that one may do without.
    Warning,
    /// The daemon cannot work like this.
    Blocking,
}

/// One line of the doctor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: String,
    pub state: State,
    pub detail: String,
    /// What to do, unless all is well.
    pub remedy: Option<String>,
}

impl Check {
    /// All is well.
    pub fn ok(name: &str, detail: impl Into<String>) -> Self {
        Self::new(name, State::Ok, detail, None)
    }

    /// Missing, and how to mend it; not needed by everyone.
    pub fn warning(name: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(name, State::Warning, detail, Some(remedy.into()))
    }

    /// Missing, and how to mend it; nothing works without.
    pub fn blocking(name: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(name, State::Blocking, detail, Some(remedy.into()))
    }

    fn new(name: &str, state: State, detail: impl Into<String>, remedy: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            state,
            detail: detail.into(),
            remedy,
        }
    }

    fn line(&self) -> String {
        let mark = match self.state {
            State::Ok => "✓",
            State::Warning => "!",
            State::Blocking => "✗",
        };
        let remedy = self.remedy.as_deref().map(|text| format!("\n    → {text}"));
        output::plain_lines(&format!(
            "{mark} {}: {}{}",
            self.name,
            self.detail,
            remedy.unwrap_or_default()
        ))
    }
}

/// Runs every check.
///
/// # Errors
/// When something is missing that the daemon cannot work without.
pub async fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let checks = all(args).await?;
    let blocking = checks
        .iter()
        .filter(|check| check.state == State::Blocking)
        .count();
    if args.connection.json {
        output::json(&serde_json::json!({ "ok": blocking == 0, "checks": checks }));
    } else {
        for check in &checks {
            output::line(&check.line());
        }
    }
    match blocking {
        0 => Ok(()),
        1 => Err(Failure::Failed(
            "one thing is missing that Orchestra cannot work without".into(),
        )),
        more => Err(Failure::Failed(format!(
            "{more} things are missing that Orchestra cannot work without"
        ))),
    }
}

async fn all(args: &DoctorArgs) -> Result<Vec<Check>, Failure> {
    let flags = Flags {
        listen: None,
        data_dir: args.connection.data_dir.clone(),
        config: args.config.clone(),
    };
    let paths = args.connection.paths()?;
    let mut list = vec![programs::tmux().await, programs::git().await];
    list.push(checks::data_folder(&paths));
    list.push(checks::disk(&paths));
    let socket = args.connection.local_client("orchestra doctor")?;
    let running = checks::daemon(&socket).await;
    let reachable = running.state == State::Ok;
    match Config::load(&flags) {
        Ok(config) => {
            list.push(checks::config_file(&config));
            if !reachable {
                list.push(checks::port(config.settings.server.listen).await);
            }
            list.push(running);
            list.push(programs::mask(&config).await);
            list.extend(programs::agents(config).await);
        }
        Err(error) => {
            list.push(Check::blocking(
                "configuration",
                error.to_string(),
                "correct it, or start with another --config",
            ));
            list.push(running);
        }
    }
    Ok(list)
}
