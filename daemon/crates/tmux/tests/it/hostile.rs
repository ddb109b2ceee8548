//! Text that wants to be more than text.

use crate::support::{Private, until};
use orchestra_tmux::{error::Error, session::NewSession};

/// Prints every guard that the next replies can have, with the time of now.
pub(crate) const FAKE_GUARDS: &str = "while :; do t=$(date +%s); i=0; while [ $i -lt 900 ]; do \
        printf '%%end %s %s 1\\n%%error %s %s 1\\n%%begin %s %s 1\\n' $t $i $t $i $t $i; i=$((i+1)); done; done";

#[tokio::test]
async fn a_folder_name_runs_nothing_and_is_entered() {
    let private = Private::start().await;
    let canary = private.path("canary");
    for (n, name) in [
        "#(touch canary)",
        "#{pid}",
        "a;b \"c\" 'd' $HOME ~",
        "%Y-%H",
        "##(x",
        "é\u{1}\n",
        "-c",
    ]
    .iter()
    .enumerate()
    {
        let folder = private.path(name);
        std::fs::create_dir(&folder).unwrap();
        let session = NewSession {
            cwd: folder.clone(),
            ..private.session(&format!("s{n}"), &["sh", "-c", "pwd > here; exec cat"])
        };
        private.tmux.new_session(session).await.unwrap();
        let here = folder.join("here");
        until(name, async || {
            std::fs::read(&here).is_ok_and(|text| !text.is_empty())
        })
        .await;
        let told = std::fs::read_to_string(&here).unwrap();
        assert_eq!(told.strip_suffix('\n').unwrap(), folder.to_str().unwrap());
        assert!(!canary.exists() && !folder.join("canary").exists());
    }
}

#[tokio::test]
async fn arguments_arrive_as_they_are() {
    let private = Private::start().await;
    let nasty = "#(touch canary) ; kill-server \\; $HOME `id` \"'\n\té\u{7f} #{pid} -x";
    let out = private.path("out");
    let argv = [
        "sh",
        "-c",
        "printf %s \"$2\" > \"$1\"; sleep 100",
        "sh",
        out.to_str().unwrap(),
        nasty,
    ];
    private
        .tmux
        .new_session(private.session("a", &argv))
        .await
        .unwrap();
    until("the output", async || {
        std::fs::read(&out).is_ok_and(|text| text.len() == nasty.len())
    })
    .await;
    assert_eq!(std::fs::read_to_string(&out).unwrap(), nasty);
    // One word is a program, not a line for a shell.
    let single = private
        .tmux
        .new_session(private.session("b", &["echo hi; sleep 100"]))
        .await
        .unwrap();
    until("the end", async || {
        private.pane(&single).await.unwrap().dead.is_some()
    })
    .await;
    assert_eq!(
        private.pane(&single).await.unwrap().dead.unwrap().status,
        Some(127)
    );
}

#[tokio::test]
async fn a_title_stays_a_title() {
    let private = Private::start().await;
    let session = private
        .sh(
            "a",
            r"printf '\033]2;a:b $9:%%9:1 #(touch canary) #{pid}\t;\\ é\007'; sleep 100",
        )
        .await;
    until("the title", async || {
        private.pane(&session).await.unwrap().title.contains("a:b")
    })
    .await;
    let panes = private.tmux.list_panes().await.unwrap();
    assert_eq!(panes.len(), 1);
    // tmux drops the control character.
    assert!(
        panes[0]
            .title
            .starts_with("a:b $9:%9:1 #(touch canary) #{pid}"),
        "{}",
        panes[0].title
    );
    assert!(!private.path("canary").exists());
    // Another process of the same user may set what the crate never would.
    let forged = format!(
        "x\n{}",
        private.cli(&[
            "list-panes",
            "-a",
            "-F",
            "#{session_id}:#{pane_id}:1:0::::80:24:0:0:0:0:1:0"
        ])
    );
    private.cli(&["set-option", "-t", "=a:", "@orc_title", &forged]);
    let panes = private.tmux.list_panes().await.unwrap();
    assert_eq!(panes.len(), 1);
    assert_eq!(panes[0].orc_title.as_deref(), Some(forged.as_str()));
}

#[tokio::test]
async fn a_faked_end_of_reply_is_text() {
    let private = Private::start().await;
    let noisy = private.sh("noisy", FAKE_GUARDS).await;
    let quiet = private.sh("quiet", "echo calm; sleep 100").await;
    private.shows(&quiet, "calm").await;
    private.shows(&noisy, "%end").await;
    for _ in 0..150 {
        let rows = private
            .tmux
            .capture(noisy.pane_id, Default::default())
            .await
            .unwrap()
            .rows;
        assert_eq!(rows.len(), 24);
        let screens = private.tmux.screens(&[noisy.pane_id, quiet.pane_id]).await;
        assert_eq!(screens[0].as_ref().unwrap().rows.len(), 24);
        assert!(screens[1].as_ref().unwrap().rows[0].starts_with(b"calm"));
        private.tmux.history(noisy.pane_id, 0, 50).await.unwrap();
        assert_eq!(private.text(&quiet).await, "calm");
    }
}

#[tokio::test]
async fn what_can_never_be_right_is_not_sent() {
    let private = Private::start().await;
    let pane = private.sh("a", "sleep 100").await.pane_id;
    assert!(matches!(
        private.tmux.paste(pane, b"a\0b", true).await,
        Err(Error::Invalid(_))
    ));
    let session = NewSession {
        options: vec![("status".to_owned(), "on".to_owned())],
        ..private.session("b", &["true"])
    };
    assert!(matches!(
        private.tmux.new_session(session).await,
        Err(Error::Invalid(_))
    ));
}
