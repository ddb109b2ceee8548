//! Screens of the real CLIs, kept as they were: `corpus/KIND.STATE.N.txt`, the cursor's
//! column and row in the first line, the screen behind it. Every rule has to read each right.

use super::find;
use orchestra_protocol::agent::ActivityState;
use std::path::Path;

#[test]
fn every_kept_screen_is_read_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/agents/adapter/corpus");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let (kind, state) = name.split_once('.').unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let (cursor, screen) = text.split_once('\n').unwrap();
        let (x, y) = cursor.split_once(',').unwrap();
        let rows: Vec<&str> = screen.lines().collect();
        let adapter = find(kind).unwrap();
        let reading = adapter.read_screen(&rows, (x.parse().unwrap(), y.parse().unwrap()));
        let right = match state.split('.').next().unwrap() {
            "idle" => {
                reading.ready
                    && !reading.leftover
                    && reading.dialog.is_none()
                    && reading.state == Some(ActivityState::Idle)
            }
            "left" => reading.ready && reading.leftover && reading.dialog.is_none(),
            "busy" => reading.state == Some(ActivityState::Busy) && reading.dialog.is_none(),
            "asks" => reading.dialog.is_some(),
            other => panic!("{name}: what is {other:?}?"),
        };
        assert!(right, "{name}: {reading:?}");
        read += 1;
    }
    assert!(read > 20, "only {read} screens");
}
