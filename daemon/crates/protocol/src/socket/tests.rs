//! The messages as they are written, and refusals.

use super::*;

#[test]
fn the_missions_messages_are_read_as_written() {
    for (text, tag) in [
        (
            r#"{"type":"user_message","content":"hi","session_id":"sess-primary"}"#,
            0,
        ),
        (
            r#"{"type":"subscribe_terminal","session_id":"sess-droid-001"}"#,
            1,
        ),
    ] {
        let message: ClientMessage = serde_json::from_str(text).unwrap();
        let value = serde_json::to_value(&message).unwrap();
        assert_eq!(value["type"], ClientMessage::TYPES[tag]);
    }
}

#[test]
fn an_error_carries_the_fields_of_a_problem_at_its_top() {
    let problem = Problem::new(400, "bad_message", "Bad message", "cols is 0");
    let message = ServerMessage::error(problem, Some("terminal_resize"), None);
    let value = serde_json::to_value(&message).unwrap();
    assert_eq!(value["type"], "error");
    assert_eq!(value["code"], "urn:orchestra:bad_message");
    assert_eq!(value["status"], 400);
}
