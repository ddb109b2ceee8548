//! The record against a real folder: pairs, restarts, tampering, a full disk.

use super::query::{Filter, Verdict};
use super::record::{Entry, Kind};
use super::{Audit, AuditError};

fn entry(action: &str) -> Entry {
    Entry {
        request_id: "r".into(),
        principal: Some("u1".into()),
        ip: "127.0.0.1".into(),
        action: action.into(),
        object: "id=droid-001".into(),
        ..Entry::default()
    }
}

async fn all(audit: &Audit) -> Vec<super::Record> {
    let mut found = audit.query(Filter::default()).await.unwrap();
    found.reverse();
    found
}

#[tokio::test]
async fn an_intent_and_its_outcome_are_a_pair_in_an_unbroken_chain() {
    let folder = tempfile::tempdir().unwrap();
    let audit = Audit::open(folder.path()).unwrap();
    let mut pending = audit.intent(entry("POST /api/agents")).await.unwrap();
    pending.about("droid-007".into());
    pending.outcome("ok:201").await;
    audit
        .stopped(entry("POST /api/agents/{id}/kill"), "ok:202")
        .await;
    audit.denied(entry("GET /api/audit"), "forbidden");

    let lines = all(&audit).await;
    let kinds: Vec<_> = lines.iter().map(|line| (line.kind, line.intent)).collect();
    assert_eq!(
        kinds,
        [
            (Kind::Intent, None),
            (Kind::Outcome, Some(1)),
            (Kind::Intent, None),
            (Kind::Outcome, Some(3)),
            (Kind::Event, None),
        ]
    );
    assert_eq!(lines[1].entry.object, "droid-007");
    assert_eq!(lines[4].result, "denied:forbidden");
    assert_eq!(audit.verify().await.unwrap(), Verdict::Whole(5));
}

#[tokio::test]
async fn a03_an_intent_without_outcome_becomes_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let audit = Audit::open(folder.path()).unwrap();
    drop(audit.intent(entry("dropped")).await.unwrap());
    let lost = audit.intent(entry("lost")).await.unwrap();
    assert_eq!(all(&audit).await.last().unwrap().kind, Kind::Intent);
    // As after a kill: nobody writes the outcome, and half a line is on the disk.
    std::mem::forget(lost);
    audit.flush().await;
    let path = folder.path().join("audit/000000000001.jsonl");
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str("{\"seq\":4,\"ts\":");
    std::fs::write(&path, text).unwrap();

    let again = Audit::open(folder.path()).unwrap();
    let lines = all(&again).await;
    let results: Vec<_> = lines.iter().map(|line| line.result.as_str()).collect();
    assert_eq!(results, ["intent", "unknown", "intent", "unknown"]);
    assert_eq!(lines[3].intent, Some(3));
    assert_eq!(again.verify().await.unwrap(), Verdict::Whole(4));
}

#[tokio::test]
async fn a04_a_flipped_deleted_or_moved_line_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let audit = Audit::open(folder.path()).unwrap();
    for number in 0..5 {
        audit
            .event(entry(&format!("act {number}")), "ok")
            .await
            .unwrap();
    }
    audit.flush().await;
    let path = folder.path().join("audit/000000000001.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let flipped = text.replacen("act 2", "act 9", 1);
    let deleted = [&lines[..2], &lines[3..]].concat().join("\n");
    let moved = [lines[1], lines[0], lines[2], lines[3], lines[4]].join("\n");
    for (bad, after) in [(flipped, 2), (deleted, 2), (moved, 0)] {
        std::fs::write(&path, bad).unwrap();
        let verdict = audit.verify().await.unwrap();
        assert!(
            matches!(verdict, Verdict::Broken { after: at, .. } if at == after),
            "{verdict:?}"
        );
    }
    std::fs::write(&path, text).unwrap();
    assert_eq!(audit.verify().await.unwrap(), Verdict::Whole(5));
}

#[tokio::test]
async fn many_intents_at_once_are_all_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let audit = Audit::open(folder.path()).unwrap();
    let calls = (0..200).map(|number| {
        let audit = audit.clone();
        async move {
            let pending = audit.intent(entry(&format!("act {number}"))).await?;
            pending.outcome("ok:200").await;
            Ok::<_, AuditError>(())
        }
    });
    for result in futures_util::future::join_all(calls).await {
        result.unwrap();
    }
    assert_eq!(audit.verify().await.unwrap(), Verdict::Whole(400));
}

#[tokio::test]
async fn a08_a_flood_of_denials_is_counted_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let audit = Audit::open(folder.path()).unwrap();
    for _ in 0..10_000 {
        let mut long = entry("GET /api/agents/{id}");
        long.object = "ä".repeat(60_000);
        audit.denied(long, "expired");
    }
    let lines = audit
        .query(Filter {
            limit: Some(1000),
            ..Filter::default()
        })
        .await
        .unwrap();
    assert!(lines.len() <= 150, "{} lines", lines.len());
    assert!(
        lines
            .iter()
            .all(|line| line.entry.object.chars().count() == 300)
    );
}

#[tokio::test]
async fn whole_files_are_forgotten_and_the_rest_still_verifies() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        // Each start begins a file.
        let audit = Audit::open(folder.path()).unwrap();
        audit
            .event(entry(&format!("round {round}")), "ok")
            .await
            .unwrap();
        audit.flush().await;
    }
    let audit = Audit::open(folder.path()).unwrap();
    audit.event(entry("last"), "ok").await.unwrap();
    let later =
        orchestra_protocol::time::Timestamp(orchestra_protocol::time::Timestamp::now().0 + 1000);
    assert_eq!(audit.prune(later).await.unwrap(), 3);
    assert_eq!(audit.verify().await.unwrap(), Verdict::Whole(1));
    assert_eq!(all(&audit).await[0].entry.action, "last");
}

#[tokio::test]
async fn a02_on_a_full_disk_changes_are_refused_and_nothing_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let audit = Audit::open(folder.path()).unwrap();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    audit.use_file(full).await;
    assert!(audit.intent(entry("POST /api/agents")).await.is_err());
    assert!(!audit.healthy());
    audit
        .stopped(entry("POST /api/agents/{id}/kill"), "ok:202")
        .await;

    // It heals by itself, and the chain has no gap.
    let path = folder.path().join("audit/000000000001.jsonl");
    audit
        .use_file(std::fs::OpenOptions::new().append(true).open(path).unwrap())
        .await;
    let pending = audit.intent(entry("POST /api/agents")).await.unwrap();
    pending.outcome("ok:201").await;
    assert!(audit.healthy());
    assert_eq!(audit.verify().await.unwrap(), Verdict::Whole(2));
}
