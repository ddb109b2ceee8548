//! `orchestra up`: starts the daemon and says where it is.

use super::failure::Failure;
use super::{browser, output};
use crate::app::{self, Ready, UpOptions};
use crate::config::Flags;
use crate::config::paths::Paths;
use clap::Args;
use serde_json::json;
use std::io::IsTerminal;
use std::path::PathBuf;

/// Starts the daemon in this terminal, and opens the page in a browser.
///
/// Agents work in tmux and go on when the daemon stops (Ctrl-C); the next `orchestra up`
/// finds them again.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// Address to listen on; logins belong to it, so keep it. Default: 127.0.0.1:8080.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Folder for everything that is kept; default: ~/.local/share/orchestra.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Configuration; default: ~/.config/orchestra/config.toml.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Opens no browser.
    #[arg(long)]
    pub no_open: bool,
    /// Prints one line of JSON once it serves, with a link that logs in.
    #[arg(long)]
    pub json: bool,
    /// In a session of its own, so that closing the terminal does not end it.
    #[arg(long, hide = true)]
    pub background: bool,
    /// What to log on stderr, as for tracing: info, debug, orchestra=debug.
    #[arg(
        long,
        env = "ORCHESTRA_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    pub log: String,
}

/// Runs the daemon until it is told to stop.
///
/// # Errors
/// When it cannot start, or breaks.
pub async fn run(args: UpArgs) -> Result<(), Failure> {
    log(&args.log)?;
    if args.background {
        nix::unistd::setsid()
            .map_err(|error| Failure::local("cannot leave the terminal", &error))?;
    }
    // No core file holds its keys, and no other process of this user reads its memory.
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_dumpable(false) {
        tracing::warn!(%error, "other processes of this user can read the daemon's memory");
    }
    let flags = Flags {
        listen: args.listen.clone(),
        data_dir: args.data_dir.clone(),
        config: args.config.clone(),
    };
    let paths = Paths::locate(&flags).map_err(|error| Failure::Usage(error.to_string()))?;
    let options = UpOptions {
        on_ready: Box::new(move |ready| announce(&args, &paths, ready)),
    };
    app::run(flags, options)
        .await
        .map_err(|error| Failure::Failed(format!("{error:#}")))
}

fn log(filter: &str) -> Result<(), Failure> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .map_err(|error| Failure::Usage(format!("--log {filter:?} is no filter: {error}")))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    Ok(())
}

/// The link is a secret: it goes to a person's terminal or to the program that asked.
fn announce(args: &UpArgs, paths: &Paths, ready: &Ready) {
    if args.json {
        output::json(&json!({
            "event": "ready", "url": ready.url, "login_url": ready.login_url, "pid": std::process::id(),
        }));
        return;
    }
    output::line(&format!("Orchestra is ready at {}", ready.url));
    let Some(login_url) = &ready.login_url else {
        return;
    };
    if !std::io::stdout().is_terminal() {
        output::line("For a link that logs you in, run: orchestra web");
        return;
    }
    let opened = !args.no_open && browser::open(&paths.run_dir, login_url).unwrap_or(false);
    if opened {
        output::line(
            "Your browser opens it. For another link that logs you in, run: orchestra web",
        );
    } else {
        output::line(&format!(
            "Log in here (once, within five minutes): {login_url}"
        ));
    }
    output::line("Stop with Ctrl-C. Agents go on and are found again at the next start.");
}
