//! Factory's droid, from its documentation: it needs an account with its vendor, so it was
//! tried on a stand-in only. Its hooks come from the user's settings alone, which are not
//! ours to write, so what it shows on its screen is all there is, and receipts say so.

use super::cursor::box_row;
use super::text::{as_text, no_exit, pasteable};
use super::{Adapter, Launch, LaunchContext, Reading, Told};
use crate::model::evidence::Fact;
use serde_json::Value;

/// The adapter; it has no state.
pub struct Droid;

impl Adapter for Droid {
    fn kind(&self) -> &'static str {
        "droid"
    }

    fn title(&self) -> &'static str {
        "Factory Droid"
    }

    fn program(&self) -> &'static str {
        "droid"
    }

    fn remedy(&self) -> &'static str {
        "Install it with: npm install -g droid — then log in once by running: droid"
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
        Launch {
            argv,
            env: vec![("FACTORY_DROID_AUTO_UPDATE_ENABLED".into(), "false".into())],
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
        if has("Login with Factory") || has("Please log in") {
            return Reading::dialog("is not logged in; run droid in a terminal of your own");
        }
        if has("Yes, allow") && has("No, cancel") {
            return Reading::dialog("asks for permission; answer in its terminal");
        }
        let hints = ["Try \"", "Type a message"];
        box_row(
            rows,
            '>',
            &hints,
            has("(Press ESC to stop)") || has("esc to stop"),
        )
    }

    fn read_title(&self, _title: &str) -> Option<Told> {
        None
    }

    fn announces_itself(&self) -> bool {
        false
    }

    fn watched(&self) -> bool {
        true
    }

    fn by_screen(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchestra_protocol::agent::ActivityState;

    #[test]
    fn screens_are_read() {
        let empty = ["╭──╮", "│ > Try \"fix the bug\"   │", "╰──╯"];
        let reading = Droid.read_screen(&empty, (0, 0));
        assert!(reading.ready && !reading.leftover);
        let busy = ["Thinking... (Press ESC to stop)", "│ > │"];
        assert_eq!(
            Droid.read_screen(&busy, (0, 0)).state,
            Some(ActivityState::Busy)
        );
        assert!(
            Droid
                .read_screen(&["│ > half a thought │"], (0, 0))
                .leftover
        );
    }
}
