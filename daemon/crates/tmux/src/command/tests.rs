//! Every builder, fed with hostile text: one command, one line, same bytes.

use super::{Capture, Command, Script, Spawn};
use crate::{
    codec::quote::words,
    ids::{PaneId, SessionId},
};
use proptest::prelude::*;

const PANE: PaneId = PaneId(7);

/// Every command that takes text from outside, and the text as it must arrive.
fn with_text(text: &[u8], utf8: &str) -> Vec<(Command, Vec<u8>)> {
    let name = "sess-a".parse().unwrap();
    let env = [("KEY".to_owned(), utf8.to_owned())];
    let argv: [&[u8]; 2] = [b"env", text];
    let cwd = Spawn {
        name: &name,
        cwd: text,
        cols: 80,
        rows: 24,
        env: &[],
        argv: &[b"env"],
        format: "x",
    };
    let doubled = String::from_utf8_lossy(&super::no_formats(text))
        .into_owned()
        .into_bytes();
    let doubled = if std::str::from_utf8(text).is_ok() {
        doubled
    } else {
        super::no_formats(text)
    };
    vec![
        (super::new_session(cwd), doubled),
        (
            super::new_session(Spawn {
                cwd: b"/",
                argv: &argv,
                ..cwd
            }),
            text.to_vec(),
        ),
        (
            super::new_session(Spawn {
                cwd: b"/",
                env: &env,
                ..cwd
            }),
            format!("KEY={utf8}").into_bytes(),
        ),
        (
            super::set_option("=sess-a:", "@orc_title", utf8),
            utf8.as_bytes().to_vec(),
        ),
        (
            super::set_global("default-terminal", utf8),
            utf8.as_bytes().to_vec(),
        ),
        (super::append_buffer("b", text), text.to_vec()),
        (super::send_literal(PANE, text), text.to_vec()),
    ]
}

fn without_text() -> Vec<Command> {
    let what = Capture {
        escapes: true,
        join: true,
        alternate: true,
        start: Some(-10),
        end: Some(-1),
    };
    vec![
        super::kill_session(SessionId(3)),
        super::set_server("set-clipboard", "off"),
        super::list_panes("#{pane_id} a"),
        super::list_clients("#{client_pid}"),
        super::display(PANE, "#{cursor_x}"),
        super::say("00ff"),
        super::capture(PANE, what),
        super::capture_to(PANE, Capture::default(), "orc"),
        super::capture_pending(PANE),
        super::show_buffer("orc"),
        super::delete_buffer("orc"),
        super::paste_buffer(PANE, "orc", true),
        super::send_nul(PANE),
        super::send_keys(PANE, ["C-c", "Enter"]),
        super::leave_modes(PANE),
        super::resize(PANE, 80, 24),
        super::when(
            PANE,
            "#{alternate_on}",
            &Script::new(&super::show_buffer("orc")),
        ),
        super::flow(PANE, true),
    ]
}

#[test]
fn commands_look_as_tmux_wants_them() {
    let lines: Vec<String> = without_text()
        .iter()
        .map(|command| {
            let script = Script::new(command);
            let words = words(script.as_bytes()).unwrap();
            words
                .iter()
                .map(|w| String::from_utf8_lossy(w).into_owned())
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    assert_eq!(
        lines,
        [
            "kill-session -t $3",
            "set -s set-clipboard off",
            "lsp -a -F #{pane_id} a",
            "lsc -F #{client_pid}",
            "display -p -t %7 #{cursor_x}",
            "display -p 00ff",
            "capturep -a -e -p -J -E -1 -S -10 -t %7",
            "capturep -N -b orc -t %7",
            "capturep -p -P -C -t %7",
            "showb -b orc",
            "deleteb -b orc",
            "pasteb -d -p -b orc -t %7",
            "send -H -t %7 00",
            "send -t %7 -- C-c Enter",
            "copy-mode -q -t %7",
            "resizew -t %7 -x 80 -y 24",
            "if -F -t %7 #{alternate_on} \"showb\" \"-b\" \"orc\"",
            "refresh -A %7:continue",
        ]
    );
}

#[test]
fn commands_of_a_line_are_counted() {
    let script = Script::new(&super::show_buffer("a")).then(&super::delete_buffer("a"));
    assert_eq!(script.commands(), 2);
    assert_eq!(
        script.as_bytes(),
        br#""showb" "-b" "a" ; "deleteb" "-b" "a""#
    );
}

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let nasty = prop_oneof![
        Just(b"\n".to_vec()),
        Just(b"; kill-server".to_vec()),
        Just(b"#(touch x)".to_vec()),
        Just(b"\" ; kill-server".to_vec()),
        Just(b"'".to_vec()),
        Just(b"\\".to_vec()),
        Just(b"$HOME".to_vec()),
        Just(b"-t".to_vec()),
        Just(b"{".to_vec()),
        Just(b"~".to_vec()),
        Just("é🙂".as_bytes().to_vec()),
        proptest::collection::vec(1u8..=255, 0..8),
    ];
    proptest::collection::vec(nasty, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn text_arrives_and_stays_one_command(text in hostile()) {
        let utf8 = String::from_utf8_lossy(&text).into_owned();
        for (command, expected) in with_text(&text, &utf8) {
            let script = Script::new(&command);
            prop_assert!(!script.as_bytes().contains(&b'\n'));
            // `words` knows no `;`: a second command would not parse.
            let words = words(script.as_bytes());
            let words = words.ok_or_else(|| TestCaseError::fail("not one command"))?;
            prop_assert!(words.contains(&expected), "{:?} lacks {:?}", words, expected);
        }
    }
}
