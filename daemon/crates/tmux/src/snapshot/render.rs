//! A snapshot as bytes for an emulator.

use super::canon::RowPen;
use super::track::Known;
use super::{Modes, Snapshot};
use std::io::Write;

pub(super) const RESET_PEN: &[u8] = b"\x1b[0m\x0f";

impl Snapshot {
    /// Bytes that bring an emulator of this size, whatever it shows, to exactly
    /// this screen, with modes and unfinished sequences, so that live output can
    /// follow. Begins with a full reset.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_with(&Known::default())
    }

    /// The same, with what the stream told and tmux does not.
    pub fn to_bytes_with(&self, known: &Known) -> Vec<u8> {
        let mut out = b"\x1bc\x1b)0".to_vec();
        if self.modes.alternate {
            put_rows(&mut out, self.alt_rows.as_deref().unwrap_or_default());
            out.extend_from_slice(RESET_PEN);
            if let Some((x, y)) = self.modes.saved_cursor {
                put_cursor(&mut out, x, y);
            }
            if let Some(pen) = &known.aside {
                pen.put(&mut out);
            }
            out.extend_from_slice(b"\x1b[?1049h");
            // A capture begins with the plain pen.
            out.extend_from_slice(RESET_PEN);
        }
        put_rows(&mut out, &self.rows);
        out.extend_from_slice(RESET_PEN);
        put_modes(&mut out, &self.modes);
        self.put_cursor_last(&mut out);
        if self.modes.insert {
            out.extend_from_slice(b"\x1b[4h");
        }
        if !self.modes.cursor_visible {
            out.extend_from_slice(b"\x1b[?25l");
        }
        if *known != Known::default() {
            known.put(&mut out);
        }
        out.extend_from_slice(&self.pending);
        out
    }

    /// Bytes that draw this screen on any emulator of this size without a
    /// reset, so that its history and selection stay. Rows are placed by cursor
    /// address, never by a line feed, and nothing is left switched on.
    pub fn screen_frame(&self) -> Vec<u8> {
        // Full region, absolute addresses, replacing, wrapping, known charsets.
        let mut out = b"\x1b[?6l\x1b[r\x1b[4l\x1b[?7h\x1b(B\x1b)0\x0f\x1b[0m\x1b[2J".to_vec();
        put_rows(&mut out, &self.rows);
        out.extend_from_slice(RESET_PEN);
        let (x, y) = self.modes.cursor;
        put_cursor(&mut out, x.min(self.modes.size.cols.saturating_sub(1)), y);
        out.extend_from_slice(if self.modes.cursor_visible {
            b"\x1b[?25h"
        } else {
            b"\x1b[?25l"
        });
        out
    }

    /// The cursor, and with it the region-relative addressing that moves it.
    pub(super) fn put_cursor_last(&self, out: &mut Vec<u8>) {
        let (x, y) = self.modes.cursor;
        let mut address_y = y;
        if self.modes.origin {
            out.extend_from_slice(b"\x1b[?6h");
            address_y = y.saturating_sub(self.modes.region.0);
        }
        let row = self.rows.get(usize::from(y));
        match row {
            // Only printing the last cell again makes an emulator wait to wrap.
            Some(row) if x >= self.modes.size.cols => {
                put_cursor(out, 0, address_y);
                let mut pen = RowPen::default();
                self.rows[..usize::from(y)]
                    .iter()
                    .for_each(|row| pen.pass(row));
                pen.put(out);
                out.extend_from_slice(row);
                out.extend_from_slice(RESET_PEN);
            }
            _ => put_cursor(out, x, address_y),
        }
    }
}

fn put_rows(out: &mut Vec<u8>, rows: &[bytes::Bytes]) {
    for (y, row) in (0u16..).zip(rows) {
        put_cursor(out, 0, y);
        out.extend_from_slice(row);
    }
}

pub(super) fn put_cursor(out: &mut Vec<u8>, x: u16, y: u16) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "\x1b[{};{}H", y + 1, x + 1);
}

fn put_modes(out: &mut Vec<u8>, modes: &Modes) {
    let (top, bottom) = modes.region;
    if (top, bottom) != (0, modes.size.rows.saturating_sub(1)) {
        let _ = write!(out, "\x1b[{};{}r", top + 1, bottom + 1);
    }
    let switches: [(bool, &[u8]); 8] = [
        (!modes.wrap, b"\x1b[?7l"),
        (modes.cursor_keys, b"\x1b[?1h"),
        (modes.keypad, b"\x1b="),
        (modes.mouse.standard, b"\x1b[?1000h"),
        (modes.mouse.button, b"\x1b[?1002h"),
        (modes.mouse.all, b"\x1b[?1003h"),
        (modes.mouse.sgr, b"\x1b[?1006h"),
        (modes.bracketed_paste, b"\x1b[?2004h"),
    ];
    for (_, sequence) in switches.iter().filter(|(on, _)| *on) {
        out.extend_from_slice(sequence);
    }
}

/// Every switch to its side, whatever it was before.
pub(super) fn put_switches(out: &mut Vec<u8>, modes: &Modes) {
    let mouse = &modes.mouse;
    let private: [(bool, &str); 6] = [
        (modes.wrap, "7"),
        (modes.cursor_keys, "1"),
        (mouse.standard, "1000"),
        (mouse.button, "1002"),
        (mouse.all, "1003"),
        (mouse.sgr, "1006"),
    ];
    // The mouse has one mode: switching one off would switch another off.
    for on in [false, true] {
        for (_, mode) in private.iter().filter(|(is, _)| *is == on) {
            // Writing to a vector cannot fail.
            let _ = write!(out, "\x1b[?{mode}{}", if on { 'h' } else { 'l' });
        }
    }
    out.extend_from_slice(if modes.keypad { b"\x1b=" } else { b"\x1b>" });
}

#[cfg(test)]
mod tests;
