//! The settings over the API: where each value comes from, changes that stand, and those
//! that are refused.

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;

const PATH: &str = "/api/admin/settings";
const FILE: &str = "# mine\n[limits]\ndepth = 5 # deep\n";
const VARIABLE: &str = "ORCHESTRA_TERMINAL__COLS";

/// A daemon with a file, a variable and a flag.
fn set() -> (Site, Daemon, Api, PathBuf) {
    let mut site = Site::new();
    site.config = FILE.into();
    site.env.insert(VARIABLE.into(), "132".into());
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let file = site.root.path().join("config.toml");
    (site, daemon, api, file)
}

async fn change(api: &Api, key: &str, value: Value) -> (u16, Value) {
    let body = json!({ "key": key, "value": value });
    api.send(api.request(Method::PATCH, PATH).json(&body)).await
}

/// One setting of an answer.
fn one<'view>(view: &'view Value, key: &str) -> &'view Value {
    let mut all = view["settings"].as_array().unwrap().iter();
    all.find(|one| one["key"] == key).unwrap()
}

fn next(view: &Value, key: &str) -> Value {
    one(view, key)["next"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_value_is_told_with_where_it_comes_from() {
    let (site, daemon, api, file) = set();
    let view = api.read(PATH).await;
    assert_eq!(view["file"], file.display().to_string());
    let variable = json!({ "from": "variable", "name": VARIABLE });
    let flag = json!({ "from": "flag", "name": "--listen" });
    let default = json!({ "from": "default" });
    let line = json!({ "from": "file", "line": 3 });
    for (key, value, origin, changeable) in [
        ("limits.depth", "5", &line, true),
        ("limits.live_agents", "10", &default, true),
        ("terminal.cols", "132", &variable, false),
        ("server.listen", "127.0.0.1:0", &flag, false),
        ("auth.login", "local", &default, false),
    ] {
        let setting = one(&view, key);
        assert_eq!(setting["value"], value, "{setting}");
        assert_eq!(&setting["origin"], origin, "{setting}");
        assert_eq!(setting["changeable"], changeable, "{setting}");
        assert!(setting["about"].as_str().unwrap().len() > 5, "{setting}");
    }
    assert_eq!(one(&view, "limits.depth")["default"], "3");
    let developer = daemon.api(&site, "developer", "dev");
    assert_eq!(developer.get(PATH).await.0, 403);

    // What somebody broke by hand is told, and nothing is laid over it.
    std::fs::write(&file, "[limits]\ndepht = 3\n").unwrap();
    let view = api.read(PATH).await;
    let fault = &view["faults"][0];
    assert_eq!(fault["key"], "limits.depht");
    let place = fault["place"].as_str().unwrap();
    assert!(place.ends_with("config.toml:2"), "{fault}");
    let (status, problem) = change(&api, "limits.depth", json!("2")).await;
    assert_eq!(status, 422, "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_stands_in_the_file_and_counts_from_the_next_start() {
    let (mut site, daemon, api, file) = set();
    let written = || std::fs::read_to_string(&file).unwrap();
    let (status, view) = change(&api, "limits.depth", json!("7")).await;
    assert_eq!(status, 200, "{view}");
    assert_eq!(one(&view, "limits.depth")["value"], "5");
    assert_eq!(next(&view, "limits.depth"), "7");
    assert_eq!(written(), "# mine\n[limits]\ndepth = 7 # deep\n");
    let (status, view) = change(&api, "worktrees.parallel", json!("4")).await;
    assert_eq!(
        (status, next(&view, "worktrees.parallel")),
        (200, json!("4"))
    );
    let record = api.read("/api/audit?limit=50").await.to_string();
    assert!(record.contains("setting=limits.depth value=7"), "{record}");

    daemon.kill();
    site.config = written();
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let view = api.read(PATH).await;
    assert_eq!(one(&view, "limits.depth")["value"], "7");
    assert_eq!(next(&view, "limits.depth"), Value::Null);
    let (status, view) = change(&api, "limits.depth", Value::Null).await;
    assert_eq!((status, next(&view, "limits.depth")), (200, json!("3")));
    assert!(!written().contains("depth"), "{}", written());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_not_stand_or_opens_a_door_is_refused() {
    let (_site, _daemon, api, file) = set();
    let frames = "terminal.frames_per_second";
    for (key, value, refused, code) in [
        ("limits.depth", json!("many"), 400, "invalid_request"),
        ("limits.depth", json!(7), 400, "invalid_request"),
        ("limits.deep", json!("7"), 404, "not_found"),
        (frames, json!("99"), 422, "would_not_stand"),
        ("terminal.cols", json!("100"), 409, "set_elsewhere"),
        ("network.allow", json!("0.0.0.0/0"), 403, "forbidden"),
        ("auth.login", Value::Null, 403, "forbidden"),
    ] {
        let (status, problem) = change(&api, key, value).await;
        assert_eq!(status, refused, "{key} {problem}");
        let kind = format!("urn:orchestra:{code}");
        assert_eq!(problem["type"], kind, "{key} {problem}");
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), FILE);
}
