//! What a daemon finds that was killed between two steps, with real repositories: each
//! state that a kill can leave behind is made by hand, and settled.

use super::Worktrees;
use crate::config::{Config, Flags};
use crate::events::Events;
use crate::model::ids::{self, UserId};
use crate::model::requester::Requester;
use crate::store::worktrees::{Filter, Intent, StoredWorktree};
use crate::store::{self, Store};
use crate::supervise::Tasks;
use orchestra_protocol::time::Timestamp;
use orchestra_protocol::worktree::{MergeRequest, Worktree, WorktreeAsk, WorktreeState};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

struct Stage {
    folder: tempfile::TempDir,
    config: Arc<Config>,
    store: Store,
    events: Events,
    tasks: Tasks,
    requester: Requester,
}

impl Stage {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, "").unwrap();
        let mut config = Config::load(&Flags {
            listen: None,
            data_dir: Some(folder.path().join("data")),
            config: Some(file),
        })
        .unwrap();
        config.paths.create().unwrap();
        let real = folder.path().canonicalize().unwrap();
        config.paths.home.clone_from(&real);
        config.settings.projects.roots = vec![real.display().to_string()];
        let store = Store::open(&config.paths.data_dir).await.unwrap();
        let tasks = Tasks::default();
        let events = Events::start(store.clone(), &tasks).await.unwrap();
        let user = store::users::seen(&store, "i", "ann", "ann", None)
            .await
            .unwrap();
        let stage = Self {
            folder,
            config: Arc::new(config),
            store,
            events,
            tasks,
            requester: Requester {
                user: UserId(user.id.to_string()),
                name: "ann".into(),
                agent: None,
            },
        };
        std::fs::create_dir(stage.main()).unwrap();
        stage.git(&["init", "-q", "-b", "main"]);
        std::fs::write(stage.main().join("a.txt"), "a\n").unwrap();
        stage.commit_in(&stage.main(), "begin");
        stage
    }

    fn main(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("repo")
    }

    fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.main(), args)
    }

    fn git_in(&self, folder: &Path, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=x", "-c", "user.email=x"])
            .args(args)
            .current_dir(folder)
            .env("HOME", self.folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit_in(&self, folder: &Path, subject: &str) {
        self.git_in(folder, &["add", "-A"]);
        self.git_in(folder, &["commit", "-qm", subject]);
    }

    /// What the next daemon makes of it.
    async fn start(&self) -> Worktrees {
        let started =
            Worktrees::start(self.config.clone(), self.store.clone(), self.events.clone());
        started.await.unwrap()
    }

    /// A worktree with one commit, ready.
    async fn with_work(&self) -> (Worktrees, StoredWorktree) {
        let worktrees = self.start().await;
        let ask = WorktreeAsk::Named("w".into());
        let place = worktrees
            .make(&self.requester, &self.main(), &ask, None, "")
            .await
            .unwrap();
        std::fs::write(place.cwd.join("w.txt"), "w\n").unwrap();
        self.commit_in(&place.cwd, "work");
        let (from, to) = (WorktreeState::Creating, WorktreeState::Ready);
        worktrees
            .step(&place.id, &[from], to, None, None)
            .await
            .unwrap();
        let row = worktrees.get(&place.id).await.unwrap();
        (worktrees, row)
    }

    fn clean(&self) {
        assert_eq!(self.git(&["status", "--porcelain"]), "");
        self.git(&["fsck", "--strict"]);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.tasks.token().cancel();
    }
}

#[tokio::test]
async fn a_worktree_cut_short_after_any_step_of_its_making_is_taken_away() {
    for steps in 0..=4 {
        let stage = Stage::open().await;
        let worktrees = stage.start().await;
        let main = stage.main();
        let base = stage.git(&["rev-parse", "main"]);
        let path = main.join(".worktrees/task-w");
        let row = StoredWorktree {
            view: Worktree {
                id: ids::fresh(),
                name: "w".into(),
                repo: main.display().to_string(),
                path: path.display().to_string(),
                branch: "orchestra/w".into(),
                base: "main".into(),
                base_commit: base.clone(),
                owner: stage.requester.user.to_string(),
                owner_name: "ann".into(),
                agent_id: None,
                state: WorktreeState::Creating,
                reason: None,
                port: 42_000,
                ports: 1,
                setup: None,
                created_at: Timestamp::now(),
                status: None,
            },
            subfolder: String::new(),
            intent: None,
        };
        store::worktrees::insert(&stage.store, &row).await.unwrap();
        let repo = worktrees.git.open(&main).await.unwrap();
        let branch = "refs/heads/orchestra/w";
        if steps > 0 {
            repo.exclude(".worktrees").unwrap();
        }
        if steps > 1 {
            repo.move_ref(branch, &base, None, "x").await.unwrap();
        }
        if steps == 3 {
            std::fs::create_dir_all(&path).unwrap();
        }
        if steps > 3 {
            repo.check_out(&path, branch, &base).await.unwrap();
        }
        let next = stage.start().await;
        assert!(
            next.list(Filter::default(), 9).await.unwrap().is_empty(),
            "{steps}"
        );
        assert!(!path.exists(), "{steps}");
        assert_eq!(
            stage.git(&["branch", "--list", "orchestra/*"]),
            "",
            "{steps}"
        );
        assert_eq!(
            stage.git(&["worktree", "list"]).lines().count(),
            1,
            "{steps}"
        );
        stage.clean();
    }
}

#[tokio::test]
async fn a_merge_cut_short_after_any_step_is_finished() {
    for steps in 0..=2 {
        let stage = Stage::open().await;
        let (worktrees, row) = stage.with_work().await;
        let repo = worktrees.git.open(&stage.main()).await.unwrap();
        let from = stage.git(&["rev-parse", "main"]);
        let to = stage.git(&["rev-parse", "orchestra/w"]);
        let intent = Intent::Merge {
            base: "refs/heads/main".into(),
            from: from.clone(),
            to: to.clone(),
            checkout: Some(stage.main().display().to_string()),
        };
        let (ready, merging) = (WorktreeState::Ready, WorktreeState::Merging);
        worktrees
            .step(&row.view.id, &[ready], merging, None, Some(&intent))
            .await
            .unwrap();
        if steps > 0 {
            let checkout = crate::git::locate::Checkout::main(&stage.main());
            repo.move_files(&checkout, &from, &to).await.unwrap();
            assert_eq!(
                stage.git(&["status", "--porcelain"]),
                "A  w.txt",
                "nothing is lost in between"
            );
        }
        if steps > 1 {
            repo.move_ref("refs/heads/main", &to, Some(&from), "x")
                .await
                .unwrap();
        }
        let next = stage.start().await;
        let row = next.get(&row.view.id).await.unwrap();
        assert_eq!((row.view.state, row.view.reason), (ready, None), "{steps}");
        assert_eq!(stage.git(&["rev-parse", "main"]), to, "{steps}");
        assert!(stage.main().join("w.txt").exists(), "{steps}");
        stage.clean();
    }
}

#[tokio::test]
async fn a_merge_cut_short_is_not_forced_over_what_a_person_did_since() {
    let stage = Stage::open().await;
    let (worktrees, row) = stage.with_work().await;
    let intent = Intent::Merge {
        base: "refs/heads/main".into(),
        from: stage.git(&["rev-parse", "main"]),
        to: stage.git(&["rev-parse", "orchestra/w"]),
        checkout: Some(stage.main().display().to_string()),
    };
    let (ready, merging) = (WorktreeState::Ready, WorktreeState::Merging);
    worktrees
        .step(&row.view.id, &[ready], merging, None, Some(&intent))
        .await
        .unwrap();
    std::fs::write(stage.main().join("w.txt"), "a person's\n").unwrap();
    stage.commit_in(&stage.main(), "a person went on");
    let head = stage.git(&["rev-parse", "main"]);
    let next = stage.start().await;
    let row = next.get(&row.view.id).await.unwrap();
    assert_eq!(row.view.state, ready);
    assert!(row.view.reason.unwrap().contains("could not be finished"));
    assert_eq!(stage.git(&["rev-parse", "main"]), head);
    let text = std::fs::read_to_string(stage.main().join("w.txt")).unwrap();
    assert_eq!(text, "a person's\n");
    stage.clean();
}

#[tokio::test]
async fn a_removal_cut_short_is_finished() {
    for steps in 0..=2 {
        let stage = Stage::open().await;
        let (worktrees, row) = stage.with_work().await;
        let repo = worktrees.git.open(&stage.main()).await.unwrap();
        let tip = stage.git(&["rev-parse", "orchestra/w"]);
        let intent = Intent::Remove {
            branch_at: Some(tip.clone()),
        };
        let (ready, removing) = (WorktreeState::Ready, WorktreeState::Removing);
        worktrees
            .step(&row.view.id, &[ready], removing, None, Some(&intent))
            .await
            .unwrap();
        if steps > 0 {
            repo.take_away(Path::new(&row.view.path)).await.unwrap();
        }
        if steps > 1 {
            repo.drop_ref("refs/heads/orchestra/w", &tip).await.unwrap();
        }
        let next = stage.start().await;
        assert!(
            next.list(Filter::default(), 9).await.unwrap().is_empty(),
            "{steps}"
        );
        assert!(!Path::new(&row.view.path).exists());
        assert_eq!(
            stage.git(&["branch", "--list", "orchestra/*"]),
            "",
            "{steps}"
        );
        assert_eq!(
            stage.git(&["worktree", "list"]).lines().count(),
            1,
            "{steps}"
        );
        stage.clean();
    }
}

#[tokio::test]
async fn plain_git_and_ours_work_in_the_same_repository() {
    let stage = Stage::open().await;
    stage.git(&["pack-refs", "--all"]);
    stage.git(&["gc", "-q"]);
    let (worktrees, row) = stage.with_work().await;
    let merged = worktrees
        .merge(&row, &MergeRequest::default())
        .await
        .unwrap();
    assert!(merged.fast_forward);
    let removed = worktrees.remove(&row, None, false).await.unwrap();
    assert_eq!(removed.kept_branch, None);
    assert!(
        stage
            .git(&["reflog", "-1", "main"])
            .contains("merge by orchestra")
    );
    stage.clean();
}

#[tokio::test]
async fn what_was_only_looked_at_is_forgotten_and_looked_at_anew() {
    let stage = Stage::open().await;
    let (worktrees, row) = stage.with_work().await;
    std::fs::write(Path::new(&row.view.path).join("new.txt"), "new\n").unwrap();
    let look = async || worktrees.one_with_status(row.clone()).await.status.unwrap();
    let before = look().await;
    assert_eq!((before.uncommitted_count, before.files), (1, 2));
    worktrees.forget_looks().await;
    worktrees.git.sweep(std::time::Duration::ZERO).unwrap();
    let after = look().await;
    assert_eq!(after.uncommitted, before.uncommitted);
    assert_eq!((after.files, after.problems), (2, Vec::new()));
    assert_eq!(
        stage.git(&["count-objects"]).split(' ').next(),
        Some("6"),
        "nothing was left in the repository"
    );
}
