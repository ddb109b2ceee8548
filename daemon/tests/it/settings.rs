//! The settings over the API: where each value comes from, changes that stand, and those
//! that are refused.

use crate::support::api::Api;
use crate::support::daemon::Site;
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "/api/admin/settings";
const FILE: &str = "# mine\n[limits]\ndepth = 5 # deep\n";

async fn change(api: &Api, key: &str, value: Value) -> (u16, Value) {
    let body = json!({ "key": key, "value": value });
    api.send(api.request(Method::PATCH, PATH).json(&body)).await
}

/// One setting of an answer.
fn one<'view>(view: &'view Value, key: &str) -> &'view Value {
    let mut all = view["settings"].as_array().unwrap().iter();
    all.find(|one| one["key"] == key).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_sees_where_values_come_from_and_changes_them_for_the_next_start() {
    let mut site = Site::new();
    site.config = FILE.into();
    let variable = "ORCHESTRA_TERMINAL__COLS";
    site.env.insert(variable.into(), "132".into());
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let file = site.root.path().join("config.toml");
    let written = || std::fs::read_to_string(&file).unwrap();

    let view = api.read(PATH).await;
    assert_eq!(view["file"], file.display().to_string());
    for (key, value, origin, changeable) in [
        (
            "limits.depth",
            "5",
            json!({ "from": "file", "line": 3 }),
            true,
        ),
        (
            "limits.live_agents",
            "10",
            json!({ "from": "default" }),
            true,
        ),
        (
            "terminal.cols",
            "132",
            json!({ "from": "variable", "name": variable }),
            false,
        ),
        (
            "server.listen",
            "127.0.0.1:0",
            json!({ "from": "flag", "name": "--listen" }),
            false,
        ),
        ("auth.login", "local", json!({ "from": "default" }), false),
    ] {
        let setting = one(&view, key);
        assert_eq!(setting["value"], value, "{setting}");
        assert_eq!(setting["origin"], origin, "{setting}");
        assert_eq!(setting["changeable"], changeable, "{setting}");
        assert!(setting["about"].as_str().unwrap().len() > 5, "{setting}");
    }
    assert_eq!(one(&view, "limits.depth")["default"], "3");

    // It stands in the file beside what was there, and counts from the next start.
    let (status, view) = change(&api, "limits.depth", json!("7")).await;
    assert_eq!(status, 200, "{view}");
    let depth = one(&view, "limits.depth");
    assert_eq!(
        (&depth["value"], &depth["next"]),
        (&json!("5"), &json!("7"))
    );
    assert_eq!(written(), "# mine\n[limits]\ndepth = 7 # deep\n");
    let (status, view) = change(&api, "worktrees.parallel", json!("4")).await;
    assert_eq!(
        (status, &one(&view, "worktrees.parallel")["next"]),
        (200, &json!("4"))
    );

    let before = written();
    for (key, value, refused, code) in [
        ("limits.depth", json!("many"), 400, "invalid_request"),
        ("limits.depth", json!(7), 400, "invalid_request"),
        ("limits.deep", json!("7"), 404, "not_found"),
        (
            "terminal.frames_per_second",
            json!("99"),
            422,
            "would_not_stand",
        ),
        ("terminal.cols", json!("100"), 409, "set_elsewhere"),
        ("network.allow", json!("0.0.0.0/0"), 403, "forbidden"),
        ("auth.login", Value::Null, 403, "forbidden"),
    ] {
        let (status, problem) = change(&api, key, value).await;
        assert_eq!(
            (status, &problem["type"]),
            (refused, &json!(format!("urn:orchestra:{code}"))),
            "{key} {problem}"
        );
    }
    assert_eq!(written(), before);
    let developer = daemon.api(&site, "developer", "dev");
    assert_eq!(developer.get(PATH).await.0, 403);

    // What somebody broke by hand is told, and nothing is laid over it.
    std::fs::write(&file, "[limits]\ndepht = 3\n").unwrap();
    let view = api.read(PATH).await;
    let fault = &view["faults"][0];
    assert_eq!(fault["key"], "limits.depht");
    assert!(
        fault["place"].as_str().unwrap().ends_with("config.toml:2"),
        "{fault}"
    );
    let (status, problem) = change(&api, "limits.depth", json!("2")).await;
    assert_eq!(status, 422, "{problem}");
    std::fs::write(&file, &before).unwrap();

    let record = api.read("/api/audit?limit=50").await.to_string();
    assert!(record.contains("setting=limits.depth value=7"), "{record}");
    daemon.kill();
    site.config = written();
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    let view = api.read(PATH).await;
    let depth = one(&view, "limits.depth");
    assert_eq!(
        (&depth["value"], &depth["next"]),
        (&json!("7"), &Value::Null)
    );
    let (status, view) = change(&api, "limits.depth", Value::Null).await;
    assert_eq!(
        (status, &one(&view, "limits.depth")["next"]),
        (200, &json!("3"))
    );
    assert!(!written().contains("depth"), "{}", written());
}
