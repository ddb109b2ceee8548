//! G and F of the catalogue: repositories, refs, files and links that mean harm. What a
//! repository configures is run by nobody here but a person.

use super::repository::Repository;
use super::{code, delete, end, folder, named, route, set, work};
use serde_json::json;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// A program that leaves a mark, whoever runs it.
fn plant(folder: &Path) -> (PathBuf, PathBuf) {
    let (program, mark) = (folder.join("canary.sh"), folder.join("canary.ran"));
    let text = format!(
        "#!/bin/sh\n{{ echo \"$0 $@\"; env; }} >> '{}'\ncat\n",
        mark.display()
    );
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    (program, mark)
}

/// Every way that a repository has to make git run something.
fn arm(repo: &Repository, program: &Path) {
    let canary = program.display().to_string();
    let hooks = repo.path.join(".git/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    for name in [
        "applypatch-msg",
        "commit-msg",
        "fsmonitor-watchman",
        "post-checkout",
        "post-commit",
        "post-index-change",
        "post-merge",
        "pre-auto-gc",
        "pre-commit",
        "pre-merge-commit",
        "prepare-commit-msg",
        "pre-rebase",
        "reference-transaction",
    ] {
        symlink(program, hooks.join(name)).unwrap();
    }
    for (key, value) in [
        ("core.fsmonitor", canary.as_str()),
        ("core.sshCommand", &canary),
        ("core.pager", &canary),
        ("core.editor", &canary),
        ("core.askPass", &canary),
        ("core.alternateRefsCommand", &canary),
        ("core.attributesFile", "evil-attributes"),
        ("pager.diff", &canary),
        ("pager.log", &canary),
        ("diff.external", &canary),
        ("diff.evil.command", &canary),
        ("diff.evil.textconv", &canary),
        ("merge.evil.driver", &canary),
        ("merge.default", "evil"),
        ("filter.evil.clean", &canary),
        ("filter.evil.smudge", &canary),
        ("filter.evil.process", &canary),
        ("filter.evil.required", "true"),
        ("gpg.program", &canary),
        ("gpg.ssh.program", &canary),
        ("commit.gpgSign", "true"),
        ("log.showSignature", "true"),
        ("credential.helper", &canary),
        ("alias.status", &format!("!{canary}")),
        ("alias.merge-tree", &format!("!{canary}")),
        ("hook.evil.command", &canary),
        ("hook.evil.event", "reference-transaction"),
        ("include.path", "evil-include"),
        ("core.hooksPath", ".git/hooks"),
        ("gc.auto", "1"),
    ] {
        let file = repo.path.join(".git/config").display().to_string();
        repo.git(&["config", "--file", &file, key, value]);
    }
    let include = format!("[diff]\n\texternal = {canary}\n");
    std::fs::write(repo.path.join(".git/evil-include"), include).unwrap();
    let attributes = "* diff=evil merge=evil filter=evil\n";
    std::fs::write(repo.path.join(".git/evil-attributes"), attributes).unwrap();
    std::fs::write(repo.path.join(".git/info/attributes"), attributes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn g05_nothing_that_a_repository_configures_is_run() {
    let (site, _daemon, api, repo) = set("").await;
    repo.write(
        ".gitattributes",
        "*.txt diff=evil merge=evil\n*.bin filter=evil\n",
    );
    repo.commit("attributes");
    let (program, mark) = plant(site.root.path());
    arm(&repo, &program);
    // The canary sings: a person's own git runs it.
    repo.try_git(&repo.path, &["status"]);
    assert!(
        std::fs::read_to_string(&mark)
            .unwrap()
            .contains("canary.sh")
    );
    std::fs::remove_file(&mark).unwrap();
    for name in ["w", "v"] {
        work(
            &api,
            &repo,
            name,
            &format!("echo {name} > a.txt; echo {name} > b.bin; echo {name} > {name}.txt"),
        )
        .await;
    }
    let one = named(&api, "w").await;
    let conflicts = &one["status"]["conflicts"];
    assert_eq!(conflicts[0]["files"], json!(["a.txt", "b.bin"]), "{one}");
    let diff = api.read(&route(&one, "/diff")).await;
    assert_eq!(diff["files"], 3, "{diff}");
    let done = api
        .must(&route(&one, "/commit"), json!({"message": "m"}))
        .await;
    assert_eq!(done["files"], 2, "{done}");
    assert_eq!(
        done["left_out"][0]["path"], "b.bin",
        "a filter is not run, and not passed by: {done}"
    );
    let (_, refused) = api.post(&route(&one, "/merge"), json!({})).await;
    assert!(refused.to_string().contains("terminal"), "{refused}");
    std::fs::remove_file(folder(&one).join("b.bin")).unwrap();
    api.must(&route(&one, "/merge"), json!({})).await;
    assert_eq!(
        std::fs::read_to_string(repo.path.join("w.txt")).unwrap(),
        "w\n"
    );
    end(&api, &one).await;
    let (status, gone) = delete(&api, &one, "").await;
    assert_eq!(status, 200, "{gone}");
    let ran = std::fs::read_to_string(&mark).unwrap_or_default();
    assert_eq!(ran, "", "the repository's own programs ran");
}

#[tokio::test(flavor = "multi_thread")]
async fn g01_g02_names_are_names_and_never_options_or_commands() {
    let (site, _daemon, api, repo) = set("").await;
    let mark = site.root.path().join("ran");
    for base in [
        "-x",
        "--upload-pack=touch",
        "@{-1}",
        "a..b",
        "HEAD",
        "main^{/x}",
        "main:a.txt",
        "refs/heads/main",
        "",
    ] {
        let body = json!({"kind": "shell", "cwd": repo.shown(), "worktree": "w", "base": base});
        let (status, problem) = api.post("/api/agents", body).await;
        assert_eq!(status, 400, "{base}: {problem}");
        let body = json!({"kind": "shell", "task": "true", "cwd": repo.shown(), "worktree": true, "base": base});
        let (status, problem) = api.post("/api/delegate", body).await;
        assert_eq!(status, 400, "{base}: {problem}");
    }
    for name in ["-x", "../x", "a/b", "", "a..b", "x.lock", "$(id)", "A"] {
        let body = json!({"kind": "shell", "cwd": repo.shown(), "worktree": name});
        let (status, problem) = api.post("/api/agents", body).await;
        assert_eq!(status, 400, "{name}: {problem}");
    }
    let touch = format!("x;touch${{IFS}}{}", mark.display());
    for (number, base) in [
        touch.replace('/', "_"),
        "$(touch ran)".replace(' ', "_"),
        "`id`".into(),
        "|id".into(),
    ]
    .iter()
    .enumerate()
    {
        repo.git(&["branch", "--", base, "main"]);
        let body = json!({"kind": "shell", "cwd": repo.shown(), "worktree": format!("n{number}"), "base": base});
        let agent = api.must("/api/agents", body).await;
        let one = named(&api, &format!("n{number}")).await;
        assert_eq!(one["base"], **base, "{agent}");
        assert_eq!(one["status"]["behind"], 0, "{one}");
    }
    assert!(!mark.exists() && !repo.path.join("ran").exists());
    let body = json!({"kind": "shell", "cwd": site.home, "worktree": "w"});
    let (status, problem) = api.post("/api/agents", body).await;
    assert_eq!(
        (status, code(&problem)),
        (409, "no_repository"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn f01_links_lead_nowhere_and_are_shown_as_links() {
    let (site, _daemon, api, repo) = set("").await;
    let secret = site.root.path().join("secret");
    std::fs::create_dir(&secret).unwrap();
    std::fs::write(secret.join("key"), "do-not-show\n").unwrap();
    let script = format!(
        "ln -s {0}/key link; ln -s {0} dir; rm a.txt; ln -s {0}/key a.txt",
        secret.display()
    );
    work(&api, &repo, "w", &script).await;
    let one = named(&api, "w").await;
    let diff = api.read(&route(&one, "/diff")).await;
    assert!(!diff.to_string().contains("do-not-show"), "{diff}");
    assert!(
        diff.to_string().contains("secret/key"),
        "the link itself is shown: {diff}"
    );
    assert_eq!(diff["items"][0]["change"], "type_changed", "{diff}");
    api.must(&route(&one, "/commit"), json!({"message": "links"}))
        .await;
    end(&api, &one).await;
    // The folder itself becomes a link: what it leads to is not touched.
    std::fs::rename(folder(&one), site.root.path().join("aside")).unwrap();
    symlink(&secret, folder(&one)).unwrap();
    assert_eq!(api.read(&route(&one, "")).await["state"], "missing");
    assert_eq!(api.get(&route(&one, "/diff")).await.0, 409);
    let (status, problem) = delete(&api, &one, "").await;
    assert_eq!(status, 409, "{problem}");
    assert!(secret.join("key").exists());
    std::fs::remove_file(folder(&one)).unwrap();
    std::fs::rename(site.root.path().join("aside"), folder(&one)).unwrap();
    // All worktrees behind a link: nothing is made there.
    std::fs::rename(repo.path.join(".worktrees"), repo.path.join("moved")).unwrap();
    symlink(&secret, repo.path.join(".worktrees")).unwrap();
    let body = json!({"kind": "shell", "cwd": repo.shown(), "worktree": "n"});
    let (status, problem) = api.post("/api/agents", body).await;
    assert_eq!(
        (status, code(&problem)),
        (409, "no_repository"),
        "{problem}"
    );
    assert_eq!(std::fs::read_dir(&secret).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swapped_git_file_is_not_followed() {
    let (site, _daemon, api, repo) = set("").await;
    let evil = Repository::make(&site.home.join("evil"), &site.home);
    let (program, mark) = plant(site.root.path());
    arm(&evil, &program);
    let dot = evil.path.join(".git").display().to_string();
    work(
        &api,
        &repo,
        "w",
        &format!("echo x > x.txt; echo 'gitdir: {dot}' > .git"),
    )
    .await;
    let one = named(&api, "w").await;
    let problems = one["status"]["problems"].to_string();
    assert!(problems.contains(".git file was changed"), "{one}");
    assert_eq!(one["status"]["uncommitted"][0]["path"], "x.txt");
    api.must(&route(&one, "/commit"), json!({"message": "x"}))
        .await;
    assert_eq!(repo.git(&["log", "-1", "--format=%s", "orchestra/w"]), "x");
    api.must(&route(&one, "/merge"), json!({})).await;
    // A main folder whose `.git` leads elsewhere is no repository any more.
    std::fs::rename(repo.path.join(".git"), repo.path.join("git")).unwrap();
    symlink(evil.path.join(".git"), repo.path.join(".git")).unwrap();
    let body = json!({"kind": "shell", "cwd": repo.shown(), "worktree": "n"});
    let (status, problem) = api.post("/api/agents", body).await;
    assert_eq!(status, 409, "{problem}");
    assert!(!mark.exists());
    assert_eq!(evil.git(&["branch", "--list"]).lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g07_submodules_are_not_looked_into_and_count_as_work() {
    let (site, _daemon, api, repo) = set("").await;
    let inner = Repository::make(&site.home.join("inner"), &site.home);
    let from = inner.shown();
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        &from,
        "sub",
    ];
    repo.git(&add);
    repo.commit("with a submodule");
    let (program, mark) = plant(site.root.path());
    let script = format!(
        "git -c protocol.file.allow=always submodule --quiet update --init; \
         git -C sub config core.fsmonitor {}; echo work > sub/work",
        program.display()
    );
    work(&api, &repo, "w", &script).await;
    let one = named(&api, "w").await;
    assert_eq!(one["state"], "ready", "{one}");
    assert!(!mark.exists(), "git went into the submodule");
    end(&api, &one).await;
    let (status, problem) = delete(&api, &one, "").await;
    assert_eq!(
        (status, code(&problem)),
        (409, "worktree_loses_work"),
        "{problem}"
    );
    assert_eq!(
        problem["worktree"]["uncommitted"],
        json!([{"path": "sub", "change": "repository"}])
    );
    assert!(!mark.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn g12_what_runs_by_itself_is_shown_before_it_is_merged() {
    let (_site, _daemon, api, repo) = set("").await;
    let script = "mkdir -p .github/workflows; echo on > .github/workflows/ci.yml; echo {} > .mcp.json; git add -A; git commit -qm ci";
    work(&api, &repo, "w", script).await;
    let one = named(&api, "w").await;
    let (status, problem) = api.post(&route(&one, "/merge"), json!({})).await;
    assert_eq!(
        (status, code(&problem)),
        (409, "merge_executes"),
        "{problem}"
    );
    assert_eq!(
        problem["worktree"]["executes"],
        json!([".github/workflows/ci.yml", ".mcp.json"])
    );
    let word = problem["worktree"]["confirm"].clone();
    std::fs::write(folder(&one).join(".mcp.json"), "{\"other\":1}\n").unwrap();
    api.must(&route(&one, "/commit"), json!({"message": "other"}))
        .await;
    let (status, again) = api
        .post(&route(&one, "/merge"), json!({"confirm": word}))
        .await;
    assert_eq!(
        (status, code(&again)),
        (409, "merge_executes"),
        "another content: {again}"
    );
    let word = again["worktree"]["confirm"].clone();
    api.must(&route(&one, "/merge"), json!({"confirm": word}))
        .await;
    assert!(repo.path.join(".mcp.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn g09_large_files_and_long_diffs_are_kept_within_bounds() {
    let (_site, _daemon, api, repo) = set("").await;
    let script = "truncate -s 40M huge; seq 1 5000 > long.txt; for i in $(seq 1 30); do echo $i > f$i.txt; done; \
                  printf 'a\\0b' > bin";
    work(&api, &repo, "w", script).await;
    let one = named(&api, "w").await;
    let diff = api.read(&route(&one, "/diff?limit=10")).await;
    assert_eq!(diff["left_out"][0]["path"], "huge", "{one}");
    assert_eq!(
        (&diff["files"], diff["items"].as_array().unwrap().len()),
        (&json!(32), 10)
    );
    let mut seen = Vec::new();
    let mut path = route(&one, "/diff?limit=10");
    loop {
        let page = api.read(&path).await;
        let names = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["path"].clone());
        seen.extend(names);
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = route(&one, &format!("/diff?limit=10&cursor={cursor}"));
    }
    assert_eq!(seen.len(), 32);
    let short = api.read(&route(&one, "/diff?limit=100")).await;
    let of = |name: &str| {
        let files = short["items"].as_array().unwrap();
        files
            .iter()
            .find(|file| file["path"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(
        (&of("bin")["binary"], &of("long.txt")["truncated"]),
        (&json!(true), &json!(true))
    );
    let whole = api.read(&route(&one, "/diff?path=long.txt")).await;
    let lines = whole["items"][0]["hunks"][0]["lines"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(
        (lines, &whole["items"][0]["truncated"]),
        (5000, &json!(false))
    );
    end(&api, &one).await;
    let (status, problem) = delete(&api, &one, "").await;
    assert_eq!(status, 409, "what is not looked at is work too: {problem}");
}
