//! What the program itself says of a bad start: arguments, folders, files, tmux.

use crate::support::daemon::Site;

#[test]
fn the_command_line_says_what_is_wrong_in_a_line() {
    let site = Site::new();
    let run = |args: &[&str]| {
        let output = site.run(args);
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    };
    let (code, said) = run(&["status"]);
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("orchestra up"), "{said}");
    assert_eq!(run(&["no-such-command"]).0, Some(2));
    let file = site.root.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let below = file.join("data").display().to_string();
    let (code, said) = run(&["up", "--no-open", "--data-dir", &below]);
    assert!(code == Some(1) || code == Some(2), "{said}");
    assert!(said.contains("--data-dir"), "{said}");
    let config = site.root.path().join("bad.toml");
    std::fs::write(&config, "[limits]\ndepht = 3\n").unwrap();
    let (code, said) = run(&["up", "--no-open", "--config", &config.display().to_string()]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("bad.toml:2") && said.contains("depht"),
        "{said}"
    );
}

#[test]
fn a_missing_or_old_tmux_is_named_with_its_remedy() {
    let mut site = Site::new();
    let tools = site.root.path().join("tools");
    std::fs::create_dir_all(&tools).unwrap();
    for tool in ["bash", "sh", "git", "env", "setpriv"] {
        let _ = std::os::unix::fs::symlink(format!("/usr/bin/{tool}"), tools.join(tool));
    }
    site.env.insert("PATH".into(), tools.display().to_string());
    let output = site.run(&["up", "--no-open", "--listen", "127.0.0.1:0"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("tmux") && said.contains("install"), "{said}");

    let old = tools.join("tmux");
    std::fs::write(&old, "#!/bin/sh\necho tmux 2.9\n").unwrap();
    std::fs::set_permissions(&old, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = site.run(&["up", "--no-open", "--listen", "127.0.0.1:0"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("2.9") && said.contains("too old"), "{said}");
}
