//! What a word is: letters and digits in a row, small, without accents. A letter of a
//! script that puts no spaces between words is a word of its own.

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// Longest word in bytes; of a longer one the beginning counts.
pub const MAX_WORD: usize = 64;

/// Calls `take` with each word of a text, in order; the same word each time it stands there.
pub fn each(text: &str, mut take: impl FnMut(&str)) {
    let mut word = Word::default();
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

/// The words of a text as a list.
pub fn all(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    each(text, |word| words.push(word.to_owned()));
    words
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

#[derive(Default)]
struct Word(String);

impl Word {
    fn push(&mut self, letter: char) {
        if self.0.len() + letter.len_utf8() <= MAX_WORD {
            self.0.push(letter);
        }
    }

    fn end(&mut self, take: &mut impl FnMut(&str)) {
        if !self.0.is_empty() {
            take(&self.0);
            self.0.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_WORD, all};

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
        let word = &all(&"ы".repeat(500))[0];
        assert_eq!(word.len(), MAX_WORD);
        assert_eq!(all(&"x".repeat(MAX_WORD + 9)), ["x".repeat(MAX_WORD)]);
    }
}
