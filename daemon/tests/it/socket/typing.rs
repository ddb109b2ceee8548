//! What is typed arrives in order, however much of it is underway; pastes and sizes.

use super::{Stage, refusal};
use crate::support::socket::Socket;
use crate::support::wait;
use serde_json::{Value, json};

/// A shell whose terminal writes what it gets to a file, byte by byte.
async fn writes(stage: &Stage, socket: &mut Socket) -> std::path::PathBuf {
    stage.seat(socket).await;
    stage
        .type_in(socket, "stty raw -echo; echo re''ady; exec cat > typed\r")
        .await;
    let screen = format!("/api/agents/{}/screen?until=^ready", stage.agent);
    stage.api.read(&screen).await;
    stage.site.project.join("typed")
}

async fn holds(file: &std::path::Path, expected: &[u8]) {
    wait::until("all that was typed", || async {
        let length = std::fs::metadata(file).map_or(0, |file| file.len());
        (length >= expected.len() as u64).then_some(())
    })
    .await;
    let got = std::fs::read(file).unwrap();
    let same = got.iter().zip(expected).take_while(|(a, b)| a == b).count();
    assert!(got == expected, "{} bytes, alike up to {same}", got.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_keys_is_the_order_typed() {
    let stage = Stage::open().await;
    let mut socket = Socket::open(&stage.api).await;
    let file = writes(&stage, &mut socket).await;
    let mut expected = Vec::new();
    for number in 0..2000 {
        // A composed word and a click, as a program with mouse reports gets it, among them.
        let text = match number % 100 {
            7 => "日本語を入力".to_owned(),
            8 => "\u{1b}[<0;12;5M\u{1b}[<0;12;5m".to_owned(),
            9 => "\u{0}\u{3}\u{1b}".to_owned(),
            10 => "x".repeat(40_000),
            _ => format!("{number},"),
        };
        // None waits for the answer to the one before.
        stage.type_in(&mut socket, &text).await;
        expected.extend_from_slice(text.as_bytes());
    }
    holds(&file, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_is_pasted_in_parts_and_can_be_cancelled() {
    let stage = Stage::open().await;
    let mut socket = Socket::open(&stage.api).await;
    let file = writes(&stage, &mut socket).await;
    let part = |id: &str, data: &str, more: bool| {
        let mut message = stage.about("terminal_paste");
        message["id"] = id.into();
        message["data"] = data.into();
        message["more"] = more.into();
        message
    };
    let is = |id: &'static str, state: &'static str| {
        move |message: &Value| {
            message["type"] == "paste_progress" && message["id"] == id && message["state"] == state
        }
    };
    let line = "a line of text, é\n";
    let quarter = line.repeat(250_000 / line.len());
    for number in 0..4 {
        socket.send(part("big", &quarter, number < 3)).await;
    }
    let done = socket.until("its end", is("big", "done")).await;
    assert_eq!(done["bytes"], 4 * quarter.len());
    let steps = socket.seen.iter().filter(|seen| is("big", "pasting")(seen));
    assert!(steps.count() >= 10, "progress is told");
    let mut expected = quarter.repeat(4).replace('\n', "\r").into_bytes();
    holds(&file, &expected).await;

    // Half of a line end in one part, half in the other.
    socket.send(part("two", "one\r", true)).await;
    socket.until("a part", is("two", "pasting")).await;
    let mut cancel = stage.about("cancel_paste");
    cancel["id"] = "two".into();
    socket.send(cancel.clone()).await;
    let cancelled = socket.until("the end", is("two", "cancelled")).await;
    assert_eq!(cancelled["bytes"], 4);
    expected.extend_from_slice(b"one\r");
    socket.send(part("end", "x\r", true)).await;
    socket.send(part("end", "\ny", false)).await;
    socket.until("the end", is("end", "done")).await;
    expected.extend_from_slice(b"x\ry");
    holds(&file, &expected).await;

    // Those of other names, or none, are nobody's business.
    socket.send(cancel).await;
    let mut nameless = part("", "x", true);
    socket.send(nameless.clone()).await;
    refusal(&mut socket, "invalid_request").await;
    nameless.as_object_mut().unwrap().remove("id");
    socket.send(nameless).await;
    refusal(&mut socket, "invalid_request").await;

    // Who loses the seat pastes no more.
    let mut other = Socket::open(&stage.api).await;
    stage.seat(&mut other).await;
    socket.send(part("late", "no", false)).await;
    refusal(&mut socket, "no_seat").await;
    holds(&file, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_storm_of_sizes_the_last_one_is_used() {
    let stage = Stage::open().await;
    let mut socket = Socket::open(&stage.api).await;
    stage.live(&mut socket).await;
    stage.seat(&mut socket).await;
    let before = socket.seen.len();
    for step in 0..200 {
        let mut resize = stage.about("terminal_resize");
        resize["cols"] = (60 + step % 50).into();
        resize["rows"] = 30.into();
        socket.send(resize).await;
    }
    let mut resize = stage.about("terminal_resize");
    (resize["cols"], resize["rows"]) = (json!(7), json!(33));
    socket.send(resize).await;
    let last = |message: &Value| message["type"] == "seat" && message["rows"] == 33;
    let seat = socket.until("the last size", last).await;
    assert_eq!(seat["cols"], 20, "the size used");
    let told = socket.seen[before..]
        .iter()
        .filter(|seen| seen["type"] == "seat");
    let told = told.count();
    assert!(told <= 20, "{told} sizes of 201");
    let screen = stage
        .api
        .read(&format!("/api/agents/{}/screen", stage.agent))
        .await;
    assert_eq!((&screen["cols"], &screen["rows"]), (&json!(20), &json!(33)));
}
