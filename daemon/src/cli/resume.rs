//! `orchestra resume`: a session that was found goes on as an agent.

use super::connection::Connection;
use super::failure::Failure;
use super::{output, progress, sessions};
use clap::Args;
use orchestra_protocol::agent::Agent;
use orchestra_protocol::transcript::ResumeRequest;

/// Goes on with a session that a CLI left behind, as an agent in the folder where it ran.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: orchestra sessions tests; orchestra resume 0f3a8c1d9b2e4a77 --fork"
)]
pub struct ResumeArgs {
    /// From `orchestra sessions`, or the CLI's own id of the session.
    pub id: String,
    /// Go on in a copy, and leave the session as it is.
    #[arg(long)]
    pub fork: bool,
    /// At most 64 characters.
    #[arg(long, allow_hyphen_values = true)]
    pub name: Option<String>,
    /// What it is for; default: the session's own title.
    #[arg(long, allow_hyphen_values = true)]
    pub title: Option<String>,
    #[command(flatten)]
    pub connection: Connection,
}

/// Starts the agent.
///
/// # Errors
/// When the daemon is not reachable or refuses, or there is no such session.
pub async fn run(args: ResumeArgs) -> Result<(), Failure> {
    let request = ResumeRequest {
        fork: args.fork.then_some(true),
        name: args.name,
        title: args.title,
    };
    let path = format!("/api/transcripts/{}/resume", sessions::segment(&args.id)?);
    let client = args.connection.living_client().await?;
    sessions::listed(&client).await?;
    let resumed = client.post(path, &request);
    let agent = progress::over("starting the agent", resumed).await;
    let agent: Agent = agent.map_err(|failure| sessions::missing(failure, &args.id))?;
    if args.connection.json {
        output::json(&agent);
    } else {
        output::line(&format!(
            "{} goes on with it in {}; see it with: orchestra attach {}",
            agent.id,
            output::plain(&agent.cwd),
            agent.id
        ));
    }
    Ok(())
}
