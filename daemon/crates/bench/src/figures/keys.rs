//! A key until its echo: over the socket at a live viewer, and through `tmux attach` in a
//! terminal of our own, both into the same program in the same tmux server.

use crate::agents::{self, Agent};
use crate::api::Api;
use crate::bench::Bench;
use crate::pty::Pty;
use crate::report::Row;
use crate::site::Site;
use crate::socket::Socket;
use crate::stage::Stage;
use crate::stats::{Sample, ms};
use crate::wait::within;
use orchestra_protocol::frame::FrameKind;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Letters that end no escape sequence of a terminal.
const KEYS: &[u8] = b"vwxz";
/// Before a line is full its echo would be more than the key.
const LINE: usize = 60;
/// Between two keys, as a quick typist leaves it; nothing is gathered then.
const PAUSE: Duration = Duration::from_millis(15);
/// A screen that is quiet for so long has shown all there was.
const QUIET: Duration = Duration::from_millis(100);

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let stage = Stage::set(bench).await?;
    let watched = agents::shells(&stage.api, 1).await?.remove(0);
    let mut viewer = Viewer::open(&stage.api, &watched).await?;
    let calm = viewer.run(bench.sizes.keys).await?;
    let mut rows = vec![
        Row::of("key → echo, live over the socket", "ms", &calm.times).budget("≤ 0.3 / 1.0"),
        Row::one("  bytes down the wire per key", "B", calm.down).budget("≤ 16"),
        Row::one("  bytes up the wire per key", "B", calm.up),
    ];
    if stage.is_own() {
        let attached = agents::shells(&stage.api, 1).await?.remove(0);
        let base = attach(stage.site()?, &attached, bench.sizes.keys).await?;
        rows.push(Row::of(
            "key → echo, tmux attach in a terminal",
            "ms",
            &base,
        ));
        let ratio = |share| calm.times.percentile(share) / base.percentile(share);
        rows.push(Row::one("  socket : attach, p50", "×", ratio(50.0)));
        rows.push(Row::one("  socket : attach, p99", "×", ratio(99.0)));
        attached.kill(&stage.api).await?;
    }
    rows.push(flooded(bench, &stage, &mut viewer).await?);
    watched.kill(&stage.api).await?;
    Ok(rows)
}

/// The same while another agent floods its terminal.
async fn flooded(bench: &Bench, stage: &Stage, viewer: &mut Viewer) -> anyhow::Result<Row> {
    let noisy = agents::shells(&stage.api, 1).await?.remove(0);
    let path = format!("/api/agents/{}/input", noisy.id);
    stage.api.post(&path, json!({"text": "yes\r"})).await?;
    let loud = viewer.run(bench.sizes.keys / 2).await?;
    noisy.kill(&stage.api).await?;
    Ok(Row::of(
        "key → echo while another agent runs `yes`",
        "ms",
        &loud.times,
    )
    .budget("p50 ≤ 1.0"))
}

/// What many keys took.
struct Typed {
    times: Sample,
    up: f64,
    down: f64,
}

/// One who types and watches over the socket.
struct Viewer {
    socket: Socket,
    session: String,
    channel: u32,
    got: u64,
}

impl Viewer {
    /// Watches a shell, takes its seat, and lets it run `cat`.
    async fn open(api: &Api, agent: &Agent) -> anyhow::Result<Self> {
        let mut socket = Socket::open(api).await?;
        let (channel, got) = socket.watch_live(&agent.session).await?;
        socket.take_seat(&agent.session).await?;
        let mut viewer = Self {
            socket,
            session: agent.session.clone(),
            channel,
            got,
        };
        viewer.key("cat\r").await?;
        viewer.calm().await?;
        Ok(viewer)
    }

    async fn run(&mut self, keys: usize) -> anyhow::Result<Typed> {
        let mut times = Sample::default();
        let count = self.socket.count.clone();
        let (mut up, mut down) = (0, 0);
        for at in 0..keys {
            if at % LINE == 0 {
                self.key("\r").await?;
                self.calm().await?;
            }
            let read = || {
                (
                    count.up.load(Ordering::Relaxed),
                    count.down.load(Ordering::Relaxed),
                )
            };
            let before = read();
            let key = KEYS[at % KEYS.len()];
            let begun = Instant::now();
            self.key(&char::from(key).to_string()).await?;
            within("the echo of a key", self.echo(key)).await??;
            times.add(ms(begun.elapsed()));
            let after = read();
            up += after.0 - before.0;
            down += after.1 - before.1;
            tokio::time::sleep(PAUSE).await;
        }
        let per_key = |bytes: u64| bytes as f64 / keys.max(1) as f64;
        Ok(Typed {
            times,
            up: per_key(up),
            down: per_key(down),
        })
    }

    async fn key(&mut self, data: &str) -> anyhow::Result<()> {
        let message = json!({"type": "terminal_input", "session_id": self.session, "data": data});
        self.socket.send(&message).await
    }

    async fn echo(&mut self, key: u8) -> anyhow::Result<()> {
        loop {
            let frame = self.socket.frame().await?;
            self.got += frame.payload.len() as u64;
            if frame.kind == FrameKind::Output && frame.payload.contains(&key) {
                return Ok(());
            }
        }
    }

    /// Reads until nothing comes, and tells that it was parsed.
    async fn calm(&mut self) -> anyhow::Result<()> {
        while let Ok(frame) = tokio::time::timeout(QUIET, self.socket.frame()).await {
            self.got += frame?.payload.len() as u64;
        }
        let message: Value = json!({"type": "ack", "channel": self.channel, "bytes": self.got});
        self.socket.send(&message).await
    }
}

async fn attach(site: &Site, agent: &Agent, keys: usize) -> anyhow::Result<Sample> {
    let target = format!("={}", agent.session);
    let command = site.tmux().command(&["attach-session", "-t", &target]);
    let mut pty = Pty::start(&command, 80, 24)?;
    calm(&mut pty).await?;
    pty.write(b"cat\r")?;
    calm(&mut pty).await?;
    let mut times = Sample::default();
    for at in 0..keys {
        if at % LINE == 0 {
            pty.write(b"\r")?;
            calm(&mut pty).await?;
        }
        let key = KEYS[at % KEYS.len()];
        let begun = Instant::now();
        pty.write(&[key])?;
        let echo = async {
            while !pty.read().await?.contains(&key) {}
            anyhow::Ok(())
        };
        within("the echo of a key", echo).await??;
        times.add(ms(begun.elapsed()));
        tokio::time::sleep(PAUSE).await;
    }
    Ok(times)
}

async fn calm(pty: &mut Pty) -> anyhow::Result<()> {
    while let Ok(read) = tokio::time::timeout(QUIET, pty.read()).await {
        read?;
    }
    Ok(())
}
