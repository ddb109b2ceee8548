//! Where a value came from, and what is wrong with one: file, line and key.

use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// The source of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built into the program.
    Default,
    /// A line of a file, counted from one.
    File { path: PathBuf, line: Option<usize> },
    /// A variable of the environment.
    Variable(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => to.write_str("default"),
            Self::File {
                path,
                line: Some(line),
            } => write!(to, "{}:{line}", path.display()),
            Self::File { path, line: None } => write!(to, "{}", path.display()),
            Self::Variable(name) | Self::Flag(name) => to.write_str(name),
        }
    }
}

/// One mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub origin: Origin,
    /// Dotted; none when the file itself cannot be read as TOML.
    pub key: Option<String>,
    pub message: String,
}

/// A fault as one JSON value.
#[derive(Debug, Serialize)]
pub struct FaultJson<'a> {
    /// A file, a variable or a flag.
    pub origin: String,
    pub line: Option<usize>,
    pub key: Option<&'a str>,
    pub message: &'a str,
}

impl Fault {
    /// For a program.
    pub fn json(&self) -> FaultJson<'_> {
        let (origin, line) = match &self.origin {
            Origin::File { path, line } => (path.display().to_string(), *line),
            other => (other.to_string(), None),
        };
        FaultJson {
            origin,
            line,
            key: self.key.as_deref(),
            message: &self.message,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(to, "{}: {key}: {}", self.origin, self.message),
            None => write!(to, "{}: {}", self.origin, self.message),
        }
    }
}

/// Faults in one line.
pub fn together(faults: &[Fault]) -> String {
    match faults {
        [] => "the configuration is wrong".to_owned(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!(
            "{first} (and {} more; orchestra config validate lists them)",
            rest.len()
        ),
    }
}
