//! A session's entries from a byte on, and the words around a place that was found.

use super::facts::{cut, indexed};
use super::format::{self, Record, Spent};
use super::hits::LINE;
use super::lines::{Lines, open};
use super::prices::Prices;
use crate::store::index::FileRow;
use orchestra_protocol::time::Timestamp;
use orchestra_protocol::transcript::{Entry, Hit, Part};
use std::path::Path;

/// Most bytes of a file that one answer covers.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// Longest text of one part; the file has the rest.
const MAX_TEXT: usize = 128 * 1024;
/// How much is shown on each side of what was found.
const AROUND: usize = 80;

/// Entries of a stretch.
#[derive(Debug, Default)]
pub struct Stretch {
    pub entries: Vec<Entry>,
    pub next: u64,
    pub at_end: bool,
    pub unreadable: u64,
}

/// Reads at most `limit` entries from the first line at or behind `from`.
///
/// # Errors
/// When the file cannot be read.
pub fn entries(
    prices: &Prices,
    kind: &str,
    path: &Path,
    from: u64,
    limit: usize,
) -> std::io::Result<Stretch> {
    let mut stretch = Stretch {
        next: from,
        ..Stretch::default()
    };
    let Some(format) = format::find(kind) else {
        return Ok(stretch);
    };
    let mut lines = Lines::within(path, from)?;
    let begun = lines.offset();
    let mut last: Option<String> = None;
    while stretch.entries.len() < limit && lines.offset() - begun < MAX_BYTES {
        let Some(line) = lines.line()? else {
            stretch.at_end = true;
            break;
        };
        match &line.value {
            Some(value) => {
                let record = format.read(value);
                entry(prices, record, line.offset, &mut last, &mut stretch.entries);
            }
            None => stretch.unreadable += 1,
        }
    }
    // A place behind the end stays what was asked for.
    stretch.next = lines.offset().max(from);
    Ok(stretch)
}

fn entry(
    prices: &Prices,
    record: Record,
    offset: u64,
    last: &mut Option<String>,
    entries: &mut Vec<Entry>,
) {
    // Told once for each block; shown with the first.
    let spent = record.spent.filter(|spent| {
        let new = last.as_ref() != Some(&spent.key);
        *last = Some(spent.key.clone());
        new
    });
    let model = record.model;
    let cost = |spent: &Spent| prices.cost(model.as_deref().unwrap_or_default(), &spent.usage);
    let Some(role) = record.role else {
        // A CLI that tells the tokens by themselves, behind the answer.
        if let (Some(spent), Some(before)) = (spent, entries.last_mut()) {
            before.cost_usd = cost(&spent);
            before.usage = Some(spent.usage);
        }
        return;
    };
    if record.parts.is_empty() {
        return;
    }
    entries.push(Entry {
        offset,
        at: record.at.map(Timestamp),
        role,
        parts: record.parts.into_iter().map(short).collect(),
        usage: spent.as_ref().map(|spent| spent.usage),
        cost_usd: spent.as_ref().and_then(cost),
        model,
    });
}

fn short(mut part: Part) -> Part {
    let text = match &mut part {
        Part::Text { text }
        | Part::Thinking { text }
        | Part::ToolResult { text, .. }
        | Part::Error { text }
        | Part::Note { text } => text,
        Part::ToolCall { input, .. } => input,
    };
    if text.len() > MAX_TEXT {
        let rest = text.len() - MAX_TEXT;
        *text = format!("{}\n… {rest} bytes more in the file", cut(text, MAX_TEXT));
    }
    part
}

/// The words around places of a search.
pub fn snippets(row: &FileRow, offsets: &[u64], words: &[String]) -> Vec<Hit> {
    let Some(format) = format::find(&row.kind) else {
        return Vec::new();
    };
    let hit = |offset: &u64| {
        let (file, _) = open(&row.path).ok()?;
        let line = Lines::of(file, *offset, LINE).ok()?.line().ok()??;
        let text = indexed(&format.read(&line.value?));
        Some(Hit {
            offset: *offset,
            snippet: around(&text, words),
        })
    };
    offsets.iter().filter_map(hit).collect()
}

fn around(text: &str, words: &[String]) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // Lower case of the same length, so that a place in it is one in the text.
    let lower = line.to_ascii_lowercase();
    let places = words
        .iter()
        .filter_map(|word| lower.find(&word.to_ascii_lowercase()));
    let at = places.min().unwrap_or(0);
    let start = line.ceil_char_boundary(at.saturating_sub(AROUND));
    let end = line.floor_char_boundary(at + 2 * AROUND);
    let head = if start > 0 { "…" } else { "" };
    let tail = if end < line.len() { "…" } else { "" };
    format!("{head}{}{tail}", &line[start..end.max(start)])
}

#[cfg(test)]
mod tests {
    use super::around;

    #[test]
    fn what_was_found_is_shown_with_its_surroundings() {
        let text = format!("{} Needle {}", "é".repeat(200), "x".repeat(400));
        let shown = around(&text, &["needle".to_owned()]);
        assert!(shown.contains("Needle") && shown.starts_with('…') && shown.ends_with('…'));
        assert_eq!(around("short", &["none".to_owned()]), "short");
    }
}
