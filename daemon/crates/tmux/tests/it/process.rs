//! Ending process trees, and nothing beside them.

use crate::support::{Private, until};
use orchestra_tmux::{
    process::{Grace, Marker, ProcessId, kill_tree, marked},
    session::NewSession,
};
use std::time::Duration;

const QUICK: Grace = Grace {
    hup: Duration::from_millis(200),
    term: Duration::from_millis(200),
    kill: Duration::from_secs(5),
};

/// A script whose children survive a hang-up in every known way; each writes its
/// pid to a file first.
const STUBBORN: &str = r#"
    setsid sh -c 'echo $$ > setsid; exec sleep 1000' &
    nohup sh -c 'echo $$ > nohup; exec sleep 1000' >/dev/null 2>&1 &
    sh -c 'trap "" HUP TERM INT; echo $$ > trap; while :; do sleep 1; done' &
    setsid sh -c 'sh -c "echo \$\$ > orphan; trap \"\" HUP; while :; do sleep 1; done" & exit' &
    env -i setsid sh -c 'echo $$ > bare; exec sleep 1000' &
    wait; sleep 1000
"#;

async fn pid_in(private: &Private, name: &str) -> ProcessId {
    let read = || {
        std::fs::read_to_string(private.path(name))
            .ok()?
            .trim()
            .parse()
            .ok()
    };
    until(name, async || read().is_some()).await;
    ProcessId::of(read().unwrap()).unwrap()
}

#[tokio::test]
async fn no_child_survives_and_no_stranger_dies() {
    let private = Private::start().await;
    let tag = private.path("").display().to_string();
    let marker = Marker::new("ORC_TEST_MARK", &tag);
    let session = NewSession {
        env: vec![("ORC_TEST_MARK".to_owned(), tag)],
        ..private.session("a", &["sh", "-c", STUBBORN])
    };
    let made = private.tmux.new_session(session).await.unwrap();
    let stranger = private.sh("b", "sleep 1000").await;
    let mut children = Vec::new();
    for name in ["setsid", "nohup", "trap", "orphan", "bare"] {
        children.push((name, pid_in(&private, name).await));
    }
    assert!(marked(&marker).len() >= 5);
    let report = private
        .tmux
        .end_session(made.session_id, made.process, Some(&marker), QUICK)
        .await
        .unwrap();
    assert!(report.survivors.is_empty(), "{report:?}");
    assert!(report.found >= 6, "{report:?}");
    for (name, child) in children {
        assert!(!child.alive(), "{name} survived");
    }
    assert!(private.pane(&made).await.is_none());
    assert!(stranger.process.unwrap().alive());
    let again = private
        .tmux
        .end_session(made.session_id, made.process, Some(&marker), QUICK)
        .await
        .unwrap();
    assert_eq!(again.found, 0);
}

#[tokio::test]
async fn the_marker_finds_orphans_after_the_server_died() {
    let private = Private::start().await;
    let tag = private.path("").display().to_string();
    let marker = Marker::new("ORC_TEST_MARK", &tag);
    let session = NewSession {
        env: vec![("ORC_TEST_MARK".to_owned(), tag)],
        ..private.session("a", &["sh", "-c", STUBBORN])
    };
    let made = private.tmux.new_session(session).await.unwrap();
    let child = pid_in(&private, "setsid").await;
    pid_in(&private, "trap").await;
    let bare = pid_in(&private, "bare").await;
    private.tmux.kill_server().await.unwrap();
    assert!(child.alive());
    let report = kill_tree(made.process, Some(&marker), QUICK).await;
    assert!(report.survivors.is_empty() && !child.alive());
    assert!(marked(&marker).is_empty());
    // Without marker, parent and session nothing leads to it.
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(bare.pid),
        nix::sys::signal::Signal::SIGKILL,
    )
    .unwrap();
}

#[tokio::test]
async fn a_reused_pid_is_never_hit() {
    let private = Private::start().await;
    let session = private.sh("a", "sleep 1000").await;
    let real = session.process.unwrap();
    let stale = ProcessId {
        start: real.start - 1,
        ..real
    };
    let report = kill_tree(Some(stale), None, QUICK).await;
    assert_eq!(report.found, 0);
    assert!(real.alive());
}
