//! What a person does by hand beside Orchestra: sessions of the real CLIs that it never
//! started, and its own commands, typed in a folder that is not the daemon's.

use crate::support::daemon::Site;
use crate::support::kit::Model;
use crate::support::wait::until;
use serde_json::Value;

/// Each CLI, and how a person lets it answer one prompt.
const ONCE: &[(&str, &[&str])] = &[
    ("claude", &["-p"]),
    ("codex", &["exec"]),
    ("gemini", &["-m", "gemini-2.5-pro", "-p"]),
    ("qwen", &["--auth-type", "openai", "-p"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_a_person_began_are_found_with_all_that_they_say() {
    let model = Model::start("clis.json");
    let site = Site::with_clis(&model);
    let daemon = site.start();
    let api = daemon.api(&site, "admin", "tester");
    for (kind, args) in ONCE {
        let prompt = format!("echo hello from {kind}");
        let argv = [&[*kind], *args, &[prompt.as_str()]].concat();
        site.by_hand(&argv);
    }
    for (kind, _) in ONCE {
        let what = format!("the session of {kind}");
        let found = until(&what, || async {
            let page = api.read(&format!("/api/transcripts?kind={kind}")).await;
            let all = page["items"].as_array().unwrap();
            let one = all.iter().find(|one| one["messages"] == 2)?;
            Some(one.clone())
        })
        .await;
        assert_eq!(found["title"], format!("echo hello from {kind}"), "{found}");
        assert_eq!(found["first_message"], found["title"], "{found}");
        assert_eq!(
            found["last_message"],
            format!("hello from {kind}"),
            "{found}"
        );
        assert_eq!(found["cwd"], site.project.display().to_string(), "{found}");
        assert!(found["model"].is_string(), "{found}");
        assert_eq!(
            (&found["live"], &found["errors"]),
            (&false.into(), &0.into()),
            "{found}"
        );
        assert!(
            found["usage"]["input_tokens"].as_u64() > Some(1000),
            "{found}"
        );
        let resumable = *kind == "claude" || *kind == "codex";
        assert_eq!(found["resumable"], resumable, "{found}");
        assert_eq!(found["not_resumable"].is_null(), resumable, "{found}");
        // Each is read as well, from its first word to its last.
        let id = found["id"].as_str().unwrap();
        let read = api.read(&format!("/api/transcripts/{id}?limit=50")).await;
        let entries = read["entries"].as_array().unwrap();
        let roles: Vec<&Value> = entries.iter().map(|entry| &entry["role"]).collect();
        assert!(
            roles.contains(&&"user".into()) && roles.contains(&&"assistant".into()),
            "{read}"
        );
    }
    let list = site.run(&["sessions", "hello", "from", "qwen"]);
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(
        list.contains("echo hello from qwen") && !list.contains("gemini"),
        "{list}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_where_the_person_stands_and_not_where_the_daemon_was_started() {
    let site = Site::new();
    // Outside of the folders that agents may work in.
    let _daemon = site.start_in(site.root.path());
    let said = |args: &[&str]| {
        let ran = site.run(args);
        assert!(ran.status.success(), "{args:?}: {ran:?}");
        String::from_utf8_lossy(&ran.stdout).into_owned()
    };
    said(&["spawn", "pwd > a.txt", "--kind", "shell", "--parallel", "1"]);
    said(&["delegate", "pwd > b.txt", "--kind", "shell", "--wait"]);
    let project = site.project.display().to_string();
    for file in ["a.txt", "b.txt"] {
        let text = std::fs::read_to_string(site.project.join(file)).unwrap();
        assert_eq!(text.trim(), project, "{file}");
    }
    let agent = said(&["spawn", "shell", "--json"]);
    let agent: Value = serde_json::from_str(&agent).unwrap();
    assert_eq!(agent["cwd"], project);
    // Elsewhere it is refused, with the way out.
    let refused = site
        .command(&["spawn", "shell"])
        .current_dir("/")
        .output()
        .unwrap();
    let why = String::from_utf8_lossy(&refused.stderr);
    assert!(why.contains("projects.roots"), "{why}");
}
