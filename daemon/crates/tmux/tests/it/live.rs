//! The live reading: a snapshot, then every byte, exactly.
//!
//! tmux itself is the judge: what a reading brought is fed to a second pane, and
//! both screens must be equal.

use crate::support::{LiveStream, Private, until};
use orchestra_tmux::{
    live::LiveEvent,
    session::{SessionRef, Size},
    snapshot::Snapshot,
};
use std::time::Duration;
use tokio::task::JoinSet;

/// A picture that an emulator shows after a reading, kept up event by event.
#[derive(Default)]
struct Viewer {
    bytes: Vec<u8>,
    snapshots: usize,
    paused: bool,
}

impl Viewer {
    /// Follows until `mark` has come by, in a snapshot or live.
    async fn follow(&mut self, stream: &mut LiveStream, mark: &str) {
        let search = async {
            loop {
                match stream.next().await.unwrap() {
                    LiveEvent::Snapshot(snapshot) => {
                        self.snapshots += 1;
                        self.paused = false;
                        self.bytes = snapshot.to_bytes();
                    }
                    LiveEvent::Output(data) => {
                        assert!(!self.paused, "output between a gap and its snapshot");
                        self.bytes.extend_from_slice(&data);
                    }
                    LiveEvent::Paused => self.paused = true,
                    LiveEvent::Exit => unreachable!("the reading ended before {mark}"),
                }
                if self.bytes.windows(mark.len()).any(|w| w == mark.as_bytes()) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), search)
            .await
            .unwrap_or_else(|_| unreachable!("no {mark}"));
    }
}

/// Shows bytes in a pane of their own and compares it with the original.
async fn same_screen(private: &Private, name: &str, bytes: &[u8], original: &SessionRef) {
    let file = private.path(&format!("{name}.bytes"));
    std::fs::write(&file, bytes).unwrap();
    let size = private.pane(original).await.unwrap().size;
    let script = format!("stty raw -echo; cat '{}'; sleep 100", file.display());
    let mut session = private.session(name, &["sh", "-c", &script]);
    session.size = size;
    let copy = private.tmux.new_session(session).await.unwrap();
    let pictures = async || {
        let (a, b) = (
            private.tmux.screen(original.pane_id),
            private.tmux.screen(copy.pane_id),
        );
        let (a, b) = (a.await.unwrap(), b.await.unwrap());
        // What the program left above the screen is not part of the picture.
        let strip = |snapshot: Snapshot| {
            (
                snapshot.rows,
                snapshot.modes.cursor,
                snapshot.modes.region,
                snapshot.modes.alternate,
            )
        };
        (strip(a), strip(b))
    };
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    loop {
        let (a, b) = pictures().await;
        if a == b {
            return;
        }
        if std::time::Instant::now() > deadline {
            assert_eq!(a, b);
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// The same, when the last words may still be on their way.
async fn same_screen_soon(
    private: &Private,
    name: &str,
    viewer: &mut Viewer,
    stream: &mut LiveStream,
    original: &SessionRef,
) {
    let rest = async {
        while let Some(LiveEvent::Output(data)) = stream.next().await {
            viewer.bytes.extend_from_slice(&data);
        }
    };
    let _ = tokio::time::timeout(Duration::from_millis(300), rest).await;
    same_screen(private, name, &viewer.bytes, original).await;
}

#[tokio::test]
async fn a_snapshot_rebuilds_the_screen() {
    let private = Private::start().await;
    let scripts = [
        r"printf 'plain é漢\n\033[31mred\n\033[44mon blue   \033[0m\nlast'",
        r"seq 1 100; printf '\033[5;15r\033[?6h\033[3;4Hhere'",
        r"printf 'normal \033[1;32mscreen\033[0m\n$ vi'; printf '\033[?1049h\033[2J\033[10;10H\033[7mfull\033[0m\033[1;1H'",
        r"printf '\033[35m'; printf 'x%.0s' $(seq 1 80)",
        r"printf '\033(0lqqk\033(B text \033)0\016tqu\017 end\033[?7l\033[4h\033[?25l'",
        r"printf '\033[20;70Hcorner\033[24;80H#'",
    ];
    for (n, script) in scripts.iter().enumerate() {
        let session = private
            .sh(
                &format!("a{n}"),
                &format!("{script}; printf '\\033]2;drawn\\007'; sleep 100"),
            )
            .await;
        until("the drawing", async || {
            private.pane(&session).await.unwrap().title == "drawn"
        })
        .await;
        let (live, mut stream) = private.live(&session).await;
        let Some(LiveEvent::Snapshot(snapshot)) = stream.next().await else {
            unreachable!("a snapshot is first")
        };
        same_screen(
            &private,
            &format!("copy{n}"),
            &snapshot.to_bytes(),
            &session,
        )
        .await;
        if !snapshot.modes.origin {
            let mut frame = b"old text\x1b[31m\x1b[3;9r\x1b[?6h\x1b[4h".to_vec();
            frame.extend(snapshot.screen_frame());
            let rows = private.tmux.screen(session.pane_id).await.unwrap().rows;
            let file = private.path("frame");
            std::fs::write(&file, frame).unwrap();
            let copy = private
                .sh(
                    &format!("frame{n}"),
                    &format!("cat '{}'; sleep 100", file.display()),
                )
                .await;
            until("an equal frame", async || {
                private.tmux.screen(copy.pane_id).await.unwrap().rows == rows
            })
            .await;
        }
        live.close().await;
    }
}

/// tmux keeps the screen put aside at the height it had.
#[tokio::test]
async fn a_full_screen_program_is_read_after_a_resize() {
    let private = Private::start().await;
    let script = r"printf 'aside\033[?1049h\033[2Jfull\033]2;drawn\007'; sleep 100";
    let session = private.sh("a", script).await;
    until("the drawing", async || {
        private.pane(&session).await.unwrap().title == "drawn"
    })
    .await;
    let (live, mut stream) = private.live(&session).await;
    assert!(matches!(stream.next().await, Some(LiveEvent::Snapshot(_))));
    for (cols, rows) in [(100, 40), (60, 10), (80, 24)] {
        let size = Size { cols, rows };
        private.tmux.resize(session.pane_id, size).await.unwrap();
        live.request_snapshot().await.unwrap();
        let Some(LiveEvent::Snapshot(snapshot)) = stream.next().await else {
            unreachable!("a snapshot was asked for")
        };
        assert_eq!(snapshot.modes.size, size);
        assert!(snapshot.alt_rows.unwrap()[0].starts_with(b"aside"));
    }
}

#[tokio::test]
async fn a_viewer_who_joins_sees_the_same() {
    let private = Private::start().await;
    // Colours, cursor jumps, wide characters, scrolling, names of windows.
    let script = r#"i=0; while [ $i -lt 3000 ]; do i=$((i+1));
        printf '\033[%d;%dH\033[%dm%s é漢🙂 \033[0m' $((i%24+1)) $((i*7%70+1)) $((i%8+30)) "$i";
        [ $((i%5)) = 0 ] && printf '\033kname %d\033\\\n\n' $i;
        [ $((i%500)) = 0 ] && sleep 0.02;
        done; printf '\033[HTHE END'; sleep 100"#;
    let session = private.sh("a", script).await;
    let (live, mut stream) = private.live(&session).await;
    let mut viewer = Viewer::default();
    viewer.follow(&mut stream, "THE END").await;
    assert!(viewer.snapshots >= 1);
    private.shows(&session, "THE END").await;
    same_screen(&private, "copy", &viewer.bytes, &session).await;
    // A snapshot on request comes in its place.
    live.request_snapshot().await.unwrap();
    assert!(matches!(stream.next().await, Some(LiveEvent::Snapshot(_))));
    live.close().await;
    assert_eq!(stream.next().await, Some(LiveEvent::Exit));
    assert_eq!(stream.next().await, None);
    let staged = private.cli(&["list-windows", "-t", "=orc-stage"]);
    assert_eq!(staged.lines().count(), 1, "{staged}");
}

#[tokio::test]
async fn keys_come_back_as_output() {
    let private = Private::start().await;
    let session = private.sh("a", "exec cat").await;
    let (_live, mut stream) = private.live(&session).await;
    let mut viewer = Viewer::default();
    private
        .tmux
        .send_literal(session.pane_id, b"echo #1\r")
        .await
        .unwrap();
    viewer.follow(&mut stream, "echo #1").await;
    private
        .tmux
        .resize(
            session.pane_id,
            Size {
                cols: 100,
                rows: 30,
            },
        )
        .await
        .unwrap();
    private
        .tmux
        .send_literal(session.pane_id, b"echo #2\r")
        .await
        .unwrap();
    viewer.follow(&mut stream, "echo #2").await;
}

/// Readings share one connection; each gets its own bytes, in order, also beside a flood.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_do_not_mix() {
    let private = Private::start().await;
    let flood = private.sh("flood", "yes flood").await;
    let (_flood, mut flooded) = private.live(&flood).await;
    let mut drain = JoinSet::new();
    drain.spawn(async move {
        let mut bytes = 0;
        while let Some(event) = flooded.next().await {
            if let LiveEvent::Output(data) = event {
                assert!(data.iter().all(|b| b"flod\r\n".contains(b)));
                bytes += data.len();
            }
        }
        bytes
    });
    let mut all = Vec::new();
    for n in 0..8 {
        let session = private.sh(&format!("s{n}"), "exec cat").await;
        let (live, stream) = private.live(&session).await;
        all.push((session, live, stream, Viewer::default()));
    }
    for round in 0..20 {
        for (n, (session, ..)) in all.iter().enumerate() {
            let text = format!("<{n}:{round}>\r");
            private
                .tmux
                .send_literal(session.pane_id, text.as_bytes())
                .await
                .unwrap();
        }
    }
    for (n, (session, _, stream, viewer)) in all.iter_mut().enumerate() {
        viewer.follow(stream, &format!("<{n}:19>")).await;
        private.shows(session, &format!("<{n}:19>")).await;
        let text = String::from_utf8_lossy(&viewer.bytes).into_owned();
        assert_eq!(
            text.matches('<').count(),
            text.matches(&format!("<{n}:")).count()
        );
        same_screen_soon(&private, &format!("copy{n}"), viewer, stream, session).await;
    }
    assert_eq!(private.cli(&["list-clients"]).lines().count(), 2);
    private.tmux.kill_session(flood.session_id).await.unwrap();
    assert!(drain.join_next().await.unwrap().unwrap() > 0);
}

#[tokio::test]
async fn pausing_holds_output_and_resuming_heals() {
    let private = Private::start().await;
    let session = private.sh("a", "exec cat").await;
    let (live, mut stream) = private.live(&session).await;
    assert!(matches!(stream.next().await, Some(LiveEvent::Snapshot(_))));
    live.pause().await.unwrap();
    assert_eq!(stream.next().await, Some(LiveEvent::Paused));
    private
        .tmux
        .send_literal(session.pane_id, b"while away\r")
        .await
        .unwrap();
    private.shows(&session, "while away\nwhile away").await;
    live.resume().await.unwrap();
    let Some(LiveEvent::Snapshot(snapshot)) = stream.next().await else {
        unreachable!("healing is a snapshot")
    };
    assert!(snapshot.rows[1].starts_with(b"while away"));
    private
        .tmux
        .send_literal(session.pane_id, b"back")
        .await
        .unwrap();
    Viewer {
        bytes: snapshot.to_bytes(),
        ..Viewer::default()
    }
    .follow(&mut stream, "back")
    .await;
}

#[tokio::test]
async fn the_end_of_the_session_is_the_end() {
    let private = Private::start().await;
    let session = private.sh("a", "sleep 100").await;
    let (_live, mut stream) = private.live(&session).await;
    assert!(matches!(stream.next().await, Some(LiveEvent::Snapshot(_))));
    private.cli(&["kill-session", "-t", "=a"]);
    // The program lives on while it is read, until somebody looks at what there is.
    let pid = session.process.unwrap();
    assert!(private.tmux.list_panes().await.unwrap().is_empty());
    assert_eq!(stream.next().await, Some(LiveEvent::Exit));
    until("the program's end", async || !pid.alive()).await;
    assert!(private.try_live(&session).await.is_err());
}

#[tokio::test]
async fn killing_a_session_closes_its_readings_first() {
    let private = Private::start().await;
    for round in 0..10 {
        let session = private.sh(&format!("s{round}"), "yes").await;
        let (_live, mut stream) = private.live(&session).await;
        private.tmux.kill_session(session.session_id).await.unwrap();
        while stream.next().await != Some(LiveEvent::Exit) {}
        assert_eq!(stream.next().await, None);
    }
    assert!(private.tmux.list_panes().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_liar_cannot_break_its_reading() {
    let private = Private::start().await;
    let session = private.sh("a", crate::hostile::FAKE_GUARDS).await;
    let (live, mut stream) = private.live(&session).await;
    let mut snapshots = 0;
    while snapshots < 60 {
        match stream.next().await.unwrap() {
            LiveEvent::Snapshot(snapshot) => {
                assert_eq!(snapshot.rows.len(), 24);
                snapshots += 1;
                live.request_snapshot().await.unwrap();
            }
            LiveEvent::Exit => unreachable!("the reading ended"),
            LiveEvent::Output(_) | LiveEvent::Paused => {}
        }
    }
}

/// tmux before 3.7 crashes when it announces anything while a client comes in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn coming_and_going_does_not_kill_the_server() {
    let private = Private::start().await;
    let stage = private.sh("stage", "yes").await;
    let make = async {
        for round in 0..120 {
            let session = private.sh(&format!("s{round}"), "sleep 100").await;
            private.tmux.kill_session(session.session_id).await.unwrap();
        }
    };
    let other = private.sh("other", "yes").await;
    let watch = async {
        for _ in 0..60 {
            let (live, mut stream) = private.live(&stage).await;
            assert!(matches!(stream.next().await, Some(LiveEvent::Snapshot(_))));
            live.close().await;
        }
    };
    let look = async {
        for _ in 0..40 {
            let (_live, mut stream) = private.live(&other).await;
            let first = stream.next().await;
            assert!(matches!(first, Some(LiveEvent::Snapshot(_))), "{first:?}");
        }
    };
    tokio::join!(make, watch, look);
    assert_eq!(private.tmux.list_panes().await.unwrap().len(), 2);
}
