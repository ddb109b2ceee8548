//! Names that are safe to send as a target.
//!
//! tmux matches targets by prefix and by pattern, so a target is only ever an
//! id that tmux made, or `=name:` with a name from a narrow alphabet.

use crate::error::Error;
use std::{fmt, str::FromStr};

/// A pane, `%4` to tmux; unique within one life of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaneId(pub u32);

/// A session, `$3` to tmux; unique within one life of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u32);

/// A window, `@2` to tmux; unique within one life of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowId(pub u32);

impl fmt::Display for WindowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}

impl FromStr for WindowId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        numbered(text, '@')
            .map(Self)
            .ok_or(Error::Invalid("a window id looks like @2"))
    }
}

impl fmt::Display for PaneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.0)
    }
}

impl FromStr for PaneId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        numbered(text, '%')
            .map(Self)
            .ok_or(Error::Invalid("a pane id looks like %4"))
    }
}

impl FromStr for SessionId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        numbered(text, '$')
            .map(Self)
            .ok_or(Error::Invalid("a session id looks like $3"))
    }
}

fn numbered(text: &str, sigil: char) -> Option<u32> {
    let digits = text.strip_prefix(sigil)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// A session name: `[a-zA-Z][a-zA-Z0-9_-]{0,63}`, so it is never an id, a
/// pattern or a format, and tmux never rewrites it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionName(String);

impl SessionName {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The target that means this session and no other.
    pub(crate) fn target(&self) -> String {
        format!("={}:", self.0)
    }
}

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SessionName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let letter = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
        let rest = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if letter && rest && text.len() <= 64 {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Invalid(
                "a session name is a letter, then letters, digits, _ or -",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PaneId, SessionId, SessionName};

    #[test]
    fn ids_round_trip() {
        assert_eq!("%4".parse::<PaneId>().unwrap().to_string(), "%4");
        assert_eq!("$0".parse::<SessionId>().unwrap().to_string(), "$0");
        for bad in ["", "%", "4", "%+4", "%-1", "$4", "% 4", "%99999999999"] {
            assert!(bad.parse::<PaneId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn hostile_names_are_refused() {
        for bad in [
            "",
            "$0",
            "@1",
            "%1",
            "=a",
            "a.b",
            "a:b",
            "-x",
            "1a",
            "a b",
            "#(touch x)",
            "a\n",
            "ä",
            "a*",
        ] {
            assert!(bad.parse::<SessionName>().is_err(), "{bad}");
        }
        assert_eq!(
            "sess-droid-001".parse::<SessionName>().unwrap().target(),
            "=sess-droid-001:"
        );
    }
}
