//! Reading screens and history.

use crate::support::{Private, until};
use orchestra_tmux::{capture::CaptureOpts, error::Error, ids::PaneId, session::Size};

#[tokio::test]
async fn text_and_colours_are_read() {
    let private = Private::start().await;
    let session = private
        .sh(
            "a",
            r"printf 'a\\033b \033[1;31mred\033[0m é漢\ttab\nnext'; sleep 100",
        )
        .await;
    private.shows(&session, "next").await;
    assert_eq!(private.text(&session).await, "a\\033b red é漢  tab\nnext");
    let opts = CaptureOpts {
        escapes: true,
        ..CaptureOpts::default()
    };
    let capture = private.tmux.capture(session.pane_id, opts).await.unwrap();
    assert_eq!(capture.rows.len(), 24);
    let first = String::from_utf8_lossy(&capture.rows[0]).into_owned();
    // tmux names the default colours even after a reset.
    assert!(
        first.starts_with("a\\033b \x1b[1m\x1b[31mred\x1b[0m\x1b[39m\x1b[49m é漢"),
        "{first:?}"
    );
    let missing = private.tmux.capture(PaneId(9999), opts).await;
    assert!(matches!(missing, Err(Error::NotFound)));
}

#[tokio::test]
async fn history_comes_in_pages() {
    let private = Private::start().await;
    let session = private
        .sh(
            "a",
            "seq 1 500; printf 'w%.0s' $(seq 1 200); echo; sleep 100",
        )
        .await;
    private.shows(&session, "www").await;
    let all = private
        .tmux
        .history(session.pane_id, 0, 100_000)
        .await
        .unwrap();
    assert_eq!((all.rows.len(), all.lines), (all.size as usize, all.size));
    assert_eq!((&all.rows[0][..], all.size > 470), (&b"1"[..], true));
    let page = private.tmux.history(session.pane_id, 10, 5).await.unwrap();
    let last = all.rows.len() - 10;
    assert_eq!(page.rows, all.rows[last - 5..last]);
    let top = private
        .tmux
        .history(session.pane_id, all.size - 3, 100)
        .await
        .unwrap();
    assert_eq!((top.rows, top.lines), (all.rows[..3].to_vec(), 3));
    let beyond = private
        .tmux
        .history(session.pane_id, all.size + 5, 10)
        .await
        .unwrap();
    assert_eq!((beyond.rows.len(), beyond.size), (0, all.size));
    let joined = CaptureOpts {
        join: true,
        ..CaptureOpts::default()
    };
    let text = private
        .tmux
        .capture(session.pane_id, joined)
        .await
        .unwrap()
        .text();
    assert!(text.contains(&"w".repeat(200)));
}

#[tokio::test]
async fn sizes_are_bounded() {
    let private = Private::start().await;
    let session = private.sh("a", "sleep 100").await;
    for (asked, got) in [
        ((100, 30), (100, 30)),
        ((1, 1), (20, 5)),
        ((9999, 9999), (400, 200)),
    ] {
        let size = Size {
            cols: asked.0,
            rows: asked.1,
        };
        let used = private.tmux.resize(session.pane_id, size).await.unwrap();
        assert_eq!((used.cols, used.rows), got);
        assert_eq!(private.pane(&session).await.unwrap().size, used);
    }
    let missing = private
        .tmux
        .resize(PaneId(9999), Size { cols: 80, rows: 24 })
        .await;
    assert!(matches!(missing, Err(Error::NotFound)));
}

#[tokio::test]
async fn a_screen_knows_its_modes() {
    let private = Private::start().await;
    let script = r"printf 'normal\033[?1049h\033[?1h\033=\033[?1002h\033[?1006h\033[3;10r\033[?25l\033[5;7Halt'; sleep 100";
    let session = private.sh("a", script).await;
    private.shows(&session, "alt").await;
    let screen = private.tmux.screen(session.pane_id).await.unwrap();
    let modes = &screen.modes;
    assert!(
        modes.alternate
            && modes.cursor_keys
            && modes.keypad
            && modes.mouse.button
            && modes.mouse.sgr
            && modes.wrap
    );
    assert!(!modes.cursor_visible && !modes.insert && !modes.origin);
    assert_eq!((modes.region, modes.cursor), ((2, 9), (9, 4)));
    assert_eq!(modes.saved_cursor, Some((6, 0)));
}

#[tokio::test]
async fn many_screens_in_one_go() {
    let private = Private::start().await;
    let mut sessions = Vec::new();
    for n in 0..40 {
        sessions.push(
            private
                .sh(&format!("s{n}"), &format!("echo number {n}; sleep 100"))
                .await,
        );
    }
    for (n, session) in sessions.iter().enumerate() {
        private.shows(session, &format!("number {n}")).await;
    }
    let mut panes: Vec<PaneId> = sessions.iter().map(|session| session.pane_id).collect();
    panes.insert(7, PaneId(9999));
    let mut screens = private.tmux.screens(&panes).await;
    assert!(matches!(screens.remove(7), Err(Error::NotFound)));
    for (n, screen) in screens.into_iter().enumerate() {
        assert!(screen.unwrap().rows[0].starts_with(format!("number {n}").as_bytes()));
    }
}

#[tokio::test]
async fn captures_leave_nothing_behind() {
    let private = Private::start().await;
    let session = private.sh("a", "seq 1 2000; sleep 100").await;
    private.shows(&session, "2000").await;
    let server = private.cli(&["display-message", "-p", "#{pid}"]);
    let resident = || -> u64 {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", server.trim())).unwrap();
        statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4
    };
    let round = async || {
        for _ in 0..40 {
            private
                .tmux
                .history(session.pane_id, 0, 1900)
                .await
                .unwrap();
            private.tmux.screen(session.pane_id).await.unwrap();
        }
    };
    round().await;
    let before = resident();
    for _ in 0..4 {
        round().await;
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 1024, "the server grew by {grown} KiB");
    assert_eq!(private.cli(&["list-buffers"]), "");
    until("an idle server", async || {
        private.tmux.list_panes().await.is_ok()
    })
    .await;
}
