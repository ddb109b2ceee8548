//! A whole screen at one instant: cells, cursor, modes.
//!
//! One line of commands reads it all, and panes read their program's output only
//! between lines, so no byte falls inside. On a live connection the reply also
//! marks the exact place in the stream of output.

pub mod canon;
pub mod heal;
pub mod pen;
pub mod render;
pub mod track;

use crate::{
    capture::Way,
    client::Lane,
    codec::{
        section::{Rows, Section},
        vis::unescape_output,
    },
    command::{self, Capture, Script},
    error::Error,
    ids::PaneId,
    server::TmuxServer,
    session::Size,
};
use bytes::Bytes;

/// Everything of a screen that tmux can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Cursor, size and switches.
    pub modes: Modes,
    /// The rows of the screen in use, with escape sequences; colours carry over
    /// from row to row.
    pub rows: Vec<Bytes>,
    /// The rows of the normal screen while a program is on the alternate one.
    pub alt_rows: Option<Vec<Bytes>>,
    /// The beginning of an escape sequence whose rest has not come yet.
    pub pending: Bytes,
}

/// The switches of a terminal, as tmux names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modes {
    /// Columns and rows.
    pub size: Size,
    /// Column and row from 0; the column equals the width when the next
    /// character wraps.
    pub cursor: (u16, u16),
    /// The cursor shows.
    pub cursor_visible: bool,
    /// On the alternate screen.
    pub alternate: bool,
    /// Where the cursor of the normal screen was left, if that is known.
    pub saved_cursor: Option<(u16, u16)>,
    /// Characters push others to the right.
    pub insert: bool,
    /// Arrow keys send the application's codes.
    pub cursor_keys: bool,
    /// The keypad sends the application's codes.
    pub keypad: bool,
    /// Cursor addresses count from the scroll region.
    pub origin: bool,
    /// Text wraps at the right edge.
    pub wrap: bool,
    /// First and last row that scroll.
    pub region: (u16, u16),
    /// Lines of history above the screen.
    pub history_size: u32,
    /// Mouse reports: clicks, drags, all motion, and in the SGR form.
    pub mouse: Mouse,
    /// The program wants pastes marked; only tmux 3.7 and later tell.
    pub bracketed_paste: bool,
}

/// Which mouse reports the program asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mouse {
    /// Clicks (1000).
    pub standard: bool,
    /// Clicks and drags (1002).
    pub button: bool,
    /// All motion (1003).
    pub all: bool,
    /// In the form without a size limit (1006).
    pub sgr: bool,
}

const FORMAT: &str = "#{pane_width}:#{pane_height}:#{cursor_x}:#{cursor_y}:#{cursor_flag}:#{alternate_on}:\
    #{alternate_saved_x}:#{alternate_saved_y}:#{insert_flag}:#{keypad_cursor_flag}:#{keypad_flag}:#{origin_flag}:\
    #{wrap_flag}:#{scroll_region_upper}:#{scroll_region_lower}:#{history_size}:#{mouse_standard_flag}:\
    #{mouse_button_flag}:#{mouse_all_flag}:#{mouse_sgr_flag}:#{bracket_paste_flag}";

const SCREEN: Capture = Capture {
    escapes: true,
    join: false,
    alternate: false,
    start: None,
    end: None,
};

impl TmuxServer {
    /// The screens of many panes, each exact in itself. Missing panes answer
    /// [`Error::NotFound`] in their place. Without what only a live reading
    /// needs: the screen put aside and unfinished escape sequences.
    pub async fn screens(&self, panes: &[PaneId]) -> Vec<Result<Snapshot, Error>> {
        let mut screens = Vec::with_capacity(panes.len());
        // The lane sends no more than this many at once; other commands get
        // their turn between two batches.
        for batch in panes.chunks(16) {
            let mut asked = Vec::with_capacity(batch.len());
            for &pane in batch {
                let server = self.clone();
                asked.push(crate::spawner::task(
                    async move { server.screen(pane).await },
                ));
            }
            for answer in asked {
                screens.push(answer.await.unwrap_or(Err(Error::Disconnected)));
            }
        }
        screens
    }

    /// The screen of one pane.
    pub async fn screen(&self, pane: PaneId) -> Result<Snapshot, Error> {
        let way = self.capture_way();
        let line = Script::new(&command::display(pane, FORMAT));
        let script = way.script(Some(line), pane, SCREEN);
        let mut section = self.client.section(Lane::Capture, &script).await?;
        let modes = read_modes(&mut section)?;
        let rows = way.rows(&mut section, Rows::Exactly(usize::from(modes.size.rows)))?;
        Ok(Snapshot {
            modes,
            rows: mended(rows),
            alt_rows: None,
            pending: Bytes::new(),
        })
    }
}

/// The line that reads a whole snapshot.
pub(crate) fn script(way: Way, pane: PaneId) -> Script {
    let aside = Capture {
        alternate: true,
        ..SCREEN
    };
    // A capture of nothing sets no buffer, so the pending bytes, mostly none,
    // come directly; and there is a screen put aside only sometimes.
    way.script(
        Some(Script::new(&command::display(pane, FORMAT))),
        pane,
        SCREEN,
    )
    .then(&command::capture_pending(pane))
    .then(&command::when(
        pane,
        "#{alternate_on}",
        &way.script(None, pane, aside),
    ))
}

/// Reads the replies to [`script`].
pub(crate) fn read(way: Way, section: &mut Section) -> Result<Snapshot, Error> {
    let mut modes = read_modes(section)?;
    let height = Rows::Exactly(usize::from(modes.size.rows));
    let rows = way.rows(section, height)?;
    let pending = section.block(Rows::Exactly(1))?;
    section.block(Rows::Trusted)?;
    let alt_rows = if modes.alternate {
        // After a resize it has the height it had, not the present one.
        let aside = way.rows(section, Rows::Remaining)?;
        Some(mended(fitted(aside, &mut modes)))
    } else {
        None
    };
    let pending = pending
        .first()
        .map_or_else(Bytes::new, |line| unescape_output(line));
    Ok(Snapshot {
        modes,
        rows: mended(rows),
        alt_rows,
        pending,
    })
}

/// As many rows as the screen has now, the cursor's among them.
fn fitted(mut rows: Vec<Bytes>, modes: &mut Modes) -> Vec<Bytes> {
    let height = modes.size.rows;
    let above = modes
        .saved_cursor
        .map_or(0, |(_, y)| y.saturating_add(1).saturating_sub(height));
    rows.drain(..usize::from(above).min(rows.len()));
    rows.truncate(usize::from(height));
    if let Some((_, y)) = &mut modes.saved_cursor {
        *y -= above;
    }
    rows
}

/// tmux writes an overline as `5:3`, which other emulators take for blinking.
fn mended(rows: Vec<Bytes>) -> Vec<Bytes> {
    rows.into_iter().map(with_overline).collect()
}

fn with_overline(row: Bytes) -> Bytes {
    const WRONG: &[u8] = b"5:3";
    let places: Vec<usize> = parameters_that_are(&row, WRONG).collect();
    if places.is_empty() {
        return row;
    }
    let mut out = Vec::with_capacity(row.len());
    let mut from = 0;
    for at in places {
        out.extend_from_slice(&row[from..at]);
        out.extend_from_slice(b"53");
        from = at + WRONG.len();
    }
    out.extend_from_slice(&row[from..]);
    out.into()
}

/// Where a parameter of a colour sequence is exactly this.
fn parameters_that_are<'a>(row: &'a [u8], wanted: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    // Every sampled row comes through here, and hardly any has one.
    memchr::memmem::find_iter(row, wanted).filter(move |at| {
        matches!(row.get(at + wanted.len()), Some(b'm' | b';'))
            && *at > 0
            && matches!(row[at - 1], b'[' | b';')
            && row[..*at]
                .iter()
                .rposition(|b| !matches!(b, b'0'..=b'9' | b';' | b':'))
                .is_some_and(|open| row[..=open].ends_with(b"\x1b["))
    })
}

/// A missing pane answers with empty fields, not with an error.
fn read_modes(section: &mut Section) -> Result<Modes, Error> {
    let lines = section.block(Rows::Trusted)?;
    let line = lines
        .first()
        .map(|line| String::from_utf8_lossy(line))
        .unwrap_or_default();
    if line.starts_with(':') {
        return Err(Error::NotFound);
    }
    parse_modes(&line)
        .ok_or_else(|| Error::Protocol("the modes of a pane cannot be read".to_owned()))
}

fn parse_modes(line: &str) -> Option<Modes> {
    let mut fields = line.split(':');
    let mut next = || fields.next();
    let mut number = || -> Option<u32> { next()?.parse().ok() };
    let small = |n: u32| u16::try_from(n).ok();
    let size = Size {
        cols: small(number()?)?,
        rows: small(number()?)?,
    };
    let cursor = (small(number()?)?, small(number()?)?);
    let cursor_visible = number()? == 1;
    let alternate = number()? == 1;
    // All ones when never used.
    let saved = (number()?, number()?);
    let insert = number()? == 1;
    let cursor_keys = number()? == 1;
    let keypad = number()? == 1;
    let origin = number()? == 1;
    let wrap = number()? == 1;
    let region = (small(number()?)?, small(number()?)?);
    let history_size = number()?;
    let mouse = Mouse {
        standard: number()? == 1,
        button: number()? == 1,
        all: number()? == 1,
        sgr: number()? == 1,
    };
    Some(Modes {
        size,
        cursor,
        cursor_visible,
        alternate,
        saved_cursor: small(saved.0).zip(small(saved.1)).filter(|_| alternate),
        insert,
        cursor_keys,
        keypad,
        origin,
        wrap,
        region,
        history_size,
        mouse,
        bracketed_paste: next() == Some("1"),
    })
}

#[cfg(test)]
mod tests {
    use super::{fitted, parse_modes, with_overline};
    use bytes::Bytes;

    #[test]
    fn the_screen_put_aside_fits() {
        let mut modes = parse_modes("80:3:0:0:1:1:4:5:0:0:0:0:1:0:2:0:0:0:0:0:").unwrap();
        let rows = (0..7).map(|n| Bytes::from(n.to_string())).collect();
        assert_eq!(fitted(rows, &mut modes), ["3", "4", "5"]);
        assert_eq!(modes.saved_cursor, Some((4, 2)));
        assert_eq!(fitted(vec![Bytes::from("x")], &mut modes), ["x"]);
    }

    #[test]
    fn an_overline_is_one() {
        for (row, expected) in [
            ("\x1b[5:3ma", "\x1b[53ma"),
            (
                "\x1b[1;5:3;31ma\x1b[0;5:3m5:3m[5:3m",
                "\x1b[1;53;31ma\x1b[0;53m5:3m[5:3m",
            ),
            ("\x1b[45:3m", "\x1b[45:3m"),
        ] {
            assert_eq!(with_overline(Bytes::from(row)), expected);
        }
    }

    #[test]
    fn modes_are_read() {
        let modes = parse_modes("80:24:80:3:1:1:4294967295:4294967295:0:1:0:0:1:0:23:120:0:1:0:1:")
            .unwrap();
        assert_eq!(
            (modes.cursor, modes.region, modes.history_size),
            ((80, 3), (0, 23), 120)
        );
        assert!(
            modes.alternate
                && modes.cursor_keys
                && modes.wrap
                && modes.mouse.button
                && modes.mouse.sgr
        );
        assert!(!modes.insert && !modes.bracketed_paste);
        assert_eq!(modes.saved_cursor, None);
        assert!(parse_modes(":::").is_none());
    }
}
