//! What commands print: lines and tables for people, JSON for scripts.

use super::tty;
use orchestra_protocol::time::Timestamp;
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// One line on stdout. A reader that went away is no failure of ours.
pub fn line(text: &str) {
    raw(format!("{text}\n").as_bytes());
}

/// Lines that are whole already.
pub fn text(text: &str) {
    raw(text.as_bytes());
}

/// Bytes as they are on stdout; false when nobody reads any more.
pub fn raw(bytes: &[u8]) -> bool {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).is_ok()
}

/// One line on stderr.
pub fn note(text: &str) {
    // Nothing better can be done when stderr is gone.
    let _ = writeln!(std::io::stderr(), "orchestra: {text}");
}

/// A failure as one line of JSON on stderr.
pub fn error_json(value: &serde_json::Value) {
    let _ = writeln!(std::io::stderr(), "{value}");
}

/// A value as one line of JSON on stdout.
pub fn json(value: &impl Serialize) {
    line(&serde_json::to_string(value).unwrap_or_default());
}

/// What a cell says at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Head,
    /// All is well.
    Good,
    /// Something goes on.
    Busy,
    /// A person is asked for.
    Needs,
    /// It went wrong.
    Bad,
    Dim,
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Head => "1",
            Self::Good => "32",
            Self::Busy => "36",
            Self::Needs => "1;33",
            Self::Bad => "31",
            Self::Dim => "2",
        }
    }
}

/// True when stdout is a terminal and nobody asked for plain text (`NO_COLOR`).
pub fn colours() -> bool {
    let environment = crate::config::environment();
    let said = |name: &str| environment.get(name).is_some_and(|value| !value.is_empty());
    let dumb = environment.get("TERM").is_none_or(|term| term == "dumb");
    std::io::stdout().is_terminal() && !said("NO_COLOR") && !dumb
}

/// Prints rows as a table, as wide as the terminal; `tone` is that of row and column.
pub fn print_table(head: &[&str], rows: &[Vec<String>], tone: impl Fn(usize, usize) -> Tone) {
    text(&toned(head, rows, tty::width(), colours(), tone));
}

/// Rows in columns as wide as their widest cell; a line is cut at `width`.
pub fn toned(
    head: &[&str],
    rows: &[Vec<String>],
    width: usize,
    colours: bool,
    tone: impl Fn(usize, usize) -> Tone,
) -> String {
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let mut widths = vec![0; head.len()];
    for row in std::iter::once(&head).chain(rows) {
        for (column, cell) in row.iter().enumerate() {
            widths[column] = widths[column].max(cell.chars().count());
        }
    }
    let mut out = String::new();
    line_of(&head, &widths, width, &mut out, |_| match colours {
        true => Tone::Head,
        false => Tone::Plain,
    });
    for (number, row) in rows.iter().enumerate() {
        line_of(row, &widths, width, &mut out, |column| match colours {
            true => tone(number, column),
            false => Tone::Plain,
        });
    }
    out
}

fn line_of(
    row: &[String],
    widths: &[usize],
    width: usize,
    out: &mut String,
    tone: impl Fn(usize) -> Tone,
) {
    let last = row.iter().rposition(|cell| !cell.trim_end().is_empty());
    let mut left = width;
    for (column, cell) in row.iter().enumerate().take(last.map_or(0, |last| last + 1)) {
        let shown: String = match Some(column) == last {
            true => cell.trim_end().chars().take(left).collect(),
            false => cell.chars().take(left).collect(),
        };
        let count = shown.chars().count();
        let code = tone(column).code();
        if code.is_empty() || count == 0 {
            out.push_str(&shown);
        } else {
            out.push_str(&format!("\x1b[{code}m{shown}\x1b[0m"));
        }
        left -= count;
        if Some(column) != last {
            let gap = (widths[column] - cell.chars().count() + 2).min(left);
            out.extend(std::iter::repeat_n(' ', gap));
            left -= gap;
        }
    }
    // What was cut in a gap leaves no blanks behind.
    let end = out.trim_end_matches(' ').len();
    out.truncate(end);
    out.push('\n');
}

/// Text of others made safe for a terminal: no control character, one line.
pub fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

/// Like `plain`, but keeps line breaks and tabs.
pub fn plain_lines(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t'))
        .collect()
}

/// How long ago, in its largest unit: `3m`.
pub fn age(since: Timestamp) -> String {
    span(Timestamp::now().since(since))
}

/// A number of things: `1 file`, `2 files`.
pub fn counted(count: u64, thing: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{end}")
}

/// Milliseconds in their largest unit.
pub fn span(ms: i64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_up_and_is_cut() {
        let rows = [
            vec!["droid-001".into(), "x".into()],
            vec!["p".into(), "yyyyyy".into()],
        ];
        let plain = |_, _| Tone::Bad;
        let text = toned(&["ID", "TITLE"], &rows, 14, false, plain);
        assert_eq!(text, "ID         TIT\ndroid-001  x\np          yyy\n");
        let only_last = |_, column| match column {
            1 => Tone::Bad,
            _ => Tone::Plain,
        };
        let text = toned(&["ID", "TITLE"], &rows[..1], 14, true, only_last);
        let wanted = "\x1b[1mID\x1b[0m         \x1b[1mTIT\x1b[0m\ndroid-001  \x1b[31mx\x1b[0m\n";
        assert_eq!(text, wanted);
    }

    #[test]
    fn text_of_others_cannot_steer_the_terminal() {
        assert_eq!(plain("a\x1b[31mb\nc\u{9b}"), "a [31mb c ");
        assert_eq!(plain_lines("a\x1b[31mb\n\tc"), "a[31mb\n\tc");
        assert_eq!(
            (span(59_000), span(61_000), span(7_200_000)),
            ("59s".into(), "1m".into(), "2h".into())
        );
    }
}
