//! Finds the keys that detach among those that go to the agent. Pure.

const CTRL_BACKSLASH: u8 = 0x1c;

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
    /// Ctrl-\; held back.
    Prefix,
}

/// `Ctrl-\ d`, or `~.` at the start of a line, detaches; doubled, either goes through once.
#[derive(Debug, Default)]
pub struct Keys {
    before: Before,
}

impl Keys {
    /// The bytes that go to the agent, and whether to detach after them.
    pub fn feed(&mut self, bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut out = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            let held = match (self.before, byte) {
                (Before::Prefix, b'd') | (Before::Tilde, b'.') => return (out, true),
                (Before::Prefix, CTRL_BACKSLASH) | (Before::Tilde, b'~') => {
                    out.push(byte);
                    self.before = Before::Other;
                    continue;
                }
                (Before::Prefix, _) => Some(CTRL_BACKSLASH),
                (Before::Tilde, _) => Some(b'~'),
                _ => None,
            };
            out.extend(held);
            self.before = match (self.before, byte) {
                (_, CTRL_BACKSLASH) => Before::Prefix,
                (Before::LineStart, b'~') => Before::Tilde,
                (_, b'\r' | b'\n') => Before::LineStart,
                _ => Before::Other,
            };
            if !matches!(self.before, Before::Prefix | Before::Tilde) {
                out.push(byte);
            }
        }
        (out, false)
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
                end = end || detach;
                if end {
                    break;
                }
            }
            assert_eq!((all.as_slice(), end), (sent, detached), "{typed:?}");
            assert_eq!(
                Keys::default().feed(typed),
                (sent.to_vec(), detached),
                "{typed:?}"
            );
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
