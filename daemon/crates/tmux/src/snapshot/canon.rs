//! One form of a screen that tmux and the page's emulator can both tell, to compare
//! them by. `docs/PROTOCOL.md` defines it; the page's side is `screen-hash.ts`.

use super::pen::{COMPARED, INVERSE, Pen, STRIKE, UNDERLINE};
use super::{Modes, Snapshot};
use bytes::Bytes;

/// Hashes of one screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreenHash {
    /// One for each row.
    pub rows: Vec<u32>,
    /// Switches that both sides know.
    pub modes: u32,
    /// Of all of it, the cursor included.
    pub hash: u32,
}

/// The bit of [`ScreenHash::modes`] for the alternate screen.
pub const ALTERNATE: u32 = 1;

/// Characters that the line-drawing set shows for ``` `a…~ ```.
const DRAWN: [char; 31] = [
    '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─', '⎼',
    '⎽', '├', '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];

const SEED: u32 = 0x811c_9dc5;

fn mix(hash: u32, word: u32) -> u32 {
    (hash ^ word).wrapping_mul(0x0100_0193)
}

impl Snapshot {
    /// The hashes of this screen.
    pub fn hashed(&self) -> ScreenHash {
        let mut pen = RowPen::default();
        let rows: Vec<u32> = self.rows.iter().map(|row| pen.hash(row)).collect();
        let modes = mode_bits(&self.modes);
        let (x, y) = self.modes.cursor;
        // Without wrapping, emulators differ in where they wait at the edge.
        let edge = self.modes.size.cols.saturating_sub(1);
        let x = if self.modes.wrap { x } else { x.min(edge) };
        let state = [u32::from(x), u32::from(y), modes];
        let hash = rows.iter().copied().chain(state).fold(SEED, mix);
        ScreenHash { rows, modes, hash }
    }
}

fn mode_bits(modes: &Modes) -> u32 {
    let mouse = &modes.mouse;
    let tracking = if mouse.all {
        3
    } else if mouse.button {
        2
    } else {
        u32::from(mouse.standard)
    };
    let switches = [
        modes.alternate,
        modes.insert,
        modes.cursor_keys,
        modes.keypad,
        modes.origin,
        modes.wrap,
    ];
    let bits = (0..).zip(switches).map(|(bit, on)| u32::from(on) << bit);
    bits.sum::<u32>() | tracking << 6
}

/// The pen and the charset behind the rows read so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RowPen {
    pub(super) pen: Pen,
    pub(super) drawing: bool,
}

impl RowPen {
    /// Passes over a row of a capture.
    pub(super) fn pass(&mut self, row: &Bytes) {
        self.read(row, |_, _| {});
    }

    /// The sequences that lead here.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        self.pen.put(out);
        out.push(if self.drawing { 0x0e } else { 0x0f });
    }

    fn hash(&mut self, row: &Bytes) -> u32 {
        let (mut hash, mut solid, mut before) = (SEED, SEED, (0, 0, 0));
        self.read(row, |letter, pen| {
            let blank = letter == ' ';
            // Captures lose the colours of erased cells.
            let shown = if blank {
                (pen.flags & (UNDERLINE | INVERSE | STRIKE), 0, 0)
            } else {
                (pen.flags & COMPARED, pen.fg.word(), pen.bg.word())
            };
            if shown != before {
                let (flags, fg, bg) = shown;
                hash = mix(mix(mix(hash, 1 << 31 | u32::from(flags)), fg), bg);
                before = shown;
            }
            for &mut unit in letter.encode_utf16(&mut [0; 2]) {
                hash = mix(hash, u32::from(unit));
            }
            if !blank || shown.0 != 0 {
                solid = hash;
            }
        });
        solid
    }

    fn read(&mut self, row: &Bytes, mut each: impl FnMut(char, &Pen)) {
        let text = String::from_utf8_lossy(row);
        let mut rest = text.chars();
        while let Some(letter) = rest.next() {
            match letter {
                '\u{e}' => self.drawing = true,
                '\u{f}' => self.drawing = false,
                '\u{1b}' => self.sequence(&mut rest),
                '`'..='~' if self.drawing => {
                    each(DRAWN[letter as usize - '`' as usize], &self.pen);
                }
                letter if letter.is_control() => {}
                letter => each(letter, &self.pen),
            }
        }
    }

    /// Captures have colours, and in newer versions links.
    fn sequence(&mut self, rest: &mut std::str::Chars<'_>) {
        match rest.next() {
            Some('[') => {
                let mut parameters = String::new();
                let end = rest.find(|&letter| {
                    let ends = ('@'..='~').contains(&letter);
                    if !ends {
                        parameters.push(letter);
                    }
                    ends
                });
                if end == Some('m') {
                    self.pen.apply(parameters.as_bytes());
                }
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
}

#[cfg(test)]
mod tests {
    use super::{RowPen, SEED};
    use bytes::Bytes;

    fn hash(row: &'static str) -> u32 {
        RowPen::default().hash(&Bytes::from_static(row.as_bytes()))
    }

    #[test]
    fn what_looks_the_same_is_the_same() {
        for (one, other) in [
            ("ab", "ab   "),
            ("ab", "\x1b[31;39mab\x1b[44m  "),
            ("\x1b[31mab", "\x1b[38;5;1mab"),
            ("\x1b[41mab cd", "\x1b[41mab\x1b[0m \x1b[41mcd"),
            ("\u{e}lqk\u{f}", "┌─┐"),
            ("", "   "),
        ] {
            assert_eq!(hash(one), hash(other), "{one:?} {other:?}");
        }
        assert_eq!(hash(""), SEED);
    }

    #[test]
    fn what_looks_different_is_different() {
        for (one, other) in [
            ("ab", " ab"),
            ("ab", "a\x1b[1mb"),
            ("a", "a\x1b[4m \x1b[0m"),
            ("\x1b[31mab", "\x1b[31ma\x1b[0mb"),
            ("\x1b[38;2;0;0;1ma", "\x1b[38;2;0;0;2ma"),
            ("e\u{301}", "e"),
        ] {
            assert_ne!(hash(one), hash(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn the_page_has_the_same_numbers() {
        // The same vectors are in `screen-hash.test.ts`.
        assert_eq!(hash("a\u{1f600} \x1b[1;38;2;1;2;3mb"), 602_295_925);
    }
}
