//! `orchestra send`: a message to an agent, with its receipt, and its answer if wanted.

use super::client::{Call, Client};
use super::connection::Connection;
use super::failure::Failure;
use super::{output, progress, values};
use axum::http::Method;
use clap::Args;
use orchestra_protocol::event::Page;
use orchestra_protocol::message::{Message, MessageRequest, MessageStatus};
use std::time::Duration;
use tokio::time::Instant;

/// Pause between looks at a receipt.
const LOOK: Duration = Duration::from_millis(500);

/// Sends a message to an agent.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples: orchestra send primary \"What did you change today?\" --wait
          orchestra send droid-001 - < question.txt"
)]
pub struct SendArgs {
    /// Such as primary or droid-001.
    pub id: String,
    /// The message; - reads it from stdin.
    #[arg(allow_hyphen_values = true)]
    pub text: String,
    /// Waits for the answer and prints it.
    #[arg(long)]
    pub wait: bool,
    /// How long to wait for the answer.
    #[arg(long, default_value = "10m", value_parser = values::duration, value_name = "TIME")]
    pub timeout: Duration,
    /// Lets a leading / or ! act as a command of the CLI.
    #[arg(long)]
    pub as_command: bool,
    #[command(flatten)]
    pub connection: Connection,
}

/// Sends the message.
///
/// # Errors
/// When the daemon is not reachable or refuses, or the message fails.
pub async fn run(args: &SendArgs) -> Result<(), Failure> {
    let id = values::agent(&args.id)?;
    let client = args.connection.client()?;
    let path = format!("/api/agents/{id}/messages");
    let request = MessageRequest {
        text: values::text(&args.text)?,
        client_id: Some(uuid::Uuid::new_v4().to_string()),
        as_command: args.as_command.then_some(true),
    };
    let call = Call::new(Method::POST, path.clone()).json(&request)?;
    let message: Message = client.fetch(call).await?;
    if !args.wait {
        print(&message, args.connection.json);
        return failed(&message);
    }
    let answer = wait(&client, &path, &message, args.timeout);
    let reply = progress::over("waiting for the answer", answer).await?;
    if args.connection.json {
        output::json(&reply);
    } else {
        output::line(&output::plain_lines(&reply.text));
    }
    Ok(())
}

/// Looks at the conversation until the message is answered or has failed.
async fn wait(
    client: &Client,
    path: &str,
    message: &Message,
    patience: Duration,
) -> Result<Message, Failure> {
    let end = Instant::now() + patience;
    let mut last = message.clone();
    while Instant::now() < end {
        match client.get::<Page<Message>>(path).await {
            Ok(page) => {
                let answers = |one: &&Message| one.reply_to.as_deref() == Some(message.id.as_str());
                if let Some(reply) = page.items.iter().find(answers) {
                    return Ok(reply.clone());
                }
                if let Some(now) = page.items.iter().find(|one| one.id == message.id) {
                    failed(now)?;
                    last = now.clone();
                }
            }
            // The daemon may restart meanwhile; the message is stored.
            Err(Failure::Unreachable(_)) => {}
            Err(failure) => return Err(failure),
        }
        tokio::time::sleep(LOOK).await;
    }
    let reason = last
        .reason
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default();
    let status = serde_json::to_value(last.status).unwrap_or_default();
    Err(Failure::Failed(format!(
        "no answer in time; the message is {}{reason} and stays with the agent",
        status.as_str().unwrap_or_default()
    )))
}

fn failed(message: &Message) -> Result<(), Failure> {
    if message.status != MessageStatus::Failed {
        return Ok(());
    }
    let reason = message.reason.as_deref().unwrap_or("without a reason");
    Err(Failure::Failed(format!(
        "the message was not delivered: {reason}"
    )))
}

fn print(message: &Message, json: bool) {
    if json {
        output::json(message);
        return;
    }
    let status = serde_json::to_value(message.status).unwrap_or_default();
    let reason = message
        .reason
        .as_deref()
        .map(|reason| format!(" ({})", output::plain(reason)));
    output::line(&format!(
        "message {} to {} is {}{}",
        message.id,
        message.agent_id,
        status.as_str().unwrap_or_default(),
        reason.unwrap_or_default()
    ));
}
