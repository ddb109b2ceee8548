//! Sets a scene and holds it, so that a profiler can look at the daemon and at tmux.

use crate::agents::{self, Work};
use crate::bench::Bench;
use crate::link::Link;
use crate::stage::Stage;
use crate::subject::Subject;
use crate::viewer::Audience;
use crate::wire::Net;
use clap::{Args, ValueEnum};
use std::io::Write;
use std::time::Duration;

/// What is held.
#[derive(Debug, Clone, Args)]
pub(crate) struct Hold {
    pub scene: Scene,
    /// How long.
    #[arg(long, default_value_t = 20)]
    pub seconds: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Scene {
    /// A hundred agents that all change, each with a sampled viewer.
    Agents,
    /// One agent that floods, with a live viewer that parses all.
    Flood,
    /// One live viewer that types.
    Keys,
}

/// Prints the process ids of daemon and tmux once the scene is set, and holds it.
pub(crate) async fn hold(bench: &Bench, options: &Hold) -> anyhow::Result<()> {
    let stage = Stage::set(bench).await?;
    let time = Duration::from_secs(options.seconds);
    match options.scene {
        Scene::Agents => {
            let fleet = agents::shells(&stage.api, bench.sizes.fleet).await?;
            let sessions: Vec<String> = fleet.into_iter().map(|agent| agent.session).collect();
            agents::put_to_work(stage.site()?, &sessions, Work::AllChange)?;
            let mut audience = Audience::sampled(&stage.api, &sessions).await?;
            say(&stage)?;
            tokio::time::sleep(time).await;
            audience.check().await
        }
        Scene::Flood => {
            let mut link = seated(&stage, "yes\r").await?;
            say(&stage)?;
            link.read_for(time).await
        }
        Scene::Keys => {
            let mut link = seated(&stage, "cat\r").await?;
            say(&stage)?;
            let typing = async {
                loop {
                    link.key("v").await?;
                    link.chunk().await?;
                    link.parsed(0).await?;
                }
            };
            tokio::time::timeout(time, typing).await.unwrap_or(Ok(()))
        }
    }
}

async fn seated(stage: &Stage, keys: &str) -> anyhow::Result<Link> {
    let subject = Subject::orchestra(stage).await?;
    let mut link = subject.view(Net::Fast).await?;
    link.take_seat().await?;
    link.key(keys).await?;
    link.read_for(Duration::from_secs(1)).await?;
    Ok(link)
}

fn say(stage: &Stage) -> anyhow::Result<()> {
    let (daemon, tmux) = (stage.daemon()?.pid, stage.site()?.tmux().server()?);
    Ok(writeln!(std::io::stdout(), "{daemon} {tmux}")?)
}
