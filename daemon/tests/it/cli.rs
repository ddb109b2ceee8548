//! The commands as the built binary, against a small API on a real Unix socket. It stands
//! where the daemon does, because here the daemon has to vanish and come back on command.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_wrap,
    reason = "a test fails by panicking, and counts little"
)]

mod api;
mod commands;
mod config;
mod hook;
mod living;
mod mcp;
mod mcp_http;
mod whole;

use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;

/// What a command left behind.
struct Output {
    code: i32,
    out: String,
    err: String,
}

/// The built binary in a clean environment.
fn orchestra(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orchestra"));
    command.env_clear();
    command.env("HOME", folder).env("PATH", "/usr/bin:/bin");
    command.env("ORCHESTRA_SOCKET", folder.join("orchestra.sock"));
    command.current_dir(folder);
    command.kill_on_drop(true);
    command
}

/// Runs it with words as its arguments and a text as its stdin.
async fn run(mut command: Command, arguments: &[&str], stdin: &[u8]) -> Output {
    use tokio::io::AsyncWriteExt;
    command.args(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // A command that reads nothing may be gone already.
    let _ = pipe.write_all(stdin).await;
    drop(pipe);
    let output = child.wait_with_output().await.unwrap();
    Output {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
