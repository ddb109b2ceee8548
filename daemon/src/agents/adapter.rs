//! What differs from CLI to CLI, as pure functions: how to start it, what its hooks,
//! titles and screens mean, how text has to look to arrive as text. One file per CLI;
//! nothing outside knows a CLI by name.

pub mod aider;
mod asking;
pub mod claude;
pub mod codex;
#[cfg(test)]
mod corpus;
pub mod custom;
pub mod cursor;
pub mod droid;
mod events;
pub mod gemini;
pub mod opencode;
pub mod qwen;
pub mod shell;
mod text;

use crate::config::{PermissionMode, Specialist};
use crate::model::approval::{Ask, Over, Word};
use crate::model::evidence::Fact;
use orchestra_protocol::agent::{ActivityState, WaitingFor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use text::squeeze;

/// Everything a launch may depend on.
#[derive(Debug, Clone)]
pub struct LaunchContext<'a> {
    pub agent: &'a str,
    /// Private folder of this agent; generated files go here.
    pub dir: &'a Path,
    /// The user's HOME, where a CLI keeps what is theirs.
    pub home: &'a Path,
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
    /// Stands in for a folder of the user's, for a CLI that takes nothing by flag.
    pub overlay: Option<Overlay>,
}

/// A folder beneath the agent's that shows what is in the user's, by links, but for
/// settings of its own: the user's with ours laid over them.
#[derive(Debug, Clone)]
pub struct Overlay {
    /// Beneath the agent's folder.
    pub folder: PathBuf,
    /// The user's folder.
    pub of: PathBuf,
    /// Folders in there that the CLI makes by itself and that the user shall find again.
    pub kept: &'static [&'static str],
    /// Name of the settings file.
    pub settings: &'static str,
    /// What is laid over the user's settings; lists are added to theirs.
    pub over: Value,
}

/// What a screen shows, as far as rules can tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The composer is there and would take a paste.
    pub ready: bool,
    /// A dialog is up: what it wants, for a person.
    pub dialog: Option<String>,
    /// What the agent waits for while that dialog is up.
    pub waiting_for: Option<WaitingFor>,
    /// Text in the composer that nobody submitted.
    pub leftover: bool,
    /// The first row of the composer: what was typed, or a hint of the CLI's own.
    pub composer: String,
    /// Nothing of a conversation is drawn, by a CLI of which that means something.
    pub blank: bool,
    /// What the agent does, where the screen tells.
    pub state: Option<ActivityState>,
}

impl Reading {
    /// A dialog is up that only a person may answer.
    fn dialog(what: &str) -> Self {
        Self {
            dialog: Some(what.to_owned()),
            waiting_for: Some(WaitingFor::Question),
            state: Some(ActivityState::Waiting),
            ..Self::default()
        }
    }

    /// A dialog is up that asks whether a tool may be used.
    fn permission() -> Self {
        Self {
            waiting_for: Some(WaitingFor::Permission),
            ..Self::dialog("asks for permission; answer in its terminal")
        }
    }

    /// The state as a source tells it; a screen that no rule knows says nothing.
    pub fn told(&self) -> Option<Told> {
        let state = self.state.filter(|state| *state != ActivityState::Unknown);
        state.map(|state| Told {
            state,
            waiting_for: self.waiting_for,
        })
    }
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
    /// False where it was built from the CLI's documentation and tried on a stand-in only.
    fn proven(&self) -> bool {
        true
    }
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
    /// True when it draws the conversation that it takes up again only after it has drawn a
    /// composer, and loses what that one got.
    fn draws_conversation(&self) -> bool {
        false
    }
    /// True when nothing but the screen tells that it was emptied.
    fn clears_by_screen(&self) -> bool {
        false
    }
    /// True when a conversation that was found on disk can go on as an agent.
    fn takes_found(&self) -> bool {
        false
    }
    /// True when an ended agent can go on with that conversation.
    fn resumes(&self, _session: &str, _transcript: Option<&Path>) -> bool {
        false
    }
    /// A file in the agent's folder in which the CLI keeps what it was told, for one that
    /// has no hook for that.
    fn journal(&self) -> Option<&'static str> {
        None
    }
    /// What that file says from a place on that was read to; with where each entry begins.
    fn read_journal(&self, _dir: &Path, _text: &str) -> Vec<(usize, Vec<Fact>)> {
        Vec::new()
    }
    /// True when the screen has to be read all the time, because neither title nor status
    /// file tell when hooks say nothing.
    fn watched(&self) -> bool {
        false
    }
    /// True when there is no better evidence than the screen that a prompt was taken and
    /// that its turn is over; receipts then say so.
    fn by_screen(&self) -> bool {
        false
    }
}

/// The adapter of a kind.
pub fn find(kind: &str) -> Option<&'static dyn Adapter> {
    all().iter().copied().find(|adapter| adapter.kind() == kind)
}

/// The names of all kinds, as a sentence lists them.
pub fn kinds() -> String {
    let kinds: Vec<&str> = all().iter().map(|adapter| adapter.kind()).collect();
    kinds.join(", ")
}

/// Every adapter, in the order of the list that people see.
pub fn all() -> &'static [&'static dyn Adapter] {
    &[
        &claude::Claude,
        &codex::Codex,
        &gemini::Gemini,
        &opencode::Opencode,
        &qwen::Qwen,
        &aider::Aider,
        &cursor::Cursor,
        &droid::Droid,
        &shell::Shell,
    ]
}
