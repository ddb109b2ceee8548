//! `orchestra sessions`: what the agent CLIs left on disk.

use super::client::Call;
use super::connection::Connection;
use super::failure::Failure;
use super::output::{self, age, plain, table};
use super::{tty, values};
use axum::http::Method;
use clap::Args;
use orchestra_protocol::problem::Problem;
use orchestra_protocol::transcript::{Progress, Transcript, TranscriptPage, UsageTotals};
use std::path::PathBuf;

/// Lists the sessions of the agent CLIs on this machine, whoever started them.
#[derive(Debug, Args)]
#[command(after_help = "Examples: orchestra sessions --hours 24
          orchestra sessions flaky test
          orchestra sessions --export ID > session.md")]
pub struct SessionsArgs {
    /// Words to search for.
    pub words: Vec<String>,
    /// Those written to in the last so many hours.
    #[arg(long, value_name = "N")]
    pub hours: Option<u32>,
    /// Of this CLI.
    #[arg(long)]
    pub kind: Option<String>,
    /// Begun in this folder or beneath it.
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// Those that are written to now.
    #[arg(long)]
    pub live: bool,
    /// Sub-agents too.
    #[arg(long)]
    pub all: bool,
    /// Most that are shown.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub limit: u32,
    /// Prints one session as markdown.
    #[arg(long, value_name = "ID", conflicts_with_all = ["words", "usage"])]
    pub export: Option<String>,
    /// Tokens and cost by model instead.
    #[arg(long)]
    pub usage: bool,
    #[command(flatten)]
    pub connection: Connection,
}

/// Prints them.
///
/// # Errors
/// When the daemon is not reachable or refuses, or there is no such session.
pub async fn run(args: &SessionsArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    if let Some(id) = &args.export {
        let path = format!("/api/transcripts/{}/export", segment(id)?);
        let mut body = client.open(Call::new(Method::GET, path)).await?;
        while let Some(chunk) = client.chunk(&mut body).await? {
            if !output::raw(&chunk) {
                break;
            }
        }
        return Ok(());
    }
    let mut query = vec![];
    let mut add = |name: &str, value: &str| {
        query.push(format!("{name}={}", escape(value)));
    };
    if let Some(hours) = args.hours {
        add("hours", &hours.to_string());
    }
    if args.usage {
        let path = format!("/api/transcripts/usage?{}", query.join("&"));
        return sums(&client.get(path).await?, args.connection.json);
    }
    add("limit", &args.limit.to_string());
    if let Some(kind) = &args.kind {
        add("kind", kind);
    }
    if let Some(cwd) = &args.cwd {
        add("cwd", &values::folder(cwd));
    }
    for (wanted, name) in [(args.live, "live"), (args.all, "all")] {
        if wanted {
            add(name, "true");
        }
    }
    if !args.words.is_empty() {
        add("q", &args.words.join(" "));
    }
    let path = format!("/api/transcripts?{}", query.join("&"));
    let page: TranscriptPage = client.get(path).await?;
    if args.connection.json {
        page.items.iter().for_each(output::json);
        return Ok(());
    }
    show(&page);
    Ok(())
}

fn show(page: &TranscriptPage) {
    if page.items.is_empty() {
        output::line("No such session was found.");
    } else {
        let rows: Vec<_> = page.items.iter().map(row).collect();
        let head = ["ID", "KIND", "AGE", "STATE", "PROJECT", "TITLE"];
        output::text(&table(&head, &rows, tty::width()));
    }
    for hit in page.items.iter().flat_map(|item| &item.hits) {
        output::line(&format!("  {}", plain(&hit.snippet)));
    }
    reading(&page.progress);
}

fn row(item: &Transcript) -> Vec<String> {
    let state = match (&item.agent_id, item.live) {
        (Some(agent), true) => agent.clone(),
        (None, true) => item.status.clone().unwrap_or_else(|| "live".into()),
        (_, false) if item.resumable => "resumable".into(),
        (_, false) => "ended".into(),
    };
    vec![
        item.id.clone(),
        item.kind.clone(),
        age(item.updated_at),
        plain(&state),
        plain(item.project.as_deref().unwrap_or("-")),
        plain(&item.title),
    ]
}

fn sums(totals: &UsageTotals, json: bool) -> Result<(), Failure> {
    if json {
        output::json(totals);
        return Ok(());
    }
    let cost = |cost: Option<f64>| cost.map_or("?".into(), |cost| format!("${cost:.2}"));
    let each = |one: &orchestra_protocol::transcript::ModelUsage| {
        let usage = one.usage;
        let numbers = [
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_write_tokens,
            usage.cache_read_tokens,
        ];
        let mut row = vec![one.kind.clone(), plain(&one.model)];
        row.extend(numbers.iter().map(u64::to_string));
        row.push(cost(one.cost_usd));
        row
    };
    let rows: Vec<_> = totals.models.iter().map(each).collect();
    let head = [
        "KIND",
        "MODEL",
        "INPUT",
        "OUTPUT",
        "CACHE WRITE",
        "CACHE READ",
        "COST",
    ];
    output::text(&table(&head, &rows, tty::width()));
    reading(&totals.progress);
    Ok(())
}

/// Says what is still to come.
fn reading(progress: &Progress) {
    if !progress.listed || !progress.read {
        let percent = progress.read_bytes * 100 / progress.bytes.max(1);
        output::note(&format!(
            "still reading: {percent} % of {} sessions' bytes",
            progress.sessions
        ));
    }
    for problem in &progress.problems {
        output::note(&plain(problem));
    }
}

/// An id as one segment of a path.
///
/// # Errors
/// What cannot be an id names no session.
pub fn segment(id: &str) -> Result<String, Failure> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if !id.is_empty() && id.len() <= 200 && !id.starts_with('.') && id.chars().all(fits) {
        return Ok(id.to_owned());
    }
    let detail = format!("there is no session {id:?}; orchestra sessions lists them");
    Err(Failure::Problem(Problem::new(
        404,
        "not_found",
        "Not found",
        detail,
    )))
}

/// A value as a query may hold it.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
