//! Finds the keys that detach among those that go to the agent. Pure.

use std::str::FromStr;

/// The key that begins a word to us: a control key, Ctrl-\ unless another is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix(u8);

impl Default for Prefix {
    fn default() -> Self {
        Self(0x1c)
    }
}

impl FromStr for Prefix {
    type Err = String;

    /// `ctrl-a` to `ctrl-z`, `ctrl-\`, `ctrl-]`, `ctrl-^`, `ctrl-_`.
    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        let key = lower.strip_prefix("ctrl-").or(lower.strip_prefix("c-"));
        match key.map(str::as_bytes) {
            // Without Enter and Tab, which nobody can do without.
            Some(&[key @ (b'a'..=b'z' | b'\\'..=b'_')]) if !matches!(key, b'i' | b'j' | b'm') => {
                Ok(Self(key & 0x1f))
            }
            _ => Err("a detach key is ctrl- and a letter or one of \\ ] ^ _".to_owned()),
        }
    }
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ctrl-{}", char::from(self.0 | 0x40).to_ascii_lowercase())
    }
}

/// What was pressed just before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Before {
    /// Anything that leads nowhere.
    Other,
    /// Enter, or nothing yet: `~` may begin the escape.
    #[default]
    LineStart,
    /// `~` at the start of a line; held back.
    Tilde,
    /// The prefix; held back.
    Prefix,
}

/// What the person asks of us, not of the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Detach,
    /// The prefix and `t`.
    TakeSeat,
}

/// The prefix and `d`, or `~.` at the start of a line, detaches; doubled, either goes
/// through once.
#[derive(Debug, Default)]
pub struct Keys {
    prefix: Prefix,
    before: Before,
}

impl Keys {
    /// Keys with that prefix.
    pub fn new(prefix: Prefix) -> Self {
        Self {
            prefix,
            before: Before::default(),
        }
    }

    /// The bytes that go to the agent, and what is asked of us after them. Nothing is read
    /// behind a detach.
    pub fn feed(&mut self, bytes: &[u8]) -> (Vec<u8>, Option<Word>) {
        let mut out = Vec::with_capacity(bytes.len());
        let mut word = None;
        let Prefix(prefix) = self.prefix;
        for &byte in bytes {
            let held = match (self.before, byte) {
                (Before::Prefix, b'd') | (Before::Tilde, b'.') => return (out, Some(Word::Detach)),
                (Before::Prefix, b't') => {
                    word = Some(Word::TakeSeat);
                    self.before = Before::Other;
                    continue;
                }
                (Before::Prefix, twice) if twice == prefix => {
                    out.push(byte);
                    self.before = Before::Other;
                    continue;
                }
                (Before::Tilde, b'~') => {
                    out.push(byte);
                    self.before = Before::Other;
                    continue;
                }
                (Before::Prefix, _) => Some(prefix),
                (Before::Tilde, _) => Some(b'~'),
                _ => None,
            };
            out.extend(held);
            self.before = match (self.before, byte) {
                (_, byte) if byte == prefix => Before::Prefix,
                (Before::LineStart, b'~') => Before::Tilde,
                (_, b'\r' | b'\n') => Before::LineStart,
                _ => Before::Other,
            };
            if !matches!(self.before, Before::Prefix | Before::Tilde) {
                out.push(byte);
            }
        }
        (out, word)
    }
}

/// Keeps the bytes of a letter that is not whole yet.
#[derive(Debug, Default)]
pub struct Letters {
    part: Vec<u8>,
}

impl Letters {
    /// The whole letters so far; what can never become one is replaced.
    pub fn feed(&mut self, bytes: &[u8]) -> String {
        self.part.extend_from_slice(bytes);
        let mut out = String::new();
        loop {
            match std::str::from_utf8(&self.part) {
                Ok(text) => {
                    out.push_str(text);
                    self.part.clear();
                    return out;
                }
                Err(error) => {
                    let good = error.valid_up_to();
                    out.push_str(&String::from_utf8_lossy(&self.part[..good]));
                    let Some(bad) = error.error_len() else {
                        self.part.drain(..good);
                        return out;
                    };
                    out.push('\u{fffd}');
                    self.part.drain(..good + bad);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_sequences_detach() {
        for (typed, sent, detached) in [
            (&b"ls\r"[..], &b"ls\r"[..], false),
            (b"a\x1cd", b"a", true),
            (b"\x1c\x1cd", b"\x1cd", false),
            (b"\x1cx", b"\x1cx", false),
            (b"~.", b"", true),
            (b"x\r~.y", b"x\r", true),
            (b"x~.", b"x~.", false),
            (b"~~.", b"~.", false),
            (b"~\r", b"~\r", false),
        ] {
            let mut keys = Keys::default();
            let mut all = Vec::new();
            let mut end = false;
            // One by one, as they are pressed.
            for byte in typed {
                let (out, detach) = keys.feed(std::slice::from_ref(byte));
                all.extend(out);
                end = end || detach == Some(Word::Detach);
                if end {
                    break;
                }
            }
            assert_eq!((all.as_slice(), end), (sent, detached), "{typed:?}");
            assert_eq!(
                Keys::default().feed(typed),
                (sent.to_vec(), detached.then_some(Word::Detach)),
                "{typed:?}"
            );
        }
    }

    #[test]
    fn the_prefix_can_be_another_and_takes_the_seat() {
        let prefix: Prefix = "ctrl-]".parse().unwrap();
        let mut keys = Keys::new(prefix);
        assert_eq!(
            keys.feed(b"\x1cd\x1dt"),
            (b"\x1cd".to_vec(), Some(Word::TakeSeat))
        );
        assert_eq!(
            keys.feed(b"\x1d\x1d\x1dd"),
            (b"\x1d".to_vec(), Some(Word::Detach))
        );
        assert_eq!(prefix.to_string(), "Ctrl-]");
        assert_eq!("C-A".parse::<Prefix>().unwrap().to_string(), "Ctrl-a");
        for bad in ["", "a", "ctrl-", "ctrl-m", "ctrl-1", "ctrl-ab"] {
            assert!(bad.parse::<Prefix>().is_err(), "{bad}");
        }
    }

    #[test]
    fn letters_survive_being_cut() {
        let mut letters = Letters::default();
        let text = "é→😀x";
        let all: String = text.bytes().map(|byte| letters.feed(&[byte])).collect();
        assert_eq!(all, text);
        assert_eq!(letters.feed(b"a\xffb\xc3"), "a\u{fffd}b");
        assert_eq!(letters.feed(b"\xa9"), "é");
    }
}
