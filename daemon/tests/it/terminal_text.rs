//! Terminals as text for programs: history, search, waiting.

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

async fn shell() -> (Site, Daemon, Api, String) {
    let site = Site::new();
    let daemon = site.start();
    let api = daemon.api(&site, "developer", "ann");
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    let path = format!("/api/agents/{}", agent["id"].as_str().unwrap());
    (site, daemon, api, path)
}

async fn types(api: &Api, path: &str, line: &str) {
    let line = json!({"text": format!("{line}\r")});
    api.must(&format!("{path}/input"), line).await;
}

fn rows(items: &Value) -> Vec<(u64, String)> {
    let items = items.as_array().unwrap().iter();
    items
        .map(|item| {
            let text = item["text"].as_str().unwrap().to_owned();
            (item["row"].as_u64().unwrap(), text)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn history_and_screen_are_searched() {
    let (_site, _daemon, api, path) = shell().await;
    types(
        &api,
        &path,
        "clear; seq -f 'row %g.' 1 5000; printf 'wide%.0s' $(seq 1 100); echo e''nd",
    )
    .await;
    api.read(&format!("{path}/screen?until=end$")).await;
    let search = |query: &str| format!("{path}/history/search?{query}");

    let found = api.read(&search("q=row+4321.")).await;
    let [(row, text)] = &rows(&found["items"])[..] else {
        panic!("{found}")
    };
    assert_eq!(text, "row 4321.");
    let next = row + 1;
    let page = api
        .read(&format!("{path}/history?before={next}&lines=2"))
        .await;
    assert_eq!(page["start"], row - 1);
    assert!(
        page["rows"][1].as_str().unwrap().starts_with("row 4321."),
        "{page}"
    );
    assert!(
        page["rows"][0].as_str().unwrap().starts_with("row 4320."),
        "{page}"
    );
    assert_eq!(
        (&page["epoch"], &page["resync"]),
        (&found["epoch"], &json!(false))
    );

    // In pages, newest first, over what was wrapped and what is on the screen.
    let mut all = Vec::new();
    let mut query = "q=%5Erow+%5B0-9%5D%2B0%5C.%24&regex=true&limit=120".to_owned();
    loop {
        let found = api.read(&search(&query)).await;
        all.extend(rows(&found["items"]).into_iter().map(|(_, text)| text));
        let Some(before) = found["before"].as_u64() else {
            break;
        };
        let epoch = found["epoch"].as_str().unwrap();
        query = format!(
            "q=%5Erow+%5B0-9%5D%2B0%5C.%24&regex=true&limit=120&before={before}&epoch={epoch}"
        );
    }
    let expected: Vec<String> = (1..=500)
        .rev()
        .map(|n| format!("row {}.", n * 10))
        .collect();
    assert_eq!(all, expected);
    let wrapped = api.read(&search("q=WIDEWIDEEND&ignore_case=true")).await;
    let wrapped = rows(&wrapped["items"]);
    assert_eq!(wrapped.len(), 1, "{wrapped:?}");
    assert!(wrapped[0].1.ends_with("wideend"));

    for bad in [
        "q=",
        "q=%28&regex=true",
        "q=x&more=1",
        "",
        "q=(a%7B999%7D)%7B999%7D&regex=true",
    ] {
        let (status, problem) = api.get(&search(bad)).await;
        assert_eq!(status, 400, "{bad}: {problem}");
    }
    // Numbers of another epoch are no numbers.
    let page = api
        .read(&format!("{path}/history?before=5&epoch=made-up&lines=3"))
        .await;
    assert_eq!(
        (&page["resync"], page["rows"].as_array().unwrap().len()),
        (&json!(true), 3)
    );
    assert_eq!(
        page["start"].as_u64().unwrap() + 3,
        page["next"].as_u64().unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_ends_when_it_shows_or_rests() {
    let (_site, _daemon, api, path) = shell().await;
    let screen = |query: &str| format!("{path}/screen?{query}");
    let url = screen("until=^wa.ted&timeout_ms=50000");
    let (seen, ()) = tokio::join!(
        api.read(&url),
        types(&api, &path, "sleep 0.3; echo wai''ted")
    );
    assert!(
        seen["text"]
            .as_str()
            .unwrap()
            .lines()
            .any(|line| line == "waited")
    );
    // There already: at once.
    api.read(&screen("until=^waited&timeout_ms=0")).await;
    let ansi = api.read(&screen("until=^waited&format=ansi")).await;
    assert!(ansi["text"].as_str().unwrap().contains("waited"));

    let (status, problem) = api.get(&screen("until=never&timeout_ms=300")).await;
    assert_eq!(
        (status, &problem["type"]),
        (408, &json!("urn:orchestra:not_seen"))
    );
    for bad in [
        "until=(",
        "until=",
        "quiet_ms=1",
        "quiet_ms=70000",
        "format=html",
    ] {
        assert_eq!(api.get(&screen(bad)).await.0, 400, "{bad}");
    }

    types(
        &api,
        &path,
        "for i in 1 2 3 4 5 6 7 8; do echo tick $i; sleep 0.1; done; echo sil''ent",
    )
    .await;
    let rest = api.read(&screen("until=tick.1&quiet_ms=900")).await;
    assert!(
        rest["text"].as_str().unwrap().contains("\nsilent"),
        "{rest}"
    );
    // Not a loop of the shell: bash goes on where the interrupt meets a child that just ended.
    types(
        &api,
        &path,
        r#"perl -e '$| = 1; while () { print "loud\n"; select undef, undef, undef, 0.02 }'"#,
    )
    .await;
    let (status, problem) = api
        .get(&screen("until=loud&quiet_ms=2000&timeout_ms=1500"))
        .await;
    assert_eq!(
        (status, &problem["type"]),
        (408, &json!("urn:orchestra:not_quiet"))
    );

    // What has ended shows nothing more.
    let begun = Instant::now();
    types(&api, &path, "\u{3}").await;
    // A shell throws away what was typed while it dealt with the interrupt.
    api.read(&screen("quiet_ms=500")).await;
    types(&api, &path, "exit 3").await;
    let (status, _) = api.get(&screen("until=never&timeout_ms=60000")).await;
    assert!(matches!(status, 408 | 409), "{status}");
    assert!(begun.elapsed() < Duration::from_secs(50));
}
