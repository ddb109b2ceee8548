//! Taking window names out of the stream.
//!
//! tmux swallows `ESC k name ESC \`, which names a window; other emulators know
//! no such sequence and print the name. It may be cut anywhere.

use bytes::BytesMut;

/// The filter, with the memory of how the last chunk ended.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct TitleFilter(State);

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// An escape that has not been passed on yet.
    Escape,
    Name,
    NameEscape,
}

const ESC: u8 = 0x1b;

impl TitleFilter {
    /// Appends what remains of a chunk. An escape at its end is held back until
    /// the next one.
    pub(super) fn feed(&mut self, mut data: &[u8], out: &mut BytesMut) {
        while let Some(&byte) = data.first() {
            match self.0 {
                State::Text => {
                    let end = data.iter().position(|&b| b == ESC).unwrap_or(data.len());
                    out.extend_from_slice(&data[..end]);
                    if end < data.len() {
                        self.0 = State::Escape;
                    }
                    data = data.get(end + 1..).unwrap_or_default();
                    continue;
                }
                State::Escape if byte == b'k' => self.0 = State::Name,
                State::Escape if byte == ESC => out.extend_from_slice(&[ESC]),
                State::Escape => {
                    out.extend_from_slice(&[ESC, byte]);
                    self.0 = State::Text;
                }
                State::Name if byte == ESC => self.0 = State::NameEscape,
                // Cancel and substitute end any string.
                State::Name if matches!(byte, 0x18 | 0x1a) => self.0 = State::Text,
                State::Name => {}
                State::NameEscape if byte == b'\\' => self.0 = State::Text,
                // Any other sequence ends the name and counts itself.
                State::NameEscape => {
                    self.0 = State::Escape;
                    continue;
                }
            }
            data = &data[1..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TitleFilter;
    use bytes::BytesMut;
    use proptest::prelude::*;

    fn filter(chunks: &[&[u8]]) -> Vec<u8> {
        let (mut filter, mut out) = (TitleFilter::default(), BytesMut::new());
        for chunk in chunks {
            filter.feed(chunk, &mut out);
        }
        out.to_vec()
    }

    #[test]
    fn names_go_and_the_rest_stays() {
        assert_eq!(filter(&[b"a\x1bkname\x1b\\b\x1b[1mk"]), b"ab\x1b[1mk");
        assert_eq!(filter(&[b"a\x1bkname\x1b[1mb"]), b"a\x1b[1mb");
        assert_eq!(filter(&[b"\x1b\x1bkx\x1b\\\x1b\\"]), b"\x1b\x1b\\");
        assert_eq!(filter(&[b"\x1bkx\x18y"]), b"y");
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(text in "(\x1b|k|\\\\|a|\x18|é){0,30}", cut in any::<prop::sample::Index>()) {
            let bytes = text.as_bytes();
            let (a, b) = bytes.split_at(cut.index(bytes.len() + 1));
            prop_assert_eq!(filter(&[a, b]), filter(&[bytes]));
        }
    }
}
