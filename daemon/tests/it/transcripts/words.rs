//! What a search over all sessions finds, and what it tells of the rest.

use super::{all_read, items, owner, record};
use crate::support::api::Api;
use crate::support::daemon::Site;
use crate::support::wait::until;
use std::io::Write;

async fn found(api: &Api, query: &str) -> Vec<String> {
    let list = items(api, &format!("q={query}")).await;
    let sessions = list.iter().map(|item| item["session"].as_str().unwrap());
    sessions.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_joined_must_stand_so_and_every_script_is_found() {
    let site = Site::new();
    let folder = site.home.join(".claude/projects/-tmp");
    std::fs::create_dir_all(&folder).unwrap();
    for (session, text) in [
        ("joined", "look at src/main_loop.rs, please"),
        ("apart", "the loop in src; main is elsewhere, not rs"),
        ("chinese", "请修复数据库的bug"),
        ("accents", "un ÉTÉ à Zürich"),
        (
            "long",
            &format!("hash {} end", "0123456789abcdef".repeat(8)),
        ),
    ] {
        let path = folder.join(format!("{session}.jsonl"));
        std::fs::write(path, record(session, text)).unwrap();
    }
    let daemon = site.start();
    let api = owner(&daemon, &site);
    all_read(&api).await;
    for (query, sessions) in [
        ("src/main_loop", vec!["joined"]),
        ("main_lo", vec!["joined"]),
        ("main_loo.rs", vec![]),
        ("%E6%95%B0%E6%8D%AE", vec!["chinese"]),
        ("%E6%8D%AE%E6%95%B0", vec![]),
        ("ete+zuri", vec!["accents"]),
        ("0123456789abcdef0123456789abcdef", vec!["long"]),
        ("nothing+of+this", vec![]),
    ] {
        assert_eq!(found(&api, query).await, sessions, "{query}");
    }
    let mut both = found(&api, "src+main+loo").await;
    both.sort();
    assert_eq!(both, ["apart", "joined"]);
    // A word that is longer than the index keeps is looked at in the file.
    let long = "0123456789abcdef".repeat(8);
    assert_eq!(found(&api, &long).await, ["long"]);
    assert!(
        found(&api, &(long[..100].to_owned() + "x"))
            .await
            .is_empty()
    );
    let page = api.read("/api/transcripts?q=src&limit=1").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert_eq!(page["more"], true, "a search that is cut says so");
    let page = api.read("/api/transcripts?q=src").await;
    assert_eq!(page["more"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn small_additions_become_one_and_stay_found() {
    let site = Site::new();
    let folder = site.home.join(".claude/projects/-tmp");
    std::fs::create_dir_all(&folder).unwrap();
    let daemon = site.start();
    let api = owner(&daemon, &site);
    all_read(&api).await;
    let path = |session: &str| folder.join(format!("{session}.jsonl"));
    std::fs::write(path("other"), record("other", "common word")).unwrap();
    // Each is counted before the next is written, so that each is a piece of its own.
    for number in 0..40_u64 {
        let mut end = std::fs::File::options()
            .create(true)
            .append(true)
            .open(path("grows"))
            .unwrap();
        let text = format!("common unique{number}x");
        end.write_all(record("grows", &text).as_bytes()).unwrap();
        until("the record to be counted", || async {
            let (status, view) = api.get("/api/transcripts/grows?limit=0").await;
            (status == 200 && view["transcript"]["messages"] == number + 1).then_some(())
        })
        .await;
    }
    let all = |api: Api| async move {
        for number in 0..40 {
            let query = format!("common+unique{number}x");
            assert_eq!(found(&api, &query).await, ["grows"], "{query}");
        }
        let page = api.read("/api/transcripts/grows/hits?q=common").await;
        assert_eq!(page["total"], 40);
    };
    all(api.clone()).await;
    assert_eq!(
        found(&api, "common").await,
        ["grows", "other"],
        "the newest first"
    );
    drop(daemon);
    let daemon = site.start();
    let api = api.at(&daemon.url);
    all_read(&api).await;
    all(api.clone()).await;
    std::fs::remove_file(path("grows")).unwrap();
    until("the words to be gone with their file", || async {
        (found(&api, "common").await == ["other"]).then_some(())
    })
    .await;
    assert!(found(&api, "unique7x").await.is_empty());
}
