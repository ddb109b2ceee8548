//! Rules that answer an agent's question with yes: `Bash(git *)`, `Read(src/**)`,
//! `WebFetch(domain:example.com)`, `mcp__server__tool`. Pure, and narrow on purpose: what
//! is not certainly covered goes to a person.

pub mod command;
#[cfg(test)]
mod tests;
mod wide;

use crate::model::limits::Invalid;
use serde_json::Value;
use std::path::{Component, Path, PathBuf};

/// Longest rule, in bytes.
const MAX_RULE: usize = 500;
/// Tools that only look, which a rule for `Read` covers.
const READERS: &[&str] = &["Read", "Grep", "Glob", "LS", "NotebookRead"];
/// Tools that change files, which a rule for `Edit` covers.
const EDITORS: &[&str] = &["Edit", "MultiEdit", "Write", "NotebookEdit"];
/// Where such a tool names its file.
const PATHS: &[&str] = &["file_path", "notebook_path", "path"];

/// One rule, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    text: String,
    tool: String,
    about: About,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum About {
    /// Every use of the tool.
    Any,
    /// A command: its words, and whether more may follow.
    Command { words: Vec<String>, more: bool },
    /// A file, or a folder with all beneath.
    Path { base: String, beneath: bool },
    /// A host.
    Domain(String),
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// Says what is wrong with it and what would be right.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let wrong = |what: &str| Err(Invalid(format!("the rule {text:?} {what}")));
        if text.len() > MAX_RULE || text.chars().any(char::is_control) {
            return wrong("is too long or has control characters");
        }
        let (tool, inner) = match text.split_once('(') {
            None => (text, None),
            Some((tool, rest)) => match rest.strip_suffix(')') {
                Some(inner) => (tool, Some(inner.trim())),
                None => return wrong("does not end with \")\""),
            },
        };
        let letters = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
        if tool.is_empty() || !tool.chars().all(letters) {
            return wrong("does not begin with the name of a tool, such as Bash(git *)");
        }
        let about = match (tool, inner) {
            ("Bash", None | Some("" | "*" | ":*")) => {
                return wrong(
                    "would allow every command; name the program, or give the agent permissions = \"full\"",
                );
            }
            ("Bash", Some(inner)) => {
                command_rule(inner).map_err(|why| Invalid(format!("the rule {text:?} {why}")))?
            }
            (_, None | Some("" | "*")) => About::Any,
            ("WebFetch", Some(inner)) => match inner.strip_prefix("domain:") {
                Some(domain) if !domain.is_empty() && !domain.contains(['*', '/', ' ']) => {
                    About::Domain(domain.to_ascii_lowercase())
                }
                _ => return wrong("names no site; write WebFetch(domain:example.com)"),
            },
            (tool, Some(inner)) if READERS.contains(&tool) || EDITORS.contains(&tool) => {
                let (base, beneath) = match inner.strip_suffix("/**") {
                    Some(base) => (base, true),
                    None => (inner, false),
                };
                if base.is_empty() || base.contains('*') || base.contains("..") {
                    return wrong("is no path; write one file, or a folder and \"/**\"");
                }
                About::Path {
                    base: base.to_owned(),
                    beneath,
                }
            }
            _ => return wrong("says more than that tool's rules can; leave the brackets out"),
        };
        Ok(Self {
            text: text.to_owned(),
            tool: tool.to_owned(),
            about,
        })
    }

    /// The rule as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What its owner should know of a rule that covers more than it seems to.
    pub fn warning(&self) -> Option<String> {
        match &self.about {
            About::Command { words, more: true } => {
                let why = wide::runs_a_project(words)?;
                Some(format!(
                    "the rule {} {why}; a narrower one names the part, such as Bash({} test *)",
                    self.text, words[0]
                ))
            }
            About::Any if EDITORS.contains(&self.tool.as_str()) => Some(format!(
                "the rule {} covers every file that the agent's user may write; a narrower one names a \
                 folder, such as {}(src/**)",
                self.text, self.tool
            )),
            _ => None,
        }
    }

    /// The same for a CLI whose rules have Claude Code's form.
    pub fn in_cli_form(&self) -> String {
        match &self.about {
            About::Any => self.tool.clone(),
            About::Path { base, .. } if base.starts_with('/') && !base.starts_with("//") => {
                self.text.replacen("(/", "(//", 1)
            }
            _ => self.text.clone(),
        }
    }

    /// True when the rule certainly covers this use of a tool. Paths are read from `cwd`;
    /// `home` stands for `~`.
    pub fn covers(&self, tool: &str, input: &Value, cwd: &Path, home: &Path) -> bool {
        let family = match self.tool.as_str() {
            "Read" => READERS.contains(&tool),
            "Edit" => EDITORS.contains(&tool),
            name => name == tool,
        };
        if !family {
            return false;
        }
        match &self.about {
            About::Any => true,
            About::Command { words, more } => input["command"]
                .as_str()
                .is_some_and(|line| command::covers(words, *more, line)),
            About::Domain(domain) => input["url"]
                .as_str()
                .and_then(host)
                .is_some_and(|host| host == *domain),
            About::Path { base, beneath } => {
                let named = PATHS.iter().find_map(|name| input[*name].as_str());
                let Some(path) = named.and_then(|path| resolve(path, cwd, home)) else {
                    return false;
                };
                let Some(base) = resolve(base, cwd, home) else {
                    return false;
                };
                path == base || (*beneath && path.starts_with(&base))
            }
        }
    }
}

/// Rules that a yes to this question could become, the narrowest first.
pub fn suggest(tool: &str, input: &Value, cwd: &Path, home: &Path) -> Vec<String> {
    let mut all = Vec::new();
    match tool {
        "Bash" => {
            let line = input["command"].as_str().unwrap_or_default();
            all.extend(
                command::suggest(line)
                    .into_iter()
                    .map(|inner| format!("Bash({inner})")),
            );
        }
        "WebFetch" => {
            let host = input["url"].as_str().and_then(host);
            all.extend(host.map(|host| format!("WebFetch(domain:{host})")));
        }
        tool if READERS.contains(&tool) || EDITORS.contains(&tool) => {
            let family = if EDITORS.contains(&tool) {
                "Edit"
            } else {
                "Read"
            };
            let named = PATHS.iter().find_map(|name| input[*name].as_str());
            if let Some(path) = named.and_then(|path| resolve(path, cwd, home)) {
                let short = path.strip_prefix(cwd).unwrap_or(&path);
                all.push(format!("{family}({})", short.display()));
                if let Some(folder) = short.parent().filter(|one| !one.as_os_str().is_empty()) {
                    all.push(format!("{family}({}/**)", folder.display()));
                } else if path.starts_with(cwd) {
                    all.push(format!("{family}(./**)"));
                }
            }
        }
        tool if tool.starts_with("mcp__") => all.push(tool.to_owned()),
        _ => {}
    }
    // What is offered must hold: a rule that would not answer this very question is none.
    all.retain(|text| Rule::parse(text).is_ok_and(|rule| rule.covers(tool, input, cwd, home)));
    all.dedup();
    all
}

fn command_rule(inner: &str) -> Result<About, String> {
    let (fixed, more) = match inner
        .strip_suffix(" *")
        .or_else(|| inner.strip_suffix(":*"))
    {
        Some(fixed) => (fixed, true),
        None => (inner, false),
    };
    let words = command::words(fixed)
        .filter(|words| !words.is_empty())
        .ok_or("is not one simple command; a \"*\" may stand only at its end, after a space")?;
    if more && let Some(why) = command::too_wide(&words) {
        return Err(why);
    }
    Ok(About::Command { words, more })
}

/// The host of an http(s) address without a user part.
fn host(url: &str) -> Option<String> {
    // Some read a backslash as a slash, others do not.
    if url.contains('\\') {
        return None;
    }
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.split(':').next()?;
    let good = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-');
    (!host.is_empty() && host.chars().all(good)).then(|| host.to_ascii_lowercase())
}

/// A path as it would be opened: from `cwd`, without `.`, and with every link on the way
/// followed as far as the path exists. None when it climbs with `..`.
fn resolve(path: &str, cwd: &Path, home: &Path) -> Option<PathBuf> {
    if path.contains('\0') {
        return None;
    }
    let joined = match path.strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None => cwd.join(
            path.strip_prefix('/')
                .filter(|rest| rest.starts_with('/'))
                .unwrap_or(path),
        ),
    };
    if joined.components().any(|part| part == Component::ParentDir) {
        return None;
    }
    let mut missing = Vec::new();
    let mut known = joined.as_path();
    loop {
        if let Ok(real) = known.canonicalize() {
            return Some(
                missing
                    .iter()
                    .rev()
                    .fold(real, |path, name| path.join(name)),
            );
        }
        // A link to nowhere would be followed once somebody makes what it names.
        if known.is_symlink() {
            return None;
        }
        missing.push(known.file_name()?.to_owned());
        known = known.parent()?;
    }
}
