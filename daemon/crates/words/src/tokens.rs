//! What a word is: letters and digits in a row, small, without accents. A letter of a
//! script that puts no spaces between words is a word of its own.

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// Longest word of the index in bytes; of a longer one the beginning counts.
pub const MAX_WORD: usize = 64;

/// Calls `take` with each word of a text, cut, in order; the same word each time it stands
/// there.
pub fn each(text: &str, take: impl FnMut(&str)) {
    each_of(text, MAX_WORD, take);
}

/// The words of a text as a list, each whole.
pub fn all(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    each_of(text, usize::MAX, |word| words.push(word.to_owned()));
    words
}

fn each_of(text: &str, most: usize, mut take: impl FnMut(&str)) {
    let mut word = Word {
        text: String::new(),
        most,
        cut: false,
    };
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii() {
            at += 1;
            if byte.is_ascii_alphanumeric() {
                word.push(char::from(byte.to_ascii_lowercase()));
            } else {
                word.end(&mut take);
            }
            continue;
        }
        let Some(letter) = text[at..].chars().next() else {
            break;
        };
        at += letter.len_utf8();
        other(letter, &mut word, &mut take);
    }
    word.end(&mut take);
}

/// A letter beyond ASCII.
fn other(letter: char, word: &mut Word, take: &mut impl FnMut(&str)) {
    if stands_alone(letter) {
        word.end(take);
        word.push(letter);
        word.end(take);
    } else if matches!(letter, '\u{ac00}'..='\u{d7a3}') {
        // Taken apart it would be three letters, of which each begins another word.
        word.push(letter);
    } else if letter.is_alphanumeric() {
        for small in letter.to_lowercase() {
            decompose_canonical(small, |part| {
                if !is_combining_mark(part) || (part == small && small.is_alphanumeric()) {
                    word.push(part);
                }
            });
        }
    } else if !is_combining_mark(letter) {
        word.end(take);
    }
}

/// Chinese characters, and the Japanese syllables between them.
fn stands_alone(letter: char) -> bool {
    matches!(letter, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && letter.is_alphanumeric()
}

struct Word {
    text: String,
    most: usize,
    cut: bool,
}

impl Word {
    fn push(&mut self, letter: char) {
        self.cut |= self.text.len() + letter.len_utf8() > self.most;
        if !self.cut {
            self.text.push(letter);
        }
    }

    fn end(&mut self, take: &mut impl FnMut(&str)) {
        if !self.text.is_empty() {
            take(&self.text);
            self.text.clear();
        }
        self.cut = false;
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_WORD, all, each};

    #[test]
    fn words_are_small_and_without_accents() {
        assert_eq!(
            all("fn Read_Line(&self) -> Größe, E\u{301}TÉ!"),
            ["fn", "read", "line", "self", "große", "ete"]
        );
        assert_eq!(all("İstanbul ΑΘΉΝΑ Ёлка"), ["istanbul", "αθηνα", "елка"]);
        assert_eq!(all("한국어 v2 x٣"), ["한국어", "v2", "x٣"]);
        assert_eq!(all(" -_/\u{301} \u{1f600}"), [""; 0]);
    }

    #[test]
    fn where_no_space_parts_words_each_letter_is_one() {
        assert_eq!(
            all("修复bug吧、カナ"),
            ["修", "复", "bug", "吧", "カ", "ナ"]
        );
    }

    #[test]
    fn a_long_word_is_cut_between_letters() {
        for text in ["ы".repeat(500), format!("x{}y", "ы".repeat(500))] {
            let mut cut = Vec::new();
            each(&text, |word| cut.push(word.to_owned()));
            assert_eq!(cut, [&text[..text.floor_char_boundary(MAX_WORD)]]);
            assert_eq!(all(&text), [text]);
        }
    }
}
