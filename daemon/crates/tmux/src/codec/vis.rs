//! The two escapings in which tmux hands out pane text.

use bytes::{Bytes, BytesMut};

/// Undoes the octal escapes of `%output`: `\ooo` is a byte, all else is itself.
pub fn unescape_output(data: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(data.len());
    let mut rest = data;
    while let Some(at) = rest.iter().position(|&b| b == b'\\') {
        out.extend_from_slice(&rest[..at]);
        let (byte, used) = octal(&rest[at + 1..]).map_or((b'\\', 1), |b| (b, 4));
        out.extend_from_slice(&[byte]);
        rest = &rest[at + used..];
    }
    out.extend_from_slice(rest);
    out.freeze()
}

/// Undoes the vis(3) escapes of `show-buffer` on a control client: octal, the
/// C letters, and a doubled backslash.
pub fn unescape_vis(data: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(data.len());
    let mut rest = data;
    while let Some(at) = rest.iter().position(|&b| b == b'\\') {
        out.extend_from_slice(&rest[..at]);
        let after = &rest[at + 1..];
        let (byte, used) = match (octal(after), after.first()) {
            (Some(byte), _) => (byte, 4),
            (None, Some(&letter)) => (c_letter(letter), 2),
            (None, None) => (b'\\', 1),
        };
        out.extend_from_slice(&[byte]);
        rest = &rest[at + used..];
    }
    out.extend_from_slice(rest);
    out.freeze()
}

fn octal(bytes: &[u8]) -> Option<u8> {
    let [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] = bytes else {
        return None;
    };
    Some((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'))
}

fn c_letter(letter: u8) -> u8 {
    match letter {
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 11,
        b'f' => 12,
        b'r' => b'\r',
        b's' => b' ',
        b'0' => 0,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{unescape_output, unescape_vis};
    use proptest::prelude::*;

    #[test]
    fn vis_forms() {
        assert_eq!(
            &unescape_vis(br"a\\033b\\ \033[31mred\t\0x\")[..],
            b"a\\033b\\ \x1b[31mred\t\0x\\"
        );
    }

    #[test]
    fn output_keeps_broken_escapes() {
        assert_eq!(&unescape_output(br"\134\033\9\")[..], b"\\\x1b\\9\\");
    }

    proptest! {
        #[test]
        fn output_round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut wire = Vec::new();
            for &b in &bytes {
                if b < b' ' || b == b'\\' {
                    wire.extend(format!("\\{b:03o}").bytes());
                } else {
                    wire.push(b);
                }
            }
            prop_assert_eq!(&unescape_output(&wire)[..], &bytes[..]);
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            unescape_vis(&bytes);
            unescape_output(&bytes);
        }
    }
}
