//! The same by the command line: tasks side by side, what came of them, and the cleaning.

use super::set;
use crate::support::daemon::Site;
use serde_json::Value;

fn run(site: &Site, args: &[&str]) -> (Option<i32>, String, String) {
    let output = site.run(args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_run_side_by_side_are_collected_merged_and_cleaned() {
    let (site, _daemon, _api, repo) = set("").await;
    let tasks = [
        "echo a > made-a.txt",
        "echo b > made-b.txt",
        "echo c > a.txt; (exit 0)",
    ];
    let mut args = vec![
        "spawn",
        "--kind",
        "shell",
        "--parallel",
        "2",
        "--worktree",
        "--json",
    ];
    args.extend(tasks);
    let (code, out, err) = run(&site, &args);
    assert_eq!(code, Some(0), "{out}{err}");
    let done = json_lines(&out);
    assert_eq!(done.len(), 3, "{out}");
    for task in &done {
        assert_eq!(task["status"], "completed");
        assert_eq!(
            task["result"]["files"].as_array().unwrap().len(),
            1,
            "{task}"
        );
    }
    collected(&site, &done);
    let (_, out, _) = run(&site, &["worktrees"]);
    assert!(
        out.contains("COLLIDES WITH") && out.lines().count() >= 4,
        "{out}"
    );
    let (_, out, _) = run(&site, &["worktrees", "--json"]);
    for one in json_lines(&out) {
        let name = one["name"].as_str().unwrap();
        let (code, out, err) = run(&site, &["worktrees", "diff", name, "--stat"]);
        assert!(
            code == Some(0) && out.contains("1 file changed"),
            "{out}{err}"
        );
        let (code, _, err) = run(&site, &["worktrees", "commit", name, "-m", "work"]);
        assert_eq!(code, Some(0), "{err}");
        let (code, out, err) = run(&site, &["worktrees", "merge", name]);
        assert_eq!(code, Some(0), "{out}{err}");
    }
    assert_eq!(
        std::fs::read_to_string(repo.path.join("made-b.txt")).unwrap(),
        "b\n"
    );
    let (_, out, err) = run(&site, &["worktrees", "clean"]);
    assert!(
        err.contains("stays") && out.contains("3 stay"),
        "their agents live: {out}{err}"
    );
    for task in &done {
        run(&site, &["kill", task["agent_id"].as_str().unwrap()]);
    }
    let (code, out, err) = run(&site, &["worktrees", "clean"]);
    assert_eq!(
        (code, out.matches("was removed").count()),
        (Some(0), 3),
        "{out}{err}"
    );
    assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 1);
    let (_, out, _) = run(&site, &["worktrees"]);
    assert!(out.contains("No worktree"), "{out}");
}

/// The results and changes, as text and as JSON.
fn collected(site: &Site, done: &[Value]) {
    let (code, out, err) = run(site, &["collect"]);
    assert_eq!(code, Some(0), "{err}");
    for line in [
        "+++ b/made-a.txt",
        "+b",
        "1 file changed, +1 -2",
        "M        +1 -2  a.txt",
        "Not committed yet: 1 file. Commit with: orchestra worktrees commit ",
    ] {
        assert!(out.contains(line), "{line:?} is missing:\n{out}");
    }
    let number = done[0]["id"].to_string();
    let (_, out, _) = run(site, &["collect", &number, "--json"]);
    let one = &json_lines(&out)[0];
    assert_eq!(
        one["worktree"]["id"], done[0]["result"]["worktree_id"],
        "{one}"
    );
    let lines = one["diff"]["items"][0]["hunks"][0]["lines"].as_array();
    assert!(!lines.unwrap().is_empty(), "{one}");
    let agent = done[0]["agent_id"].as_str().unwrap();
    let (_, out, _) = run(site, &["collect", agent, "--stat"]);
    assert!(
        out.contains("exit code 0") && out.contains("1 file changed"),
        "{out}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_loses_work_says_what_and_takes_the_word_for_it() {
    let (site, _daemon, _api, _repo) = set("").await;
    let (code, out, err) = run(
        &site,
        &[
            "spawn",
            "shell",
            "--worktree",
            "--name",
            "solo",
            "--cwd",
            ".",
            "--json",
        ],
    );
    assert_eq!(code, Some(0), "{out}{err}");
    let agent = json_lines(&out).remove(0);
    std::fs::write(format!("{}/x.txt", agent["cwd"].as_str().unwrap()), "x\n").unwrap();
    run(&site, &["kill", agent["id"].as_str().unwrap()]);
    let (code, out, err) = run(&site, &["worktrees", "clean", "solo"]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("uncommitted x.txt"), "{out}");
    let word = err
        .split("--confirm ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap();
    let (_, _, err) = run(&site, &["worktrees", "clean", "solo", "--json"]);
    let refused: Value = serde_json::from_str(err.lines().last().unwrap()).unwrap();
    assert_eq!(refused["error"]["worktree"]["confirm"], word, "{err}");
    let (code, out, err) = run(&site, &["worktrees", "clean", "solo", "--confirm", word]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert_eq!(run(&site, &["worktrees", "diff", "solo"]).0, Some(3));
}
