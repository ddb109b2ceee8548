//! A real repository, and plain git beside ours.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(super) struct Repository {
    pub(super) path: PathBuf,
    home: PathBuf,
}

impl Repository {
    /// With one commit on `main`, as a person would have it.
    pub(super) fn make(path: &Path, home: &Path) -> Self {
        std::fs::write(
            home.join(".gitconfig"),
            "[user]\n\tname = Tester\n\temail = tester@example.invalid\n[init]\n\tdefaultBranch = main\n",
        )
        .unwrap();
        std::fs::create_dir_all(path).unwrap();
        let repo = Self {
            path: path.to_owned(),
            home: home.to_owned(),
        };
        repo.git(&["init", "-q"]);
        repo.write("a.txt", "one\ntwo\n");
        repo.write(".gitignore", "*.ignored\n");
        repo.commit("begin");
        repo
    }

    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(super) fn commit(&self, subject: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", subject]);
    }

    /// Plain git in the main folder; it has to succeed.
    pub(super) fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.path, args)
    }

    pub(super) fn git_in(&self, folder: &Path, args: &[&str]) -> String {
        let output = self.try_git(folder, args);
        assert!(
            output.status.success(),
            "git {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    pub(super) fn try_git(&self, folder: &Path, args: &[&str]) -> Output {
        Command::new("git")
            .args(args)
            .current_dir(folder)
            .env_clear()
            .env("HOME", &self.home)
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .output()
            .unwrap()
    }

    /// Nothing of that worktree is left: no folder, no branch, no note of git's.
    pub(super) fn is_as_before(&self, one: &Value) {
        assert!(!Path::new(one["path"].as_str().unwrap()).exists(), "{one}");
        let branches = self.git(&["branch", "--list", one["branch"].as_str().unwrap()]);
        assert_eq!(branches, "", "{one}");
        let list = self.git(&["worktree", "list", "--porcelain"]);
        assert_eq!(list.matches("worktree ").count(), 1, "{list}");
        self.git(&["fsck", "--strict"]);
    }
}

pub(super) fn branch_of(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join(".git")).unwrap();
    let admin = PathBuf::from(text.trim().strip_prefix("gitdir: ").unwrap());
    let head = std::fs::read_to_string(admin.join("HEAD")).unwrap();
    head.trim()
        .strip_prefix("ref: refs/heads/")
        .unwrap()
        .to_owned()
}
