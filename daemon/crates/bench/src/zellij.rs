//! Zellij's web client, to compare with. It multiplexes by itself: its shell runs in a
//! session of its own, without frames, bars and key bindings, so that it does no more than
//! show one terminal.

use crate::site::PROMPT;
use crate::socket::Socket;
use crate::wire::Net;
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// One session for all viewers.
const SESSION: &str = "bench";

const CONFIG: &str = r#"
pane_frames false
simplified_ui true
mouse_mode false
session_serialization false
show_startup_tips false
show_release_notes false
default_shell "/bin/bash"
default_layout "bare"
keybinds clear-defaults=true {
}
"#;

const LAYOUT: &str = "layout {\n    pane\n}\n";

/// A web server that let us in.
#[derive(Clone)]
pub(crate) struct Zellij {
    base: String,
    cookie: String,
    client: reqwest::Client,
}

impl Zellij {
    /// A HOME with its settings and a shell that shows the prompt all others show.
    pub(crate) fn home() -> anyhow::Result<TempDir> {
        // Short, because sockets lie in it.
        let home = tempfile::Builder::new().prefix("orz").tempdir_in("/tmp")?;
        let config = home.path().join(".config/zellij");
        std::fs::create_dir_all(config.join("layouts"))?;
        std::fs::write(config.join("config.kdl"), CONFIG)?;
        std::fs::write(config.join("layouts/bare.kdl"), LAYOUT)?;
        std::fs::write(home.path().join(".bashrc"), format!("PS1='{PROMPT} '\n"))?;
        Ok(home)
    }

    /// A token for its web client; it is shown this once.
    pub(crate) fn token(program: &Path, home: &Path) -> anyhow::Result<String> {
        let mut command = Command::new(program);
        command
            .args(["web", "--create-token"])
            .env("HOME", home)
            .stdin(Stdio::null());
        let output = command.output().context("Zellij does not start")?;
        let said = String::from_utf8_lossy(&output.stdout);
        let token = said.lines().find_map(|line| line.strip_prefix("token_1:"));
        let token = token.with_context(|| format!("Zellij made no token: {said}"))?;
        Ok(token.trim().to_owned())
    }

    /// Begins a session in the web server's sense.
    pub(crate) async fn log_in(base: &str, token: &str) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let request = client
            .post(format!("{base}/command/login"))
            .json(&json!({"auth_token": token, "remember_me": true}));
        let response = request.send().await?;
        ensure!(response.status().is_success(), "{}", response.status());
        let cookie = response.headers().get("set-cookie").context("no cookie")?;
        let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
        Ok(Self {
            base: base.to_owned(),
            cookie: cookie.to_owned(),
            client,
        })
    }

    /// A viewer: the socket with its terminal, and the one beside it for control.
    pub(crate) async fn open(&self, net: Net) -> anyhow::Result<(Socket, Socket)> {
        let url = format!("{}/session?session={SESSION}&welcome=false", self.base);
        let request = self.client.post(url).header("cookie", &self.cookie);
        let response = request.json(&json!({})).send().await?;
        ensure!(response.status().is_success(), "{}", response.status());
        let made: Value = serde_json::from_str(&response.text().await?)?;
        let id = made["web_client_id"].as_str().context("no web_client_id")?;
        let header = Some(("cookie", self.cookie.as_str()));
        let control = format!("/ws/control?web_client_id={id}");
        let control = Socket::connect(&self.base, &control, header, Net::Fast).await?;
        let terminal = format!("/ws/terminal/{SESSION}?web_client_id={id}&rows=24&cols=80");
        let terminal = Socket::connect(&self.base, &terminal, header, net).await?;
        Ok((terminal, control))
    }
}
