//! Sessions that the CLIs left on disk: how soon they are listed, read, found and summed,
//! and what that costs. Beside it ccusage, for the same sums on the same files.

use crate::bench::Bench;
use crate::corpus::{Corpus, more};
use crate::kit;
use crate::process::{Meter, bytes_read, children_cpu, memory, peak};
use crate::report::Row;
use crate::site::Site;
use crate::stage::Stage;
use crate::stats::{Sample, ms};
use anyhow::{Context, ensure};
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Pause between looks.
const LOOK: Duration = Duration::from_millis(20);
/// Lists and searches that are timed.
const TIMES: usize = 50;
/// A page of the list, as the page asks for it.
const LIST: &str = "/api/transcripts?limit=50";

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let program = kit::ccusage()?;
    let site = Site::new()?;
    let root = site.home.join(".claude/projects");
    let sizes = bench.sizes;
    let corpus = Corpus::write(&root, sizes.sessions, sizes.session_bytes)?;
    corpus.forget()?;
    let mut rows = Vec::new();
    let mut stage = Stage::own(bench, site).await?;
    let filled = fill(&stage, &corpus, &mut rows).await?;
    answers(&stage, sizes.sessions, &mut rows).await?;
    let asked = Instant::now();
    let ours = stage.api.get("/api/transcripts/usage").await?;
    let sums = asked.elapsed().as_secs_f64();
    rows.push(Row::one(
        "sums of tokens, from the index",
        "ms",
        sums * 1000.0,
    ));
    beside(&program, &stage, &corpus, &ours, filled, sums, &mut rows)?;
    again(bench, &mut stage, &corpus, &mut rows).await?;
    Ok(rows)
}

/// From nothing to everything read: seconds.
async fn fill(stage: &Stage, corpus: &Corpus, rows: &mut Vec<Row>) -> anyhow::Result<f64> {
    let pid = stage.daemon()?.pid;
    let (begun, meter) = (Instant::now(), Meter::start([pid]));
    // It began to look before it said that it serves.
    let before = stage.daemon()?.start_ms / 1000.0;
    let (mut listed, mut summed, mut during) = (None, None, Sample::default());
    let mut steps = 0;
    let mut last = 0;
    loop {
        let asked = Instant::now();
        let page = stage.api.get(LIST).await?;
        let progress = &page["progress"];
        let now = progress["read_bytes"].as_u64().context("no read_bytes")?;
        steps += usize::from(now > last);
        last = now;
        if progress["listed"] == true {
            listed.get_or_insert(before + begun.elapsed().as_secs_f64());
            during.add(ms(asked.elapsed()));
            if progress["summed"] == true {
                summed.get_or_insert(before + begun.elapsed().as_secs_f64());
            }
        }
        if progress["listed"] == true && progress["read"] == true {
            let sessions = progress["sessions"].as_u64().unwrap_or_default();
            ensure!(
                now == corpus.bytes,
                "{now} of {} bytes were read",
                corpus.bytes
            );
            rows.push(
                Row::one(
                    "first list of all sessions, files and index cold",
                    "s",
                    listed.unwrap_or_default(),
                )
                .within(2.0)
                .note(format!(
                    "{sessions} files, {} MB, since the daemon's start",
                    corpus.bytes / 1_000_000
                )),
            );
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    let wall = before + begun.elapsed().as_secs_f64();
    rows.push(Row::of(
        "  a page of 50 while the index fills",
        "ms",
        &during,
    ));
    rows.push(Row::one(
        "tokens of all sessions are summed",
        "s",
        summed.unwrap_or_default(),
    ));
    let speed = corpus.bytes as f64 / 1e6 / wall;
    rows.push(
        Row::one("everything read: counts, tokens, words", "s", wall).note(format!(
            "{speed:.0} MB/s; {:.1} CPU s; progress told {steps} times",
            meter.seconds()
        )),
    );
    let index = stage.site()?.data.join("transcripts.db");
    let size = std::fs::metadata(index)?.len() as f64 / 1e6;
    rows.push(
        Row::one(
            "  most memory of the daemon meanwhile",
            "MB",
            peak(pid)?.0 as f64 / 1000.0,
        )
        .note(format!(
            "{:.0} MB afterwards; the index has {size:.0} MB",
            memory(pid)?.rss as f64 / 1000.0
        )),
    );
    Ok(wall)
}

/// Lists and searches of a daemon that has read everything.
async fn answers(stage: &Stage, sessions: usize, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let mut list = Sample::default();
    for _ in 0..TIMES {
        let asked = Instant::now();
        stage.api.get(LIST).await?;
        list.add(ms(asked.elapsed()));
    }
    rows.push(Row::of("a page of 50, warm", "ms", &list).within(100.0));
    for (what, name) in [
        ("rare", "a word of one session"),
        ("word", "a common word and a rarer one"),
    ] {
        let mut search = Sample::default();
        for time in 0..TIMES {
            let query = match what {
                "rare" => format!("rare{}x0", (time * 131) % sessions),
                _ => format!("word{}%20word{}", time % 7, 1000 + time * 37),
            };
            let asked = Instant::now();
            let page = stage
                .api
                .get(&format!("/api/transcripts?limit=50&q={query}"))
                .await?;
            search.add(ms(asked.elapsed()));
            let found = page["items"].as_array().map_or(0, Vec::len);
            ensure!(
                what != "rare" || found == 1,
                "{query} was found {found} times"
            );
        }
        rows.push(Row::of(format!("search: {name}"), "ms", &search).within(200.0));
    }
    Ok(())
}

/// The same sums by ccusage.
fn beside(
    program: &std::path::Path,
    stage: &Stage,
    corpus: &Corpus,
    ours: &Value,
    filled: f64,
    sums: f64,
    rows: &mut Vec<Row>,
) -> anyhow::Result<()> {
    let mut walls = [0.0; 2];
    for (wall, cold) in walls.iter_mut().zip([true, false]) {
        if cold {
            corpus.forget()?;
        }
        let (begun, before) = (Instant::now(), children_cpu()?);
        let output = Command::new(program)
            .args(["claude", "daily", "--json", "--offline"])
            .env_clear()
            .envs(&stage.site()?.env)
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .output()?;
        *wall = begun.elapsed().as_secs_f64();
        let cpu = (children_cpu()? - before).as_secs_f64();
        let told: Value = serde_json::from_slice(&output.stdout).context("ccusage said no JSON")?;
        for (own, other) in [
            ("input_tokens", "inputTokens"),
            ("output_tokens", "outputTokens"),
            ("cache_write_tokens", "cacheCreationTokens"),
            ("cache_read_tokens", "cacheReadTokens"),
        ] {
            let (own, other) = (&ours["usage"][own], &told["totals"][other]);
            ensure!(own == other, "{own} tokens here, {other} by ccusage");
        }
        let name = if cold {
            "ccusage, files cold"
        } else {
            "ccusage, files in memory"
        };
        rows.push(Row::one(name, "s", *wall).note(format!("{cpu:.1} CPU s; its sums are ours")));
    }
    rows.push(Row::ratio(
        "  Orchestra : ccusage, the sums asked again",
        sums,
        walls[1],
    ));
    rows.push(
        Row::ratio("  Orchestra : ccusage, from nothing", filled, walls[0])
            .note("ours also lists, counts, and indexes every word"),
    );
    Ok(())
}

/// What is read again: of a file that grew, and after a restart.
async fn again(
    bench: &Bench,
    stage: &mut Stage,
    corpus: &Corpus,
    rows: &mut Vec<Row>,
) -> anyhow::Result<()> {
    let name = corpus.one.file_stem().and_then(|name| name.to_str());
    let session = name.context("no session")?.to_owned();
    let path = format!("/api/transcripts/{session}?limit=0");
    let mut seen = Sample::default();
    let pid = stage.daemon()?.pid;
    let before = bytes_read(pid)?;
    for number in 0..10 {
        let messages = stage.api.get(&path).await?["transcript"]["messages"].clone();
        let mut file = std::fs::File::options().append(true).open(&corpus.one)?;
        let begun = Instant::now();
        file.write_all(more(&session, &format!("fresh {number}")).as_bytes())?;
        while stage.api.get(&path).await?["transcript"]["messages"] == messages {
            ensure!(
                begun.elapsed() < Duration::from_secs(20),
                "a new record was not read"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        seen.add(ms(begun.elapsed()));
    }
    let read = (bytes_read(pid)? - before) as f64 / 1000.0;
    rows.push(
        Row::of("a record is written → it counts", "ms", &seen)
            .within(1000.0)
            .note(format!(
                "{read:.0} KB read for all ten, requests and index included"
            )),
    );
    stage.end_daemon(false).await?;
    corpus.forget()?;
    let begun = Instant::now();
    stage.start_daemon(bench).await?;
    loop {
        let page = stage.api.get(LIST).await?;
        if page["progress"]["listed"] == true && page["progress"]["read"] == true {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    let pid = stage.daemon()?.pid;
    rows.push(
        Row::one(
            "a restart → all listed and read",
            "s",
            begun.elapsed().as_secs_f64(),
        )
        .within(2.0)
        .note(format!(
            "{:.1} MB read in all; {:.0} MB of memory",
            bytes_read(pid)? as f64 / 1e6,
            memory(pid)?.rss as f64 / 1000.0
        )),
    );
    Ok(())
}
