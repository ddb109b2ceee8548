//! Text of a pane: its screen, and pages of what scrolled off.
//!
//! Up to 3.5a tmux loses the memory of every capture printed to a control
//! client, so there the text takes the way through a buffer. Callers see no
//! difference.

use crate::{
    client::Lane,
    codec::{
        section::{Rows, Section},
        vis::unescape_vis,
    },
    command::{self, Script},
    error::Error,
    ids::PaneId,
    server::TmuxServer,
    session::Size,
    version::Version,
};
use bytes::Bytes;

/// The buffer that captures go through. A line of commands is atomic, so one
/// name is enough.
const BUFFER: &str = "orc-capture";
/// Lines of one page of history; more would hold up everybody on the server.
const PAGE: u32 = 5000;

/// What to capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CaptureOpts {
    /// With colours and attributes as escape sequences. They carry over from
    /// row to row, so a row alone says little.
    pub escapes: bool,
    /// Rows that the terminal wrapped become one.
    pub join: bool,
    /// The first line; 0 is the top of the screen, negative is history.
    pub start: Option<i64>,
    /// The last line.
    pub end: Option<i64>,
    /// The screen that a full-screen program has put aside.
    pub alternate: bool,
}

/// Captured rows, top to bottom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capture {
    /// Bytes as the pane holds them; without escapes this is UTF-8.
    pub rows: Vec<Bytes>,
}

impl Capture {
    /// As text, without trailing blanks and empty rows at the end.
    pub fn text(&self) -> String {
        let rows: Vec<String> = self
            .rows
            .iter()
            .map(|row| String::from_utf8_lossy(row).trim_end().to_owned())
            .collect();
        let used = rows
            .iter()
            .rposition(|row| !row.is_empty())
            .map_or(0, |last| last + 1);
        rows[..used].join("\n")
    }
}

/// A page of history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// The rows, oldest first, wrapped ones joined.
    pub rows: Vec<Bytes>,
    /// How many terminal lines (before joining) the page covers.
    pub lines: u32,
    /// How many lines of history there are in all.
    pub size: u32,
}

/// Rows to read together with others: from one line to another, both included,
/// counted from the top of the screen; negative ones are history. What lies
/// beyond the ends is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The upper end.
    pub from: i64,
    /// The lower end.
    pub to: i64,
    /// With colours; the first row names all of its own.
    pub escapes: bool,
    /// Wrapped rows become one.
    pub join: bool,
}

impl Span {
    fn capture(self) -> command::Capture {
        let bounded = |line: i64| line.clamp(-LINES, LOWEST);
        command::Capture {
            escapes: self.escapes,
            join: self.join,
            alternate: false,
            start: Some(bounded(self.from)),
            end: Some(bounded(self.to)),
        }
    }

    /// First and last index from the oldest kept line, as tmux bounds them.
    fn place(self, read: &Reading) -> (u32, u32) {
        let most = i64::from(read.size) + i64::from(read.screen.rows) - 1;
        let index = |line: i64| (i64::from(read.size) + line).clamp(0, most.max(0));
        let (from, to) = (index(self.from), index(self.to));
        let whole = |index: i64| u32::try_from(index).unwrap_or_default();
        (whole(from.min(to)), whole(from.max(to)))
    }
}

/// A pane's history at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Lines of history.
    pub size: u32,
    /// How many there may be; when they are, tmux drops a tenth of that at once.
    pub limit: u32,
    /// Columns and rows of the screen.
    pub screen: Size,
    /// What was asked for, in that order.
    pub spans: Vec<SpanRows>,
}

/// Rows of one span.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpanRows {
    /// Index of the first line; 0 is the oldest kept.
    pub first: u32,
    /// Index of the last line.
    pub last: u32,
    /// The rows, one a line unless they are joined.
    pub rows: Vec<Bytes>,
}

const MEASURES: &str = "#{pane_id}:#{history_size}:#{history_limit}:#{pane_width}:#{pane_height}";
/// More lines than any history has, and the lowest that tmux takes.
const LINES: i64 = 1_000_000_000;
const LOWEST: i64 = 32_000;

/// A missing pane answers with empty fields, not with an error.
fn measures(lines: &[Bytes]) -> Result<Reading, Error> {
    let line = lines
        .first()
        .map(|line| String::from_utf8_lossy(line))
        .unwrap_or_default();
    if line.starts_with(':') {
        return Err(Error::NotFound);
    }
    let read = |line: &str| -> Option<Reading> {
        let mut fields = line.split(':').skip(1);
        Some(Reading {
            size: fields.next()?.parse().ok()?,
            limit: fields.next()?.parse().ok()?,
            screen: Size {
                cols: fields.next()?.parse().ok()?,
                rows: fields.next()?.parse().ok()?,
            },
            spans: Vec::new(),
        })
    };
    read(&line).ok_or_else(|| Error::Protocol("the measures of a pane cannot be read".to_owned()))
}

impl TmuxServer {
    /// Captures text of a pane.
    pub async fn capture(&self, pane: PaneId, opts: CaptureOpts) -> Result<Capture, Error> {
        let what = command::Capture {
            escapes: opts.escapes,
            join: opts.join,
            alternate: opts.alternate,
            start: opts.start,
            end: opts.end,
        };
        let way = self.capture_way();
        let script = way.script(None, pane, what);
        let mut section = self.client.section(Lane::Capture, &script).await?;
        Ok(Capture {
            rows: way.rows(&mut section, Rows::Remaining)?,
        })
    }

    /// A page of history with colours: `lines` lines above the `before` lowest
    /// ones; `before` 0 is the page just above the screen. Wrapped lines are
    /// joined.
    pub async fn history(&self, pane: PaneId, before: u32, lines: u32) -> Result<History, Error> {
        let lines = lines.min(PAGE);
        let span = Span {
            from: -i64::from(before) - i64::from(lines.max(1)),
            to: -i64::from(before) - 1,
            escapes: true,
            join: true,
        };
        let mut read = self.read_rows(pane, &[span]).await?;
        let size = read.size;
        let lines = lines.min(size.saturating_sub(before));
        let rows = read.spans.pop().unwrap_or_default().rows;
        Ok(History {
            rows: if lines == 0 { Vec::new() } else { rows },
            lines,
            size,
        })
    }

    /// The measures of a pane and some of its rows, all of one instant. Only the
    /// last span may be joined, because only its number of rows may be unknown.
    pub async fn read_rows(&self, pane: PaneId, spans: &[Span]) -> Result<Reading, Error> {
        if spans.iter().rev().skip(1).any(|span| span.join) {
            return Err(Error::Invalid("only the last span may be joined"));
        }
        let way = self.capture_way();
        let mut script = Script::new(&command::display(pane, MEASURES));
        for span in spans {
            script = way.script(Some(script), pane, span.capture());
        }
        let mut section = self.client.section(Lane::Capture, &script).await?;
        let mut read = measures(&section.block(Rows::Trusted)?)?;
        for span in spans {
            let (first, last) = span.place(&read);
            let count = usize::try_from(last - first).unwrap_or_default() + 1;
            let rows = way.rows(
                &mut section,
                if span.join {
                    Rows::Remaining
                } else {
                    Rows::Exactly(count)
                },
            )?;
            read.spans.push(SpanRows { first, last, rows });
        }
        Ok(read)
    }

    pub(crate) fn capture_way(&self) -> Way {
        Way::of(&self.launcher.version)
    }
}

/// How captured text reaches us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// In the reply of `capture-pane` itself.
    Direct,
    /// Through a buffer, which `show-buffer` prints with escapes.
    Buffer,
}

impl Way {
    pub(crate) fn of(version: &Version) -> Self {
        if version.capture_leaks() {
            Self::Buffer
        } else {
            Self::Direct
        }
    }

    /// The way on the live connection, whose requests nobody orders: where buffers
    /// are announced they would be a danger to clients that come in, so there
    /// the few captures of live readings cost their memory instead.
    pub(crate) fn live(version: &Version) -> Self {
        if version.announces_buffers() {
            Self::Direct
        } else {
            Self::of(version)
        }
    }

    /// Adds the commands of one capture to a line.
    pub(crate) fn script(
        self,
        line: Option<Script>,
        pane: PaneId,
        what: command::Capture,
    ) -> Script {
        let add = |line: Option<Script>, command| match line {
            Some(line) => line.then(&command),
            None => Script::new(&command),
        };
        match self {
            Self::Direct => add(line, command::capture(pane, what)),
            Self::Buffer => add(line, command::capture_to(pane, what, BUFFER))
                .then(&command::show_buffer(BUFFER))
                .then(&command::delete_buffer(BUFFER)),
        }
    }

    /// Reads their replies.
    pub(crate) fn rows(self, section: &mut Section, rows: Rows) -> Result<Vec<Bytes>, Error> {
        if self == Self::Direct {
            return section.block(rows);
        }
        section.block(Rows::Trusted)?;
        let mut lines = section.block(rows)?;
        section.block(Rows::Trusted)?;
        // The text ends in a newline, and tmux adds one of its own.
        if rows == Rows::Remaining && lines.last().is_some_and(Bytes::is_empty) {
            lines.pop();
        }
        Ok(lines.iter().map(|line| unescape_vis(line)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Capture;
    use bytes::Bytes;

    #[test]
    fn text_has_no_tail() {
        let rows = ["a  ", "", "b\u{e9}", " ", ""].map(Bytes::from).to_vec();
        assert_eq!(Capture { rows }.text(), "a\n\nb\u{e9}");
        assert_eq!(Capture::default().text(), "");
    }
}
