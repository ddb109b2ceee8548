//! What a list shows of a session, gathered record by record; and the texts and tokens
//! that go into the index.

use super::format::{Format, Record, Spent, TitleRank};
use super::lines::{Line, Lines};
use crate::store::index::{FileRow, Stretch, UsageRow};
use orchestra_protocol::transcript::{EntryRole, Part};
use orchestra_words::build::Piece;
use serde::{Deserialize, Serialize};

/// Longest line that is read; a longer one is counted as unreadable.
pub const MAX_LINE: u64 = 16 * 1024 * 1024;
/// Most of a message that a list shows.
const MAX_SHOWN: usize = 300;
/// Most of one text that the index takes: of what people and models say, and of what tools
/// say, which is long and seldom looked for.
const MAX_SAID: usize = 32 * 1024;
const MAX_TOOL: usize = 2 * 1024;
/// A stretch ends behind so many bytes, so that memory stays flat and the rest waits its turn.
const STRETCH: u64 = 4 * 1024 * 1024;
/// The same for tokens, which are few.
const SUMS: u64 = 32 * 1024 * 1024;

/// What is known of one session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    pub cwd: Option<String>,
    pub branch: Option<String>,
    pub model: Option<String>,
    pub version: Option<String>,
    pub title: Option<(u8, String)>,
    pub first: Option<String>,
    pub last: Option<String>,
    /// Where the newest record lies that said one of these.
    pub seen_to: u64,
    pub began: Option<i64>,
    pub ended: Option<i64>,
    pub messages: u64,
    pub calls: u64,
    pub errors: u64,
    pub unreadable: u64,
    /// The model that was named last where tokens are summed.
    pub spender: Option<String>,
    /// The file could not be read at all.
    pub failed: Option<String>,
}

impl Facts {
    /// Keeps what was counted and takes what head and tail say.
    #[must_use]
    pub fn with_ends_of(self, seen: Self) -> Self {
        Self {
            messages: self.messages,
            calls: self.calls,
            errors: self.errors,
            unreadable: self.unreadable,
            title: seen.title.max(self.title),
            cwd: self.cwd.or(seen.cwd),
            first: self.first.or(seen.first),
            spender: self.spender,
            ..seen
        }
    }

    /// Reads a stretch of a file from where its row ends: texts go into the piece, the row
    /// goes on.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn stretch(
        &mut self,
        format: &dyn Format,
        row: &mut FileRow,
        piece: &mut Piece,
    ) -> std::io::Result<Stretch> {
        let begun = row.read_to;
        let mut lines = Lines::open(&row.path, begun)?;
        if begun == 0 {
            // Head and tail may have shown a later one as the first.
            self.first = None;
        }
        let mut stretch = Stretch {
            first: piece.count(),
            ..Stretch::default()
        };
        while lines.offset() - begun < STRETCH
            && let Some(line) = lines.line()?
        {
            let Some(record) = self.take(format, &line) else {
                continue;
            };
            let text = indexed(&record);
            if !text.is_empty() {
                piece.add(&text);
                stretch.offsets.push(line.offset);
            }
            if line.offset >= row.summed_to {
                self.spend(record, &mut stretch.usage);
            }
        }
        row.read_to = lines.offset();
        row.summed_to = row.summed_to.max(row.read_to);
        Ok(stretch)
    }

    /// Reads the tokens of a stretch only, which is much less than everything.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sums(&mut self, format: &dyn Format, row: &mut FileRow) -> std::io::Result<Stretch> {
        let begun = row.summed_to;
        let mut lines = Lines::open(&row.path, begun)?;
        let mut stretch = Stretch::default();
        while lines.offset() - begun < SUMS
            && let Some(line) = lines.line_of(|bytes| format.may_spend(bytes))?
        {
            if let Some(value) = line.value.filter(|value| !value.is_null()) {
                self.spend(format.read(&value), &mut stretch.usage);
            }
        }
        row.summed_to = lines.offset();
        Ok(stretch)
    }

    fn spend(&mut self, record: Record, usage: &mut Vec<UsageRow>) {
        if record.model.is_some() {
            self.spender = record.model;
        }
        let Some(Spent { key, usage: spent }) = record.spent else {
            return;
        };
        let row = UsageRow {
            kind: String::new(),
            key,
            model: self.spender.clone().unwrap_or_default(),
            input: spent.input_tokens,
            output: spent.output_tokens,
            cache_write: spent.cache_write_tokens,
            cache_read: spent.cache_read_tokens,
            at: record.at.or(self.ended).unwrap_or_default(),
        };
        match usage.last_mut().filter(|last| last.key == row.key) {
            // The next block of the same answer.
            Some(last) => last.raise(&row),
            None => usage.push(row),
        }
    }

    /// Adds one line; gives its record.
    pub(super) fn take(&mut self, format: &dyn Format, line: &Line) -> Option<Record> {
        let Some(value) = &line.value else {
            self.unreadable += 1;
            return None;
        };
        if value.is_null() {
            return None;
        }
        let record = format.read(value);
        self.fold(&record, line.offset);
        Some(record)
    }

    pub(super) fn fold(&mut self, record: &Record, offset: u64) {
        // A second reading from the beginning must not put old words in place of newer ones.
        let newest = offset >= self.seen_to;
        self.seen_to = self.seen_to.max(offset);
        // A session goes on where it began, so the first folder counts.
        set_first(&mut self.cwd, record.cwd.as_ref());
        for (own, new) in [
            (&mut self.branch, &record.branch),
            (&mut self.model, &record.model),
            (&mut self.version, &record.version),
        ] {
            if newest || own.is_none() {
                set_last(own, new.as_ref());
            }
        }
        if let Some((rank, title)) = &record.title {
            let rank = *rank as u8;
            let known = self.title.as_ref().map_or(0, |title| title.0);
            if rank > known || (rank == known && newest) {
                self.title = Some((rank, shown(title)));
            }
        }
        if let Some(at) = record.at {
            self.began = Some(self.began.map_or(at, |began| began.min(at)));
            self.ended = Some(self.ended.map_or(at, |ended| ended.max(at)));
        }
        self.count(record, newest);
    }

    fn count(&mut self, record: &Record, newest: bool) {
        let Some(role) = record.role else { return };
        let mut said = false;
        for part in &record.parts {
            match part {
                Part::Text { text } if !record.aside && role != EntryRole::System => {
                    said = true;
                    if role == EntryRole::User && self.first.is_none() {
                        self.first = Some(shown(text));
                    }
                    if newest || self.last.is_none() {
                        self.last = Some(shown(text));
                    }
                }
                Part::ToolCall { .. } => self.calls += 1,
                Part::ToolResult { is_error: true, .. } | Part::Error { .. } => self.errors += 1,
                _ => {}
            }
        }
        self.messages += u64::from(said);
    }

    /// The title to show.
    pub fn shown_title(&self) -> String {
        let given = self.title.as_ref().map(|title| &title.1);
        let text = given.or(self.first.as_ref());
        text.cloned().unwrap_or_else(|| "(no message)".to_owned())
    }
}

impl From<TitleRank> for u8 {
    fn from(rank: TitleRank) -> Self {
        rank as Self
    }
}

fn set_first(own: &mut Option<String>, new: Option<&String>) {
    if own.is_none() {
        *own = new.cloned();
    }
}

fn set_last(own: &mut Option<String>, new: Option<&String>) {
    if let Some(new) = new
        && own.as_ref() != Some(new)
    {
        *own = Some(new.clone());
    }
}

/// The beginning of a text, on one line.
fn shown(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().take(MAX_SHOWN).collect();
    let line = words.join(" ");
    cut(&line, MAX_SHOWN).to_owned()
}

/// At most so many bytes, whole letters.
pub fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// What the index takes of a record.
pub fn indexed(record: &Record) -> String {
    let mut out = String::new();
    if record.role.is_none() {
        return out;
    }
    for part in &record.parts {
        let (text, most) = match part {
            Part::Text { text } | Part::Error { text } => (text, MAX_SAID),
            Part::ToolCall { input, .. } => (input, MAX_TOOL),
            Part::ToolResult { text, .. } => (text, MAX_TOOL),
            Part::Thinking { .. } | Part::Note { .. } => continue,
        };
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(cut(text, most));
    }
    out
}
