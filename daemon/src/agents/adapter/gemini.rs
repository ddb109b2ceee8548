//! Gemini CLI. Behaviour measured with the versions in `tested`.
//!
//! It takes hooks and servers from settings files only, and believes the system's only
//! when root owns the whole path to them. So it gets a folder of its own for its settings,
//! in which everything else is the user's.

use super::text::{as_text, no_exit, offers_choice, pasteable, rules, shell_word};
use super::{Adapter, Launch, LaunchContext, Overlay, Reading, Told};
use crate::config::PermissionMode;
use crate::model::approval::Over;
use crate::model::evidence::Fact;
use orchestra_protocol::agent::{ActivityState, WaitingFor};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The adapter; it has no state.
pub struct Gemini;

/// Hooks that carry evidence.
const HOOKS: &[&str] = &[
    "SessionStart",
    "SessionEnd",
    "BeforeAgent",
    "AfterAgent",
    "Notification",
];
/// How long a hook may take, in milliseconds.
const PATIENCE: u32 = 10_000;
/// What the last hook of a turn says when the model gave no text.
const NO_TEXT: &str = "[no response text]";
/// Rows that are drawn when there is nothing to show: warnings, composer, two of a footer.
const BARE: usize = 15;
/// Stands before a text that would be a command; the CLI strips blanks and zero-width
/// spaces, but not this.
const JOINER: char = '\u{2060}';

impl Adapter for Gemini {
    fn kind(&self) -> &'static str {
        "gemini"
    }

    fn title(&self) -> &'static str {
        "Gemini CLI"
    }

    fn program(&self) -> &'static str {
        "gemini"
    }

    fn remedy(&self) -> &'static str {
        "Install it with: npm install -g @google/gemini-cli — then log in once by running: gemini"
    }

    fn tested(&self) -> &'static [&'static str] {
        &["0.61.0"]
    }

    fn launch(&self, context: &LaunchContext<'_>) -> Launch {
        let mut argv = vec![context.program.display().to_string()];
        argv.extend(context.args.iter().cloned());
        let mode = match context.permissions {
            PermissionMode::Full => "yolo",
            PermissionMode::Ask => "auto_edit",
        };
        argv.extend(["--approval-mode", mode].map(str::to_owned));
        let session = if context.resume {
            "--resume"
        } else {
            "--session-id"
        };
        argv.extend([session.to_owned(), context.cli_session.to_owned()]);
        let home = PathBuf::from("gemini-home");
        Launch {
            argv,
            env: vec![(
                "GEMINI_CLI_HOME".into(),
                context.dir.join(&home).display().to_string(),
            )],
            files: vec![(home.join(".gemini/ORCHESTRA.md"), rules(context))],
            overlay: Some(Overlay {
                folder: home.join(".gemini"),
                of: context.home.join(".gemini"),
                kept: &["tmp", "history"],
                settings: "settings.json",
                over: settings(context),
            }),
        }
    }

    fn facts(&self, _name: Option<&str>, event: &Value) -> Vec<Fact> {
        let text = |key: &str| event[key].as_str().map(str::to_owned);
        let activity = |state, waiting_for, detail: &str| Fact::Activity {
            state,
            waiting_for,
            detail: detail.to_owned(),
        };
        match event["hook_event_name"].as_str().unwrap_or_default() {
            "SessionStart" => vec![Fact::SessionBound {
                cli_session: text("session_id").unwrap_or_default(),
                transcript: text("transcript_path"),
                cleared: event["source"] == "clear",
            }],
            "BeforeAgent" => vec![
                Fact::PromptAccepted {
                    text: text("prompt").unwrap_or_default(),
                },
                activity(ActivityState::Busy, None, "took a prompt"),
            ],
            "AfterAgent" => {
                let answer = text("prompt_response").filter(|text| text != NO_TEXT);
                let end = match answer {
                    Some(text) => Fact::TurnEnded { text: Some(text) },
                    None => Fact::TurnFailed {
                        reason: "the turn gave no text: it was interrupted, or the model failed; its terminal says which"
                            .into(),
                    },
                };
                vec![end, activity(ActivityState::Idle, None, "ended its turn")]
            }
            "Notification" if event["notification_type"] == "ToolPermission" => vec![activity(
                ActivityState::Waiting,
                Some(WaitingFor::Permission),
                "asks for permission in its terminal",
            )],
            "SessionEnd" if event["reason"] != "clear" => vec![Fact::SessionEnded {
                reason: text("reason").unwrap_or_default(),
            }],
            _ => Vec::new(),
        }
    }

    fn over(&self, event: &Value) -> Option<Over> {
        match event["hook_event_name"].as_str()? {
            "AfterAgent" | "BeforeAgent" => Some(Over::Turn),
            "SessionEnd" => Some(Over::All),
            _ => None,
        }
    }

    fn compose(&self, text: &str, as_command: bool) -> String {
        if as_command {
            return pasteable(text);
        }
        if text.trim_start().starts_with('/') {
            return format!("{JOINER}{} ", pasteable(text).trim_start());
        }
        no_exit(text).unwrap_or_else(|| as_text(text))
    }

    fn read_screen(&self, rows: &[&str], _cursor: (u16, u16)) -> Reading {
        let has = |needle: &str| rows.iter().any(|row| row.contains(needle));
        let choice = offers_choice(rows, '●');
        if choice && has("Do you trust the files in this folder?") {
            return Reading::dialog("asks whether you trust this folder; answer in its terminal");
        }
        if choice && (has("How would you like to authenticate") || has("Get started")) {
            return Reading::dialog(
                "is not logged in; run gemini once in a terminal of your own and log in",
            );
        }
        if choice && has("Allow ") {
            return Reading::permission();
        }
        if choice {
            return Reading::dialog("shows a dialog; answer in its terminal");
        }
        Reading {
            blank: blank(rows),
            ..boxed_composer(rows, "Type your message", has("(esc to cancel"))
        }
    }

    fn read_title(&self, title: &str) -> Option<Told> {
        match title.chars().next()? {
            '◇' => Some(Told::plain(ActivityState::Idle)),
            '✦' => Some(Told::plain(ActivityState::Busy)),
            '✋' => Some(Told {
                state: ActivityState::Waiting,
                waiting_for: Some(WaitingFor::Permission),
            }),
            _ => None,
        }
    }

    fn announces_itself(&self) -> bool {
        true
    }

    fn draws_conversation(&self) -> bool {
        true
    }

    fn resumes(&self, _session: &str, transcript: Option<&Path>) -> bool {
        transcript.is_some_and(Path::is_file)
    }
}

/// True while no prompt, no answer and no more than the CLI's own lines are drawn.
///
/// One that takes up a conversation draws an empty composer first, and says that its session
/// has begun; then it draws everything anew, and what was typed before that is gone.
fn blank(rows: &[&str]) -> bool {
    let begins = |mark: char| {
        let rows = rows.iter();
        rows.filter(|row| row.trim_start().starts_with(mark))
            .count()
    };
    let drawn = rows.iter().filter(|row| !row.trim().is_empty()).count();
    // The composer begins like a prompt.
    begins('✦') == 0 && begins('>') <= 1 && drawn <= BARE
}

/// The last row that begins with `>`, or with `*` where nothing is asked, and stands between
/// the rules of a composer.
pub(super) fn boxed_composer(rows: &[&str], hint: &str, busy: bool) -> Reading {
    let rule = |row: &&str| {
        let row = row.trim();
        !row.is_empty() && row.chars().all(|letter| matches!(letter, '▄' | '▀' | '─'))
    };
    let marks: &[char] = match rows.iter().any(|row| row.contains("YOLO")) {
        true => &['>', '*'],
        false => &['>'],
    };
    let at = rows.iter().enumerate().rposition(|(at, row)| {
        row.trim_start().starts_with(marks) && at > 0 && rule(&rows[at - 1])
    });
    let Some(at) = at else {
        return Reading::default();
    };
    // What people said is drawn the same way above; a composer is followed by no more of it.
    let typed = rows[at].trim_start();
    let typed = typed.strip_prefix(marks).unwrap_or(typed).trim();
    let typed = typed.trim_end_matches('\u{200b}').trim();
    let empty = typed.is_empty() || typed.starts_with(hint);
    Reading {
        ready: true,
        leftover: !empty,
        composer: if empty {
            String::new()
        } else {
            typed.to_owned()
        },
        state: Some(if busy {
            ActivityState::Busy
        } else {
            ActivityState::Idle
        }),
        ..Reading::default()
    }
}

fn settings(context: &LaunchContext<'_>) -> Value {
    let command = format!("exec {} hook gemini", shell_word(context.orchestra));
    let hook =
        json!([{ "hooks": [{ "type": "command", "command": command, "timeout": PATIENCE }] }]);
    let hooks: Map<String, Value> = HOOKS
        .iter()
        .map(|name| ((*name).to_owned(), hook.clone()))
        .collect();
    json!({
        "general": { "enableAutoUpdate": false, "enableAutoUpdateNotification": false },
        "privacy": { "usageStatisticsEnabled": false },
        "context": { "fileName": ["GEMINI.md", "ORCHESTRA.md"] },
        "hooks": hooks,
        "mcpServers": { "orchestra": server(context) },
    })
}

/// Our MCP server as settings of this family name it.
pub(super) fn server(context: &LaunchContext<'_>) -> Value {
    json!({
        "command": context.orchestra.display().to_string(),
        "args": ["mcp"],
        "env": {
            "ORCHESTRA_SOCKET": "$ORCHESTRA_SOCKET",
            "ORCHESTRA_AGENT_ID": "$ORCHESTRA_AGENT_ID",
            "ORCHESTRA_AGENT_DIR": "$ORCHESTRA_AGENT_DIR",
        },
        "trust": true,
        "timeout": 3_600_000,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_arrives_as_text() {
        let compose = |text| Gemini.compose(text, false);
        assert_eq!(compose("/clear"), "\u{2060}/clear ");
        assert_eq!(compose("!ls"), " !ls ");
        assert_eq!(compose("exit"), "exit\u{200b}");
        assert_eq!(Gemini.compose("/clear", true), "/clear");
        assert!(Gemini.same("\u{2060}/clear ", "\u{2060}/clear"));
    }

    #[test]
    fn hooks_become_facts() {
        let ended = |text| {
            let event = json!({ "hook_event_name": "AfterAgent", "prompt_response": text });
            Gemini.facts(None, &event)[0].clone()
        };
        assert_eq!(
            ended("done"),
            Fact::TurnEnded {
                text: Some("done".into())
            }
        );
        assert!(matches!(ended(NO_TEXT), Fact::TurnFailed { .. }));
    }

    #[test]
    fn titles_are_read() {
        let state = |title| Gemini.read_title(title).map(|told| told.state);
        assert_eq!(state("◇  Ready (app)"), Some(ActivityState::Idle));
        assert_eq!(state("✦  Working… (app)"), Some(ActivityState::Busy));
        assert_eq!(
            state("✋  Action Required (app)"),
            Some(ActivityState::Waiting)
        );
        assert_eq!(state("host"), None);
    }

    #[test]
    fn screens_are_read() {
        let trust = [
            "│ Do you trust the files in this folder?",
            "│ ● 1. Trust folder (app) │",
        ];
        assert!(Gemini.read_screen(&trust, (0, 0)).dialog.is_some());
        let said = [
            "▄▄▄",
            " > hello",
            "▀▀▀",
            "✦ hi",
            "▄▄▄",
            " >   Type your message or @path",
            "▀▀▀",
        ];
        let reading = Gemini.read_screen(&said, (0, 0));
        assert!(reading.ready && !reading.leftover && !reading.blank);
        let first = [
            "⚠  Warning: the colours are few.",
            "? for shortcuts",
            "▄▄▄",
            " >   Type your message or @path",
            "▀▀▀",
        ];
        let reading = Gemini.read_screen(&first, (0, 0));
        assert!(
            reading.ready && reading.blank,
            "before it draws what it takes up"
        );
        let typed = ["▄▄▄", " > half a thought", "▀▀▀"];
        assert!(Gemini.read_screen(&typed, (0, 0)).leftover);
        let list = ["───", " * an item of a list"];
        assert!(!Gemini.read_screen(&list, (0, 0)).ready);
        for (text, leftover) in [("  Type your message", false), ("half a thought", true)] {
            let full = [" YOLO Ctrl+Y", "▄▄▄", &format!(" * {text}"), "▀▀▀"];
            let reading = Gemini.read_screen(&full, (0, 0));
            assert!(reading.ready, "where nothing is asked");
            assert_eq!(reading.leftover, leftover, "{reading:?}");
        }
        let busy = [
            " ⠦ Thinking... (esc to cancel, 2s)",
            "▄▄▄",
            " >   Type your message",
            "▀▀▀",
        ];
        assert_eq!(
            Gemini.read_screen(&busy, (0, 0)).state,
            Some(ActivityState::Busy)
        );
    }
}
