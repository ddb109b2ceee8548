//! Cursor's agent, from its documentation: it needs an account with its vendor, so it was
//! tried on a stand-in only. No hook of its can be given by flag, so what it shows on its
//! screen is all there is, and receipts say so.

use super::text::{as_text, no_exit, pasteable};
use super::{Adapter, Launch, LaunchContext, Reading, Told};
use crate::config::PermissionMode;
use crate::model::evidence::Fact;
use orchestra_protocol::agent::ActivityState;
use serde_json::Value;

/// The adapter; it has no state.
pub struct Cursor;

impl Adapter for Cursor {
    fn kind(&self) -> &'static str {
        "cursor"
    }

    fn title(&self) -> &'static str {
        "Cursor agent"
    }

    fn program(&self) -> &'static str {
        "cursor-agent"
    }

    fn remedy(&self) -> &'static str {
        "Install it as cursor.com/cli says — then log in once by running: cursor-agent login"
    }

    fn tested(&self) -> &'static [&'static str] {
        &[]
    }

    fn proven(&self) -> bool {
        false
    }

    fn launch(&self, context: &LaunchContext<'_>) -> Launch {
        let mut argv = vec![context.program.display().to_string()];
        argv.extend(context.args.iter().cloned());
        if context.permissions == PermissionMode::Full {
            argv.push("--force".to_owned());
        }
        Launch {
            argv,
            ..Launch::default()
        }
    }

    fn facts(&self, _name: Option<&str>, _event: &Value) -> Vec<Fact> {
        Vec::new()
    }

    fn compose(&self, text: &str, as_command: bool) -> String {
        if as_command {
            return pasteable(text);
        }
        no_exit(text).unwrap_or_else(|| as_text(text))
    }

    fn read_screen(&self, rows: &[&str], _cursor: (u16, u16)) -> Reading {
        let has = |needle: &str| rows.iter().any(|row| row.contains(needle));
        if has("Press any key to sign in") || has("Not logged in") {
            return Reading::dialog(
                "is not logged in; run cursor-agent login in a terminal of your own",
            );
        }
        if has("Workspace Trust Required") || has("Do you trust") {
            return Reading::dialog("asks whether you trust this folder; answer in its terminal");
        }
        if has("Run this command?") || has("Waiting for approval") {
            return Reading::dialog("asks for permission; answer in its terminal");
        }
        let hints = ["Plan, search, build anything", "Add a follow-up"];
        box_row(rows, '→', &hints, has("ctrl+c to stop"))
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

    fn watched(&self) -> bool {
        true
    }

    fn by_screen(&self) -> bool {
        true
    }
}

/// A composer inside a box: its row begins with `sign`, and a hint in it is no text.
pub(super) fn box_row(rows: &[&str], sign: char, hints: &[&str], busy: bool) -> Reading {
    let inside = |row: &&str| {
        let row = row.trim().trim_start_matches('│').trim_end_matches('│');
        row.trim()
            .strip_prefix(sign)
            .map(|rest| rest.trim().to_owned())
    };
    let Some(typed) = rows.iter().rev().find_map(inside) else {
        return Reading::default();
    };
    let empty = typed.is_empty() || hints.iter().any(|hint| typed.starts_with(hint));
    Reading {
        ready: true,
        leftover: !empty,
        composer: if empty { String::new() } else { typed },
        state: Some(if busy {
            ActivityState::Busy
        } else {
            ActivityState::Idle
        }),
        ..Reading::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn screens_are_read() {
        let empty = ["┌──┐", "│ → Add a follow-up      │", "└──┘"];
        let reading = Cursor.read_screen(&empty, (0, 0));
        assert!(reading.ready && !reading.leftover);
        let typed = ["│ → half a thought │"];
        assert!(Cursor.read_screen(&typed, (0, 0)).leftover);
        let busy = ["Generating  ctrl+c to stop", "│ → Add a follow-up │"];
        assert_eq!(
            Cursor.read_screen(&busy, (0, 0)).state,
            Some(ActivityState::Busy)
        );
        assert!(
            Cursor
                .read_screen(&["Press any key to sign in"], (0, 0))
                .dialog
                .is_some()
        );
    }
}
