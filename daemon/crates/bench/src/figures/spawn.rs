//! A spawn request until its process lives in its pane, and until Claude Code is ready.

use crate::agents::{self, Agent};
use crate::bench::Bench;
use crate::kit::{self, Model};
use crate::process;
use crate::report::Row;
use crate::site::Site;
use crate::socket::Socket;
use crate::stage::Stage;
use crate::stats::{Sample, ms};
use crate::tmux::{OwnTmux, Tmux};
use crate::wait::until;
use serde_json::json;
use std::time::{Duration, Instant};

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let stage = Stage::set(bench).await?;
    let ours = shells(bench, &stage).await?;
    let mut rows = vec![
        Row::of("shell: request → process in its pane", "ms", &ours)
            .within(150.0)
            .note("the answer 201 has the pane's pid; stored and audited before and after"),
    ];
    if !stage.is_own() {
        return Ok(rows);
    }
    let bare = bare_shells(bench, stage.site()?)?;
    rows.push(Row::of(
        "  a forked tmux new-session, nothing else",
        "ms",
        &bare,
    ));
    rows.push(Row::ratio("  ours : bare", ours.p50(), bare.p50()));
    drop(stage);
    rows.extend(claudes(bench).await?);
    Ok(rows)
}

async fn shells(bench: &Bench, stage: &Stage) -> anyhow::Result<Sample> {
    let mut sample = Sample::default();
    for _ in 0..bench.sizes.shells {
        let begun = Instant::now();
        let agent = agents::shell(&stage.api).await?;
        sample.add(ms(begun.elapsed()));
        // At its prompt first: a shell that still starts would compete with the next.
        agents::idle(&stage.api, &agent).await?;
        agent.kill(&stage.api).await?;
    }
    Ok(sample)
}

fn bare_shells(bench: &Bench, site: &Site) -> anyhow::Result<Sample> {
    let bare = OwnTmux(Tmux::at(&site.root.path().join("bare.sock")));
    // The first one starts the server, which ours has running.
    bare.0.run(&["-f", "/dev/null", "new-session", "-d"])?;
    let mut sample = Sample::default();
    for _ in 0..bench.sizes.shells {
        let begun = Instant::now();
        bare.0.run(&[
            "new-session",
            "-d",
            "-P",
            "-F",
            "#{pane_pid}",
            "--",
            "bash",
            "-i",
        ])?;
        sample.add(ms(begun.elapsed()));
    }
    Ok(sample)
}

async fn claudes(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let model = Model::start()?;
    let stage = Stage::own(bench, kit::site(&model)?).await?;
    let mut socket = Socket::open(&stage.api).await?;
    let (mut pane, mut ready) = (Sample::default(), Sample::default());
    let mut source = String::new();
    // The first start fills the CLI's own caches and is not counted.
    for run in 0..=bench.sizes.claudes {
        let begun = Instant::now();
        let made = stage
            .api
            .post("/api/agents", json!({"kind": "claude"}))
            .await?;
        let in_pane = ms(begun.elapsed());
        let agent = Agent::of(&made)?;
        let update = socket
            .until("an idle Claude Code", |value| {
                value["agent"]["id"] == agent.id.as_str()
                    && value["agent"]["activity"]["state"] == "idle"
            })
            .await?;
        if run > 0 {
            pane.add(in_pane);
            ready.add(ms(begun.elapsed()));
        }
        let told = &update["agent"]["activity"]["source"];
        told.as_str().unwrap_or_default().clone_into(&mut source);
        agent.kill(&stage.api).await?;
    }
    let alone = alone(bench, stage.site()?).await?;
    Ok(vec![
        Row::of("Claude Code: request → process in its pane", "ms", &pane).within(150.0),
        Row::of("Claude Code: request → ready", "ms", &ready)
            .within(2000.0)
            .note(format!("activity idle, told by {source}")),
        Row::of("  Claude Code alone in a bare tmux", "ms", &alone)
            .note("until its SessionStart hook has run"),
        Row::ratio("  ours : alone", ready.p50(), alone.p50()),
    ])
}

/// Claude Code without us, in the same HOME, until its own hook says that it has started.
async fn alone(bench: &Bench, site: &Site) -> anyhow::Result<Sample> {
    let bare = OwnTmux(Tmux::at(&site.root.path().join("bare.sock")));
    let mut sample = Sample::default();
    for run in 0..bench.sizes.claudes {
        let sign = site.root.path().join(format!("started-{run}"));
        let hook =
            json!({"hooks": [{"type": "command", "command": format!("touch {}", sign.display())}]});
        let settings = json!({"hooks": {"SessionStart": [hook]}}).to_string();
        let project = site.project.display().to_string();
        let name = format!("alone-{run}");
        let order = [
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "120",
            "-y",
            "40",
        ];
        let begun = Instant::now();
        let mut command = bare.0.command(&order);
        command.args(["-P", "-F", "#{pane_pid}", "-s", &name, "-c", &project, "--"]);
        command.args(["claude", "--settings", &settings]);
        // The server of a bare tmux passes its own environment on.
        command.env_clear().envs(&site.env);
        let pid = String::from_utf8(command.output()?.stdout)?;
        let ask = || async { Ok(sign.exists().then_some(())) };
        until("Claude Code's hook", Duration::from_millis(2), ask).await?;
        sample.add(ms(begun.elapsed()));
        process::end(&process::tree(pid.trim().parse()?));
    }
    Ok(sample)
}
