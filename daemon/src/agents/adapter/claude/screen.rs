//! What Claude Code's screen shows.

use crate::agents::adapter::Reading;
use crate::agents::adapter::text::offers_choice;
use orchestra_protocol::agent::ActivityState;

/// So many rows may stand between the sign of a turn and the composer.
const HANGING: usize = 16;

/// Reads a screen; rows from top to bottom.
pub(super) fn read(rows: &[&str]) -> Reading {
    let has = |needle: &str| rows.iter().any(|row| row.contains(needle));
    let choice = offers_choice(rows, '❯');
    if choice && has("Yes, I trust this folder") {
        return Reading::dialog("asks whether you trust this folder; answer in its terminal");
    }
    if has("Select login method") || has("Please run /login") || has("Invalid API key") {
        return Reading::dialog(
            "is not logged in; run claude once in a terminal of your own and log in",
        );
    }
    if choice && (has("Do you want to proceed?") || has("Do you want to make this edit")) {
        return Reading::permission();
    }
    if choice && has("Enter to select") {
        return Reading::dialog("asks a question; answer in its terminal");
    }
    if choice && has("Enter to confirm") {
        return Reading::dialog("shows a dialog; answer in its terminal");
    }
    let composer = rows
        .iter()
        .rposition(|row| row.trim_start().starts_with('❯'));
    let Some(at) = composer else {
        return Reading::default();
    };
    let typed = rows[at].trim_start().trim_start_matches('❯').trim();
    let busy = at_work(rows, at);
    Reading {
        ready: true,
        // A hint is shown in an empty composer; it begins with `Try "`.
        leftover: !typed.is_empty() && !typed.starts_with("Try \""),
        composer: typed.to_owned(),
        state: Some(if busy {
            ActivityState::Busy
        } else {
            ActivityState::Idle
        }),
        ..Reading::default()
    }
}

/// True when a turn goes on: the line below the composer that begins in row `at` says how
/// to end it, or, where something else stands there, a sign turns above it.
fn at_work(rows: &[&str], at: usize) -> bool {
    let footer = rows[at..]
        .iter()
        .any(|row| row.contains("esc to interrupt"));
    // Tips and lists hang below the sign, and what was said stands above it.
    let mut above = rows[..at].iter().rev().map(|row| row.trim()).take(HANGING);
    footer || above.find_map(turns) == Some(true)
}

/// Whether a turn goes on, if the row tells: `✻ Crafting… (3s · ↓ 24 tokens)` is one that
/// does, `✻ Crafted for 3s` one that is over, and an answer has a point before it.
fn turns(row: &str) -> Option<bool> {
    if row.starts_with(['●', '❯']) {
        return Some(false);
    }
    let rest = row.strip_prefix(['·', '✢', '✳', '✶', '✻', '✽', '*'])?;
    let mut words = rest.trim_start().split(' ');
    words.next().map(|word| word.ends_with('…'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn screens_are_read() {
        let trust = ["Quick safety check", " ❯ 1. Yes, I trust this folder"];
        assert!(read(&trust).dialog.is_some());
        let empty = ["────", "❯ ", "────"];
        let reading = read(&empty);
        assert!(reading.ready && !reading.leftover);
        assert!(read(&["❯ half a thought"]).leftover);
        assert!(!read(&["$ "]).ready);
        let rule = "────";
        let busy = [
            "✻ Crafting… (3s · ↓ 24 tokens)",
            "  ⎿  Tip: x",
            "",
            rule,
            "❯ ",
            rule,
        ];
        let state = |rows: &[&str]| read(rows).state;
        assert_eq!(state(&busy), Some(ActivityState::Busy));
        let over = [
            "● Press esc to interrupt…",
            "✻ Crafted for 3s",
            rule,
            "❯ ",
            rule,
        ];
        assert_eq!(state(&over), Some(ActivityState::Idle));
        let foot = [rule, "❯ ", rule, "  esc to interrupt · ← for agents"];
        assert_eq!(state(&foot), Some(ActivityState::Busy));
        let asks = [
            "Which colour?",
            "❯ 1. Red",
            "Enter to select · Esc to cancel",
        ];
        assert!(read(&asks).dialog.is_some());
        let talk = ["● It asks: Do you want to proceed?", "❯ "];
        assert!(read(&talk).dialog.is_none());
    }
}
