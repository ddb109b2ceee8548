//! Rewriting the rows that an emulator shows wrongly, and nothing else of it.

use super::Snapshot;
use super::canon::{RowPen, ScreenHash};
use super::render::{RESET_PEN, put_cursor, put_switches};
use super::track::Known;
use std::io::Write;

impl Snapshot {
    /// Bytes that bring an emulator of this size, which has read the stream up to here
    /// and shows rows with the hashes `shown`, to exactly this screen. Nothing is
    /// reset: scrollback, pen and saved cursor stay.
    pub fn heal(&self, own: &ScreenHash, shown: &[u32], known: &Known) -> Vec<u8> {
        // Absolute addresses, replacing, no wrapping; rows come with their own shifts.
        let mut out = b"\x1b[?25l\x1b[?6l\x1b[4l\x1b[?7l\x1b(B\x1b)0".to_vec();
        let mut pen = RowPen::default();
        for (y, row) in (0u16..).zip(&self.rows) {
            let at = usize::from(y);
            if own.rows.get(at) != shown.get(at) {
                put_cursor(&mut out, 0, y);
                out.extend_from_slice(RESET_PEN);
                out.extend_from_slice(b"\x1b[2K");
                pen.put(&mut out);
                out.extend_from_slice(row);
            }
            pen.pass(row);
        }
        out.extend_from_slice(RESET_PEN);
        let (top, bottom) = self.modes.region;
        // Writing to a vector cannot fail.
        let _ = write!(out, "\x1b[{};{}r", top + 1, bottom + 1);
        put_switches(&mut out, &self.modes);
        self.put_cursor_last(&mut out);
        if self.modes.insert {
            out.extend_from_slice(b"\x1b[4h");
        }
        known.put_pen(&mut out);
        if self.modes.cursor_visible {
            out.extend_from_slice(b"\x1b[?25h");
        }
        out
    }
}
