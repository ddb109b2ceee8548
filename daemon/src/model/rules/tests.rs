//! Commands, paths and addresses that a rule must not take for what it means.

use super::{Rule, suggest};
use serde_json::{Value, json};
use std::path::Path;

fn covers(rule: &str, tool: &str, input: &Value) -> bool {
    let rule = Rule::parse(rule).unwrap();
    rule.covers(
        tool,
        input,
        Path::new("/nowhere/app"),
        Path::new("/nowhere"),
    )
}

fn runs(rule: &str, line: &str) -> bool {
    covers(rule, "Bash", &json!({ "command": line }))
}

#[test]
fn a_command_that_the_rule_means_is_covered() {
    for line in [
        "git status",
        "  git   log --oneline -5 ",
        "git commit -m 'a message' --amend",
        "git push -u origin main",
        "git clone https://example.com/x.git",
        "git add src/main.rs \"docs/a file.md\"",
        "git diff --stat=80 HEAD",
    ] {
        assert!(runs("Bash(git *)", line), "{line}");
    }
    assert!(runs("Bash(npm test *)", "npm test"));
    assert!(runs("Bash(npm test:*)", "npm test -w web"));
    assert!(runs("Bash(make check)", "make check"));
    assert!(runs(
        "Bash(python3 build.py *)",
        "python3 build.py --release"
    ));
    assert!(runs("Bash(bash run.sh)", "bash run.sh"));
}

#[test]
fn nothing_that_a_shell_would_do_more_with_is_covered() {
    for line in [
        "git status; rm -rf /",
        "git status && rm x",
        "git status & rm x",
        "git status | sh",
        "git log > /etc/passwd",
        "git log < x",
        "git log $(rm x)",
        "git log `rm x`",
        "git log ${IFS}x",
        "git log $HOME",
        "git status\nrm x",
        "git status\r\nrm x",
        "git log (x)",
        "git {status,push}",
        "git log \\\n x",
        "git log 'a; b'",
        "git add *",
        "git add ?",
        "git add [a-z]",
        "git add ~root/x",
        "git status # and more",
        "git log !!",
        "git log 'open",
        "git log \"open",
        "git\u{a0}status",
        "git status\0x",
        "GIT_SSH_COMMAND=sh git fetch",
        "A=1 git status",
    ] {
        assert!(!runs("Bash(git *)", line), "{line:?}");
    }
}

#[test]
fn no_option_that_runs_a_program_is_covered() {
    for line in [
        "git -c core.pager=sh log",
        "git -c alias.x=!sh x",
        "git -C /tmp/hostile status",
        "git --exec-path=/tmp/x status",
        "git --git-dir=/tmp/x status",
        "git fetch --upload-pack=sh origin",
        "git fetch --upload-p sh origin",
        "git push --receive-pack=sh origin",
        "git push --exec=sh origin",
        "git clone -u sh x",
        "git clone -qu sh x",
        "git clone -c core.fsmonitor=sh x",
        "git clone --config core.fsmonitor=sh x",
        "git clone --template=/tmp/x y",
        "git clone ext::sh\u{20}x",
        "git fetch 'ext::sh -c id'",
        "git rebase -x sh main",
        "git rebase --exec sh main",
        "git rebase -i main",
        "git grep -Osh x",
        "git grep --open-files-in-pager=sh x",
        "git diff --ext-diff",
        "git difftool -x sh",
        "git bisect run sh",
        "git merge -s evil main",
        "git merge --strategy=evil main",
        "git fetch evil://x",
        "git submodule foreach sh",
        "git config core.pager sh",
        "git filter-branch --tree-filter sh",
        "git co main",
        "git",
        "git --help",
    ] {
        assert!(!runs("Bash(git *)", line), "{line}");
    }
    for (rule, line) in [
        ("Bash(find *)", "find . -exec rm x +"),
        ("Bash(find *)", "find . -execdir rm x +"),
        ("Bash(find *)", "find . -ok rm x +"),
        ("Bash(find *)", "find . -fprintf /etc/x a"),
        ("Bash(tar *)", "tar -xf a.tar --to-command=sh"),
        ("Bash(tar *)", "tar cf a --checkpoint-action=exec=sh b"),
        ("Bash(tar *)", "tar -cIsh -f a b"),
        ("Bash(tar *)", "tar --use-compress-prog=sh -cf a b"),
        ("Bash(rsync *)", "rsync -e sh a b"),
        ("Bash(rsync *)", "rsync -ave sh a b"),
        ("Bash(rsync *)", "rsync --rsh=sh a b"),
        ("Bash(rg *)", "rg --pre sh x"),
        ("Bash(rg *)", "rg --pre=sh x"),
        ("Bash(sort *)", "sort --compress-program=sh x"),
        ("Bash(npm *)", "npm exec evil"),
        ("Bash(npm *)", "npm run x --script-shell=/tmp/sh"),
        (
            "Bash(cargo *)",
            "cargo build --config build.rustc-wrapper=x",
        ),
        ("Bash(cargo *)", "cargo +evil build"),
        ("Bash(wget *)", "wget --use-askpass=sh x"),
    ] {
        assert!(!runs(rule, line), "{rule}: {line}");
    }
    assert!(runs("Bash(find *)", "find . -name x.rs -type f"));
    assert!(runs("Bash(tar *)", "tar -xzf a.tar.gz"));
    assert!(runs("Bash(rg *)", "rg --pretty word src"));
    assert!(
        runs("Bash(npm exec eslint *)", "npm exec eslint src"),
        "they meant it"
    );
}

#[test]
fn another_program_is_not_covered() {
    for line in [
        "gitx status",
        "./git status",
        "/tmp/git status",
        "echo git",
        "",
        " ",
    ] {
        assert!(!runs("Bash(git *)", line), "{line:?}");
    }
    assert!(!runs("Bash(npm test *)", "npm tests"));
    assert!(!runs("Bash(make check)", "make check install"));
    assert!(!covers(
        "Bash(git *)",
        "Shell",
        &json!({"command": "git status"})
    ));
    assert!(!covers("Bash(git *)", "Bash", &json!({"command": 1})));
}

#[test]
fn rules_that_would_allow_anything_are_refused() {
    for rule in [
        "Bash",
        "Bash()",
        "Bash(*)",
        "Bash(:*)",
        "Bash( * )",
        "Bash(sudo *)",
        "Bash(env *)",
        "Bash(xargs *)",
        "Bash(bash *)",
        "Bash(bash -c *)",
        "Bash(python3 *)",
        "Bash(python3.12 *)",
        "Bash(/usr/bin/env *)",
        "Bash(node -e *)",
        "Bash(sed *)",
        "Bash(git * push)",
        "Bash(g*)",
        "Bash(git; rm *)",
        "Bash(a && b)",
        "Bash(echo $HOME)",
        "Bash(git *",
        "",
        "(x)",
        "B sh",
        "Read(../**)",
        "Read(a*b)",
        "WebFetch(domain:*)",
        "WebFetch(example.com)",
        "mcp__x__y(z)",
        "Bash(git *)\nx",
    ] {
        assert!(Rule::parse(rule).is_err(), "{rule:?}");
    }
}

#[test]
fn paths_are_compared_as_they_would_be_opened() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().canonicalize().unwrap();
    let app = root.join("app");
    std::fs::create_dir_all(app.join("src")).unwrap();
    std::os::unix::fs::symlink("/etc", app.join("src/out")).unwrap();
    std::os::unix::fs::symlink("/etc/none-such", app.join("src/dangling")).unwrap();
    let check = |rule: &str, tool: &str, path: &str| {
        let input = json!({ "file_path": path });
        Rule::parse(rule).unwrap().covers(tool, &input, &app, &root)
    };
    let inside = app.join("src/main.rs").display().to_string();
    assert!(check("Edit(src/**)", "Write", "src/new/deep.rs"));
    assert!(check("Edit(src/**)", "Edit", &inside));
    assert!(check("Edit(src/main.rs)", "Edit", &inside));
    assert!(check("Read(~/app/**)", "Read", &inside));
    assert!(check(
        &format!("Read({}/**)", app.display()),
        "Grep",
        &inside
    ));
    assert!(
        check("Read(*)", "Read", "/etc/passwd"),
        "that is what it says"
    );
    for path in [
        "src/out/passwd",
        "src/dangling",
        "src/../../x",
        "../x",
        "/etc/passwd",
        "srcx/a",
        "",
    ] {
        assert!(!check("Edit(src/**)", "Edit", path), "{path}");
    }
    assert!(
        !check("Read(src/**)", "Edit", &inside),
        "reading implies no writing"
    );
    assert!(!check("Write(src/**)", "Edit", &inside));
}

#[test]
fn sites_are_compared_whole() {
    let check = |url: &str| {
        covers(
            "WebFetch(domain:example.com)",
            "WebFetch",
            &json!({ "url": url }),
        )
    };
    assert!(check("https://example.com/x?y") && check("http://EXAMPLE.com:8080"));
    for url in [
        "https://example.com.evil.net/",
        "https://evil.net/example.com",
        "https://a@example.com/",
        "https://example.com@evil.net/",
        "https://example.com\\@evil.net",
        "ftp://example.com",
        "",
    ] {
        assert!(!check(url), "{url}");
    }
}

#[test]
fn what_is_offered_answers_the_question_it_is_offered_for() {
    let (cwd, home) = (Path::new("/nowhere/app"), Path::new("/nowhere"));
    let offer = |tool: &str, input: Value| suggest(tool, &input, cwd, home);
    assert_eq!(
        offer("Bash", json!({"command": "npm test -w web"})),
        ["Bash(npm test -w web)", "Bash(npm test *)"]
    );
    assert_eq!(
        offer("Bash", json!({"command": "ls"})),
        ["Bash(ls)", "Bash(ls *)"]
    );
    assert_eq!(
        offer("Bash", json!({"command": "python3 -c x"})),
        ["Bash(python3 -c x)"]
    );
    assert!(offer("Bash", json!({"command": "a; b"})).is_empty());
    assert_eq!(
        offer("Edit", json!({"file_path": "/nowhere/app/src/a.rs"})),
        ["Edit(src/a.rs)", "Edit(src/**)"]
    );
    assert_eq!(
        offer("WebFetch", json!({"url": "https://docs.rs/x"})),
        ["WebFetch(domain:docs.rs)"]
    );
    assert_eq!(offer("mcp__a__b", json!({})), ["mcp__a__b"]);
    assert!(offer("AskUserQuestion", json!({})).is_empty());
}

#[test]
fn the_clis_own_form_says_the_same() {
    let form = |text: &str| Rule::parse(text).unwrap().in_cli_form();
    assert_eq!(form("Read(*)"), "Read");
    assert_eq!(form("Bash(git *)"), "Bash(git *)");
    assert_eq!(form("Read(/data/**)"), "Read(//data/**)");
    assert_eq!(form("Edit(src/**)"), "Edit(src/**)");
}
