//! Many and large session files: everything is found, counted once and searchable, and
//! the daemon's memory does not grow with them. `make bench` has the figures.

use crate::support::daemon::Site;
use crate::support::wait::until;
use serde_json::json;
use std::io::{BufWriter, Write};
use std::time::Instant;

/// Sizes for every day; `ORCHESTRA_TEST_MB` names another sum.
const FILES: u64 = 2_000;
const RECORDS: u64 = 16;
const MEGABYTES: u64 = 500;
/// Peak memory that the daemon may have, in KiB: a few stretches, not the files.
const MEMORY: u64 = 400_000;

fn megabytes() -> u64 {
    let asked = std::env::vars().find(|(name, _)| name == "ORCHESTRA_TEST_MB");
    asked.map_or(MEGABYTES, |(_, value)| value.parse().unwrap())
}

/// Half of the records answer a prompt; their tokens are in every block of the answer.
fn generate(site: &Site, total: u64) -> u64 {
    let mut bytes = 0;
    let filler = "the quick brown fox jumps over the lazy dog "
        .repeat(1 + usize::try_from(total * 1_000_000 / FILES / RECORDS / 44).unwrap());
    for file in 0..FILES {
        let folder = site.home.join(format!(".claude/projects/-p{}", file % 50));
        std::fs::create_dir_all(&folder).unwrap();
        let session = format!("{file:08}-0000-4000-8000-000000000000");
        let out = std::fs::File::create(folder.join(format!("{session}.jsonl"))).unwrap();
        let mut out = BufWriter::new(out);
        for record in 0..RECORDS {
            let text = format!("word{file}x{record} {filler}");
            let mut line = json!({"type": "user", "uuid": format!("{file}-{record}"), "sessionId": session,
                "cwd": "/tmp", "timestamp": "2026-11-20T15:21:00.588Z"});
            if record % 2 == 0 {
                line["message"] = json!({"role": "user", "content": text});
            } else {
                line["type"] = "assistant".into();
                line["requestId"] = format!("r{file}-{}", record / 4).into();
                line["message"] = json!({"id": format!("m{file}-{}", record / 4), "model": "claude-sonnet-4-5",
                    "role": "assistant", "content": [{"type": "text", "text": text}],
                    "usage": {"input_tokens": 3, "output_tokens": 5, "cache_read_input_tokens": 7}});
            }
            let line = line.to_string();
            bytes += line.len() as u64 + 1;
            writeln!(out, "{line}").unwrap();
        }
    }
    bytes
}

fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_sessions_are_listed_counted_and_searched() {
    let site = Site::new();
    let bytes = generate(&site, megabytes());
    let daemon = site.start();
    let begun = Instant::now();
    let api = daemon.api(&site, "developer", "tester");
    let told = |what: &str| eprintln!("{what} after {:?}", begun.elapsed());
    until("all to be listed", || async {
        let page = api.read("/api/transcripts?limit=1").await;
        (page["progress"]["listed"] == true).then_some(())
    })
    .await;
    told("listed");
    let mut last = 0;
    loop {
        // Progress is the deadline: a machine may be slow, but not stand still.
        let progress = until("the reading to go on", || async {
            let progress = api.read("/api/transcripts?limit=1").await["progress"].clone();
            let moved = progress["read_bytes"].as_u64().unwrap() > last;
            (moved || progress["read"] == true).then_some(progress)
        })
        .await;
        last = progress["read_bytes"].as_u64().unwrap();
        if progress["read"] == true {
            assert_eq!((progress["sessions"].as_u64(), last), (Some(FILES), bytes));
            break;
        }
    }
    told("read");
    let asked = Instant::now();
    let page = api.read("/api/transcripts?limit=200").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 200);
    eprintln!("a list of 200 took {:?}", asked.elapsed());
    let asked = Instant::now();
    let found = api.read("/api/transcripts?q=word1234x7").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    eprintln!("a search took {:?}", asked.elapsed());
    let sums = api.read("/api/transcripts/usage").await["usage"].clone();
    let answers = FILES * RECORDS / 4;
    assert_eq!(
        sums,
        json!({"input_tokens": answers * 3, "output_tokens": answers * 5,
        "cache_write_tokens": 0, "cache_read_tokens": answers * 7})
    );
    let peak = peak(daemon.child.id());
    eprintln!("{bytes} bytes, peak {peak} KiB");
    assert!(peak < MEMORY, "{peak} KiB");
}
