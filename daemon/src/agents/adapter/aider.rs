//! Aider. Behaviour measured with the versions in `tested`. It has no hooks: it notes what
//! it was told in a history file, and runs a command of ours when it wants to be told more.

use super::text::{as_text, pasteable, rules, shell_word};
use super::{Adapter, Launch, LaunchContext, Reading, Told};
use crate::config::PermissionMode;
use crate::model::evidence::Fact;
use orchestra_protocol::agent::ActivityState;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The adapter; it has no state.
pub struct Aider;

/// What it was told, in its agent's folder.
const INPUT: &str = "input.history";
/// The whole conversation, there too.
const CHAT: &str = "chat.md";
/// As much of the conversation's end is looked at for an answer, in bytes.
const TAIL: u32 = 262_144;

impl Adapter for Aider {
    fn kind(&self) -> &'static str {
        "aider"
    }

    fn title(&self) -> &'static str {
        "Aider"
    }

    fn program(&self) -> &'static str {
        "aider"
    }

    fn remedy(&self) -> &'static str {
        "Install it with: python3 -m pip install aider-chat — and set the key of your model's vendor, such as OPENAI_API_KEY"
    }

    fn tested(&self) -> &'static [&'static str] {
        &["0.86.2"]
    }

    fn launch(&self, context: &LaunchContext<'_>) -> Launch {
        let file = |name: &str| context.dir.join(name).display().to_string();
        let mut argv = vec![context.program.display().to_string()];
        argv.extend(context.args.iter().cloned());
        let flags = [
            "--no-check-update",
            "--no-analytics",
            "--no-show-release-notes",
            "--no-show-model-warnings",
            "--no-detect-urls",
            "--no-gitignore",
            "--no-auto-commits",
            "--disable-playwright",
            "--notifications",
        ];
        argv.extend(flags.map(str::to_owned));
        let chat = file(CHAT);
        let command = format!(
            "tail -c {TAIL} {} | {} hook aider end",
            shell_word(Path::new(&chat)),
            shell_word(context.orchestra)
        );
        argv.extend(["--notifications-command".to_owned(), command]);
        argv.extend(["--input-history-file".to_owned(), file(INPUT)]);
        argv.extend(["--chat-history-file".to_owned(), chat]);
        argv.extend(["--read".to_owned(), file("rules.md")]);
        if context.resume {
            argv.push("--restore-chat-history".to_owned());
        }
        if context.permissions == PermissionMode::Full {
            argv.push("--yes-always".to_owned());
        }
        Launch {
            argv,
            env: vec![
                // Its price list is fetched at each start otherwise.
                ("LITELLM_LOCAL_MODEL_COST_MAP".into(), "True".into()),
            ],
            files: vec![(PathBuf::from("rules.md"), rules(context))],
            ..Launch::default()
        }
    }

    fn facts(&self, name: Option<&str>, event: &Value) -> Vec<Fact> {
        if name != Some("end") {
            return Vec::new();
        }
        let chat = event["unparsed"].as_str().unwrap_or_default();
        let idle = Fact::Activity {
            state: ActivityState::Idle,
            waiting_for: None,
            detail: "ended its turn".into(),
        };
        vec![end_of(chat), idle]
    }

    fn compose(&self, text: &str, as_command: bool) -> String {
        if as_command {
            return pasteable(text);
        }
        as_text(text)
    }

    fn read_screen(&self, rows: &[&str], cursor: (u16, u16)) -> Reading {
        let Some(at) = rows.iter().rposition(|row| !row.trim().is_empty()) else {
            return Reading::default();
        };
        let last = rows[at].trim_end();
        if last.contains("(Y)es/(N)o") {
            return Reading::dialog("asks a question; answer in its terminal");
        }
        let here = usize::from(cursor.1) >= at;
        // A mode's name may stand before the sign, as in `ask>`.
        let last = rows[..=at].iter().rposition(|row| sign(row).is_some());
        let (true, Some(last)) = (here, last) else {
            return Reading {
                state: Some(ActivityState::Busy),
                ..Reading::default()
            };
        };
        // Each line of a text that stands there has a sign of its own.
        let first = (1..=last)
            .rev()
            .find(|row| sign(rows[row - 1]).is_none())
            .unwrap_or(0);
        let typed = sign(rows[first]).unwrap_or_default();
        // What was sent is drawn the same way; then something stands below it, or the
        // cursor does.
        let ready = last == at && usize::from(cursor.1) == at;
        Reading {
            ready,
            leftover: ready && !typed.is_empty(),
            composer: typed.to_owned(),
            state: Some(if ready {
                ActivityState::Idle
            } else {
                ActivityState::Busy
            }),
            ..Reading::default()
        }
    }

    fn holds(&self, composer: &str, text: &str) -> bool {
        let typed = super::squeeze(composer);
        !typed.is_empty() && super::squeeze(text).starts_with(&typed)
    }

    fn read_title(&self, _title: &str) -> Option<Told> {
        None
    }

    fn announces_itself(&self) -> bool {
        false
    }

    fn interrupt_keys(&self) -> &'static [&'static str] {
        &["C-c"]
    }

    fn resumes(&self, _session: &str, transcript: Option<&Path>) -> bool {
        transcript.is_some_and(Path::is_file)
    }

    fn journal(&self) -> Option<&'static str> {
        Some(INPUT)
    }

    fn read_journal(&self, dir: &Path, text: &str) -> Vec<(usize, Vec<Fact>)> {
        told(text)
            .into_iter()
            .map(|(at, text)| {
                let name = dir.file_name().unwrap_or_default();
                let bound = Fact::SessionBound {
                    cli_session: name.to_string_lossy().into_owned(),
                    transcript: Some(dir.join(CHAT).display().to_string()),
                    cleared: false,
                };
                let busy = Fact::Activity {
                    state: ActivityState::Busy,
                    waiting_for: None,
                    detail: "took a prompt".into(),
                };
                (at, vec![bound, Fact::PromptAccepted { text }, busy])
            })
            .collect()
    }

    fn watched(&self) -> bool {
        true
    }
}

/// What stands behind the prompt's sign, in a row that has one.
fn sign(row: &str) -> Option<&str> {
    let row = row.trim_end();
    let (mode, rest) = row.split_once('>')?;
    let known = [
        "",
        "ask",
        "code",
        "architect",
        "help",
        "context",
        "multi",
        "ask multi",
    ];
    (known.contains(&mode) && (rest.is_empty() || rest.starts_with(' '))).then(|| rest.trim())
}

/// Entries of the history: a line with `#` and the time, then the text behind `+`.
fn told(text: &str) -> Vec<(usize, String)> {
    let mut entries: Vec<(usize, String)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        if bare.starts_with("# ") {
            entries.push((at, String::new()));
        } else if let (Some(part), Some((_, entry))) = (bare.strip_prefix('+'), entries.last_mut())
        {
            if !entry.is_empty() {
                entry.push('\n');
            }
            entry.push_str(part);
        }
        at += line.len();
    }
    entries.retain(|(_, text)| !text.is_empty());
    entries
}

/// How the last turn in the conversation ended. Prompts stand behind `####`, what the
/// program itself says behind `>`, and what the model says behind nothing.
fn end_of(chat: &str) -> Fact {
    let lines: Vec<&str> = chat.lines().map(str::trim_end).collect();
    let from = lines
        .iter()
        .rposition(|line| line.starts_with("#### "))
        .map_or(0, |at| at + 1);
    let said: Vec<&str> = lines[from..]
        .iter()
        .copied()
        .filter(|line| *line != ">" && !line.starts_with("> "))
        .collect();
    let text = said.join("\n").trim().to_owned();
    if !text.is_empty() {
        return Fact::TurnEnded { text: Some(text) };
    }
    let aside = lines[from..]
        .iter()
        .filter_map(|line| line.strip_prefix("> "));
    let words: Vec<&str> = aside
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let reason = match words.last() {
        Some(word) if word.contains("^C") => "the turn was interrupted".to_owned(),
        Some(_) => words.join(" ").chars().take(300).collect(),
        None => "the turn ended without an answer".to_owned(),
    };
    Fact::TurnFailed { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_tells_what_it_was_told() {
        let text =
            "\n# 2026-11-26 17:45:13.1\n+echo hello\n\n# 2026-11-26 17:46:00.2\n+one\n+\n+two\n";
        let entries = told(text);
        assert_eq!(entries[0], (1, "echo hello".to_owned()));
        assert_eq!(entries[1].1, "one\n\ntwo");
        assert_eq!(&text[entries[1].0..entries[1].0 + 2], "# ");
    }

    #[test]
    fn a_turn_ends_in_an_answer_an_error_or_an_interruption() {
        let end = |rest: &str| end_of(&format!("#### first  \n\nold\n\n#### second  \n{rest}"));
        let answered = end("\nyou said\n\ntwo\n\n> Tokens: 5 sent, 3 received.  \n");
        assert_eq!(
            answered,
            Fact::TurnEnded {
                text: Some("you said\n\ntwo".into())
            }
        );
        let failed = end("> litellm.BadRequestError: scripted error 400  \n");
        assert_eq!(
            failed,
            Fact::TurnFailed {
                reason: "litellm.BadRequestError: scripted error 400".into()
            }
        );
        let stopped = end(">  \n> ^C again to exit  \n");
        assert_eq!(
            stopped,
            Fact::TurnFailed {
                reason: "the turn was interrupted".into()
            }
        );
    }

    #[test]
    fn screens_are_read() {
        let ready = ["Repo-map: using 1024 tokens", "─────", ">"];
        let reading = Aider.read_screen(&ready, (2, 2));
        assert!(reading.ready && !reading.leftover);
        let typed = ["─────", "> half a thought"];
        assert!(Aider.read_screen(&typed, (16, 1)).leftover);
        let busy = [
            "─────",
            "> slow one",
            "",
            " █░   Waiting for openai/scripted-1",
        ];
        let reading = Aider.read_screen(&busy, (6, 3));
        assert!(!reading.ready && reading.state == Some(ActivityState::Busy));
        let asks = ["Add file to the chat? (Y)es/(N)o [Yes]:"];
        assert!(Aider.read_screen(&asks, (40, 0)).dialog.is_some());
    }
}
