//! Opens the login link in a browser. The link holds a secret, so it never stands in an
//! argument list: the browser is given a file that only its owner can read.

use super::failure::Failure;
use crate::config;
use crate::config::paths::{Paths, private_folder};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Opens the link; false when this machine has no browser to open it in.
///
/// # Errors
/// When the file cannot be written.
pub fn open(paths: &Paths, login_url: &str) -> Result<bool, Failure> {
    let environment = config::environment();
    let shows = |name: &str| environment.get(name).is_some_and(|value| !value.is_empty());
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if shows("DISPLAY") || shows("WAYLAND_DISPLAY") {
        "xdg-open"
    } else {
        return Ok(false);
    };
    let file = write(paths, login_url)
        .map_err(|error| Failure::local("cannot write the login page", &error))?;
    let opened = Command::new(program)
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Ok(opened.is_ok())
}

/// One file, written anew each time: what an earlier one held is used or has expired.
fn write(paths: &Paths, login_url: &str) -> std::io::Result<PathBuf> {
    private_folder(&paths.run_dir).map_err(std::io::Error::other)?;
    let path = paths.run_dir.join("login.html");
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
    use crate::config::Flags;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn the_page_is_private_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let flags = Flags {
            data_dir: Some(folder.path().join("data")),
            ..Flags::default()
        };
        let paths = Paths::locate(&flags).unwrap();
        write(&paths, "http://127.0.0.1:1/#old").unwrap();
        let file = write(&paths, "http://127.0.0.1:1/#a&\"<").unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            text.contains("#a&amp;&quot;&lt;") && !text.contains("#old"),
            "{text}"
        );
        assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    }
}
