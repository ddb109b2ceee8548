//! `orchestra hook`: called by an agent CLI at each of its hooks. It must be quick, must
//! never fail the CLI, and must never lose or reorder an event: what the daemon cannot
//! take now waits in the agent's spool.

use super::client::{Call, Client, Credential, Target, problem};
use super::failure::Failure;
use super::output;
use crate::spool::Spool;
use axum::http::{Method, StatusCode};
use clap::Args;
use orchestra_protocol::hook::{HookAnswer, HookCall};
use orchestra_protocol::time::Timestamp;
use serde_json::{Value, json};
use std::io::{IsTerminal, Read};
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Larger payloads are replaced by their size.
const MAX_EVENT: u64 = 8 * 1024 * 1024;
/// How long the CLI may be held up by a daemon that is stuck.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long one question for a late answer stays open.
const POLL: Duration = Duration::from_secs(40);
/// How long a daemon may be away before its CLI, which shows nothing meanwhile, asks in
/// its own terminal.
const AWAY: Duration = Duration::from_secs(20);
/// Pause between questions while the daemon is away.
const RETRY: Duration = Duration::from_millis(500);

/// Hands a hook's event to the daemon. Run by the agent CLIs, not by hand.
#[derive(Debug, Args)]
pub struct HookArgs {
    /// Which CLI calls: claude, codex …
    pub kind: String,
    /// Name of the event, where the payload does not have it.
    pub event: Option<String>,
    /// The payload itself, for a CLI that passes it as its last argument.
    #[arg(long = "arg", value_name = "JSON")]
    pub payload: Option<String>,
    /// Stay until a daemon that is away is back, for a question that the CLI shows in its
    /// own dialog meanwhile.
    #[arg(long)]
    pub stay: bool,
    /// Folder with the agent's token and spool.
    #[arg(long, env = "ORCHESTRA_AGENT_DIR", hide = true)]
    pub agent_dir: Option<PathBuf>,
    #[arg(long, env = "ORCHESTRA_SOCKET", hide = true)]
    pub socket: Option<PathBuf>,
}

/// What became of one event.
enum Sent {
    /// The daemon has it.
    Taken(HookAnswer),
    /// The daemon never wants it.
    Refused(String),
    /// It has to wait.
    Later,
}

/// Runs the hook. Only a call by hand fails; for a CLI, trouble is one line on stderr.
///
/// # Errors
/// When it was called by hand, outside of an agent.
pub async fn run(args: HookArgs) -> Result<(), Failure> {
    let (Some(folder), Some(socket)) = (&args.agent_dir, &args.socket) else {
        let text = "orchestra hook works only inside an agent, where ORCHESTRA_AGENT_DIR and \
                    ORCHESTRA_SOCKET are set; to report by hand use: orchestra send";
        if std::io::stdin().is_terminal() {
            return Err(Failure::Usage(text.to_owned()));
        }
        output::note(text);
        return Ok(());
    };
    let call = HookCall {
        key: uuid::Uuid::new_v4().to_string(),
        at: Timestamp::now().0,
        name: args.event.clone(),
        event: payload(args.payload.as_deref()),
    };
    let client = Client::new(
        Target::Socket(socket.clone()),
        Credential::File(folder.join("token")),
    );
    let path = format!("/api/hooks/{}", segment(&args.kind));
    let cli = parent_id();
    loop {
        match deliver(&client, folder, &path, &call, !args.stay).await {
            Ok(Some(answer)) => follow(&client, answer, cli, args.stay).await,
            Ok(None) if args.stay && parent_id() == cli => {
                tokio::time::sleep(RETRY).await;
                continue;
            }
            Ok(None) => {}
            Err(text) => output::note(&text),
        }
        return Ok(());
    }
}

/// Sends what waits and then this event, all under the lock; or adds it to the spool, if
/// it is to be kept there. None when the daemon is away.
async fn deliver(
    client: &Client,
    folder: &Path,
    path: &str,
    call: &HookCall,
    keep: bool,
) -> Result<Option<HookAnswer>, String> {
    let spool = Spool::lock(folder).map_err(|error| error.to_string())?;
    let mut waiting = spool.events().map_err(|error| error.to_string())?;
    let spooled = waiting.len();
    waiting.push(call.clone());
    let mut answer = HookAnswer::default();
    for next in &waiting {
        match send(client, path, next).await {
            Sent::Taken(taken) => answer = taken,
            Sent::Refused(why) => {
                answer = HookAnswer::default();
                output::note(&format!("the daemon refused a hook event: {why}"));
            }
            Sent::Later => {
                // What was taken already stays as well: its key makes the replay harmless.
                if keep {
                    spool.append(call).map_err(|error| error.to_string())?;
                }
                return Ok(None);
            }
        }
    }
    if spooled > 0 {
        spool.clear().map_err(|error| error.to_string())?;
    }
    Ok(Some(answer))
}

async fn send(client: &Client, path: &str, call: &HookCall) -> Sent {
    let request = match Call::new(Method::POST, path).json(call) {
        Ok(request) => request.patience(PATIENCE),
        Err(error) => return Sent::Refused(error.to_string()),
    };
    let token = match client.token().await {
        Ok(token) => token,
        Err(error) => return Sent::Refused(error.to_string()),
    };
    let sent = async {
        let (status, mut body) = client.send(&request, token.as_ref()).await.ok()?;
        Some((status, client.read(&mut body).await.ok()?))
    };
    let Ok(Some((status, bytes))) = tokio::time::timeout(PATIENCE, sent).await else {
        return Sent::Later;
    };
    let passing = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    match status {
        _ if status.is_success() => Sent::Taken(serde_json::from_slice(&bytes).unwrap_or_default()),
        _ if status.is_server_error() || passing.contains(&status) => Sent::Later,
        _ => Sent::Refused(problem(status, &bytes).detail),
    }
}

/// Prints what the CLI is to hear, after waiting for it if the daemon says so. The lock is
/// free by now: a decision may take a day. It ends with the process `cli`, which called.
async fn follow(client: &Client, mut answer: HookAnswer, cli: u32, stay: bool) {
    let mut heard = Instant::now();
    while let Some(path) = answer.poll {
        if parent_id() != cli {
            return;
        }
        let call = Call::new(Method::GET, path.clone()).patience(POLL);
        answer = match client.fetch::<Option<HookAnswer>>(call).await {
            Ok(answer) => {
                heard = Instant::now();
                answer.unwrap_or_default()
            }
            Err(Failure::Unreachable(_)) if stay || heard.elapsed() < AWAY => {
                tokio::time::sleep(RETRY).await;
                HookAnswer {
                    output: None,
                    poll: Some(path),
                }
            }
            // Whatever it was, the CLI asks its person itself.
            Err(_) => return,
        };
    }
    if let Some(text) = answer.output {
        output::line(&text.to_string());
    }
}

fn payload(argument: Option<&str>) -> Value {
    let bytes = match argument {
        Some(text) => text.as_bytes().to_vec(),
        None => {
            let mut bytes = Vec::new();
            // An unreadable stdin is an empty event: the hook itself still happened.
            let _ = std::io::stdin().take(MAX_EVENT + 1).read_to_end(&mut bytes);
            bytes
        }
    };
    if bytes.len() as u64 > MAX_EVENT {
        // The CLI must be able to write all of it, or it sees a broken pipe.
        let rest = std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap_or_default();
        return json!({ "oversize_bytes": bytes.len() as u64 + rest });
    }
    serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| json!({ "unparsed": String::from_utf8_lossy(&bytes) }))
}

/// A word of ours as one segment of a path.
fn segment(word: &str) -> String {
    word.chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
        .collect()
}
