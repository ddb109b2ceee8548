//! What the daemon refuses to start with, and what it is once it runs.

use crate::support::daemon::Site;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn refused(site: &Site, words: &[&str]) {
    let output = site.run(&["up", "--no-open", "--listen", "127.0.0.1:0"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} in {said}");
    }
}

#[test]
fn f07_open_folders_and_keys_are_refused() {
    let site = Site::new();
    drop(site.start());
    chmod(&site.data, 0o755);
    refused(&site, &["chmod 700", "data"]);
    chmod(&site.data, 0o700);
    let keys = std::fs::read_dir(site.data.join("keys")).unwrap();
    for key in keys.map(|entry| entry.unwrap().path()) {
        chmod(&key, 0o644);
        refused(&site, &["chmod 600", &key.display().to_string()]);
        chmod(&key, 0o600);
    }
    chmod(&site.data.join("run"), 0o770);
    refused(&site, &["chmod 700", "run"]);
    chmod(&site.data.join("run"), 0o700);
    drop(site.start());
}

#[test]
fn n06_beyond_loopback_needs_tls() {
    let site = Site::new();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let output = site.run(&["up", "--no-open", "--listen", address]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("behind_tls_proxy"), "{said}");
    }
}

#[test]
fn everything_that_is_kept_is_private() {
    let site = Site::new();
    let _daemon = site.start();
    let mut folders = vec![site.data.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = std::fs::symlink_metadata(&path).unwrap();
            // The outer folder keeps others out; what matters most keeps them out itself.
            let secret = ["keys", "run", "agents", "audit"]
                .iter()
                .any(|name| path.starts_with(site.data.join(name)));
            // A pid is no secret.
            if secret && path.extension().is_none_or(|end| end != "pid") {
                let shown = path.display();
                assert_eq!(meta.permissions().mode() & 0o007, 0, "{shown}");
            }
            if meta.is_dir() {
                folders.push(path);
            }
        }
    }
}

#[test]
fn s08_keys_are_made_here_and_an_empty_or_short_one_is_refused() {
    let key = |site: &Site, name: &str| std::fs::read(site.data.join("keys").join(name)).unwrap();
    let (site, other) = (Site::new(), Site::new());
    drop((site.start(), other.start()));
    assert_ne!(key(&site, "audit"), key(&other, "audit"));
    assert_ne!(key(&site, "instance"), key(&other, "instance"));
    for entry in std::fs::read_dir(site.data.join("keys")).unwrap() {
        let path = entry.unwrap().path();
        let whole = std::fs::read(&path).unwrap();
        for short in [&b""[..], b"secret"] {
            std::fs::write(&path, short).unwrap();
            refused(&site, &[&path.display().to_string()]);
        }
        std::fs::write(&path, whole).unwrap();
    }
    drop(site.start());
}

#[test]
fn s10_a_crash_leaves_no_image_of_the_memory() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    use std::os::unix::process::ExitStatusExt;
    let (_, most) = getrlimit(Resource::RLIMIT_CORE).unwrap();
    // The daemon inherits it: without its own care there would be a core.
    setrlimit(Resource::RLIMIT_CORE, most, most).unwrap();
    let site = Site::new();
    let mut daemon = site.start();
    let pid = nix::unistd::Pid::from_raw(i32::try_from(daemon.child.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGABRT).unwrap();
    let status = daemon.child.wait().unwrap();
    assert_eq!(status.signal(), Some(6));
    assert!(!status.core_dumped());
}

#[test]
fn c13_a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let site = Site::new();
    assert!(site.start().stop().success());
    let path = site.data.join("orchestra.db");
    let whole = std::fs::read(&path).unwrap();
    let mut scribbled = whole.clone();
    scribbled[..100].fill(b'x');
    std::fs::write(&path, &scribbled).unwrap();
    refused(&site, &["orchestra.db", "backup"]);
    assert_eq!(
        std::fs::read(&path).unwrap(),
        scribbled,
        "nothing was made anew"
    );
    std::fs::write(&path, &whole).unwrap();
    drop(site.start());
}
