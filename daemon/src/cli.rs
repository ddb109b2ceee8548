//! The command line: `orchestra up` is the daemon, everything else talks to it.

pub mod account;
pub mod approvals;
pub mod attach;
pub mod audit;
pub mod browser;
pub mod budget;
pub mod client;
pub mod completions;
pub mod config;
pub mod connection;
pub mod delegate;
pub mod doctor;
pub mod explain;
pub mod failure;
pub mod fleet;
pub mod hook;
pub mod login;
pub mod logs;
pub mod mcp;
pub mod ondemand;
pub mod output;
pub mod parallel;
pub mod patch;
pub mod progress;
pub mod resume;
pub mod send;
pub mod sessions;
pub mod status;
pub mod tty;
pub mod up;
pub mod usage;
pub mod user;
pub mod values;
pub mod worktrees;
pub mod watch;

use clap::{Parser, Subcommand};
use connection::Connection;
use failure::Failure;
use std::process::ExitCode;

/// Runs coding agents side by side in tmux, and shows and steers them from a browser.
#[derive(Debug, Parser)]
#[command(
    name = "orchestra",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
#[command(after_help = "\
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused, 5 daemon not reachable.
Begin with: orchestra doctor; orchestra up")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Up(up::UpArgs),
    Web(account::WebArgs),
    Token(account::TokenArgs),
    Login(login::LoginArgs),
    Logout(login::LogoutArgs),
    Status(status::StatusArgs),
    Explain(explain::ExplainArgs),
    Spawn(fleet::SpawnArgs),
    Attach(attach::AttachArgs),
    Logs(logs::LogsArgs),
    Send(send::SendArgs),
    Delegate(delegate::DelegateArgs),
    Tasks(status::TasksArgs),
    Budget(budget::BudgetArgs),
    Usage(usage::UsageArgs),
    Collect(parallel::CollectArgs),
    Worktrees(worktrees::WorktreesArgs),
    Approvals(approvals::ApprovalsArgs),
    Approve(approvals::ApproveArgs),
    Deny(approvals::DenyArgs),
    Sessions(sessions::SessionsArgs),
    Resume(resume::ResumeArgs),
    Kill(fleet::KillArgs),
    Interrupt(fleet::InterruptArgs),
    Retry(fleet::RetryArgs),
    User(user::UserArgs),
    Share(user::ShareArgs),
    Audit(audit::AuditArgs),
    Doctor(doctor::DoctorArgs),
    Config(config::ConfigArgs),
    Mcp(mcp::McpArgs),
    #[command(hide = true)]
    Hook(hook::HookArgs),
    #[command(hide = true)]
    RunAgent(RunAgentArgs),
    #[command(hide = true)]
    Ids(completions::IdsArgs),
    Completions(completions::CompletionsArgs),
}

/// Becomes an agent's program; what tmux runs in its pane. Not for people.
#[derive(Debug, clap::Args)]
pub struct RunAgentArgs {
    /// Folder with the launch file.
    pub folder: std::path::PathBuf,
}

/// Reads the command line, runs the command, and gives its exit code.
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    let json = wants_json(&command);
    // A command is one conversation; only the daemon has work for more than one thread.
    let mut builder = match &command {
        Command::Up(_) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let outcome = match builder.enable_all().build() {
        Ok(runtime) => {
            let outcome = runtime.block_on(run(command));
            // A read of stdin cannot be cancelled; the process need not wait for it.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Failure::local("cannot start", &error)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if json {
                output::error_json(&failure.json());
            } else {
                output::note(&output::plain(&failure.to_string()));
            }
            failure.exit_code()
        }
    }
}

// The daemon's future holds everything; the box keeps it off the stack of the others.
async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Up(args) => Box::pin(up::run(args)).await,
        Command::Web(args) => account::web(&args).await,
        Command::Token(args) => account::token(args).await,
        Command::Login(args) => login::login(args).await,
        Command::Logout(args) => login::logout(args).await,
        Command::Status(args) => status::status(&args).await,
        Command::Spawn(args) => fleet::spawn(args).await,
        Command::Attach(args) => Box::pin(attach::run(&args)).await,
        Command::Logs(args) => logs::run(&args).await,
        Command::Send(args) => send::run(&args).await,
        Command::Delegate(args) => delegate::run(args).await,
        Command::Tasks(args) => status::tasks(&args).await,
        Command::Budget(args) => budget::run(args).await,
        Command::Usage(args) => usage::run(&args).await,
        Command::Collect(args) => parallel::collect(&args).await,
        Command::Worktrees(args) => worktrees::run(&args).await,
        Command::Approvals(args) => approvals::list(&args).await,
        Command::Approve(args) => approvals::approve(args).await,
        Command::Deny(args) => approvals::deny(args).await,
        Command::Sessions(args) => sessions::run(&args).await,
        Command::Resume(args) => resume::run(args).await,
        Command::Kill(args) => fleet::kill(args).await,
        Command::Explain(args) => explain::explain(&args).await,
        Command::Interrupt(args) => fleet::interrupt(&args).await,
        Command::Retry(args) => fleet::retry(&args).await,
        Command::User(args) => user::run(args).await,
        Command::Share(args) => user::share(&args).await,
        Command::Audit(args) => audit::run(&args).await,
        Command::Doctor(args) => doctor::run(&args).await,
        Command::Mcp(args) => mcp::run(&args.connection).await,
        Command::Hook(args) => hook::run(args).await,
        Command::RunAgent(args) => {
            // Comes back only when it failed; the text is the pane's last.
            let error = crate::agents::launch::become_agent(&args.folder);
            Err(Failure::local(
                "this agent's program cannot be started",
                &error,
            ))
        }
        Command::Config(args) => config::run(args),
        Command::Ids(args) => completions::ids(&args).await,
        Command::Completions(args) => {
            completions::script(args.shell);
            Ok(())
        }
    }
}

fn wants_json(command: &Command) -> bool {
    let connection: &Connection = match command {
        Command::Up(args) => return args.json,
        Command::Config(args) => return args.json,
        Command::Hook(_) | Command::Mcp(_) | Command::RunAgent(_) | Command::Completions(_) => {
            return false;
        }
        Command::Ids(args) => &args.connection,
        Command::Web(args) => &args.connection,
        Command::Token(args) => &args.connection,
        Command::Login(args) => &args.connection,
        Command::Logout(args) => &args.connection,
        Command::Status(args) => &args.connection,
        Command::Spawn(args) => &args.connection,
        Command::Attach(args) => &args.connection,
        Command::Logs(args) => &args.connection,
        Command::Send(args) => &args.connection,
        Command::Delegate(args) => &args.connection,
        Command::Tasks(args) => &args.connection,
        Command::Budget(args) => &args.connection,
        Command::Usage(args) => &args.connection,
        Command::Collect(args) => &args.connection,
        Command::Worktrees(args) => &args.connection,
        Command::Approvals(args) => &args.connection,
        Command::Approve(args) => &args.connection,
        Command::Deny(args) => &args.connection,
        Command::Sessions(args) => &args.connection,
        Command::Resume(args) => &args.connection,
        Command::Kill(args) => &args.connection,
        Command::Explain(args) => &args.connection,
        Command::Interrupt(args) => &args.connection,
        Command::Retry(args) => &args.connection,
        Command::User(args) => &args.connection,
        Command::Share(args) => &args.connection,
        Command::Audit(args) => &args.connection,
        Command::Doctor(args) => &args.connection,
    };
    connection.json
}

#[cfg(test)]
mod tests;
