//! The lines of an asciicast, version 2: a header, then events `[seconds, code, data]`.
//! Pure: clocks and files are elsewhere.

use orchestra_protocol::agent::Size;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::io::Write as _;

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    Output,
    Marker,
    Resize,
    /// Not in the format, and players pass over it: how many bytes were typed since the
    /// last such event. What was typed is never recorded.
    Typed,
}

impl Code {
    fn letter(self) -> char {
        match self {
            Self::Output => 'o',
            Self::Marker => 'm',
            Self::Resize => 'r',
            Self::Typed => 'k',
        }
    }

    fn of(letter: &str) -> Option<Self> {
        let all = [Self::Output, Self::Marker, Self::Resize, Self::Typed];
        all.into_iter()
            .find(|code| letter.len() == 1 && letter.starts_with(code.letter()))
    }
}

/// First line of a segment. Times of its events count from `timestamp`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub version: u8,
    pub width: u16,
    pub height: u16,
    /// Unix seconds.
    pub timestamp: i64,
    pub title: String,
    /// Ours: the first event is the screen at the end of the segment before, which who
    /// has read that one passes over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub continues: bool,
}

impl Header {
    /// Of a screen at that time.
    pub fn new(size: Size, timestamp: i64, title: &str) -> Self {
        Self {
            version: 2,
            width: size.cols,
            height: size.rows,
            timestamp,
            title: title.to_owned(),
            continues: false,
        }
    }

    /// The size of the screen at the beginning.
    pub fn size(&self) -> Size {
        Size {
            cols: self.width,
            rows: self.height,
        }
    }

    /// Adds the line.
    pub fn put(&self, out: &mut Vec<u8>) {
        // Writing numbers and a short text into memory does not fail.
        let _ = serde_json::to_writer(&mut *out, self);
        out.push(b'\n');
    }
}

/// One line that a reader got.
#[derive(Debug)]
pub struct Event<'a> {
    pub ms: u64,
    pub code: Code,
    /// A JSON text.
    pub data: &'a RawValue,
}

impl<'a> Event<'a> {
    /// Reads a line; none when it is torn, or of a kind that is not written here.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let (seconds, code, data): (f64, &str, &RawValue) = serde_json::from_slice(line).ok()?;
        if !data.get().starts_with('"') {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a time that was written here; any other saturates"
        )]
        let ms = (seconds * 1000.0).round() as u64;
        Some(Self {
            ms,
            code: Code::of(code)?,
            data,
        })
    }

    /// Adds the line.
    pub fn put(&self, out: &mut Vec<u8>) {
        begin(self.ms, self.code, out);
        out.extend_from_slice(self.data.get().as_bytes());
        out.extend_from_slice(b"]\n");
    }
}

/// Adds the line of an event.
pub fn put(ms: u64, code: Code, data: &str, out: &mut Vec<u8>) {
    begin(ms, code, out);
    // Writing a text into memory does not fail.
    let _ = serde_json::to_writer(&mut *out, data);
    out.extend_from_slice(b"]\n");
}

fn begin(ms: u64, code: Code, out: &mut Vec<u8>) {
    let (whole, rest) = (ms / 1000, ms % 1000);
    // Writing into memory does not fail.
    let _ = write!(out, "[{whole}.{rest:03},\"{}\",", code.letter());
}

/// Makes text of chunks that may end within a character: its bytes wait for the rest.
/// What is no UTF-8 is left out, as tmux leaves it out of the screen.
#[derive(Debug, Default)]
pub struct Text {
    tail: Vec<u8>,
}

impl Text {
    /// The text that is whole now.
    pub fn take(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.tail);
        all.extend_from_slice(bytes);
        let mut text = String::with_capacity(all.len());
        let mut rest = all.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(good) => {
                    text.push_str(good);
                    return text;
                }
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    text.push_str(std::str::from_utf8(good).unwrap_or_default());
                    let Some(length) = error.error_len() else {
                        self.tail = bad.to_vec();
                        return text;
                    };
                    rest = &bad[length..];
                }
            }
        }
    }

    /// Forgets a beginning whose rest will not come.
    pub fn clear(&mut self) {
        self.tail.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_what_players_read() {
        let mut out = Vec::new();
        let size = Size { cols: 80, rows: 24 };
        Header::new(size, 1_700_000_000, "droid-001").put(&mut out);
        put(1_020, Code::Output, "a\x1b[1m\"ä\r\n", &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"version\":2,\"width\":80,\"height\":24,\"timestamp\":1700000000,\"title\":\"droid-001\"}\n\
             [1.020,\"o\",\"a\\u001b[1m\\\"ä\\r\\n\"]\n"
        );
    }

    #[test]
    fn a_torn_line_is_no_event() {
        let whole = br#"[1.5,"m","gap"]"#;
        let event = Event::parse(whole).unwrap();
        assert_eq!((event.ms, event.code), (1500, Code::Marker));
        for cut in 0..whole.len() {
            assert!(Event::parse(&whole[..cut]).is_none(), "{cut}");
        }
        assert!(Event::parse(b"\0\0\0\0").is_none());
        assert!(Event::parse(br#"[1,"z","x"]"#).is_none());
        assert!(Event::parse(br#"[1,"o",1]"#).is_none());
    }

    #[test]
    fn bytes_that_are_no_text_go() {
        let mut text = Text::default();
        assert_eq!(text.take(b"a\xffb\xc3"), "ab");
        assert_eq!(text.take(b"\xa4"), "ä");
        assert_eq!(text.take(b"\xe2\x82"), "");
        assert_eq!(text.take(b"x"), "x");
    }

    proptest! {
        #[test]
        fn no_cut_splits_a_character(text in "\\PC{0,40}", cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..5)) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut reader = Text::default();
            let read: String = cuts.windows(2).map(|at| reader.take(&bytes[at[0]..at[1]])).collect();
            prop_assert_eq!(read, text);
        }
    }
}
