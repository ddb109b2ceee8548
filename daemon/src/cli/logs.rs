//! `orchestra logs`: what an agent's terminal has shown, once or as it comes.

use super::client::sse::{SseEvent, SseReader};
use super::client::{Body, Call, Client};
use super::connection::Connection;
use super::failure::Failure;
use super::{output, values};
use axum::http::Method;
use clap::Args;
use serde_json::Value;
use std::io::IsTerminal;
use std::time::Duration;
use tokio::time::Instant;

/// How long a restart of the daemon may take.
const AWAY: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(500);

/// Prints what an agent's terminal has shown.
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// Such as droid-001.
    pub id: String,
    /// Goes on printing as more comes.
    #[arg(long, short)]
    pub follow: bool,
    #[command(flatten)]
    pub connection: Connection,
}

/// Prints the recording.
///
/// # Errors
/// When the daemon is not reachable or refuses, or there is no such agent.
pub async fn run(args: &LogsArgs) -> Result<(), Failure> {
    let id = values::agent(&args.id)?;
    let client = args.connection.client()?;
    let printer = Printer {
        json: args.connection.json,
        raw: std::io::stdout().is_terminal(),
    };
    let mut last: Option<String> = None;
    let mut heard = Instant::now();
    loop {
        let mut call = Call::new(
            Method::GET,
            format!("/api/agents/{id}/logs?follow={}", args.follow),
        )
        .header("accept", "text/event-stream");
        if let Some(last) = &last {
            call = call.header("last-event-id", last.clone());
        }
        let streamed = match client.open(call).await {
            Ok(mut body) => {
                heard = Instant::now();
                stream(&client, &mut body, &printer, &mut last).await
            }
            Err(failure) => Err(failure),
        };
        match streamed {
            Ok(()) => return Ok(()),
            // Offsets make it safe to go on where it broke off.
            Err(Failure::Unreachable(_))
                if args.follow && last.is_some() && heard.elapsed() < AWAY =>
            {
                tokio::time::sleep(RETRY).await;
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// Prints until the stream or its reader ends.
async fn stream(
    client: &Client,
    body: &mut Body,
    printer: &Printer,
    last: &mut Option<String>,
) -> Result<(), Failure> {
    let mut reader = SseReader::default();
    while let Some(bytes) = client.chunk(body).await? {
        reader.push(&bytes);
        while let Some(event) = reader.next_event() {
            if event.name == "end" {
                return Ok(());
            }
            if !printer.print(&event) {
                return Ok(());
            }
            if event.id.is_some() {
                *last = event.id;
            }
        }
    }
    Ok(())
}

struct Printer {
    json: bool,
    /// A person's terminal gets the colours; a file gets text.
    raw: bool,
}

impl Printer {
    /// False when nobody reads any more.
    fn print(&self, event: &SseEvent) -> bool {
        if event.name == "gap" && !self.json {
            output::note("older output is no longer kept; this is where it goes on");
            return true;
        }
        let text = text(&event.data);
        if self.json {
            let line = serde_json::json!({ "event": event.name, "offset": event.id, "data": text });
            return output::raw(format!("{line}\n").as_bytes());
        }
        if self.raw {
            return output::raw(text.as_bytes());
        }
        output::raw(strip(&text).as_bytes())
    }
}

/// What the terminal was sent, which travels as a JSON text.
fn text(data: &str) -> String {
    match serde_json::from_str(data) {
        Ok(Value::String(text)) => text,
        _ => data.to_owned(),
    }
}

/// Takes escape sequences and carriage returns out.
fn strip(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\u{1b}' {
            if !letter.is_control() || matches!(letter, '\n' | '\t') {
                out.push(letter);
            }
            continue;
        }
        match letters.next() {
            // CSI: ends at the first letter of 0x40..0x7e. One that places the cursor
            // begins a row of a repainted screen.
            Some('[') => {
                let end = letters.find(|next| ('\u{40}'..='\u{7e}').contains(next));
                if matches!(end, Some('H' | 'f')) && !out.is_empty() && !out.ends_with('\n') {
                    out.push('\n');
                }
            }
            // OSC, DCS and their like: end at BEL or at ESC \.
            Some(']' | 'P' | '_' | '^' | 'X') => {
                while let Some(next) = letters.next() {
                    if next == '\u{7}' {
                        break;
                    }
                    if next == '\u{1b}' {
                        letters.next();
                        break;
                    }
                }
            }
            Some('(' | ')' | '*' | '+' | '#') => {
                letters.next();
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gets_text_without_escapes() {
        assert_eq!(
            strip("\x1b[1;31mred\x1b[0m\r\n\x1b]0;title\x07x\x1b(By"),
            "red\nxy"
        );
        assert_eq!(
            strip("\x1b[1;1Hfirst\x1b[2;1Hsecond\x1b[3;1H\x1b[4;1H"),
            "first\nsecond\n"
        );
        assert_eq!(strip("\x1bP1;2q\x1b\\end\x1b"), "end");
    }
}
