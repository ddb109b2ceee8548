//! Starting, ending, finding again.

use crate::support::{Bench, agent, event, within};
use orchestra::terminal::servers::ServerName;
use orchestra::terminal::{TerminalError, TerminalEvent, Terminals};
use orchestra_tmux::process::{Grace, ProcessId};
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

fn died(event: TerminalEvent) -> Option<(String, Option<i32>, Option<i32>)> {
    match event {
        TerminalEvent::Died {
            agent,
            exit_code,
            signal,
        } => Some((agent.to_string(), exit_code, signal)),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_and_signals_are_told() {
    let bench = Bench::start().await;
    let mut events = bench.terminals.events();
    let (seven, shot) = (agent("seven-001"), agent("shot-001"));
    // tmux closes a dead program's terminal without reading the rest of it.
    bench
        .run(&seven, "echo last words; sleep 0.5; exit 7")
        .await;
    assert_eq!(
        event(&mut events, died).await,
        ("seven-001".into(), Some(7), None)
    );
    bench.run(&shot, "kill -9 $$").await;
    assert_eq!(
        event(&mut events, died).await,
        ("shot-001".into(), None, Some(9))
    );
    bench.shows(&seven, "last words").await;
    assert!(bench.terminals.state(&seven).unwrap().dead);

    bench.run(&seven, "sleep 100").await;
    assert!(
        !bench.terminals.state(&seven).unwrap().dead,
        "the dead one made room"
    );
    let again = bench
        .terminals
        .create(bench.wanted(&seven, vec!["/bin/true".into()]))
        .await;
    assert!(matches!(again, Err(TerminalError::Runs(_))), "{again:?}");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_finds_what_lives_and_leaves_what_it_does_not_know() {
    let bench = Bench::start().await;
    let (one, two) = (agent("one-001"), agent("two-001"));
    let pid = bench.run(&one, "echo here; cat").await;
    bench.run(&two, "exit 3").await;
    bench.shows(&one, "here").await;
    let socket = bench.terminals.socket(&one).unwrap();
    let tmux = |args: &[&str]| {
        let output = std::process::Command::new("tmux")
            .arg("-S")
            .arg(&socket)
            .args(args)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    tmux(&["new-session", "-d", "-s", "stranger", "cat"]);
    let mut events = bench.terminals.events();
    if !bench.terminals.state(&two).unwrap().dead {
        event(&mut events, died).await;
    }

    let bench = bench.restart().await;
    let mut found = bench.terminals.found();
    found.sort_by(|a, b| a.agent.cmp(&b.agent));
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].agent.as_str(), found[0].pid, found[0].dead),
        ("one-001", pid, false)
    );
    assert_eq!((found[1].dead, found[1].exit_code), (true, Some(3)));
    assert_eq!(found[0].title, "a test");
    bench.terminals.input(&one, b"still me\r").await.unwrap();
    bench.shows(&one, "still me").await;
    assert!(tmux(&["list-sessions"]).contains("stranger"));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_ends_everything_the_agent_started() {
    let bench = Bench::start().await;
    let one = agent("one-001");
    let survivor = bench.cwd().join("survivor");
    let line = format!(
        "trap '' HUP; setsid sh -c 'trap \"\" HUP TERM; echo $$ > {}; sleep 1000' & sleep 1000",
        survivor.display()
    );
    bench.run(&one, &line).await;
    let pid: i32 = within(async {
        loop {
            if let Ok(text) = std::fs::read_to_string(&survivor)
                && let Ok(pid) = text.trim().parse()
            {
                return pid;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let process = ProcessId::of(pid).unwrap();
    let grace = Grace {
        hup: Duration::from_millis(100),
        term: Duration::from_millis(200),
        ..Grace::default()
    };
    let report = bench.terminals.close(&one, grace).await.unwrap();
    assert!(
        report.found >= 3 && report.survivors.is_empty(),
        "{report:?}"
    );
    assert!(!process.alive());
    assert!(bench.terminals.found().is_empty());
    assert!(matches!(
        bench.terminals.input(&one, b"x").await,
        Err(TerminalError::NoTerminal(_))
    ));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_server_is_told_and_the_next_agent_starts_another() {
    let bench = Bench::start().await;
    let one = agent("one-001");
    let mut events = bench.terminals.events();
    bench.run(&one, "sleep 1000").await;
    bench.shows(&one, "").await;
    bench.terminals.kill_servers().await.unwrap();
    let lost = event(&mut events, |event| match event {
        TerminalEvent::ServerLost { agents } => Some(agents),
        _ => None,
    });
    assert_eq!(lost.await, std::slice::from_ref(&one));
    assert_eq!(bench.terminals.state(&one), None);
    bench.run(&one, "echo back; cat").await;
    bench.shows(&one, "back").await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_death_of_one_owners_server_leaves_the_others_alone_over_a_restart() {
    let bench = Bench::start().await;
    let (mine, theirs) = (agent("mine-001"), agent("theirs-001"));
    let mut events = bench.terminals.events();
    bench.run(&mine, "sleep 1000").await;
    let mut other = bench.wanted(
        &theirs,
        ["/bin/sh", "-c", "echo here; cat"].map(Into::into).into(),
    );
    other.server = ServerName::further("somebody else");
    let pid = bench.terminals.create(other).await.unwrap().pid;
    bench.shows(&theirs, "here").await;
    let socket = |terminals: &Terminals, agent| terminals.socket(agent).unwrap();
    assert_ne!(
        socket(&bench.terminals, &mine),
        socket(&bench.terminals, &theirs)
    );
    let folder = socket(&bench.terminals, &theirs);
    let mode = std::fs::metadata(folder.parent().unwrap()).unwrap().mode();
    assert_eq!(mode & 0o777, 0o700, "nobody else reaches the sockets");

    let ended = std::process::Command::new("tmux")
        .arg("-S")
        .arg(socket(&bench.terminals, &mine))
        .arg("kill-server")
        .status();
    assert!(ended.unwrap().success());
    let lost = event(&mut events, |event| match event {
        TerminalEvent::ServerLost { agents } => Some(agents),
        _ => None,
    });
    assert_eq!(lost.await, std::slice::from_ref(&mine), "mine alone");
    bench
        .terminals
        .input(&theirs, b"still here\r")
        .await
        .unwrap();
    bench.shows(&theirs, "still here").await;

    let bench = bench.restart().await;
    let found = bench.terminals.found();
    let found: Vec<_> = found
        .iter()
        .map(|one| (one.agent.clone(), one.pid))
        .collect();
    assert_eq!(found, [(theirs.clone(), pid)], "found in its own server");
    bench.run(&mine, "echo back; cat").await;
    bench.shows(&mine, "back").await;
    bench
        .terminals
        .input(&theirs, b"and still\r")
        .await
        .unwrap();
    bench.shows(&theirs, "and still").await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gone_program_counts_as_ended_although_its_terminal_is_held_open() {
    let bench = Bench::start().await;
    let one = agent("one-001");
    let mut events = bench.terminals.events();
    bench.run(&one, "sleep 1000 & exit 0").await;
    let (who, _, _) = event(&mut events, died).await;
    assert_eq!(who, "one-001");
    bench.end().await;
}
