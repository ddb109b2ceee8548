//! Claude Code. Behaviour measured with the versions in `tested`.

mod asking;
mod screen;

use super::text::{as_text, fill_json, no_exit, pasteable, rules, shell_word};
use super::{Adapter, Launch, LaunchContext, Reading, Told};
use crate::config::PermissionMode;
use crate::model::approval::{Ask, Over, Word};
use crate::model::evidence::Fact;
use orchestra_protocol::agent::{ActivityState, WaitingFor};
use orchestra_protocol::approval::ApprovalForm;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The adapter; it has no state.
pub struct Claude;

/// The variable that says where the model answers, and where it does without one.
const BASE_URL: &str = "ANTHROPIC_BASE_URL";
const ENDPOINT: &str = "https://api.anthropic.com";
/// As much of a transcript is read for its first turn, in bytes.
const MOST_HEAD: u64 = 4 << 20;
const SETTINGS: &str = include_str!("../../../../claude-config/settings.json");
const MCP: &str = include_str!("../../../../claude-config/mcp.json");
const SKILL: &str = include_str!("../../../../claude-config/skills/delegation/SKILL.md");
const SCOUT: &str = include_str!("../../../../claude-config/agents/scout.md");
const CHECKER: &str = include_str!("../../../../claude-config/agents/checker.md");
const PLUGIN: &str = include_str!("../../../../claude-config/.claude-plugin/plugin.json");

impl Adapter for Claude {
    fn kind(&self) -> &'static str {
        "claude"
    }

    fn title(&self) -> &'static str {
        "Claude Code"
    }

    fn program(&self) -> &'static str {
        "claude"
    }

    fn remedy(&self) -> &'static str {
        "Install it with: npm install -g @anthropic-ai/claude-code — then log in once by running: claude"
    }

    fn tested(&self) -> &'static [&'static str] {
        &["2.1.197"]
    }

    fn launch(&self, context: &LaunchContext<'_>) -> Launch {
        let file = |name: &str| context.dir.join(name).display().to_string();
        let mut argv = vec![context.program.display().to_string()];
        argv.extend(context.args.iter().cloned());
        if let Some(of) = context.fork_of {
            argv.extend(["--resume", of, "--fork-session"].map(str::to_owned));
        }
        let session = if context.resume {
            "--resume"
        } else {
            "--session-id"
        };
        argv.extend([session.to_owned(), context.cli_session.to_owned()]);
        argv.extend(["--settings".to_owned(), file("settings.json")]);
        argv.extend(["-n".to_owned(), context.title.to_owned()]);
        argv.extend(["--append-system-prompt-file".to_owned(), file("rules.md")]);
        if context.primary {
            argv.extend(["--plugin-dir".to_owned(), file("plugin")]);
        } else {
            argv.extend(["--permission-mode".to_owned(), "acceptEdits".to_owned()]);
        }
        // Last: it takes every word that follows.
        argv.extend(["--mcp-config".to_owned(), file("mcp.json")]);

        let mut files = vec![
            (PathBuf::from("settings.json"), settings(context)),
            (PathBuf::from("mcp.json"), mcp(context)),
            (PathBuf::from("rules.md"), rules(context)),
        ];
        if context.primary {
            let plugin = [
                (".claude-plugin/plugin.json", PLUGIN),
                ("skills/delegation/SKILL.md", SKILL),
                ("agents/scout.md", SCOUT),
                ("agents/checker.md", CHECKER),
            ];
            let plugin = plugin.map(|(name, text)| (Path::new("plugin").join(name), text.into()));
            files.extend(plugin);
        }
        Launch {
            argv,
            env: vec![
                ("DISABLE_AUTOUPDATER".into(), "1".into()),
                // A suggestion in the composer looks like text that somebody left there.
                (
                    "CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION".into(),
                    "false".into(),
                ),
            ],
            files,
            ..Launch::default()
        }
    }

    fn facts(&self, _name: Option<&str>, event: &Value) -> Vec<Fact> {
        let text = |key: &str| event[key].as_str().map(str::to_owned);
        if let Some(ask) = asking::asks(event) {
            // A sub-agent's question stops its agent just as well.
            return vec![asked(&ask)];
        }
        // Inside a sub-agent the same events mean the sub-agent's turn, not ours.
        if event.get("agent_id").is_some() {
            return Vec::new();
        }
        match event["hook_event_name"].as_str().unwrap_or_default() {
            "SessionStart" => vec![Fact::SessionBound {
                cli_session: text("session_id").unwrap_or_default(),
                transcript: text("transcript_path"),
                cleared: event["source"] == "clear",
            }],
            "UserPromptSubmit" => vec![
                Fact::PromptAccepted {
                    text: text("prompt").unwrap_or_default(),
                },
                busy("took a prompt"),
            ],
            "Stop" => vec![
                Fact::TurnEnded {
                    text: text("last_assistant_message"),
                },
                idle("ended its turn"),
            ],
            "StopFailure" => vec![
                Fact::TurnFailed {
                    reason: text("last_assistant_message")
                        .or_else(|| text("error"))
                        .unwrap_or_else(|| "the model could not be reached".into()),
                },
                idle("ended its turn with an error"),
            ],
            "SessionEnd" if event["reason"] != "clear" => vec![Fact::SessionEnded {
                reason: text("reason").unwrap_or_default(),
            }],
            _ => Vec::new(),
        }
    }

    fn asks(&self, event: &Value) -> Option<Ask> {
        asking::asks(event)
    }

    fn over(&self, event: &Value) -> Option<Over> {
        asking::over(event)
    }

    fn answer(&self, ask: &Ask, word: &Word) -> Value {
        asking::answer(ask, word)
    }

    fn compose(&self, text: &str, as_command: bool) -> String {
        if as_command {
            return pasteable(text);
        }
        no_exit(text).unwrap_or_else(|| as_text(text))
    }

    fn read_screen(&self, rows: &[&str], _cursor: (u16, u16)) -> Reading {
        screen::read(rows)
    }

    fn read_title(&self, title: &str) -> Option<Told> {
        // `✳` stands for idle and for a permission dialog alike, so it says nothing.
        title
            .starts_with(['⠂', '⠐'])
            .then_some(Told::plain(ActivityState::Busy))
    }

    fn status_file(&self, home: &Path, pid: i32) -> Option<PathBuf> {
        Some(home.join(".claude/sessions").join(format!("{pid}.json")))
    }

    fn read_status(&self, content: &Value) -> Option<Told> {
        Some(match content["status"].as_str()? {
            "idle" => Told::plain(ActivityState::Idle),
            "busy" => Told::plain(ActivityState::Busy),
            "waiting" => Told {
                state: ActivityState::Waiting,
                waiting_for: Some(match content["waitingFor"].as_str() {
                    Some(what) if what.contains("permission") => WaitingFor::Permission,
                    _ => WaitingFor::Question,
                }),
            },
            _ => return None,
        })
    }

    fn announces_itself(&self) -> bool {
        true
    }

    fn clear_command(&self) -> Option<&'static str> {
        Some("/clear")
    }

    fn endpoint(&self, inherited: &BTreeMap<String, String>) -> Option<String> {
        let given = inherited.get(BASE_URL).filter(|url| !url.is_empty());
        // What its user wrote there stands above the environment, as in the CLI itself.
        let own = own_settings(inherited)
            .and_then(|settings| settings["env"][BASE_URL].as_str().map(str::to_owned));
        Some(
            own.or_else(|| given.cloned())
                .unwrap_or_else(|| ENDPOINT.to_owned()),
        )
    }

    fn takes_found(&self) -> bool {
        true
    }

    fn resumes(&self, _session: &str, transcript: Option<&Path>) -> bool {
        transcript.is_some_and(begun)
    }
}

/// True when the file holds a turn: one that a CLI left that was killed before it wrote the
/// first is not taken up again ("No conversation found").
fn begun(transcript: &Path) -> bool {
    let Ok(file) = std::fs::File::open(transcript) else {
        return false;
    };
    // The first turn stands among the first lines; a paste in it may be long.
    let head = BufReader::new(file.take(MOST_HEAD)).lines();
    head.map_while(Result::ok)
        .any(|line| line.contains("\"type\":\"user\"") || line.contains("\"type\":\"assistant\""))
}

fn settings(context: &LaunchContext<'_>) -> String {
    // Without the shell in between, the hook sees when its CLI is gone.
    let command = format!("exec {} hook claude", shell_word(context.orchestra));
    let mut value = fill_json(SETTINGS, &[("hook_command", &command)]);
    let mut allowed = vec!["mcp__orchestra"];
    if context.permissions == PermissionMode::Full {
        // Unattended: what our own settings allow needs no dialog, on root too.
        allowed.extend(["Bash", "Edit", "Write"]);
    }
    allowed.extend(context.bypass.iter().map(String::as_str));
    value["permissions"]["allow"] = serde_json::json!(allowed);
    // These settings stand above those of a project.
    if let Some(endpoint) = context.endpoint {
        value["env"][BASE_URL] = endpoint.into();
    }
    value.to_string()
}

/// The settings that its user wrote for all projects.
fn own_settings(inherited: &BTreeMap<String, String>) -> Option<Value> {
    let folder = match inherited.get("CLAUDE_CONFIG_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(inherited.get("HOME")?).join(".claude"),
    };
    let text = std::fs::read_to_string(folder.join("settings.json")).ok()?;
    serde_json::from_str(&text).ok()
}

fn mcp(context: &LaunchContext<'_>) -> String {
    let path = context.orchestra.display().to_string();
    fill_json(MCP, &[("orchestra_bin", &path)]).to_string()
}

fn asked(ask: &Ask) -> Fact {
    let (waiting_for, detail) = match ask.form {
        ApprovalForm::Question => (WaitingFor::Question, "asks a question".to_owned()),
        ApprovalForm::Permission => (
            WaitingFor::Permission,
            format!("asks for permission to use {}", ask.tool),
        ),
    };
    Fact::Activity {
        state: ActivityState::Waiting,
        waiting_for: Some(waiting_for),
        detail,
    }
}

fn busy(detail: &str) -> Fact {
    Fact::Activity {
        state: ActivityState::Busy,
        waiting_for: None,
        detail: detail.to_owned(),
    }
}

fn idle(detail: &str) -> Fact {
    Fact::Activity {
        state: ActivityState::Idle,
        waiting_for: None,
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_arrives_as_text() {
        let compose = |text| Claude.compose(text, false);
        assert_eq!(compose("!rm -rf x"), " !rm -rf x ");
        assert_eq!(compose("/clear"), " /clear ");
        assert_eq!(Claude.compose("/clear", true), "/clear");
        assert_eq!(compose(" exit "), "exit\u{200b}");
        assert_eq!(compose("look at @src"), "look at @src ");
        assert_eq!(compose("end\\"), "end\\ ");
        assert_eq!(compose("--settings=x"), "--settings=x ");
        assert!(Claude.same(" !rm  -rf x", "!rm -rf x"));
    }

    #[test]
    fn the_composer_tells_whether_a_text_stands_in_it() {
        let reading = Claude.read_screen(&["❯ [Pasted text #1 +9 lines]"], (0, 0));
        assert!(Claude.holds(&reading.composer, "anything"));
        assert!(Claude.holds("write the", "write the docs\nand more"));
        assert!(!Claude.holds("", "write the docs"));
        assert!(!Claude.holds("something else", "write the docs"));
    }

    #[test]
    fn hooks_become_facts_and_a_sub_agents_turn_is_not_ours() {
        let stop = json!({"hook_event_name": "Stop", "last_assistant_message": "done"});
        let facts = Claude.facts(None, &stop);
        assert_eq!(
            facts[0],
            Fact::TurnEnded {
                text: Some("done".into())
            }
        );
        let inner = json!({"hook_event_name": "Stop", "agent_id": "a1"});
        assert!(Claude.facts(None, &inner).is_empty());
    }
}
