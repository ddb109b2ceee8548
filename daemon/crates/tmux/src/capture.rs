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
    /// ones; `before` 0 is the page just above the screen.
    pub async fn history(&self, pane: PaneId, before: u32, lines: u32) -> Result<History, Error> {
        let ask = Script::new(&command::display(pane, "#{pane_id} #{history_size}"));
        let mut section = self.client.section(Lane::Capture, &ask).await?;
        let answer = section.block(Rows::Trusted)?;
        let text = answer
            .first()
            .map(|line| String::from_utf8_lossy(line))
            .unwrap_or_default();
        let (id, size) = text.split_once(' ').unwrap_or_default();
        if id.is_empty() {
            return Err(Error::NotFound);
        }
        let size: u32 = size
            .parse()
            .map_err(|_| Error::Protocol("no history size".to_owned()))?;
        let lines = lines.min(PAGE).min(size.saturating_sub(before));
        if lines == 0 {
            return Ok(History {
                size,
                ..History::default()
            });
        }
        let top = -i64::from(before) - i64::from(lines);
        let opts = CaptureOpts {
            escapes: true,
            join: true,
            start: Some(top),
            end: Some(-i64::from(before) - 1),
            alternate: false,
        };
        Ok(History {
            rows: self.capture(pane, opts).await?.rows,
            lines,
            size,
        })
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
