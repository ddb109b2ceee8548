//! What a server is started with.

use crate::error::Error;
use std::{
    ffi::OsString,
    fs,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Everything about one private server.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The socket: at most 100 bytes, UTF-8, in a folder that only we can enter.
    pub socket: PathBuf,
    /// The whole environment of the server, and so of every pane. Nothing is
    /// inherited; `LANG` and `PATH` are the least that programs need.
    pub env: Vec<(OsString, OsString)>,
    /// Lines of history of each new pane.
    pub history_limit: u32,
    /// The program to run.
    pub tmux: PathBuf,
    /// `$TERM` in panes; without it the best one whose terminfo entry is found.
    pub default_terminal: Option<String>,
}

impl ServerConfig {
    /// The defaults: 10 000 lines of history and a bare environment.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
            env: vec![
                ("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()),
                ("LANG".into(), "C.UTF-8".into()),
            ],
            history_limit: 10_000,
            tmux: "tmux".into(),
            default_terminal: None,
        }
    }

    /// The socket as text, after the checks that make it private: the folder is
    /// made if missing, and must be ours alone.
    pub(crate) fn checked_socket(&self) -> Result<&str, Error> {
        let bad = |why: String| Error::Socket(why);
        let text = self
            .socket
            .to_str()
            .ok_or_else(|| bad("its path is no UTF-8".to_owned()))?;
        if !self.socket.is_absolute() {
            return Err(bad("its path is not absolute".to_owned()));
        }
        if text.len() > 100 {
            return Err(bad(format!(
                "its path has {} bytes, 100 is the most",
                text.len()
            )));
        }
        let folder = self
            .socket
            .parent()
            .ok_or_else(|| bad("it has no folder".to_owned()))?;
        private_folder(folder)?;
        Ok(text)
    }

    /// Where the server's pid is kept, to find it when its socket is gone.
    pub(crate) fn pid_file(&self) -> PathBuf {
        let mut name = self.socket.clone().into_os_string();
        name.push(".pid");
        name.into()
    }

    pub(crate) fn terminal(&self) -> Option<String> {
        if self.default_terminal.is_some() {
            return self.default_terminal.clone();
        }
        let folders = [
            "/etc/terminfo",
            "/lib/terminfo",
            "/usr/lib/terminfo",
            "/usr/share/terminfo",
        ];
        ["tmux-256color", "screen-256color"]
            .into_iter()
            .find(|name| {
                let (letter, code) = (&name[..1], format!("{:x}", name.as_bytes()[0]));
                folders.iter().any(|folder| {
                    let folder = Path::new(folder);
                    folder.join(letter).join(name).exists()
                        || folder.join(&code).join(name).exists()
                })
            })
            .map(str::to_owned)
    }
}

fn private_folder(folder: &Path) -> Result<(), Error> {
    if !folder.exists() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let meta = fs::symlink_metadata(folder)?;
    if !meta.is_dir() {
        return Err(Error::Socket(format!("{} is no folder", folder.display())));
    }
    if meta.uid() != nix::unistd::geteuid().as_raw() {
        return Err(Error::Socket(format!(
            "{} belongs to another user",
            folder.display()
        )));
    }
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(Error::Socket(format!(
            "{} is open to other users",
            folder.display()
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::ServerConfig;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn the_socket_is_private() {
        let base = tempfile::tempdir().unwrap();
        let config = |path: &str| ServerConfig::new(base.path().join(path));
        assert!(
            config("run/tmux.sock").checked_socket().is_ok(),
            "the folder is made"
        );
        assert!(config(&"x".repeat(120)).checked_socket().is_err());
        assert!(ServerConfig::new("relative/sock").checked_socket().is_err());
        let open = base.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o750)).unwrap();
        assert!(config("open/sock").checked_socket().is_err());
        std::os::unix::fs::symlink(base.path().join("run"), base.path().join("link")).unwrap();
        assert!(config("link/sock").checked_socket().is_err());
    }
}
