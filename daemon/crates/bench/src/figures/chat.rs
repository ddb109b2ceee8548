//! A message to the primary until its reply, less the time that the model took.

use crate::api::Api;
use crate::bench::Bench;
use crate::kit::{self, Model};
use crate::report::Row;
use crate::socket::Socket;
use crate::stage::Stage;
use crate::stats::{Sample, ms};
use crate::wait::until;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let model = Model::start()?;
    let stage = Stage::own(bench, kit::site(&model)?).await?;
    let mut socket = Socket::open(&stage.api).await?;
    let log = Api::new(&model.url, "")?;
    // The first message starts the primary; that is another figure.
    ask(&mut socket, &log, "warm-0").await?;
    let (mut whole, mut models, mut rest) =
        (Sample::default(), Sample::default(), Sample::default());
    for run in 1..=bench.sizes.messages {
        let (all, thought) = ask(&mut socket, &log, &format!("word-{run}-")).await?;
        whole.add(all);
        models.add(thought);
        rest.add(all - thought);
    }
    Ok(vec![
        Row::of("user_message → claude_response", "ms", &whole),
        Row::of("  of it the scripted model", "ms", &models)
            .note("its requests of this turn, from their log"),
        Row::of("  the rest: Orchestra and Claude Code", "ms", &rest).within(1000.0),
    ])
}

/// Sends one message; gives the milliseconds until its reply and those of the model.
async fn ask(socket: &mut Socket, log: &Api, word: &str) -> anyhow::Result<(f64, f64)> {
    let text = format!("echo {word}");
    let begun = Instant::now();
    socket
        .send(&json!({"type": "user_message", "content": text}))
        .await?;
    socket
        .until("the reply", |value| {
            value["type"] == "claude_response"
                && value["content"].as_str().unwrap_or_default().contains(word)
        })
        .await?;
    let all = ms(begun.elapsed());
    // The log has an answer's time once its connection has been closed.
    let thought = until("the model's log", Duration::from_millis(50), || async {
        Ok(thought(&log.get("/__log").await?, &text))
    })
    .await?;
    Ok((all, thought))
}

/// Milliseconds of all requests about this text; none while one is open.
fn thought(log: &Value, text: &str) -> Option<f64> {
    let items = log["items"].as_array()?;
    let about = |item: &&Value| {
        item["helper"] != true
            && item["user_text"]["head"]
                .as_str()
                .is_some_and(|head| head.contains(text))
    };
    let times: Option<Vec<f64>> = items
        .iter()
        .filter(about)
        .map(|item| item["ms"].as_f64())
        .collect();
    times
        .filter(|times| !times.is_empty())
        .map(|times| times.iter().sum())
}
