//! The real Claude Code, offline: the pinned CLI, the scripted model, a HOME that is
//! already logged in (`testkit/README.md`).

use crate::site::Site;
use anyhow::{Context, ensure};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

fn testkit() -> anyhow::Result<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../testkit");
    path.canonicalize()
        .context("testkit/ is not where it was at build time")
}

/// The scripted model; ends with its guard.
pub(crate) struct Model {
    pub url: String,
    child: Child,
}

impl Drop for Model {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Model {
    /// Starts the model with the script of the main job.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let kit = testkit()?;
        let mut child = Command::new("node")
            .arg(kit.join("model/server.mjs"))
            .arg("--script")
            .arg(kit.join("scripts/main-job.json"))
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .context("node does not start")?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("no stdout")?;
        let mut model = Self {
            url: String::new(),
            child,
        };
        BufReader::new(stdout).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)?;
        ready["url"]
            .as_str()
            .context("no url")?
            .clone_into(&mut model.url);
        Ok(model)
    }
}

/// A site with Claude Code on PATH, logged in to the model, and a git repository.
pub(crate) fn site(model: &Model) -> anyhow::Result<Site> {
    let mut site = Site::new()?;
    run(Command::new("git").args(["init", "-q"]).arg(&site.project))?;
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", folders()?);
    let made = run(Command::new("node")
        .arg(testkit()?.join("home/make-home.mjs"))
        .arg("--dir")
        .arg(&site.home)
        .args(["--model", &model.url, "--path", &path, "--trust"])
        .arg(&site.project))?;
    let made: Value = serde_json::from_slice(&made.stdout)?;
    for (name, value) in made["env"].as_object().context("no env")? {
        let value = value.as_str().unwrap_or_default();
        site.env.insert(name.clone(), value.to_owned());
    }
    Ok(site)
}

/// Folders of the pinned CLIs, installed if they are missing.
fn folders() -> anyhow::Result<String> {
    let output = run(Command::new("bash").arg(testkit()?.join("clis/install.sh")))?;
    let text = String::from_utf8(output.stdout)?;
    let folder = |line: &str| {
        let program = Path::new(line.split('\t').nth(1)?);
        Some(program.parent()?.to_str()?.to_owned())
    };
    let folders: Vec<String> = text.lines().filter_map(folder).collect();
    Ok(folders.join(":"))
}

/// The pinned ccusage, installed if it is missing.
pub(crate) fn ccusage() -> anyhow::Result<PathBuf> {
    let output = run(Command::new("bash").arg(testkit()?.join("ccusage/install.sh")))?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

fn run(command: &mut Command) -> anyhow::Result<Output> {
    let output = command.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {said}");
    Ok(output)
}
