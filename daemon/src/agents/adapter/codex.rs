//! Codex. Behaviour measured with the versions in `tested`.

use super::asking::{hook_answer, summary};
use super::text::{as_text, offers_choice, pasteable, rules, shell_word};
use super::{Adapter, Launch, LaunchContext, Reading, Told};
use crate::config::PermissionMode;
use crate::model::approval::{Ask, Over, Word};
use crate::model::evidence::Fact;
use orchestra_protocol::agent::{ActivityState, WaitingFor};
use orchestra_protocol::approval::ApprovalForm;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;

/// The adapter; it has no state.
pub struct Codex;

/// Hooks that carry evidence: name, the label its trust is filed under, seconds. Codex
/// clamps SessionEnd to 3 s, and trust is by hash, so the number has to be that.
const HOOKS: &[(&str, &str, u32)] = &[
    ("SessionStart", "session_start", 10),
    ("UserPromptSubmit", "user_prompt_submit", 10),
    ("Stop", "stop", 10),
    ("SessionEnd", "session_end", 3),
    ("PermissionRequest", "permission_request", 86_400),
];
/// What the MCP server may see of the agent's environment; Codex clears the rest.
const PASSED: &[&str] = &[
    "ORCHESTRA_SOCKET",
    "ORCHESTRA_AGENT_ID",
    "ORCHESTRA_AGENT_DIR",
];

impl Adapter for Codex {
    fn kind(&self) -> &'static str {
        "codex"
    }

    fn title(&self) -> &'static str {
        "Codex"
    }

    fn program(&self) -> &'static str {
        "codex"
    }

    fn remedy(&self) -> &'static str {
        "Install it with: npm install -g @openai/codex — then log in once by running: codex login"
    }

    fn tested(&self) -> &'static [&'static str] {
        &["0.169.0"]
    }

    fn launch(&self, context: &LaunchContext<'_>) -> Launch {
        let mut argv = vec![context.program.display().to_string()];
        argv.extend(context.args.iter().cloned());
        let mut set = |value: String| argv.extend(["-c".to_owned(), value]);
        // Without this the CLI leaves a daemon of its own behind that outlives the agent.
        set("features.daemon_auto_start=false".into());
        set("check_for_update_on_startup=false".into());
        let passed: Vec<String> = PASSED.iter().map(|name| toml_text(name)).collect();
        set(format!(
            "mcp_servers.orchestra={{command={},args=[\"mcp\"],env_vars=[{}],\
             default_tools_approval_mode=\"approve\",tool_timeout_sec=3600}}",
            toml_text(&context.orchestra.display().to_string()),
            passed.join(","),
        ));
        let command = format!("{} hook codex", shell_word(context.orchestra));
        let hook = toml_text(&command);
        for (name, _, seconds) in HOOKS {
            set(format!(
                "hooks.{name}=[{{hooks=[{{type=\"command\",command={hook},timeout={seconds}}}]}}]"
            ));
        }
        set(trust(&command));
        set(format!(
            "developer_instructions={}",
            toml_text(&rules(context))
        ));
        // What the sandbox holds back is asked for, and the question becomes an approval.
        let (asks, sandbox) = match context.permissions {
            PermissionMode::Full => ("never", "danger-full-access"),
            PermissionMode::Ask => ("on-request", "workspace-write"),
        };
        argv.extend(["-a", asks, "-s", sandbox].map(str::to_owned));
        if let (PermissionMode::Ask, Some(git)) = (context.permissions, context.git_dir) {
            let root = toml_text(&git.display().to_string());
            let value = format!("sandbox_workspace_write.writable_roots=[{root}]");
            argv.extend(["-c".to_owned(), value]);
        }
        if let Some(of) = context.fork_of {
            argv.extend(["fork".to_owned(), of.to_owned()]);
        } else if context.resume {
            argv.extend(["resume".to_owned(), context.cli_session.to_owned()]);
        }
        Launch {
            argv,
            ..Launch::default()
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
                // It says so with the first prompt after it: then that is under way.
                cleared: false,
            }],
            "UserPromptSubmit" => vec![
                Fact::PromptAccepted {
                    text: text("prompt").unwrap_or_default(),
                },
                activity(ActivityState::Busy, None, "took a prompt"),
            ],
            "Stop" => vec![
                Fact::TurnEnded {
                    text: text("last_assistant_message"),
                },
                activity(ActivityState::Idle, None, "ended its turn"),
            ],
            "PermissionRequest" => vec![activity(
                ActivityState::Waiting,
                Some(WaitingFor::Permission),
                "asks for permission",
            )],
            "SessionEnd" => vec![Fact::SessionEnded {
                reason: text("reason").unwrap_or_default(),
            }],
            _ => Vec::new(),
        }
    }

    fn asks(&self, event: &Value) -> Option<Ask> {
        if event["hook_event_name"] != "PermissionRequest" {
            return None;
        }
        let text = |key: &str| event[key].as_str().map(str::to_owned);
        let (tool, input) = (text("tool_name")?, event["tool_input"].clone());
        Some(Ask {
            form: ApprovalForm::Permission,
            summary: summary(&tool, &input),
            tool,
            input,
            cwd: text("cwd").unwrap_or_default(),
            thread: None,
            subagent: None,
            // An answer that says more than yes or no counts as none.
            session: None,
            beside_dialog: false,
        })
    }

    fn over(&self, event: &Value) -> Option<Over> {
        match event["hook_event_name"].as_str()? {
            "Stop" | "UserPromptSubmit" => Some(Over::Turn),
            "SessionEnd" => Some(Over::All),
            _ => None,
        }
    }

    fn answer(&self, _ask: &Ask, word: &Word) -> Value {
        hook_answer(word)
    }

    fn compose(&self, text: &str, as_command: bool) -> String {
        if as_command {
            return pasteable(text);
        }
        as_text(text)
    }

    fn read_screen(&self, rows: &[&str], cursor: (u16, u16)) -> Reading {
        let has = |needle: &str| rows.iter().any(|row| row.contains(needle));
        let choice = offers_choice(rows, '›');
        if choice && has("Hooks need review") {
            return Reading::dialog("asks to review hooks of your own; answer in its terminal");
        }
        if choice && (has("Trust and continue") || has("Do you trust")) {
            return Reading::dialog("asks whether you trust this folder; answer in its terminal");
        }
        if has("Sign in with ChatGPT") {
            return Reading::dialog("is not logged in; run codex login in a terminal of your own");
        }
        if choice && has("Would you like to run the following command") {
            return Reading::permission();
        }
        let Some(at) = rows.iter().rposition(|row| row.starts_with('›')) else {
            return Reading::default();
        };
        // The composer is drawn before the CLI knows whether it has to ask something.
        let loads = rows
            .iter()
            .skip_while(|row| !row.contains("OpenAI Codex"))
            .take(3)
            .any(|row| row.trim() == "loading");
        let typed = rows[at].trim_start_matches('›').trim();
        let state = match (has("esc to interrupt"), writes(&rows[..at])) {
            (true, _) => Some(ActivityState::Busy),
            // Or its end is not shown in a conversation that was taken up again.
            (false, true) => None,
            (false, false) => Some(ActivityState::Idle),
        };
        Reading {
            ready: !loads,
            // A hint in an empty composer looks like text, but the cursor stands before it.
            leftover: typed.starts_with("[Pasted") || behind_text(cursor, rows, at),
            composer: typed.to_owned(),
            blank: has("OpenAI Codex") && !rows.iter().enumerate().any(said(at)),
            state,
            ..Reading::default()
        }
    }

    fn read_title(&self, title: &str) -> Option<Told> {
        if title.contains("Action Required") {
            return Some(Told {
                state: ActivityState::Waiting,
                waiting_for: Some(WaitingFor::Permission),
            });
        }
        let spinner = title
            .chars()
            .next()
            .is_some_and(|first| ('⠀'..='⣿').contains(&first));
        let state = if spinner {
            ActivityState::Busy
        } else {
            ActivityState::Idle
        };
        (!title.is_empty()).then_some(Told::plain(state))
    }

    fn clear_command(&self) -> Option<&'static str> {
        // `/new` may ask where to.
        Some("/clear")
    }

    fn clears_by_screen(&self) -> bool {
        true
    }

    fn takes_found(&self) -> bool {
        true
    }

    fn resumes(&self, _session: &str, transcript: Option<&Path>) -> bool {
        transcript.is_some_and(Path::is_file)
    }

    fn announces_itself(&self) -> bool {
        // Its SessionStart comes only with the first prompt.
        false
    }
}

/// Whether a row is a prompt or an answer; `composer` is the row of the composer.
fn said(composer: usize) -> impl Fn((usize, &&str)) -> bool {
    move |(at, row)| at != composer && row.starts_with(['›', '•', '■'])
}

/// True when an answer may still be written above the composer: no sign turns meanwhile,
/// but what ends a turn does not stand below its beginning.
fn writes(above: &[&str]) -> bool {
    let Some(asked) = above.iter().rposition(|row| row.starts_with('›')) else {
        return false;
    };
    let below = &above[asked + 1..];
    let ended = |row: &&str| row.trim_start().starts_with("Worked for") || row.starts_with('■');
    below.iter().any(|row| row.starts_with('•')) && !below.iter().any(ended)
}

/// True when the cursor stands behind something typed in the composer that begins in row
/// `at`; the glyph and a blank come before it, and more lines of a text below it.
fn behind_text((x, y): (u16, u16), rows: &[&str], at: usize) -> bool {
    let y = usize::from(y);
    let below = rows.get(at + 1..=y).unwrap_or_default();
    let more = !below.is_empty()
        && below
            .iter()
            .all(|row| row.starts_with("  ") && !row.trim().is_empty());
    y == at && x > 2 || more
}

/// Trusts exactly our hooks, by their hashes; the user's own keep their own state, and
/// a project's are not trusted by this.
fn trust(command: &str) -> String {
    let entry = |(_, label, seconds): &(&str, &str, u32)| {
        // The CLI hashes compact JSON with sorted keys, which is what serde_json writes.
        let form = serde_json::json!({
            "event_name": label,
            "hooks": [{"async": false, "command": command, "timeout": seconds, "type": "command"}],
        });
        let hash = Sha256::digest(form.to_string().as_bytes());
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("\"/<session-flags>/config.toml:{label}:0:0\"={{trusted_hash=\"sha256:{hex}\"}}")
    };
    let entries: Vec<String> = HOOKS.iter().map(entry).collect();
    format!("hooks.state={{{}}}", entries.join(","))
}

/// A TOML basic string.
fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_given_by_flag_are_toml() {
        for text in ["plain", "with \"quotes\" and \\", "two\nlines"] {
            let line = format!("value={}", toml_text(text));
            let table: toml::Table = line.parse().unwrap();
            assert_eq!(table["value"].as_str(), Some(text));
        }
    }

    #[test]
    fn the_trust_is_toml_and_has_one_entry_a_hook() {
        let table: toml::Table = trust("'/a b' hook codex").parse().unwrap();
        let state = table["hooks"]["state"].as_table().unwrap();
        assert_eq!(state.len(), HOOKS.len());
    }

    #[test]
    fn a_composer_that_loads_is_not_ready() {
        let rows = ["  >_ OpenAI Codex (v0.169.0)", "     loading", "", "› Ask"];
        assert!(!Codex.read_screen(&rows, (2, 3)).ready);
        let asks = ["Trust this folder?", "› 1. Trust and continue"];
        assert!(Codex.read_screen(&asks, (0, 0)).dialog.is_some());
    }

    #[test]
    fn a_hint_is_no_text_but_what_was_typed_is() {
        let rows = ["", "› Ask Codex to do anything"];
        assert!(!Codex.read_screen(&rows, (2, 1)).leftover);
        assert!(Codex.read_screen(&["", "› half a"], (8, 1)).leftover);
        assert!(Codex.holds("half a", "half a thought"));
    }

    #[test]
    fn an_emptied_conversation_is_seen() {
        let blank = |rows: &[&str]| Codex.read_screen(rows, (2, 9)).blank;
        let head = "  >_ OpenAI Codex (v0.169.0)";
        assert!(blank(&[head, "     ~/app", "› Ask Codex"]));
        assert!(!blank(&[head, "› echo", "• said", "› Ask Codex"]));
        assert!(!blank(&["the end of a long answer", "› Ask Codex"]));
    }

    #[test]
    fn an_answer_that_is_written_is_not_taken_for_its_end() {
        let state = |rows: &[&str]| Codex.read_screen(rows, (2, 9)).state;
        assert_eq!(state(&["› slowly", "• This answer", "› Ask Codex"]), None);
        let over = [
            "› slowly",
            "• All of it",
            "  Worked for 2s • 15:17",
            "› Ask Codex",
        ];
        assert_eq!(state(&over), Some(ActivityState::Idle));
        let cut = [
            "› slowly",
            "• This",
            "■ Conversation interrupted",
            "› Ask Codex",
        ];
        assert_eq!(state(&cut), Some(ActivityState::Idle));
    }

    #[test]
    fn titles_are_read() {
        let state = |title| Codex.read_title(title).map(|told| told.state);
        assert_eq!(state("⠋ app"), Some(ActivityState::Busy));
        assert_eq!(state("app"), Some(ActivityState::Idle));
        assert_eq!(
            state("[ ! ] Action Required | app"),
            Some(ActivityState::Waiting)
        );
        assert_eq!(state(""), None);
    }
}
