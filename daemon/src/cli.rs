//! The command line: `orchestra up` is the daemon, everything else talks to it.

pub mod client;
pub mod connection;
pub mod failure;
pub mod hook;
pub mod mcp;
pub mod output;

use clap::{Parser, Subcommand};
use connection::Connection;
use failure::Failure;
use std::process::ExitCode;

/// A self-hosted control room for AI coding agents.
#[derive(Debug, Parser)]
#[command(name = "orchestra", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves MCP over stdin and stdout, for an agent CLI.
    Mcp(McpArgs),
    #[command(hide = true)]
    Hook(hook::HookArgs),
}

/// Options of `mcp`.
#[derive(Debug, clap::Args)]
pub struct McpArgs {
    #[command(flatten)]
    pub connection: Connection,
}

/// Reads the command line, runs the command, and gives its exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::note(&format!("cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::note(&failure.to_string());
            failure.exit_code()
        }
    }
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Mcp(args) => mcp::run(&args.connection).await,
        Command::Hook(args) => hook::run(args).await,
    }
}
