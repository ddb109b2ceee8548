//! Shell agents, many at once, and programs for them to run.

use crate::api::Api;
use crate::site::Site;
use crate::wait::until;
use anyhow::Context;
use serde_json::{Value, json};
use std::time::Duration;

/// Every row new at each of two and a half rounds a second, its colour changed every
/// eight cells: the costliest screen to capture. Waits without a fork.
const ALL_CHANGE: &str = r#"exec {never}<> <(:)
count=0
printf '\e[?25l'
while :; do
  count=$((count + 1)) rows=
  for row in {1..24}; do
    printf -v line '\e[%d;1H' "$row"
    for cell in 1 2 3 4 5 6 1 2 3; do
      printf -v part '\e[3%dm%07d ' "$cell" "$((count * cell + row))"
      line+=$part
    done
    rows+=$line
  done
  printf '%s' "$rows"
  read -rt 0.4 -u "$never"
done
"#;

/// One short coloured line, once a second.
const LITTLE_CHANGE: &str = r#"exec {never}<> <(:)
count=0
while :; do
  count=$((count + 1))
  printf '\r\e[32mstep %06d\e[0m' "$count"
  read -rt 1 -u "$never"
done
"#;

/// About as many bytes a second as its argument says, as lines of text.
const STREAM: &str = r#"exec {never}<> <(:)
printf -v line '%079d' 7
block=
while ((${#block} < $1 / 10)); do block+=$line$'\n'; done
while :; do
  printf '%s' "$block"
  read -rt 0.1 -u "$never"
done
"#;

/// What an agent can be made to do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    AllChange,
    LittleChange,
    /// Bytes a second.
    Stream(u32),
}

/// One agent.
#[derive(Debug, Clone)]
pub(crate) struct Agent {
    pub id: String,
    pub session: String,
}

impl Agent {
    /// From the answer to a spawn.
    pub(crate) fn of(made: &Value) -> anyhow::Result<Self> {
        let text = |key: &str| made[key].as_str().map(str::to_owned);
        Ok(Self {
            id: text("id").context("an agent without id")?,
            session: text("session_id").context("an agent without session")?,
        })
    }

    /// Ends it.
    pub(crate) async fn kill(&self, api: &Api) -> anyhow::Result<()> {
        let path = format!("/api/agents/{}/kill", self.id);
        api.post(&path, json!({})).await.map(drop)
    }
}

/// Starts one shell in a terminal of 80×24.
pub(crate) async fn shell(api: &Api) -> anyhow::Result<Agent> {
    let order = json!({"kind": "shell", "size": {"cols": 80, "rows": 24}});
    Agent::of(&api.post("/api/agents", order).await?)
}

/// Starts shells and waits until each shows its prompt.
pub(crate) async fn shells(api: &Api, count: usize) -> anyhow::Result<Vec<Agent>> {
    let mut agents = Vec::with_capacity(count);
    for _ in 0..count {
        agents.push(shell(api).await?);
    }
    for agent in &agents {
        idle(api, agent).await?;
    }
    Ok(agents)
}

/// Waits until an agent is idle.
pub(crate) async fn idle(api: &Api, agent: &Agent) -> anyhow::Result<()> {
    let path = format!("/api/agents/{}", agent.id);
    let ask = || async {
        let state = api.get(&path).await?["activity"]["state"].clone();
        Ok((state == "idle").then_some(()))
    };
    until("an idle agent", Duration::from_millis(100), ask).await
}

/// Types a program's name into agents, past the daemon: it may be stopped.
pub(crate) fn put_to_work(site: &Site, sessions: &[String], work: Work) -> anyhow::Result<()> {
    let (name, text, argument) = match work {
        Work::AllChange => ("all.sh", ALL_CHANGE, String::new()),
        Work::LittleChange => ("little.sh", LITTLE_CHANGE, String::new()),
        Work::Stream(rate) => ("stream.sh", STREAM, rate.to_string()),
    };
    let file = site.home.join(name);
    std::fs::write(&file, text)?;
    let line = format!("bash {} {argument}", file.display());
    for session in sessions {
        let target = format!("={session}:");
        let tmux = site.tmux();
        tmux.run(&["send-keys", "-t", &target, "-l", &line])?;
        tmux.run(&["send-keys", "-t", &target, "Enter"])?;
    }
    Ok(())
}

/// Ctrl-C to agents.
pub(crate) fn stop_work(site: &Site, sessions: &[String]) -> anyhow::Result<()> {
    for session in sessions {
        let target = format!("={session}:");
        site.tmux().run(&["send-keys", "-t", &target, "C-c"])?;
    }
    Ok(())
}
