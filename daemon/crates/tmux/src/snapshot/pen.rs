//! Colours and attributes of what is written next, as `CSI … m` sets them.

use std::io::Write;

/// A colour as a program chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// What the terminal has.
    #[default]
    Default,
    /// One of the 256 of the palette.
    Palette(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

impl Colour {
    /// 0, palette + 1, or 2^24 + red green blue.
    pub fn word(self) -> u32 {
        match self {
            Self::Default => 0,
            Self::Palette(index) => 1 + u32::from(index),
            Self::Rgb(r, g, b) => 1 << 24 | u32::from(r) << 16 | u32::from(g) << 8 | u32::from(b),
        }
    }
}

/// Attribute bits, in the order of their numbers 1, 2, 3, 4, 5, 7, 8, 9, 53.
pub const BOLD: u16 = 1;
const DIM: u16 = 1 << 1;
const ITALIC: u16 = 1 << 2;
pub const UNDERLINE: u16 = 1 << 3;
const BLINK: u16 = 1 << 4;
pub const INVERSE: u16 = 1 << 5;
const HIDDEN: u16 = 1 << 6;
pub const STRIKE: u16 = 1 << 7;
const OVERLINE: u16 = 1 << 8;
/// What every emulator here can show and tell; overline is not among it.
pub const COMPARED: u16 = OVERLINE - 1;

const NUMBERS: [(u16, u16); 9] = [
    (BOLD, 1),
    (DIM, 2),
    (ITALIC, 3),
    (UNDERLINE, 4),
    (BLINK, 5),
    (INVERSE, 7),
    (HIDDEN, 8),
    (STRIKE, 9),
    (OVERLINE, 53),
];

/// The colours and attributes in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pen {
    pub flags: u16,
    pub fg: Colour,
    pub bg: Colour,
    /// Of the underline.
    line: Colour,
    /// 0 for the plain one, else the number behind `4:`.
    style: u8,
}

impl Pen {
    /// Takes the parameters of one `CSI … m`.
    pub fn apply(&mut self, parameters: &[u8]) {
        let mut groups = parameters.split(|&byte| byte == b';');
        while let Some(group) = groups.next() {
            let subs: Vec<Option<u16>> = group.split(|&byte| byte == b':').map(number).collect();
            let code = subs[0].unwrap_or(0);
            if matches!(code, 38 | 48 | 58) {
                let colour = if subs.len() > 1 {
                    colour(&subs[1..], true)
                } else {
                    let mut plain = vec![groups.next().and_then(number)];
                    let more = match plain[0] {
                        Some(5) => 1,
                        Some(2) => 3,
                        _ => 0,
                    };
                    plain.extend((0..more).map(|_| groups.next().and_then(number)));
                    colour(&plain, false)
                };
                if let Some(colour) = colour {
                    self.colour(code, colour);
                }
            } else if subs.len() > 1 {
                self.styled(code, subs[1].unwrap_or(0));
            } else {
                self.plain(code);
            }
        }
    }

    fn colour(&mut self, code: u16, colour: Colour) {
        match code {
            38 => self.fg = colour,
            48 => self.bg = colour,
            _ => self.line = colour,
        }
    }

    fn styled(&mut self, code: u16, style: u16) {
        match (code, style) {
            (4, 0) => self.underline(None),
            (4, 1..=5) => self.underline(Some(u8::try_from(style).unwrap_or(1))),
            // How tmux writes an overline into a capture.
            (5, 3) => self.flags |= OVERLINE,
            _ => {}
        }
    }

    fn underline(&mut self, style: Option<u8>) {
        self.flags &= !UNDERLINE;
        if style.is_some() {
            self.flags |= UNDERLINE;
        }
        self.style = style.filter(|&style| style > 1).unwrap_or(0);
    }

    fn plain(&mut self, code: u16) {
        let low = |base: u16| Colour::Palette(u8::try_from(code - base).unwrap_or(0));
        match code {
            0 => *self = Self::default(),
            4 => self.underline(Some(1)),
            21 => self.underline(Some(2)),
            24 => self.underline(None),
            6 => self.flags |= BLINK,
            22 => self.flags &= !(BOLD | DIM),
            23 => self.flags &= !ITALIC,
            25 => self.flags &= !BLINK,
            27 => self.flags &= !INVERSE,
            28 => self.flags &= !HIDDEN,
            29 => self.flags &= !STRIKE,
            55 => self.flags &= !OVERLINE,
            30..=37 => self.fg = low(30),
            90..=97 => self.fg = low(82),
            39 => self.fg = Colour::Default,
            40..=47 => self.bg = low(40),
            100..=107 => self.bg = low(92),
            49 => self.bg = Colour::Default,
            59 => self.line = Colour::Default,
            _ => {
                let flag = NUMBERS.iter().find(|(_, number)| *number == code);
                self.flags |= flag.map_or(0, |(flag, _)| *flag);
            }
        }
    }

    /// The sequence that sets exactly this, whatever was set before.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\x1b[0");
        // Writing to a vector cannot fail.
        for (_, number) in NUMBERS.iter().filter(|(flag, _)| self.flags & flag != 0) {
            let _ = write!(out, ";{number}");
            if *number == 4 && self.style > 0 {
                let _ = write!(out, ":{}", self.style);
            }
        }
        for (code, colour) in [(38, self.fg), (48, self.bg), (58, self.line)] {
            let _ = match colour {
                Colour::Default => Ok(()),
                Colour::Palette(index @ 0..=7) if code < 58 => {
                    write!(out, ";{}", code - 8 + u16::from(index))
                }
                Colour::Palette(index) => write!(out, ";{code}:5:{index}"),
                Colour::Rgb(r, g, b) => write!(out, ";{code}:2::{r}:{g}:{b}"),
            };
        }
        out.push(b'm');
    }
}

fn number(digits: &[u8]) -> Option<u16> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Reads `5:n`, `2:r:g:b` and, with colons, also `2:space:r:g:b`.
fn colour(subs: &[Option<u16>], colons: bool) -> Option<Colour> {
    let byte = |at: usize| u8::try_from(subs.get(at)?.unwrap_or(0)).ok();
    match subs.first().copied().flatten()? {
        5 => Some(Colour::Palette(u8::try_from((*subs.get(1)?)?).ok()?)),
        2 => {
            let first = if colons && subs.len() > 4 { 2 } else { 1 };
            Some(Colour::Rgb(
                byte(first)?,
                byte(first + 1)?,
                byte(first + 2)?,
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Colour, OVERLINE, Pen};

    fn after(parameters: &[&str]) -> Pen {
        let mut pen = Pen::default();
        for one in parameters {
            pen.apply(one.as_bytes());
        }
        pen
    }

    #[test]
    fn colours_in_every_form() {
        for (text, colour) in [
            ("31", Colour::Palette(1)),
            ("91", Colour::Palette(9)),
            ("38;5;200", Colour::Palette(200)),
            ("38:5:200", Colour::Palette(200)),
            ("38;2;1;2;3", Colour::Rgb(1, 2, 3)),
            ("38:2:1:2:3", Colour::Rgb(1, 2, 3)),
            ("38:2::1:2:3", Colour::Rgb(1, 2, 3)),
            ("38;9;4", Colour::Default),
            ("38;5", Colour::Default),
            ("31;39", Colour::Default),
        ] {
            assert_eq!(after(&[text]).fg, colour, "{text}");
        }
        assert_eq!(after(&["38;2;1;2;3;1"]).flags, 1, "what follows counts");
    }

    #[test]
    fn what_is_put_sets_the_same() {
        for text in [
            "1;2;3;4;5;7;8;9;53",
            "4:3;58;5;9",
            "21;38;2;255;0;7;48;5;255",
            "30;107",
            "",
            "1;0",
        ] {
            let pen = after(&[text]);
            let mut out = Vec::new();
            pen.put(&mut out);
            let body = std::str::from_utf8(&out[2..out.len() - 1]).unwrap();
            assert_eq!(after(&["1;3;35;45;58:5:1", body]), pen, "{text}: {body}");
        }
        assert_eq!(after(&["5:3"]).flags, OVERLINE);
    }
}
