//! Starting, adopting, losing and ending servers and sessions.

use crate::support::{Private, config, until};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use orchestra_tmux::{
    client::Link, error::Error, pane::Dead, server::TmuxServer, session::NewSession,
};

#[tokio::test]
async fn a_session_runs_with_its_options_and_environment() {
    let private = Private::start().await;
    assert!(!private.tmux.adopted());
    let session = NewSession {
        env: vec![("GREETING".to_owned(), "hi #{pid} $HOME;\"'\\\n.".to_owned())],
        options: vec![
            ("@orc_id".to_owned(), "droid-001".to_owned()),
            (
                "@orc_title".to_owned(),
                "a; #(touch canary) \"x\" \n y é".to_owned(),
            ),
        ],
        ..private.session("sess-droid-001", &["sh", "-c", "env; sleep 100"])
    };
    let made = private.tmux.new_session(session).await.unwrap();
    private.shows(&made, "hi #{pid} $HOME;\"'\\").await;
    let text = private.text(&made).await;
    assert!(!text.contains("TMUX="), "{text}");
    assert!(
        text.contains("TERM=tmux-256color") || text.contains("TERM=screen"),
        "{text}"
    );
    let pane = private.pane(&made).await.unwrap();
    assert_eq!(pane.session_name, "sess-droid-001");
    assert_eq!(pane.orc_id.as_deref(), Some("droid-001"));
    assert_eq!(
        pane.orc_title.as_deref(),
        Some("a; #(touch canary) \"x\" \n y é")
    );
    assert_eq!(
        (pane.pid, pane.session_id),
        (made.pane_pid, made.session_id)
    );
    assert_eq!((pane.dead, pane.size.cols, pane.size.rows), (None, 120, 40));
    private
        .tmux
        .set_option(made.session_id, "@orc_title", "new")
        .await
        .unwrap();
    assert_eq!(
        private.pane(&made).await.unwrap().orc_title.as_deref(),
        Some("new")
    );
    assert!(made.process.unwrap().alive());
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let private = Private::start().await;
    private.sh("sess-a", "sleep 100").await;
    let again = private
        .tmux
        .new_session(private.session("sess-a", &["true"]))
        .await;
    assert!(matches!(again, Err(Error::Refused(_))), "{again:?}");
    assert_eq!(private.tmux.list_panes().await.unwrap().len(), 1);
}

#[tokio::test]
async fn exit_codes_and_signals_are_told() {
    let private = Private::start().await;
    for (name, script, status, signal) in [
        ("zero", "exit 0", Some(0), None),
        ("seven", "exit 7", Some(7), None),
        ("killed", "kill -9 $$", None, Some(9)),
        ("missing", "exec /no/such/program", Some(127), None),
    ] {
        let session = private.sh(name, script).await;
        until(name, async || {
            private.pane(&session).await.unwrap().dead.is_some()
        })
        .await;
        let dead = private.pane(&session).await.unwrap().dead.unwrap();
        assert_eq!(
            dead,
            Dead {
                status,
                signal,
                ..dead
            },
            "{name}"
        );
        assert!(dead.time.is_some());
        assert!(!private.text(&session).await.contains("Pane is dead"));
    }
}

#[tokio::test]
async fn killing_a_session_ends_it_and_no_other() {
    let private = Private::start().await;
    let first = private.sh("sess-a", "sleep 100").await;
    let second = private.sh("sess-a-1", "sleep 100").await;
    private.tmux.kill_session(first.session_id).await.unwrap();
    assert!(matches!(
        private.tmux.kill_session(first.session_id).await,
        Err(Error::NotFound)
    ));
    assert!(private.pane(&first).await.is_none());
    assert!(private.pane(&second).await.is_some());
    assert!(!private.tmux.pane_exists(first.pane_id).await.unwrap());
    assert!(private.tmux.pane_exists(second.pane_id).await.unwrap());
    assert!(matches!(
        private.tmux.screen(first.pane_id).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        private.tmux.history(first.pane_id, 0, 10).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        private.tmux.send_literal(first.pane_id, b"x").await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        private.tmux.paste(first.pane_id, b"x", true).await,
        Err(Error::NotFound)
    ));
    assert_eq!(private.cli(&["list-buffers"]), "");
}

#[tokio::test]
async fn a_new_owner_adopts_what_lives() {
    let private = Private::start().await;
    let session = private.sh("sess-a", "echo before; exec cat").await;
    private.shows(&session, "before").await;
    // A client that an owner left behind when it died.
    let mut leftover = std::process::Command::new("sh")
        .args(["-c", "mkfifo fifo; exec 3<>fifo; tmux -S \"$0\" -C attach -f no-output -t sess-a <&3 >/dev/null &"])
        .arg(private.tmux.socket())
        .current_dir(private.path(""))
        .spawn()
        .unwrap();
    assert!(leftover.wait().unwrap().success());
    let leftovers = || {
        private
            .cli(&["list-clients", "-t", "=sess-a"])
            .lines()
            .count()
    };
    until("a leftover", async || leftovers() == 1).await;
    let second = TmuxServer::open(private.config()).await.unwrap();
    assert!(second.adopted());
    let clients = second.list_panes().await.unwrap();
    assert_eq!(clients.len(), 1);
    assert_eq!(clients[0].pane_id, session.pane_id);
    second
        .send_literal(session.pane_id, b"after\r")
        .await
        .unwrap();
    private.shows(&session, "after\nafter").await;
    assert_eq!(leftovers(), 0);
}

#[tokio::test]
async fn a_lost_connection_comes_back() {
    let private = Private::start().await;
    let session = private.sh("sess-a", "sleep 100").await;
    let clients = private.cli(&["list-clients", "-t", "=orc-hub", "-F", "#{client_pid}"]);
    let pid = Pid::from_raw(clients.trim().parse().unwrap());
    let mut link = private.tmux.link();
    link.mark_unchanged();
    kill(pid, Signal::SIGKILL).unwrap();
    link.wait_for(|state| *state == Link::Disconnected)
        .await
        .unwrap();
    link.wait_for(|state| matches!(state, Link::Connected { .. }))
        .await
        .unwrap();
    assert!(private.pane(&session).await.is_some());
}

#[tokio::test]
async fn the_hub_is_made_again() {
    let private = Private::start().await;
    let session = private.sh("sess-a", "sleep 100").await;
    private.cli(&["kill-session", "-t", "=orc-hub"]);
    until("a new hub", async || {
        private.cli(&["list-sessions"]).contains("orc-hub")
    })
    .await;
    until("commands", async || private.tmux.list_panes().await.is_ok()).await;
    assert!(private.pane(&session).await.is_some());
}

#[tokio::test]
async fn a_killed_server_is_noticed_and_comes_back_on_request() {
    let private = Private::start().await;
    private.sh("sess-a", "sleep 100").await;
    let mut link = private.tmux.link();
    let Link::Connected { server } = *link.borrow_and_update() else {
        unreachable!("it is connected")
    };
    kill(Pid::from_raw(server.pid), Signal::SIGKILL).unwrap();
    link.wait_for(|state| *state == Link::ServerGone)
        .await
        .unwrap();
    assert!(matches!(
        private.tmux.list_panes().await,
        Err(Error::ServerGone)
    ));
    let new = private.tmux.ensure().await.unwrap();
    assert_ne!(new, server);
    assert!(private.tmux.list_panes().await.unwrap().is_empty());
    private.sh("sess-a", "sleep 100").await;
}

#[tokio::test]
async fn a_vanished_socket_is_made_again() {
    let private = Private::start().await;
    let session = private.sh("sess-a", "sleep 100").await;
    std::fs::remove_file(private.tmux.socket()).unwrap();
    let second = TmuxServer::open(private.config()).await.unwrap();
    assert!(second.adopted());
    assert_eq!(
        second.list_panes().await.unwrap()[0].pane_id,
        session.pane_id
    );
}

#[tokio::test]
async fn the_server_ends_when_told_even_with_a_live_reading() {
    let private = Private::start().await;
    let session = private.sh("sess-a", "yes").await;
    let (_live, _stream) = private.live(&session).await;
    private.tmux.kill_server().await.unwrap();
    let mut link = private.tmux.link();
    link.wait_for(|state| *state == Link::ServerGone)
        .await
        .unwrap();
}

#[tokio::test]
async fn foreign_configuration_and_environment_stay_out() {
    let folder = tempfile::tempdir().unwrap();
    let canary = folder.path().join("canary");
    std::fs::write(
        folder.path().join(".tmux.conf"),
        format!("run-shell 'touch {}'\n", canary.display()),
    )
    .unwrap();
    let mut config = config(folder.path());
    config.env.push(("HOME".into(), folder.path().into()));
    let tmux = TmuxServer::open(config.clone()).await.unwrap();
    let argv = ["sh", "-c", "env; sleep 100"];
    let session = tmux
        .new_session(NewSession::new("a".parse().unwrap(), "/", argv))
        .await
        .unwrap();
    until("the environment", async || {
        let text = tmux
            .capture(session.pane_id, Default::default())
            .await
            .unwrap()
            .text();
        text.contains("LANG=C.UTF-8")
    })
    .await;
    let text = tmux
        .capture(session.pane_id, Default::default())
        .await
        .unwrap()
        .text();
    tmux.kill_server().await.unwrap();
    assert!(!canary.exists());
    assert!(!text.contains("CARGO"), "{text}");
}

#[tokio::test]
async fn no_exit_is_overlooked() {
    let private = Private::start().await;
    // Alone, one after the other: the next child would uncover a lost one.
    for n in 0..150 {
        let session = private.sh(&format!("s{n}"), "exit 7").await;
        until("the status", async || {
            private.pane(&session).await.unwrap().dead.is_some()
        })
        .await;
        private.tmux.kill_session(session.session_id).await.unwrap();
    }
}
