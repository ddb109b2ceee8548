//! Qwen Code. Behaviour measured with the versions in `tested`.

use super::asking::{hook_answer, plain_ask};
use super::events;
use super::gemini::{boxed_composer, server};
use super::text::{no_exit, offers_choice, pasteable, rules, shell_word};
use super::{Adapter, Launch, LaunchContext, Reading, Told};
use crate::config::PermissionMode;
use crate::model::approval::{Ask, Over, Word};
use crate::model::evidence::Fact;
use orchestra_protocol::agent::{ActivityState, WaitingFor};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The adapter; it has no state.
pub struct Qwen;

/// Hooks that carry evidence, with how long each may take in milliseconds.
const HOOKS: &[(&str, u32)] = &[
    ("SessionStart", 10_000),
    ("SessionEnd", 10_000),
    ("UserPromptSubmit", 10_000),
    ("Stop", 10_000),
    ("StopFailure", 10_000),
    ("PermissionRequest", 86_400_000),
];

impl Adapter for Qwen {
    fn kind(&self) -> &'static str {
        "qwen"
    }

    fn title(&self) -> &'static str {
        "Qwen Code"
    }

    fn program(&self) -> &'static str {
        "qwen"
    }

    fn remedy(&self) -> &'static str {
        "Install it with: npm install -g @qwen-code/qwen-code — then log in once by running: qwen"
    }

    fn tested(&self) -> &'static [&'static str] {
        &["0.24.4"]
    }

    fn launch(&self, context: &LaunchContext<'_>) -> Launch {
        let file = |name: &str| context.dir.join(name).display().to_string();
        let mut argv = vec![context.program.display().to_string()];
        argv.extend(context.args.iter().cloned());
        let mode = match context.permissions {
            PermissionMode::Full => "yolo",
            PermissionMode::Ask => "auto-edit",
        };
        argv.extend(["--approval-mode", mode].map(str::to_owned));
        argv.extend(["--append-system-prompt".to_owned(), rules(context)]);
        argv.extend(["--mcp-config".to_owned(), file("mcp.json")]);
        let (session, id) = if context.resume {
            ("--resume", context.cli_session.to_owned())
        } else {
            ("--session-id", fourth(context.cli_session))
        };
        argv.extend([session.to_owned(), id]);
        let mcp = json!({ "mcpServers": { "orchestra": server(context) } });
        Launch {
            argv,
            // Below the user's own settings, which win.
            env: vec![(
                "QWEN_CODE_SYSTEM_DEFAULTS_PATH".into(),
                file("defaults.json"),
            )],
            files: vec![
                (
                    PathBuf::from("defaults.json"),
                    defaults(context).to_string(),
                ),
                (PathBuf::from("mcp.json"), mcp.to_string()),
            ],
            ..Launch::default()
        }
    }

    fn facts(&self, _name: Option<&str>, event: &Value) -> Vec<Fact> {
        events::facts(event)
    }

    fn asks(&self, event: &Value) -> Option<Ask> {
        plain_ask(event, false)
    }

    fn over(&self, event: &Value) -> Option<Over> {
        match event["hook_event_name"].as_str()? {
            "Stop" | "StopFailure" | "UserPromptSubmit" => Some(Over::Turn),
            "SessionEnd" => Some(Over::All),
            _ => None,
        }
    }

    fn answer(&self, _ask: &Ask, word: &Word) -> Value {
        hook_answer(word)
    }

    fn compose(&self, text: &str, as_command: bool) -> String {
        let plain = pasteable(text);
        if as_command {
            return plain;
        }
        if let Some(word) = no_exit(text) {
            return word;
        }
        // A blank before a command does not make it a text here.
        match plain.trim_start().starts_with(['/', '!', '?']) {
            true => format!("\u{200b}{} ", plain.trim_start()),
            false => format!("{plain} "),
        }
    }

    fn read_screen(&self, rows: &[&str], _cursor: (u16, u16)) -> Reading {
        let has = |needle: &str| rows.iter().any(|row| row.contains(needle));
        let choice = offers_choice(rows, '›') || offers_choice(rows, '●');
        if choice && has("Do you trust") {
            return Reading::dialog("asks whether you trust this folder; answer in its terminal");
        }
        if has("How would you like to authenticate") || has("Select Authentication Method") {
            return Reading::dialog(
                "is not logged in; run qwen once in a terminal of your own and log in",
            );
        }
        if choice && (has("Allow execution") || has("Waiting for user confirmation")) {
            return Reading::permission();
        }
        if choice {
            return Reading::dialog("shows a dialog; answer in its terminal");
        }
        boxed_composer(rows, "Type your message", has("esc to cancel"))
    }

    fn read_title(&self, title: &str) -> Option<Told> {
        // A sign and its variation selector stand before the name while something goes on.
        let first = title.chars().next()?;
        if title.starts_with("Qwen - ") {
            return Some(Told::plain(ActivityState::Idle));
        }
        match first {
            '◐' | '◓' | '◑' | '◒' => Some(Told::plain(ActivityState::Busy)),
            '✳' => Some(Told {
                state: ActivityState::Waiting,
                waiting_for: Some(WaitingFor::Permission),
            }),
            _ => None,
        }
    }

    fn announces_itself(&self) -> bool {
        true
    }

    fn resumes(&self, _session: &str, transcript: Option<&Path>) -> bool {
        transcript.is_some_and(Path::is_file)
    }
}

/// The same UUID as one of version 4: it refuses those of version 7. Its first hook says
/// which it took.
fn fourth(id: &str) -> String {
    let digit = |(at, digit): (usize, char)| if at == 14 { '4' } else { digit };
    id.chars().enumerate().map(digit).collect()
}

fn defaults(context: &LaunchContext<'_>) -> Value {
    let command = format!("exec {} hook qwen", shell_word(context.orchestra));
    let hooks: Map<String, Value> = HOOKS
        .iter()
        .map(|(name, patience)| {
            let hook = json!({ "type": "command", "command": command, "timeout": patience });
            ((*name).to_owned(), json!([{ "hooks": [hook] }]))
        })
        .collect();
    json!({
        "general": { "enableAutoUpdate": false },
        "privacy": { "usageStatisticsEnabled": false },
        // A suggestion in the composer looks like text that somebody left there.
        "ui": { "enableFollowupSuggestions": false },
        "hooks": hooks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_arrives_as_text() {
        let compose = |text| Qwen.compose(text, false);
        assert_eq!(compose(" /clear"), "\u{200b}/clear ");
        assert_eq!(compose("!ls"), "\u{200b}!ls ");
        assert_eq!(compose("quit"), "quit\u{200b}");
        assert_eq!(compose("plain"), "plain ");
        assert!(Qwen.same("\u{200b}/clear ", "\u{200b}/clear"));
    }

    #[test]
    fn an_id_is_made_one_that_it_takes() {
        let id = fourth("01a21920-d44c-73af-a55e-29dd3ea8bf74");
        assert_eq!(id, "01a21920-d44c-43af-a55e-29dd3ea8bf74");
    }

    #[test]
    fn titles_are_read() {
        let state = |title| Qwen.read_title(title).map(|told| told.state);
        assert_eq!(state("Qwen - app"), Some(ActivityState::Idle));
        assert_eq!(state("◐\u{fe0e} Qwen - app"), Some(ActivityState::Busy));
        assert_eq!(state("✳\u{fe0e} Qwen - app"), Some(ActivityState::Waiting));
        assert_eq!(state("host"), None);
    }

    #[test]
    fn screens_are_read() {
        let asks = ["   Allow execution of: 'touch'?", "   › 1. Yes, allow once"];
        assert!(Qwen.read_screen(&asks, (0, 0)).dialog.is_some());
        let left = ["────", "> slow one \u{200b}", "────"];
        let reading = Qwen.read_screen(&left, (0, 0));
        assert!(reading.leftover && reading.composer == "slow one");
        let empty = ["────", ">   Type your message or @path/to/file", "────"];
        assert!(!Qwen.read_screen(&empty, (0, 0)).leftover);
    }

    #[test]
    fn a_question_names_the_tool_as_rules_do() {
        let event = json!({
            "hook_event_name": "PermissionRequest", "tool_name": "run_shell_command",
            "tool_input": { "command": "git status" }, "cwd": "/p",
        });
        let ask = Qwen.asks(&event).unwrap();
        assert_eq!(
            (ask.tool.as_str(), ask.summary.as_str()),
            ("Bash", "git status")
        );
    }
}
