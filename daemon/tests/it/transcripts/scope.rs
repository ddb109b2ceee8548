//! Whose found sessions are (R02, R03).

use super::{TOOLS, all_read, items, named, owner, used};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn found_sessions_are_their_owners_only() {
    let site = used();
    let daemon = site.start();
    let api = owner(&daemon, &site);
    all_read(&api).await;
    let id = named(&items(&api, "").await, TOOLS)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let other = daemon.api(&site, "developer", "bob");
    assert!(items(&other, "").await.is_empty());
    assert!(items(&other, "q=README").await.is_empty());
    assert!(
        other.read("/api/transcripts/usage").await["models"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    for name in [id.as_str(), TOOLS] {
        for path in [
            format!("/api/transcripts/{name}"),
            format!("/api/transcripts/{name}/export"),
        ] {
            assert_eq!(other.get(&path).await.0, 404);
        }
        let path = format!("/api/transcripts/{name}/resume");
        assert_eq!(other.post(&path, json!({"fork": true})).await.0, 404);
    }
    let viewer = daemon.api(&site, "viewer", "tester");
    assert_eq!(viewer.get("/api/transcripts").await.0, 403);
    let admin = daemon.api(&site, "admin", "root");
    assert_eq!(admin.get(&format!("/api/transcripts/{id}")).await.0, 200);
}
