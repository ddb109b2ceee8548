//! Sums of tokens beside those of ccusage, on the same files: the fixtures, and every way
//! in which an answer is told more than once.

use super::{all_read, owner, used};
use crate::support::daemon::Site;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The pinned program, installed if it is missing.
fn program() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/ccusage/install.sh");
    let output = Command::new("bash")
        .arg(script)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "run testkit/ccusage/install.sh");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

fn asked(program: &Path, site: &Site, agent: &str) -> Value {
    let output = Command::new(program)
        .args([agent, "daily", "--json", "--offline"])
        .env_clear()
        .envs(&site.env)
        .env("TZ", "UTC")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let value: Value = serde_json::from_str(&text).unwrap_or_else(|_| {
        panic!("{text}{}", String::from_utf8_lossy(&output.stderr));
    });
    value["totals"].clone()
}

fn answer(session: &str, id: Option<&str>, request: Option<&str>, output: u64) -> String {
    let mut record = json!({"type": "assistant", "uuid": format!("{session}-{id:?}-{output}"), "sessionId": session,
        "cwd": "/tmp", "version": "2.1.197", "isSidechain": false, "timestamp": "2026-11-20T15:21:00.588Z",
        "message": {"type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
            "content": [{"type": "text", "text": "x"}],
            "usage": {"input_tokens": 3, "output_tokens": output, "cache_creation_input_tokens": 11,
                "cache_read_input_tokens": 13}}});
    if let Some(id) = id {
        record["message"]["id"] = id.into();
    }
    if let Some(request) = request {
        record["requestId"] = request.into();
    }
    record.to_string() + "\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sums_are_those_of_ccusage() {
    let site = used();
    let folder = site.home.join(".claude/projects/-tmp-sums");
    std::fs::create_dir_all(folder.join("a/subagents")).unwrap();
    let write = |name: &str, records: &[String]| {
        std::fs::write(folder.join(name), records.concat()).unwrap();
    };
    // An answer that grows block by block, one without a request, one without an id.
    write(
        "a.jsonl",
        &[
            answer("a", Some("m1"), Some("r1"), 5),
            answer("a", Some("m1"), Some("r1"), 70),
            answer("a", Some("m2"), None, 7),
            answer("a", Some("m2"), None, 7),
            answer("a", None, Some("r3"), 9),
            "not a record\n".to_owned(),
        ],
    );
    // A fork begins with a copy; its own answer comes behind.
    write(
        "b.jsonl",
        &[
            answer("b", Some("m1"), Some("r1"), 70),
            answer("b", Some("m4"), Some("r4"), 100),
        ],
    );
    write(
        "a/subagents/agent-c.jsonl",
        &[answer("a", Some("m5"), Some("r5"), 1000)],
    );
    let daemon = site.start();
    let api = owner(&daemon, &site);
    all_read(&api).await;
    let ours = api.read("/api/transcripts/usage").await;
    let program = program();
    for (kind, agent) in [("claude", "claude"), ("codex", "codex")] {
        let theirs = asked(&program, &site, agent);
        let models = ours["models"].as_array().unwrap();
        let sum = |key: &str| -> u64 {
            let of_kind = models.iter().filter(|model| model["kind"] == kind);
            of_kind
                .map(|model| model["usage"][key].as_u64().unwrap())
                .sum()
        };
        for (own, other) in [
            ("input_tokens", "inputTokens"),
            ("output_tokens", "outputTokens"),
            ("cache_write_tokens", "cacheCreationTokens"),
            ("cache_read_tokens", "cacheReadTokens"),
        ] {
            let other = theirs[other].as_u64().unwrap();
            assert_eq!(sum(own), other, "{kind}: {own}: {ours} {theirs}");
        }
        assert!(sum("input_tokens") > 0, "{kind}");
    }
    // The same prices, where both know them.
    let cost = |name: &str| {
        let models = ours["models"].as_array().unwrap();
        let found = models.iter().find(|model| model["model"] == name);
        found.unwrap()["cost_usd"].as_f64().unwrap()
    };
    let theirs = asked(&program, &site, "claude")["totalCost"]
        .as_f64()
        .unwrap();
    let ours = cost("claude-opus-4-8") + cost("claude-sonnet-4-5");
    assert!((ours - theirs).abs() < 1e-6, "{ours} {theirs}");
}
