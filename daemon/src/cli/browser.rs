//! Opens the login link in a browser. The link holds a secret, so it never stands in an
//! argument list: the browser is given a file that only its owner can read.

use super::failure::Failure;
use crate::config;
use crate::config::paths::private_folder;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// True when a browser can be opened where the person is.
pub fn here() -> bool {
    program().is_some() && !set("SSH_CONNECTION")
}

/// Opens the link from a file in this folder; false when this machine has no browser.
///
/// # Errors
/// When the file cannot be written.
pub fn open(folder: &Path, login_url: &str) -> Result<bool, Failure> {
    let Some(program) = program() else {
        return Ok(false);
    };
    let file = write(folder, login_url)
        .map_err(|error| Failure::local("cannot write the login page", &error))?;
    let opened = Command::new(program)
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Ok(opened.is_ok())
}

/// What opens a link on this desktop.
fn program() -> Option<&'static str> {
    if cfg!(target_os = "macos") {
        return Some("open");
    }
    (set("DISPLAY") || set("WAYLAND_DISPLAY")).then_some("xdg-open")
}

fn set(name: &str) -> bool {
    let environment = config::environment();
    environment.get(name).is_some_and(|value| !value.is_empty())
}

/// One file, written anew each time: what an earlier one held is used or has expired.
fn write(folder: &Path, login_url: &str) -> std::io::Result<PathBuf> {
    private_folder(folder).map_err(std::io::Error::other)?;
    let path = folder.join("login.html");
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    let url = login_url
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;");
    writeln!(
        file,
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"refresh\" content=\"0; url={url}\"><title>Orchestra</title>\
         <p><a href=\"{url}\">Log in to Orchestra</a></p>"
    )?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn the_page_is_private_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        write(&run, "http://127.0.0.1:1/#old").unwrap();
        let file = write(&run, "http://127.0.0.1:1/#a&\"<").unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            text.contains("#a&amp;&quot;&lt;") && !text.contains("#old"),
            "{text}"
        );
        assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    }
}
