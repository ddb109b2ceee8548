//! opencode. Behaviour measured with the versions in `tested`. A plugin of ours tells its
//! events in the words of the other CLIs' hooks.

use super::asking::{hook_answer, plain_ask};
use super::events;
use super::text::{fill, no_exit, pasteable, rules};
use super::{Adapter, Launch, LaunchContext, Reading, Told};
use crate::config::PermissionMode;
use crate::model::approval::{Ask, Over, Word};
use crate::model::evidence::Fact;
use orchestra_protocol::agent::ActivityState;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The adapter; it has no state.
pub struct Opencode;

const PLUGIN: &str = include_str!("opencode/plugin.js");

impl Adapter for Opencode {
    fn kind(&self) -> &'static str {
        "opencode"
    }

    fn title(&self) -> &'static str {
        "opencode"
    }

    fn program(&self) -> &'static str {
        "opencode"
    }

    fn remedy(&self) -> &'static str {
        "Install it with: npm install -g opencode-ai — then log in once by running: opencode auth login"
    }

    fn tested(&self) -> &'static [&'static str] {
        &["1.18.33"]
    }

    fn launch(&self, context: &LaunchContext<'_>) -> Launch {
        let file = |name: &str| context.dir.join(name).display().to_string();
        let mut argv = vec![context.program.display().to_string()];
        argv.extend(context.args.iter().cloned());
        if context.resume {
            argv.extend(["--session".to_owned(), context.cli_session.to_owned()]);
        }
        let orchestra = context.orchestra.display().to_string();
        let plugin = fill(PLUGIN, &[("orchestra_bin", &js_text(&orchestra))]);
        let mut config = json!({
            "autoupdate": false,
            "share": "disabled",
            "plugin": [format!("file://{}", file("plugin.js"))],
            "instructions": [file("rules.md")],
            "mcp": { "orchestra": {
                "type": "local", "enabled": true, "command": [orchestra, "mcp"], "timeout": 30_000,
            } },
        });
        // By itself it asks for next to nothing.
        config["permission"] = match context.permissions {
            PermissionMode::Full => json!({ "edit": "allow", "bash": "allow" }),
            PermissionMode::Ask => json!({ "edit": "allow", "bash": "ask" }),
        };
        let on = |name: &str| (name.to_owned(), "1".to_owned());
        Launch {
            argv,
            env: vec![
                // Laid over every file of the user's and the project's.
                ("OPENCODE_CONFIG_CONTENT".into(), config.to_string()),
                on("OPENCODE_DISABLE_AUTOUPDATE"),
                on("OPENCODE_DISABLE_LSP_DOWNLOAD"),
            ],
            files: vec![
                (PathBuf::from("plugin.js"), plugin),
                (PathBuf::from("rules.md"), rules(context)),
            ],
            ..Launch::default()
        }
    }

    fn facts(&self, _name: Option<&str>, event: &Value) -> Vec<Fact> {
        events::facts(event)
    }

    fn asks(&self, event: &Value) -> Option<Ask> {
        plain_ask(event, true)
    }

    fn over(&self, event: &Value) -> Option<Over> {
        match event["hook_event_name"].as_str()? {
            "Stop" | "StopFailure" | "UserPromptSubmit" | "PermissionReplied" => Some(Over::Turn),
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
        match plain.trim_start().starts_with(['/', '!']) {
            true => format!("\u{200b}{} ", plain.trim_start()),
            false => format!("{plain} "),
        }
    }

    fn read_screen(&self, rows: &[&str], _cursor: (u16, u16)) -> Reading {
        let has = |needle: &str| rows.iter().any(|row| row.contains(needle));
        if has("△ Permission required") && has("Allow once") {
            return Reading::permission();
        }
        if has("Connect a provider") && has("Search") {
            return Reading::dialog(
                "is not logged in; run opencode auth login in a terminal of your own",
            );
        }
        let Some(end) = rows
            .iter()
            .rposition(|row| row.trim_start().starts_with('╹'))
        else {
            return Reading::default();
        };
        let begin = rows[..end]
            .iter()
            .rposition(|row| !row.trim_start().starts_with('┃'))
            .map_or(0, |at| at + 1);
        // The last row of the box names the agent and the model.
        let inside = rows[begin..end.max(begin + 1) - 1].iter();
        let typed = inside
            .map(|row| row.trim_start().trim_start_matches('┃').trim())
            .find(|row| !row.is_empty())
            .unwrap_or_default();
        let empty = typed.is_empty() || typed.starts_with("Ask anything");
        let busy = has("esc interrupt") || has("esc again to interrupt");
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

    fn read_title(&self, _title: &str) -> Option<Told> {
        // It names the conversation, not what goes on in it.
        None
    }

    fn announces_itself(&self) -> bool {
        // Its plugins are loaded before its screen is drawn.
        false
    }

    fn interrupt_keys(&self) -> &'static [&'static str] {
        // The first one asks for the second.
        &["Escape", "Escape"]
    }

    fn resumes(&self, session: &str, _transcript: Option<&Path>) -> bool {
        // Its sessions lie in a database; one that began has such an id.
        session.starts_with("ses_")
    }

    fn watched(&self) -> bool {
        true
    }
}

/// What may stand between the quotes of a JavaScript string.
fn js_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: [&str; 5] = ["  ┃", "  ┃  ", "  ┃", "  ┃  Build · Model", "  ╹▀▀▀▀"];

    #[test]
    fn the_composer_is_told_from_what_was_said() {
        let said = ["  ┃", "  ┃  hello", "  ┃", "", "     hi", ""];
        let rows: Vec<&str> = said.iter().chain(&BOX).copied().collect();
        let reading = Opencode.read_screen(&rows, (0, 0));
        assert!(reading.ready && !reading.leftover, "{reading:?}");
        let mut rows = BOX;
        rows[1] = "  ┃  half a thought";
        let reading = Opencode.read_screen(&rows, (0, 0));
        assert!(reading.leftover && Opencode.holds(&reading.composer, "half a thought, all"));
        rows[1] = "  ┃  Ask anything... \"Fix a bug\"";
        assert!(!Opencode.read_screen(&rows, (0, 0)).leftover);
    }

    #[test]
    fn a_path_stays_in_its_quotes() {
        assert_eq!(js_text(r"/a'b\c"), r"/a\'b\\c");
    }
}
