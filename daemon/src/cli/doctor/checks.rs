//! Checks of folders, disk, port and daemon.

use super::Check;
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::config::Config;
use crate::config::paths::Paths;
use orchestra_protocol::system::Health;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

const MIB: u64 = 1024 * 1024;
/// Below this a day's recordings may fill the disk.
const LITTLE: u64 = 1024 * MIB;
/// Below this the store itself is in danger.
const NONE: u64 = 64 * MIB;
/// A listener that does not answer in this time is no Orchestra.
const PATIENCE: Duration = Duration::from_secs(2);

/// The data folder is ours alone, or can be made.
pub(super) fn data_folder(paths: &Paths) -> Check {
    let path = &paths.data_dir;
    let shown = path.display();
    let Ok(meta) = std::fs::metadata(path) else {
        return match existing(path) {
            Some(above) if writable(above) => {
                Check::ok("data folder", format!("{shown} will be made"))
            }
            _ => Check::blocking(
                "data folder",
                format!("{shown} cannot be made"),
                "choose another with --data-dir",
            ),
        };
    };
    let name = "data folder";
    if !meta.is_dir() {
        return Check::blocking(
            name,
            format!("{shown} is a file"),
            "choose another with --data-dir",
        );
    }
    if meta.uid() != nix::unistd::geteuid().as_raw() {
        return Check::blocking(
            name,
            format!("{shown} belongs to another user"),
            "choose another with --data-dir",
        );
    }
    if meta.mode() & 0o077 != 0 {
        return Check::blocking(
            name,
            format!("others may enter {shown}"),
            format!("chmod 700 '{shown}'"),
        );
    }
    if !writable(path) {
        return Check::blocking(
            name,
            format!("{shown} cannot be written"),
            format!("chmod u+rwx '{shown}'"),
        );
    }
    Check::ok(name, format!("{shown} is yours alone"))
}

/// There is room for recordings and the store.
pub(super) fn disk(paths: &Paths) -> Check {
    let Some(stat) =
        existing(&paths.data_dir).and_then(|path| nix::sys::statvfs::statvfs(path).ok())
    else {
        return Check::warning("disk", "the free space is unknown", "look with: df -h");
    };
    #[expect(
        clippy::useless_conversion,
        reason = "these are 32 bits wide on some systems"
    )]
    let free = u64::from(stat.blocks_available()).saturating_mul(u64::from(stat.fragment_size()));
    let detail = format!("{} MiB free", free / MIB);
    let remedy = "make room, or choose a folder on another disk with --data-dir";
    match free {
        0..NONE => Check::blocking("disk", detail, remedy),
        NONE..LITTLE => Check::warning("disk", detail, remedy),
        _ => Check::ok("disk", detail),
    }
}

/// The configuration is read.
pub(super) fn config_file(config: &Config) -> Check {
    let file = config.paths.config_file.display();
    let detail = if config.paths.config_file.exists() {
        format!("{file} is good")
    } else {
        format!("defaults ({file} does not exist)")
    };
    Check::ok("configuration", detail)
}

/// A daemon answers on its socket, and is of this version.
pub(super) async fn daemon(client: &Client) -> Check {
    let ours = env!("CARGO_PKG_VERSION");
    match client.get::<Health>("/api/health").await {
        Ok(health) if health.version == ours => {
            Check::ok("daemon", format!("runs, version {ours}"))
        }
        Ok(health) => Check::warning(
            "daemon",
            format!("runs as version {}, this command is {ours}", health.version),
            "stop it and start it anew with: orchestra up (agents go on meanwhile)",
        ),
        Err(Failure::Unreachable(_)) => Check::warning("daemon", "does not run", "orchestra up"),
        Err(failure) => Check::warning("daemon", failure.to_string(), "see its log"),
    }
}

/// The port is free, or says whose it is.
pub(super) async fn port(listen: SocketAddr) -> Check {
    let name = "port";
    match std::net::TcpListener::bind(listen) {
        Ok(_) => Check::ok(name, format!("{listen} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let another = "choose another with --listen";
            if is_orchestra(listen).await {
                let detail = format!("{listen} is taken by an Orchestra with another data folder");
                return Check::blocking(name, detail, format!("stop that one, or {another}"));
            }
            let look = format!(
                "see whose it is with: ss -ltnp 'sport = :{}'; or {another}",
                listen.port()
            );
            Check::blocking(name, format!("{listen} is taken by another program"), look)
        }
        Err(error) => Check::blocking(
            name,
            format!("{listen} cannot be used: {error}"),
            "choose another with --listen",
        ),
    }
}

async fn is_orchestra(listen: SocketAddr) -> bool {
    let ask = async {
        let answer = reqwest::get(format!("http://{listen}/api/health"))
            .await
            .ok()?;
        answer.json::<Health>().await.ok()
    };
    matches!(tokio::time::timeout(PATIENCE, ask).await, Ok(Some(_)))
}

/// The path itself, or the nearest folder above it that exists.
fn existing(path: &Path) -> Option<&Path> {
    path.ancestors().find(|above| above.exists())
}

fn writable(path: &Path) -> bool {
    use nix::unistd::{AccessFlags, access};
    access(path, AccessFlags::W_OK | AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;
    use crate::config::Flags;
    use std::os::unix::fs::PermissionsExt;

    fn paths(data_dir: &Path) -> Paths {
        let flags = Flags {
            data_dir: Some(data_dir.to_owned()),
            ..Flags::default()
        };
        Paths::locate(&flags).unwrap()
    }

    #[test]
    fn a_folder_open_to_others_is_told_with_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        assert_eq!(data_folder(&paths(&data)).state, State::Ok);
        assert!(!data.exists(), "the doctor changes nothing");
        std::fs::create_dir(&data).unwrap();
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
        let check = data_folder(&paths(&data));
        assert_eq!(check.state, State::Blocking);
        assert!(check.remedy.unwrap().starts_with("chmod 700"));
    }

    #[tokio::test]
    async fn a_taken_port_is_told() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let check = port(listener.local_addr().unwrap()).await;
        assert_eq!(check.state, State::Blocking);
        assert!(check.remedy.unwrap().contains("--listen"));
    }
}
