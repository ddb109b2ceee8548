//! Text for machines and for people: the screen without its colours or with them, and
//! waiting for what it shows.

use super::entry::wire_size;
use super::{TerminalError, Terminals};
use crate::model::ids::AgentId;
use orchestra_protocol::terminal::{Cursor, Screen};
use orchestra_protocol::time::Timestamp;
use orchestra_tmux::snapshot::Snapshot;
use std::time::Duration;
use tokio::time::Instant;

/// A screen that is the same twice within this time is not half a redraw.
const QUIET: Duration = Duration::from_millis(16);
/// After this long it is taken as it is.
const IMPATIENT: Duration = Duration::from_millis(48);

/// How a screen is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScreenFormat {
    /// Characters only, without blanks at the ends.
    #[default]
    Text,
    /// With colours and attributes as escape sequences.
    Ansi,
}

impl Terminals {
    /// The screen as text, once it has been quiet for a moment.
    ///
    /// # Errors
    /// When the agent has no terminal or tmux fails.
    pub async fn screen_text(&self, agent: &AgentId) -> Result<Screen, TerminalError> {
        self.screen(agent, ScreenFormat::Text).await
    }

    /// The screen, once it has been quiet for a moment.
    ///
    /// # Errors
    /// When the agent has no terminal or tmux fails.
    pub async fn screen(
        &self,
        agent: &AgentId,
        format: ScreenFormat,
    ) -> Result<Screen, TerminalError> {
        let (server, pane) = self.place(agent)?;
        let fail = |error| TerminalError::of(agent, error);
        let begun = Instant::now();
        let mut screen = server.tmux.screen(pane).await.map_err(fail)?;
        while begun.elapsed() < IMPATIENT {
            tokio::time::sleep(QUIET).await;
            let again = server.tmux.screen(pane).await.map_err(fail)?;
            if again == screen {
                break;
            }
            screen = again;
        }
        Ok(shown(&screen, format))
    }

    /// The screen as it is, be it half a redraw.
    pub(super) async fn screen_now(
        &self,
        agent: &AgentId,
        format: ScreenFormat,
    ) -> Result<Screen, TerminalError> {
        let (server, pane) = self.place(agent)?;
        let screen = server.tmux.screen(pane).await;
        let screen = screen.map_err(|error| TerminalError::of(agent, error))?;
        Ok(shown(&screen, format))
    }

    /// The newest rows as text, without blanks at the ends: at most `history` that
    /// scrolled off, then the screen.
    ///
    /// # Errors
    /// When the agent has no terminal or tmux fails.
    pub async fn tail(&self, agent: &AgentId, history: u32) -> Result<Vec<String>, TerminalError> {
        let (server, pane) = self.place(agent)?;
        let above = server.tmux.history(pane, 0, history).await;
        let above = above.map_err(|error| TerminalError::of(agent, error))?;
        let screen = self.screen_text(agent).await?;
        let above = above.rows.iter().map(|row| String::from_utf8_lossy(row));
        let mut rows: Vec<String> = plain(above)
            .iter()
            .map(|row| row.trim_end().to_owned())
            .collect();
        rows.extend(screen.text.lines().map(str::to_owned));
        Ok(rows)
    }
}

fn shown(screen: &Snapshot, format: ScreenFormat) -> Screen {
    let size = wire_size(screen.modes.size);
    let (x, y) = screen.modes.cursor;
    let rows = screen.rows.iter().map(|row| String::from_utf8_lossy(row));
    let text = match format {
        ScreenFormat::Ansi => rows.collect::<Vec<_>>().join("\n"),
        ScreenFormat::Text => {
            let rows: Vec<String> = plain(rows)
                .iter()
                .map(|row| row.trim_end().to_owned())
                .collect();
            let used = rows
                .iter()
                .rposition(|row| !row.is_empty())
                .map_or(0, |last| last + 1);
            rows[..used].join("\n")
        }
    };
    Screen {
        text,
        cols: size.cols,
        rows: size.rows,
        cursor: Cursor {
            x: x.min(size.cols.saturating_sub(1)),
            y,
            visible: screen.modes.cursor_visible,
        },
        alternate: screen.modes.alternate,
        captured_at: Timestamp::now(),
    }
}

/// Characters that the line-drawing set shows for ``` `a…~ ```.
const DRAWN: [char; 31] = [
    '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─', '⎼',
    '⎽', '├', '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];

/// Rows without escape sequences; line drawing becomes the characters it shows.
fn plain<T: AsRef<str>>(rows: impl Iterator<Item = T>) -> Vec<String> {
    let mut drawing = false;
    rows.map(|row| {
        let mut out = String::with_capacity(row.as_ref().len());
        let mut rest = row.as_ref().chars();
        while let Some(letter) = rest.next() {
            match letter {
                '\u{e}' => drawing = true,
                '\u{f}' => drawing = false,
                '\u{1b}' => skip_sequence(&mut rest),
                '`'..='~' if drawing => out.push(DRAWN[letter as usize - '`' as usize]),
                letter if letter.is_control() => {}
                letter => out.push(letter),
            }
        }
        out
    })
    .collect()
}

/// Passes over the rest of an escape sequence: colours, or a link in newer versions.
fn skip_sequence(rest: &mut std::str::Chars<'_>) {
    match rest.next() {
        Some('[') => {
            rest.find(|letter| ('@'..='~').contains(letter));
        }
        Some(']') => {
            while rest.find(|letter| matches!(letter, '\u{7}' | '\u{1b}')) == Some('\u{1b}') {
                if rest.next() == Some('\\') {
                    break;
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn colours_and_links_go_and_boxes_stay() {
        let rows = [
            "\u{1b}[1;31mred\u{1b}[0m é漢",
            "\u{e}lqk\u{f} l \u{e}x",
            "~\u{f}q",
            "\u{1b}]8;;http://a\u{1b}\\link\u{1b}]8;;\u{1b}\\!",
            "\u{1b}]8;;http://a\u{7}bell",
            "\u{1b}[38:2::1:2:3mdeep",
        ];
        let shown = ["red é漢", "┌─┐ l │", "·q", "link!", "bell", "deep"];
        assert_eq!(plain(rows.iter()), shown);
    }
}
