//! `orchestra sessions`: what the agent CLIs left on disk.

use super::client::{Call, Client};
use super::connection::Connection;
use super::failure::Failure;
use super::output::{self, Tone, age, plain};
use super::progress::Progress as Line;
use super::values;
use crate::transcripts::format;
use axum::http::Method;
use clap::Args;
use orchestra_protocol::problem::Problem;
use orchestra_protocol::transcript::{
    Progress, Transcript, TranscriptHits, TranscriptPage, UsageTotals,
};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Pause between looks at how far the daemon has read.
const LOOK: Duration = Duration::from_millis(100);
/// A daemon that comes no further in this time is not waited for.
const STUCK: Duration = Duration::from_secs(60);

/// Lists the sessions of the agent CLIs on this machine, whoever started them.
#[derive(Debug, Args)]
#[command(after_help = "Examples: orchestra sessions --hours 24
          orchestra sessions flaky test
          orchestra sessions --in ID flaky test
          orchestra sessions --export ID > session.md")]
pub struct SessionsArgs {
    /// Words to search for.
    pub words: Vec<String>,
    /// Searches in one session only, and prints every place.
    #[arg(long = "in", value_name = "ID", requires = "words", conflicts_with_all = ["usage", "export"])]
    pub within: Option<String>,
    /// Those written to in the last so many hours.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub hours: Option<u32>,
    /// Of this CLI.
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(kinds()))]
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
    /// Tokens and cost by model instead; waits until all tokens are read.
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
    let client = args.connection.living_client().await?;
    listed(&client).await?;
    if let Some(id) = &args.export {
        return export(&client, id, args.connection.json).await;
    }
    if let Some(id) = &args.within {
        return places(&client, id, args).await;
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
        return sums(&whole(&client, &path).await?, args.connection.json);
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
    // Nothing but the limit was asked for.
    show(&page, query.len() > 1);
    Ok(())
}

/// The CLIs whose sessions are looked for.
fn kinds() -> Vec<&'static str> {
    format::all().iter().map(|format| format.kind()).collect()
}

/// Waits until the daemon has looked through all folders of sessions.
///
/// # Errors
/// When the daemon is not reachable or refuses.
pub async fn listed(client: &Client) -> Result<(), Failure> {
    let (mut line, begun) = (Line::default(), Instant::now());
    loop {
        let page: TranscriptPage = client.get("/api/transcripts?limit=1").await?;
        if page.progress.listed || begun.elapsed() > STUCK {
            return Ok(());
        }
        line.say("looking for sessions on this machine");
        tokio::time::sleep(LOOK).await;
    }
}

/// The sums once all tokens are read: those of a part would mislead.
async fn whole(client: &Client, path: &str) -> Result<UsageTotals, Failure> {
    let mut line = Line::default();
    let (mut last, mut moved) = (0, Instant::now());
    loop {
        let totals: UsageTotals = client.get(path).await?;
        let progress = &totals.progress;
        if progress.summed_bytes != last {
            (last, moved) = (progress.summed_bytes, Instant::now());
        }
        if (progress.listed && progress.summed) || moved.elapsed() > STUCK {
            return Ok(totals);
        }
        line.say(&format!(
            "summing tokens: {} % of {} MB",
            percent(progress.summed_bytes, progress),
            progress.bytes / 1_000_000
        ));
        tokio::time::sleep(LOOK).await;
    }
}

async fn export(client: &Client, id: &str, json: bool) -> Result<(), Failure> {
    let path = format!("/api/transcripts/{}/export", segment(id)?);
    let opened = client.open(Call::new(Method::GET, path)).await;
    let mut body = opened.map_err(|failure| missing(failure, id))?;
    if json {
        let text = client.read(&mut body).await?;
        let markdown = String::from_utf8_lossy(&text);
        output::json(&serde_json::json!({ "id": id, "markdown": markdown }));
        return Ok(());
    }
    while let Some(chunk) = client.chunk(&mut body).await? {
        if !output::raw(&chunk) {
            break;
        }
    }
    Ok(())
}

/// Every place of the words in one session.
async fn places(client: &Client, id: &str, args: &SessionsArgs) -> Result<(), Failure> {
    let base = format!(
        "/api/transcripts/{}/hits?limit=500&q={}",
        segment(id)?,
        escape(&args.words.join(" "))
    );
    let mut from = Some(0);
    while let Some(start) = from {
        let hits = client.get(format!("{base}&from={start}")).await;
        let hits: TranscriptHits = hits.map_err(|failure| missing(failure, id))?;
        if args.connection.json {
            hits.items.iter().for_each(output::json);
        } else {
            if hits.total == 0 {
                output::line("These words stand in no entry of it.");
            }
            for hit in &hits.items {
                output::line(&format!("{:>10}  {}", hit.offset, plain(&hit.snippet)));
            }
        }
        if hits.next.is_none() && hits.read_bytes < hits.bytes {
            output::note(&format!(
                "searched are {} of its {} bytes; the rest is still being read",
                hits.read_bytes, hits.bytes
            ));
        }
        from = hits.next;
    }
    Ok(())
}

fn show(page: &TranscriptPage, narrowed: bool) {
    if page.items.is_empty() {
        output::line(&if narrowed {
            "No such session was found.".to_owned()
        } else {
            format!(
                "No session was found; looked for those of {}.",
                kinds().join(", ")
            )
        });
    } else {
        let rows: Vec<_> = page.items.iter().map(row).collect();
        let head = ["ID", "KIND", "AGE", "STATE", "PROJECT", "TITLE"];
        output::print_table(&head, &rows, |row, column| match column {
            3 => tone(&page.items[row]),
            0 | 2 => Tone::Dim,
            _ => Tone::Plain,
        });
    }
    for hit in page.items.iter().flat_map(|item| &item.hits) {
        output::line(&format!("  {}", plain(&hit.snippet)));
    }
    if page.more && page.next_cursor.is_none() {
        output::note("older sessions may hold these words too; more or longer words find fewer");
    }
    reading(&page.progress);
}

fn tone(item: &Transcript) -> Tone {
    match item.status.as_deref() {
        Some("waiting") if item.live => Tone::Needs,
        _ if item.live => Tone::Busy,
        _ if item.problem.is_some() => Tone::Bad,
        _ if item.resumable => Tone::Good,
        _ => Tone::Dim,
    }
}

fn row(item: &Transcript) -> Vec<String> {
    let state = match (&item.agent_id, item.live) {
        (Some(agent), true) => agent.clone(),
        (None, true) => format!(
            "{}{}",
            item.status.as_deref().unwrap_or("live"),
            item.pid.map(|pid| format!(" ({pid})")).unwrap_or_default()
        ),
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
    if totals.models.is_empty() {
        output::line("No session tells of tokens.");
        problems(&totals.progress);
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
    output::print_table(&head, &rows, |_, _| Tone::Plain);
    let known = totals.models.iter().all(|one| one.cost_usd.is_some());
    let more = if known {
        ""
    } else {
        ", and what models without a price cost"
    };
    output::line(&format!("\nTogether ${:.2}{more}", totals.cost_usd));
    problems(&totals.progress);
    Ok(())
}

fn percent(part: u64, progress: &Progress) -> u64 {
    part * 100 / progress.bytes.max(1)
}

/// Says what is still to come.
fn reading(progress: &Progress) {
    if !progress.listed || !progress.read {
        output::note(&format!(
            "still reading: {} % of {} sessions' bytes; what is not read yet is not found",
            percent(progress.read_bytes, progress),
            progress.sessions
        ));
    }
    problems(progress);
}

/// Says what could not be looked at.
fn problems(progress: &Progress) {
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
    Err(unknown(id))
}

fn unknown(id: &str) -> Failure {
    let detail = format!("there is no session {id:?}; orchestra sessions lists them");
    Failure::Problem(Problem::new(404, "not_found", "Not found", detail))
}

/// The same where the daemon says so.
pub fn missing(failure: Failure, id: &str) -> Failure {
    match failure {
        Failure::Problem(problem) if problem.status == 404 => unknown(id),
        other => other,
    }
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
