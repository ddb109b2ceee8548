//! Screens of the real CLIs, kept as they were: `corpus/KIND.STATE.N.txt`, the cursor's
//! column and row in the first line, the screen behind it. `corpus/recordings/KIND-NAME.txt`
//! holds those of a recorded session over time, each behind `=== OFFSET STATE`, with the
//! title behind the cursor (`testkit/accuracy/screens.mjs`). Every rule has to read each right.

use super::{Reading, find};
use orchestra_protocol::agent::{ActivityState, WaitingFor};
use std::path::Path;

/// What adapter `kind` makes of a screen with its line of the cursor before it.
fn read(kind: &str, text: &str) -> Reading {
    let (head, screen) = text.split_once('\n').unwrap();
    let cursor = head.split('\t').next().unwrap();
    let (x, y) = cursor.split_once(',').unwrap();
    let rows: Vec<&str> = screen.lines().collect();
    let adapter = find(kind).unwrap();
    adapter.read_screen(&rows, (x.parse().unwrap(), y.parse().unwrap()))
}

fn right(state: &str, reading: &Reading) -> bool {
    let quiet = reading.dialog.is_none();
    let waits = |what| !quiet && reading.waiting_for == Some(what);
    match state {
        "idle" => {
            let idle = reading.state == Some(ActivityState::Idle);
            quiet && reading.ready && !reading.leftover && idle
        }
        "left" => quiet && reading.ready && reading.leftover,
        "busy" => quiet && reading.state == Some(ActivityState::Busy),
        // Nothing on it tells a turn that goes on from one that is over.
        "writes" => quiet && reading.state.is_none(),
        "loads" => quiet && !reading.ready,
        "asks" => !quiet,
        "permission" => waits(WaitingFor::Permission),
        "question" => waits(WaitingFor::Question),
        other => panic!("what is {other:?}?"),
    }
}

fn files(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/agents/adapter/corpus");
    let files = std::fs::read_dir(root.join(folder)).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let text = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(&path).unwrap())
    };
    paths.filter(|path| path.is_file()).map(text).collect()
}

#[test]
fn every_kept_screen_is_read_right() {
    let mut read_so_far = 0;
    for (name, text) in files("") {
        let (kind, state) = name.split_once('.').unwrap();
        let reading = read(kind, &text);
        let state = state.split('.').next().unwrap();
        assert!(right(state, &reading), "{name}: {reading:?}");
        read_so_far += 1;
    }
    assert!(read_so_far > 20, "only {read_so_far} screens");
}

#[test]
fn every_recording_is_read_right_from_its_beginning_to_its_end() {
    let (mut screens, mut wrong) = (0, Vec::new());
    for (name, text) in files("recordings") {
        let (kind, _) = name.split_once('-').unwrap();
        for part in text.split("=== ").skip(1) {
            let (place, rest) = part.split_once('\n').unwrap();
            let (_, state) = place.split_once(' ').unwrap();
            let reading = read(kind, rest);
            if !right(state, &reading) {
                wrong.push(format!("{name} at {place}: {reading:?}"));
            }
            screens += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(screens > 60, "only {screens} screens");
}
