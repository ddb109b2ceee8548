//! A plain bash. Its prompt tells, by markers, when a command began and how it ended.
//! Its history stays in memory: the file is the user's.

use super::text::{pasteable, shell_word, squeeze};
use super::{Adapter, Launch, LaunchContext, Reading, Told};
use crate::model::evidence::Fact;
use orchestra_protocol::agent::ActivityState;
use serde_json::Value;
use std::path::PathBuf;

/// The adapter; it has no state.
pub struct Shell;

impl Adapter for Shell {
    fn kind(&self) -> &'static str {
        "shell"
    }

    fn title(&self) -> &'static str {
        "Shell"
    }

    fn program(&self) -> &'static str {
        "bash"
    }

    fn remedy(&self) -> &'static str {
        "Install bash 4.4 or newer with your package manager, on Debian: apt-get install bash"
    }

    fn tested(&self) -> &'static [&'static str] {
        &["5.2"]
    }

    fn launch(&self, context: &LaunchContext<'_>) -> Launch {
        let mut argv = vec![context.program.display().to_string()];
        argv.extend(context.args.iter().cloned());
        argv.extend([
            "--rcfile".to_owned(),
            context.dir.join("bashrc").display().to_string(),
            "-i".to_owned(),
        ]);
        let hook = shell_word(context.orchestra);
        let rc = format!(
            "# Made for one agent. The markers tell when a command began and how it ended.\n\
             [ -r ~/.bashrc ] && . ~/.bashrc\n\
             unset HISTFILE HISTIGNORE\n\
             HISTCONTROL= HISTSIZE=1000\n\
             set -o history\n\
             __orchestra_start() {{ HISTTIMEFORMAT= builtin history 1 | {hook} hook shell start; }}\n\
             __orchestra_end() {{ local code=$?; {hook} hook shell \"end:$code\" </dev/null; return \"$code\"; }}\n\
             PS0='$(__orchestra_start)'\"${{PS0-}}\"\n\
             PROMPT_COMMAND=\"__orchestra_end${{PROMPT_COMMAND:+; $PROMPT_COMMAND}}\"\n"
        );
        Launch {
            argv,
            files: vec![(PathBuf::from("bashrc"), rc)],
            ..Launch::default()
        }
    }

    fn facts(&self, name: Option<&str>, event: &Value) -> Vec<Fact> {
        let activity = |state, detail: &str| Fact::Activity {
            state,
            waiting_for: None,
            detail: detail.to_owned(),
        };
        match name.map(|name| name.split_once(':').unwrap_or((name, ""))) {
            Some(("start", _)) => {
                let line = event["unparsed"].as_str().unwrap_or_default();
                // `history 1` puts a number before the command.
                let command = line
                    .trim_start()
                    .trim_start_matches(|letter: char| letter.is_ascii_digit())
                    .trim();
                vec![
                    Fact::PromptAccepted {
                        text: command.to_owned(),
                    },
                    activity(ActivityState::Busy, "runs a command"),
                ]
            }
            Some(("end", code)) => vec![
                Fact::TurnEnded {
                    text: Some(format!("exit code {code}")),
                },
                activity(ActivityState::Idle, "shows its prompt"),
            ],
            _ => Vec::new(),
        }
    }

    fn compose(&self, text: &str, _as_command: bool) -> String {
        pasteable(text)
    }

    fn same(&self, sent: &str, seen: &str) -> bool {
        // bash reads a pasted block line by line; the marker names its first command.
        let first = sent
            .lines()
            .find(|line| !line.trim().is_empty())
            .unwrap_or_default();
        let squeezed = squeeze(seen);
        squeezed == squeeze(first) || squeezed == squeeze(sent)
    }

    fn read_screen(&self, rows: &[&str], _cursor: (u16, u16)) -> Reading {
        let last = rows.iter().rev().find(|row| !row.trim().is_empty());
        let ready = last.is_some_and(|row| row.trim_end().ends_with(['$', '#', '%', '>']));
        Reading {
            ready,
            composer: last
                .map(|row| row.trim_end().to_owned())
                .unwrap_or_default(),
            ..Reading::default()
        }
    }

    fn holds(&self, composer: &str, text: &str) -> bool {
        let last = text.lines().rfind(|line| !line.trim().is_empty());
        last.is_some_and(|last| composer.ends_with(last.trim_end()))
    }

    fn read_title(&self, _title: &str) -> Option<Told> {
        None
    }

    fn announces_itself(&self) -> bool {
        // The first prompt is its announcement.
        false
    }

    fn is_shell(&self) -> bool {
        true
    }

    fn interrupt_keys(&self) -> &'static [&'static str] {
        &["C-c"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn markers_become_facts() {
        let start = json!({"unparsed": "  12  echo hi\n"});
        let accepted = Fact::PromptAccepted {
            text: "echo hi".into(),
        };
        assert_eq!(Shell.facts(Some("start"), &start)[0], accepted);
        let ended = Fact::TurnEnded {
            text: Some("exit code 3".into()),
        };
        assert_eq!(Shell.facts(Some("end:3"), &Value::Null)[0], ended);
        assert!(Shell.same("echo hi\necho ho", "echo hi"));
    }
}
