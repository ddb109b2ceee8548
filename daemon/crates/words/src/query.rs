//! What is looked for: words that all stand in one text, each as a beginning.

use crate::tokens::{self, MAX_WORD};

/// What a person typed, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Of each thing between spaces its words, which have to follow each other.
    phrases: Vec<Vec<String>>,
}

impl Query {
    /// Takes what lies between spaces; what has no letter and no digit says nothing.
    #[must_use]
    pub fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let phrases = texts.map(tokens::all);
        Self {
            phrases: phrases.filter(|words| !words.is_empty()).collect(),
        }
    }

    /// True when it asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// Every word as the index has it and whether it may go on, the long ones first: they
    /// are in fewer texts.
    #[must_use]
    pub fn words(&self) -> Vec<(&str, bool)> {
        let cut = |(word, beginning)| {
            let word: &str = word;
            (&word[..word.floor_char_boundary(MAX_WORD)], beginning)
        };
        let words = self.phrases.iter().flat_map(|phrase| each(phrase));
        let mut words: Vec<_> = words.map(cut).collect();
        words.sort_by_key(|(word, beginning)| (std::cmp::Reverse(word.len()), *beginning));
        words.dedup();
        words
    }

    /// True when a text that has all the words may still not be meant.
    #[must_use]
    pub fn needs_text(&self) -> bool {
        // One that may have been cut, in the index or here, is not plain.
        let plain = |words: &Vec<String>| words.len() == 1 && words[0].len() < MAX_WORD - 3;
        !self.phrases.iter().all(plain)
    }

    /// True when a text holds it.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        let words = tokens::all(text);
        let at = |words: &[String], phrase: &[String]| {
            let mut pairs = words.iter().zip(each(phrase));
            pairs
                .all(|(own, (word, beginning))| own == word || (beginning && own.starts_with(word)))
        };
        let stands = |phrase: &Vec<String>| {
            let mut places = words.windows(phrase.len());
            places.any(|words| at(words, phrase))
        };
        self.phrases.iter().all(stands)
    }
}

/// The words of a phrase; the last one may go on.
fn each(phrase: &[String]) -> impl Iterator<Item = (&str, bool)> {
    let last = phrase.len().saturating_sub(1);
    let all = phrase.iter().enumerate();
    all.map(move |(at, word)| (word.as_str(), at == last))
}

#[cfg(test)]
mod tests {
    use super::Query;

    fn query(text: &str) -> Query {
        Query::new(text.split_whitespace())
    }

    #[test]
    fn each_word_is_a_beginning_and_all_must_stand_there() {
        assert!(query("quick FO").holds("The fox is quick"));
        assert!(!query("quick ox").holds("The fox is quick"));
        assert!(query("").is_empty() && query("-- \"").is_empty());
        assert!(!query("quick fo").needs_text());
    }

    #[test]
    fn what_is_joined_must_follow_each_other() {
        let path = query("src/main.r");
        assert_eq!(path.words(), [("main", false), ("src", false), ("r", true)]);
        assert!(path.needs_text());
        assert!(path.holds("see daemon/src/main.rs:7"));
        assert!(!path.holds("main.rs in src"));
        assert!(query("复bug").holds("修复bugs"));
    }

    #[test]
    fn a_word_of_any_length_is_asked_for() {
        let long = "x".repeat(4000);
        assert!(query(&long).holds(&long));
        assert!(query(&long).needs_text());
        assert!(!query(&format!("{long}y")).holds(&long));
        assert_eq!(query(&long).words(), [("x".repeat(64).as_str(), true)]);
    }
}
