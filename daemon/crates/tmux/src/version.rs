//! Which tmux this is, and every decision that hangs on it.

use crate::error::Error;
use std::fmt;

/// A tmux version. Development builds count as newer than every release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    number: Number,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Number {
    major: u32,
    minor: u32,
    /// `a` is 1; a release without a letter is 0.
    letter: u8,
}

const fn number(major: u32, minor: u32, letter: u8) -> Number {
    Number {
        major,
        minor,
        letter,
    }
}

impl Version {
    /// Reads the answer to `tmux -V`: `tmux 3.3a`, `tmux next-3.7`,
    /// `tmux master`, `tmux openbsd-7.5`.
    pub fn parse(answer: &str) -> Result<Self, Error> {
        let text = answer.trim().strip_prefix("tmux ").unwrap_or(answer.trim());
        let unknown = || Error::UnknownVersion(answer.trim().to_owned());
        let release = text.strip_prefix("next-").unwrap_or(text);
        let number = if text == "master" || text.starts_with("openbsd-") {
            // OpenBSD numbers its own releases; its tmux is always a recent one.
            number(u32::MAX, 0, 0)
        } else {
            parse_release(release).ok_or_else(unknown)?
        };
        Ok(Self {
            number,
            text: text.to_owned(),
        })
    }

    /// Refuses what cannot work.
    pub fn require_supported(&self) -> Result<(), Error> {
        if self.number < number(3, 2, 1) {
            return Err(Error::TooOld {
                found: self.text.clone(),
            });
        }
        Ok(())
    }

    /// Works, but is older than what the tests run on.
    pub fn deserves_warning(&self) -> bool {
        self.number < number(3, 3, 1)
    }

    /// `capture-pane -p` on a control client loses the memory of every capture
    /// up to 3.5a; there a buffer has to carry it.
    pub(crate) fn capture_leaks(&self) -> bool {
        self.number < number(3, 6, 0)
    }

    /// Before 3.7 any announcement to control clients kills the server while one
    /// of them is being let in.
    pub(crate) fn attaching_is_fragile(&self) -> bool {
        self.number < number(3, 7, 0)
    }

    /// From 3.4 on a capture through a buffer is announced to control clients.
    pub(crate) fn announces_buffers(&self) -> bool {
        self.number >= number(3, 4, 0)
    }

    /// Since 3.3 a dead pane tells its signal and time, and tells them late.
    pub(crate) fn tells_signals(&self) -> bool {
        self.number >= number(3, 3, 0)
    }

    /// `remain-on-exit-format` came with 3.3.
    pub(crate) fn has_remain_on_exit_format(&self) -> bool {
        self.number >= number(3, 3, 0)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `MAJOR.MINOR[a-z]?`, and tolerates a suffix such as `-rc2`.
fn parse_release(text: &str) -> Option<Number> {
    let (release, _) = text.split_once('-').unwrap_or((text, ""));
    let (major, minor) = release.split_once('.')?;
    let letter = minor.bytes().last().filter(u8::is_ascii_lowercase);
    let digits = if letter.is_some() {
        &minor[..minor.len() - 1]
    } else {
        minor
    };
    Some(Number {
        major: major.parse().ok()?,
        minor: digits.parse().ok()?,
        letter: letter.map_or(0, |l| l - b'a' + 1),
    })
}

#[cfg(test)]
mod tests {
    use super::Version;

    fn of(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn known_answers() {
        for (text, supported, warned, leaks) in [
            ("tmux 3.1c\n", false, true, true),
            ("tmux 3.2", false, true, true),
            ("tmux 3.2a", true, true, true),
            ("tmux 3.3", true, true, true),
            ("tmux 3.3a", true, false, true),
            ("tmux 3.5a", true, false, true),
            ("tmux 3.6", true, false, false),
            ("tmux 3.6b", true, false, false),
            ("tmux 3.7-rc2", true, false, false),
            ("tmux next-3.8", true, false, false),
            ("tmux master", true, false, false),
            ("tmux openbsd-7.5", true, false, false),
            ("tmux 10.0", true, false, false),
        ] {
            let version = of(text);
            assert_eq!(version.require_supported().is_ok(), supported, "{text}");
            assert_eq!(version.deserves_warning(), warned, "{text}");
            assert_eq!(version.capture_leaks(), leaks, "{text}");
        }
        assert_eq!(of("tmux 3.3a\n").to_string(), "3.3a");
    }

    #[test]
    fn nonsense_is_an_error() {
        for text in [
            "",
            "tmux",
            "tmux x",
            "tmux 3",
            "tmux 3.",
            "tmux .3",
            "screen 4.9 x",
        ] {
            assert!(Version::parse(text).is_err(), "{text}");
        }
    }
}
