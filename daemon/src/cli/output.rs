//! What commands print: lines and tables for people, JSON for scripts.

use orchestra_protocol::time::Timestamp;
use serde::Serialize;
use std::io::Write;

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

/// Rows in columns as wide as their widest cell; the last one is cut at `width`.
pub fn table(head: &[&str], rows: &[Vec<String>], width: usize) -> String {
    let all = || {
        std::iter::once(head.iter().map(|cell| (*cell).to_owned()).collect())
            .chain(rows.iter().cloned())
    };
    let mut widths = vec![0; head.len()];
    for row in all() {
        for (column, cell) in row.iter().enumerate() {
            widths[column] = widths[column].max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in all() {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let gap = widths[column] - cell.chars().count() + 2;
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', gap));
        }
        let line: String = line.trim_end().chars().take(width).collect();
        out.push_str(&line);
        out.push('\n');
    }
    out
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
        let text = table(&["ID", "TITLE"], &rows, 14);
        assert_eq!(text, "ID         TIT\ndroid-001  x\np          yyy\n");
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
