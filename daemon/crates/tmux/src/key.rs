//! Keys that may be pressed by name.
//!
//! tmux reads an unknown key name as text and some names as more than a key, so
//! a key is one from a closed list, or it is refused.

use crate::error::Error;
use std::{fmt, str::FromStr};

/// A named key, such as `Enter`, `C-c` or `S-Up`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

/// Keys that take no modifier or any of them, in tmux' spelling.
const NAMED: [&str; 14] = [
    "Up", "Down", "Left", "Right", "Home", "End", "PageUp", "PageDown", "IC", "DC", "Tab", "Enter",
    "Escape", "Space",
];

/// What people also call them.
const ALIASES: [(&str, &str); 9] = [
    ("Esc", "Escape"),
    ("Return", "Enter"),
    ("Backspace", "BSpace"),
    ("Delete", "DC"),
    ("Insert", "IC"),
    ("PgUp", "PageUp"),
    ("PgDn", "PageDown"),
    ("PPage", "PageUp"),
    ("NPage", "PageDown"),
];

impl Key {
    /// Reads a name: `Enter`, `Escape`, `Tab`, `BTab`, `BSpace`, `Space`, arrows,
    /// `Home`, `End`, `PageUp`, `PageDown`, `IC`, `DC`, `F1` to `F12`, each with
    /// any of `C-`, `M-`, `S-` before it; and `C-` or `M-` with a letter, digit
    /// or one of `[ ] \ _ ^ @ ?`-style control partners.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let mut base = name;
        let (mut control, mut meta, mut shift) = (false, false, false);
        loop {
            let (flag, rest) = match base.get(..2) {
                Some("C-") => (&mut control, &base[2..]),
                Some("M-") => (&mut meta, &base[2..]),
                Some("S-") => (&mut shift, &base[2..]),
                _ => break,
            };
            if *flag || rest.is_empty() {
                return Err(UNKNOWN);
            }
            *flag = true;
            base = rest;
        }
        let base = ALIASES
            .iter()
            .find(|(alias, _)| *alias == base)
            .map_or(base, |(_, name)| name);
        let known = NAMED.contains(&base)
            || matches!(base, "BTab" | "BSpace")
            || base.strip_prefix('F').is_some_and(is_function_number)
            || ((control || meta) && !shift && is_partner(base, control));
        if !known {
            return Err(UNKNOWN);
        }
        let mut key = String::new();
        for (on, prefix) in [(control, "C-"), (meta, "M-"), (shift, "S-")] {
            if on {
                key.push_str(prefix);
            }
        }
        key.push_str(base);
        Ok(Self(key))
    }

    /// The name as tmux knows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const UNKNOWN: Error = Error::Invalid("this key name is not known");

fn is_function_number(digits: &str) -> bool {
    !digits.starts_with('0') && digits.parse::<u8>().is_ok_and(|n| (1..=12).contains(&n))
}

/// Single characters that make a key together with Control or Meta.
fn is_partner(base: &str, control: bool) -> bool {
    let [byte] = base.as_bytes() else {
        return false;
    };
    byte.is_ascii_lowercase()
        || if control {
            b"@[\\]^_".contains(byte)
        } else {
            byte.is_ascii_alphanumeric()
        }
}

impl FromStr for Key {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::parse(name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn known_keys() {
        for (name, key) in [
            ("C-c", "C-c"),
            ("Enter", "Enter"),
            ("Return", "Enter"),
            ("Esc", "Escape"),
            ("Tab", "Tab"),
            ("BTab", "BTab"),
            ("S-Up", "S-Up"),
            ("C-M-Left", "C-M-Left"),
            ("M-C-Left", "C-M-Left"),
            ("M-x", "M-x"),
            ("M-X", "M-X"),
            ("F1", "F1"),
            ("F12", "F12"),
            ("Backspace", "BSpace"),
            ("C-[", "C-["),
            ("C-Space", "C-Space"),
            ("Delete", "DC"),
        ] {
            assert_eq!(Key::parse(name).unwrap().as_str(), key);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for name in [
            "",
            "a",
            "ls",
            "C-",
            "C-C-c",
            "C-C",
            "F0",
            "F13",
            "F01",
            "-t",
            "-X",
            "Enter ",
            "MouseDown1Pane",
            "C-é",
            "Any",
            "User0",
            "0x41",
            "C-c;",
            ";",
            "M--",
            "S-a",
            "None",
        ] {
            assert!(Key::parse(name).is_err(), "{name}");
        }
    }
}
