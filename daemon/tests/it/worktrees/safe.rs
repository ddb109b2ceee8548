//! Nothing is lost: what removing would take is listed first, a failure leaves nothing
//! half-made, and a daemon that is killed is followed by one that tidies up.

use super::{code, delete, end, folder, named, route, set, work};
use crate::support::wait::until;
use serde_json::{Value, json};
use tokio::task::JoinSet;

fn names(list: &Value) -> Vec<(String, String)> {
    let list = list.as_array().unwrap().iter();
    let pair = |one: &Value| {
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        (text("path"), text("change"))
    };
    list.map(pair).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_lost_is_listed_and_the_word_stands_for_exactly_that() {
    let (_site, _daemon, api, repo) = set("").await;
    let script = "echo done > done.txt; git add -A; git commit -qm 'only here'; \
                  echo hidden > a.txt; git update-index --assume-unchanged a.txt; \
                  echo staged > s.txt; git add s.txt; rm s.txt; \
                  echo new > new.txt; echo i > i.ignored; git init -q inner; echo x > inner/x";
    work(&api, &repo, "w", script).await;
    let one = named(&api, "w").await;
    end(&api, &one).await;
    let (status, problem) = delete(&api, &one, "").await;
    assert_eq!(
        (status, code(&problem)),
        (409, "worktree_loses_work"),
        "{problem}"
    );
    let list = &problem["worktree"];
    let word = |path: &str, change: &str| (path.to_owned(), change.to_owned());
    let mut files = names(&list["uncommitted"]);
    files.sort();
    assert_eq!(
        files,
        [
            word("a.txt", "modified"),
            word("inner/", "repository"),
            word("new.txt", "added"),
            word("s.txt", "staged"),
        ]
    );
    assert_eq!(list["commits"][0]["subject"], "only here");
    assert_eq!(list["ignored"], json!(["i.ignored"]));
    let confirm = list["confirm"].as_str().unwrap().to_owned();
    let (status, _) = delete(&api, &one, "?confirm=0000").await;
    assert_eq!(status, 409);
    // One byte more in one of the files: the word is void, and nothing went.
    std::fs::write(folder(&one).join("new.txt"), "newer\n").unwrap();
    let (status, problem) = delete(&api, &one, &format!("?confirm={confirm}")).await;
    assert_eq!((status, code(&problem)), (409, "worktree_loses_work"));
    assert!(folder(&one).join("new.txt").exists());
    // With the branch kept, commits are not lost.
    let (_, kept) = delete(&api, &one, "?keep_branch=true").await;
    assert_eq!(kept["worktree"]["commits"], json!([]), "{kept}");
    let confirm = kept["worktree"]["confirm"].as_str().unwrap();
    let (status, gone) = delete(&api, &one, &format!("?keep_branch=true&confirm={confirm}")).await;
    assert_eq!(status, 200, "{gone}");
    assert_eq!(gone["kept_branch"], "orchestra/w");
    assert!(!folder(&one).exists());
    assert_eq!(
        repo.git(&["log", "-1", "--format=%s", "orchestra/w"]),
        "only here"
    );
    repo.git(&["fsck", "--strict"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_hangs_on_no_branch_counts_as_work() {
    let (_site, _daemon, api, repo) = set("").await;
    work(
        &api,
        &repo,
        "w",
        "git checkout -q --detach; echo x > x; git add -A; git commit -qm afloat",
    )
    .await;
    let one = named(&api, "w").await;
    assert_eq!(one["status"]["head_branch"], Value::Null, "{one}");
    let (status, problem) = api
        .post(&route(&one, "/commit"), json!({"message": "m"}))
        .await;
    assert_eq!(
        (status, code(&problem)),
        (409, "worktree_state"),
        "{problem}"
    );
    end(&api, &one).await;
    for query in ["", "?keep_branch=true"] {
        let (status, problem) = delete(&api, &one, query).await;
        assert_eq!(status, 409, "{problem}");
        assert_eq!(
            problem["worktree"]["commits"][0]["subject"], "afloat",
            "{query}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_went_away_is_told_and_tidied_without_losing_its_commits() {
    let (_site, _daemon, api, repo) = set("").await;
    work(
        &api,
        &repo,
        "w",
        "echo x > x; git add -A; git commit -qm kept",
    )
    .await;
    let one = named(&api, "w").await;
    end(&api, &one).await;
    std::fs::remove_dir_all(folder(&one)).unwrap();
    let now = api.read(&route(&one, "")).await;
    assert_eq!(
        (&now["state"], &now["status"]),
        (&json!("missing"), &Value::Null),
        "{now}"
    );
    let (status, problem) = api.get(&route(&one, "/diff")).await;
    assert_eq!(
        (status, code(&problem)),
        (409, "worktree_state"),
        "{problem}"
    );
    let (status, problem) = delete(&api, &one, "").await;
    assert_eq!(status, 409, "{problem}");
    assert_eq!(problem["worktree"]["commits"][0]["subject"], "kept");
    let confirm = problem["worktree"]["confirm"].as_str().unwrap();
    let (status, gone) = delete(&api, &one, &format!("?confirm={confirm}")).await;
    assert_eq!(status, 200, "{gone}");
    repo.is_as_before(&one);
    // The whole repository goes: only the row is left to be removed.
    work(&api, &repo, "v", "true").await;
    let other = named(&api, "v").await;
    end(&api, &other).await;
    std::fs::rename(&repo.path, repo.path.with_extension("moved")).unwrap();
    let (status, gone) = delete(&api, &other, "").await;
    assert_eq!(
        (status, &gone["kept_branch"]),
        (200, &json!("orchestra/v")),
        "{gone}"
    );
    assert_eq!(api.get(&route(&other, "")).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_setup_script_runs_first_and_its_failure_leaves_nothing() {
    let script = "echo ready > made.ignored; echo port $ORCHESTRA_PORT; env | sort; test \"$ORCHESTRA_WORKTREE\" = good";
    let config = format!("[worktrees]\nsetup = [\"sh\", \"-c\", {script:?}]\nports_each = 3\n");
    let (_site, _daemon, api, repo) = set(&config).await;
    let ask = |name: &str| json!({"kind": "shell", "cwd": repo.shown(), "worktree": name});
    api.must("/api/agents", ask("good")).await;
    let one = named(&api, "good").await;
    let setup = &one["setup"];
    assert_eq!(
        (&setup["status"], &setup["exit_code"]),
        (&json!("completed"), &json!(0)),
        "{one}"
    );
    let output = setup["output"].as_str().unwrap();
    assert!(
        output.contains(&format!("port {}", one["port"])),
        "{output}"
    );
    assert!(
        !output.contains("ORCHESTRA_DATA_DIR") && !output.contains("ORCHESTRA_LOG"),
        "{output}"
    );
    assert_eq!(
        std::fs::read_to_string(folder(&one).join("made.ignored")).unwrap(),
        "ready\n"
    );
    let before = repo.git(&["for-each-ref"]);
    let agents = api.read("/api/agents").await["items"]
        .as_array()
        .unwrap()
        .len();
    let (status, problem) = api.post("/api/agents", ask("bad")).await;
    assert_eq!((status, code(&problem)), (409, "setup_failed"), "{problem}");
    assert!(
        problem["detail"].as_str().unwrap().contains("port "),
        "{problem}"
    );
    assert_eq!(repo.git(&["for-each-ref"]), before);
    assert!(!repo.path.join(".worktrees/task-bad").exists());
    assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 2);
    assert_eq!(
        api.read("/api/worktrees").await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        api.read("/api/agents").await["items"]
            .as_array()
            .unwrap()
            .len(),
        agents
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_cannot_start_leaves_no_worktree() {
    let (_site, _daemon, api, repo) = set("[limits]\nlive_agents = 1\n").await;
    api.must("/api/agents", json!({"kind": "shell", "cwd": repo.shown()}))
        .await;
    let body = json!({"kind": "shell", "cwd": repo.shown(), "worktree": "w"});
    let (status, problem) = api.post("/api/agents", body).await;
    assert_eq!(
        (status, code(&problem)),
        (429, "too_many_agents"),
        "{problem}"
    );
    assert_eq!(api.read("/api/worktrees").await["items"], json!([]));
    assert_eq!(repo.git(&["for-each-ref", "refs/heads/orchestra"]), "");
    assert!(!repo.path.join(".worktrees/task-w").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_killed_in_the_middle_of_making_is_followed_by_one_that_tidies_up() {
    let script = "echo $$ > ../pid; exec sleep 1000";
    let config = format!("[worktrees]\nsetup = [\"sh\", \"-c\", {script:?}]\n");
    let (site, daemon, api, repo) = set(&config).await;
    let body = json!({"kind": "shell", "cwd": repo.shown(), "worktree": "w"});
    let mut asked = JoinSet::new();
    let request = api
        .request(reqwest::Method::POST, "/api/agents")
        .json(&body);
    // The daemon dies before it answers.
    asked.spawn(request.send());
    let pid = repo.path.join(".worktrees/pid");
    let pid = until("the setup script", || async {
        let text = std::fs::read_to_string(&pid).ok()?;
        text.trim().parse::<i32>().ok()
    })
    .await;
    until("the intent", || async {
        let one = named(&api, "w").await;
        (one["reason"] == "its setup script runs").then_some(())
    })
    .await;
    let one = named(&api, "w").await;
    assert_eq!(one["state"], "creating");
    daemon.kill();
    assert!(asked.join_next().await.unwrap().unwrap().is_err());
    let daemon = site.start();
    let api = api.at(&daemon.url);
    assert_eq!(api.read("/api/worktrees").await["items"], json!([]));
    repo.is_as_before(&one);
    until("the script's end", || async {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        stat.map_or(true, |stat| stat.contains(") Z "))
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_outlives_a_kill_of_the_daemon() {
    let (site, daemon, api, repo) = set("").await;
    work(&api, &repo, "w", "echo x > x.txt").await;
    let before = named(&api, "w").await;
    daemon.kill();
    let daemon = site.start();
    let api = api.at(&daemon.url);
    let after = named(&api, "w").await;
    for field in ["id", "path", "port", "agent_id", "state"] {
        assert_eq!(before[field], after[field], "{field}");
    }
    assert_eq!(
        after["status"]["uncommitted"][0]["path"], "x.txt",
        "{after}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn others_neither_see_nor_touch_one_and_a_reader_only_reads() {
    let (site, daemon, api, repo) = set("").await;
    work(&api, &repo, "w", "echo x > x.txt").await;
    let one = named(&api, "w").await;
    let (bob, vic) = (
        daemon.api(&site, "developer", "bob"),
        daemon.api(&site, "viewer", "vic"),
    );
    for other in [&bob, &vic] {
        assert_eq!(other.read("/api/worktrees").await["items"], json!([]));
        assert_eq!(other.get(&route(&one, "/diff")).await.0, 404);
    }
    let taken = json!({"kind": "shell", "cwd": repo.shown(), "worktree": "w"});
    let (status, problem) = bob.post("/api/agents", taken).await;
    assert_eq!(
        (status, code(&problem)),
        (409, "worktree_name_taken"),
        "{problem}"
    );
    let agent = one["agent_id"].as_str().unwrap();
    let shares = format!("/api/agents/{agent}/shares/vic");
    let share = api
        .request(reqwest::Method::PUT, &shares)
        .json(&json!({"rights": "read"}));
    let (status, told) = api.send(share).await;
    assert!(status < 300, "{told}");
    assert_eq!(vic.read("/api/worktrees").await["items"][0]["name"], "w");
    assert_eq!(
        vic.read(&route(&one, "/diff")).await["items"][0]["path"],
        "x.txt"
    );
    let (status, _) = vic
        .post(&route(&one, "/commit"), json!({"message": "m"}))
        .await;
    assert_eq!(status, 403);
    assert_eq!(delete(&vic, &one, "").await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_hangs_up_leaves_nothing_half_done() {
    let script = "until test -e ../go; do sleep 0.05; done";
    let config = format!("[worktrees]\nsetup = [\"sh\", \"-c\", {script:?}]\n");
    let (_site, _daemon, api, repo) = set(&config).await;
    let body = json!({"kind": "shell", "cwd": repo.shown(), "worktree": "w"});
    let mut asked = JoinSet::new();
    let request = api.request(reqwest::Method::POST, "/api/agents");
    asked.spawn(request.json(&body).send());
    until("the setup script", || async {
        let all = api.read("/api/worktrees?status=false").await;
        (all["items"][0]["reason"] == "its setup script runs").then_some(())
    })
    .await;
    asked.shutdown().await;
    repo.write(".worktrees/go", "");
    until("the agent", || async {
        let one = named(&api, "w").await;
        (one["state"] == "ready" && one["agent_id"].is_string()).then_some(())
    })
    .await;
}
