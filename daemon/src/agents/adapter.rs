//! What differs from CLI to CLI, as pure functions: how to start it, what its hooks,
//! titles and screens mean, how text has to look to arrive as text. One file per CLI;
//! nothing outside knows a CLI by name.

mod asking;
pub mod claude;
pub mod codex;
pub mod shell;

use crate::config::{PermissionMode, Specialist};
use crate::model::approval::{Ask, Over, Word};
use crate::model::evidence::Fact;
use orchestra_protocol::agent::{ActivityState, WaitingFor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Everything a launch may depend on.
#[derive(Debug, Clone)]
pub struct LaunchContext<'a> {
    pub agent: &'a str,
    /// Private folder of this agent; generated files go here.
    pub dir: &'a Path,
    /// Our own binary, for hooks and the MCP server.
    pub orchestra: &'a Path,
    /// The CLI's program.
    pub program: &'a Path,
    pub cwd: &'a Path,
    pub title: &'a str,
    /// Name for the conversation; a UUID.
    pub cli_session: &'a str,
    /// True to go on with that conversation instead of beginning it.
    pub resume: bool,
    /// To begin it as a copy of this one instead.
    pub fork_of: Option<&'a str>,
    pub primary: bool,
    /// Name of the specialist, else the kind.
    pub specialist: &'a str,
    /// Its own instructions, from the config.
    pub instructions: &'a str,
    /// Who a primary may hand work to.
    pub specialists: &'a [Specialist],
    pub permissions: PermissionMode,
    /// Arguments from the config, put before ours.
    pub args: &'a [String],
    /// Rules whose uses need no question, in the CLIs' own form.
    pub bypass: &'a [String],
    /// Git's common folder of `cwd`, where there is one.
    pub git_dir: Option<&'a Path>,
    /// What `Adapter::endpoint` gave.
    pub endpoint: Option<&'a str>,
}

/// How to start a CLI. Nothing in `argv` is secret: every user can read it.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    pub argv: Vec<String>,
    pub env: Vec<(String, String)>,
    /// Files to write beneath the agent's folder before the start.
    pub files: Vec<(PathBuf, String)>,
}

/// What a screen shows, as far as rules can tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The composer is there and would take a paste.
    pub ready: bool,
    /// A dialog is up: what it wants, for a person.
    pub dialog: Option<String>,
    /// Text in the composer that nobody submitted.
    pub leftover: bool,
    /// The first row of the composer: what was typed, or a hint of the CLI's own.
    pub composer: String,
    /// What the agent does, where the screen tells.
    pub state: Option<ActivityState>,
}

/// One state as one source tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub state: ActivityState,
    pub waiting_for: Option<WaitingFor>,
}

impl Told {
    /// Idle, busy or unknown.
    pub const fn plain(state: ActivityState) -> Self {
        Self {
            state,
            waiting_for: None,
        }
    }
}

/// One agent CLI.
pub trait Adapter: Send + Sync {
    /// Its name on the wire.
    fn kind(&self) -> &'static str;
    /// Its name for people.
    fn title(&self) -> &'static str;
    /// The program looked for on PATH.
    fn program(&self) -> &'static str;
    /// What to do when it is missing.
    fn remedy(&self) -> &'static str;
    /// Versions that this file was written and tested for.
    fn tested(&self) -> &'static [&'static str];
    /// Where its model answers, from what it inherits and its user's own settings. Told to a
    /// CLI that would else send its key wherever a project's settings say.
    fn endpoint(&self, _inherited: &BTreeMap<String, String>) -> Option<String> {
        None
    }
    /// How to start it.
    fn launch(&self, context: &LaunchContext<'_>) -> Launch;
    /// What a hook call says: the event's name where the call names it, and its content.
    fn facts(&self, name: Option<&str>, event: &Value) -> Vec<Fact>;
    /// The question that a hook call asks a person, if it is one.
    fn asks(&self, _event: &Value) -> Option<Ask> {
        None
    }
    /// What a hook call says about questions that were open.
    fn over(&self, _event: &Value) -> Option<Over> {
        None
    }
    /// The hook's answer to a question, in the CLI's own form.
    fn answer(&self, _ask: &Ask, _word: &Word) -> Value {
        Value::Null
    }
    /// The text to paste so that `text` arrives as text; as a command when asked for.
    fn compose(&self, text: &str, as_command: bool) -> String;
    /// True when the CLI's own record of a prompt is the text that was sent.
    fn same(&self, sent: &str, seen: &str) -> bool {
        squeeze(sent) == squeeze(seen)
    }
    /// What the screen shows; rows from top to bottom, and the cursor's column and row.
    fn read_screen(&self, rows: &[&str], cursor: (u16, u16)) -> Reading;
    /// True when the composer's first row is the beginning of that pasted text.
    fn holds(&self, composer: &str, text: &str) -> bool {
        let typed = squeeze(composer);
        composer.starts_with("[Pasted") || !typed.is_empty() && squeeze(text).starts_with(&typed)
    }
    /// What the pane's title says.
    fn read_title(&self, title: &str) -> Option<Told>;
    /// The CLI's own status file, if it keeps one.
    fn status_file(&self, _home: &Path, _pid: i32) -> Option<PathBuf> {
        None
    }
    /// What that file says.
    fn read_status(&self, _content: &Value) -> Option<Told> {
        None
    }
    /// True when a hook tells that the CLI can take its first prompt.
    fn announces_itself(&self) -> bool;
    /// How long to wait between a paste and Enter.
    fn pause_after_paste(&self, bytes: usize) -> Duration {
        // Measured: 0.5 s holds up to 110 kB, 1 s beyond.
        Duration::from_millis(if bytes > 100_000 { 1_000 } else { 500 })
    }
    /// Keys that end the present turn.
    fn interrupt_keys(&self) -> &'static [&'static str] {
        &["Escape"]
    }
    /// True when it takes commands, not prompts: it has no conversation.
    fn is_shell(&self) -> bool {
        false
    }
    /// The command that empties the conversation.
    fn clear_command(&self) -> Option<&'static str> {
        None
    }
    /// True when a conversation that was found on disk can go on as an agent.
    fn takes_found(&self) -> bool {
        false
    }
    /// True when an ended agent can go on with the same conversation.
    fn resumes(&self) -> bool {
        false
    }
}

/// The adapter of a kind.
pub fn find(kind: &str) -> Option<&'static dyn Adapter> {
    all().iter().copied().find(|adapter| adapter.kind() == kind)
}

/// Every adapter, in the order of the list that people see.
pub fn all() -> &'static [&'static dyn Adapter] {
    &[&claude::Claude, &codex::Codex, &shell::Shell]
}

/// Text without white space and zero-width spaces: what all CLIs leave alone.
fn squeeze(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '\u{200b}')
        .collect()
}

/// True when a choice is on the screen: a pointer before a numbered option. Words of a
/// dialog without it are words that somebody wrote.
fn offers_choice(rows: &[&str], pointer: char) -> bool {
    rows.iter().any(|row| {
        let option = row
            .trim_start_matches([' ', '│'])
            .strip_prefix(pointer)
            .map(str::trim_start);
        option.is_some_and(|option| {
            let digits = option.trim_start_matches(|letter: char| letter.is_ascii_digit());
            digits.len() < option.len() && digits.starts_with('.')
        })
    })
}

/// Text made safe to paste: line ends as LF, no control characters but tab and LF,
/// so that no escape sequence can end a bracketed paste.
fn pasteable(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t'))
        .collect()
}

/// A POSIX shell word.
fn shell_word(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// The rules every agent gets, with its own instructions.
fn rules(context: &LaunchContext<'_>) -> String {
    let template = if context.primary {
        include_str!("../../../claude-config/CLAUDE.md")
    } else {
        include_str!("../../../claude-config/specialist.md")
    };
    let cwd = context.cwd.display().to_string();
    let specialists = specialists(context.specialists);
    fill(
        template,
        &[
            ("agent_id", context.agent),
            ("cwd", &cwd),
            ("specialist", context.specialist),
            ("specialists", &specialists),
            ("instructions", context.instructions),
        ],
    )
}

fn specialists(list: &[Specialist]) -> String {
    if list.is_empty() {
        return "None are configured: do the work yourself.".to_owned();
    }
    let line = |one: &Specialist| {
        let labels = one.labels.join(", ");
        format!("- {}: {labels}. {}", one.name, one.instructions)
    };
    list.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Puts each value in once; what a value contains is not filled again.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find("{{") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let known = after.find("}}").and_then(|end| {
            Some((
                end,
                values.iter().find(|(name, _)| *name == &after[2..end])?,
            ))
        });
        match known {
            Some((end, (_, value))) => {
                out.push_str(value);
                rest = &after[end + 2..];
            }
            None => {
                out.push_str("{{");
                rest = &after[2..];
            }
        }
    }
    out + rest
}

/// Fills the strings of a JSON template after it was parsed, so that no value can
/// break out of its string.
fn fill_json(template: &str, values: &[(&str, &str)]) -> Value {
    fn walk(value: &mut Value, values: &[(&str, &str)]) {
        match value {
            Value::String(text) => *text = fill(text, values),
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, values)),
            Value::Object(map) => map.values_mut().for_each(|item| walk(item, values)),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(template).unwrap_or_default();
    walk(&mut value, values);
    value
}

/// Text that no CLI takes for a command: one leading space before `!` and `/`, one
/// trailing space against completion of a last `@word` and a closing backslash.
fn as_text(text: &str) -> String {
    let mut text = pasteable(text);
    if text.starts_with(['!', '/']) {
        text.insert(0, ' ');
    }
    text.push(' ');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_text_holds_no_way_out() {
        assert_eq!(pasteable("a\x1b[201~b\r\nc\rd\te\0"), "a[201~b\nc\nd\te");
    }

    #[test]
    fn values_stay_where_they_are_put() {
        assert_eq!(shell_word(Path::new("/a'b c")), r"'/a'\''b c'");
        let values = [("a", "x{{b}}"), ("b", "y\"")];
        assert_eq!(fill("{{a}} {{b}} {{c}} {{", &values), "x{{b}} y\" {{c}} {{");
        let json = fill_json(r#"{"k":["{{b}}"]}"#, &values);
        assert_eq!(json["k"][0], "y\"");
    }

    #[test]
    fn every_template_is_filled_to_the_end() {
        for template in [
            include_str!("../../../claude-config/CLAUDE.md"),
            include_str!("../../../claude-config/specialist.md"),
        ] {
            let names = [
                "agent_id",
                "cwd",
                "specialist",
                "specialists",
                "instructions",
            ];
            let values: Vec<_> = names.iter().map(|name| (*name, "v")).collect();
            let text = fill(template, &values);
            assert!(!text.contains("{{"), "{text}");
        }
    }
}
