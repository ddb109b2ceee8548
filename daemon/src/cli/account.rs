//! `orchestra token` and `orchestra web`: tokens and login links, which only the daemon
//! makes, and only for a caller on its Unix socket.

use super::client::Call;
use super::connection::Connection;
use super::failure::Failure;
use super::{browser, output, values};
use axum::http::Method;
use clap::{Args, ValueEnum};
use orchestra_protocol::auth::LoginLink;
use std::io::IsTerminal;
use std::time::Duration;

/// Prints an access token for scripts; keep it in a file of mode 0600.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: (umask 077; orchestra token --role developer --ttl 1h > token)
         orchestra status --url http://127.0.0.1:8080 --token-file token"
)]
pub struct TokenArgs {
    /// What the token may do.
    #[arg(long, value_enum)]
    pub role: Role,
    /// User that it acts as; default: you.
    #[arg(long, value_name = "NAME")]
    pub sub: Option<String>,
    /// How long it lives.
    #[arg(long, default_value = "10m", value_parser = values::duration, value_name = "TIME")]
    pub ttl: Duration,
    #[command(flatten)]
    pub connection: Connection,
}

/// The roles of users.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Role {
    /// Everything.
    Admin,
    /// Starts agents and steers its own.
    Developer,
    /// Sees what is shared with it.
    Viewer,
}

impl Role {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Viewer => "viewer",
        }
    }
}

/// Opens the page in a browser with a new link that logs you in.
#[derive(Debug, Args)]
pub struct WebArgs {
    /// Prints the link instead of opening it.
    #[arg(long)]
    pub no_open: bool,
    #[command(flatten)]
    pub connection: Connection,
}

/// Prints a token.
///
/// # Errors
/// When the daemon is not reachable or refuses.
pub async fn token(args: TokenArgs) -> Result<(), Failure> {
    let client = args.connection.local_client("orchestra token")?;
    let answer = client
        .mint(args.role.name(), args.sub, args.ttl.as_secs())
        .await?;
    if args.connection.json {
        output::json(&answer);
    } else {
        output::line(&answer.access_token);
    }
    Ok(())
}

/// Opens or prints a login link.
///
/// # Errors
/// When the daemon is not reachable or refuses, or the link can be shown nowhere.
pub async fn web(args: &WebArgs) -> Result<(), Failure> {
    let client = args.connection.local_client("orchestra web")?;
    args.connection.wake().await?;
    let link: LoginLink = client
        .fetch(Call::new(Method::POST, "/api/local/login-link"))
        .await?;
    if args.connection.json {
        output::json(&link);
        return Ok(());
    }
    if !args.no_open && browser::open(&args.connection.paths()?.run_dir, &link.login_url)? {
        output::line("Your browser opens the page.");
        return Ok(());
    }
    if !std::io::stdout().is_terminal() {
        let text = "no browser can be opened here, and the link is a secret that is printed only to a \
                    terminal or with --json";
        return Err(Failure::Failed(text.into()));
    }
    output::line(&format!(
        "Log in here (once, within five minutes): {}",
        link.login_url
    ));
    Ok(())
}
