//! Many users, each on a socket of their own, who all send at a steady rate. A message is
//! `ping`: it passes every step that each message passes and then does nothing else.
//!
//! The protocol has no time of arrival. The time until `pong` is more than the time until
//! the handler, so it is shown whole, as an upper bound; half of it is an estimate.

use crate::bench::Bench;
use crate::process::Meter;
use crate::report::Row;
use crate::socket::{Incoming, Socket, next};
use crate::stage::Stage;
use crate::stats::{Sample, ms};
use anyhow::Context;
use futures_util::SinkExt;
use serde::Deserialize;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval_at};
use tokio_tungstenite::tungstenite::Message;

#[derive(Deserialize)]
struct Pong {
    #[serde(rename = "type")]
    kind: String,
    nonce: Option<String>,
}

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let stage = Stage::set(bench).await?;
    let sizes = bench.sizes;
    let mut sockets = Vec::with_capacity(sizes.users);
    for number in 0..sizes.users {
        let api = stage.caller(&format!("user{number}")).await?;
        sockets.push(Socket::open(&api).await?);
    }
    let meter = stage.daemon().ok().map(|daemon| Meter::start([daemon.pid]));
    let begun = Instant::now();
    let every = Duration::from_secs(1) / sizes.rate;
    let mut users = JoinSet::new();
    for (number, socket) in sockets.into_iter().enumerate() {
        // Spread over one period: people do not type in step.
        let offset = every * u32::try_from(number)? / u32::try_from(sizes.users)?;
        users.spawn(user(socket, begun, begun + offset, every, sizes.load));
    }
    let mut trips = Sample::default();
    while let Some(done) = users.join_next().await {
        trips.extend(done??);
    }
    let wall = begun.elapsed().as_secs_f64();
    let title = format!("{} users × {} messages a second", sizes.users, sizes.rate);
    let mut rows = vec![
        Row::of(format!("{title}: ping → pong"), "ms", &trips)
            .tail_within(10.0)
            .note("upper bound for client send → handler; each user's own clock, default limits"),
        Row::one("  half of its p99, as an estimate", "ms", trips.p99() / 2.0),
        Row::one("  answered", "1/s", trips.len() as f64 / wall),
    ];
    if let Some(meter) = meter {
        rows.push(Row::one(
            "  the daemon's processor",
            "% core",
            meter.percent(),
        ));
    }
    Ok(rows)
}

/// Sends on time, whatever has been answered, and reads beside it.
async fn user(
    socket: Socket,
    epoch: Instant,
    first: Instant,
    every: Duration,
    length: Duration,
) -> anyhow::Result<Vec<f64>> {
    let (mut sink, mut stream) = socket.split();
    let count = length.as_nanos() / every.as_nanos();
    let count = usize::try_from(count)?;
    let sending = async {
        let mut ticks = interval_at(first.into(), every);
        // A late one is sent at once, so that slowness here cannot lower the rate.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for _ in 0..count {
            ticks.tick().await;
            let nonce = epoch.elapsed().as_nanos().to_string();
            let message = json!({"type": "ping", "nonce": nonce}).to_string();
            sink.send(Message::text(message)).await?;
        }
        anyhow::Ok(())
    };
    let reading = async {
        let mut trips = Vec::with_capacity(count);
        while trips.len() < count {
            let Incoming::Text(text) = next(&mut stream).await? else {
                continue;
            };
            let now = epoch.elapsed();
            let pong: Pong = serde_json::from_str(&text)?;
            anyhow::ensure!(pong.kind != "error", "refused: {text}");
            if pong.kind == "pong" {
                let nonce = pong.nonce.context("a pong without nonce")?;
                let sent = Duration::from_nanos(nonce.parse()?);
                trips.push(ms(now.saturating_sub(sent)));
            }
        }
        anyhow::Ok(trips)
    };
    let (sent, trips) = tokio::join!(sending, reading);
    sent?;
    trips
}
