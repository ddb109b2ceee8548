//! Cutting text between its letters. An emulator that gets one letter in two writes may
//! lose it: xterm.js does, when the first ends behind a byte 0x80.

use bytes::Bytes;

/// The bytes at the end that begin a letter whose rest has not come; at most three.
pub fn unfinished(bytes: &[u8]) -> &[u8] {
    let tail = &bytes[bytes.len().saturating_sub(4)..];
    let begin = tail.iter().rposition(|byte| !(0x80..0xc0).contains(byte));
    let begun = begin.map_or(&[][..], |at| &tail[at..]);
    let whole = match begun.first() {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => 0,
    };
    if begun.len() < whole { begun } else { &[] }
}

/// Less a letter that was cut at the end, unless there is nothing else.
pub fn whole(bytes: &Bytes) -> Bytes {
    match bytes.len() - unfinished(bytes).len() {
        0 => bytes.clone(),
        end => bytes.slice(..end),
    }
}

/// Pieces of at most `most` bytes, each of whole letters.
pub fn pieces(mut bytes: Bytes, most: usize) -> Vec<Bytes> {
    let mut pieces = Vec::with_capacity(bytes.len() / most + 1);
    while bytes.len() > most {
        let piece = bytes.split_to(whole(&bytes.slice(..most)).len());
        pieces.push(piece);
    }
    if !bytes.is_empty() {
        pieces.push(bytes);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{pieces, unfinished};
    use bytes::Bytes;

    #[test]
    fn pieces_are_cut_between_letters() {
        let cut = pieces(Bytes::from("a語語b🚀"), 5);
        assert_eq!(cut, ["a語", "語b", "🚀"]);
        assert_eq!(pieces(Bytes::from("語"), 1).concat(), "語".as_bytes());
        assert!(pieces(Bytes::new(), 5).is_empty());
    }

    #[test]
    fn only_what_still_lacks_bytes_is_unfinished() {
        for (text, expected) in [
            (&b""[..], &b""[..]),
            (b"abc", b""),
            (b"a\xc3", b"\xc3"),
            (b"a\xc3\xa9", b""),
            ("語".as_bytes(), b""),
            (&"語".as_bytes()[..2], &"語".as_bytes()[..2]),
            (&"ab🚀".as_bytes()[..5], &"🚀".as_bytes()[..3]),
            (b"\xe8\x1b", b""),
            (b"\x80\x80\x80\x80\x80", b""),
            (b"\xff", b""),
        ] {
            assert_eq!(unfinished(text), expected, "{text:?}");
        }
    }
}
