//! The record as a person checks it: `orchestra audit …`.

use crate::support::daemon::Site;
use orchestra_protocol::admin::AuditCheckpoint;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A daemon with some lines in its record.
async fn kept() -> (Site, crate::support::daemon::Daemon) {
    let site = Site::new();
    let daemon = site.start();
    let admin = daemon.api(&site, "admin", "root");
    for _ in 0..3 {
        admin.must("/api/agents", json!({"kind": "shell"})).await;
    }
    let order = json!({"confirm": "everything"});
    admin.must("/api/admin/kill", order).await;
    (site, daemon)
}

fn said(site: &Site, arguments: &[&str]) -> (i32, String) {
    let output = site.run(arguments);
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), text.into_owned())
}

fn files(site: &Site) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(site.data.join("audit")).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a04_the_record_is_whole_until_a_line_is_changed() {
    let (site, _daemon) = kept().await;
    let (_, whole) = said(&site, &["audit", "verify"]);
    assert!(whole.starts_with("whole: "), "{whole}");
    let (_, export) = said(&site, &["audit", "export"]);
    assert!(export.lines().all(|line| line.contains("\"hash\":\"")));
    assert!(export.contains("POST /api/admin/kill"));
    let (_, tail) = said(&site, &["audit", "tail", "-n", "2", "--json"]);
    assert_eq!(tail.lines().count(), 2);
    let path = files(&site).remove(0);
    let text = std::fs::read_to_string(&path).unwrap();
    let forged = text.replacen("\"ip\":\"", "\"ip\":\"9", 1);
    assert_ne!(text, forged);
    std::fs::write(&path, forged).unwrap();
    let (code, broken) = said(&site, &["audit", "verify"]);
    assert_eq!(code, 1);
    assert!(broken.contains("not what was written"), "{broken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a04_p7_a_checkpoint_finds_a_cut_end_and_a_chain_written_anew() {
    let (site, daemon) = kept().await;
    let elsewhere = site.root.path().join("elsewhere.jsonl");
    let elsewhere_text = elsewhere.display().to_string();
    let made = said(&site, &["audit", "checkpoint"]).1;
    let checkpoint: AuditCheckpoint = serde_json::from_str(&made).unwrap();
    let admin = daemon.api(&site, "admin", "root");
    admin.must("/api/agents", json!({"kind": "shell"})).await;
    let again = said(&site, &["audit", "checkpoint"]).1;
    std::fs::write(&elsewhere, format!("{made}{again}")).unwrap();
    let verify = ["audit", "verify", "--checkpoints", &elsewhere_text];
    let (code, text) = said(&site, &verify);
    assert_eq!(code, 0, "{text}");
    let listed = admin.read("/api/audit/checkpoints").await;
    let seqs: Vec<u64> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["seq"].as_u64().unwrap())
        .collect();
    assert!(seqs.contains(&checkpoint.seq), "{seqs:?}");
    daemon.stop();

    // The end is cut off while nobody looks.
    let path = files(&site).remove(0);
    let whole = std::fs::read_to_string(&path).unwrap();
    let cut: String = whole.split_inclusive('\n').take(3).collect();
    std::fs::write(&path, cut).unwrap();
    let daemon = site.start();
    let (code, text) = said(&site, &["audit", "verify"]);
    assert_eq!(code, 1, "those beside the record find it: {text}");
    daemon.stop();

    // Somebody with the key of the chain writes it anew, and removes our checkpoints too.
    for path in files(&site) {
        std::fs::remove_file(path).unwrap();
    }
    let key = std::fs::read(site.data.join("keys/audit")).unwrap();
    std::fs::write(&path, rewritten(&whole, &key)).unwrap();
    std::fs::remove_file(site.data.join("audit/checkpoints")).unwrap();
    let _daemon = site.start();
    let (code, text) = said(&site, &["audit", "verify"]);
    assert_eq!(code, 0, "the chain alone holds: {text}");
    let (code, text) = said(&site, &verify);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("the checkpoint saw"), "{text}");

    let mut forged: Value = serde_json::from_str(&made).unwrap();
    forged["hash"] = "0".repeat(64).into();
    std::fs::write(&elsewhere, forged.to_string()).unwrap();
    let (code, text) = said(&site, &verify);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("not what was signed"), "{text}");
}

/// The same record, in which the second line names another address, chained anew.
fn rewritten(whole: &str, key: &[u8]) -> String {
    let chain = orchestra::audit::record::ChainKey::new(key.to_vec());
    let mut before = orchestra::audit::record::GENESIS.to_owned();
    let mut text = String::new();
    for (number, line) in whole.lines().enumerate() {
        let (mut record, _) = chain.open(line).unwrap();
        record.prev_hash = before;
        if number == 1 {
            record.entry.ip = "192.0.2.1".into();
        }
        let (sealed, hash) = chain.seal(&record).unwrap();
        text += &sealed;
        before = hash;
    }
    text
}
