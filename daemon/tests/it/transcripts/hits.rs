//! Every place of some words in one session, as its reader jumps through them.

use super::{TOOLS, all_read, owner, record};
use crate::support::daemon::Site;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn every_place_in_one_session_is_found_in_order() {
    let site = Site::new();
    let folder = site.home.join(".claude/projects/-tmp");
    std::fs::create_dir_all(&folder).unwrap();
    let mut text = String::new();
    let mut places = Vec::new();
    for number in 0..300 {
        let words = match number % 3 {
            0 => format!("a needle lies here, number {number}"),
            _ => format!("hay {number}"),
        };
        if number % 3 == 0 {
            places.push(text.len() as u64);
        }
        text.push_str(&record("long", &words));
    }
    std::fs::write(folder.join("long.jsonl"), &text).unwrap();
    // Another session with the same words does not show.
    std::fs::write(folder.join("other.jsonl"), record("other", "a needle too")).unwrap();
    let daemon = site.start();
    let api = owner(&daemon, &site);
    all_read(&api).await;
    let (mut found, mut from) = (Vec::new(), Some(0));
    while let Some(start) = from {
        let path = format!("/api/transcripts/long/hits?q=needle%20num&limit=40&from={start}");
        let page = api.read(&path).await;
        assert_eq!(page["total"], 100);
        assert_eq!(page["bytes"], page["read_bytes"]);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 40 && !items.is_empty());
        for item in items {
            assert!(
                item["snippet"].as_str().unwrap().contains("needle"),
                "{item}"
            );
            found.push(item["offset"].as_u64().unwrap());
        }
        from = page["next"].as_u64();
    }
    assert_eq!(found, places);
    // A place is an entry's link.
    let at = places[7];
    let entry = api
        .read(&format!("/api/transcripts/long?from={at}&limit=1"))
        .await;
    assert_eq!(entry["entries"][0]["offset"], at);
    for (query, status) in [
        ("q=nothing", 200),
        ("q=", 200),
        ("q=%22*%20OR%20(", 200),
        ("q=x&limit=0", 400),
        ("q=x&limit=501", 400),
        ("q=x&nonsense=1", 400),
    ] {
        let (code, body) = api
            .get(&format!("/api/transcripts/long/hits?{query}"))
            .await;
        assert_eq!(code, status, "{query}: {body}");
        if code == 200 {
            assert_eq!((&body["items"], &body["next"]), (&json!([]), &Value::Null));
        }
    }
    assert_eq!(api.get("/api/transcripts/none/hits?q=x").await.0, 404);
    let other = daemon.api(&site, "developer", "bob");
    assert_eq!(other.get("/api/transcripts/long/hits?q=x").await.0, 404);
    assert_eq!(
        other
            .get(&format!("/api/transcripts/{TOOLS}/hits?q=x"))
            .await
            .0,
        404
    );
    // The command line prints them all.
    let told = site.run(&["sessions", "--in", "long", "needle", "number"]);
    assert_eq!(String::from_utf8(told.stdout).unwrap().lines().count(), 100);
    let told = site.run(&["sessions", "--in", "long", "nothing"]);
    assert!(String::from_utf8_lossy(&told.stdout).contains("in no entry"));
    assert_eq!(
        site.run(&["sessions", "--in", "none", "x"]).status.code(),
        Some(3)
    );
}
