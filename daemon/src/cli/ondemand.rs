//! Starts the daemon of this machine for a command that finds none, and says so.

use super::failure::Failure;
use super::{output, progress};
use crate::config::paths::Paths;
use serde_json::Value;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::time::Instant;

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long another one, begun at the same time, may take to answer.
const OTHER: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(100);
/// Where a daemon that nobody watches logs; each start writes it anew.
const LOG: &str = "daemon.log";

/// Starts a daemon unless one answers.
///
/// # Errors
/// When none answers and none can be started.
pub async fn start(paths: &Paths) -> Result<(), Failure> {
    if !nobody(&paths.socket()).await {
        return Ok(());
    }
    let log = paths.data_dir.join(LOG);
    let unstarted = |why: &str| {
        Failure::Unreachable(format!(
            "no daemon runs here, and one could not be started: {why}. See {}, or run: orchestra up",
            log.display()
        ))
    };
    paths
        .create()
        .map_err(|error| unstarted(&error.to_string()))?;
    let ready = progress::over("starting a daemon", run(paths, &log)).await;
    match ready {
        Ok(Some(ready)) => {
            output::note(&format!(
                "no daemon ran, so one was started: {}, process {}. It goes on until you run: kill {1}",
                ready["url"].as_str().unwrap_or_default(),
                ready["pid"]
            ));
            Ok(())
        }
        // Somebody else may have started one at the same time.
        Ok(None) if appeared(&paths.socket()).await => Ok(()),
        Ok(None) => Err(unstarted(&last_words(&log))),
        Err(error) => Err(unstarted(&error.to_string())),
    }
}

/// What the daemon says once it serves; none when it ended instead.
async fn run(paths: &Paths, log: &Path) -> std::io::Result<Option<Value>> {
    let said = std::fs::File::options()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(log)?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["up", "--json", "--no-open", "--background", "--data-dir"])
        .arg(&paths.data_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(said)
        .spawn()?;
    let Some(stdout) = child.stdout.take() else {
        return Ok(None);
    };
    let mut line = String::new();
    let mut stdout = BufReader::new(stdout);
    let read = tokio::time::timeout(PATIENCE, stdout.read_line(&mut line)).await;
    match read {
        Ok(read) => read?,
        Err(_) => return Err(ErrorKind::TimedOut.into()),
    };
    Ok(serde_json::from_str(&line).ok())
}

/// True when certainly nobody listens there.
async fn nobody(socket: &Path) -> bool {
    match UnixStream::connect(socket).await {
        Ok(_) => false,
        Err(error) => matches!(
            error.kind(),
            ErrorKind::NotFound | ErrorKind::ConnectionRefused
        ),
    }
}

async fn appeared(socket: &Path) -> bool {
    let end = Instant::now() + OTHER;
    while Instant::now() < end {
        if UnixStream::connect(socket).await.is_ok() {
            return true;
        }
        tokio::time::sleep(RETRY).await;
    }
    false
}

/// The reason that a daemon gave for its end.
fn last_words(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    let last = last.unwrap_or("it said nothing");
    // `orchestra up --json` tells its failure as one.
    let told: Option<Value> = serde_json::from_str(last).ok();
    let detail = told.and_then(|told| Some(told["error"]["detail"].as_str()?.to_owned()));
    output::plain(&detail.unwrap_or_else(|| last.to_owned()))
        .trim_end_matches('.')
        .to_owned()
}
