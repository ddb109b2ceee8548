//! The one way for text into a tmux command line.
//!
//! Inside double quotes tmux reads `\ooo` as a byte, so everything outside a
//! small alphabet goes as octal: no newline can end the line, no `;` a command,
//! no `$`, `~`, `#` or `%` can start an expansion by the command parser.

/// Appends `bytes` as one quoted word.
///
/// A NUL cannot exist inside a tmux argument; it is left out here as the last
/// defence, and refused before by whoever takes bytes from outside.
pub fn quote(bytes: &[u8], line: &mut Vec<u8>) {
    line.reserve(bytes.len() + bytes.len() / 2 + 2);
    line.push(b'"');
    for &byte in bytes {
        match byte {
            0 => {}
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b' ' | b'.' | b',' | b'_' | b'/' | b'-' => {
                line.push(byte);
            }
            _ => line.extend([b'\\', digit(byte >> 6), digit(byte >> 3), digit(byte)]),
        }
    }
    line.push(b'"');
}

fn digit(bits: u8) -> u8 {
    b'0' + (bits & 7)
}

/// Doubles every `#`, for options whose value tmux expands as a format: there
/// `#(…)` would run a shell command.
pub fn no_formats(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if byte == b'#' {
            out.push(b'#');
        }
        out.push(byte);
    }
    out
}

/// Reads back what [`quote`] wrote; the tests' model of tmux' parser.
#[cfg(test)]
pub(crate) fn words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut bytes = line.iter().copied();
    loop {
        if bytes.next()? != b'"' {
            return None;
        }
        let mut word = Vec::new();
        loop {
            match bytes.next()? {
                b'"' => break,
                b'\\' => {
                    let mut digit = || {
                        bytes
                            .next()
                            .filter(|b| (b'0'..=b'7').contains(b))
                            .map(|b| u32::from(b - b'0'))
                    };
                    let value = digit()? << 6 | digit()? << 3 | digit()?;
                    word.push(u8::try_from(value).ok()?);
                }
                byte => word.push(byte),
            }
        }
        words.push(word);
        match bytes.next() {
            None => return Some(words),
            Some(b' ') => {}
            Some(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{no_formats, quote, words};
    use proptest::prelude::*;

    #[test]
    fn plain_words_stay_readable() {
        let mut line = Vec::new();
        quote(b"send-keys", &mut line);
        assert_eq!(line, b"\"send-keys\"");
    }

    #[test]
    fn formats_are_doubled() {
        assert_eq!(no_formats(b"#(x)##"), b"##(x)####");
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(1u8..=255, 0..300)) {
            let mut line = Vec::new();
            quote(&bytes, &mut line);
            prop_assert!(line.iter().all(|b| matches!(b, b' '..=b'~')));
            let special = line.iter().any(|b| b";#$'~{}%*?".contains(b));
            prop_assert!(!special);
            prop_assert_eq!(words(&line), Some(vec![bytes]));
        }
    }
}
