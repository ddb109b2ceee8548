//! `orchestra login`: the command line at a daemon elsewhere, with a local account.

use crate::people::{PASSWORD, told};
use crate::support::daemon::Site;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn kept(site: &Site) -> Option<PathBuf> {
    let folder = site.home.join(".config/orchestra/logins");
    let mut files = std::fs::read_dir(folder).ok()?;
    files.find_map(|entry| {
        let path = entry.unwrap().path();
        path.extension()
            .is_some_and(|end| end == "json")
            .then_some(path)
    })
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn token(path: &Path) -> String {
    let kept: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    kept["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_of_the_command_line_renews_itself_until_it_ends() {
    let mut site = Site::new();
    // Every command finds a token that ends soon, and renews it.
    site.config = "[auth]\ntoken_ttl_s = 20\n".into();
    let daemon = site.start();
    let url = daemon.url.clone();
    let at = |command: &[&'static str]| -> Vec<String> {
        let words = command.iter().map(|word| (*word).to_owned());
        words.chain(["--url".to_owned(), url.clone()]).collect()
    };
    let run = |command: &[&'static str], stdin: &str| {
        let words = at(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = told(&site, &words, stdin);
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        (output.status.code().unwrap(), said)
    };
    let (code, said) = run(&["status"], "");
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("orchestra login --url http"), "{said}");
    let (code, said) = run(&["login", "alice"], PASSWORD);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("orchestra user add"), "{said}");
    let added = told(
        &site,
        &["user", "add", "alice", "--role", "developer"],
        PASSWORD,
    );
    assert!(added.status.success());
    let (code, said) = run(&["login", "alice"], "wrong horse battery\n");
    assert_eq!(code, 4, "{said}");
    assert_eq!(kept(&site), None, "nothing is kept of a failed login");
    let (code, said) = run(&["login", "alice"], &format!("{PASSWORD}\n"));
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("alice, developer"), "{said}");

    let file = kept(&site).unwrap();
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains(PASSWORD));
    let first = token(&file);
    let (code, said) = run(&["spawn", "shell", "--json"], "");
    assert_eq!(code, 0, "{said}");
    assert_ne!(token(&file), first, "the command renewed the login");
    let (code, said) = run(&["user", "list"], "");
    assert_eq!(code, 4, "a developer is no admin: {said}");

    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, said) = run(&["status"], "");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("others may read"), "{said}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(told(&site, &["user", "lock", "alice"], "").status.success());
    let (code, said) = run(&["status"], "");
    assert_eq!((code, said.contains("has ended")), (4, true), "{said}");
    assert!(
        told(&site, &["user", "unlock", "alice"], "")
            .status
            .success()
    );

    let copy = std::fs::read(&file).unwrap();
    let (code, said) = run(&["logout"], "");
    assert_eq!(code, 0, "{said}");
    assert_eq!(kept(&site), None);
    // Somebody who copied the file before gets nowhere with it.
    std::fs::write(&file, copy).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(run(&["status"], "").0, 4);
}

#[test]
fn a_password_travels_only_where_nobody_listens() {
    let site = Site::new();
    for (arguments, word) in [
        (&["login", "alice"][..], "--url"),
        (
            &["login", "alice", "--url", "http://192.0.2.1:8080"],
            "https",
        ),
        (
            &["login", "alice", "--url", "http://localhost.evil.example"],
            "https",
        ),
    ] {
        let output = told(&site, arguments, PASSWORD);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(word), "{said}");
    }
}
