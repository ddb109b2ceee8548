//! Shell agents, many at once, and programs for them to run.

use crate::api::Api;
use crate::site::Site;
use crate::wait::until;
use anyhow::Context;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

/// Shows screens that were made before, one each 0.4 seconds, and waits without a fork:
/// the program itself costs next to nothing, so that hundreds of them can run.
const ALL_CHANGE: &str = r#"exec {never}<> <(:)
mapfile -d '' -t screens < "$1"
printf '\e[?25l'
while :; do
  for screen in "${screens[@]}"; do
    printf '%s' "$screen"
    read -rt 0.4 -u "$never"
  done
done
"#;
/// Screens that follow each other.
const SCREENS: usize = 8;

/// Every row new, its colour changed every eight cells: the costliest screen to capture.
fn screens() -> String {
    let mut text = String::new();
    for screen in 1..=SCREENS {
        for row in 1..=24 {
            let _ = write!(text, "\u{1b}[{row};1H");
            for cell in 1..=9 {
                let (colour, number) = (cell % 6 + 1, screen * cell * 1_234_567 + row);
                let _ = write!(text, "\u{1b}[3{colour}m{:07} ", number % 10_000_000);
            }
        }
        text.push('\0');
    }
    text
}

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

/// Agents that one call of tmux types into.
const AT_ONCE: usize = 40;

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

/// Types over REST.
pub(crate) async fn input(api: &Api, agent: &Agent, text: &str) -> anyhow::Result<()> {
    let path = format!("/api/agents/{}/input", agent.id);
    api.post(&path, json!({ "text": text })).await.map(drop)
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
        Work::AllChange => {
            let file = site.home.join("screens");
            std::fs::write(&file, screens())?;
            ("all.sh", ALL_CHANGE, file.display().to_string())
        }
        Work::LittleChange => ("little.sh", LITTLE_CHANGE, String::new()),
        Work::Stream(rate) => ("stream.sh", STREAM, rate.to_string()),
    };
    let file = site.home.join(name);
    std::fs::write(&file, text)?;
    let line = format!("bash {} {argument}", file.display());
    keys(site, sessions, &[&["-l", &line], &["Enter"]])
}

/// Ctrl-C to agents.
pub(crate) fn stop_work(site: &Site, sessions: &[String]) -> anyhow::Result<()> {
    keys(site, sessions, &[&["C-c"]])
}

/// Types into many agents with few programs: a fork for each would be the load itself.
fn keys(site: &Site, sessions: &[String], orders: &[&[&str]]) -> anyhow::Result<()> {
    for some in sessions.chunks(AT_ONCE) {
        let targets: Vec<String> = some.iter().map(|name| format!("={name}:")).collect();
        let mut words = Vec::new();
        for target in &targets {
            for order in orders {
                words.extend(["send-keys", "-t", target]);
                words.extend(*order);
                words.push(";");
            }
        }
        words.pop();
        site.tmux().run(&words)?;
    }
    Ok(())
}
