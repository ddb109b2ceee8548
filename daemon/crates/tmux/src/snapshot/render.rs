//! A snapshot as bytes for an emulator.

use super::{Modes, Snapshot};
use std::io::Write;

const RESET_PEN: &[u8] = b"\x1b[0m\x0f";

impl Snapshot {
    /// Bytes that bring an emulator of this size, whatever it shows, to exactly
    /// this screen, with modes and unfinished sequences, so that live output can
    /// follow. Begins with a full reset.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = b"\x1bc\x1b)0".to_vec();
        if self.modes.alternate {
            put_rows(&mut out, self.alt_rows.as_deref().unwrap_or_default());
            out.extend_from_slice(RESET_PEN);
            if let Some((x, y)) = self.modes.saved_cursor {
                put_cursor(&mut out, x, y);
            }
            out.extend_from_slice(b"\x1b[?1049h");
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
    fn put_cursor_last(&self, out: &mut Vec<u8>) {
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
                out.extend_from_slice(&pen_after(&self.rows[..usize::from(y)]));
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

fn put_cursor(out: &mut Vec<u8>, x: u16, y: u16) {
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

/// The colours, attributes and charset in force behind these rows, as the
/// sequences since the last reset that lead there.
fn pen_after(rows: &[bytes::Bytes]) -> Vec<u8> {
    let mut pen = RESET_PEN.to_vec();
    let mut shifted = false;
    for row in rows {
        let mut rest = &row[..];
        while let Some(&byte) = rest.first() {
            match byte {
                0x0e => shifted = true,
                0x0f => shifted = false,
                _ => {}
            }
            let Some(length) = sgr_length(rest) else {
                rest = &rest[1..];
                continue;
            };
            let (sequence, after) = rest.split_at(length);
            let parameters = &sequence[2..length - 1];
            if parameters.is_empty() || parameters == b"0" || parameters.starts_with(b"0;") {
                pen.clear();
            }
            pen.extend_from_slice(sequence);
            rest = after;
        }
    }
    if shifted {
        pen.push(0x0e);
    }
    pen
}

/// The length of the colour sequence that `bytes` begin with.
fn sgr_length(bytes: &[u8]) -> Option<usize> {
    let parameters = bytes.strip_prefix(b"\x1b[")?;
    let end = parameters
        .iter()
        .position(|b| !(b.is_ascii_digit() || matches!(b, b';' | b':')))?;
    (parameters[end] == b'm').then_some(end + 3)
}

#[cfg(test)]
mod tests;
