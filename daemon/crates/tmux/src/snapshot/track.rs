//! What tmux does not tell of a terminal, read from its stream: the pen, the charsets
//! and a few switches. A viewer that joins in the middle would lose them.
//!
//! It knows what it has seen since it began to read; before that it assumes what
//! programs mostly leave behind.

use super::pen::Pen;
use std::io::Write;

/// More parameters than any sequence needs; longer ones are passed over.
const MOST: usize = 256;

/// Reads a stream; feed it every byte.
#[derive(Debug, Clone, Default)]
pub struct Tracker {
    at: At,
    sequence: Vec<u8>,
    /// What has been seen.
    pub known: Known,
    saved: Option<(Pen, Charsets)>,
    /// On the alternate screen.
    alternate: bool,
}

/// What the stream told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    pub pen: Pen,
    pub charsets: Charsets,
    /// The pen put aside with the normal screen.
    pub aside: Option<Pen>,
    /// Pastes are to be marked (2004).
    pub bracketed_paste: bool,
    /// The program wants to hear of the focus (1004).
    pub focus: bool,
    /// The cursor's shape (`CSI n SP q`).
    pub cursor: u8,
}

/// Which sets letters come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charsets {
    /// G0 and G1 are for line drawing.
    drawing: [bool; 2],
    /// G1 is in use.
    shifted: bool,
}

impl Default for Charsets {
    /// Programs that shift have designated G1 at their start, which was not seen.
    fn default() -> Self {
        Self {
            drawing: [false, true],
            shifted: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum At {
    #[default]
    Text,
    Escape,
    /// Behind `ESC (` or `ESC )`.
    Designate(usize),
    /// Behind another intermediate.
    Intermediate,
    Csi,
    /// In a string that ends with BEL or ST.
    Words,
    StringEscape,
}

impl Known {
    /// Behind everything else that draws a screen.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        self.put_pen(out);
        if self.bracketed_paste {
            out.extend_from_slice(b"\x1b[?2004h");
        }
        if self.focus {
            out.extend_from_slice(b"\x1b[?1004h");
        }
        if self.cursor > 0 {
            // Writing to a vector cannot fail.
            let _ = write!(out, "\x1b[{} q", self.cursor);
        }
    }

    /// The pen and the charsets alone.
    pub(super) fn put_pen(&self, out: &mut Vec<u8>) {
        self.pen.put(out);
        for (letter, drawing) in [b'(', b')'].into_iter().zip(self.charsets.drawing) {
            out.extend_from_slice(&[0x1b, letter, if drawing { b'0' } else { b'B' }]);
        }
        out.push(if self.charsets.shifted { 0x0e } else { 0x0f });
    }
}

impl Tracker {
    /// Bytes are missing: what was begun is not ended by what comes, and a pen from
    /// before them is a worse guess than the one that programs leave behind.
    pub fn hole(&mut self, alternate: bool, pending: &[u8]) {
        self.at = At::Text;
        self.alternate = alternate;
        self.saved = None;
        (self.known.pen, self.known.charsets, self.known.aside) = Default::default();
        self.feed(pending);
    }

    /// Reads on.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.at == At::Text && byte >= 0x20 {
                // The most of it, passed over quickly.
                let end = bytes.iter().position(|&b| b < 0x20);
                bytes = &bytes[end.unwrap_or(bytes.len())..];
                continue;
            }
            self.byte(byte);
            bytes = rest;
        }
    }

    fn byte(&mut self, byte: u8) {
        match (byte, self.at) {
            (0x18 | 0x1a, _) => self.at = At::Text,
            (0x1b, At::Words) => self.at = At::StringEscape,
            (0x1b, _) => self.at = At::Escape,
            (0x07, At::Words) => self.at = At::Text,
            (_, At::Words) => {}
            (b'\\', At::StringEscape) => self.at = At::Text,
            (_, At::StringEscape) => {
                self.at = At::Escape;
                self.byte(byte);
            }
            (0x0e, _) => self.known.charsets.shifted = true,
            (0x0f, _) => self.known.charsets.shifted = false,
            (0..0x20, _) | (_, At::Text) => {}
            (_, At::Escape) => self.escape(byte),
            (_, At::Designate(which)) => {
                self.known.charsets.drawing[which] = byte == b'0';
                self.at = At::Text;
            }
            (0x20..0x30, At::Intermediate) => {}
            (_, At::Intermediate) => self.at = At::Text,
            (0x40..0x7f, At::Csi) => {
                self.at = At::Text;
                self.csi(byte);
            }
            (_, At::Csi) if self.sequence.len() < MOST => self.sequence.push(byte),
            (_, At::Csi) => {}
        }
    }

    fn escape(&mut self, byte: u8) {
        self.at = At::Text;
        match byte {
            b'[' => {
                self.sequence.clear();
                self.at = At::Csi;
            }
            b']' | b'P' | b'X' | b'^' | b'_' => self.at = At::Words,
            b'(' => self.at = At::Designate(0),
            b')' => self.at = At::Designate(1),
            0x20..0x30 => self.at = At::Intermediate,
            b'7' => self.saved = Some((self.known.pen, self.known.charsets)),
            b'8' => (self.known.pen, self.known.charsets) = self.saved.unwrap_or_default(),
            b'c' => {
                *self = Self::default();
                self.known.charsets.drawing = [false; 2];
            }
            _ => {}
        }
    }

    fn csi(&mut self, end: u8) {
        if self.sequence.len() >= MOST {
            return;
        }
        let sequence = std::mem::take(&mut self.sequence);
        match (sequence.as_slice(), end) {
            ([b'?', modes @ ..], b'h' | b'l') => {
                for mode in modes.split(|&byte| byte == b';') {
                    self.mode(mode, end == b'h');
                }
            }
            (shape, b'q') if shape.ends_with(b" ") => {
                let digits = std::str::from_utf8(&shape[..shape.len() - 1]).unwrap_or("");
                self.known.cursor = digits.parse().ok().filter(|&n| n <= 6).unwrap_or(0);
            }
            ([b'0'..=b'9' | b';' | b':', ..] | [], b'm') => self.known.pen.apply(&sequence),
            ([], b's') => self.saved = Some((self.known.pen, self.known.charsets)),
            ([], b'u') => (self.known.pen, self.known.charsets) = self.saved.unwrap_or_default(),
            _ => {}
        }
        self.sequence = sequence;
    }

    fn mode(&mut self, mode: &[u8], on: bool) {
        match mode {
            b"2004" => self.known.bracketed_paste = on,
            b"1004" => self.known.focus = on,
            b"47" | b"1047" | b"1049" if on => self.leave_normal(),
            b"47" | b"1047" => self.alternate = false,
            b"1049" => {
                self.alternate = false;
                // On the normal screen as well.
                self.known.pen = self.known.aside.unwrap_or(self.known.pen);
            }
            _ => {}
        }
    }

    /// To the alternate screen; the pen is put aside once.
    fn leave_normal(&mut self) {
        if !self.alternate {
            self.known.aside = Some(self.known.pen);
        }
        self.alternate = true;
    }
}

#[cfg(test)]
mod tests {
    use super::Tracker;
    use proptest::prelude::*;

    fn after(text: &str) -> String {
        let mut tracker = Tracker::default();
        tracker.feed(text.as_bytes());
        let mut out = Vec::new();
        tracker.known.put(&mut out);
        String::from_utf8(out).unwrap().replace('\x1b', "^")
    }

    #[test]
    fn the_pen_and_the_switches_are_followed() {
        for (text, expected) in [
            ("", "^[0m^(B^)0\u{f}"),
            ("a\x1b[1;31mb", "^[0;1;31m^(B^)0\u{f}"),
            ("\x1b[1m\x1b7\x1b[0m\x1b8", "^[0;1m^(B^)0\u{f}"),
            ("\x1b(0\x1b)B\x0e", "^[0m^(0^)B\u{e}"),
            ("\x1b[1m\x1bc", "^[0m^(B^)B\u{f}"),
            ("\x1b[?1;2004h\x1b[4 q", "^[0m^(B^)0\u{f}^[?2004h^[4 q"),
            ("\x1b[?2004h\x1b[?2004l", "^[0m^(B^)0\u{f}"),
            ("\x1b]0;[1m\x07\x1bP1\x1b\\x", "^[0m^(B^)0\u{f}"),
            ("\x1b[31\x18m\x1b[>4;1m", "^[0m^(B^)0\u{f}"),
            (
                "\x1b[32m\x1b[?1049h\x1b[1m\x1b[?1049l",
                "^[0;32m^(B^)0\u{f}",
            ),
        ] {
            assert_eq!(after(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(
            text in "(\x1b|\\[|\\?|[0-9;]{1,3}|m|h|\\(0|\\]|\x07|\\\\|7|8|a|é){0,40}",
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = text.as_bytes();
            let (a, b) = bytes.split_at(cut.index(bytes.len() + 1));
            let (mut whole, mut parts) = (Tracker::default(), Tracker::default());
            whole.feed(bytes);
            parts.feed(a);
            parts.feed(b);
            prop_assert_eq!(whole.known, parts.known);
        }
    }
}
