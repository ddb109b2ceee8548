//! The real agent CLIs, offline: the pinned CLIs, the scripted model, a HOME that is
//! already logged in (`testkit/README.md`).

use super::daemon::Site;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

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

fn testkit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testkit")
        .canonicalize()
        .unwrap()
}

impl Model {
    /// Starts the model with one of the kept scripts.
    pub(crate) fn start(script: &str) -> Self {
        let mut child = Command::new("node")
            .arg(testkit().join("model/server.mjs"))
            .arg("--script")
            .arg(testkit().join("scripts").join(script))
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line).expect("the model says that it is ready");
        Self {
            url: ready["url"].as_str().unwrap().to_owned(),
            child,
        }
    }
}

impl Model {
    /// Goes on with another script.
    pub(crate) async fn play(&self, script: &Value) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(format!("{}/__script", self.url));
        let answer = request.body(script.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "the model takes the script");
    }

    /// Every request so far, oldest first: the log's entries.
    pub(crate) async fn requests(&self) -> Vec<Value> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(format!("{}/__log", self.url)).send().await;
        let log: Value = serde_json::from_str(&answer.unwrap().text().await.unwrap()).unwrap();
        log["items"].as_array().unwrap().clone()
    }

    /// What people's texts it was asked to answer, oldest first: the log's digests.
    pub(crate) async fn asked(&self) -> Vec<Value> {
        let requests = self.requests().await;
        requests
            .iter()
            .filter(|item| item["helper"] == false && item["last"] == "user")
            .map(|item| item["user_text"].clone())
            .collect()
    }
}

impl Site {
    /// A HOME with the real CLIs on PATH, logged in to the scripted model, and a real git
    /// repository as project.
    pub(crate) fn with_clis(model: &Model) -> Self {
        let mut site = Self::new();
        git(&site.project, &["init", "-q"]);
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", cli_path());
        let output = Command::new("node")
            .arg(testkit().join("home/make-home.mjs"))
            .arg("--dir")
            .arg(&site.home)
            .args(["--model", &model.url, "--path", &path, "--trust"])
            .arg(&site.project)
            .output()
            .expect("node runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        for (name, value) in made["env"].as_object().unwrap() {
            site.env
                .insert(name.clone(), value.as_str().unwrap().to_owned());
        }
        site
    }

    /// Runs a CLI by hand in the project, as a person would.
    pub(crate) fn by_hand(&self, argv: &[&str]) {
        let output = Command::new("/usr/bin/env")
            .args(argv)
            .env_clear()
            .envs(&self.env)
            .current_dir(&self.project)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{argv:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// Folders of the pinned CLIs, installed if they are missing.
fn cli_path() -> String {
    let output = Command::new("bash")
        .arg(testkit().join("clis/install.sh"))
        .stderr(Stdio::inherit())
        .output()
        .expect("bash runs");
    assert!(
        output.status.success(),
        "the agent CLIs cannot be installed: run testkit/clis/install.sh"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let folders: Vec<&str> = text
        .lines()
        .filter_map(|line| Path::new(line.split('\t').nth(1)?).parent()?.to_str())
        .collect();
    folders.join(":")
}

/// Git in a project of the test.
pub(crate) fn git(project: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(args)
        .current_dir(project)
        .env("HOME", project.parent().unwrap())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
