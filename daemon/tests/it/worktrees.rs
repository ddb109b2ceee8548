//! Worktrees of agents, with real repositories: made, looked at, merged, kept, removed,
//! and nothing lost.

mod commands;
mod hostile;
mod repository;
mod safe;

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use repository::{Repository, branch_of};
use serde_json::{Value, json};
use std::path::Path;

/// A daemon, and a repository in its project folder.
async fn set(config: &str) -> (Site, Daemon, Api, Repository) {
    let mut site = Site::new();
    config.clone_into(&mut site.config);
    let repo = Repository::make(&site.project, &site.home);
    let daemon = site.start();
    let api = daemon.api(&site, "developer", "ann");
    (site, daemon, api, repo)
}

/// A shell's task in a worktree of that name, done.
async fn work(api: &Api, repo: &Repository, name: &str, task: &str) -> Value {
    let body = json!({"kind": "shell", "task": task, "worktree": name, "cwd": repo.shown()});
    let task = api.must("/api/delegate", body).await;
    let id = &task["id"];
    let done = api
        .read(&format!("/api/tasks/{id}/wait?timeout_ms=60000"))
        .await;
    assert_eq!(done["status"], "completed", "{done}");
    let text = done["result"]["text"].as_str().unwrap();
    assert!(text.starts_with("exit code 0"), "{done}");
    done
}

/// The worktree of that name.
async fn named(api: &Api, name: &str) -> Value {
    let all = api.read("/api/worktrees").await;
    let all = all["items"].as_array().unwrap();
    let found = all.iter().find(|one| one["name"] == name);
    found
        .unwrap_or_else(|| panic!("no {name} in {all:?}"))
        .clone()
}

fn route(one: &Value, rest: &str) -> String {
    format!("/api/worktrees/{}{rest}", one["id"].as_str().unwrap())
}

async fn delete(api: &Api, one: &Value, query: &str) -> (u16, Value) {
    let path = route(one, query);
    api.send(api.request(reqwest::Method::DELETE, &path)).await
}

async fn end(api: &Api, one: &Value) {
    let agent = one["agent_id"].as_str().unwrap();
    api.must(&format!("/api/agents/{agent}/kill"), json!({}))
        .await;
}

fn code(problem: &Value) -> &str {
    let kind = problem["type"].as_str().unwrap_or_default();
    kind.rsplit(':').next().unwrap_or_default()
}

fn folder(one: &Value) -> &Path {
    Path::new(one["path"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_works_in_a_folder_of_its_own_and_its_work_is_merged() {
    let (_site, _daemon, api, repo) = set("").await;
    let script = "echo new > b.txt; echo changed >> a.txt; git add -A; git commit -qm work; \
                  echo $ORCHESTRA_WORKTREE $ORCHESTRA_PORT; pwd";
    let task = work(&api, &repo, "first", script).await;
    let one = named(&api, "first").await;
    let said = task["result"]["text"].as_str().unwrap();
    assert!(said.contains(&format!("first {}", one["port"])), "{said}");
    assert!(said.contains(folder(&one).to_str().unwrap()), "{said}");
    assert_eq!(task["result"]["files"], json!(["a.txt", "b.txt"]), "{task}");
    assert_eq!(
        task["result"]["diff_stat"],
        "2 files changed, 2 insertions, 0 deletions"
    );
    assert_eq!(task["result"]["worktree_id"], one["id"]);
    assert_eq!(folder(&one), repo.path.join(".worktrees/task-first"));
    assert_eq!(branch_of(folder(&one)), "orchestra/first");
    assert_eq!(
        repo.git(&["status", "--porcelain"]),
        "",
        "it is kept out of status"
    );
    let status = &one["status"];
    assert_eq!(
        (
            &status["ahead"],
            &status["behind"],
            &status["uncommitted_count"]
        ),
        (&json!(1), &json!(0), &json!(0)),
        "{one}"
    );
    assert_eq!(
        (&status["merged"], &status["conflicts"]),
        (&json!(false), &json!([]))
    );
    let diff = api.read(&route(&one, "/diff")).await;
    assert_eq!(diff["items"][0]["path"], "a.txt", "{diff}");
    assert_eq!(
        diff["items"][0]["hunks"][0]["lines"],
        json!([" one", " two", "+changed"])
    );
    let merged = api.must(&route(&one, "/merge"), json!({})).await;
    assert_eq!(merged["fast_forward"], true, "{merged}");
    assert_eq!(merged["worktree"]["status"]["merged"], true);
    assert_eq!(
        std::fs::read_to_string(repo.path.join("b.txt")).unwrap(),
        "new\n"
    );
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    assert_eq!(repo.git(&["log", "-1", "--format=%s"]), "work");
    let (status, busy) = delete(&api, &one, "").await;
    assert_eq!(
        (status, code(&busy)),
        (409, "worktree_busy"),
        "its agent lives"
    );
    end(&api, &one).await;
    let (status, gone) = delete(&api, &one, "").await;
    assert_eq!(status, 200, "{gone}");
    repo.is_as_before(&one);
    assert_eq!(api.get(&route(&one, "")).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_work_is_committed_and_a_base_that_went_on_gets_a_merge() {
    let (_site, _daemon, api, repo) = set("").await;
    work(
        &api,
        &repo,
        "open",
        "echo b > b.txt; mkdir d; echo c > d/c.txt; rm a.txt; echo x > x.ignored",
    )
    .await;
    repo.write("other.txt", "base went on\n");
    repo.commit("base went on");
    let one = named(&api, "open").await;
    let status = &one["status"];
    assert_eq!(
        (&status["ahead"], &status["behind"]),
        (&json!(0), &json!(1)),
        "{one}"
    );
    assert_eq!(
        status["uncommitted_count"], 3,
        "what is ignored does not count: {one}"
    );
    let (refused, problem) = api.post(&route(&one, "/merge"), json!({})).await;
    assert_eq!((refused, code(&problem)), (409, "merge_not_committed"));
    assert_eq!(
        problem["worktree"]["uncommitted"].as_array().unwrap().len(),
        3
    );
    let done = api
        .must(
            &route(&one, "/commit"),
            json!({"message": "All of it\n\nbody"}),
        )
        .await;
    assert_eq!(
        (&done["files"], &done["left_out"]),
        (&json!(3), &json!([])),
        "{done}"
    );
    assert_eq!(
        repo.git_in(folder(&one), &["status", "--porcelain"]),
        "",
        "its index is right"
    );
    assert_eq!(
        repo.git_in(folder(&one), &["log", "-1", "--format=%an %s"]),
        "Tester All of it"
    );
    let again = api
        .must(&route(&one, "/commit"), json!({"message": "x"}))
        .await;
    assert_eq!(again["commit"], Value::Null);
    let merged = api
        .must(&route(&one, "/merge"), json!({"message": "Bring it in"}))
        .await;
    assert_eq!(merged["fast_forward"], false);
    assert_eq!(
        repo.git(&["log", "-1", "--format=%s %p"])
            .split(' ')
            .count(),
        5
    );
    assert!(!repo.path.join("a.txt").exists() && repo.path.join("d/c.txt").exists());
    assert!(repo.path.join("other.txt").exists());
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_collide_is_told_before_it_does() {
    let (_site, _daemon, api, repo) = set("").await;
    work(
        &api,
        &repo,
        "left",
        "echo left > a.txt; git commit -qam left",
    )
    .await;
    work(&api, &repo, "right", "echo right > a.txt").await;
    work(&api, &repo, "apart", "echo apart > c.txt").await;
    let right = named(&api, "right").await;
    let conflicts = right["status"]["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 1, "uncommitted work counts too: {right}");
    assert_eq!(
        (&conflicts[0]["name"], &conflicts[0]["files"]),
        (&json!("left"), &json!(["a.txt"]))
    );
    assert_eq!(named(&api, "apart").await["status"]["conflicts"], json!([]));
    let left = named(&api, "left").await;
    api.must(&route(&left, "/merge"), json!({})).await;
    let right = api.read(&route(&right, "")).await;
    let names: Vec<_> = right["status"]["conflicts"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    assert_eq!(names[0]["name"], "main", "{right}");
    assert_eq!(names[0]["worktree_id"], Value::Null);
    api.must(&route(&right, "/commit"), json!({"message": "right"}))
        .await;
    let before = repo.git(&["rev-parse", "main"]);
    let (status, problem) = api.post(&route(&right, "/merge"), json!({})).await;
    assert_eq!(
        (status, code(&problem)),
        (409, "merge_conflicts"),
        "{problem}"
    );
    assert_eq!(problem["worktree"]["conflicts"], json!(["a.txt"]));
    assert_eq!(repo.git(&["rev-parse", "main"]), before);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_is_not_clean_is_left_alone() {
    let (_site, _daemon, api, repo) = set("").await;
    work(
        &api,
        &repo,
        "w",
        "echo w > w.txt; git add -A; git commit -qm w",
    )
    .await;
    let one = named(&api, "w").await;
    let before = repo.git(&["rev-parse", "main"]);
    let refused = async |what: &str| {
        let (status, problem) = api.post(&route(&one, "/merge"), json!({})).await;
        assert_eq!(
            (status, code(&problem)),
            (409, "base_not_clean"),
            "{what}: {problem}"
        );
        assert_eq!(repo.git(&["rev-parse", "main"]), before, "{what}");
        let state = api.read(&route(&one, "")).await;
        assert_eq!(state["state"], "ready", "{what}");
        problem
    };
    repo.write("a.txt", "somebody works here\n");
    let problem = refused("a changed file").await;
    assert_eq!(problem["worktree"]["conflicts"], json!(["a.txt"]));
    repo.git(&["update-index", "--assume-unchanged", "a.txt"]);
    refused("a change that a flag hides").await;
    repo.git(&["update-index", "--no-assume-unchanged", "a.txt"]);
    repo.git(&["add", "a.txt"]);
    refused("a staged file").await;
    repo.git(&["reset", "-q", "--hard"]);
    repo.write("w.txt", "mine\n");
    refused("a file that git does not know, in the way").await;
    assert_eq!(
        std::fs::read_to_string(repo.path.join("w.txt")).unwrap(),
        "mine\n"
    );
    std::fs::remove_file(repo.path.join("w.txt")).unwrap();
    api.must(&route(&one, "/merge"), json!({})).await;
    assert_eq!(
        std::fs::read_to_string(repo.path.join("w.txt")).unwrap(),
        "w\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_of_a_person_gets_one_and_a_second_may_follow_in_it() {
    let (_site, _daemon, api, repo) = set("").await;
    std::fs::create_dir_all(repo.path.join("sub")).unwrap();
    repo.write("sub/s.txt", "s\n");
    repo.commit("sub");
    let cwd = repo.path.join("sub").display().to_string();
    let body = json!({"kind": "shell", "cwd": cwd, "worktree": true, "title": "Fix the Login!"});
    let agent = api.must("/api/agents", body).await;
    let one = named(&api, "fix-the-login").await;
    assert_eq!(agent["worktree_id"], one["id"]);
    assert_eq!(one["agent_id"], agent["id"]);
    assert!(
        agent["cwd"]
            .as_str()
            .unwrap()
            .ends_with("task-fix-the-login/sub"),
        "{agent}"
    );
    let again = json!({"kind": "shell", "cwd": repo.shown(), "worktree": "fix-the-login"});
    let (status, problem) = api.post("/api/agents", again.clone()).await;
    assert_eq!(
        (status, code(&problem)),
        (409, "worktree_busy"),
        "{problem}"
    );
    end(&api, &one).await;
    let mut elsewhere = again.clone();
    elsewhere["base"] = "other".into();
    repo.git(&["branch", "other"]);
    let (status, problem) = api.post("/api/agents", elsewhere).await;
    assert_eq!(
        (status, code(&problem)),
        (400, "invalid_request"),
        "{problem}"
    );
    let second = api.must("/api/agents", again).await;
    assert_eq!(second["worktree_id"], one["id"]);
    // The second kept it from the first, which may not come back beside it.
    let first = agent["id"].as_str().unwrap();
    let (status, problem) = api
        .post(&format!("/api/agents/{first}/retry"), json!({}))
        .await;
    assert_eq!(
        (status, code(&problem)),
        (409, "worktree_busy"),
        "{problem}"
    );
    let base = json!({"kind": "shell", "cwd": repo.shown(), "worktree": "n", "base": "orchestra/fix-the-login"});
    let child = api.must("/api/agents", base).await;
    assert_eq!(
        named(&api, "n").await["base"],
        "orchestra/fix-the-login",
        "{child}"
    );
}
