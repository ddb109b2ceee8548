//! Worktrees of agents in a repository of some thousands of files: made, looked at and
//! compared with each other, beside plain git.

use crate::bench::Bench;
use crate::report::Row;
use crate::stage::Stage;
use crate::stats::{Sample, ms};
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;
use tokio::process::Command;

const LIST: &str = "/api/worktrees?limit=200";

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (files, many) = (bench.sizes.tracked, bench.sizes.worktrees);
    let stage = Stage::set(bench).await?;
    let repo = make(&stage.site()?.project.join("repo"), files).await?;
    let mut rows = Vec::new();
    let (mut plain, mut bare, mut made) = <(Sample, Sample, Sample)>::default();
    let mut folders = Vec::new();
    for number in 0..many {
        // In turns, because what the disk still has to write slows whoever comes next.
        let (path, branch) = (
            repo.join(format!(".plain/{number}")),
            format!("plain-{number}"),
        );
        let path = path.display().to_string();
        let begun = Instant::now();
        git(&repo, &["worktree", "add", "-q", "-b", &branch, &path]).await?;
        plain.add(ms(begun.elapsed()));
        let body = json!({"kind": "shell", "cwd": repo.display().to_string()});
        let begun = Instant::now();
        stage.api.post("/api/agents", body.clone()).await?;
        bare.add(ms(begun.elapsed()));
        let mut body = body;
        body["worktree"] = format!("w{number}").into();
        let begun = Instant::now();
        let agent = stage.api.post("/api/agents", body).await?;
        made.add(ms(begun.elapsed()));
        folders.push(PathBuf::from(agent["cwd"].as_str().context("no cwd")?));
    }
    rows.push(Row::of(
        format!("git worktree add, {files} files"),
        "ms",
        &plain,
    ));
    rows.push(Row::of("an agent without a worktree", "ms", &bare));
    rows.push(
        Row::of("an agent with a worktree", "ms", &made)
            .note("branch, files, ports, then the agent"),
    );
    let git_alone = made.p50() - bare.p50();
    rows.push(Row::ratio(
        "  what the worktree adds, to git worktree add",
        git_alone,
        plain.p50(),
    ));
    rows.extend(look(&stage, &folders, bench.sizes.restarts).await?);
    rows.extend(compare(&stage, &repo, &folders).await?);
    Ok(rows)
}

/// The list with what git says of each: first, again, and after a change in each.
async fn look(stage: &Stage, folders: &[PathBuf], runs: usize) -> anyhow::Result<Vec<Row>> {
    let many = folders.len();
    let first = timed(stage).await?.0;
    let (mut warm, mut changed, mut plain) =
        (Sample::default(), Sample::default(), Sample::default());
    for number in 0..runs {
        let begun = Instant::now();
        for folder in folders {
            git(folder, &["status", "--porcelain"]).await?;
        }
        plain.add(ms(begun.elapsed()));
        warm.add(timed(stage).await?.0);
        for (index, folder) in folders.iter().enumerate() {
            std::fs::write(
                folder.join(format!("new-{index}.txt")),
                format!("{number}\n"),
            )?;
        }
        let (time, list) = timed(stage).await?;
        changed.add(time);
        let one = &list["items"][0]["status"];
        ensure!(one["uncommitted_count"] == 1, "not seen: {one}");
    }
    let (warm_p50, plain_p50) = (warm.p50(), plain.p50());
    Ok(vec![
        Row::of(
            format!("git status in {many} worktrees, one after the other"),
            "ms",
            &plain,
        ),
        Row::one(format!("status of {many}, for the first time"), "ms", first),
        Row::of(format!("status of {many}, nothing changed"), "ms", &warm)
            .note("also ahead, behind, diff and conflicts of each"),
        Row::of(
            format!("status of {many}, a new file in each"),
            "ms",
            &changed,
        ),
        Row::ratio(
            "  nothing changed, to plain git status",
            warm_p50,
            plain_p50,
        ),
    ])
}

/// All worktrees change the same file, so that every pair has to be merged.
async fn compare(stage: &Stage, repo: &Path, folders: &[PathBuf]) -> anyhow::Result<Vec<Row>> {
    let many = folders.len();
    let mut heads = Vec::new();
    for (index, folder) in folders.iter().enumerate() {
        std::fs::write(
            folder.join("dir-0/file-0.txt"),
            format!("changed {index}\n"),
        )?;
        git(folder, &["add", "-A"]).await?;
        git(folder, &["commit", "-qm", "work"]).await?;
        heads.push(git(folder, &["rev-parse", "HEAD"]).await?);
    }
    let (time, list) = timed(stage).await?;
    let conflicts = list["items"][0]["status"]["conflicts"].as_array();
    let found = conflicts.map_or(0, Vec::len);
    ensure!(
        found + 1 == many,
        "{found} of {} conflicts were predicted",
        many - 1
    );
    let again = timed(stage).await?.0;
    let begun = Instant::now();
    let mut pairs = 0;
    for (index, one) in heads.iter().enumerate() {
        for other in &heads[index + 1..] {
            merge_tree(repo, one, other).await?;
            pairs += 1;
        }
    }
    let plain = ms(begun.elapsed());
    Ok(vec![
        Row::one(
            format!("git merge-tree of {pairs} pairs, one after the other"),
            "ms",
            plain,
        ),
        Row::one(
            format!("prediction for {many} that all collide"),
            "ms",
            time,
        )
        .note("status of all, and each pair merged once"),
        Row::one("  again, nothing changed", "ms", again),
    ])
}

async fn timed(stage: &Stage) -> anyhow::Result<(f64, Value)> {
    let begun = Instant::now();
    let list = stage.api.get(LIST).await?;
    Ok((ms(begun.elapsed()), list))
}

async fn make(repo: &Path, files: usize) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(repo)?;
    let repo = repo.canonicalize()?;
    for index in 0..files {
        let folder = repo.join(format!("dir-{}", index % 50));
        std::fs::create_dir_all(&folder)?;
        let text = format!("file {index}\n").repeat(40);
        std::fs::write(folder.join(format!("file-{index}.txt")), text)?;
    }
    git(&repo, &["init", "-q", "-b", "main"]).await?;
    git(&repo, &["add", "-A"]).await?;
    git(&repo, &["commit", "-qm", "begin"]).await?;
    Ok(repo)
}

async fn git(folder: &Path, args: &[&str]) -> anyhow::Result<String> {
    let output = command(folder, args).output().await?;
    ensure!(output.status.success(), "git {args:?}: {output:?}");
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

async fn merge_tree(repo: &Path, one: &str, other: &str) -> anyhow::Result<()> {
    let output = command(
        repo,
        &["merge-tree", "--write-tree", "--name-only", one, other],
    )
    .output()
    .await?;
    ensure!(output.status.code() == Some(1), "no conflict: {output:?}");
    Ok(())
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .args(["-c", "user.name=bench", "-c", "user.email=bench@localhost"])
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}
