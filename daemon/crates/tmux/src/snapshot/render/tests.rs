//! What is written for which screen.

use super::super::{Modes, Mouse, Snapshot};
use super::pen_after;
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
        written.ends_with("^[0m^O^[2;1H^[0m^O^[31mcdefg^[0m^O"),
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
    let expected = "^c^)0^[1;1Hold^[0m^O^[1;4H^[?1049h^[1;1H^[31mab^[2;1Hcdefg^[0m^O\
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
fn the_pen_begins_at_the_last_reset() {
    let rows = ["\x1b[1ma\x1b[0;4mb", "\x1b[38:2::1:2:3m\x1b[2Kx\x0eq"].map(Bytes::from);
    assert_eq!(text(&pen_after(&rows)), "^[0;4m^[38:2::1:2:3m\u{e}");
    assert_eq!(text(&pen_after(&[])), "^[0m^O");
}
