//! What is written for which screen.

use super::super::track::{Known, Tracker};
use super::super::{Modes, Mouse, Snapshot};
use crate::session::Size;
use bytes::Bytes;

fn snapshot() -> Snapshot {
    Snapshot {
        modes: Modes {
            size: Size { cols: 5, rows: 2 },
            cursor: (1, 1),
            cursor_visible: true,
            alternate: false,
            saved_cursor: None,
            insert: false,
            cursor_keys: false,
            keypad: false,
            origin: false,
            wrap: true,
            region: (0, 1),
            history_size: 0,
            mouse: Mouse::default(),
            bracketed_paste: false,
        },
        rows: vec![
            Bytes::from_static(b"\x1b[31mab"),
            Bytes::from_static(b"cdefg"),
        ],
        alt_rows: None,
        pending: Bytes::new(),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .replace('\x1b', "^")
        .replace('\x0f', "^O")
}

#[test]
fn a_plain_screen() {
    let expected = "^c^)0^[1;1H^[31mab^[2;1Hcdefg^[0m^O^[2;2H";
    assert_eq!(text(&snapshot().to_bytes()), expected);
}

#[test]
fn pending_wrap_prints_the_row_again_in_its_colours() {
    let mut snapshot = snapshot();
    snapshot.modes.cursor = (5, 1);
    let written = text(&snapshot.to_bytes());
    assert!(
        written.ends_with("^[0m^O^[2;1H^[0;31m^Ocdefg^[0m^O"),
        "{written}"
    );
}

#[test]
fn alternate_screen_modes_and_pending_bytes() {
    let mut snapshot = snapshot();
    snapshot.modes.alternate = true;
    snapshot.modes.saved_cursor = Some((3, 0));
    snapshot.modes.region = (1, 1);
    snapshot.modes.origin = true;
    snapshot.modes.wrap = false;
    snapshot.modes.insert = true;
    snapshot.modes.cursor_visible = false;
    snapshot.modes.mouse = Mouse {
        standard: true,
        sgr: true,
        ..Mouse::default()
    };
    snapshot.alt_rows = Some(vec![Bytes::from_static(b"old")]);
    snapshot.pending = Bytes::from_static(b"\x1b[3");
    let expected = "^c^)0^[1;1Hold^[0m^O^[1;4H^[?1049h^[0m^O^[1;1H^[31mab^[2;1Hcdefg^[0m^O\
        ^[2;2r^[?7l^[?1000h^[?1006h^[?6h^[1;2H^[4h^[?25l^[3";
    assert_eq!(text(&snapshot.to_bytes()), expected);
}

#[test]
fn frames_have_no_line_feed_and_no_reset() {
    let frame = snapshot().screen_frame();
    assert!(!frame.contains(&b'\n') && !frame.windows(2).any(|w| w == b"\x1bc"));
    assert!(text(&frame).ends_with("^[2J^[1;1H^[31mab^[2;1Hcdefg^[0m^O^[2;2H^[?25h"));
}

#[test]
fn what_the_stream_told_comes_before_the_pending_bytes() {
    let mut tracker = Tracker::default();
    tracker.feed(b"\x1b[35m\x1b[?1049h\x1b[1;32m\x1b[?2004h");
    let mut snapshot = snapshot();
    snapshot.modes.alternate = true;
    snapshot.pending = Bytes::from_static(b"\x1b[3");
    let written = text(&snapshot.to_bytes_with(&tracker.known));
    assert!(written.contains("^[0m^O^[0;35m^[?1049h"), "{written}");
    assert!(
        written.ends_with("^[2;2H^[0;1;32m^(B^)0^O^[?2004h^[3"),
        "{written}"
    );
}

#[test]
fn a_heal_writes_the_rows_that_differ_and_keeps_the_rest() {
    let (snapshot, known) = (snapshot(), Known::default());
    let own = snapshot.hashed();
    let switches = "^[?1l^[?1000l^[?1002l^[?1003l^[?1006l^[?7h^>";
    let healed = text(&snapshot.heal(&own, &[own.rows[0], 0], &known));
    let expected = format!(
        "^[?25l^[?6l^[4l^[?7l^(B^)0^[2;1H^[0m^O^[2K^[0;31m^Ocdefg\
        ^[0m^O^[1;2r{switches}^[2;2H^[0m^(B^)0^O^[?25h"
    );
    assert_eq!(healed, expected);
    let nothing = text(&snapshot.heal(&own, &own.rows, &known));
    assert!(
        !nothing.contains("cdefg") && !nothing.contains("^[2K"),
        "{nothing}"
    );
}
